"""Refusals of fits and predictions: one line that names it; models stay as before."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError

from skl_tot import HMMSegmenter, TemporalOTSegmenter, choose_n_actions
from skl_tot.extend import Adam

RNG = np.random.default_rng(0)
GOOD = [RNG.normal(size=(n, 5)) for n in (12, 9, 15)]


def quick(n_actions=3, **params):
    optimizer = Adam(freeze_iter=1, frames_per_video=8)
    fixed = {"max_iter": 3, "optimizer": optimizer, "random_state": 0}
    return TemporalOTSegmenter.paper(n_actions, **fixed).set_params(**params)


def last(video):
    """Recordings of which the last is this one."""
    return [*GOOD[:2], video]


def spoiled(value):
    video = GOOD[2].copy()
    video[3, 1] = value
    return last(video)


FRAME = pd.DataFrame(GOOD[2], columns=list("abcde"))
# each refused recording, and the words that name the place
BAD_RECORDINGS = [
    (spoiled(np.nan), "^Recording 2: .* NaN in frame 3, column 1"),
    (last(sp.csr_matrix(np.eye(5))), "^Recording 2: "),
    (last(FRAME.assign(a="x")), "^Recording 2: column 'a'"),
    ([], "^X "),
    ((video for video in GOOD), "^X "),
    (["a.npy", "b.npy"], "read_recordings"),
]
BAD_PARAMETERS = [
    ("n_actions", 0),
    ("n_actions", 16),  # frames of no recording
    ("rho", np.nan),
    ("prior__sigma", 0),
    ("network__temperature", 0),
    ("switch_cost", True),
    ("device", "tpu"),
    ("random_state", "seed"),
]
BAD_NUMBERS = [
    (3, None),
    (HMMSegmenter(), 4),
    (HMMSegmenter(), [0, 2]),
    (HMMSegmenter(), "24"),
    (HMMSegmenter(), [True]),
    (HMMSegmenter(), [999]),
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


@pytest.mark.parametrize(("estimator", "numbers"), BAD_NUMBERS)
def test_numbers(estimator, numbers):
    with pytest.raises((TypeError, ValueError)):
        choose_n_actions(estimator, GOOD, numbers)


def test_predictions_before_a_fit():
    model = quick()
    with pytest.raises(NotFittedError, match="TemporalOTSegmenter"):
        TemporalOTSegmenter().predict(GOOD)
    for name in ("decoder_", "min_frames_"):
        with pytest.raises(NotFittedError, match="TemporalOTSegmenter"):
            getattr(TemporalOTSegmenter(min_duration=2), name)
    with pytest.raises(ValueError, match="Recording 2"):
        model.fit(spoiled(np.nan))
    assert str(vars(model)) == str(vars(quick()))
    with pytest.raises(ValueError, match="expected a number for partial_fit"):
        model.set_params(n_actions="auto").partial_fit(GOOD)


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
