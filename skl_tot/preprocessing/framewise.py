"""Transformers of recordings of any lengths: scikit-learn's of frames, and of gaps."""

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from skl_tot.recordings.checks import check_recordings, unchanged_on_error
from skl_tot.recordings.container import FrameArrays
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.labels import find_segments
from skl_tot.recordings.layouts import as_recordings

# unlike of Self, jedi (IPython, Jupyter) knows of it that it may be a subclass
Fitted = TypeVar("Fitted", bound="VideoTransformer")


class Number(Interval):
    """Interval of numbers without booleans, which Python counts as integers."""

    def is_satisfied_by(self, val):
        """Say whether a value is a number of the interval."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)


class VideoTransformer(TransformerMixin, BaseEstimator):
    """Base of transformers that process recordings one by one."""

    # A subclass sets fitted attributes in ``_learn(recordings)`` and returns the output
    # for one checked recording in ``_apply(video)``.
    _parameter_constraints: dict = {}
    keeps_data_frames = True

    def __init_subclass__(cls, **keywords):
        # set_output cannot wrap a list
        super().__init_subclass__(**({"auto_wrap_output_keys": None} | keywords))

    def fit(self: Fitted, X, y=None) -> Fitted:
        """Learn names and number of the features, and further attributes.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        """
        with unchanged_on_error(self):
            self._validate_params()
            self._learn(check_recordings(self, X, reset=True))
        return self

    def transform(self, X) -> FrameArrays:
        """Transform every recording.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.

        Returns
        -------
        X_new : array or data frame of shape (n_frames, n_features_out), or many of them
            In the form of ``X``, which is not changed. Data frames give data frames
            with the same index. Errors are those of `fit`.
        """
        check_is_fitted(self)
        recordings = check_recordings(self, X, reset=False)
        self._check_recordings(recordings)
        outputs = self._outputs(recordings)
        if self.keeps_data_frames:
            for i, original in enumerate(as_recordings(X).arrays):
                if hasattr(original, "iloc"):
                    columns = self._names_out(original.columns)
                    outputs[i] = type(original)(outputs[i], original.index, columns)
        return recordings.restore(outputs)

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Name the features of a transformed recording, from those of the input."""
        check_is_fitted(self)
        return self._names_out(_check_feature_names_in(self, input_features))

    def _names_out(self, names):
        """Names of the output features, an array, from those of the input."""
        return names

    def _outputs(self, recordings):
        outputs = []
        for i, video in enumerate(recordings.arrays):
            with recordings.errors(i):
                outputs.append(self._apply(np.asarray(video)))
        return outputs

    def _check_recordings(self, recordings):
        """Refuse checked recordings that cannot be transformed."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@dataclass(eq=False, repr=False)
class FramewiseTransformer(VideoTransformer):
    """Fit a transformer on the frames of all recordings and apply it one by one.

    A transformer with ``partial_fit`` is fitted in one pass over batches of whole
    recordings, each with at least as many frames as features, ``n_components`` and
    ``n_clusters``. One pass is exact for scalers and `IncrementalPCA`. Every other
    transformer is fitted on the concatenated recordings.

    Parameters
    ----------
    transformer : transformer
        scikit-learn transformer with ``fit`` and ``transform``, which needs no ``y``
        and keeps the number of rows. It gets arrays without names, with NaN only if it
        allows these.

    Attributes
    ----------
    transformer_ : transformer
        The fitted clone.
    n_features_in_ : int
        Number of features D.
    feature_names_in_ : ndarray of str
        Names of the features, if all are text (data frames).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import MinMaxScaler
    >>> from skl_tot.preprocessing import FramewiseTransformer
    >>> videos = [np.array([[0.0], [1.0]]), np.array([[2.0], [3.0], [4.0]])]
    >>> scaled = FramewiseTransformer(MinMaxScaler()).fit_transform(videos)
    >>> [video.ravel().tolist() for video in scaled]
    [[0.0, 0.25], [0.5, 0.75, 1.0]]
    """

    __module__ = "skl_tot.preprocessing"
    keeps_data_frames = False

    transformer: Any

    def _validate_params(self):
        self._clone_transformer()

    def _learn(self, recordings):
        transformer = self._clone_transformer()
        if hasattr(transformer, "partial_fit"):
            _fit_in_batches(transformer, recordings.arrays)
        else:
            transformer.fit(_concatenate(recordings.arrays))
        self.transformer_ = transformer

    def _apply(self, video):
        output = self.transformer_.transform(video)
        output = output.toarray() if sparse.issparse(output) else np.asarray(output)
        if len(output) != len(video):
            expected = f"{len(video)}, one for each frame"
            refuse("the number of rows of the transformer", len(output), expected)
        return output

    @available_if(lambda self: hasattr(self.transformer, "get_feature_names_out"))
    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Name the transformed features, like the inner transformer."""
        check_is_fitted(self, "transformer_")
        names = _check_feature_names_in(self, input_features, generate_names=False)
        return self.transformer_.get_feature_names_out(names)

    def _clone_transformer(self):
        inner = self.transformer
        usable = hasattr(inner, "fit") and hasattr(inner, "transform")
        if isinstance(inner, type) or not usable:
            expected = "a scikit-learn transformer with fit and transform"
            refuse("transformer", inner, expected, TypeError)
        if get_tags(inner).target_tags.required:
            refuse("transformer", inner, "one that is fitted without y", TypeError)
        return clone(inner)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.transformer)
        tags.input_tags.positive_only = inner.input_tags.positive_only
        tags.input_tags.allow_nan = inner.input_tags.allow_nan
        if inner.transformer_tags is not None:
            tags.transformer_tags = inner.transformer_tags
        return tags


def _concatenate(videos):
    return np.asarray(videos[0]) if len(videos) == 1 else np.concatenate(videos)


def _fit_in_batches(transformer, videos):
    # Some transformers refuse fewer frames than components; others drop components.
    sizes = [getattr(transformer, x, 0) for x in ("n_components", "n_clusters")]
    sizes = [size for size in sizes if isinstance(size, Integral)]
    min_frames = max(videos[0].shape[1], *sizes, 0)
    ready, batch, n_frames = [], [], 0
    for video in videos:
        batch.append(video)
        n_frames += len(video)
        if n_frames >= min_frames:
            if ready:
                transformer.partial_fit(_concatenate(ready))
            ready, batch, n_frames = batch, [], 0
    # the last ones are too short for a batch of their own
    transformer.partial_fit(_concatenate(ready + batch))


# ----------------------------------------------------------------------- missing values


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
    n_features_in_ : int
        Number of features D.
    feature_names_in_ : ndarray of str
        Names of the features, if all are text (data frames).

    Notes
    -----
    A feature that is missing in all frames of a recording is an error. `list_faults`
    lists gaps.

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
        """Refuse the longest gap if it is longer than the limit."""
        if self.limit is None:
            return
        length, place = 0, ""
        for name, video in recordings.items():
            for k, missing in _missing_columns(np.asarray(video)[:, self.kept_]):
                is_gap, starts, ends = find_segments(missing)
                lengths = np.where(is_gap, ends - starts, 0)
                # a column without any value has its own error
                if length < lengths.max() < len(missing):
                    column, start = int(self.kept_[k]), starts[lengths.argmax()]
                    place = f"column {self._name(column)!r} of {name!r}, frame {start}"
                    length = lengths.max()
        if length > self.limit:
            raise ValueError(
                f"a gap of {length} frames begins in {place}, expected up to "
                f"limit={self.limit}; limit={length} fills all gaps, "
                "drop_lost=SHARE drops columns with a larger missing share."
            )

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
