"""Offers of a review: examples of actions, other readings, actions that are alike."""

import numpy as np

from skl_tot.app.review.state import frames_by_hand, labels_of

MOST_OF_ONE = 2  # typical bouts of a recording
N_DIGITS = 2  # of confidences that differ; of equal ones, usual durations come first


def choose_examples(entries, action, n):
    """List up to n typical bouts of an action, and n doubtful ones, see `Review`."""
    found, lengths = [], []
    for i, entry in enumerate(entries):
        shown, n_frames = entry.segments, entry.n_frames
        is_own = labels_of(entry.predicted, n_frames) == action
        sure = np.where(is_own, entry.confidence, 0).astype(float)
        told = frames_by_hand(shown, n_frames) | bool(entry.checked)
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
