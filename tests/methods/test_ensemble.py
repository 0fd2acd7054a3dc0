"""Several networks that speak with one voice."""

import pickle

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax, logsumexp, softmax

from skl_tot import TemporalOTSegmenter
from skl_tot.extend import Adam
from skl_tot.methods.discriminants import time_order
from skl_tot.methods.networks import code_overlap, group_prototypes
from skl_tot.training.pseudo_labels import log_temporal_prior, sinkhorn

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


def test_shapes(fitted, videos):
    assert fitted.prototypes_.shape == (3, 8, 40)
    assert [x.shape for x in fitted.coefs_] == [(3, 5, 80), (3, 80, 40)]
    assert [x.shape for x in fitted.intercepts_] == [(3, 80), (3, 40)]
    assert fitted.prototype_actions_.shape == (24,)
    for own in np.split(fitted.prototype_actions_, 3):
        assert set(own) == {0, 1, 2, 3}
    video = videos[0]
    assert fitted.transform(video).shape == (len(video), 120)
    assert len(fitted.get_feature_names_out()) == 120
    assert fitted.similarities(video).shape == (len(video), 24)
    assert fitted.log_likelihood(video).shape == (len(video), 4)
    assert len(set(fitted.network_["hidden_bias"][:, 0])) == 3


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


@pytest.mark.parametrize("temperature", [1e-1, 1e-4, 1e-100])
def test_codes_that_vanish_have_a_logarithm(fitted, videos, temperature):
    model = pickle.loads(pickle.dumps(fitted))
    model.temperature_ = temperature
    scores = fitted.similarities(videos[0]).astype(float) / temperature
    log_codes = log_softmax(scores.reshape(-1, 3, 8), axis=2).reshape(scores.shape)
    found = model.log_likelihood(videos[0])
    for k in range(4):
        own = log_codes[:, model.prototype_actions_ == k] - np.log(3)
        np.testing.assert_allclose(found[:, k], logsumexp(own, axis=1), 1e-12, 1e-12)


def test_networks_stand_side_by_side(fitted, videos):
    scores = fitted.similarities(videos[0]).reshape(-1, 3, 8)
    codes = softmax(scores.astype(float) / fitted.temperature_, axis=2)
    expected = compute_codes(fitted, videos[0]).swapaxes(0, 1)
    np.testing.assert_allclose(codes, expected, rtol=1e-3)
    embedded = fitted.transform(videos[0]).reshape(-1, 3, 40)
    products = np.einsum("nre,rpe->nrp", embedded, fitted.prototypes_)
    np.testing.assert_allclose(scores, products, rtol=1e-3)


def test_actions_are_those_of_codes_in_common(fitted, videos):
    codes = []
    for video in videos:
        own = compute_codes(fitted, video) / 3
        codes.append(np.concatenate(list(own), axis=1))
    expected = group_prototypes(code_overlap(codes), 3, 4)
    np.testing.assert_array_equal(fitted.prototype_actions_, expected)


def test_pseudo_labels_are_the_mean_of_their_own(fitted, videos):
    scores = fitted.similarities(videos[0])
    prior = torch.tensor(log_temporal_prior(len(scores), 8, 1.2))
    own = []
    for similarities in np.split(scores, 3, axis=1):
        problem = torch.tensor(similarities).double()
        own.append(sinkhorn(problem, fitted.rho, log_prior=prior).numpy())
    parts = np.eye(4)[fitted.prototype_actions_].reshape(3, 8, 4)
    expected = np.mean(own @ parts, axis=0)
    found = fitted.pseudo_labels(videos[0])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1)


class TestWithoutPrior:
    """Prototypes of each network are sorted by time, among themselves."""

    def test_order(self, videos):
        model = ensemble(prior=None).fit(videos)
        assert model.prototypes_.shape == (3, 8, 40)
        for r in range(3):
            codes = [compute_codes(model, video)[r] for video in videos]
            np.testing.assert_array_equal(time_order(codes), range(8))


class TestGoingOn:
    def test_other_widths_are_refused(self, fitted, videos):
        model = pickle.loads(pickle.dumps(fitted)).set_params(n_actions=5)
        message = r"n_actions \* n_prototypes=8 to n_actions \* n_prototypes=10"
        with pytest.raises(ValueError, match=message):
            model.partial_fit(videos)
        np.testing.assert_array_equal(model.prototypes_, fitted.prototypes_)
        model = pickle.loads(pickle.dumps(fitted)).set_params(network__embedding_size=7)
        with pytest.raises(ValueError, match="embedding_dim=40 to embedding_dim=7"):
            model.partial_fit(videos)
