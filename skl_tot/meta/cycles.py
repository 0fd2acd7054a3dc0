"""Cuts between the cycles of one long recording: recurrences, and phases of a cycle."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

from skl_tot.decoding.chain import circle_chain
from skl_tot.decoding.evidence import linear_log_densities
from skl_tot.recordings import errors, signals
from skl_tot.recordings.container import BLOCK_BYTES

# Phases of a cycle; a path through them skips at most a third of it.
N_PHASES = 24
MOST_STEPS = N_PHASES // 3


class Projection(NamedTuple):
    """Means of blocks of frames, projected on axes around a center."""

    size: int  # frames of a block
    center: np.ndarray  # (n_features,)
    axes: np.ndarray  # (n_features, n_axes)

    def project(self, frames):
        """Project frames (n_frames, n_features): (n_blocks, n_axes)."""
        return (means_of_blocks(frames, self.size) - self.center) @ self.axes


class PhaseModel(NamedTuple):
    """Phase of each frame, mean of each phase, and common variances."""

    path: np.ndarray  # (n_blocks,)
    means: np.ndarray  # (N_PHASES, n_axes)
    variances: np.ndarray  # (n_axes,)


def means_of_blocks(frames, size):
    """Means of blocks of ``size`` frames, reading few blocks at a time."""
    n_blocks, means = len(frames) // size, []
    n_rows = max(1, BLOCK_BYTES // (frames.dtype.itemsize * frames.shape[1] * size))
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
        path = chain_of_phases().viterbi(score_phases(frames, means, variances))
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
    least, boundaries = np.inf, np.zeros(1, dtype=np.intp)
    for first in range(N_PHASES):
        order = (first + np.arange(N_PHASES)) % N_PHASES
        variance, starts = _cut_line(means[order], weights[order], n_actions)
        if variance < least - 1e-9:  # rounding must not choose between equal ones
            least, boundaries = variance, order[starts]
    since = (phases.path[0] - boundaries) % N_PHASES * 1.0  # as float
    since[since == N_PHASES - 1] = 1.5
    return int(boundaries[since.argmin()])


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


DEFAULT_ACTIONS = 5
# Searches, of eleven, that agree on a length that is clear.
LEAST_VOTES = 4
# Standard deviation of the logarithms of durations: two are half or twice the mean.
MOST_SPREAD = np.log(2) / 2
# Number of cycles whose halves can be searched.
LEAST_CYCLES = 6
# Blocks of a recording that are searched; longer recordings have longer blocks, so that
# a search takes seconds.
MOST_BLOCKS = 2**18


class Cycles(NamedTuple):
    """Cycles from a search with one period; their phases are those of blocks."""

    period: float  # of the search, in frames
    length: float  # mean number of frames
    projection: Projection
    phases: PhaseModel
    origin: int  # phase at which cycles start
    blocks: np.ndarray  # (n_blocks, n_axes), projected


def find_cycles(features, n_actions, seed):
    """Frames at which cycles of a recording begin, and the end of the last one."""
    # 1. Period: the first peak of the autocorrelation of the standardised features.
    # 2. Phases, for each of eleven periods from 0.4 to 2.4 times this one: frames are
    #    averaged, 40 blocks a period, and reduced to 12 principal components. The
    #    random window of half a period that recurs most similarly locates cycles
    #    roughly. Then 24 phases learn their appearance, and paths their time, in turn.
    # 3. Vote: the number of cycles on which most of the searches agree within 6 %.
    # 4. Origin: the cycle is cut into the actions that differ most; it starts with the
    #    boundary at or before the start of the recording.
    n_frames, least_frames = len(features), 16
    if n_frames < least_frames:
        errors.warn_user(
            f"a recording has {n_frames} frames and is taken for one cycle, expected "
            f"{least_frames} or more to find cycles in."
        )
        return np.array([0, n_frames])
    size = -(-n_frames // MOST_BLOCKS)
    frames = means_of_blocks(features, size)
    spread = frames.std(axis=0)
    frames -= frames.mean(axis=0)
    frames /= np.where(spread > 0, spread, 1)
    cycles, n_votes = _search_cycles(frames, min(n_actions, N_PHASES), seed)
    cuts = np.array([0, len(frames)]) if cycles is None else _cut_frames(frames, cycles)
    n_cycles, reason = len(cuts) - 1, None
    if n_votes < LEAST_VOTES:
        reason = "no period is clear"
    elif n_cycles < 3:
        reason = "too few to learn from"
    elif np.log(np.diff(cuts)).std() > MOST_SPREAD:
        reason = "whose durations differ too much"
    elif n_cycles >= LEAST_CYCLES and not _halves_show_same(
        frames, n_cycles, n_actions, seed
    ):
        reason = "but halves of it show another number"
    if reason:
        errors.warn_user(
            f"found {n_cycles} cycles in a recording, {reason}; if that is wrong, "
            "label one cycle (SemiSupervisedSegmenter(cycles=True))."
        )
    # the incomplete block belongs to the last cycle
    return np.where(cuts == len(frames), n_frames, cuts * size)


def _halves_show_same(frames, n_cycles, n_actions, seed):
    """Whether searches in either half find cycles of the same length."""
    middle, length = len(frames) // 2, len(frames) / n_cycles
    for half in (frames[:middle], frames[middle:]):
        candidates = _find_candidates(half, length, min(n_actions, N_PHASES), seed)
        # people slow down: a sixth longer or shorter
        n_votes = sum(
            abs(np.log(candidate.length / length)) < 0.15 for candidate in candidates
        )
        if n_votes < LEAST_VOTES:
            return False
    return True


def _cut_frames(frames, cycles):
    """Cuts of all frames, by the phases that the first frames have taught."""
    projection, phases = cycles.projection, cycles.phases
    blocks = projection.project(frames)
    if len(phases.path) < len(blocks):
        scores = score_phases(blocks, phases.means, phases.variances)
        phases = fit_phases(blocks, chain_of_phases().viterbi(scores))
    return cuts_of_phases(phases.path, cycles.origin, projection.size, len(frames))


def _search_cycles(frames, n_actions, seed):
    """Find the `Cycles` with the most votes, and the number of votes."""
    # The search starts again with the length of the cycles found, as the peak of the
    # autocorrelation may be that of a part of the cycle.
    near = 0.2  # difference of logarithms at which a length is that of the search
    period, candidates, best, n_votes = find_period(frames), [], None, 0
    for _ in range(4):
        candidates += _find_candidates(frames, period, n_actions, seed)
        if not candidates:
            return None, 0
        best, n_votes = _elect(candidates, len(frames))
        previous, period = period, best.length
        if abs(np.log(period / previous)) < near:
            break
    if are_halves(best.blocks, best.phases.path, best.origin):
        period = 2 * best.length
        doubled = [
            candidate
            for candidate in _find_candidates(frames, period, n_actions, seed)
            if abs(np.log(candidate.length / period)) < near
        ]
        if doubled:
            return _elect(doubled, len(frames))
    return best, n_votes


def _find_candidates(frames, period, n_actions, seed):
    """Find `Cycles` from periods about the given one; `_elect` chooses among them."""
    # 500 cycles teach the phases; the others are only cut
    first_frames = frames[: int(500 * period)]
    candidates = []
    for factor in (0.4, 0.5, 0.6, 0.71, 0.85, 1, 1.2, 1.41, 1.7, 2, 2.4):
        candidate = _find_candidate(first_frames, factor * period, n_actions, seed)
        candidates += [] if candidate is None else [candidate]
    return candidates


def _elect(candidates, n_frames):
    """Choose the cycles on which most agree, or the most self-consistent ones."""
    lengths = np.array([candidate.length for candidate in candidates])
    periods = np.array([candidate.period for candidate in candidates])
    votes = (np.abs(np.log(lengths[:, None] / lengths)) < 0.06).sum(axis=1)
    inconsistency = np.abs(np.log(periods / lengths))
    # agreement on small numbers of cycles counts less, by the logarithm
    best = np.lexsort((inconsistency, -votes * np.log(n_frames / lengths)))[0]
    return candidates[best], int(votes[best])


def _find_candidate(frames, period, n_actions, seed):
    """Learn `Cycles` from one period; None if it is too short or too long."""
    # 40 blocks a period: paths of 24 phases tell no more, and cost as much as blocks
    size = max(1, round(period / 40))
    if not 8 <= period / size <= len(frames) // size / 2:
        return None
    projection = choose_projection(frames, size)
    blocks = projection.project(frames)
    occurrences = find_occurrences(blocks, period / size, np.random.RandomState(seed))
    if len(occurrences) < 2:
        return None
    phases = fit_phases(blocks, phases_between(occurrences, len(blocks)))
    origin = find_origin(phases, n_actions)
    n_cycles = len(cuts_of_phases(phases.path, origin, size, len(frames))) - 1
    length = len(frames) / n_cycles
    return Cycles(period, length, projection, phases, origin, blocks)


def find_period(frames):
    """Lag of the first clear peak of the autocorrelation, up to a third of frames."""
    from scipy.signal import find_peaks  # slow to load

    correlation = signals.mean_autocorrelation(frames)[: max(len(frames) // 3, 2)]
    # on log-lags, peaks have the same shape for cycles of any length
    step, blur = 0.01, 0.03
    n_points = int(np.log(len(correlation)) / step) + 2
    lags = np.unique(np.geomspace(1, len(correlation) - 1, n_points).astype(int))
    smooth = gaussian_filter1d(correlation[lags], blur / step)
    peaks, properties = find_peaks(smooth, prominence=0)
    for peak, prominence in zip(peaks, properties["prominences"]):
        lag = int(lags[peak])
        near = smooth[(lags >= lag / 8) & (lags <= 4 * lag)]
        if lag >= 8 and prominence >= 0.1 * np.ptp(near):
            return lag
    low = int(smooth.argmin())
    return int(lags[low + smooth[low:].argmax()])


def find_occurrences(frames, period, rng):
    """First frames (n_occurrences,) of a recurrence, about once a period."""
    # of random windows of half a period, the one that is most similar to others
    width = max(2, int(period / 2))
    n_starts = len(frames) - width
    starts = rng.choice(n_starts, min(24, n_starts), replace=False)
    distances = np.array(
        [_distances_to_window(frames, start, width) for start in starts]
    )
    distances -= np.median(distances, axis=1, keepdims=True)
    return _cheapest_frames(distances, max(1, int(0.5 * period)), int(2 * period))


def _distances_to_window(frames, start, width):
    """Mean squared distance of a window to the window from each frame."""
    n_frames, n_features = frames.shape
    window = frames[start : start + width]
    products = signals.lagged_products(frames, window)[: n_frames - width + 1]
    squares = np.append(0, np.cumsum(np.square(frames).sum(axis=1)))
    total = squares[width:] - squares[:-width] + np.square(window).sum() - 2 * products
    return total / (width * n_features)


def _cheapest_frames(distances, nearest, farthest):
    """Frames, ``nearest`` to ``farthest`` apart, with the least sum of the best row."""
    # The distances (n_windows, n_frames) are those of windows to the one at a frame.
    # `totals[k, t]` is the least sum up to frame t. The first and the last frame are as
    # close to the ends.
    n_windows, n_frames = distances.shape
    rows = np.arange(n_windows)
    totals = np.full((n_windows, n_frames), np.inf)
    before = np.full((n_windows, n_frames), -1)
    totals[:, :farthest] = distances[:, :farthest]  # the first occurrence may be here
    for t in range(nearest, n_frames):
        first = max(0, t - farthest)
        origins = first + totals[:, first : t - nearest + 1].argmin(axis=1)
        sums = totals[rows, origins] + distances[:, t]
        is_better = sums < totals[:, t]
        totals[is_better, t] = sums[is_better]
        before[is_better, t] = origins[is_better]
    last = max(0, n_frames - farthest)
    row, index = np.unravel_index(
        totals[:, last:].argmin(), (n_windows, n_frames - last)
    )
    occurrences, t = [], last + int(index)
    while t >= 0:
        occurrences.append(t)
        t = int(before[row, t])
    return np.array(occurrences[::-1])


def are_halves(blocks, path, origin):
    """Whether every other cycle of a path is alike, but neighbours are not."""
    since = (path - origin) % N_PHASES
    cycles = np.append(0, np.cumsum(np.diff(since) < 0))
    shape = cycles[-1] + 1, N_PHASES
    sums, counts = np.zeros((*shape, blocks.shape[1])), np.zeros(shape)
    np.add.at(sums, (cycles, since), blocks)
    np.add.at(counts, (cycles, since), 1)
    if len(sums) < 10:  # too few to tell halves from chance
        return False
    with np.errstate(invalid="ignore"):  # of phases that a cycle lacks
        means = (sums / counts[..., None])[1:-1]  # the first and the last may be pieces
    gaps = [np.nanmean(np.square(means[k:] - means[:-k])) for k in (1, 2, 3)]
    return bool(min(gaps[0], gaps[2]) > 1.3 * gaps[1])
