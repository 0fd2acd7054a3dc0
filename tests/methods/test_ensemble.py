"""Several networks that speak with one voice."""

import pickle

import numpy as np
import pytest
from scipy.special import expit, softmax

from skl_tot import TemporalOTSegmenter
from skl_tot.extend import Adam

N_NETWORKS, N_ACTIONS, N_PARTS = 3, 4, 2


def ensemble(**params):
    optimizer = Adam(freeze_iter=5, frames_per_video=16)
    fixed = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
    fixed["order"] = "mostly"
    params = {"n_networks": N_NETWORKS, "n_prototypes": N_PARTS} | fixed | params
    return TemporalOTSegmenter(N_ACTIONS, **params)


@pytest.fixture(scope="module")
def videos(activity):
    return activity[0]


@pytest.fixture(scope="module")
def fitted(videos):
    return ensemble().fit(videos)


def compute_codes(model, video):
    """Codes (n_networks, n_frames, n_prototypes) of each network, by hand."""
    frames = model.scaler_.transform(video)
    codes = []
    for r in range(N_NETWORKS):
        own = {name: value[r].astype(float) for name, value in model.network_.items()}
        hidden = expit(frames @ own["hidden_weight"] + own["hidden_bias"])
        embedded = expit(hidden @ own["output_weight"] + own["output_bias"])
        scores = embedded @ own["prototypes"].T
        codes.append(softmax(scores / model.temperature_, axis=1))
    return np.array(codes)


def test_log_likelihood_is_that_of_the_mean_of_codes(fitted, videos):
    """Of each action the codes of its parts, of all networks."""
    parts = np.eye(4)[fitted.prototype_actions_].reshape(3, 8, 4)
    for video, found in zip(videos, fitted.log_likelihood(videos)):
        codes = compute_codes(fitted, video)
        expected = np.mean(codes @ parts, axis=0)
        np.testing.assert_allclose(expected.sum(axis=1), 1)
        np.testing.assert_allclose(np.exp(found), expected, rtol=1e-3)
    proba = fitted.predict_proba(videos[0])
    np.testing.assert_allclose(proba, np.exp(fitted.log_likelihood(videos[0])))


def test_networks_stand_side_by_side(fitted, videos):
    scores = fitted.similarities(videos[0]).reshape(-1, 3, 8)
    codes = softmax(scores.astype(float) / fitted.temperature_, axis=2)
    expected = compute_codes(fitted, videos[0]).swapaxes(0, 1)
    np.testing.assert_allclose(codes, expected, rtol=1e-3)
    embedded = fitted.transform(videos[0]).reshape(-1, 3, 40)
    products = np.einsum("nre,rpe->nrp", embedded, fitted.prototypes_)
    np.testing.assert_allclose(scores, products, rtol=1e-3)


def test_codes_that_vanish_have_a_logarithm(fitted, videos):
    model = pickle.loads(pickle.dumps(fitted))
    model.temperature_ = 1e-100
    log_likelihood = model.log_likelihood(videos[0])
    assert np.isfinite(log_likelihood).all()
    codes = fitted.similarities(videos[0]).reshape(-1, 3, 8).argmax(axis=2)
    nearest = fitted.prototype_actions_.reshape(3, 8)[0][codes[:, 0]]
    assert (log_likelihood[np.arange(len(codes)), nearest] > -1e90).all()
