"""CTE, VTE, UDE and ASOT: an embedding that is learned, and actions in it."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.special import log_softmax, softmax
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans
from torch.nn.functional import normalize

from skl_tot.baselines import (
    ASOTSegmenter,
    CTESegmenter,
    UDESegmenter,
    VTESegmenter,
    embeddings,
)
from skl_tot.baselines.embeddings import ordered_gaussians
from skl_tot.decoding import decode
from skl_tot.training.baselines import Prediction
from skl_tot.training.pseudo_labels import StructuredTransport, structured_transport


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


def test_training_agrees_with_a_plain_loop():
    """All frames of all recordings are in each step, so that none is drawn."""
    videos = np.random.default_rng(0).normal(size=(2, 40, 9)).cumsum(axis=1)
    model = ASOTSegmenter(4, order="mostly", max_iter=5, random_state=0)
    model.set_params(standardize=None, optimizer__frames_per_video=40)
    start = model.set_params(optimizer__learning_rate=1e-30).fit(list(videos)).network_
    model.set_params(optimizer__learning_rate=1e-3).fit(list(videos))
    values = [torch.tensor(value, requires_grad=True) for value in start.values()]
    adam = torch.optim.Adam(values, lr=1e-3, weight_decay=1e-4)
    frames = torch.tensor(videos, dtype=torch.float32) / 3  # the root of 9 features
    prior = 0.25 * (torch.arange(40)[:, None] / 40 - torch.arange(4) / 4).abs()
    for expected in model.loss_curve_:
        hidden = torch.relu(frames @ values[0] + values[1])
        cosines = normalize(hidden @ values[2] + values[3], dim=-1) @ values[4].T
        cost = 1 - cosines.detach() + prior
        codes = structured_transport(cost, 0.07, 0.3, 0.04, 0.1)
        loss = -(codes * torch.log_softmax(cosines / 0.1, -1)).sum(-1).mean()
        np.testing.assert_allclose(loss.item(), expected, rtol=1e-3)
        adam.zero_grad()
        loss.backward()
        adam.step()
        values[4].data = normalize(values[4].data)


def test_transport_of_training_and_of_prediction(activity):
    """Radius and iterations are those of training; the weights are the authors'."""
    transport = StructuredTransport(epsilon=0.1, radius=0.2, n_iter=3)
    model = ASOTSegmenter(4, transport=transport, max_iter=9, random_state=0)
    video = activity[0][0]
    cosines = model.fit(activity[0]).similarities(video)
    for settings, found in (
        ((0.1, 0.3, 0.2, 0.1), model.pseudo_labels(video)),
        ((0.04, 0.6, 0.2, 0.01), model.predict_proba(video)),
    ):
        times = np.arange(len(cosines)) / len(cosines)
        cost = 1 - cosines + 0.25 * np.abs(times[:, None] - np.arange(4) / 4)
        codes = structured_transport(
            torch.from_numpy(cost)[None].double(), *settings, n_iter=3
        )[0].numpy()
        own = np.argsort(model.prototype_actions_)
        np.testing.assert_allclose(found, codes[:, own], atol=1e-5)
