"""Paths that labels teach: number of segments, moves and their cost, time, delays.

Labels of recordings are arrays (n_frames_i,) of int, with -1 for unknown.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skl_tot.decoding.chain import Chain
from skl_tot.recordings.labels import UNKNOWN, find_segments

# Bins of relative time, from the start to the end of a recording.
N_BINS = 100
# Costs of a move in nats per frame of the mean labelled segment, from which the rate of
# segments chooses; the usual cost, and the factor (one standard deviation) to others,
# as few labels tell little of the rate.
COSTS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
USUAL_COST, USUAL_FACTOR = 0.2, 5.0


class SegmentCounts(NamedTuple):
    """Changes of action where labels are known."""

    n_changes: float
    n_units: float  # frames, or recordings, in which they are counted
    n_frames: float  # of a segment, on the mean

    @property
    def rate(self):
        """Changes of a unit."""
        return self.n_changes / self.n_units if self.n_units else 0.0


def choose_chain(scores, labels, n_actions, is_relative=False):
    """Chain whose paths have about as many segments as the labels, and these paths."""
    # They are counted for each frame, or in relative time, as people differ in speed.
    # All costs are tried, as the rate of segments need not fall with the cost: paths
    # may take two moves that labels show in place of another one.
    counts = measure_segments(labels, is_relative)
    is_open = [path == UNKNOWN for path in labels]
    scores = list(map(keep_labels, scores, labels))
    least = np.inf
    for cost in COSTS:
        chain = chain_of_labels(labels, n_actions, cost * counts.n_frames)
        paths = [
            chain.viterbi(log_likelihood) if is_unknown.any() else path
            for log_likelihood, path, is_unknown in zip(scores, labels, is_open)
        ]
        added = [np.where(mask, path, UNKNOWN) for path, mask in zip(paths, is_open)]
        rate = measure_segments(added, is_relative).rate
        # Poisson deviance of the number in labels from that rate, and the prior
        shown, expected = counts.n_changes + 0.5, rate * counts.n_units + 0.5
        loss = shown * np.log(shown / expected) - (shown - expected)
        loss += (np.log(cost / USUAL_COST) / np.log(USUAL_FACTOR)) ** 2 / 2
        if loss < least:
            least, best = loss, (chain, paths)
    return best


def keep_labels(scores, labels):
    """Scores that forbid other actions in frames with a label."""
    is_labelled = labels != UNKNOWN
    if not is_labelled.any():
        return scores
    forbidden = -1e6  # below the cost of any path
    scores = scores.copy()
    scores[is_labelled] += forbidden
    scores[is_labelled, labels[is_labelled]] -= forbidden
    return scores


def measure_segments(labels, is_relative=False):
    """Count changes of action in frames, or in recordings if ``is_relative``."""
    # A stretch of labels within a recording ends at a change that it shares with
    # others.
    n_changes = n_units = n_labelled = n_stretches = 0
    for path in labels:
        is_labelled = path != UNKNOWN
        is_pair = is_labelled[1:] & is_labelled[:-1]
        n_ends = int((is_labelled[1:] != is_labelled[:-1]).sum())
        n_changes += int((is_pair & (path[1:] != path[:-1])).sum()) + n_ends / 2
        n_units += int(is_pair.sum()) / (len(path) if is_relative else 1)
        n_labelled += int(is_labelled.sum())
        n_stretches += int(is_labelled.sum() - is_pair.sum()) - n_ends / 2
    n_frames = n_labelled / max(n_changes + n_stretches, 1)
    return SegmentCounts(n_changes, n_units, n_frames)


def chain_of_labels(labels, n_actions, cost):
    """Chain in which moves and starts that labels show cost less than others."""
    counts, first_counts = np.zeros((n_actions, n_actions)), np.zeros(n_actions)
    for path in labels:
        before, after = path[:-1], path[1:]
        is_move = (before != UNKNOWN) & (after != UNKNOWN) & (before != after)
        np.add.at(counts, (before[is_move], after[is_move]), 1)
        first_counts[path[:1][path[:1] != UNKNOWN]] += 1
    # without a label of a first frame, no start is known
    starts = (first_counts == 0) & first_counts.any()
    # of an action without a label, or that is not left, no move is known
    is_new = ~np.isin(np.arange(n_actions), np.concatenate(labels))
    is_left = counts.any(axis=1, keepdims=True)
    is_seen = (counts > 0) | is_new | ~is_left
    starts[is_new] = False
    # twice the cost and 2 nats, if labels repeat their moves
    added_cost = share_of_usual_moves(counts) * (cost + 2.0)
    moves = np.where(is_seen, cost, cost + added_cost)
    np.fill_diagonal(moves, 0)
    # not more than a move, else paths would begin with a frame of a usual start
    starts = starts * share_of_usual_moves(first_counts[None]) * cost
    return Chain(starts, moves, np.zeros(n_actions))


def share_of_usual_moves(counts):
    """Share of moves that another move from the same action repeats, at least one."""
    # a prior of one usual move: labels of one recording in order repeat none
    is_other = counts.sum(axis=1, keepdims=True) > 1
    return (1 + counts[counts > 1].sum()) / (1 + (counts * is_other).sum())


def fill_single_frames(labels):
    """Extend labels of single frames, one a segment, half-way to the next one."""
    frames_of = [np.flatnonzero(path != UNKNOWN) for path in labels]
    # beside longer stretches, a single frame is no segment
    if not all((np.diff(frames) > 1).all() for frames in frames_of):
        return list(labels)
    filled = []
    for path, frames in zip(labels, frames_of):
        if len(frames) and len(path) > 1:
            middles = (frames[:-1] + frames[1:] + 1) // 2
            path = np.repeat(path[frames], np.diff(np.r_[0, middles, len(path)]))
        filled.append(path)
    return filled


def learn_time(labels, paths, n_actions, is_circular=False):
    """Log-density of relative time; 0 if it does not tell paths without labels."""
    # Their mean log-density is below 0 without a common order.
    log_densities = log_densities_of_time(labels, n_actions, is_circular)
    gains = [
        log_densities[np.arange(len(path)) * N_BINS // len(path), path]
        for path, labels_of_recording in zip(paths, labels)
        if (labels_of_recording == UNKNOWN).all()
    ]
    tells = len(gains) > 0 and np.concatenate(gains).mean() > 0
    return log_densities if tells else np.zeros_like(log_densities)


def log_densities_of_time(labels, n_actions, is_circular=False):
    """Log-density (N_BINS, n_actions) of relative time, 0 if time tells nothing."""
    counts = np.zeros((N_BINS, n_actions))
    for path in labels:
        frames = np.flatnonzero(path != UNKNOWN)
        bins = frames * N_BINS // len(path)
        np.add.at(counts, (bins, path[frames]), 1 / len(path))
    distances = np.subtract.outer(np.arange(N_BINS), np.arange(N_BINS)) / N_BINS
    if is_circular:  # a cut between cycles is as uncertain as other changes
        distances = (distances + 0.5) % 1 - 0.5
    # bumps of a tenth of a recording, as other recordings are earlier or later
    bumps = np.exp(-0.5 * (distances / 0.1) ** 2)
    density = bumps / bumps.sum(axis=0) @ counts
    totals = density.mean(axis=0)
    density = np.where(totals > 0, density / np.where(totals > 0, totals, 1), 1)
    # a floor, so that labels of few recordings exclude no time
    return np.log(density + 0.03)


def find_delays(scores, labels, n_actions):
    """Delay (n_actions, n_actions) in frames of labelled moves in the scores."""
    lags = {}
    for log_likelihood, path in zip(scores, labels):
        codes, starts, ends = find_segments(path)
        middles = (starts + ends) // 2
        for k, (before, after) in enumerate(pairwise(codes.tolist())):
            near = log_likelihood[middles[k] : middles[k + 1]]
            gains = np.cumsum(near[:, before] - near[:, after])
            shown = int(gains.argmax()) + 1
            # at either end, scores show no change
            if UNKNOWN not in (before, after) and 1 < shown < len(near):
                lag = middles[k] + shown - starts[k + 1]
                lags.setdefault((before, after), []).append(lag)
    delays = np.zeros((n_actions, n_actions))
    for move, lags_of_move in lags.items():
        n_lags = len(lags_of_move)
        delays[move] = np.median(lags_of_move) * n_lags / (n_lags + 1)  # one may err
    return delays


def put_on_time(scores, path, delays):
    """Read scores later where a path changes late, at most a third of a segment."""
    # Frames in the middles of segments stay; time is stretched between.
    codes, starts, ends = find_segments(path)
    lengths = ends - starts
    shifts = delays[codes[:-1], codes[1:]]
    shifts = np.clip(shifts, -lengths[1:] / 3, lengths[:-1] / 3)
    read = np.empty(2 * len(codes) - 1)
    read[::2], read[1::2] = (starts + ends - 1) / 2, starts[1:]
    shown = read.copy()
    shown[1::2] -= shifts
    last = len(path) - 1
    frames = np.interp(
        np.arange(len(path)), np.r_[0, shown, last], np.r_[0, read, last]
    )
    return scores[np.rint(frames).astype(int)]
