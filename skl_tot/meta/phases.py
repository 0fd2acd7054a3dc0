"""Phases of a cycle: how they look, paths through them, and where cycles start."""

from typing import NamedTuple

import numpy as np

from skl_tot.decoding.chain import circle_chain
from skl_tot.decoding.evidence import linear_log_densities
from skl_tot.recordings.container import BLOCK_BYTES

# Phases of a cycle; a path through them skips at most a third of it.
N_PHASES = 24
MOST_STEPS = N_PHASES // 3


class Projection(NamedTuple):
    """Means of blocks of frames, projected on axes around a center."""

    size: int
    center: np.ndarray
    axes: np.ndarray

    def project(self, frames):
        """Project frames (n_frames, n_features): (n_blocks, n_axes)."""
        return (means_of_blocks(frames, self.size) - self.center) @ self.axes


class PhaseModel(NamedTuple):
    """Phase of each frame, mean of each phase, and common variances."""

    path: np.ndarray
    means: np.ndarray
    variances: np.ndarray


def means_of_blocks(frames, size):
    """Means of blocks of ``size`` frames, reading few blocks at a time."""
    n_blocks, means = len(frames) // size, []
    n_rows = max(1, BLOCK_BYTES // (frames.itemsize * frames.shape[1] * size))
    for first in range(0, n_blocks, n_rows):
        end = min(first + n_rows, n_blocks)
        block = np.asarray(frames[first * size : end * size], dtype=np.float64)
        means.append(block.reshape(end - first, size, -1).mean(axis=1))
    return np.concatenate(means)


def choose_projection(frames, size):
    """Means of blocks, along 12 principal components if there are more features."""
    blocks = means_of_blocks(frames, size)
    center, axes = blocks.mean(axis=0), np.eye(blocks.shape[1])
    if len(axes) > 12:
        centred = blocks - center
        _, axes = np.linalg.eigh(centred.T @ centred)  # ascending
        axes = axes[:, ::-1][:, :12]
    return Projection(size, center, axes)


def phases_between(occurrences, n_frames):
    """Phase of each frame, with constant speed between two or more occurrences."""
    length = np.diff(occurrences).mean()
    frames = np.arange(n_frames)
    turns = np.interp(frames, occurrences, np.arange(len(occurrences)))
    # before the first and after the last one, at the mean speed
    turns += np.minimum(frames - occurrences[0], 0) / length
    turns += np.maximum(frames - occurrences[-1], 0) / length
    return np.floor(turns % 1 * N_PHASES).astype(np.intp) % N_PHASES


def fit_phases(frames, path):
    """Learn phases from an initial assignment, such as that of `phases_between`."""
    for _ in range(8):
        previous = path
        means = smooth_means(frames, path)
        # constants have no variance
        variances = np.square(frames - means[path]).mean(axis=0) + 1e-6
        path = follow_phases(frames, means, variances)
        if np.array_equal(path, previous):
            break
    return PhaseModel(path, means, variances)


def smooth_means(frames, path):
    """Mean of the frames of each phase, with half of its neighbours' weight."""
    weights = np.zeros((len(frames), N_PHASES))
    weights[np.arange(len(frames)), path] = 0.5
    weights[np.arange(len(frames)), (path + 1) % N_PHASES] = 0.25
    weights[np.arange(len(frames)), path - 1] = 0.25
    totals = weights.sum(axis=0)[:, None] + 1e-6
    return weights.T @ frames / totals


def follow_phases(frames, means, variances):
    """Phase of each frame on the likeliest path through learned phases."""
    return chain_of_phases().viterbi(score_phases(frames, means, variances))


def score_phases(frames, means, variances):
    """Log-likelihoods (n_frames, n_phases) of phases."""
    # Tempered to eight features: neighbours are similar, and features of one pose,
    # too, so they are no independent evidence.
    variances = variances / min(1, 8 / len(variances))
    weights, offsets = linear_log_densities(means, variances)
    return frames @ weights.T + offsets


def chain_of_phases():
    """Chain of the phases of cycles of some 40 frames."""
    # The path stays, or advances by up to 3 of 24 phases. Rarely it skips up to a third
    # of the cycle, whose actions are then missing.
    probabilities = np.full(MOST_STEPS + 1, 0.01 / N_PHASES)
    probabilities[:4] = [0.35, 0.4, 0.2, 0.05]
    return circle_chain(N_PHASES, -np.log(probabilities))


def find_origin(phases, n_actions):
    """Phase at which cycles start, if the recording starts with a cycle."""
    # The cycle is cut into actions of least variance, weighted by frames. The origin is
    # the boundary at the start of the recording, or the last one before; a boundary one
    # phase ahead also counts, after one that is a phase behind.
    means = phases.means / np.sqrt(phases.variances)
    weights = np.bincount(phases.path, minlength=N_PHASES) + 1.0
    boundaries = _cut_cycle(means, weights, n_actions)
    since = (phases.path[0] - boundaries) % N_PHASES * 1.0  # as float
    since[since == N_PHASES - 1] = 1.5
    return int(boundaries[since.argmin()])


def _cut_cycle(means, weights, n_actions):
    """First phases of the actions of least variance, trying each phase as the first."""
    least, boundaries = np.inf, np.zeros(1, dtype=np.intp)
    for first in range(N_PHASES):
        order = (first + np.arange(N_PHASES)) % N_PHASES
        variance, starts = _cut_line(means[order], weights[order], n_actions)
        if variance < least - 1e-9:  # rounding must not choose between equal ones
            least, boundaries = variance, order[starts]
    return boundaries


def _cut_line(means, weights, n_pieces):
    """Least variance of a sequence cut into ``n_pieces``, and the starts of these."""
    n_phases = len(means)
    total = np.append(0, np.cumsum(weights))
    sums = np.vstack([0 * means[:1], np.cumsum(weights[:, None] * means, axis=0)])
    squares = np.append(0, np.cumsum(weights * np.square(means).sum(axis=1)))
    # variance (start, end) of a piece, from cumulated sums
    costs = np.full((n_phases + 1, n_phases + 1), np.inf)
    for start in range(n_phases):
        ends = slice(start + 1, None)
        squared_sums = np.square(sums[ends] - sums[start]).sum(axis=1)
        costs[start, ends] = squares[ends] - squares[start]
        costs[start, ends] -= squared_sums / (total[ends] - total[start])
    best, origins = costs[0], []
    for _ in range(n_pieces - 1):
        totals = best[:, None] + costs
        origins.append(totals.argmin(axis=0))
        best = totals.min(axis=0)
    starts, end = [0], n_phases
    for origin in reversed(origins):
        end = origin[end]
        starts.append(end)
    return best[n_phases], np.array(starts)


def cuts_of_phases(path, origin, size, n_frames):
    """Frames at which a path through phases of blocks passes the origin."""
    since = (path - origin) % N_PHASES
    starts = (np.flatnonzero(np.diff(since) < 0) + 1) * size
    # a fifth of a cycle before the first origin is the end of a cycle not recorded
    starts = starts[starts * max(1, len(starts)) > 0.2 * n_frames]
    cuts = np.append(0, starts)
    if since[-1] > 0.5 * N_PHASES or len(cuts) == 1:
        cuts = np.append(cuts, n_frames)
    return cuts
