"""Accuracy of a model, from the recordings and stretches that people checked."""

# A check compares the prediction for a recording, or a part of it, with the checked
# labels. The figure is the share that was right in the checks of the latest model that
# has any: those of earlier models are a history. Its interval is that of a mean over
# checks, and at least the one that the number of segments allows.

import math
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from skl_tot.app.review.state import UNLABELLED, part_of, without

IOU = 0.5  # of matching segments
LEVEL = 0.9  # of the intervals
COUNTED = "frames", "segments"
TRIALS = 0.5  # independent trials a segment, as lengths and recordings differ


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
    # the stretches of one check, such as the rest of a recording, are one sample
    samples = {}
    for entry in entries:
        for order, check in checks_of(entry):
            samples.setdefault(order, []).append(check)
    if not samples:
        return None
    checks = [_total(samples[order]) for order in sorted(samples)]
    checked = [
        (e - s, entry.n_frames) for entry in entries for s, e, *_ in entry.checked
    ]
    n_left = sum(entry.n_frames for entry in entries) - sum(n for n, _ in checked)
    if all(length == n_frames for length, n_frames in checked):
        return estimate(checks, len(entries) - len(checked), n_learned)
    n_rest = math.ceil(n_left / np.mean([check.n_frames for check in checks]))
    return estimate(checks, n_rest, n_learned, "stretch")


def checks_of(entry):
    """List orders and checks of the stretches that were new to the model."""
    checks = []
    for start, end, order, n in entry.checked:
        if without([(start, end)], entry.seen) == [(start, end)]:
            predicted = part_of(entry.predicted, start, end)
            left = part_of(entry.segments, start, end)
            if UNLABELLED not in predicted.codes:
                checks.append((order, compare(predicted, left, end - start, n)))
    return checks


def right_shares(entry):
    """Share of right frames and segments in the checks of an entry; empty without."""
    checks = [check for _, check in checks_of(entry)]
    return {f"right_{what}": _share(checks, what) for what in COUNTED if checks}


def estimate(checks, n_rest, n_learned, unit="recording"):
    """Estimate the accuracy of unchecked parts, see `Review.accuracy`."""
    history, latest = [], checks
    for n, of_model in groupby(checks, attrgetter("n_learned")):
        latest = list(of_model)
        shares = {what: _share(latest, what) for what in COUNTED}
        history.append({"n_learned": n, "n_checked": len(latest)} | shares)
    checks = latest if n_rest else checks
    accuracy = {what: _interval(checks, what, n_rest) for what in COUNTED}
    texts = sentences(accuracy, checks, n_rest, n_learned, unit)
    return accuracy | {"history": history, "sentences": texts}


def _total(checks):
    """Add up checks of one model."""
    total = Check(*np.sum(checks, axis=0).tolist())
    return total._replace(n_learned=checks[0].n_learned)


def _share(checks, what):
    total = _total(checks)
    return getattr(total, f"n_right_{what}") / getattr(total, f"n_{what}")


def _interval(checks, what, n_rest):
    """Share that is right, and an interval for as many other recordings or parts."""
    share, n = _share(checks, what), len(checks)
    if not n_rest:
        return {"share": share, "low": share, "high": share}
    # Wilson's interval of a binomial share; the others vary, too
    n_trials = TRIALS * _total(checks).n_segments / (1 + n / n_rest)
    z = norm.ppf((1 + LEVEL) / 2)
    middle = (share + z**2 / 2 / n_trials) / (1 + z**2 / n_trials)
    variance = share * (1 - share) / n_trials + (z / 2 / n_trials) ** 2
    half = z * math.sqrt(variance) / (1 + z**2 / n_trials)
    ends = [middle - half, middle + half]
    if n > 1:  # of a weighted mean over checks, which differ from each other
        rights = np.array([getattr(check, f"n_right_{what}") for check in checks])
        sizes = np.array([getattr(check, f"n_{what}") for check in checks])
        errors = (rights - share * sizes) / sizes.sum()
        variance = n / (n - 1) * (errors**2).sum() * (1 + n / n_rest)
        half = student.ppf((1 + LEVEL) / 2, n - 1) * math.sqrt(variance)
        ends += [share - half, share + half]
    return {"share": share, "low": max(0.0, min(ends)), "high": min(1.0, max(ends))}


def sentences(accuracy, checks, n_rest, n_learned, unit):
    """Describe the result of `estimate` in sentences."""
    n, rest = len(checks), "all that is not checked"
    if unit == "recording":
        rest = f"the {n_rest} recordings that are not checked"
    frames, segments = (_in_percent(accuracy[what]) for what in COUNTED)
    shares = f"{frames} of the frames and {segments} of the segments"
    plural = {"recording": "recordings", "stretch": "stretches"}[unit]
    checked = f"{n} checked {unit if n == 1 else plural}"
    if not n_rest:
        return [f"In the {checked}, {shares} were right before."]
    source = f"This is estimated from the {checked}"
    if checks[-1].n_learned < n_learned:
        source += ", before the model learned from them"
    return [
        f"About {shares} are right in {rest}.",
        f"{source}: predictions are compared with corrected labels.",
    ]


def _in_percent(interval):
    share, low, high = (f"{100 * value:.0f}" for value in interval.values())
    return f"{share} %" + f" (90 % interval: {low} to {high} %)" * (low != high)
