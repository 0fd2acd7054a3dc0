import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    StandardScaler,
)

from skl_tot.preprocessing.framewise import FramewiseTransformer, _fit_in_batches
from skl_tot.recordings import RecordingError
from skl_tot.recordings.files import open_arrays
from skl_tot.recordings.layouts import as_recordings

LENGTHS = (7, 3, 12)


@pytest.fixture
def videos():
    rng = np.random.RandomState(0)
    return [rng.normal(3, 2, size=(n, 4)) * [1, 2, 3, 4] for n in LENGTHS]


class RecordingScaler(StandardScaler):
    """Keeps the batches it was given."""

    def partial_fit(self, X, y=None):
        self.batches_ = [*getattr(self, "batches_", []), X]
        return super().partial_fit(X)


class MeanThreshold(BaseEstimator):
    """Segments ragged videos: the least that a grid search needs."""

    def __init__(self, threshold=0.0):
        self.threshold = threshold

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def predict(self, X):
        return [(video[:, 0] > self.threshold).astype(int) for video in X]

    def score(self, X, y):
        return np.mean(np.concatenate(self.predict(X)) == np.concatenate(y))


@pytest.mark.parametrize(
    "inner",
    [PCA(2), StandardScaler(), MinMaxScaler(), KBinsDiscretizer(3, encode="ordinal")],
    ids=lambda inner: type(inner).__name__,
)
def test_equals_the_inner_transformer_on_the_concatenation(videos, inner):
    expected = inner.fit_transform(np.concatenate(videos))
    outputs = FramewiseTransformer(inner).fit_transform(videos)
    assert [len(output) for output in outputs] == list(LENGTHS)
    assert_allclose(np.concatenate(outputs), expected, atol=1e-12)


def test_incremental_pca_spans_the_space_of_pca():
    rng = np.random.RandomState(0)
    low_rank = rng.normal(size=(2, 6))
    # shorter than the number of components, first and last
    videos = [rng.normal(size=(n, 2)) @ low_rank for n in (1, 2, 30, 9, 1)]
    incremental = FramewiseTransformer(IncrementalPCA(2)).fit(videos)
    assert incremental.transformer_.n_samples_seen_ == 43
    full = FramewiseTransformer(PCA(2)).fit(videos)
    assert_allclose(
        np.abs(np.concatenate(incremental.transform(videos))),
        np.abs(np.concatenate(full.transform(videos))),
        atol=1e-8,
    )


def test_incremental_pca_keeps_all_components_after_a_short_first_video():
    rng = np.random.RandomState(0)
    videos = [rng.normal(size=(n, 5)) for n in (2, 20)]
    outputs = FramewiseTransformer(IncrementalPCA()).fit_transform(videos)
    assert [output.shape for output in outputs] == [(2, 5), (20, 5)]


@given(
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    n_features=st.integers(1, 6),
)
def test_batches_hold_every_frame_once_in_order(lengths, n_features):
    frames = np.arange(sum(lengths) * n_features, dtype=float).reshape(-1, n_features)
    videos = np.split(frames, np.cumsum(lengths)[:-1])
    scaler = RecordingScaler()
    _fit_in_batches(scaler, videos)
    assert_array_equal(np.concatenate(scaler.batches_), frames)
    shortest = min(map(len, scaler.batches_))
    assert shortest >= min(n_features, len(frames))


def test_partial_fit_video_by_video_equals_fit(videos):
    whole = FramewiseTransformer(StandardScaler()).fit(videos)
    parts = FramewiseTransformer(StandardScaler())
    for video in videos:
        parts.partial_fit(video)
    assert_allclose(parts.transformer_.mean_, whole.transformer_.mean_)
    assert_allclose(parts.transformer_.scale_, whole.transformer_.scale_)
    assert parts.transformer_.n_samples_seen_ == sum(LENGTHS)


def test_methods_are_those_of_the_inner_transformer():
    assert hasattr(FramewiseTransformer(StandardScaler()), "partial_fit")
    assert not hasattr(FramewiseTransformer(PCA()), "partial_fit")
    assert hasattr(FramewiseTransformer(PCA()), "inverse_transform")
    assert not hasattr(FramewiseTransformer(Normalizer()), "inverse_transform")


def test_methods_after_fit_are_those_of_the_fitted_transformer(videos):
    transformer = FramewiseTransformer(StandardScaler()).fit(videos)
    transformer.set_params(transformer=PCA())
    assert hasattr(transformer, "partial_fit")


@pytest.mark.parametrize("form", ["single", "list", "tuple", "object", "stacked"])
def test_output_mirrors_the_form_of_the_input(videos, form):
    same = [np.resize(video, (5, 4)) for video in videos]
    empty = np.empty(len(videos), dtype=object)
    empty[:] = videos
    X, expected_form, shapes = {
        "single": (videos[0], "single", [(7, 4)]),
        "list": (videos, "list", [(7, 4), (3, 4), (12, 4)]),
        "tuple": (tuple(videos), "list", [(7, 4), (3, 4), (12, 4)]),
        "object": (empty, "object", [(7, 4), (3, 4), (12, 4)]),
        "stacked": (np.stack(same), "stacked", [(5, 4)] * 3),
    }[form]
    transformer = FramewiseTransformer(PCA())
    for output in (
        transformer.fit_transform(X),
        transformer.inverse_transform(transformer.transform(X)),
    ):
        found = as_recordings(output)
        assert found.layout.kind == expected_form
        parts = found.arrays
        assert [part.shape for part in parts] == shapes
    for part, video in zip(parts, as_recordings(X).arrays):
        assert_allclose(part, video)


def test_sparse_output_becomes_dense(videos):
    outputs = FramewiseTransformer(KBinsDiscretizer(3)).fit_transform(videos)
    assert all(isinstance(output, np.ndarray) for output in outputs)
    assert_array_equal(np.concatenate(outputs).sum(axis=1), 4)


def test_dataframes_keep_their_names_and_never_warn(videos):
    frames = [pd.DataFrame(video, columns=list("abcd")) for video in videos]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        transformer = FramewiseTransformer(StandardScaler()).fit(frames)
        outputs = transformer.transform(frames)
    assert transformer.feature_names_in_.tolist() == list("abcd")
    assert transformer.get_feature_names_out().tolist() == list("abcd")
    expected = FramewiseTransformer(StandardScaler()).fit_transform(videos)
    assert_allclose(np.concatenate(outputs), np.concatenate(expected))
    with pytest.raises(ValueError, match="Recording 1: The feature names should match"):
        transformer.transform([frames[0], frames[1][list("bacd")]])
    with pytest.raises(ValueError, match="not equal to feature_names_in_"):
        transformer.get_feature_names_out(list("efgh"))


def test_names_out_of_a_projection(videos):
    transformer = FramewiseTransformer(PCA(2)).fit(videos)
    assert transformer.get_feature_names_out().tolist() == ["pca0", "pca1"]
    assert transformer.n_features_in_ == 4


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        (None, "transformer is None, expected a scikit-learn transformer"),
        ("passthrough", "transformer is 'passthrough', expected"),
        (
            LinearDiscriminantAnalysis(),
            "transformer is a LinearDiscriminantAnalysis, which needs y",
        ),
        (StandardScaler, "transformer is <class .*StandardScaler'>, expected"),
    ],
)
def test_unusable_inner_transformer(videos, inner, message):
    with pytest.raises(TypeError, match=message):
        FramewiseTransformer(inner).fit(videos)


def bad_inputs():
    good = np.ones((3, 4))
    infinite = np.full((3, 4), np.inf)
    return [
        ([good, np.ones((3, 5))], ValueError, "Recording 1: X has 5 features"),
        ([good, infinite], ValueError, "Recording 1: Input X contains infinity"),
        (infinite, ValueError, "^Input X contains infinity"),
        ([good, np.ones(3)], ValueError, "Recording 1: Expected 2D array, got 1D"),
        (
            [good, np.empty((0, 4))],
            ValueError,
            "Recording 1: Found array with 0 sample",
        ),
        ([], ValueError, "X is an empty list"),
        ({"a": good, "b": infinite}, ValueError, "b: Input X contains infinity"),
        ({}, ValueError, "X is an empty dict"),
    ]


@pytest.mark.parametrize("method", ["fit", "partial_fit", "transform"])
@pytest.mark.parametrize(("X", "error", "message"), bad_inputs())
def test_bad_input_leaves_a_fitted_transformer_as_it_was(
    videos, method, X, error, message
):
    transformer = FramewiseTransformer(StandardScaler()).fit(videos)
    before = pickle.dumps(transformer)
    with pytest.raises(error, match=message):
        getattr(transformer, method)(X)
    assert pickle.dumps(transformer) == before


def test_bad_input_leaves_an_unfitted_transformer_unfitted(videos):
    transformer = FramewiseTransformer(StandardScaler())
    with pytest.raises(ValueError, match="Recording 1"):
        transformer.fit([videos[0], videos[1][:, :2]])
    assert vars(transformer).keys() == {"transformer"}
    with pytest.raises(NotFittedError):
        transformer.transform(videos)


class FailsLater(RecordingScaler):
    """Fails at the third batch, as an interrupt might."""

    def partial_fit(self, X, y=None):
        if len(getattr(self, "batches_", [])) == 2:
            raise KeyboardInterrupt
        return super().partial_fit(X)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_interrupt_leaves_no_trace(videos, method):
    videos = [np.tile(video, (2, 1)) for video in videos]
    transformer = FramewiseTransformer(FailsLater()).fit(videos[0])
    before = pickle.dumps(transformer)
    with pytest.raises(KeyboardInterrupt):
        getattr(transformer, method)(videos)
    assert pickle.dumps(transformer) == before


class Shortens(TransformerMixin, BaseEstimator):
    """Leaves out a frame of videos with more than four."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X[:4]


def test_rows_that_are_missing():
    transformer = FramewiseTransformer(Shortens()).fit(np.ones((4, 2)))
    short, long = np.ones((3, 2)), np.ones((5, 2))
    with pytest.raises(
        RecordingError, match=r"^Recording 1: the transformer made 4 rows of 5"
    ):
        transformer.transform([short, long])
    with pytest.raises(ValueError, match=r"^the transformer made 4 rows of 5 frames"):
        transformer.transform(long)


def test_the_given_transformer_is_cloned(videos):
    inner = StandardScaler()
    transformer = FramewiseTransformer(inner).fit(videos)
    assert not hasattr(inner, "mean_")
    assert transformer.transformer is inner


def test_grid_search_over_a_pipeline_of_ragged_videos(videos):
    labels = [(video[:, 0] > 3).astype(int) for video in videos]
    pipeline = make_pipeline(
        FramewiseTransformer(StandardScaler()), MeanThreshold(threshold=0.0)
    )
    search = GridSearchCV(
        pipeline,
        {
            "framewisetransformer__transformer__with_mean": [True, False],
            "meanthreshold__threshold": [-100.0, 0.0],
        },
        cv=3,
        error_score="raise",
    ).fit(videos, labels)
    # only a centred first feature tells the labels apart at threshold 0
    assert search.best_params_ == {
        "framewisetransformer__transformer__with_mean": True,
        "meanthreshold__threshold": 0.0,
    }


def test_missing_values_are_the_inner_transformers_to_allow(videos, tmp_path):
    gaps = [video.copy() for video in videos]
    gaps[1][2, 3] = np.nan
    column = np.concatenate(gaps)[:, 3]
    paths = [tmp_path / f"{i}.npy" for i in range(len(gaps))]
    for path, video in zip(paths, gaps):
        np.save(path, video)
    for form in (gaps, open_arrays(paths)):
        filled = FramewiseTransformer(SimpleImputer()).fit_transform(form)
        assert filled[1][2, 3] == pytest.approx(np.nanmean(column))
        assert_array_equal(filled[0], videos[0])
        with pytest.raises(RecordingError, match=r"^Recording 1: Input X contains NaN"):
            FramewiseTransformer(PCA(2)).fit(form)


def test_tags_are_those_of_the_inner_transformer():
    class Positive(TransformerMixin, BaseEstimator):
        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.input_tags.positive_only = True
            tags.input_tags.allow_nan = True
            tags.transformer_tags.preserves_dtype = ["float32"]
            return tags

    tags = FramewiseTransformer(Positive()).__sklearn_tags__()
    assert tags.input_tags.positive_only
    assert tags.input_tags.allow_nan
    assert tags.input_tags.three_d_array
    assert tags.transformer_tags.preserves_dtype == ["float32"]
