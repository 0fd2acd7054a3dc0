"""Statistics of windows around frames, for raw signals."""

from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from numbers import Real

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import StrOptions

from skl_tot.preprocessing.framewise import Number, VideoTransformer
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.container import BLOCK_BYTES, check_scaler
from skl_tot.recordings.errors import refuse, short_repr, warn_user
from skl_tot.recordings.signals import FLOOR, find_window, window_means
from skl_tot.shared_texts import with_shared_texts

STATISTICS = ("mean", "std", "difference")
MOST_FRAMES = 2**53  # of a window, which floats count exactly


@with_shared_texts
@dataclass(eq=False, repr=False)
class SignalWindows(VideoTransformer):
    r"""Statistics of a window around each frame, for raw sensor signals.

    In a raw signal, walking, for example, is a pattern in time, not a frame. For each
    frame, a centred window of w frames (shorter at the ends of a recording and at
    breaks) gives for each feature

    .. math::

       m = \frac{1}{w} \sum_i x_i, \qquad
       \log \sqrt{\tfrac{1}{w} \sum_i (x_i - m)^2 + \tfrac{s^2}{100}}, \qquad
       \log \Big( \frac{1}{w - 1} \sum_i |x_{i+1} - x_i| + \frac{s}{10} \Big) ,

    with the standard deviation s of the feature in the recordings of the fit. Time and
    memory do not depend on the width.

    Parameters
    ----------
    window : float or "auto", default="auto"
        Width of the window, in seconds if recordings have a rate, else in frames; it is
        rounded to an odd number of frames, three or more. A warning is given for a
        width beyond all recordings of the fit. "auto" finds it from the signal, see
        Notes.
    statistics : sequence of {"mean", "std", "difference"}, default=all three
        Statistics to compute.

    Attributes
    ----------
    window_ : int
        Frames of the window, an odd number.
    n_around_ : int
        Frames on each side of a frame that its features use.
    scales_ : ndarray of shape (n_features,)
        Standard deviation of each feature; 1 for constants.
    fps_ : float or None
        Frames per second of the recordings of the fit.
    {shared: n_features_in_, feature_names_in_}

    Notes
    -----
    "auto" chooses the window whose two halves agree best: over a recording, the
    statistics of a piece predict those of the next piece. Shorter pieces vary by
    chance, longer ones mix actions. A window covers at least one period of the signal,
    which is the lag of the first peak of the autocorrelation that stands out more than
    Bartlett's deviation makes peaks of noise expect. Half of the recordings have 16
    periods or more.

    Data frames give data frames, with columns such as "acc x mean 1 s".

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.preprocessing import SignalWindows
    >>> signal = np.array([[0.0], [1.0], [0.0], [5.0], [5.0]])
    >>> windows = SignalWindows(3, statistics=["mean"]).fit(signal)
    >>> windows.transform(signal).ravel().round(2).tolist()
    [0.5, 0.33, 2.0, 3.33, 5.0]
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "window": [Number(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "statistics": [tuple, list],
    }

    window: float | str = "auto"
    _: KW_ONLY
    statistics: tuple | list = STATISTICS

    def _learn(self, recordings):
        known = [name for name in STATISTICS if name in self.statistics]
        if not known or len(known) != len(self.statistics):
            refuse("statistics", self.statistics, f"some of {STATISTICS}, each once")
        self.fps_ = recordings.fps
        self.scales_ = _find_scales(recordings)
        self.window_ = self._find_width(recordings)
        self.n_around_ = self.window_ // 2

    def _find_width(self, recordings):
        if isinstance(self.window, str):
            return find_window(recordings)
        n_frames = min(self.window * (self.fps_ or 1), MOST_FRAMES)
        longest = max(recordings.lengths)
        found = f"window is {short_repr(self.window)}, {n_frames:.4g} frames"
        if n_frames < 2:
            raise ValueError(f"{found}, expected two or more.")
        width = odd(n_frames)
        if width > longest:
            warn_user(
                f"{found}, but the longest recording has {longest}; give less than an "
                "action takes."
            )
        return width

    def _names_out(self, names):
        size = f"{self.window_ / self.fps_:.3g} s" if self.fps_ else ""
        size = size or f"{self.window_} frames"
        found = [f"{name} {what} {size}" for what in self.statistics for name in names]
        return np.array(found, dtype=object)

    def _check_recordings(self, recordings):
        if recordings.fps is not None:
            check_rate(recordings.fps, self.fps_)

    def _outputs(self, recordings):
        outputs, n_columns = [], len(self.statistics) * self.n_features_in_
        for i, video in enumerate(recordings.arrays):
            with recordings.errors(i):
                video = np.asarray(video)
                out = np.empty((len(video), n_columns), video.dtype)
                edges = [0, *recordings.breaks_of(i), len(video)]
                for start, stop in pairwise(edges):
                    self._fill(out[start:stop], video[start:stop])
            outputs.append(out)
        return outputs

    def _fill(self, out, part):
        n_frames, around = len(part), self.n_around_
        n_rows = max(BLOCK_BYTES // (8 * out.shape[1]), 2 * around)
        for start in range(0, n_frames, n_rows):
            rows = slice(start, min(start + n_rows, n_frames))
            first = max(0, start - around)
            near = np.asarray(part[first : rows.stop + around], float)
            own = slice(start - first, rows.stop - first)
            columns = list(self._columns(near, own))
            np.concatenate(columns, axis=1, out=out[rows], casting="same_kind")

    def _columns(self, near, rows):
        """Yield each statistic, (n_rows, n_features), of some rows of a signal."""
        half, floor = self.n_around_, FLOOR * self.scales_
        shift = near.mean(axis=0)
        near = near - shift
        mean = window_means(near, half, half, rows)
        for statistic in self.statistics:
            if statistic == "mean":
                yield mean + shift
            elif statistic == "std":
                square = window_means(near**2, half, half, rows)
                yield np.log(np.maximum(square - mean**2, 0) + floor**2) / 2
            else:
                steps = np.abs(np.diff(near, axis=0))
                yield np.log(window_means(steps, half, half - 1, rows) + floor)


def _find_scales(recordings):
    scaler = StandardScaler()
    for frames in recordings.blocks():
        with np.errstate(over="ignore", invalid="ignore"):
            scaler.partial_fit(np.asarray(frames, float))
    check_scaler(scaler)
    return scaler.scale_


def fit_windows(recordings, windows=None):
    """Fit a clone of windows to recordings, not standardised; by default "auto"."""
    windows = SignalWindows() if windows is None else clone(windows)
    return windows.fit(recordings.plain())


def apply_windows(windows, recordings):
    """Windows of recordings, not standardised, as recordings with their metadata."""
    with recordings.named_errors():
        seen = recordings.replace(windows.transform(recordings.plain()))
    seen.means = seen.scales = None
    return seen


def odd(n_frames):
    """Round a width to an odd number of frames."""
    return 2 * int(n_frames / 2) + 1
