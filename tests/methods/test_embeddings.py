"""CTE, VTE and UDE: an embedding that is learned first, and actions in it."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans

from skl_tot.baselines import CTESegmenter, UDESegmenter, VTESegmenter
from skl_tot.baselines.embeddings import ordered_gaussians
from skl_tot.decoding import decode
from skl_tot.metrics import mof_score
from skl_tot.training.batches import later_frames


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


@pytest.mark.parametrize("kind", [CTESegmenter, UDESegmenter])
def test_learns(kind, activity):
    model = quick(kind, max_iter=400).fit(activity[0])
    assert mof_score(activity[1], model.labels_) > 0.7


def test_gaussians_are_those_of_scipy_in_the_order_of_time():
    """Two videos show the clusters at 0, 10 and 20 in the order 10, 20, 0."""
    rng = np.random.default_rng(0)
    parts = [rng.normal(m, 0.5, size=(n, 2)) for n in (12, 20) for m in (10, 20, 0)]
    frames = np.concatenate(parts)
    kmeans = KMeans(3, n_init=5, random_state=0)
    gaussians = ordered_gaussians(frames, [36, 60], kmeans, 0.0)
    for gaussian, place in zip(gaussians, (10, 20, 0), strict=True):
        members = frames[np.abs(frames[:, 0] - place) < 5]
        law = multivariate_normal(members.mean(axis=0), np.cov(members.T, bias=True))
        np.testing.assert_allclose(gaussian.score_samples(frames), law.logpdf(frames))


class TestCTE:
    def test_decodes_its_own_densities(self, fitted, activity):
        model = fitted[CTESegmenter]
        for video, path in zip(model.transform(activity[0]), model.labels_):
            scores = [gaussian.score_samples(video) for gaussian in model.gaussians_]
            np.testing.assert_array_equal(decode(np.transpose(scores), "fixed"), path)


def decoded(model, videos):
    """What the decoder of VTE finds in the embeddings of each video, written out."""
    p = model.network_
    for video, z in zip(videos, model.transform(videos)):
        x = model.scaler_.transform(video)
        added = x @ p["hidden_weight"] + p["hidden_bias"]
        around = 1 / (1 + np.exp(-added)) @ p["decoder_skip_weight"]
        hidden = z @ p["decoder_hidden_weight"] + p["decoder_hidden_bias"]
        hidden = 1 / (1 + np.exp(-hidden))
        found = hidden @ p["decoder_output_weight"] + p["decoder_output_bias"]
        yield around + found


def errors_of_prediction(model, videos, horizon):
    """Mean squared error of the features at a horizon, and their variance."""
    errors, targets = [], []
    for video, found in zip(videos, decoded(model, videos)):
        frames = np.arange(len(video))
        later = later_frames(frames[None, None], np.array([[len(video)]]), horizon)
        target = model.scaler_.transform(video)[later.ravel()]
        errors.append((found - target) ** 2)
        targets.append(target)
    return np.concatenate(errors).mean(), np.concatenate(targets).var(axis=0).mean()


class TestVTE:
    def test_predicts_later_frames_and_not_others(self, activity):
        options = {"prediction_weight": 1.0, "horizon": 60, "max_iter": 600}
        model = quick(VTESegmenter, **options).fit(activity[0])
        then, _ = errors_of_prediction(model, activity[0], 60)
        now, _ = errors_of_prediction(model, activity[0], 1)
        assert then < 0.8 * now

    def test_without_weight_it_is_cte(self, fitted, activity):
        without = quick(VTESegmenter, prediction_weight=0.0).fit(activity[0])
        cte = fitted[CTESegmenter]
        assert without.network_.keys() == cte.network_.keys()
        for name, value in cte.network_.items():
            np.testing.assert_array_equal(value, without.network_[name])
        np.testing.assert_array_equal(without.labels_[0], cte.labels_[0])


class TestUDE:
    def test_decodes_its_own_probabilities(self, fitted, activity):
        model, videos = fitted[UDESegmenter], activity[0]
        probabilities = model.predict_proba(videos)
        triples = zip(model.transform(videos), model.labels_, probabilities)
        for z, path, found in triples:
            scores = z @ model.concepts_.T / model.temperature_
            np.testing.assert_allclose(found, softmax(scores, axis=1), rtol=1e-4)
            expected = decode(log_softmax(scores.astype(float), axis=1), "fixed")
            np.testing.assert_array_equal(expected, path)
