"""CTE, VTE and UDE: an embedding that is learned first, and actions in it."""

from functools import partial

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans

from skl_tot.baselines import CTESegmenter, UDESegmenter, VTESegmenter, embeddings
from skl_tot.baselines.embeddings import ordered_gaussians
from skl_tot.decoding import decode
from skl_tot.training.baselines import Prediction


def quick(kind, n_actions=4, **params):
    """A segmenter of a few steps with 32 frames of a video each."""
    defaults = {"max_iter": 30, "random_state": 0, "optimizer__frames_per_video": 32}
    if kind is not UDESegmenter:
        defaults["n_init"] = 1
    return kind(n_actions).set_params(**(defaults | params))


@pytest.fixture(scope="module")
def fitted(activity):
    kinds = CTESegmenter, VTESegmenter, UDESegmenter
    return {kind: quick(kind).fit(activity[0]) for kind in kinds}


def test_gaussians_are_those_of_scipy_in_the_order_of_time():
    """Two videos show the clusters at 0, 10 and 20 in the order 10, 20, 0."""
    rng = np.random.default_rng(0)
    parts = [rng.normal(m, 0.5, size=(n, 2)) for n in (12, 20) for m in (10, 20, 0)]
    frames = np.concatenate(parts)
    kmeans = KMeans(3, n_init=5, random_state=0)
    gaussians = ordered_gaussians(frames, [36, 60], kmeans)
    for gaussian, place in zip(gaussians, (10, 20, 0), strict=True):
        members = frames[np.abs(frames[:, 0] - place) < 5]
        covariance = np.cov(members.T, bias=True) + 1e-6 * np.eye(2)
        law = multivariate_normal(members.mean(axis=0), covariance)
        np.testing.assert_allclose(gaussian.score_samples(frames), law.logpdf(frames))


def test_cte_decodes_its_own_densities(fitted, activity):
    model = fitted[CTESegmenter]
    for video, path in zip(model.transform(activity[0]), model.labels_):
        scores = [gaussian.score_samples(video) for gaussian in model.gaussians_]
        np.testing.assert_array_equal(decode(np.transpose(scores), "fixed"), path)


def test_vte_without_weight_is_cte(fitted, activity, monkeypatch):
    monkeypatch.setattr(embeddings, "Prediction", partial(Prediction, weight=0.0))
    without = quick(VTESegmenter).fit(activity[0])
    cte = fitted[CTESegmenter]
    assert without.network_.keys() == cte.network_.keys()
    for name, value in cte.network_.items():
        np.testing.assert_array_equal(value, without.network_[name])
    np.testing.assert_array_equal(without.labels_[0], cte.labels_[0])


def test_ude_decodes_its_own_probabilities(fitted, activity):
    model, videos = fitted[UDESegmenter], activity[0]
    probabilities = model.predict_proba(videos)
    triples = zip(model.transform(videos), model.labels_, probabilities)
    for z, path, found in triples:
        scores = z @ model.concepts_.T / model.temperature_
        np.testing.assert_allclose(found, softmax(scores, axis=1), rtol=1e-4)
        expected = decode(log_softmax(scores.astype(float), axis=1), "fixed")
        np.testing.assert_array_equal(expected, path)
