"""What the script of the page draws: segments of all recordings, as plain data."""

import math

import numpy as np

from skl_tot.inputs.labels import BACKGROUND, find_segments
from skl_tot.report.colours import describe_looks

MOST_BINS = 400  # of the doubt of a recording
LEVELS = 36  # of doubt, one digit to the base of that each
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
FEATURES = 6  # of a profile beside an action


def describe_timelines(findings, labels, video_names, palette, y_true, deviations):
    """Timelines of the recordings: a dict of what JSON has.

    Times are in seconds since the first frame if there is a rate, else in frames.
    ``labels`` are `Recordings` of the paths, and ``deviations`` a number for each.
    """
    codes = np.array([*findings.numbers, BACKGROUND])  # the last is that of -1
    rows = []
    for i, path in enumerate(findings.paths):
        edges = _edges(labels, i, len(path))
        confidence = findings.confidences[i]
        row = {"name": str(video_names[i]), "end": edges[-1]}
        row["confidence"] = _round(confidence.mean(), 4)
        row["deviation"] = _round(deviations[i], 4)
        row["prediction"] = _describe_segments(codes[path], edges, confidence)
        row["doubt"] = _describe_doubt(1 - confidence)
        if y_true is not None:
            true = palette.codes_of(y_true[i])
            row["truth"] = _describe_segments(true, edges)
        rows.append(row)
    return {
        "fps": labels.fps,
        "digits": _count_digits(labels.fps),
        "names": palette.actions,
        "labels": palette.labels,
        "looks": describe_looks(palette),
        "recordings": rows,
    }


def _edges(labels, i, n_frames):
    """When frames begin and the last ends, since the first: a list."""
    if labels.fps is None:
        return list(range(n_frames + 1))
    edges = labels.edges(i)
    return np.round(edges - edges[0], _count_digits(labels.fps) + 1).tolist()


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


def _round(value, digits):
    return round(float(value), digits)


def describe_actions_at_hand(findings, profiles, facts, names):
    """List what is shown of actions that are clicked.

    ``facts`` are a line of each, ``names`` those of codes.
    """
    rows = []
    for code, line in zip(findings.numbers, facts):
        row = {"code": code, "name": names[code], "facts": line, "profile": []}
        rows.append(row)
    for k, means in zip(profiles.actions, profiles.means) if profiles else []:
        order = np.argsort(-np.abs(means), kind="stable")[:FEATURES]
        found = [[profiles.features[j], _round(means[j], 2)] for j in order]
        rows[k]["profile"] = found
    return rows
