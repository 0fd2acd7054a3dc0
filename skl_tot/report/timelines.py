"""What the script of the page draws: segments of all recordings, as plain data."""

import json
import math
from typing import NamedTuple

import numpy as np

from skl_tot.display.palette import look_of
from skl_tot.recordings.labels import BACKGROUND, find_segments

MOST_BINS, MOST_OF_ALL = 400, 50_000  # of the doubt of a recording, and of all
LEVELS = 36  # of doubt, one digit to the base of that each
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
FEATURES = 6  # of a profile beside an action
BREAK = -2  # code of a time of which there are no frames


class Clock(NamedTuple):
    """When frames of a recording start and end, since the first, and its breaks."""

    starts: np.ndarray
    ends: np.ndarray
    breaks: np.ndarray


def looks_of(content):
    """Look of each code that is an action, also of one without a name, or a label."""
    labels = content.truth.names if content.truth else {}
    own = set(range(content.segmenter.n_actions_))
    codes = sorted(own | content.findings.names.keys() | labels.keys())
    return {code: look_of(code) for code in codes if code != BACKGROUND}


def describe_timelines(content):
    """Timelines of the recordings and cycles, and facts of actions, as JSON.

    Times are in seconds since the first frame if there is a rate, else in frames.
    """
    findings, truth = content.findings, content.truth
    n_digits = _count_digits(content.recordings.fps)
    # ranks in place of scores, many of which are equal
    n_recordings = len(content.videos)
    ranks = {row["index"]: n_recordings - i for i, row in enumerate(content.deviations)}
    rows, cycles = [], _describe_cycles(content, n_digits)
    n_bins = min(MOST_BINS, max(1, MOST_OF_ALL // n_recordings))
    for i, path in enumerate(findings.paths):
        clock = _read_clock(content.recordings, i, n_digits)
        confidence = findings.confidences[i]
        row = {"name": str(content.video_names[i]), "end": clock.ends[-1].item()}
        row["confidence"] = round(float(confidence.mean()), 4)
        row["deviation"] = float(ranks[i])
        row["prediction"] = _describe_segments(path, clock, confidence)
        row["doubt"] = _describe_doubt(1 - confidence, n_bins)
        row["cycles"] = cycles[i]
        if truth is not None:
            row["truth"] = _describe_segments(truth.codes(i), clock)
        rows.append(row)
    looks = {code: look._asdict() for code, look in looks_of(content).items()}
    for look in looks.values():
        del look["outline"]
    values = {
        "fps": content.recordings.fps,
        "digits": n_digits,
        "unsure": round(content.unsure, 4),
        "numbers": _list_numbers(content),
        "names": findings.names,
        "labels": truth.names if truth else {},
        "looks": looks,
        "recordings": rows,
        "actions": _describe_actions(content),
    }
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")  # so that no text ends the element of the page


def _read_clock(recordings, i, n_digits):
    """Clock of a recording, of frames if there is no rate."""
    n_frames, breaks = len(recordings.arrays[i]), recordings.breaks_of(i)
    if recordings.fps is None:
        frames = np.arange(n_frames + 1)
        return Clock(frames[:-1], frames[1:], breaks)
    starts, ends = recordings.edges(i)[:-1], recordings.ends(i)
    origin, n_digits = starts[0], n_digits + 1
    starts, ends = (
        np.round(starts - origin, n_digits),
        np.round(ends - origin, n_digits),
    )
    return Clock(starts, ends, breaks)


def _count_digits(fps):
    """Count the decimals that tell the times of frames apart, at least 2."""
    return 2 + max(0, math.ceil(math.log10((fps or 1) / 100)))


def _describe_segments(codes, clock, confidence=None):
    """List starts, codes and, if given, mean confidences of segments and breaks."""
    found, first, last = find_segments(codes, clock.breaks)
    starts, ends = clock.starts[first], clock.ends[last - 1]
    pauses = np.flatnonzero(starts[1:] > ends[:-1])
    segments = {
        "start": np.insert(starts, pauses + 1, ends[pauses]).tolist(),
        "code": np.insert(found, pauses + 1, BREAK).tolist(),
    }
    if confidence is not None:
        means = np.add.reduceat(confidence, first, dtype=float) / (last - first)
        means = np.insert(np.round(means, 2), pauses + 1, 1)
        segments["confidence"] = means.tolist()
    return segments


def _describe_cycles(content, n_digits):
    """List start, end and rank by deviation of the cycles of each recording.

    Times are since the first frame, as those of segments.
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
    """List the numbers by which ``--names`` calls the actions of each code."""
    actions = content.segmenter.actions_.tolist()
    words = content.words.tolist()
    found = {}
    for code, name in content.findings.names.items():
        own = [k for k, word in enumerate(words) if word == name]
        if code != BACKGROUND:
            is_text = isinstance(actions[code], str)
            found[code] = own if is_text else [actions[k] for k in own]
    return found


def _describe_doubt(doubt, n_bins):
    """Digits of the largest doubt in each part of a recording."""
    n_bins = min(len(doubt), n_bins)
    starts = np.arange(n_bins) * len(doubt) // n_bins
    worst = np.maximum.reduceat(doubt, starts)
    levels = np.rint(np.clip(worst, 0, 1) * (LEVELS - 1)).astype(int)
    return "".join(DIGITS[level] for level in levels.tolist())


def _describe_actions(content):
    """List what is shown of actions that are clicked."""
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
    """Line about an action."""
    if "quartiles" not in row:
        return "Found in no recording."
    what = "recording" if content.cycles is None else "cycle"
    return (
        f"In {row['units']} of {len(content.unit_bouts.names)} {what}s, "
        f"{100 * row['share']:.1f} % of all time; usually "
        f"{content.length(row['quartiles'][1])} of a {what}."
    )
