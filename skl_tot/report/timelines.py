"""What the script of the page draws: segments of all recordings, as plain data."""

import json
import math

import numpy as np

from skl_tot.display.palette import look_of
from skl_tot.recordings.labels import BACKGROUND, find_segments

MOST_BINS = 400  # of the doubt of a recording
LEVELS = 36  # of doubt, one digit to the base of that each
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
FEATURES = 6  # of a profile beside an action


def looks_of(content):
    """Look of each code that is an action or a label."""
    labels = content.truth.names if content.truth else {}
    codes = sorted(content.findings.names.keys() | labels.keys())
    return {code: look_of(code) for code in codes if code != BACKGROUND}


def describe_timelines(content, buttons):
    """Timelines of the recordings, and facts of actions, as JSON.

    Times are in seconds since the first frame if there is a rate, else in frames.
    ``buttons`` are the names of actions to show, by code.
    """
    findings, truth = content.findings, content.truth
    n_digits = _count_digits(content.recordings.fps)
    # ranks in place of scores, many of which are equal
    n_recordings = len(content.videos)
    ranks = {row["index"]: n_recordings - i for i, row in enumerate(content.deviations)}
    rows = []
    for i, path in enumerate(findings.paths):
        edges = _edges(content.recordings, i, len(path), n_digits)
        confidence = findings.confidences[i]
        row = {"name": str(content.video_names[i]), "end": edges[-1]}
        row["confidence"] = round(float(confidence.mean()), 4)
        row["deviation"] = float(ranks[i])
        row["prediction"] = _describe_segments(path, edges, confidence)
        row["doubt"] = _describe_doubt(1 - confidence)
        if truth is not None:
            row["truth"] = _describe_segments(truth.codes(i), edges)
        rows.append(row)
    looks = {code: look._asdict() for code, look in looks_of(content).items()}
    for look in looks.values():
        del look["outline"]
    values = {
        "fps": content.recordings.fps,
        "digits": n_digits,
        "names": findings.names,
        "labels": truth.names if truth else {},
        "looks": looks,
        "recordings": rows,
        "actions": _describe_actions(content, buttons),
    }
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")  # so that no text ends the element of the page


def _edges(recordings, i, n_frames, n_digits):
    """When frames begin and the last ends, since the first: a list."""
    if recordings.fps is None:
        return list(range(n_frames + 1))
    edges = recordings.edges(i)
    return np.round(edges - edges[0], n_digits + 1).tolist()


def _count_digits(fps):
    """Count the decimals that tell the times of frames apart, at least 2."""
    return 2 + max(0, math.ceil(math.log10((fps or 1) / 100)))


def _describe_segments(codes, edges, confidence=None):
    """List starts, codes and, if given, mean confidences of segments."""
    found, starts, ends = find_segments(codes)
    segments = {"start": [edges[start] for start in starts], "code": found.tolist()}
    if confidence is not None:
        sums = np.add.reduceat(confidence, starts, dtype=float)
        segments["confidence"] = np.round(sums / (ends - starts), 2).tolist()
    return segments


def _describe_doubt(doubt):
    """Digits of the largest doubt in each part of a recording."""
    n_bins = min(len(doubt), MOST_BINS)
    starts = np.arange(n_bins) * len(doubt) // n_bins
    worst = np.maximum.reduceat(doubt, starts)
    levels = np.rint(np.clip(worst, 0, 1) * (LEVELS - 1)).astype(int)
    return "".join(DIGITS[level] for level in levels.tolist())


def _describe_actions(content, buttons):
    """List what is shown of actions that are clicked."""
    profiles, own = content.profiles, {}
    for code, means in zip(profiles.actions, profiles.means) if profiles else []:
        order = np.argsort(-np.abs(means), kind="stable")[:FEATURES]
        own[code] = [[profiles.features[j], round(float(means[j]), 2)] for j in order]
    rows = []
    for code, row in content.actions.items():
        if code != BACKGROUND:
            facts = _describe_facts(row, content.recordings.fps)
            found = {"code": code, "name": buttons[code], "facts": facts}
            rows.append(found | {"profile": own.get(code, [])})
    return rows


def _describe_facts(row, fps):
    """Line about an action."""
    if not row["segments"]:
        return "Found in no recording."
    factor, unit = (1 / fps, "s") if fps else (1, "frames")
    length = f"{row['median'] * factor:.{2 if fps else 0}f} {unit}"
    return (
        f"{row['segments']} segments in {row['videos']} recordings, "
        f"{100 * row['share']:.1f} % of all frames; median duration {length}."
    )
