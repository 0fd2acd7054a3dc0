"""Phases of a cycle: recurrences, and the appearance of each phase."""

from typing import NamedTuple

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from skl_tot.decoding.chain import circle_chain

# Least prominence of a peak, as a share of the spread of the autocorrelation.
PROMINENCE = 0.1
# Log-lag axis: step, blur, and the shortest lag.
RESOLUTION, BLUR, SHORTEST_LAG = 0.01, 0.03, 8
# Bounds of a cycle's length, in periods.
SHORTEST, LONGEST = 0.5, 2.0
N_WINDOWS = 24
N_PHASES = 24
# Neighbours that differ so much more than cycles two apart are halves of cycles;
# fewer cycles than the second number are not tested.
APART, LEAST_PAIRED = 1.3, 8
# Probability of advancing by so many phases from one frame to the next.
STEPS = np.array([0.35, 0.4, 0.2, 0.05])
# Probability of skipping more phases, up to a third of the cycle.
SKIP, MOST_STEPS = 0.01, N_PHASES // 3
# Share of independent evidence of frames, as neighbours are similar.
MOST_EVIDENCE = 8
MAX_ITER = 8
LEAST_VARIANCE = 1e-6
# Distance in phases at which a boundary counts as the next one.
AHEAD = 1.5


def autocorrelation(frames):
    """Mean over features of the autocorrelation at each lag: (n_frames,), 1 at lag 0.

    ``frames`` (n_frames, n_features) have zero mean; the result is 0 for constants.
    """
    n_frames = len(frames)
    width = next_fast_len(2 * n_frames, real=True)  # avoids wrap-around
    power = np.zeros(width // 2 + 1)
    for feature in frames.T:
        power += np.abs(rfft(feature, width)) ** 2
    products = irfft(power, width)[:n_frames] / np.arange(n_frames, 0, -1)
    return products / products[0] if products[0] > 0 else products


def find_period(frames):
    """Lag of the first clear peak of the autocorrelation, up to a third of all frames.

    The search uses log-lags, where peaks have the same shape for cycles of any length.
    The prominence of a clear peak is a share of the variation of the autocorrelation
    from an eighth of the lag to four times the lag.
    """
    correlation = autocorrelation(frames)[: max(len(frames) // 3, 2)]
    n_points = int(np.log(len(correlation)) / RESOLUTION) + 2
    lags = np.unique(np.geomspace(1, len(correlation) - 1, n_points).astype(int))
    smooth = gaussian_filter1d(correlation[lags], BLUR / RESOLUTION)
    peaks, properties = find_peaks(smooth, prominence=0)
    for peak, prominence in zip(peaks, properties["prominences"]):
        lag = int(lags[peak])
        near = smooth[(lags >= lag / 8) & (lags <= 4 * lag)]
        if lag >= SHORTEST_LAG and prominence >= PROMINENCE * np.ptp(near):
            return lag
    low = int(smooth.argmin())
    return int(lags[low + smooth[low:].argmax()])


def find_occurrences(frames, period, rng):
    """First frames (n_occurrences,) of a recurrence, about once a period.

    Among random windows of half a period, the most similar to others is used. With the
    mean squared distance d of the window to frames from t, minus its median,
    occurrences are half a period to two periods apart and have the least sum of d.
    """
    width = max(2, int(period / 2))
    n_starts = len(frames) - width
    starts = rng.choice(n_starts, min(N_WINDOWS, n_starts), replace=False)
    distances = np.array([_distances(frames, start, width) for start in starts])
    distances -= np.median(distances, axis=1, keepdims=True)
    nearest = max(1, int(SHORTEST * period))
    return _least_sum(distances, nearest, int(LONGEST * period))


def _distances(frames, start, width):
    """Mean squared distance of a window to the window from each frame."""
    n_frames, n_features = frames.shape
    window = frames[start : start + width]
    n_points = next_fast_len(n_frames + width, real=True)
    spectrum = rfft(frames, n_points, axis=0) * np.conj(rfft(window, n_points, axis=0))
    products = irfft(spectrum.sum(axis=1), n_points)[: n_frames - width + 1]
    squares = np.append(0, np.cumsum(np.square(frames).sum(axis=1)))
    total = squares[width:] - squares[:-width] + np.square(window).sum() - 2 * products
    return total / (width * n_features)


def _least_sum(distances, nearest, farthest):
    """Frames (n_found,) with the least sum of a row, with bounded distances.

    All rows (n_windows, n_frames) are processed in one loop; the best row is returned.
    """
    n_windows, n_frames = distances.shape
    rows = np.arange(n_windows)
    best = np.full((n_windows, n_frames), np.inf)
    before = np.full((n_windows, n_frames), -1)
    best[:, :farthest] = distances[:, :farthest]  # the first occurrence may be here
    for t in range(nearest, n_frames):
        first = max(0, t - farthest)
        origins = first + best[:, first : t - nearest + 1].argmin(axis=1)
        totals = best[rows, origins] + distances[:, t]
        is_better = totals < best[:, t]
        best[is_better, t] = totals[is_better]
        before[is_better, t] = origins[is_better]
    last = max(0, n_frames - farthest)
    row, place = np.unravel_index(best[:, last:].argmin(), (n_windows, n_frames - last))
    found, t = [], last + int(place)
    while t >= 0:
        found.append(t)
        t = int(before[row, t])
    return np.array(found[::-1])


class PhaseModel(NamedTuple):
    """Phase (n_frames,) of each frame, mean of each phase, and common variances."""

    path: np.ndarray
    means: np.ndarray
    variances: np.ndarray


def fit_phases(frames, path):
    """Learn phases from an initial assignment, such as that of `phases_between`.

    Two steps alternate: each phase gets the mean of its frames (and of its neighbours'
    with half of the weight), and the likeliest path through phases is found, with
    Gaussians of common variances. A path stays, advances by up to 3 phases or, rarely,
    skips up to a third of the cycle. ``frames`` are some 40 a cycle. Ends after 8
    rounds, or if no phase changes.
    """
    for _ in range(MAX_ITER):
        before = path
        means = _smooth_means(frames, path)
        variances = np.square(frames - means[path]).mean(axis=0) + LEAST_VARIANCE
        path = follow_phases(frames, means, variances)
        if np.array_equal(path, before):
            break
    return PhaseModel(path, means, variances)


def follow_phases(frames, means, variances):
    """Phase of each frame on the likeliest path through learned phases."""
    likely = np.full(MOST_STEPS + 1, SKIP / N_PHASES)
    likely[: len(STEPS)] = STEPS
    chain = circle_chain(N_PHASES, -np.log(likely))
    return chain.viterbi(_log_densities(frames, means, variances))


def phases_between(occurrences, n_frames):
    """Phase of each frame, with constant speed between occurrences.

    ``occurrences`` (n_occurrences,) are two or more, from `find_occurrences`.
    """
    ends = np.diff(occurrences).mean()
    frames = np.arange(n_frames)
    first, last = occurrences[0], occurrences[-1]
    turns = np.interp(frames, occurrences, np.arange(len(occurrences)))
    turns += np.minimum(frames - first, 0) / ends + np.maximum(frames - last, 0) / ends
    return np.floor(turns % 1 * N_PHASES).astype(np.intp) % N_PHASES


def _smooth_means(frames, path):
    """Mean of the frames of each phase, with half of its neighbours' weight."""
    weights = np.zeros((len(frames), N_PHASES))
    weights[np.arange(len(frames)), path] = 0.5
    weights[np.arange(len(frames)), (path + 1) % N_PHASES] = 0.25
    weights[np.arange(len(frames)), path - 1] = 0.25
    totals = weights.sum(axis=0)[:, None] + 1e-6
    return weights.T @ frames / totals


def _log_densities(frames, means, variances):
    """Log-density of each phase, up to a constant, tempered to few features."""
    scale = np.sqrt(min(1, MOST_EVIDENCE / len(variances)) / variances)
    frames, means = frames * scale, means * scale
    return frames @ means.T - 0.5 * np.square(means).sum(axis=1)


def find_origin(phases, n_actions):
    """Phase at which cycles start, if the recording starts with a cycle.

    The cycle is cut into actions of least variance around their means, weighted by
    frames. The origin is the boundary at the start of the recording, or the last one
    before; a boundary one phase ahead also counts, after one that is a phase behind.
    """
    means = phases.means / np.sqrt(phases.variances)
    weights = np.bincount(phases.path, minlength=N_PHASES) + 1.0
    boundaries = _cut_cycle(means, weights, n_actions)
    since = (phases.path[0] - boundaries) % N_PHASES * 1.0  # as float
    since[since == N_PHASES - 1] = AHEAD
    return int(boundaries[since.argmin()])


def _cut_cycle(means, weights, n_actions):
    """First phases of the actions of least variance, trying each phase as the first."""
    least, found = np.inf, np.zeros(1, dtype=np.intp)
    for first in range(N_PHASES):
        order = (first + np.arange(N_PHASES)) % N_PHASES
        variance, starts = _cut_line(means[order], weights[order], n_actions)
        if variance < least - 1e-9:
            least, found = variance, order[starts]
    return found


def _cut_line(means, weights, n_pieces):
    """Least variance of a sequence cut into ``n_pieces``, and the starts of these."""
    n_phases = len(means)
    total = np.append(0, np.cumsum(weights))
    sums = np.vstack([0 * means[:1], np.cumsum(weights[:, None] * means, axis=0)])
    squares = np.append(0, np.cumsum(weights * np.square(means).sum(axis=1)))
    costs = np.full((n_phases + 1, n_phases + 1), np.inf)
    for start in range(n_phases):
        ends = slice(start + 1, None)
        moved = np.square(sums[ends] - sums[start]).sum(axis=1)
        costs[start, ends] = squares[ends] - squares[start]
        costs[start, ends] -= moved / (total[ends] - total[start])
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


def are_halves(blocks, path, origin):
    """Whether every other cycle of a path is alike, but neighbours are not.

    The mean squared distance of cycles two apart is compared with that of neighbours,
    and of cycles three apart. Cycles begin at the phase ``origin``.
    """
    since = (path - origin) % N_PHASES
    cycles = np.append(0, np.cumsum(np.diff(since) < 0))
    shape = cycles[-1] + 1, N_PHASES
    sums, counts = np.zeros((*shape, blocks.shape[1])), np.zeros(shape)
    np.add.at(sums, (cycles, since), blocks)
    np.add.at(counts, (cycles, since), 1)
    with np.errstate(invalid="ignore"):  # of phases that a cycle lacks
        means = (sums / counts[..., None])[1:-1]  # the first and the last may be parts
    if len(means) < LEAST_PAIRED:
        return False
    gaps = [np.nanmean(np.square(means[k:] - means[:-k])) for k in (1, 2, 3)]
    return bool(min(gaps[0], gaps[2]) > APART * gaps[1])
