"""Offers of a review: examples of actions, alternatives, actions that are alike."""

import numpy as np

from skl_tot.app.report.findings import (
    describe_alternatives,
    match_alternatives,
    match_codes,
)
from skl_tot.app.review import state as states
from skl_tot.app.review.state import frames_known, labels_of
from skl_tot.corrections.questions import alike_actions
from skl_tot.methods.pipelines import segmenter_of, transform_before
from skl_tot.recordings.labels import BACKGROUND

MOST_OF_ONE = 2  # typical bouts of a recording
MOST_VALUES = 2**24  # of features, to find actions that are alike
N_DIGITS = 2  # of confidences that differ; of equal ones, usual durations come first


def choose_examples(entries, action, n):
    """List up to n typical bouts of an action, and n doubtful ones, see `Review`."""
    found, lengths = [], []
    for i, entry in enumerate(entries):
        shown, n_frames = entry.segments, entry.n_frames
        is_own = labels_of(entry.predicted, n_frames) == action
        sure = np.where(is_own, entry.confidence, 0).astype(float)
        told = frames_known(entry)
        ends = np.append(shown.starts[1:], n_frames)
        for k in np.flatnonzero(shown.codes == action):
            start, end = int(shown.starts[k]), int(ends[k])
            own = {"confidence": float(sure[start:end].mean())}
            own |= {"recording": i, "start": start, "end": end}
            found.append((own, bool(told[start])))
            lengths.append(end - start)
    usual = np.median(lengths) if lengths else 1

    def distance(bout):
        unlike = abs(np.log((bout["end"] - bout["start"]) / usual))
        return -round(bout["confidence"], N_DIGITS), unlike

    typical, counts = [], {}
    for bout in sorted((bout for bout, _ in found), key=distance):
        counts[bout["recording"]] = counts.get(bout["recording"], 0) + 1
        if len(typical) < n and counts[bout["recording"]] <= MOST_OF_ONE:
            typical.append(bout | {"kind": "typical"})
    chosen = {(bout["recording"], bout["start"]) for bout in typical}
    rest = [b for b, told in found if not told]
    rest = [b for b in rest if (b["recording"], b["start"]) not in chosen]
    rest.sort(key=lambda bout: bout["confidence"])
    return typical + [bout | {"kind": "doubtful"} for bout in rest[:n]]


def find_alike(recordings, entries):
    """List pairs of codes, see `alike_actions`, from evenly spaced frames."""
    step = -(-int(recordings.lengths.sum()) * recordings.n_features // MOST_VALUES)
    frames, paths = [], []
    for array, entry in zip(recordings.arrays, entries):
        own = np.asarray(getattr(array, "iloc", array)[::step], dtype=float)
        if np.isfinite(own).all():
            frames.append(own)
            path = labels_of(entry.segments, entry.n_frames)[::step]
            paths.append(np.maximum(path, BACKGROUND))
    return alike_actions(frames, paths) if frames else []


def with_predictions(state, found, n_actions):
    """State by the labels of another model, in numbers of its actions."""
    before, paths, entries, names = [], [], {}, dict(state.names)
    for entry, (own, *_) in zip(state.entries, found):
        before.append(labels_of(entry.predicted, entry.n_frames))
        paths.append(labels_of(own, entry.n_frames))
    known = match_codes(before, paths, n_actions, names)
    codes = tuple(known[:-1].tolist())
    names = states.with_new(names, sum(code not in names for code in codes))
    for i, (own, sure, edges) in enumerate(found):
        entry, own = state.entries[i], own._replace(codes=known[own.codes])
        if not states.is_checked(entry):
            after = states.propose(entry, own, sure, edges, 0)
            entries[i] = after._replace(changed=None, seen=entry.seen)
    after = state._replace(actions=codes, names=names)
    return states.forget_unused(states.with_entries(after, entries))


def compare_alternatives(review, chosen):
    """Rows of alternatives, with paths of chosen recordings in codes of the review."""
    state, segmenter = review.state, segmenter_of(review.model)
    frames = transform_before(review.model, review.recordings.select(chosen))
    codes = np.array([*state.actions, BACKGROUND])
    paths_of = match_alternatives(segmenter, frames, codes, state.names)
    rows = describe_alternatives(segmenter, review.rank_alternatives())
    return [row | {"paths": paths_of[row["name"]]} for row in rows]
