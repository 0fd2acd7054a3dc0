"""Data for the script of the page: timelines of recordings, facts about actions."""

import itertools

import numpy as np

from skl_tot.app.web import (
    as_json,
    count_bins,
    count_digits,
    describe_looks,
    describe_row,
    describe_segments,
    read_clock,
)
from skl_tot.recordings import BACKGROUND, find_segments

FEATURES = 6  # of a profile beside an action


def list_codes(content):
    """Codes of actions, including unnamed ones and other readings', and of labels."""
    labels = content.truth.names if content.truth else {}
    own = set(range(content.segmenter.n_actions_))
    for path in itertools.chain(*content.findings.others):
        own |= set(path.tolist())
    return sorted(own | content.findings.names.keys() | labels.keys())


def describe_timelines(content):
    """Timelines of the recordings and cycles, and facts about actions, as JSON.

    Times are in seconds since the first frame with a rate, else in frames.
    """
    truth = content.truth
    values = {
        "fps": content.recordings.fps,
        "digits": count_digits(content.recordings.fps),
        "unsure": round(content.unsure, 4),
        "numbers": _list_numbers(content),
        "names": content.findings.names,
        "labels": truth.names if truth else {},
        "looks": describe_looks(list_codes(content)),
        "recordings": _describe_rows(content),
        "actions": _describe_actions(content),
    }
    return as_json(values)


def _describe_rows(content):
    """Rows of the recordings, with their cycles and the ground truth."""
    findings, n_digits = content.findings, count_digits(content.recordings.fps)
    # ranks instead of scores, as many scores are equal
    n_recordings = len(content.videos)
    ranks = {row["index"]: n_recordings - i for i, row in enumerate(content.deviations)}
    rows, cycles = [], _describe_cycles(content, n_digits)
    for i, path in enumerate(findings.paths):
        clock = read_clock(content.recordings, i, n_digits)
        segments = find_segments(path, clock.breaks)
        shown = clock, findings.confidences[i], count_bins(n_recordings)
        row = describe_row(content.video_names[i], segments, *shown)
        row |= {"deviation": float(ranks[i]), "cycles": cycles[i]}
        if content.truth is not None:
            labels = find_segments(content.truth.codes(i), clock.breaks)
            row["truth"] = describe_segments(labels, clock)
        rows.append(row)
    return rows


def _describe_cycles(content, n_digits):
    """List start, end and rank by deviation of the cycles of each recording.

    Times are since the first frame, like those of segments.
    """
    found = [[] for _ in content.videos]
    if content.cycles is None:
        return found
    table, _ = content.cycles
    ranks = table["score"].rank(method="first").astype(int)
    origins, names = content.bouts.origins, content.recordings.names
    rows = zip(table["recording"], table["start"], table["end"], ranks)
    for name, start, end, rank in rows:
        times = [round(time - origins[name], n_digits + 1) for time in (start, end)]
        found[names.index(name)].append([*times, rank])
    return found


def _list_numbers(content):
    """List the numbers in ``--names`` of the actions of each code."""
    actions = content.segmenter.actions_.tolist()
    words = content.words.tolist()
    found = {}
    for code, name in content.findings.names.items():
        own = [k for k, word in enumerate(words) if word == name]
        if code != BACKGROUND:  # labels from people may add others
            is_text = not own or isinstance(actions[code], str)
            found[code] = own if is_text else [actions[k] for k in own]
    return found


def _describe_actions(content):
    """List the details that a click on an action shows."""
    profiles, own = content.profiles, {}
    for code, means in zip(profiles.actions, profiles.means) if profiles else []:
        order = np.argsort(-np.abs(means), kind="stable")[:FEATURES]
        own[code] = [[profiles.features[j], round(float(means[j]), 2)] for j in order]
    rows = []
    for code, row in content.actions.items():
        if code != BACKGROUND:
            found = {"code": code, "facts": _describe_facts(row, content)}
            rows.append(found | {"profile": own.get(code, [])})
    return rows


def _describe_facts(row, content):
    """Return a sentence about an action."""
    if "quartiles" not in row:
        return "Found in no recording."
    what = "recording" if content.cycles is None else "cycle"
    return (
        f"In {row['units']} of {len(content.unit_bouts.names)} {what}s, "
        f"{100 * row['share']:.1f} % of all time; usually "
        f"{content.length(row['quartiles'][1])} of a {what}."
    )
