"""Paths and cycles that labels teach: moves and their cost, time, delays, cuts.

Labels of recordings are arrays (n_frames_i,) of int, with -1 for unknown.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skl_tot.decoding.chain import Chain
from skl_tot.meta import cycles
from skl_tot.meta.cyclic import cut_arrays
from skl_tot.recordings.container import Recordings, fit_scaler
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import UNKNOWN, find_segments
from skl_tot.recordings.signals import part_of

# Bins of relative time, from the start to the end of a recording.
N_BINS = 100
# Costs of a move in nats per frame of the mean labelled segment, from which the rate of
# segments chooses, the usual cost first, and the factor (one standard deviation) to
# others, as few labels tell little of the rate.
COSTS = (0.3, 0.1, 1.0, 0.03, 3.0, 0.01)
USUAL_COST, USUAL_FACTOR = 0.2, 5.0
# Share of a labelled cycle within which another cut is the same one.
NEAR = 0.2
# Share of the variance of all frames that is added to that within phases: one cycle
# does not show how others differ.
ADDED_VARIANCE = 0.1
ADVICE = (
    "Labels are a stretch of a recording that repeats a cycle: if they are whole "
    "cycles, SemiSupervisedSegmenter(cycles=True) learns from cycles."
)


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
    # The rate of segments need not fall with the cost: paths may take two moves that
    # labels show in place of another one. So all costs are tried, usual ones first, but
    # those that are too unusual for any rate.
    counts = measure_segments(labels, is_relative)
    masks = [path == UNKNOWN for path in labels]
    scores = list(map(keep_labels, scores, labels))
    least = np.inf
    for cost in COSTS:
        unusual = (np.log(cost / USUAL_COST) / np.log(USUAL_FACTOR)) ** 2 / 2
        if unusual >= least:
            break
        chain = chain_of_labels(labels, n_actions, cost * counts.n_frames)
        paths = [
            chain.viterbi(log_likelihood) if is_unknown.any() else path
            for log_likelihood, path, is_unknown in zip(scores, labels, masks)
        ]
        added = [np.where(mask, path, UNKNOWN) for path, mask in zip(paths, masks)]
        rate = measure_segments(added, is_relative).rate
        # Poisson deviance of the number in labels from that rate, and the prior
        labelled, expected = counts.n_changes + 0.5, rate * counts.n_units + 0.5
        loss = unusual + labelled * np.log(labelled / expected) + expected - labelled
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
    """Lag of scores behind labels, in frames (n_actions, n_actions), by move."""
    lags = {}
    for log_likelihood, path in zip(scores, labels):
        codes, starts, ends = find_segments(path)
        middles = (starts + ends) // 2
        for k, (before, after) in enumerate(pairwise(codes.tolist())):
            near = log_likelihood[middles[k] : middles[k + 1]]
            gains = np.cumsum(near[:, before] - near[:, after])
            best_change = int(gains.argmax()) + 1
            # at either end, scores show no change
            if UNKNOWN not in (before, after) and 1 < best_change < len(near):
                lag = middles[k] + best_change - starts[k + 1]
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
    sources = np.empty(2 * len(codes) - 1)
    sources[::2], sources[1::2] = (starts + ends - 1) / 2, starts[1:]
    targets = sources.copy()
    targets[1::2] -= shifts
    last = len(path) - 1
    frames = np.interp(
        np.arange(len(path)), np.r_[0, targets, last], np.r_[0, sources, last]
    )
    return scores[np.rint(frames).astype(int)]


class Template(NamedTuple):
    """Appearance and actions of the phases of labelled cycles."""

    projection: tuple  # values of a `skl_tot.meta.cycles.Projection`
    means: np.ndarray  # (n_phases, n_axes)
    variances: np.ndarray
    shares: np.ndarray  # (n_phases, n_actions)
    length: float  # mean frames of a labelled cycle

    def cut(self, frames, scores=None, labelled=()):
        """Cut a recording by its frames, or by scores (n_frames, n_actions) of them."""
        cuts = self._cut_phases(frames, scores)
        return self.with_labelled(cuts, len(frames), labelled)

    def with_labelled(self, cuts, n_frames, labelled=()):
        """Cuts from 0 to ``n_frames``, with the ends of labelled cycles [(a, b), …]."""
        # Others in these cycles, or near their ends or those of the recording,
        # are left out.
        near = NEAR * self.length
        ends = np.array(labelled, int).reshape(-1, 2)
        cuts = np.asarray(cuts)[:, None]
        is_free = ((cuts < ends[:, 0] - near) | (cuts > ends[:, 1] + near)).all(axis=1)
        cuts = np.union1d(cuts[is_free], ends)
        return np.r_[0, cuts[(cuts > near) & (cuts < n_frames - near)], n_frames]

    def _cut_phases(self, frames, scores):
        """Frames at which a path returns, as likely too late as too early."""
        projection = cycles.Projection(*self.projection)
        if len(frames) < projection.size:
            return np.zeros(1, int)
        if scores is None:
            blocks = projection.project(frames)
            scores = cycles.score_phases(blocks, self.means, self.variances)
        else:
            scores = scores[:, : self.shares.shape[1]] @ self.shares.T
            scores = cycles.means_of_blocks(scores, projection.size)
        # a path waits anywhere in frames that the ends of cycles share
        chain = cycles.chain_of_phases()
        cuts = cycles.cuts_of_phases(chain.viterbi(scores), 0, 1, len(scores))
        halves = chain.posterior(scores).reshape(len(scores), 2, -1).sum(axis=2)
        near = int(NEAR * self.length / projection.size)
        for k, cut in enumerate(cuts[1:], start=1):
            first = max(0, cut - near)
            gains = np.append(0, np.diff(halves[first : cut + near])[:, 0]).cumsum()
            cuts[k] = first + gains.argmax()
        return cuts * projection.size


def find_labelled_cycles(labels):
    """List pairs of first frame and end of labelled cycles, by recording."""
    # Labels part where their last action is followed by their first. Stretches with
    # less than half of the actions of the richest are no cycles.
    cycles_with_counts = []
    for path, filled in zip(labels, fill_single_frames(labels)):
        frames = np.flatnonzero(path != UNKNOWN)
        if len(frames) > 1:  # single ones stand for as many frames before and after
            margin = np.diff(frames).mean() / 2
            numbers = np.arange(len(path))
            is_far = (numbers < frames[0] - margin) | (numbers > frames[-1] + margin)
            filled = np.where(is_far, UNKNOWN, filled)
        cycles_with_counts.append(_labelled_cycles_of(filled))
    most = max((n for found in cycles_with_counts for *_, n in found), default=0)
    if most < 2:
        expected = "two or more: labels of one cycle, from its start to its end"
        refuse("the actions of a labelled cycle", most, expected)
    return [
        [(start, end) for start, end, n_actions in found if 2 * n_actions >= most]
        for found in cycles_with_counts
    ]


def _labelled_cycles_of(path):
    """List first frame, end, and number of actions of the labelled cycles of a path."""
    counted = []
    for is_labelled, first, end in zip(*find_segments(path != UNKNOWN)):
        if is_labelled:
            codes, starts, _ = find_segments(path[first:end])
            is_return = (codes[:-1] == codes[-1]) & (codes[1:] == codes[0])
            cuts = first + np.r_[0, starts[1:][is_return], end - first]
            counted += [(a, b, len(set(path[a:b]))) for a, b in pairwise(cuts.tolist())]
    return counted


def are_one_stretch(labels):
    """Whether labels are one stretch of at most a third of a recording."""
    masks = [path != UNKNOWN for path in labels if (path != UNKNOWN).any()]
    is_one = len(masks) == 1 and np.diff(np.r_[False, masks[0], False]).sum() == 2
    return is_one and masks[0].mean() <= 1 / 3


def learn_template(recordings, labels, labelled, n_actions):
    """Learn the `Template` of labelled cycles of recordings."""
    ends_of = [(i, *ends) for i, cycles_of in enumerate(labelled) for ends in cycles_of]
    length = float(np.mean([end - start for _, start, end in ends_of]))
    size = max(1, round(length / 40))  # as in a search without labels
    scale = fit_scaler(recordings).scale_
    long = [array for array in recordings.arrays if len(array) >= size]
    blocks = np.concatenate([cycles.means_of_blocks(array, size) for array in long])
    _, center, axes = cycles.choose_projection(blocks / scale, 1)
    variances = (blocks / scale @ axes).var(axis=0)
    projection = cycles.Projection(size, center * scale, axes / scale[:, None])
    indicators = np.eye(n_actions + 1)[:, :n_actions]  # the last for unknown
    blocks, shares, paths = [], [], []
    for i, start, end in ends_of:
        part = part_of(recordings.arrays[i], slice(start, end))
        blocks.append(projection.project(part))
        shares.append(cycles.means_of_blocks(indicators[labels[i][start:end]], size))
        n_blocks = len(blocks[-1])
        paths.append(np.arange(n_blocks) * cycles.N_PHASES // n_blocks)
    blocks, path = np.concatenate(blocks), np.concatenate(paths)
    means = cycles.smooth_means(blocks, path)
    shares = cycles.smooth_means(np.concatenate(shares), path) + 1e-9
    shares /= shares.sum(axis=1, keepdims=True)
    within = np.square(blocks - means[path]).mean(axis=0)
    variances = within + ADDED_VARIANCE * variances + 1e-6
    return Template(tuple(projection), means, variances, shares, length)


def cut_recordings(recordings, cuts):
    """Cycles as recordings, with the breaks within them."""
    breaks = []
    for i, cuts_of_recording in enumerate(cuts):
        edges = recordings.breaks_of(i)
        for start, end in pairwise(cuts_of_recording):
            breaks.append(edges[(edges > start) & (edges < end)] - start)
    arrays = cut_arrays(recordings.arrays, cuts)
    return Recordings(arrays, fps=recordings.fps, breaks=breaks)
