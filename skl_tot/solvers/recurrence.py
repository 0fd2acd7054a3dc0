"""What comes again and again in one long recording, and after how long."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

# Share of the spread of the autocorrelation by which a peak stands out.
PROMINENCE = 0.1
# Of logarithms of lags: steps, and how far they are blurred. Shorter ones are none.
RESOLUTION, BLUR, SHORTEST_LAG = 0.01, 0.03, 8
# A cycle may last so many times the period, at least and at most.
SHORTEST, LONGEST = 0.5, 2.0
N_WINDOWS = 24


def autocorrelation(frames):
    """Mean over features of the autocorrelation at each lag: (n_frames,), 1 at lag 0.

    ``frames`` (n_frames, n_features) have zero mean; of constants it is 0. By Fourier
    transforms, one feature at a time.
    """
    n_frames = len(frames)
    width = next_fast_len(2 * n_frames, real=True)  # no lag wraps round
    power = np.zeros(width // 2 + 1)
    for feature in frames.T:
        power += np.abs(rfft(feature, width)) ** 2
    products = irfft(power, width)[:n_frames] / np.arange(n_frames, 0, -1)
    return products / products[0] if products[0] > 0 else products


def find_period(frames):
    """Lag of the first clear peak of the autocorrelation, up to a third of all frames.

    Looked for on an axis of logarithms, where cycles of any length look alike, and
    those that are not equally long make a peak as wide. It stands out by so much of
    what the autocorrelation varies by between an eighth of the lag and four times it.
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
    """When the same happens again, about once a period.

    Of windows of half a period from random places, the one is taken that others are
    most like. With the mean squared distance d of the window to that from frame t on,
    less its median, occurrences are the frames of the least sum of d that are half a
    period to two periods apart.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_features)
        Frames of the recording.
    period : float
        Frames of a cycle, about.
    rng : RandomState
        Where windows are.

    Returns
    -------
    occurrences : ndarray of int of shape (n_occurrences,)
        First frame of each, in order.
    """
    width = max(2, int(period / 2))
    n_starts = len(frames) - width
    starts = rng.choice(n_starts, min(N_WINDOWS, n_starts), replace=False)
    distances = np.array([_distances(frames, start, width) for start in starts])
    distances -= np.median(distances, axis=1, keepdims=True)
    nearest = max(1, int(SHORTEST * period))
    return _least_sum(distances, nearest, int(LONGEST * period))


def _distances(frames, start, width):
    """Mean squared distance of a window to that from each frame on."""
    n_frames, n_features = frames.shape
    window = frames[start : start + width]
    n_points = next_fast_len(n_frames + width, real=True)
    spectrum = rfft(frames, n_points, axis=0) * np.conj(rfft(window, n_points, axis=0))
    products = irfft(spectrum.sum(axis=1), n_points)[: n_frames - width + 1]
    squares = np.append(0, np.cumsum(np.square(frames).sum(axis=1)))
    total = squares[width:] - squares[:-width] + np.square(window).sum() - 2 * products
    return total / (width * n_features)


def _least_sum(distances, nearest, farthest):
    """Frames (n_found,) of the least sum of a row, which are near enough to each other.

    All rows (n_windows, n_frames) are looked at in one loop; the best one counts.
    """
    n_windows, n_frames = distances.shape
    rows = np.arange(n_windows)
    best = np.full((n_windows, n_frames), np.inf)
    before = np.full((n_windows, n_frames), -1)
    best[:, :farthest] = distances[:, :farthest]  # the first may be here
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
