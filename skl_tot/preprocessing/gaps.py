"""Filling of gaps of missing values."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from operator import itemgetter

import numpy as np

from skl_tot.preprocessing.framewise import Number, VideoTransformer
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.labels import find_segments
from skl_tot.shared_texts import with_shared_texts


@with_shared_texts
@dataclass(eq=False, repr=False)
class GapFiller(VideoTransformer):
    r"""Fill short gaps of missing values in each feature of each recording.

    A gap is a run of frames in which a feature is missing (NaN). The value in frame t
    of a gap between the valid frames a < t < b is

    .. math:: x_t = x_a + \frac{t - a}{b - a} (x_b - x_a) .

    Missing first or last frames take the nearest value.

    Parameters
    ----------
    limit : int, default=10
        Frames of the longest gap to fill; in `transform`, a longer one is an error,
        which tells the longest. None fills gaps of any length.
    drop_lost : float, default=None
        Share of frames, in [0, 1]: features with a larger missing share in any
        recording of ``fit`` are dropped from all recordings, with a warning that names
        them. None drops no feature.

    Attributes
    ----------
    kept_ : ndarray of int
        Columns of the kept features.
    {shared: n_features_in_, feature_names_in_}

    Notes
    -----
    A warning is given if more than a fifth of the frames of a feature of one recording
    are filled. A feature that is missing in all frames of a recording is an error.
    `list_faults` lists gaps.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.preprocessing import GapFiller
    >>> video = np.array([[0.0], [1.0], [np.nan], [3.0], [4.0]])
    >>> GapFiller(limit=2).fit_transform(video).ravel().tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "limit": [Number(Integral, 0, None, closed="left"), None],
        "drop_lost": [Number(Real, 0, 1, closed="both"), None],
    }

    limit: int | None = 10
    _: KW_ONLY
    drop_lost: float | None = None

    def _learn(self, recordings):
        masks = (np.isnan(np.asarray(video)) for video in recordings.arrays)
        counts = np.array([is_missing.sum(axis=0) for is_missing in masks])
        most = (counts / recordings.lengths[:, None]).max(axis=0)
        is_lost = most > (1 if self.drop_lost is None else self.drop_lost)
        if is_lost.all():
            expected = "a larger one, as all columns are missing in more frames"
            refuse("drop_lost", self.drop_lost, expected)
        self.kept_ = np.flatnonzero(~is_lost)
        if is_lost.any():
            lost = [self._name(column) for column in np.flatnonzero(is_lost).tolist()]
            warn_user(
                f"Columns {lost} are left out, as they are missing in more than "
                f"{self.drop_lost:.0%} of the frames of a recording."
            )

    def _names_out(self, names):
        return names[self.kept_]

    def _check_recordings(self, recordings):
        """Refuse too long gaps, and warn of much that is missing, by the worst one."""
        longest, most = (0, ""), (0.2, "")
        for name, video in recordings.items():
            for k, missing in _missing_columns(np.asarray(video)[:, self.kept_]):
                place = f"column {self._name(int(self.kept_[k]))!r} of {name!r}"
                is_gap, starts, ends = find_segments(missing)
                lengths = np.where(is_gap, ends - starts, 0)
                start, share = starts[lengths.argmax()], missing.mean()
                if share < 1:  # else it has its own error
                    gap = lengths.max(), f"{place}, frame {start}"
                    longest = max(longest, gap, key=itemgetter(0))
                    most = max(most, (share, place), key=itemgetter(0))
        length, place = longest
        if self.limit is not None and length > self.limit:
            raise ValueError(
                f"a gap of {length} frames begins in {place}, expected up to "
                f"limit={self.limit}; limit={length} (--faults fill) fills all gaps, "
                "drop_lost=SHARE (--pipeline gaps:N:SHARE) drops columns with a larger "
                "missing share."
            )
        share, place = most
        if place:
            text = f"{share:.0%} of {place} were missing and are filled"
            warn_user(f"{text}, and perhaps much of others; list_faults lists gaps.")

    def _apply(self, video):
        filled = video[:, self.kept_]
        for column, missing in _missing_columns(filled):
            if missing.all():
                name = self._name(int(self.kept_[column]))
                raise ValueError(
                    f"column {name!r} is missing in all {len(missing)} frames; leave "
                    "it out, as by drop_lost, or this recording."
                )
            valid = np.flatnonzero(~missing)
            gaps = np.flatnonzero(missing)
            filled[gaps, column] = np.interp(gaps, valid, filled[valid, column])
        return filled

    def _name(self, column):
        names = getattr(self, "feature_names_in_", None)
        return column if names is None else str(names[column])

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _missing_columns(video):
    missing = np.isnan(video)
    for column in np.flatnonzero(missing.any(axis=0)).tolist():
        yield column, missing[:, column]
