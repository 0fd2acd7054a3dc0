"""CTE, VTE and UDE: an embedding that is learned first, and actions in it."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans

from skl_tot.baselines import CTESegmenter, UDESegmenter, VTESegmenter
from skl_tot.baselines.embeddings import order_in_time, ordered_gaussians
from skl_tot.decoding import decode
from skl_tot.metrics import mof_score
from skl_tot.training.batches import later_frames
from skl_tot.training.terms import Prediction


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


each_kind = pytest.mark.parametrize("kind", [CTESegmenter, VTESegmenter, UDESegmenter])


class TestAll:
    @each_kind
    def test_learns(self, kind, activity):
        model = quick(kind, max_iter=600).fit(activity[0])
        assert mof_score(activity[1], model.labels_) > 0.7

    @each_kind
    def test_attributes_and_paths(self, kind, fitted, activity):
        model = fitted[kind]
        assert model.n_iter_ == len(model.loss_curve_) == 30
        assert not hasattr(model, "prototypes_")
        assert model.transform(activity[0])[0].shape == (len(activity[0][0]), 40)
        for path, own in zip(model.predict(activity[0]), model.labels_):
            np.testing.assert_array_equal(path, own)
            assert (np.diff(path) >= 0).all()
            assert set(path) == {0, 1, 2, 3}


class TestOrderedGaussians:
    @pytest.fixture
    def frames(self):
        """Two videos that show the clusters at 0, 10 and 20 in the order 10, 20, 0."""
        rng = np.random.default_rng(0)
        return np.concatenate(
            [rng.normal(m, 0.5, size=(n, 2)) for n in (12, 20) for m in (10, 20, 0)]
        )

    def test_order_is_that_of_time(self, frames):
        gaussians = ordered_gaussians(frames, [36, 60], KMeans(3, n_init=5), 1e-6)
        means = [gaussian.means_[0, 0] for gaussian in gaussians]
        np.testing.assert_allclose(means, [10, 20, 0], atol=0.5)

    def test_densities_equal_scipy(self, frames):
        kmeans = KMeans(3, n_init=5, random_state=0)
        gaussians = ordered_gaussians(frames, [36, 60], kmeans, 0.0)
        for gaussian in gaussians:
            cluster = kmeans.predict(gaussian.means_)[0]
            members = frames[kmeans.labels_ == cluster]
            expected = multivariate_normal(
                members.mean(axis=0), np.cov(members.T, bias=True)
            ).logpdf(frames)
            np.testing.assert_allclose(gaussian.score_samples(frames), expected)

    def test_cluster_of_one_frame_is_as_wide_as_all(self):
        frames = np.array([[0.0], [0.1], [0.2], [9.0]])
        last = ordered_gaussians(frames, [4], KMeans(2, n_init=5), 1e-6)[1]
        assert last.covariances_.item() == pytest.approx(np.var(frames), rel=1e-3)


class TestCTE:
    def test_decodes_its_own_densities(self, fitted, activity):
        model = fitted[CTESegmenter]
        for video, path in zip(model.transform(activity[0]), model.labels_):
            scores = [gaussian.score_samples(video) for gaussian in model.gaussians_]
            np.testing.assert_array_equal(decode(np.transpose(scores), "fixed"), path)

    def test_learns_time(self, activity):
        model = quick(CTESegmenter, max_iter=600).fit(activity[0])
        assert model.loss_curve_[-1] < 1 / 24  # half the variance of uniform times


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

    def test_loss_is_that_of_both_terms(self, fitted):
        # before the first step all but nothing is known of time and features
        model = fitted[VTESegmenter]
        expected = 1 / 3 + model.prediction_weight
        assert model.loss_curve_[0] == pytest.approx(expected, abs=0.05)
        assert model._terms()[1].lag == model.horizon
        shapes = Prediction(1.0, 1).shapes(
            {"n_features": 5, "hidden_dim": 80, "embedding_dim": 40}
        )
        for name, shape in shapes.items():
            assert model.network_[name].shape == tuple(shape.values())

    def test_without_weight_it_is_cte(self, fitted, activity):
        without = quick(VTESegmenter, prediction_weight=0.0).fit(activity[0])
        cte = fitted[CTESegmenter]
        assert without.network_.keys() == cte.network_.keys()
        for name, value in cte.network_.items():
            np.testing.assert_array_equal(value, without.network_[name])
        np.testing.assert_array_equal(without.labels_[0], cte.labels_[0])


class TestUDE:
    def test_reconstructs_before_there_are_concepts(self, activity):
        model = quick(UDESegmenter, max_iter=400, reconstruction_iter=399)
        curve = model.fit(activity[0]).loss_curve_
        assert len(curve) == 400
        assert np.mean(curve[350:399]) < 0.5 * curve[0]
        assert curve[399] > curve[398] + 0.2  # of a contrast with hundreds of frames

    def test_concepts_are_learned(self, activity):
        curve = quick(UDESegmenter, max_iter=600).fit(activity[0]).loss_curve_
        assert np.mean(curve[-20:]) < np.mean(curve[300:320])

    def test_decodes_its_own_probabilities(self, fitted, activity):
        model, videos = fitted[UDESegmenter], activity[0]
        probabilities = model.predict_proba(videos)
        for z, path, found in zip(
            model.transform(videos), model.labels_, probabilities
        ):
            scores = z @ model.concepts_.T / model.temperature_
            np.testing.assert_allclose(found, softmax(scores, axis=1), rtol=1e-4)
            expected = decode(log_softmax(scores.astype(float), axis=1), "fixed")
            np.testing.assert_array_equal(expected, path)

    def test_concepts_are_in_the_order_of_time(self, activity):
        """Of the frames nearest to them; the fit has put them there."""
        for seed in range(3):
            model = quick(UDESegmenter, random_state=seed, max_iter=100)
            scores = model.fit(activity[0]).log_likelihood(activity[0])
            nearest = [own.argmax(axis=1) for own in scores]
            assert order_in_time(nearest, 4).tolist() == [0, 1, 2, 3]

    @pytest.mark.parametrize(
        "options",
        [{"reconstruction_iter": 30}, {"reconstruction_iter": 10**9}, {"max_iter": 1}],
    )
    def test_concepts_start_at_centres_of_clusters(self, activity, options):
        model = quick(UDESegmenter, **options).fit(activity[0])
        frames = np.concatenate(model.transform(activity[0])).astype("f4")
        centres = KMeans(4, n_init=10, random_state=0).fit(frames).cluster_centers_
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        distances = np.linalg.norm(centres[:, None] - model.concepts_, axis=2)
        np.testing.assert_allclose(distances.min(axis=0), 0, atol=0.02)
        assert len(set(distances.argmin(axis=0))) == 4

    def test_without_weight_concepts_stay(self, activity):
        options = {"reconstruction_iter": 20, "concept_weight": 0.0}
        concepts = []
        for n_steps in (20, 60):
            model = quick(UDESegmenter, max_iter=n_steps, **options)
            model.set_params(optimizer__weight_decay=0.0)
            concepts.append(model.fit(activity[0]).concepts_)
        distances = np.linalg.norm(concepts[0][:, None] - concepts[1], axis=2)
        np.testing.assert_allclose(distances.min(axis=0), 0, atol=1e-6)
