"""Gaps of missing values in videos, filled."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skl_tot.preprocessing.framewise import VideoTransformer
from skl_tot.recordings.checks import check_recordings
from skl_tot.recordings.errors import warn_user
from skl_tot.recordings.labels import find_segments

# Share of the frames of a feature of which more are not filled without a word.
MUCH = 0.2
# Gaps that an error lists.
N_LISTED = 4


class GapFiller(VideoTransformer):
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
        Frames of the longest gap to fill; a longer one is an error, which lists the
        longest. None fills gaps of any length.
    drop_lost : float, default=None
        Share of the frames, in [0, 1]: features that are missing in more of them, in
        any video of ``fit``, are left out of all videos, with a warning that names
        them. None leaves out none.

    Attributes
    ----------
    kept_ : ndarray of int
        Columns of the features that are not left out.
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
    Data frames come out as data frames, with their names, and lists as lists, so there
    is no ``set_output``. More than a fifth of the frames of a feature of one video are
    filled with a warning. Infinity is no gap, and an error; so are, in `transform`,
    gaps longer than ``limit`` and a feature that is missing in all frames of a video.
    `fit` and `report` take them.

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
        "limit": [Interval(Integral, 0, None, closed="left"), None],
        "drop_lost": [Interval(Real, 0, 1, closed="both"), None],
    }

    def __init__(self, limit=10, *, drop_lost=None):
        self.limit = limit
        self.drop_lost = drop_lost

    def _learn(self, recordings):
        missing = [np.isnan(np.asarray(own)).sum(axis=0) for own in recordings.arrays]
        self.missing_share_ = np.sum(missing, axis=0) / recordings.lengths.sum()
        most = (np.array(missing) / recordings.lengths[:, None]).max(axis=0)
        is_lost = most > (1 if self.drop_lost is None else self.drop_lost)
        if is_lost.all():
            raise ValueError(
                f"drop_lost is {self.drop_lost}, but all columns are missing in more "
                "frames of a video; raise it."
            )
        self.kept_ = np.flatnonzero(~is_lost)
        if is_lost.any():
            lost = [self._name(column) for column in np.flatnonzero(is_lost).tolist()]
            warn_user(
                f"Columns {lost} are left out, as they are missing in more than "
                f"{self.drop_lost:.0%} of the frames of a video."
            )

    def _names_out(self, names):
        return names[self.kept_]

    def _columns_of(self, original):
        return original.columns[self.kept_]

    def _check_recordings(self, recordings):
        kept = set(map(self._name, self.kept_.tolist()))
        gaps = []
        for own in self._report(recordings):
            if own["feature"] in kept and own["share"] < 1:  # or it has its own error
                gaps.append(own)
        limit = np.inf if self.limit is None else self.limit
        long = [own for own in gaps if own["longest"] > limit]
        if long:
            raise ValueError(self._describe_long(long))
        _warn_of_much(gaps)

    def _describe_long(self, gaps):
        """Say where the longest gaps are, and what to do about them."""
        gaps = sorted(gaps, key=lambda own: -own["longest"])
        listed = {}  # x and y of a point together
        for own in gaps:
            video = own["video"]
            video = video if isinstance(video, str) else f"video {video}"
            last = own["start"] + own["longest"] - 1
            where = f"in frames {own['start']} to {last} of {video}"
            where += f" ({own['longest']} frames; {own['share']:.0%} missing in all)"
            listed.setdefault(where, []).append(repr(own["feature"]))
        lines = [f"{', '.join(names)} {where}" for where, names in listed.items()]
        more = "; ..." if len(lines) > N_LISTED else ""
        return (
            f"{len(gaps)} columns of videos have gaps of more than limit={self.limit} "
            f"frames, the longest: {'; '.join(lines[:N_LISTED])}{more}. "
            f"limit={gaps[0]['longest']} fills them all, drop_lost=SHARE leaves out "
            "columns of which more is missing (--pipeline gaps:N:SHARE)."
        )

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
            [0, 1]), ``longest`` (frames of the longest gap) and ``start`` (its first
            frame). `pandas.DataFrame` makes a table of it.

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
                longest = int(np.argmax(stops - starts))
                found.append(
                    {
                        "video": name,
                        "feature": self._name(column),
                        "gaps": len(starts),
                        "frames": int(missing.sum()),
                        "share": float(missing.mean()),
                        "longest": int(stops[longest] - starts[longest]),
                        "start": int(starts[longest]),
                    }
                )
        return found

    def _apply(self, video):
        filled = video[:, self.kept_]
        for column, missing in _missing_columns(filled):
            if missing.all():
                raise ValueError(
                    f"column {self._name(int(self.kept_[column]))!r} is missing in all "
                    f"{len(missing)} frames; leave it out, as by drop_lost, or this "
                    "video."
                )
            known = np.flatnonzero(~missing)
            gaps = np.flatnonzero(missing)
            filled[gaps, column] = np.interp(gaps, known, filled[known, column])
        return filled

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
