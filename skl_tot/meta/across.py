"""Refinement of labels across recordings.

Labels of some recordings predict those of others, by linear discriminants of a frame
and its surroundings. The common part remains, and peculiarities of one recording go. A
*guess* is a dict of arrays, the model of the last round for new recordings.
"""

import numpy as np
from scipy.linalg import solve

from skl_tot.decoding.chain import free_chain
from skl_tot.methods.discriminants import embed, principal_components
from skl_tot.metrics.label_free import cohen_kappa
from skl_tot.recordings.labels import find_segments
from skl_tot.recordings.signals import window_means

# Least number of recordings, and agreement beyond chance of labels and predictions:
# with less, recordings do not tell about each other.
LEAST_RECORDINGS, LEAST_KAPPA = 10, 0.5
N_FOLDS, N_ROUNDS = 5, 3
N_COMPONENTS = 30
# Widths of surroundings, in median segments.
WIDTHS = 1.0, 0.25
# Bumps of relative time, and their weight in standard deviations.
N_BUMPS, TIME_WEIGHT = 6, 3.0
# Share of the mean variance that is added to variances, and the power of shares.
SHRINKAGE, PRIOR_POWER = 0.1, 0.5
# Largest difference of scores, in nats, and cost of a switch for each frame of a median
# segment.
MOST_NATS, SWITCH_COST = 8.0, 0.25
PRIOR_FRAMES, FLOOR = 0.1, 0.01


def refine_across(videos, labels, n_actions, *, by_time):
    """Refine labels by predictions from other recordings, in three rounds.

    ``by_time`` also predicts by relative time. Returns the guess and the labels of each
    recording; None if recordings are too few, or do not tell about each other.
    """
    n_folds = min(N_FOLDS, len(videos))
    if len(videos) < LEAST_RECORDINGS:
        return None
    center, components, _ = principal_components(videos, N_COMPONENTS)
    guess = {"center": center, "components": components, "by_time": np.array(by_time)}
    frames = [embed(videos, i, center, components.T) for i in range(len(videos))]
    paths = [np.maximum(path, 0) for path in labels]
    folds = np.arange(len(videos)) % n_folds
    for number in range(N_ROUNDS):
        guess["segment"] = np.array(_median_segment(paths))
        seen = _surroundings(frames, guess, learn=True)
        sums = [_Sums(seen[i], paths[i], n_actions) for i in range(len(videos))]
        found = [None] * len(videos)
        for fold in range(n_folds):
            _learn(guess, [own for own, k in zip(sums, folds) if k != fold])
            for i in np.flatnonzero(folds == fold).tolist():
                found[i] = _path(seen[i], guess)
        if number == 0 and _kappa(paths, found, n_actions) < LEAST_KAPPA:
            return None
        paths = found
    _learn(guess, [_Sums(x, y, n_actions) for x, y in zip(seen, paths)])
    return guess, paths


def guessed_paths(videos, guess):
    """Labels of new recordings by a guess."""
    center, axes = guess["center"], guess["components"].T
    frames = (embed(videos, i, center, axes) for i in range(len(videos)))
    return [_path(seen, guess) for seen in _surroundings(frames, guess)]


def _median_segment(paths):
    """Median number of frames of a segment."""
    lengths = []
    for path in paths:
        _, starts, ends = find_segments(path)
        lengths.append(ends - starts)
    return float(np.median(np.concatenate(lengths)))


def _surroundings(frames, guess, learn=False):
    """Frames with means and spreads around them, standardised, and relative time."""
    found = [_around(own, float(guess["segment"])) for own in frames]
    if learn:
        n_frames = sum(map(len, found))
        mean = sum(own.sum(axis=0) for own in found) / n_frames
        square = sum(np.square(own - mean).sum(axis=0) for own in found) / n_frames
        guess["mean"], guess["scale"] = mean, np.sqrt(np.where(square > 0, square, 1))
    result = []
    for own in found:
        own -= guess["mean"]
        own /= guess["scale"]
        result.append(np.hstack([own, _bumps(len(own))]) if guess["by_time"] else own)
    return result


def _around(frames, segment):
    """Frames, and their means and log deviations over parts of a segment."""
    columns, everywhere = [frames], slice(0, len(frames))
    squares = frames**2
    for width in WIDTHS:
        half = max(1, int(width * segment / 2))
        mean = window_means(frames, half, half, everywhere)
        variance = window_means(squares, half, half, everywhere) - mean**2
        columns += [mean, np.log(np.maximum(variance, 0) + FLOOR) / 2]
    return np.hstack(columns)


def _bumps(n_frames):
    """Shares of bumps of relative time in each frame."""
    times = (np.arange(n_frames) + 0.5) / n_frames
    places = (np.arange(N_BUMPS) + 0.5) / N_BUMPS
    heights = np.exp(-0.5 * np.square((times[:, None] - places) * N_BUMPS))
    return TIME_WEIGHT * heights / heights.sum(axis=1, keepdims=True)


class _Sums:
    """Counts, sums and products of the frames of each action of a recording."""

    def __init__(self, frames, path, n_actions):
        codes = np.eye(n_actions)[path]
        self.counts = codes.sum(axis=0)
        self.totals = codes.T @ frames
        self.products = frames.T @ frames


def _learn(guess, sums):
    """Learn linear discriminants from sums, into a guess."""
    counts = sum(own.counts for own in sums)
    means = sum(own.totals for own in sums) / np.maximum(counts, 1)[:, None]
    within = sum(own.products for own in sums) - (means.T * counts) @ means
    within /= counts.sum()
    scale = np.trace(within) / len(within)
    within *= 1 - SHRINKAGE
    within[np.diag_indices(len(within))] += SHRINKAGE * scale + 1e-12
    weights = solve(within, means.T, assume_a="pos")
    shares = (counts + PRIOR_FRAMES) / (counts + PRIOR_FRAMES).sum()
    offsets = PRIOR_POWER * np.log(shares) - 0.5 * (means.T * weights).sum(axis=0)
    offsets[counts == 0] = -1e9
    guess["weights"], guess["offsets"] = weights, offsets


def _path(seen, guess):
    """Likeliest path through the actions."""
    scores = seen @ guess["weights"] + guess["offsets"]
    scores = np.maximum(scores - scores.max(axis=1, keepdims=True), -MOST_NATS)
    cost = max(1.0, SWITCH_COST * float(guess["segment"]))
    return free_chain(scores.shape[1], cost).viterbi(scores)


def _kappa(first, second, n_actions):
    """Agreement of labels beyond chance."""
    table = np.zeros((n_actions, n_actions))
    np.add.at(table, (np.concatenate(first), np.concatenate(second)), 1)
    return cohen_kappa(table)
