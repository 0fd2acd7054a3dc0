"""Detection of raw sensor signals, and the width of windows for them."""

from typing import NamedTuple

import numpy as np

# Limits of the data that are read: recordings, frames of each, and features.
MOST_RECORDINGS, MOST_FRAMES, MOST_FEATURES = 16, 2**15, 16
MOST_VALUES = 2**18
# Share of an action's time from which a signal counts as correlated with itself.
RATIO = 10
# Correlation of neighbouring frames below which frames are noise or single events.
SMOOTH = 0.5
# Frames per action below which windows have no room.
MIN_ACTION = 100
# Frames of half a window, and least number of such pieces per recording.
HALVES = np.round(4 * 2 ** (np.arange(23) / 2)).astype(int)
MIN_PIECES = 8
# Standard deviations of the signal, added to those of windows before the logarithm.
FLOOR = 0.1
TINY = 1e-12
# Ratio of disagreements of means, of shorter over longer pieces, for a swing; and the
# disagreement of uninformative means.
SWING, LOST = 1.25, 0.8
# Least prominence of a maximum of the autocorrelation that is a period.
PROMINENCE = 0.05


class Rawness(NamedTuple):
    """Whether frames are raw signal, as a truth value, with the measurements.

    Attributes
    ----------
    is_raw : bool
        Result.
    correlation_frames : float
        Frames after which the autocorrelation of a feature is half, without variation
        slower than actions; NaN if all features are constant.
    action_frames : float
        Expected frames per action: frames per recording over the number of actions.
    """

    is_raw: bool
    correlation_frames: float
    action_frames: float

    def __bool__(self):
        return self.is_raw


def is_raw(recordings, n_actions=8):
    """Distinguish raw signals, which need `SignalWindows`, from features of frames."""
    action_frames = float(np.mean(recordings.lengths)) / n_actions
    length, smoothness = correlation_frames(recordings, action_frames)
    is_long = action_frames >= max(RATIO * length, MIN_ACTION)
    raw = smoothness >= SMOOTH and is_long and _swings(recordings, action_frames)
    return Rawness(bool(raw), length, action_frames)


def _swings(recordings, action_frames):
    """Whether means of longer pieces within an action agree better than shorter ones.

    This holds for signals that swing; for drifts, agreement falls with the length. It
    also holds if means of short pieces do not agree at all.
    """
    agreements, _ = _look_at_pieces(recordings)
    halves, means = HALVES[: len(agreements)], 1 - agreements[:, 0]
    short, inside = halves <= action_frames / 8, halves <= action_frames
    best = np.minimum.accumulate(means[inside][::-1])[::-1]
    return bool((means[inside] >= SWING * best).any() or (means[short] >= LOST).any())


def correlation_frames(recordings, action_frames):
    """Frames over which features are autocorrelated, and the correlation at one frame.

    Running means over an action's time are subtracted.
    """
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
    columns = _some(n_features, MOST_FEATURES)
    most = min(MOST_FRAMES, max(1, MOST_VALUES // n_features))
    for i in _some(len(recordings), MOST_RECORDINGS).tolist():
        start = max(0, (int(recordings.lengths[i]) - most) // 2)
        frames = recordings.read(i, slice(start, start + most))
        yield frames[:, columns].astype(float)


def _some(n, most):
    """Up to `most` of n indices, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))


def _without_slow(frames, width):
    """Subtract running means from frames."""
    half = max(1, int(width / 2))
    frames = frames - frames.mean(axis=0)
    return frames - window_means(frames, half, half, slice(0, len(frames)))


def window_means(values, before, after, rows):
    """Means (n_rows, n_columns) of values around each of some rows, a slice.

    A window has up to ``before`` rows before and ``after`` rows behind its own. Sums
    over blocks of the window's length keep rounding errors small.

    >>> values = np.array([[1.0], [2.0], [6.0]])
    >>> window_means(values, 1, 1, slice(0, 3)).ravel().tolist()
    [1.5, 3.0, 4.0]
    """
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
    """Odd window length in frames, at which the two halves agree best.

    Statistics of a short piece vary by chance, those of a long one mix actions. The
    best half is the piece whose statistics predict the next piece most, over recordings
    and features. A window covers at least one period.
    """
    agreements, period = _look_at_pieces(recordings)
    half = HALVES[np.argmax(agreements.mean(axis=1))] if len(agreements) else HALVES[0]
    return 2 * max(int(half), period // 2) + 1


def _look_at_pieces(recordings):
    """Agreement (n_halves, 3) of neighbouring pieces, and the period in frames."""
    agreements, correlations = [], []
    for frames in samples(recordings):
        frames = frames[:, np.ptp(frames, axis=0) > 0]
        if len(frames) >= MIN_PIECES * HALVES[0] and frames.size:
            agreements.append(_agreement_of_pieces(frames / frames.std(axis=0)))
            correlations.append(autocorrelation(frames).mean(axis=1))
    if not agreements:
        return np.empty((0, 3)), 0
    lengths = range(max(map(len, agreements)))
    medians = [np.median([a[j] for a in agreements if j < len(a)], 0) for j in lengths]
    return np.array(medians), _period(correlations)


def _period(correlations):
    """Lag of the first maximum of the autocorrelation, 0 without one."""
    from scipy.signal import find_peaks  # slow to import

    length = min(map(len, correlations)) // MIN_PIECES  # at least so many periods
    mean = np.median([own[:length] for own in correlations], axis=0)
    peaks, _ = find_peaks(mean, prominence=PROMINENCE)
    return int(peaks[0]) if len(peaks) else 0


def _agreement_of_pieces(frames):
    """Correlation of neighbouring pieces for the sizes `HALVES` that fit.

    Computed for mean, log standard deviation and log mean absolute difference, over
    standardised features.
    """
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
