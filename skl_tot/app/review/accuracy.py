"""Accuracy of a model, from the recordings and stretches that people checked."""

# A check compares the prediction for a recording, or a part of it, with the checked
# labels. The question is about the rest and the present model, which learned. A Kalman
# filter follows the share of correct frames: the variance of a check is the variation
# between recordings; each learning step increases the share and its uncertainty. The
# variation is estimated from the checks, too. All values are angles,
# arcsin(sqrt(share)), whose variance does not depend on the share.

import math
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from skl_tot.app.review.state import UNLABELLED, part_of, without

IOU = 0.5  # of matching segments
LEVEL = 0.9  # of the intervals
# Priors, in angles, each a mean and a deviation: the correct share; its increase in
# recordings in which unnamed actions got names; its growth by the first learned
# recordings (more for segments); its growth for a factor e of learned recordings. Then
# the variation between recordings, with the weight of so many checks. They agree with
# the sets of benchmarks/review.py, also with any set left out.
START, NAMED = (1.0, 0.25), (0.1, 0.1)
FIRST = {"frames": (0.05, 0.13), "segments": (-0.15, 0.15)}
MORE, SPREADS, N_SPREAD = (0.03, 0.05), {"frames": 0.13, "segments": 0.17}, 4


class Check(NamedTuple):
    """Prediction for a recording, and the correct amount."""

    n_frames: int
    n_right_frames: int
    n_segments: int
    n_right_segments: int
    n_learned: int  # number of checks that the model had learned


def compare(predicted, left, n_frames, n_learned=0):
    """Check predicted segments; right ones match one of an IoU of at least a half."""
    bounds = np.union1d(predicted.starts, left.starts)
    shared = np.diff(bounds, append=n_frames)
    pairs, lengths = [], []
    for segments in (predicted, left):
        pairs.append(np.searchsorted(segments.starts, bounds, "right") - 1)
        lengths.append(np.diff(segments.starts, append=n_frames)[pairs[-1]])
    is_same = predicted.codes[pairs[0]] == left.codes[pairs[1]]
    is_alike = is_same & (shared >= IOU * (sum(lengths) - shared))
    taken, n_right = (-1, -1), 0
    for pair in np.transpose(pairs)[is_alike]:
        if (pair != taken).all():  # one of two halves
            taken, n_right = pair, n_right + 1
    n_same, n_segments = int(shared[is_same].sum()), len(predicted.starts)
    return Check(n_frames, n_same, n_segments, n_right, n_learned)


def measure(entries, n_learned):
    """Estimate the accuracy from frames that were new to the model; None without."""
    found = [checks_of(entry) for entry in entries]
    n_left = [own.n_frames - sum(e - s for s, e, *_ in own.checked) for own in entries]
    # the stretches of one check, such as the rest of a recording, are one sample
    parts = sorted((order, check) for own in found for order, check in own)
    checks = []
    for _, group in groupby(parts, itemgetter(0)):
        own = [check for _, check in group]
        total = Check(*np.sum(own, axis=0).tolist())
        checks.append(total._replace(n_learned=own[0].n_learned))
    if not checks:
        return None
    stretches = [(e - s, own.n_frames) for own in entries for s, e, *_ in own.checked]
    if all(length == n for length, n in stretches):
        return estimate(checks, sum(map(bool, n_left)), n_learned)
    n_rest = math.ceil(sum(n_left) * len(checks) / sum(own[0] for own in checks))
    return estimate(checks, n_rest, n_learned, "stretch")


def checks_of(entry):
    """List orders and checks of the stretches that were new to the model."""
    found = []
    for start, end, order, n in entry.checked:
        if without([(start, end)], entry.seen) == [(start, end)]:
            predicted = part_of(entry.predicted, start, end)
            left = part_of(entry.segments, start, end)
            if UNLABELLED not in predicted.codes:
                found.append((order, compare(predicted, left, end - start, n)))
    return found


def right_shares(entry):
    """Share of right frames and segments in the checks of an entry; empty without."""
    checks = [own for _, own in checks_of(entry)]
    sums = _sums(checks) if checks else {}
    return {f"right_{what}": sums[what] for what in SPREADS if sums}


def estimate(checks, n_rest, n_learned, unit="recording"):
    """Estimate the accuracy of unchecked parts, see `Review.accuracy`."""
    found = {"n_checked": len(checks), "n_rest": n_rest, "history": []}
    for n, own in groupby(checks, lambda check: check.n_learned):
        found["history"].append({"n_learned": n} | _sums(list(own)))
    for what in SPREADS:
        shares = _follow(checks, what, n_rest, n_learned)
        found[what] = dict(zip(("share", "low", "high"), shares))
    return found | {"sentences": sentences(found, unit)}


def _sums(checks):
    n_frames, n_right, n_segments, n_found, _ = np.sum(checks, axis=0).tolist()
    shares = {"frames": n_right / n_frames, "segments": n_found / n_segments}
    return {"n_checked": len(checks)} | shares


def _follow(checks, what, n_rest, n_learned):
    if not n_rest:
        return [_sums(checks)[what]] * 3
    n, variance = len(checks) - 1 + N_SPREAD, SPREADS[what] ** 2
    errors = _filter(checks, what, variance, n_learned)[2]
    variance *= (N_SPREAD + np.sum(errors[1:])) / n
    mean, uncertain, _ = _filter(checks, what, variance, n_learned)
    if not n_learned:
        mean, uncertain = mean - NAMED[0], uncertain + NAMED[1] ** 2
    half = student.ppf((1 + LEVEL) / 2, n) * np.sqrt(uncertain + variance / n_rest)
    angles = np.clip([mean, mean - half, mean + half], 0, np.pi / 2)
    return (np.sin(angles) ** 2).tolist()


def _filter(checks, what, variance, n_learned):
    """Mean and variance of the current angle; squared errors of the predictions."""
    mean, uncertain = START[0], START[1] ** 2
    before, errors = 0, []
    for check in [*checks, None]:
        after = check.n_learned if check else n_learned
        if after != before:
            times = np.log((1 + after) / max(1 + before, 2))
            is_first = before == 0
            mean += MORE[0] * times + FIRST[what][0] * is_first
            uncertain += MORE[1] ** 2 * abs(times) + FIRST[what][1] ** 2 * is_first
            before = after
        if check:
            total = getattr(check, f"n_{what}")
            noise = 0.25 / total if what == "segments" else 0.0
            share = getattr(check, f"n_right_{what}") / total
            error = np.arcsin(np.sqrt(share)) - mean
            gain = uncertain / (uncertain + variance + noise)
            errors.append(error**2 / (uncertain + variance + noise))
            mean, uncertain = mean + gain * error, uncertain * (1 - gain)
    return mean, uncertain, errors


def sentences(found, unit):
    """Describe the result of `estimate` in sentences."""
    n, rest = found["n_checked"], "all that is not checked"
    if unit == "recording":
        rest = f"the {found['n_rest']} recordings that are not checked"
    frames, segments = (_in_percent(found[what]) for what in SPREADS)
    shares = f"{frames} of the frames and {segments} of the segments"
    plural = {"recording": "recordings", "stretch": "stretches"}[unit]
    checked = f"{n} checked {unit if n == 1 else plural}"
    if not found["n_rest"]:
        return [f"In the {checked}, {shares} were right before."]
    source = f"This is estimated from the {checked}"
    return [
        f"About {shares} are right in {rest}.",
        f"{source}: predictions are compared with corrected labels.",
    ]


def _in_percent(found):
    share, low, high = (f"{100 * value:.0f}" for value in found.values())
    return f"{share} %" + f" (90 % interval: {low} to {high} %)" * (low != high)
