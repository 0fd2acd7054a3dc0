"""Time scales of signals: correlation, periods, and the width of windows."""

import numpy as np

# Limits of the data that are read: recordings, frames of each, and features.
MOST_RECORDINGS, MOST_FRAMES, MOST_FEATURES = 16, 2**15, 16
MOST_VALUES = 2**18
# Frames of half a window, and least number of such pieces per recording.
HALVES = np.round(4 * 2 ** (np.arange(23) / 2)).astype(int)
MIN_PIECES = 8
# Standard deviations of the signal, added to those of windows before the logarithm.
FLOOR = 0.1
TINY = 1e-12
# Least prominence of a maximum of the autocorrelation that is a period; of a cycle of
# actions, with the number of blocks of the shortest cycle.
PROMINENCE = 0.05
CYCLE_PROMINENCE, CYCLE_BLOCKS = 0.15, 16


def correlation_frames(recordings, action_frames):
    """Frames of autocorrelation without slow changes, and its value at one frame."""
    found = []
    for frames in samples(recordings):
        rest = _without_slow(frames, action_frames)
        own = autocorrelation(rest[:, rest.std(axis=0) > 1e-6 * frames.std(axis=0)])
        if own.size and len(own) > 1:
            found.append([np.median(_half_times(own)), np.median(own[1])])
    return tuple(np.median(found, axis=0).tolist()) if found else (np.nan, np.nan)


def samples(recordings):
    """Yield standardised frames from the middle of some recordings."""
    n_features = recordings.arrays[0].shape[1]
    columns = spread_indices(n_features, MOST_FEATURES)
    most = min(MOST_FRAMES, max(1, MOST_VALUES // n_features))
    for i in spread_indices(len(recordings), MOST_RECORDINGS).tolist():
        start = max(0, (int(recordings.lengths[i]) - most) // 2)
        frames = recordings.read(i, slice(start, start + most))
        yield frames[:, columns].astype(float)


def spread_indices(n, most):
    """Up to `most` of n indices, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def _without_slow(frames, width):
    half = max(1, int(width / 2))
    frames = frames - frames.mean(axis=0)
    return frames - window_means(frames, half, half, slice(0, len(frames)))


def window_means(values, before, after, rows):
    """Means (n_rows, n_columns) of values around each of some rows, a slice."""
    before, after = min(before, len(values)), min(after, len(values))
    width, n_rows = before + after + 1, rows.stop - rows.start
    own = values[max(0, rows.start - before) : rows.stop + after]
    start = max(0, before - rows.start)
    n_pieces = (n_rows - 1) // width + 2
    padded = np.zeros((n_pieces * width, values.shape[1] + 1))
    padded[start : start + len(own), :-1] = own
    padded[start : start + len(own), -1] = 1  # counts rows
    pieces = padded.reshape(n_pieces, width, -1)
    sums = pieces.cumsum(axis=1)
    totals = sums[:-1, -1:].copy()
    sums -= pieces
    found = (totals - sums[:-1] + sums[1:]).reshape(-1, padded.shape[1])[:n_rows]
    return found[:, :-1] / np.maximum(found[:, -1:], 1)


def autocorrelation(values):
    """Autocorrelation (n_lags, n_features) of columns, for up to half of the frames."""
    n = len(values)
    values = values - values.mean(axis=0)
    power = np.abs(np.fft.rfft(values, 2 * n, axis=0)) ** 2
    products = np.fft.irfft(power, axis=0)[: n // 2 + 1]
    products /= (n - np.arange(len(products)))[:, None]
    return products / products[0]


def _half_times(correlation):
    """Interpolated lag at which each column is half, or the last lag."""
    below = correlation < 0.5
    after = np.where(below.any(axis=0), below.argmax(axis=0), len(below) - 1)
    columns = np.arange(correlation.shape[1])
    high, low = correlation[after - 1, columns], correlation[after, columns]
    return after - 1 + np.clip((high - 0.5) / np.maximum(high - low, 1e-12), 0, 1)


def find_window(recordings):
    """Odd window length in frames, at which the two halves agree best."""
    # statistics of short pieces vary by chance, those of long ones mix actions
    agreements = agreement_of_pieces(recordings)
    half = HALVES[np.argmax(agreements.mean(axis=1))] if len(agreements) else HALVES[0]
    return 2 * max(int(half), find_swing(recordings) // 2) + 1


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


def find_swing(recordings):
    """Frames of the first period of the signal, 0 without one."""
    frames = [own for own in _varying(recordings) if len(own) >= MIN_PIECES * HALVES[0]]
    if not frames:
        return 0
    longest = min(map(len, frames)) // (2 * MIN_PIECES)  # at least so many periods
    mean = np.median([_mean_correlation(own, longest) for own in frames], axis=0)
    peaks = _peaks(mean, PROMINENCE)
    return int(peaks[0]) if len(peaks) else 0


def find_repetition(recordings, shortest, least):
    """Periods of a recording that repeats one cycle of at least ``shortest`` frames."""
    found = []
    for frames in samples(recordings):
        size = max(1, shortest // CYCLE_BLOCKS)
        blocks = frames[: len(frames) // size * size]
        blocks = blocks.reshape(-1, size, frames.shape[1]).mean(axis=1)
        longest = len(blocks) // least
        found.append(0.0)
        if longest <= 2 * CYCLE_BLOCKS:
            continue
        blocks = blocks[:, blocks.std(axis=0) > 0]
        if blocks.size:
            mean = _mean_correlation(blocks, 2 * longest)
            peaks = _peaks(mean[: longest + 1], CYCLE_PROMINENCE)
            peaks = [k for k in peaks if k >= CYCLE_BLOCKS and _recurs(mean, k)]
            if peaks:
                found[-1] = len(blocks) / int(peaks[np.argmax(mean[peaks])])
    return float(np.median(found)) if found else 0.0


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


def _mean_correlation(frames, longest):
    rest = _without_slow(frames, 2 * longest)
    return autocorrelation(rest)[: longest + 1].mean(axis=1)


def _peaks(correlation, prominence):
    from scipy.signal import find_peaks  # slow to import

    return find_peaks(correlation, prominence=prominence)[0]


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
        own = np.where(total > TINY, 1 - differ / np.maximum(total, TINY), 0)
        scores.append(own.mean(axis=1))
    return scores
