"""Views of frames: principal components of frames and of windows around them."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.preprocessing.framewise import Number, VideoTransformer
from skl_tot.preprocessing.windows import SignalWindows, odd
from skl_tot.recordings.container import fit_scaler
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.signals import find_window
from skl_tot.shared_texts import with_shared_texts

# Features of a frame before windows: of more, such as those of a video, windows are of
# principal components, as they would have six times as many.
MOST_FEATURES = 60
# Standard deviation in a recording, over that in all, of a feature that is constant.
LEAST_SPREAD = 1e-6
# Frames that principal components are learned from, evenly spaced in each recording.
MOST_LEARNED = 20_000


@with_shared_texts
@dataclass(eq=False, repr=False)
class FrameView(VideoTransformer):
    """Principal components of frames, perhaps with windows around them.

    No view is best for all recordings: windows tell repetitions inside of an action,
    single frames tell when it changes; scaling each recording removes its offset, but
    also the difference of recordings that lack actions. `SemiSupervisedSegmenter` adds
    up the scores of several views.

    Parameters
    ----------
    windows : sequence of float, default=()
        Widths of `SignalWindows` beside the frame, in units of the automatic width.
    longest : float, default=None
        Maximum frames of a window, such as those of a segment; longer ones tell
        neighbouring segments more than their own. None has no limit.
    scaling : {"dataset", "video"}, default="dataset"
        Whether the mean and the variance of features are 0 and 1 over all recordings,
        or over each one.
    n_components : int, default=40
        Maximum number of principal components.

    Attributes
    ----------
    rotation_ : PCA or None
        Principal components of frames, if windows of all features are too many.
    windows_ : list of SignalWindows
        Fitted windows.
    scaler_ : StandardScaler
        Mean and variance of frames and windows over all recordings.
    pca_ : PCA
        Principal components of the scaled frames and windows.
    {shared: n_features_in_, feature_names_in_}

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
    }

    windows: tuple | list = ()
    _: KW_ONLY
    longest: float | None = None
    scaling: str = "dataset"
    n_components: int = 40

    def _learn(self, recordings):
        positive = Number(Real, 0, None, closed="neither")
        if not all(map(positive.is_satisfied_by, self.windows)):
            refuse("windows", self.windows, "widths above 0, in automatic widths")
        self.rotation_, self.windows_ = None, []
        if self.windows and self.n_features_in_ > MOST_FEATURES:
            self.rotation_ = _fit_pca(recordings.arrays, MOST_FEATURES)
        frames = self._rotate(recordings)
        if self.windows and max(frames.lengths) > 2:
            width, longest = find_window(frames), max(frames.lengths) - 1
            longest = min(longest, self.longest or longest)
            for factor in self.windows:
                n_frames = max(3, odd(min(factor * width, longest)))
                windows = SignalWindows(n_frames / (frames.fps or 1))
                self.windows_.append(windows.fit(frames))
        columns = frames.replace(self._describe(frames))
        self.scaler_ = fit_scaler(columns)
        self.pca_ = _fit_pca(map(self._scale, columns.arrays), self.n_components)

    @property
    def n_around_(self):
        """Frames on each side of a frame that its components use."""
        if self.scaling == "video":
            raise AttributeError("n_around_: a whole recording is scaled.")
        return max((own.n_around_ for own in self.windows_), default=0)

    def _rotate(self, recordings):
        """Reduce recordings of many features, without names."""
        frames = recordings.plain()
        if self.rotation_ is not None:
            frames.arrays = list(map(self.rotation_.transform, frames.arrays))
        return frames

    def _describe(self, frames):
        """Frames and windows of each recording, side by side."""
        parts = [
            frames.arrays,
            *(windows.transform(frames) for windows in self.windows_),
        ]
        return [np.hstack(columns) for columns in zip(*parts)]

    def _scale(self, columns):
        if self.scaling == "dataset":
            return self.scaler_.transform(columns)
        spread = columns.std(axis=0)
        varies = spread > LEAST_SPREAD * self.scaler_.scale_  # beyond rounding
        return (columns - columns.mean(axis=0)) / np.where(varies, spread, np.inf)

    def _outputs(self, recordings):
        columns = self._describe(self._rotate(recordings))
        return [self.pca_.transform(self._scale(own)) for own in columns]

    def _names_out(self, names):
        return np.array([f"component {i}" for i in range(self.pca_.n_components_)])


def _fit_pca(arrays, n_components):
    """Principal components of evenly spaced frames."""
    arrays = list(arrays)
    step = 1 + sum(map(len, arrays)) // MOST_LEARNED
    frames = np.concatenate([array[::step] for array in arrays])
    frames = np.repeat(frames, 2 if len(frames) == 1 else 1, axis=0)  # has no variance
    n_components = min(n_components, *frames.shape)
    with np.errstate(invalid="ignore"):  # shares of no variance
        return PCA(n_components, svd_solver="covariance_eigh").fit(frames)


def default_views(longest=None):
    """List the views of `SemiSupervisedSegmenter`: each kind in each scaling."""
    views = []
    for scaling in ("dataset", "video"):
        views.append(FrameView(scaling=scaling))
        views.append(
            FrameView((1, 3), longest=longest, scaling=scaling, n_components=60)
        )
    return views


def views_of_vote(longest=None):
    """List words and views of the members of `AutoSegmenter`."""
    each = "each recording scaled"
    return [
        (("frames",), FrameView()),
        (("frames", each), FrameView(scaling="video")),
        (("windows",), FrameView((1,), longest=longest)),
        (("windows", each), FrameView((1,), longest=longest, scaling="video")),
        (("windows", "wide"), FrameView((3,), longest=longest)),
    ]
