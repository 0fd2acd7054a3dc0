"""Every mistake gets a one-line error of the right type that names the culprit."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.exceptions import NotFittedError

from skl_tot import TemporalOTSegmenter
from skl_tot.methods.temporal_ot import PAPER

RNG = np.random.default_rng(0)
GOOD = [RNG.normal(size=(n, 5)) for n in (12, 9, 15)]
QUICK = PAPER | {
    "max_iter": 3,
    "freeze_iter": 1,
    "frames_per_video": 8,
    "random_state": 0,
}


def replaced(video, index=2):
    return [*GOOD[:index], video, *GOOD[index + 1 :]]


def spoiled(value):
    video = GOOD[2].copy()
    video[3, 1] = value
    return replaced(video)


# What is passed, the type of the error, and what its one line says.
BAD_VIDEOS = {
    "nan": (spoiled(np.nan), ValueError, "^Video 2: Input X contains NaN"),
    "inf": (spoiled(np.inf), ValueError, "^Video 2: Input X contains infinity"),
    "too wide": (
        replaced(np.ones((4, 6))),
        ValueError,
        "^Video 2: X has 6 features, but TemporalOTSegmenter is expecting 5 features",
    ),
    "too narrow": (
        replaced(np.ones((4, 4)), 1),
        ValueError,
        "^Video 1: X has 4 features, but TemporalOTSegmenter is expecting 5 features",
    ),
    "no videos": ([], ValueError, "^X is an empty list"),
    "no videos in a tuple": ((), ValueError, "^X is an empty tuple"),
    "no videos in an object array": (
        np.empty(0, dtype=object),
        ValueError,
        "^X is an empty object array",
    ),
    "no videos in three dimensions": (np.empty((0, 4, 5)), ValueError, "shape .0, 4"),
    "None": (None, TypeError, "^X is a NoneType"),
    "number": (3, TypeError, "^X is a int"),
    "generator": ((video for video in GOOD), TypeError, "^X is a generator"),
    "empty dict": ({}, ValueError, "^X is an empty dict"),
    "dict of columns": ({"a": np.ones(5)}, ValueError, "^a: Expected 2D array, got 1D"),
    "set": ({1, 2}, TypeError, "^X is a set"),
    "text": ("videos.npy", TypeError, "^X is a str"),
    "list of text": (["a.npy", "b.npy"], TypeError, "list of str. skl_tot.datasets"),
    "video of text": (
        replaced(np.full((4, 5), "1.0")),
        ValueError,
        "^Video 2: X holds text",
    ),
    "video of words as objects": (
        replaced(np.full((4, 5), "walk", dtype=object)),
        ValueError,
        "^Video 2: could not convert string to float",
    ),
    "dates": (
        replaced(np.zeros((4, 5), dtype="datetime64[s]")),
        ValueError,
        "^Video 2: X holds text, dates",
    ),
    "four dimensions": (np.ones((2, 3, 4, 5)), ValueError, "^X has 4 dimensions"),
    "three dimensions in a list": (
        replaced(np.ones((2, 3, 5))),
        ValueError,
        "^Video 2: Expected 2D array, got 3D array",
    ),
    "one dimension": (np.ones(5), ValueError, "^Expected 2D array, got 1D array"),
    "one dimension in a list": (
        replaced(np.ones(5)),
        ValueError,
        "^Video 2: Expected 2D array, got 1D array",
    ),
    "scalar array": (np.array(1.0), ValueError, "^Expected 2D array, got 0D array"),
    "ragged nested lists as one video": (
        [[1.0, 2.0], [1.0]],
        ValueError,
        "^expected a 2-D array .* nested sequence of unequal lengths",
    ),
    "ragged nested lists as a video": (
        replaced([[1.0] * 5, [1.0] * 4]),
        ValueError,
        "^Video 2: expected a 2-D array .* nested sequence of unequal lengths",
    ),
    "None as a video": (replaced(None), ValueError, "^Video 2: Expected 2D array"),
    "masked": (
        replaced(np.ma.masked_array(np.ones((4, 5)), mask=np.eye(4, 5))),
        TypeError,
        "^Video 2: masked arrays",
    ),
    "complex": (
        replaced(np.ones((4, 5)) * 1j),
        ValueError,
        "^Video 2: Complex data not supported",
    ),
    "sparse": (
        replaced(sp.csr_matrix(np.eye(5))),
        TypeError,
        "^Video 2: Sparse data was passed",
    ),
    "one sparse video": (sp.csr_array(np.eye(5)), TypeError, "^Sparse data was passed"),
    "objects": (
        replaced(np.full((4, 5), {}, dtype=object)),
        TypeError,
        "^Video 2: float.. argument must be",
    ),
    "no frames": (
        replaced(np.empty((0, 5))),
        ValueError,
        r"^Video 2: Found array with 0 sample\(s\)",
    ),
    "no features": (
        [np.empty((4, 0))],
        ValueError,
        r"^Video 0: (Found array with 0 feature\(s\)|X has 0 features)",
    ),
    "numbers too large for a float": (
        replaced(np.full((4, 5), 10**400, dtype=object)),
        ValueError,
        "^Video 2: int too large",
    ),
    "complex tensor": (
        replaced(torch.ones(4, 5, dtype=torch.complex64)),
        ValueError,
        "^Video 2: Complex data not supported",
    ),
    "other column names": (
        [pd.DataFrame(GOOD[0], columns=list("abcde"))]
        + [pd.DataFrame(GOOD[1], columns=list("abcdf"))],
        ValueError,
        "^Video 1: The feature names should match",
    ),
    "data frame without columns": (
        replaced(pd.DataFrame(index=range(4))),
        ValueError,
        r"^Video 2: Found a data frame of shape \(4, 0\)",
    ),
    "columns that are no numbers": (
        replaced(pd.DataFrame({c: list("xyz") for c in "abcde"})),
        ValueError,
        "^Video 2: column 'a' holds text, such as 'x', expected numbers; drop it.",
    ),
}
BAD_PARAMETERS = [
    ("n_actions", 0, ValueError),
    ("n_actions", -3, ValueError),
    ("n_actions", 2.5, ValueError),
    ("n_actions", "3", ValueError),
    ("n_actions", None, ValueError),
    ("prior", "time", ValueError),
    ("prior", False, ValueError),
    ("beta", -1.0, ValueError),
    ("background_percentile", 0, ValueError),
    ("background_percentile", 100, ValueError),
    ("embedding_dim", 0, ValueError),
    ("hidden_dim", 0, ValueError),
    ("rho", 0.0, ValueError),
    ("rho", -1.0, ValueError),
    ("rho", np.nan, ValueError),
    ("sigma", 0, ValueError),
    ("temperature", 0, ValueError),
    ("n_sinkhorn_iter", 0, ValueError),
    ("alpha", -0.1, ValueError),
    ("window", 0, ValueError),
    ("frames_per_video", 0, ValueError),
    ("batch_size", 0, ValueError),
    ("max_iter", 0, ValueError),
    ("freeze_iter", -1, ValueError),
    ("learning_rate", 0.0, ValueError),
    ("weight_decay", -1e-4, ValueError),
    ("tol", -1.0, ValueError),
    ("n_iter_no_change", 0, ValueError),
    ("standardize", "batch", ValueError),
    ("standardize", True, ValueError),
    ("warm_start", "yes", ValueError),
    ("device", "tpu", ValueError),
    ("device", 0, ValueError),
    ("random_state", "seed", ValueError),
    ("verbose", "loud", ValueError),
]


def state(model):
    return pickle.dumps(vars(model))


@pytest.fixture(scope="module")
def fitted():
    return TemporalOTSegmenter(3, **QUICK).fit(GOOD)


def check_error(info, model, before):
    assert "\n" not in str(info.value)
    assert state(model) == before


@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict"])
@pytest.mark.parametrize("case", BAD_VIDEOS)
def test_bad_videos(fitted, case, method):
    X, error, message = BAD_VIDEOS[case]
    if case == "other column names" and method != "fit":
        pytest.skip("the estimator was fitted without names")
    if case == "no features" and method != "fit":
        message = "^Video 0: Found array with 0 feature"
    before = state(fitted)
    with pytest.raises(error, match=message) as info:
        getattr(fitted, method)(X)
    check_error(info, fitted, before)


@pytest.mark.parametrize(("name", "value", "error"), BAD_PARAMETERS)
def test_bad_parameters(name, value, error):
    model = TemporalOTSegmenter(3, **QUICK).fit(GOOD).set_params(**{name: value})
    before = state(model)
    with pytest.raises(error, match=name) as info:
        model.fit(GOOD)
    assert str(value).strip("'") in str(info.value)
    check_error(info, model, before)


def test_more_actions_than_frames_in_any_video():
    model = TemporalOTSegmenter(3, **QUICK).fit(GOOD).set_params(n_actions=16)
    before = state(model)
    with pytest.raises(ValueError, match=r"n_actions=16 is more than .*=15\)") as info:
        model.fit(GOOD)
    check_error(info, model, before)


def test_predict_before_fit():
    with pytest.raises(NotFittedError, match="TemporalOTSegmenter"):
        TemporalOTSegmenter().predict(GOOD)


def test_a_failed_first_fit_leaves_an_unfitted_estimator():
    model = TemporalOTSegmenter(3, **QUICK)
    with pytest.raises(ValueError, match="Video 2"):
        model.fit(spoiled(np.nan))
    assert vars(model) == vars(TemporalOTSegmenter(3, **QUICK))


def test_column_names_of_another_fit():
    frames = [pd.DataFrame(video, columns=list("abcde")) for video in GOOD]
    model = TemporalOTSegmenter(3, **QUICK).fit(frames)
    before = state(model)
    other = [frames[0], frames[1].rename(columns={"a": "z"})]
    with pytest.raises(ValueError, match=r"^Video 1: .*- z .*- a$") as info:
        model.predict(other)
    check_error(info, model, before)


def test_interrupted_fit_leaves_the_estimator(monkeypatch):
    model = TemporalOTSegmenter(3, **QUICK).fit(GOOD)
    before = state(model)

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("skl_tot.methods.networks.train", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit([video * 2 for video in GOOD])
    assert state(model) == before


@pytest.mark.parametrize("max_iter", [1, 20])
def test_diverging_fit_leaves_the_estimator(max_iter):
    model = TemporalOTSegmenter(3, **QUICK).fit(GOOD)
    model.set_params(learning_rate=1e38, max_iter=max_iter, freeze_iter=0)
    before = state(model)
    with pytest.raises(ValueError, match=r"(loss|scores).* finite") as info:
        model.fit(GOOD)
    check_error(info, model, before)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "transform", "score", "pseudo_labels"]
)
def test_features_beyond_single_precision(fitted, method):
    before = state(fitted)
    huge = np.array([[1e300, -1e300, 1e300, -1e300, 0.0]] * 8)
    with pytest.raises(
        ValueError, match=r"^Video 1: the scores are not finite"
    ) as info:
        getattr(fitted, method)([GOOD[0], huge])
    check_error(info, fitted, before)


def test_misspelt_device_at_predict(fitted):
    model = pickle.loads(pickle.dumps(fitted)).set_params(device="cudaa")
    with pytest.raises(ValueError, match="device='cudaa' cannot be used"):
        model.predict(GOOD)
