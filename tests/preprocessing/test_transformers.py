"""What all transformers of recordings have in common, and those of single frames."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skl_tot.extend import expected_failed_checks
from skl_tot.preprocessing import (
    FrameView,
    FramewiseTransformer,
    GapFiller,
    PoseFeatures,
    SignalWindows,
)
from skl_tot.recordings import RecordingError, Recordings
from skl_tot.recordings.files import open_arrays

TRANSFORMERS = [
    FramewiseTransformer(StandardScaler()),
    FrameView(),
    GapFiller(),
    SignalWindows(5),
    PoseFeatures(n_dims=2, heading=(0, 1)),
]


@pytest.fixture(params=TRANSFORMERS, ids=lambda x: type(x).__name__)
def transformer(request):
    return clone(request.param)


LENGTHS = (7, 5, 12)


@pytest.fixture
def videos():
    rng = np.random.RandomState(0)
    return [rng.normal(3, 2, size=(n, 4)) * [1, 2, 3, 4] for n in LENGTHS]


@parametrize_with_checks(
    TRANSFORMERS[:4],
    expected_failed_checks=lambda estimator: (
        expected_failed_checks(estimator)
        if isinstance(estimator, SignalWindows)
        else {}
    ),
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore:window is .* but the longest recording")
def test_recordings_keep_names_and_rate(transformer, videos):
    takes = Recordings(videos, ["a", "b", "c"], fps=25)
    outputs = transformer.fit_transform(takes)
    assert isinstance(outputs, Recordings)
    assert (outputs.names, outputs.fps) == (["a", "b", "c"], 25)
    assert_allclose(outputs["b"], transformer.transform(videos)[1])


@pytest.mark.parametrize(
    "inner",
    [PCA(2), StandardScaler(), MinMaxScaler(), KBinsDiscretizer(3, encode="ordinal")],
    ids=lambda inner: type(inner).__name__,
)
def test_equals_the_inner_transformer_on_the_concatenation(videos, inner):
    expected = clone(inner).fit_transform(np.concatenate(videos))
    model = FramewiseTransformer(inner)
    outputs = model.fit_transform(videos)
    assert vars(inner).keys() == clone(inner).__dict__.keys()  # it is cloned
    assert [len(output) for output in outputs] == list(LENGTHS)
    assert_allclose(np.concatenate(outputs), expected, atol=1e-12)
    names = inner.fit(np.concatenate(videos)).get_feature_names_out().tolist()
    assert model.get_feature_names_out().tolist() == names


BAD_PARAMETERS = [
    FramewiseTransformer(None),
    FramewiseTransformer(LinearDiscriminantAnalysis()),
    SignalWindows(1),
    SignalWindows(3, statistics=("median",)),
    FrameView(windows=[1, 0]),
    GapFiller(True),
    PoseFeatures(n_dims=4),
]


@pytest.mark.parametrize("transformer", BAD_PARAMETERS, ids=repr)
def test_bad_parameters(transformer, videos):
    with pytest.raises((TypeError, ValueError)):
        transformer.fit(videos)


GOOD = np.ones((3, 4))
BAD = [[GOOD, np.ones((3, 5))], [GOOD, np.full((3, 4), np.inf)], [GOOD, np.ones(3)], []]


@pytest.mark.parametrize("method", ["fit", "transform"])
@pytest.mark.parametrize("X", BAD)
def test_bad_input_leaves_a_fitted_transformer_as_it_was(videos, method, X):
    transformer = FramewiseTransformer(StandardScaler()).fit(videos)
    before = pickle.dumps(transformer)
    with pytest.raises(ValueError, match="Recording 1" if X else "empty"):
        getattr(transformer, method)(X)
    assert pickle.dumps(transformer) == before


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
        with pytest.raises(RecordingError, match="Recording 1"):
            FramewiseTransformer(PCA(2)).fit(form)
