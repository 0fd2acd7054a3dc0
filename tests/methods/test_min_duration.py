"""Segmenters whose segments last at least so long."""

import numpy as np
import pytest

from skl_tot import HMMSegmenter
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
