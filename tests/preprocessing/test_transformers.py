"""What all transformers of videos have in common."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_transformer_get_feature_names_out,
    parametrize_with_checks,
)

from skl_tot import HMMSegmenter
from skl_tot.preprocessing import (
    FramewiseTransformer,
    GapFiller,
    PoseFeatures,
    SignalWindows,
)
from skl_tot.recordings import Recordings

TRANSFORMERS = [
    FramewiseTransformer(StandardScaler()),
    GapFiller(),
    SignalWindows(5),
    PoseFeatures(n_dims=2, heading=(0, 1)),
]


@pytest.fixture(params=TRANSFORMERS, ids=lambda x: type(x).__name__)
def transformer(request):
    return clone(request.param)


@pytest.fixture
def videos():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, 4)) for n in (7, 5, 12)]


AROUND = "a frame has features of those around it"
EXPECTED_FAILURES = {
    "check_methods_sample_order_invariance": AROUND,
    "check_methods_subset_invariance": AROUND,
}


@parametrize_with_checks(
    [*TRANSFORMERS[:3], FramewiseTransformer(PCA())],
    expected_failed_checks=lambda estimator: (
        EXPECTED_FAILURES if isinstance(estimator, SignalWindows) else {}
    ),
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", TRANSFORMERS[:3])
def test_scikit_learn_check_of_names(estimator):
    check_transformer_get_feature_names_out(type(estimator).__name__, estimator)


def test_not_fitted(transformer, videos):
    for method in ("transform", "get_feature_names_out"):
        if isinstance(transformer, GapFiller) and method != "transform":
            continue
        with pytest.raises(NotFittedError):
            getattr(transformer, method)(videos)


def test_types_stay_and_input_too(transformer, videos):
    small = [video.astype(np.float32) for video in videos]
    before = [video.copy() for video in small]
    for video in small:
        video.flags.writeable = False
    outputs = transformer.fit_transform(small)
    assert {output.dtype for output in outputs} == {np.dtype(np.float32)}
    for video, copy in zip(small, before):
        assert_array_equal(video, copy)


@pytest.mark.filterwarnings("ignore:window is .* but the longest recording")
def test_recordings_keep_names_and_rate(transformer, videos):
    takes = Recordings(videos, ["a", "b", "c"], fps=25)
    outputs = transformer.fit_transform(takes)
    assert isinstance(outputs, Recordings)
    assert (outputs.names, outputs.fps) == (["a", "b", "c"], 25)
    assert_allclose(outputs["b"], transformer.transform(videos)[1])


def test_output_of_pandas_leaves_arrays(transformer, videos):
    with config_context(transform_output="pandas"):
        outputs = transformer.fit_transform(videos)
    assert all(isinstance(output, np.ndarray) for output in outputs)


def test_names_reach_the_model_behind(videos):
    columns = ["a x", "a y", "b x", "b y"]
    frames = [pd.DataFrame(video, columns=columns) for video in videos]
    poses = PoseFeatures(speeds=False)
    model = make_pipeline(GapFiller(), poses, HMMSegmenter(2, max_iter=2)).fit(frames)
    assert model[-1].feature_names_in_.tolist() == columns


def test_clone_and_pickle(transformer, videos):
    transformer.fit(videos)
    assert not hasattr(clone(transformer), "n_features_in_")
    restored = pickle.loads(pickle.dumps(transformer))
    for output, expected in zip(
        restored.transform(videos), transformer.transform(videos)
    ):
        assert_array_equal(output, expected)
    assert b"skl_tot.preprocessing\n" in pickle.dumps(transformer, 0)


@pytest.mark.parametrize(
    "transformer",
    [
        GapFiller(-1),
        GapFiller(True),
        GapFiller(1.5),
        GapFiller(drop_lost=True),
        PoseFeatures(n_dims=4),
        PoseFeatures(heading="nose"),
        PoseFeatures(speeds="all"),
    ],
    ids=repr,
)
def test_bad_parameters(transformer, videos):
    name = type(transformer).__name__
    with pytest.raises(ValueError, match=rf"parameter of {re.escape(name)} must be"):
        transformer.fit(videos)
