"""Windows of raw signals, and views: principal components of frames and windows."""

from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from numbers import Integral, Real

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.preprocessing.framewise import Number, VideoTransformer
from skl_tot.recordings.checks import check_recordings, unchanged_on_error
from skl_tot.recordings.clocks import check_rate
from skl_tot.recordings.container import BLOCK_BYTES, FrameArrays, fit_scaler
from skl_tot.recordings.errors import refuse, short_repr, warn_user
from skl_tot.recordings.signals import FLOOR, find_window, window_means

STATISTICS = ("mean", "std", "difference")
ALL_STATISTICS = (*STATISTICS, "slope")


@dataclass(eq=False, repr=False)
class SignalWindows(VideoTransformer):
    r"""Statistics of a window around each frame, for raw sensor signals.

    For each frame, a centred window of w frames (shorter at the ends of a recording and
    at breaks) gives for each feature

    .. math::

       m = \frac{1}{w} \sum_i x_i, \qquad
       \log \sqrt{\tfrac{1}{w} \sum_i (x_i - m)^2 + \tfrac{s^2}{100}}, \qquad
       \log \Big( \frac{1}{w - 1} \sum_i |x_{i+1} - x_i| + \frac{s}{10} \Big) ,

    with the standard deviation s of the feature in the recordings of the fit, and on
    demand its slope, the mean of the half ahead less that of the half behind.

    Parameters
    ----------
    window : float or "auto", default="auto"
        Width of the window, in seconds if recordings have a rate, else in frames,
        rounded to an odd number of three or more. "auto" finds it, see Notes.
    statistics : sequence of str, default=("mean", "std", "difference")
        Statistics to compute: some of these and "slope".

    Attributes
    ----------
    window_ : int
        Frames of the window, an odd number.
    scales_ : ndarray of shape (n_features,)
        Standard deviation of each feature; 1 for constants.
    fps_, n_features_in_, feature_names_in_
        As in `TemporalOTSegmenter`.

    Notes
    -----
    "auto" chooses the window whose two halves agree best: the statistics of a piece
    predict those of the next. A window covers at least one period of the signal, the
    lag of the first peak of the autocorrelation beyond Bartlett's deviation. Recordings
    have 16 periods or more, or eight if frames are alike one period later.

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
        valid = [name for name in ALL_STATISTICS if name in self.statistics]
        if not valid or len(valid) != len(self.statistics):
            expected = f"some of {ALL_STATISTICS}, each once"
            refuse("statistics", self.statistics, expected)
        self.fps_ = recordings.fps
        self.scales_ = fit_scaler(recordings).scale_
        self.window_ = self._find_width(recordings)

    def _find_width(self, recordings):
        """Odd number of frames of the window, as given or from the signal."""
        if isinstance(self.window, str):
            return find_window(recordings)
        n_frames = min(self.window * (self.fps_ or 1), 2**53)  # which floats count
        longest = max(recordings.lengths)
        asked = f"window is {short_repr(self.window)}, {n_frames:.4g} frames"
        if n_frames < 2:
            raise ValueError(f"{asked}, expected two or more.")
        width = odd(n_frames)
        if width > longest:
            warn_user(
                f"{asked}, but the longest recording has {longest}; give less than an "
                "action takes."
            )
        return width

    def _names_out(self, names):
        width = f"{self.window_} frames"
        if self.fps_:
            width = f"{self.window_ / self.fps_:.3g} s"
        names = [f"{name} {kind} {width}" for kind in self.statistics for name in names]
        return np.array(names, dtype=object)

    def _check_recordings(self, recordings):
        if recordings.fps is not None:
            check_rate(recordings.fps, self.fps_)

    def _outputs(self, recordings):
        n_columns = len(self.statistics) * self.n_features_in_
        outputs = []
        for i, video in enumerate(recordings.arrays):
            with recordings.errors(i):
                video = np.asarray(video)
                output = np.empty((len(video), n_columns), video.dtype)
                for start, stop in pairwise([0, *recordings.breaks_of(i), len(video)]):
                    self._fill(output[start:stop], video[start:stop])
            outputs.append(output)
        return outputs

    def _fill(self, output, signal):
        """Fill the output of a signal without breaks, in blocks that bound memory."""
        n_frames, n_around = len(signal), self.window_ // 2
        n_rows = max(BLOCK_BYTES // (8 * output.shape[1]), 2 * n_around)
        for start in range(0, n_frames, n_rows):
            stop = min(start + n_rows, n_frames)
            first = max(0, start - n_around)
            near = np.asarray(signal[first : stop + n_around], float)
            columns = list(self._columns(near, slice(start - first, stop - first)))
            np.concatenate(columns, 1, out=output[start:stop], casting="same_kind")

    def _columns(self, near, rows):
        """Yield each statistic, (n_rows, n_features), of some rows of a signal."""
        half, floor = self.window_ // 2, FLOOR * self.scales_
        shift = near.mean(axis=0)
        near = near - shift
        mean = window_means(near, half, half, rows)
        for statistic in self.statistics:
            if statistic == "mean":
                yield mean + shift
            elif statistic == "std":
                square = window_means(near**2, half, half, rows)
                yield np.log(np.maximum(square - mean**2, 0) + floor**2) / 2
            elif statistic == "slope":
                ahead = window_means(near, 0, half, rows)
                yield ahead - window_means(near, half, 0, rows)
            else:
                steps = np.abs(np.diff(near, axis=0))
                yield np.log(window_means(steps, half, half - 1, rows) + floor)


def odd(n_frames):
    """Round a width to an odd number of frames."""
    return 2 * int(n_frames / 2) + 1


@dataclass(eq=False, repr=False)
class FrameView(VideoTransformer):
    """Principal components of frames, perhaps with windows around them.

    Windows tell repetitions inside of an action, single frames when it changes. Scaling
    each recording removes its offset, and the difference of those that lack actions.

    Parameters
    ----------
    windows : sequence of float, default=()
        Widths of `SignalWindows` beside the frame, in units of the automatic width.
    longest : float, default=None
        Maximum frames of a window, such as those of a segment. None has no limit.
    scaling : {"dataset", "video"}, default="dataset"
        Whether features have mean 0 and variance 1 over all recordings, or in each.
    n_components : int, default=40
        Maximum number of principal components.
    statistics : sequence of str, default=("mean", "std", "difference")
        Those of `SignalWindows`.

    Attributes
    ----------
    rotation_ : PCA or None
        Principal components of frames of many features.
    windows_ : list of SignalWindows
        Fitted windows.
    scaler_ : StandardScaler
        Mean and variance of frames and windows over all recordings.
    pca_ : PCA
        Principal components of the scaled frames and windows.
    n_features_in_ : int
        Number of features D.
    feature_names_in_ : ndarray of str
        Names of the features, if all are text (data frames).

    Examples
    --------
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.preprocessing import FrameView
    >>> videos, _ = make_activities(n_videos=4, n_features=6, random_state=0)
    >>> FrameView([1, 3], n_components=10).fit_transform(videos)[0].shape[1]
    10
    """

    __module__ = "skl_tot.preprocessing"
    keeps_data_frames = False

    _parameter_constraints = {
        "windows": [tuple, list],
        "longest": [None, Number(Real, 0, None, closed="neither")],
        "scaling": [StrOptions({"dataset", "video"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "statistics": [tuple, list],
    }

    windows: tuple | list = ()
    _: KW_ONLY
    longest: float | None = None
    scaling: str = "dataset"
    n_components: int = 40
    statistics: tuple | list = STATISTICS

    def _learn(self, recordings):
        positive = Number(Real, 0, None, closed="neither")
        if not all(map(positive.is_satisfied_by, self.windows)):
            refuse("windows", self.windows, "widths above 0, in automatic widths")
        self.rotation_, self.windows_ = None, []
        if self.windows and self.n_features_in_ > 60:
            # Windows of all features, such as those of a video, would be too many.
            self.rotation_ = _fit_pca(recordings.arrays, 60)
        frames = self._rotate(recordings)
        if self.windows and max(frames.lengths) > 2:
            width, longest = find_window(frames), max(frames.lengths) - 1
            longest = min(longest, self.longest or longest)
            for factor in self.windows:
                n_frames = max(3, odd(min(factor * width, longest)))
                width_in_time = n_frames / (frames.fps or 1)
                windows = SignalWindows(width_in_time, statistics=self.statistics)
                self.windows_.append(windows.fit(frames))
        columns = frames.replace(self._describe(frames))
        self.scaler_ = fit_scaler(columns)
        scaled = list(map(self._scale, columns.arrays))
        self.pca_ = _fit_pca(scaled, self.n_components)
        return scaled

    def fit_transform(self, X, y=None) -> FrameArrays:
        """Fit, and transform the same recordings, whose windows are computed once."""
        with unchanged_on_error(self):
            self._validate_params()
            recordings = check_recordings(self, X, reset=True)
            scaled = self._learn(recordings)
        return recordings.restore(list(map(self.pca_.transform, scaled)))

    def _rotate(self, recordings):
        """Reduce recordings of many features, without names."""
        frames = recordings.plain()
        if self.rotation_ is not None:
            frames.arrays = list(map(self.rotation_.transform, frames.arrays))
        return frames

    def _describe(self, frames):
        of_windows = [windows.transform(frames) for windows in self.windows_]
        return [np.hstack(columns) for columns in zip(frames.arrays, *of_windows)]

    def _scale(self, columns):
        if self.scaling == "dataset":
            return self.scaler_.transform(columns)
        # sums of single precision would make a constant vary
        mean, spread = columns.mean(0, dtype=float), columns.std(0, dtype=float)
        varies = spread > 1e-6 * self.scaler_.scale_  # beyond rounding
        scaled = (columns - mean) / np.where(varies, spread, np.inf)
        return scaled.astype(columns.dtype, copy=False)

    def _outputs(self, recordings):
        outputs = []
        for columns in self._describe(self._rotate(recordings)):
            outputs.append(self.pca_.transform(self._scale(columns)))
        return outputs

    def _names_out(self, names):
        return np.array([f"component {i}" for i in range(self.pca_.n_components_)])


def _fit_pca(arrays, n_components):
    arrays = list(arrays)
    step = 1 + sum(map(len, arrays)) // 20_000
    frames = np.concatenate([array[::step] for array in arrays])
    frames = np.repeat(frames, 2 if len(frames) == 1 else 1, axis=0)  # has no variance
    n_components = min(n_components, *frames.shape)
    # the time of the other solver grows with the cube of the features
    solver = "randomized" if frames.shape[1] > 1000 else "covariance_eigh"
    pca = PCA(n_components, svd_solver=solver, random_state=0)
    with np.errstate(invalid="ignore"):  # shares of no variance
        pca.fit(frames)
        # without those of constants, which would change means over components
        variances = pca.explained_variance_
        pca.n_components = max(1, int((variances > 1e-9 * variances[0]).sum()))
        return pca.fit(frames) if pca.n_components < n_components else pca


def default_views(longest=None):
    """List the views of `SemiSupervisedSegmenter`: each kind in each scaling."""
    views = []
    for scaling in ("dataset", "video"):
        # slopes tell when people see an action begin, which levels tell later
        windows = FrameView(
            (1, 3),
            longest=longest,
            scaling=scaling,
            n_components=60,
            statistics=ALL_STATISTICS,
        )
        views += [FrameView(scaling=scaling), windows]
    return views
