"""Gaps of missing values in videos, filled."""

from numbers import Integral

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skl_tot.preprocessing.framewise import VideoTransformer
from skl_tot.recordings.checks import check_recordings
from skl_tot.recordings.errors import warn_user
from skl_tot.recordings.labels import find_segments

# Share of the frames of a feature of which more are not filled without a word.
MUCH = 0.2


class GapFiller(OneToOneFeatureMixin, VideoTransformer):
    r"""Fill short gaps, of missing values, in each feature of each video.

    A gap is a run of frames in which a feature is missing (nan). The value in frame
    t of a gap between the frames a < t < b that have values is

    .. math:: x_t = x_a + \frac{t - a}{b - a} (x_b - x_a) .

    Where the first or the last frames are missing, they take the value of the nearest
    frame that has one. Videos and features do not borrow from one another: nothing is
    learned but the features' names and number.

    Parameters
    ----------
    limit : int, default=10
        Frames of the longest gap to fill; a longer one is an error. None fills gaps
        of any length.

    Attributes
    ----------
    missing_share_ : ndarray of shape (n_features,)
        Share, in [0, 1], of the frames of ``fit`` in which a feature is missing.
    n_features_in_ : int
        Number of features of a frame.
    feature_names_in_ : ndarray of shape (n_features,)
        Column names; only if the videos of ``fit`` were data frames.

    See Also
    --------
    FramewiseTransformer : With an imputer of scikit-learn, fills gaps of any length
        with what is usual for the feature, whatever the time.

    Notes
    -----
    Data frames come out as data frames, with their names. More than a fifth of the
    frames of a feature of one video are filled with a warning. Infinity is no gap, and
    an error; so are, in `transform`, a gap longer than ``limit`` and a feature that is
    missing in all frames of a video. `fit` and `report` take them.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.preprocessing import GapFiller
    >>> video = np.array([[np.nan], [1.0], [np.nan], [np.nan], [4.0]])
    >>> filler = GapFiller(limit=2).fit(video)
    >>> filler.missing_share_
    array([0.6])
    >>> filler.report(video)[0]["longest"]
    2
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):  # of more than a fifth
    ...     filler.transform(video).ravel().tolist()
    [1.0, 1.0, 2.0, 3.0, 4.0]
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "limit": [Interval(Integral, 0, None, closed="left"), None]
    }

    def __init__(self, limit=10):
        self.limit = limit

    def _learn(self, recordings):
        n_missing = np.zeros(self.n_features_in_, dtype=int)
        for video in recordings.arrays:
            n_missing += np.isnan(np.asarray(video)).sum(axis=0)
        self.missing_share_ = n_missing / recordings.lengths.sum()

    def _check_transformed(self, recordings):
        _warn_of_much(self._report(recordings))

    def report(self, X):
        """Find the gaps of every video, those that are too long included.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of such
            As for `fit`.

        Returns
        -------
        report : list of dict
            One for each feature of a video with something missing, in order:
            ``video`` and ``feature`` (names, or else numbers), ``gaps`` and
            ``frames`` (how many are missing), ``share`` (of the frames of the video, in
            [0, 1]), ``longest`` (frames of the longest gap). `pandas.DataFrame` makes a
            table of it.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If a video is not as `fit` expects it.
        """
        check_is_fitted(self, "missing_share_")
        return self._report(check_recordings(self, X, reset=False))

    def _report(self, recordings):
        """Gaps of checked videos, see `report`."""
        names = range(len(recordings))
        if recordings.is_named:
            names = recordings.layout.names
        found = []
        for name, video in zip(names, recordings.arrays):
            for column, missing in _missing_columns(np.asarray(video)):
                starts, stops = _find_gaps(missing)
                found.append(
                    {
                        "video": name,
                        "feature": self._name(column),
                        "gaps": len(starts),
                        "frames": int(missing.sum()),
                        "share": float(missing.mean()),
                        "longest": int((stops - starts).max()),
                    }
                )
        return found

    def _apply(self, video):
        filled = video.copy()
        for column, missing in _missing_columns(video):
            self._check_gaps(column, missing)
            known = np.flatnonzero(~missing)
            gaps = np.flatnonzero(missing)
            filled[gaps, column] = np.interp(gaps, known, video[known, column])
        return filled

    def _check_gaps(self, column, missing):
        """Refuse a feature that is missing throughout, or for too long."""
        name = self._name(column)
        if missing.all():
            raise ValueError(
                f"column {name!r} is missing in all {len(missing)} frames; leave it "
                "out, or this video."
            )
        starts, stops = _find_gaps(missing)
        longest = np.argmax(stops - starts)
        start, stop = int(starts[longest]), int(stops[longest])
        if self.limit is not None and stop - start > self.limit:
            raise ValueError(
                f"column {name!r} is missing in frames {start} to {stop - 1}, a gap of "
                f"{stop - start} frames, expected up to limit={self.limit}; raise it, "
                "or leave the column or the video out."
            )

    def _name(self, column):
        names = getattr(self, "feature_names_in_", None)
        return column if names is None else str(names[column])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _missing_columns(video):
    """Columns of a video in which something is missing, each with its mask."""
    missing = np.isnan(video)
    for column in np.flatnonzero(missing.any(axis=0)).tolist():
        yield column, missing[:, column]


def _find_gaps(missing):
    """First frames of the runs of a mask, and the frames after their last."""
    is_inside, starts, stops = find_segments(missing)
    return starts[is_inside], stops[is_inside]


def _warn_of_much(report):
    """Warn of features of which much was filled, by the worst of them."""
    much = [gaps for gaps in report if gaps["share"] > MUCH]
    if not much:
        return
    worst = max(much, key=lambda gaps: gaps["share"])
    warn_user(
        f"{worst['share']:.0%} of the frames of column {worst['feature']!r} of video "
        f"{worst['video']!r} were missing and are filled; so were more than {MUCH:.0%} "
        f"of {len(much)} columns of videos in all, see report()."
    )
