"""Samples of recordings, and time scales of signals: periods, widths of windows."""

import copy
from typing import Any, NamedTuple

import numpy as np

# Samples for models to learn from: maximum frames, and values, which bound the time
# with many features; number of stretches of consecutive frames, and most recordings.
SAMPLE_FRAMES, SAMPLE_VALUES = 2**16, 2**26
N_STRETCHES, THINNED_RECORDINGS = 64, 256

# Frames of half a window, and least number of such pieces per recording.
HALVES = np.round(4 * 2 ** (np.arange(23) / 2)).astype(int)
MIN_PIECES = 8
# Standard deviations of the signal, added to those of windows before the logarithm.
FLOOR = 0.1
# Least agreement of the spreads of neighbouring pieces of one period.
LEAST_AGREEMENT = 0.2
# Least prominence of a maximum of the autocorrelation that is a cycle of actions, with
# the number of blocks of the shortest cycle.
CYCLE_PROMINENCE, CYCLE_BLOCKS = 0.15, 16


def correlation_frames(recordings, action_frames):
    """Lag at which autocorrelation is half, and its value at lag 1: medians, or NaN."""
    # Slow changes, longer than an action, are subtracted before.
    pairs = []  # of each recording, medians over features
    for frames in samples(recordings):
        correlations = list(autocorrelations(_without_slow(frames, action_frames)))
        if correlations and len(correlations[0]) > 1:
            times = list(map(_half_time, correlations))
            at_one = [correlation[1] for correlation in correlations]
            pairs.append([np.median(times), np.median(at_one)])
    return tuple(np.median(pairs, axis=0).tolist()) if pairs else (np.nan, np.nan)


def samples(recordings):
    """Yield standardised frames from the middle of up to 16 recordings."""
    n_features = recordings.arrays[0].shape[1]
    columns = spread_indices(n_features, 16)
    most = min(2**15, max(1, 2**18 // n_features))
    for i in spread_indices(len(recordings), 16).tolist():
        start = max(0, (int(recordings.lengths[i]) - most) // 2)
        yield recordings.read(i, slice(start, start + most))[:, columns].astype(float)


def spread_indices(n, most):
    """Up to `most` of n indices, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def _without_slow(frames, width, least=1e-6):
    """Frames without their means over a width, of features that keep some spread."""
    # Below the default share of the spread, all is rounding.
    half = max(1, int(width / 2))
    frames = frames - frames.mean(axis=0)
    fast = frames - window_means(frames, half, half, slice(0, len(frames)))
    return fast[:, fast.std(axis=0) > least * frames.std(axis=0)]


def window_means(values, before, after, rows):
    """Means (n_rows, n_columns) of values around each of some rows, a slice."""
    # Sums within pieces of the width of a window keep rounding errors small.
    before, after = min(before, len(values)), min(after, len(values))
    width, n_rows = before + after + 1, rows.stop - rows.start
    near = values[max(0, rows.start - before) : rows.stop + after]
    start = max(0, before - rows.start)
    n_pieces = (n_rows - 1) // width + 2
    padded = np.zeros((n_pieces * width, values.shape[1] + 1))
    padded[start : start + len(near), :-1] = near
    padded[start : start + len(near), -1] = 1  # counts rows
    pieces = padded.reshape(n_pieces, width, -1)
    sums = pieces.cumsum(axis=1)
    totals = sums[:-1, -1:].copy()
    sums -= pieces
    windows = (totals - sums[:-1] + sums[1:]).reshape(-1, padded.shape[1])[:n_rows]
    return windows[:, :-1] / np.maximum(windows[:, -1:], 1)


def lagged_products(values, window=None):
    """Sum over columns of products (n_lags,) of a window, or all, and later values."""
    window = values if window is None else window
    from scipy.fft import irfft, next_fast_len, rfft  # slow to import

    n_points = next_fast_len(len(values) + len(window), real=True)  # no wrap-around
    spectrum = rfft(values, n_points, axis=0)
    others = spectrum if window is values else rfft(window, n_points, axis=0)
    power = spectrum * np.conj(others)
    if power.ndim == 2:
        power = power.sum(axis=1)
    return irfft(power, n_points)[: len(values)]


def autocorrelations(values):
    """Yield the autocorrelation (n_lags,) of each column, up to half of the frames."""
    n_frames = len(values)
    for column in (values - values.mean(axis=0)).T:
        products = lagged_products(column)[: n_frames // 2 + 1]
        products /= np.arange(n_frames, n_frames - len(products), -1)
        yield products / (products[0] or 1)


def mean_autocorrelation(values):
    """Mean over columns of the autocorrelation at each lag."""
    return sum(autocorrelations(values)) / values.shape[1]


def _half_time(correlation):
    """Interpolated lag at which it is half, or the last lag."""
    below = np.flatnonzero(correlation < 0.5)
    if not below.size:
        return len(correlation) - 1
    high, low = correlation[below[0] - 1 : below[0] + 1]
    return below[0] - 1 + (high - 0.5) / (high - low)


def find_window(recordings):
    """Odd window length in frames, at which the two halves agree best."""
    # statistics of short pieces vary by chance, those of long ones mix actions
    agreements = agreement_of_pieces(recordings)
    half = HALVES[np.argmax(agreements.mean(axis=1))] if len(agreements) else HALVES[0]
    period, _ = find_periods(recordings, agreements)
    return 2 * max(int(half), period // 2) + 1


def agreement_of_pieces(recordings):
    """Agreement (n_halves, 3) of neighbouring pieces of each size in `HALVES`."""
    agreements = []
    for frames in _varying(recordings):
        if len(frames) >= MIN_PIECES * HALVES[0]:
            agreements.append(_agreement_of_pieces(frames / frames.std(axis=0)))
    if not agreements:
        return np.empty((0, 3))
    lengths = range(max(map(len, agreements)))
    medians = [np.median([a[j] for a in agreements if j < len(a)], 0) for j in lengths]
    return np.array(medians)


def find_periods(recordings, agreements):
    """Frames of the first period, and of the first with frames alike; 0 without one."""
    shortest = MIN_PIECES * HALVES[0]
    videos = [video for video in _varying(recordings) if len(video) >= shortest]
    # so many periods in half of the recordings
    n_frames = int(np.median([len(video) for video in videos])) if videos else 0
    longest = n_frames // (2 * MIN_PIECES)
    while longest >= 2 * HALVES[0]:  # the shortest window covers any less
        clear, alike = _clear_lags(videos, longest)
        if clear.size:
            return int(clear[0]), int(alike[0]) if alike.size else 0
        longest //= 4  # slow changes may hide short periods
    # half as many, if frames are alike, and spreads of pieces of a period tell those of
    # the next: in a cycle of actions, all are equal
    _, alike = _clear_lags(videos, n_frames // MIN_PIECES)
    period = int(alike[0]) if alike.size else 0
    sizes = HALVES[: len(agreements)]
    of_a_period = (sizes >= period / 2) & (sizes <= 2 * period)
    if agreements[of_a_period, 1:].max(initial=0) < LEAST_AGREEMENT:
        return 0, 0
    return period, period


def _clear_lags(videos, longest):
    """Lags of peaks of the autocorrelation above noise, and those with frames alike."""
    total, n_frames, variance = np.zeros(longest + 1), 0, 0.0
    for video in videos:
        fast = _without_slow(video, 2 * longest, FLOOR)
        if len(fast) > 2 * longest and fast.size:
            total += len(fast) * mean_autocorrelation(fast)[: longest + 1]
            n_frames += len(fast)
            variance += len(fast) * _variance_of_mean(fast)
    correlation = total / max(n_frames, 1)
    peaks, properties = _peaks(correlation)
    if not peaks.size:
        return peaks, peaks
    band = _noise_band(correlation, n_frames**2 / variance)
    clear = peaks[properties["prominences"] > band[peaks]]
    return clear, clear[correlation[clear] > band[clear] / 2]


def _variance_of_mean(frames):
    """Variance of the mean autocorrelation, over that of one of the columns."""
    frames = frames / frames.std(axis=0)
    return np.mean((frames.T @ frames / len(frames)) ** 2)


def _noise_band(correlation, n_frames):
    """Range that the autocorrelation of a signal without period spans, at each lag."""
    # Bartlett: the variance at a lag follows from the correlation at shorter ones, and
    # so does the number of independent lags; the largest of n normal values is
    # sqrt(2 log n) deviations above, the least below
    frames_alike = 2 * np.cumsum(correlation**2) - 1
    n_independent = np.maximum(len(correlation) / frames_alike, 2)
    return 2 * np.sqrt(2 * np.log(n_independent) * frames_alike / n_frames)


def find_repetition(recordings, shortest, least):
    """Median over recordings of the periods of one repeated cycle, 0 without one."""
    counts = []
    for frames in samples(recordings):
        size = max(1, shortest // CYCLE_BLOCKS)
        blocks = frames[: len(frames) // size * size]
        blocks = blocks.reshape(-1, size, frames.shape[1]).mean(axis=1)
        longest = len(blocks) // least
        counts.append(0.0)
        if longest <= 2 * CYCLE_BLOCKS:
            continue
        blocks = blocks[:, blocks.std(axis=0) > 0]
        fast = _without_slow(blocks, 4 * longest)
        if fast.size:
            mean = mean_autocorrelation(fast)[: 2 * longest + 1]
            peaks, _ = _peaks(mean[: longest + 1], CYCLE_PROMINENCE)
            peaks = [k for k in peaks if k >= CYCLE_BLOCKS and _recurs(mean, k)]
            if peaks:
                counts[-1] = len(blocks) / int(peaks[np.argmax(mean[peaks])])
    return float(np.median(counts)) if counts else 0.0


def _recurs(correlation, lag):
    """Whether a peak of the autocorrelation stands again at twice its lag."""
    near = slice(int(1.8 * lag), int(2.2 * lag) + 1)
    between = slice(int(1.3 * lag), int(1.7 * lag) + 1)
    again = correlation[near].max() - correlation[between].min()
    return again >= CYCLE_PROMINENCE / 2


def _varying(recordings):
    for frames in samples(recordings):
        frames = frames[:, frames.std(axis=0) > 0]  # 0 for tiny values, too
        if frames.size:
            yield frames


def _peaks(correlation, prominence=0):
    from scipy.signal import find_peaks  # slow to import

    return find_peaks(correlation, prominence=prominence)


def _agreement_of_pieces(frames):
    """Correlation of neighbouring pieces for the sizes `HALVES` that fit."""
    frames = frames - frames.mean(axis=0)
    steps = np.abs(np.diff(frames, axis=0, prepend=frames[:1]))
    sums = np.zeros((3, len(frames) + 1, frames.shape[1]))
    np.cumsum([frames, frames**2, steps], axis=1, out=sums[:, 1:])
    scores = []
    for size in HALVES[: np.searchsorted(HALVES, len(frames) / MIN_PIECES, "right")]:
        mean, square, change = np.diff(sums[:, ::size], axis=1) / size
        spread = np.log(np.maximum(square - mean**2, 0) + FLOOR**2) / 2
        values = np.stack([mean, spread, np.log(change + FLOOR)])
        total = values.var(axis=1)
        differ = (np.diff(values, axis=1) ** 2).mean(axis=1) / 2
        tiny = 1e-12
        agreement = np.where(total > tiny, 1 - differ / np.maximum(total, tiny), 0)
        scores.append(agreement.mean(axis=1))
    return scores


# ----------------------------------------------------- samples for models to learn from


class Sample(NamedTuple):
    """Parts of recordings; of each its recording, its rows, and the length of all."""

    videos: Any
    spans: list

    @property
    def step(self):
        """Frames from one sampled frame to the next."""
        return self.spans[0][1].step or 1

    def of(self, values):
        """Values of the sampled frames, from those (n_frames_i, ...) of all."""
        return [values[i][rows] for i, rows, _ in self.spans]

    def times(self):
        """Yield the relative times of the sampled frames in their recordings."""
        for _, rows, n_frames in self.spans:
            yield (np.arange(n_frames)[rows] + 0.5) / n_frames


def stretches(videos):
    """Sample evenly spread stretches of consecutive frames, if frames are many."""
    most, whole = _whole_if_few(videos)
    if whole is not None:
        return whole
    length, parts, ends = most // N_STRETCHES, [], np.cumsum(videos.lengths)
    for first in np.linspace(0, ends[-1] - length, N_STRETCHES).astype(int):
        for i in range(np.searchsorted(ends, first, "right"), len(videos)):
            before = ends[i] - videos.lengths[i]
            if before >= first + length:
                break
            start, stop = max(first, before), min(first + length, ends[i])
            parts.append((i, slice(start - before, stop - before)))
    cut = copy.copy(videos)
    vars(cut).pop("lengths", None)
    cut.origins = [i for i, _ in parts]
    return _sample(cut, parts, videos)


def thinned(videos, least=1):
    """Sample each n-th frame of recordings of ``least`` frames, if frames are many."""
    most, whole = _whole_if_few(videos)
    if whole is not None:
        return whole
    chosen = np.flatnonzero(videos.lengths >= least)
    chosen = chosen[spread_indices(len(chosen), THINNED_RECORDINGS)].tolist()
    lengths = videos.lengths[chosen]
    step = min(-(-lengths.sum() // most), lengths.max() // least)
    parts = [(i, slice(0, n, step)) for i, n in zip(chosen, lengths)]
    return _sample(videos.select(chosen), parts, videos)


def part_of(video, rows):
    """Return the frames of a slice, without reading files."""
    return video.part(rows) if hasattr(video, "part") else video[rows]


def _whole_if_few(videos):
    """Most frames of a sample, and that of all frames, or None if they are more."""
    most = min(SAMPLE_FRAMES, max(N_STRETCHES, SAMPLE_VALUES // videos.n_features))
    if videos.lengths.sum() > most:
        return most, None
    spans = [(i, slice(0, n), n) for i, n in enumerate(videos.lengths)]
    return most, Sample(videos, spans)


def _sample(cut, parts, videos):
    """`Sample` of slices of recordings; ``parts`` are pairs of number and slice."""
    cut.arrays = [part_of(videos.arrays[i], rows) for i, rows in parts]
    cut.times = cut.breaks = cut.stops = None
    return Sample(cut, [(i, rows, videos.lengths[i]) for i, rows in parts])
