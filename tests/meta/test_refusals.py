"""Refusals of estimators that own estimators: one line, and a fit stays as it is."""

import joblib
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skl_tot import (
    AutoSegmenter,
    CyclicSegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    TemporalOTSegmenter,
    choose_n_actions,
    rate_trust,
)
from skl_tot.baselines import EqualPartsSegmenter
from skl_tot.io import save_model

RNG = np.random.default_rng(0)
FRAMES = 3 * np.eye(3)[np.tile(np.repeat([0, 1, 2], 5), 4)] + RNG.normal(size=(60, 3))
SHORT, GAP = np.zeros((9, 2)), np.full((60, 3), np.nan)
EQUAL = EqualPartsSegmenter(2).fit([FRAMES])


@pytest.fixture(scope="module")
def fitted():
    return CyclicSegmenter(3, estimator=HMMSegmenter()).fit(FRAMES)


@pytest.mark.parametrize(
    "parameters",
    [
        {"decoding": "free"},
        {"n_actions": 2000},
        {"n_actions": 30},  # more than the frames of a cycle
        {"estimator": HMMSegmenter(max_iter=0)},
        {"estimator": EqualPartsSegmenter()},  # has no scores
        {"estimator": "hmm"},
        {"estimator": KMeans()},
    ],
)
def test_a_fit_of_cycles_stays(fitted, parameters):
    before = fitted.get_params(deep=False)
    fitted.set_params(**parameters)
    state = joblib.hash(fitted)
    with pytest.raises((TypeError, ValueError)) as error:
        fitted.fit(FRAMES)
    assert "\n" not in str(error.value)
    assert joblib.hash(fitted) == state
    fitted.set_params(**before)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: AutoSegmenter(3).fit([FRAMES, GAP]), ValueError),
        (lambda: AutoSegmenter(3).predict([FRAMES]), NotFittedError),
        (lambda: save_model(AutoSegmenter(3), "model.skops"), NotFittedError),
        (lambda: choose_n_actions(AutoSegmenter(), [SHORT]), NotFittedError),
        (lambda: rate_trust(EQUAL, [FRAMES], [[0], [1]]), ValueError),
    ],
)
def test_others(call, kind):
    with pytest.raises(kind):
        call()


@pytest.mark.parametrize("inner", [SemiSupervisedSegmenter(), AutoSegmenter(3)])
@pytest.mark.parametrize("kind", [SemiSupervisedSegmenter, CyclicSegmenter])
def test_what_no_estimator_owns(kind, inner):
    inner = make_pipeline(FunctionTransformer(), inner)
    with pytest.raises(TypeError, match=r"^estimator is '.*', expected .*HMMSegmenter"):
        kind(estimator=inner).fit(FRAMES, np.repeat([0, 1], 30))


@pytest.mark.parametrize("kind", [TemporalOTSegmenter, HMMSegmenter])
def test_no_other_estimator_looks(kind):
    said = r"'order' parameter .*AutoSegmenter chooses an order.* Got 'auto'"
    with pytest.raises(ValueError, match=said):
        kind(3, order="auto").fit([SHORT])
