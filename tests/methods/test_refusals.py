"""Refusals of fits and predictions: one line that names it; models stay as before."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from sklearn.exceptions import NotFittedError

from skl_tot import HMMSegmenter, TemporalOTSegmenter, baselines, choose_n_actions
from skl_tot.extend import MLP, Adam

RNG = np.random.default_rng(0)
GOOD = [RNG.normal(size=(n, 5)) for n in (12, 9, 15)]


def quick(n_actions=3, **params):
    optimizer = Adam(freeze_iter=1, frames_per_video=8)
    fixed = {"max_iter": 3, "optimizer": optimizer, "random_state": 0}
    return baselines.paper(n_actions, **fixed).set_params(**params)


def last(video):
    """Recordings of which the last is this one."""
    return [*GOOD[:2], video]


def spoiled(value):
    video = GOOD[2].copy()
    video[3, 1] = value
    return last(video)


FRAME = pd.DataFrame(GOOD[2], columns=list("abcde"))
DAYS = pd.to_datetime("2020-01-01") + pd.to_timedelta(range(15))
SECOND = "^Recording 2: "
BAD_RECORDINGS = [
    (
        spoiled(np.nan),
        SECOND + "Input X contains NaN in frame 3, column 1, and in 1.33%",
    ),
    (spoiled(np.inf), SECOND + "Input X contains infinity"),
    (last(np.ones((4, 6))), SECOND + "X has 6 features, but Temporal.* is expecting 5"),
    ([], "^X is an empty list"),
    (np.empty(0, dtype=object), "^X is an empty object array"),
    (np.empty((0, 4, 5)), "shape .0, 4"),
    (None, "^X is a NoneType"),
    ((video for video in GOOD), "^X is a generator"),
    ({"a": np.ones(5)}, "^a: Expected 2D array, got 1D"),
    (["a.npy", "b.npy"], r"recordings\.open_features\(paths\)"),
    (last(np.full((4, 5), "1.0")), SECOND + "X holds text"),
    (last(np.full((4, 5), "walk", dtype=object)), SECOND + "could not convert string"),
    (last(np.zeros((4, 5), dtype="datetime64[s]")), SECOND + "X holds text, dates"),
    (np.ones((2, 3, 4, 5)), "^X has 4 dimensions"),
    (last(np.ones((2, 3, 5))), SECOND + "Expected 2D array, got 3D array"),
    (np.array(1.0), "^Expected 2D array, got 0D array"),
    ([[1.0, 2.0], [1.0]], "^expected a 2-D array .* lists of unequal lengths"),
    (last(np.ma.masked_array(GOOD[2], mask=GOOD[2] > 0)), SECOND + "masked arrays"),
    (last(np.ones((4, 5)) * 1j), SECOND + "Complex data not supported"),
    (last(sp.csr_matrix(np.eye(5))), SECOND + "Sparse data was passed"),
    (last(np.empty((0, 5))), SECOND + r"Found array with 0 sample\(s\)"),
    (last(np.full((4, 5), 10**400, dtype=object)), SECOND + "int too large"),
    (last(torch.ones(4, 5, dtype=torch.complex64)), SECOND + "Complex data"),
    (
        last(pd.DataFrame(index=range(4))),
        SECOND + r"Found a data frame of shape \(4, 0",
    ),
    (
        last(FRAME.assign(a="x")),
        SECOND + "column 'a' holds 'x', .* drop it",
    ),
    (
        last(FRAME.assign(a=DAYS)),
        SECOND + r"column 'a' holds datetime64.* expected numbers",
    ),
]
BAD_PARAMETERS = [
    ("n_actions", 0),
    ("n_actions", 2.5),
    ("n_actions", True),
    ("n_actions", "many"),
    ("n_actions", 16),  # frames of no recording
    ("max_iter", True),
    ("rho", 0.0),
    ("rho", np.nan),
    ("alpha", -0.1),
    ("prior", "time"),
    ("prior__sigma", 0),
    ("network__temperature", 0),
    ("transport__n_iter", 0),
    ("optimizer__batch_size", 0),
    ("optimizer__freeze_iter", -1),
    ("optimizer__learning_rate", 0.0),
    ("background_percentile", 100),
    ("switch_cost", True),
    ("min_duration", 0),
    ("standardize", True),
    ("device", "tpu"),
    ("random_state", "seed"),
    ("random_state", True),
    ("verbose", "loud"),
]
BAD_OTHERS = [
    (HMMSegmenter(3, covariance="none"), "covariance"),
    (HMMSegmenter(3, reg_covar=1e-9), "reg_covar"),
    (HMMSegmenter(3, n_components=True), "n_components is True, expected a number"),
    (baselines.CTESegmenter(3, order="free"), "'free' needs .* or AutoSegmenter"),
    (baselines.CTESegmenter(3, network=MLP(0)), "hidden_size"),
    (baselines.VTESegmenter(3, horizon=1.5), "horizon"),
    (baselines.UDESegmenter(3, reconstruction_iter=1.0), "reconstruction_iter"),
    (baselines.MallowSegmenter(3, shrinkage=0), "shrinkage"),
    (baselines.ASALSegmenter(3, tol=-1), "tol"),
    (baselines.FrankWolfeSegmenter(3, n_corners=True), "n_corners is True"),
]
BAD_NUMBERS = [
    (3, None, "expected a segmenter"),
    (HMMSegmenter(), 4, "numbers is 4, expected several integers"),
    (HMMSegmenter(), "24", "numbers is '24'"),
    (HMMSegmenter(), np.array(2), "expected several integers"),
    (HMMSegmenter(), [0, 2], "an entry of numbers is 0, expected an integer from 1"),
    (HMMSegmenter(), [2.5], "is 2.5, expected"),
    (HMMSegmenter(), [True], "is True, expected"),
    (HMMSegmenter(), [], "expected integers up to"),
    (HMMSegmenter(), [999], "expected integers up to"),
]


def state(model):
    return pickle.dumps(vars(model))


def check_refusal(model, call, words):
    before = state(model)
    with pytest.raises((TypeError, ValueError), match=words) as info:
        call()
    assert "\n" not in str(info.value)
    assert state(model) == before


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(GOOD)


@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict"])
@pytest.mark.parametrize(("X", "words"), BAD_RECORDINGS)
def test_recordings(fitted, X, words, method):
    check_refusal(fitted, lambda: getattr(fitted, method)(X), words)


@pytest.mark.parametrize(("name", "value"), BAD_PARAMETERS)
def test_parameters(name, value):
    model = quick().fit(GOOD).set_params(**{name: value})
    words = f"{name.partition('__')[2] or name}.*{value}"
    check_refusal(model, lambda: model.fit(GOOD), words)


@pytest.mark.parametrize(("model", "words"), BAD_OTHERS)
def test_parameters_of_other_methods(model, words):
    check_refusal(model, lambda: model.fit(GOOD), words)


@pytest.mark.parametrize(("estimator", "numbers", "words"), BAD_NUMBERS)
def test_numbers(estimator, numbers, words):
    with pytest.raises((TypeError, ValueError), match=words):
        choose_n_actions(estimator, GOOD, numbers)


def test_flags_are_no_numbers_and_stay():
    assert quick(verbose=False).fit(GOOD).n_actions_ == 3


def test_predictions_before_a_fit():
    model = quick()
    with pytest.raises(NotFittedError, match="TemporalOTSegmenter"):
        TemporalOTSegmenter().predict(GOOD)
    for name in ("decoding_", "decoder_", "min_frames_"):
        with pytest.raises(NotFittedError, match="TemporalOTSegmenter"):
            getattr(TemporalOTSegmenter(min_duration=2), name)
    with pytest.raises(ValueError, match="Recording 2"):
        model.fit(spoiled(np.nan))
    assert str(vars(model)) == str(vars(quick()))
    with pytest.raises(ValueError, match="expected a number for partial_fit"):
        model.set_params(n_actions="auto").partial_fit(GOOD)


def test_column_names_of_another_fit():
    frames = [pd.DataFrame(video, columns=list("abcde")) for video in GOOD]
    model = quick().fit(frames)
    other = [frames[0], frames[1].rename(columns={"a": "z"})]
    words = r"^Recording 1: .*- z .*- a$"
    check_refusal(model, lambda: model.predict(other), words)
    with pytest.warns(UserWarning, match="does not have valid feature names") as found:
        model.predict(GOOD)
    assert len(found) == 1
    assert found[0].filename == __file__


def test_interrupted_and_diverging_fits_leave_the_estimator(monkeypatch):
    model = quick().fit(GOOD)
    model.set_params(optimizer__learning_rate=1e38, optimizer__freeze_iter=0)
    check_refusal(model, lambda: model.fit(GOOD), r"(loss|scores).* finite")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    before = state(model)
    monkeypatch.setattr("skl_tot.methods.networks.train", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit([video * 2 for video in GOOD])
    assert state(model) == before


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("method", ["predict", "transform", "score", "pseudo_labels"])
def test_features_beyond_single_precision(fitted, method):
    huge = np.array([[1e300, -1e300, 1e300, -1e300, 0.0]] * 8)
    words = "^Recording 1: the scores are not finite"
    check_refusal(fitted, lambda: getattr(fitted, method)([GOOD[0], huge]), words)


@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_predict", "score"])
def test_labels_of_other_recordings(fitted, method):
    call = getattr(fitted if method == "score" else quick(), method)
    labels = [np.zeros(len(video)) for video in GOOD]
    for X, y, words in [
        (GOOD, labels[:2], "y is of 2 recordings, expected 3"),
        (GOOD, [*labels[:2], labels[0]], "^Recording 2: y has 12 labels, X has 15 fr"),
        (GOOD[0], [0, 1, 2], "^y has 3 labels, X has 12 frames"),
        (GOOD, 3, "y is .*, expected labels of each"),
    ]:
        with pytest.raises((TypeError, ValueError), match=words):
            call(X, y)


def test_a_clock_among_the_features():
    clocks = [np.c_[video, np.arange(len(video)) / 30] for video in GOOD]
    frames = [pd.DataFrame(clock, columns=[*"abcde", "time"]) for clock in clocks]
    for X, words in ((clocks, r"Columns \[5\]"), (frames, r"Columns \['time'\]")):
        with pytest.warns(UserWarning, match=words + " of X grow steadily"):
            quick().fit(X)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Columns")
        quick().fit([*clocks[:-1], clocks[-1].round(0)])  # not in every recording


@pytest.mark.parametrize(("changes", "n_bytes"), [({}, 250), ({"n_networks": 3}, 300)])
def test_a_long_recording_takes_little_memory(monkeypatch, changes, n_bytes):
    """A path needs bytes of each frame, no arrays of scores besides the likelihood."""
    n_frames = 50_000
    monkeypatch.setattr("skl_tot.recordings.container.BLOCK_BYTES", 2**18)
    model = quick(decoding="skip", **changes).fit(GOOD)
    long = RNG.normal(size=(n_frames, 5)).astype(np.float32)
    model.predict(long[:100])
    tracemalloc.start()
    model.predict(long)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < n_bytes * n_frames
