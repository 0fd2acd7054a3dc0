"""Segmenters whose segments last at least so long."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skl_tot import (
    ActivitySegmenter,
    AutoSegmenter,
    CyclicSegmenter,
    GuidedSegmenter,
    HMMSegmenter,
)
from skl_tot.datasets import make_activities
from skl_tot.decoding import decode, path_posterior
from skl_tot.recordings import Recordings


@pytest.fixture(scope="module")
def frames():
    return make_activities(4, 3, n_features=4, mean_length=60, random_state=0)[0]


@pytest.fixture(scope="module")
def recordings(frames):
    return Recordings(frames, fps=10)


def hmm(**parameters):
    own = {"decoding": "free", "switch_cost": 0.0, "n_components": None, "max_iter": 3}
    return HMMSegmenter(3, **(own | parameters))


def shortest(path):
    return np.diff(np.flatnonzero(np.diff(path, prepend=-9, append=-9))).min()


def test_seconds_where_there_is_a_rate(frames, recordings):
    assert hmm().fit(frames).min_frames_ == 1
    for duration, of_frames, of_seconds in (
        (0.7, 1, 7),
        (0.71, 1, 8),
        (3, 3, 30),
        (2.5, 3, 25),
        (1e-9, 1, 1),
    ):
        model = hmm(min_duration=duration)
        assert model.fit(frames).min_frames_ == of_frames
        assert model.fit(recordings).min_frames_ == of_seconds


def test_paths_and_posteriors(recordings):
    model = hmm(min_duration=0.8).fit(recordings)
    paths, found = model.predict(recordings), model.predict_posterior(recordings)
    assert min(map(shortest, hmm().fit(recordings).labels_.values())) == 1
    b, kappa = model.confidence_["tempering"], model.confidence_["agreement"]
    for name, scores in model.log_likelihood(recordings).items():
        expected = decode(scores, "free", min_frames=8)
        np.testing.assert_array_equal(paths[name], expected)
        np.testing.assert_array_equal(model.labels_[name], expected)
        assert shortest(expected) >= 8
        exact = path_posterior(b * scores, "free", min_frames=8)
        np.testing.assert_allclose(found[name], kappa * exact + (1 - kappa) / 3)
    path = model.predict(recordings[:1], transcripts=[[2, 0]])[0]
    assert path[0] == 2
    assert shortest(path) >= 8


@pytest.mark.parametrize("value", [0, -1.0, np.nan, "2 s", 1e300])
def test_bad_values(frames, value):
    with pytest.raises(ValueError, match="'min_duration' parameter of HMMSegmenter"):
        hmm(min_duration=value).fit(frames)


@pytest.fixture(scope="module")
def cycles(frames):
    return Recordings([np.tile(frames[0], (12, 1))], fps=10)


INNER = hmm(min_duration=0.8)


@pytest.mark.parametrize(
    "model",
    [
        CyclicSegmenter(3, estimator=INNER, random_state=0),
        AutoSegmenter(3, candidates=[("hmm", INNER)]),
        ActivitySegmenter(INNER, 1),
    ],
    ids=lambda model: type(model).__name__,
)
def test_estimators_of_estimators_know_the_rate(cycles, model):
    """Seconds are seconds inside of them, too."""
    model.fit(cycles)
    inner = model.estimator_ if hasattr(model, "estimator_") else model.estimators_[0]
    assert inner.min_frames_ == 8
    if not isinstance(model, AutoSegmenter):  # which votes
        assert shortest(model.predict(cycles)[0]) >= 8
    if isinstance(model, CyclicSegmenter):
        assert model.set_params(min_duration=2.0).min_frames_ == 20


def test_guidance_goes_by_the_rate_of_what_it_guides(frames, recordings):
    inner = FrozenEstimator(hmm(min_duration=0.8).fit(recordings))
    known = [np.resize([0, 1, 2], len(frames[0])), None, None, None]
    model = GuidedSegmenter(inner).fit(frames, known)
    assert min(map(shortest, model.predict(frames))) >= 8
