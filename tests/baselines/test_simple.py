"""The simplest answers, against scikit-learn and their definitions."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import OnlinePrediction, corrections
from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.decoding import decode
from skl_tot.metrics import mof_score, segment_f1_score


def parts_by_hand(n_frames, n_actions):
    return [t * n_actions // n_frames for t in range(n_frames)]


class TestEqualParts:
    @pytest.mark.parametrize("n_actions", [1, 2, 3, 7])
    def test_parts(self, n_actions):
        rng = np.random.default_rng(0)
        videos = [rng.normal(size=(n, 2)) for n in (50, 23, 8)]
        model = EqualPartsSegmenter(n_actions).fit(videos)
        others = [rng.normal(size=(n, 2)) for n in (99, 7, 3, 2, 1)]
        for video, path in zip(videos, model.labels_):
            assert path.tolist() == parts_by_hand(len(video), n_actions)
        for video, path in zip(others, model.predict(others)):
            assert path.tolist() == parts_by_hand(len(video), n_actions)
        np.testing.assert_array_equal(
            model.predict_proba(others)[0].argmax(axis=1), model.predict(others)[0]
        )

    def test_features_do_not_matter(self, activity):
        videos, _ = activity
        first = EqualPartsSegmenter(4).fit(videos).labels_
        second = EqualPartsSegmenter(4).fit([-(video**3) for video in videos]).labels_
        for own, other in zip(first, second):
            np.testing.assert_array_equal(own, other)

    def test_corrected(self, activity):
        videos, _ = activity
        model = EqualPartsSegmenter(4).fit(videos)
        merged = corrections.merge(model, [1, 2])
        names = np.array([0, 1, 1, 2])
        for own, path in zip(merged.predict(videos), model.predict(videos)):
            np.testing.assert_array_equal(own, names[path])

    def test_no_recording_is_labelled_while_it_runs(self, activity):
        model = EqualPartsSegmenter(4).fit(activity[0])
        with pytest.raises(ValueError, match="equal parts need the number of frames"):
            OnlinePrediction(model, lag=3)


@pytest.fixture(scope="module")
def noisy():
    """Actions in an order that is not that of their means, and their labels."""
    rng = np.random.default_rng(0)
    means, videos, labels = 4 * rng.normal(size=(4, 6)), [], []
    for _ in range(12):
        path = np.repeat([2, 0, 3, 1], rng.integers(8, 40, 4))
        videos.append(means[path] + 3 * rng.normal(size=(len(path), 6)))
        labels.append(path)
    return videos, labels


class TestKMeans:
    @pytest.fixture
    def oracle(self, noisy):
        """Clusters of scikit-learn, along the same components, and frames by video."""
        reduce = make_pipeline(StandardScaler(), PCA(3)).fit(np.concatenate(noisy[0]))
        frames = [reduce.transform(video) for video in noisy[0]]
        kmeans = KMeans(4, n_init=10, random_state=0).fit(np.concatenate(frames))
        return kmeans, frames

    def test_framewise_labels_are_clusters(self, noisy, oracle):
        videos, _ = noisy
        kmeans, frames = oracle
        model = KMeansSegmenter(
            4, n_components=3, decoding="framewise", random_state=0
        ).fit(videos)
        clusters = [kmeans.predict(own).tolist() for own in frames]
        assert mof_score(clusters, model.predict(videos)) == 1
        assert model.variance_ == pytest.approx(
            kmeans.inertia_ / np.concatenate(frames).size
        )

    @pytest.mark.parametrize("cost", [0.0, 0.02, 0.1, 0.5])
    def test_paths_are_those_of_gaussians(self, noisy, oracle, cost):
        videos, _ = noisy
        kmeans, frames = oracle
        variance = kmeans.inertia_ / np.concatenate(frames).size
        gaussians = [
            multivariate_normal(mean, variance * np.eye(3))
            for mean in kmeans.cluster_centers_
        ]
        model = KMeansSegmenter(4, n_components=3, switch_cost=cost, random_state=0)
        model.fit(videos)
        expected = []
        for own in frames:
            densities = np.column_stack([g.logpdf(own) for g in gaussians])
            expected.append(decode(densities, "free", cost).tolist())
        assert mof_score(expected, model.predict(videos)) == 1

    def test_the_decoder_removes_fragments(self, noisy):
        videos, labels = noisy
        paths = {}
        for decoding in ("framewise", "free"):
            model = KMeansSegmenter(4, decoding=decoding, random_state=0).fit(videos)
            paths[decoding] = model.predict(videos)
        scores = {name: segment_f1_score(labels, own) for name, own in paths.items()}
        assert scores["free"] > scores["framewise"] + 0.3
        # numbered in the order of time, in contrast to the means
        assert np.mean([path[0] for path in paths["free"]]) < 0.5

    def test_frames_that_equal_their_centres(self):
        video = np.repeat([[0.0, 1.0], [5.0, 2.0]], 6, axis=0)
        model = KMeansSegmenter(2, random_state=0).fit(video)
        np.testing.assert_array_equal(model.labels_, np.repeat([0, 1], 6))
        assert KMeansSegmenter(1).fit(np.ones((5, 2))).predict(
            np.ones((3, 2))
        ).tolist() == [0, 0, 0]

    def test_components_are_no_more_than_features(self):
        video = np.random.default_rng(0).normal(size=(20, 1))
        assert KMeansSegmenter(2, random_state=0).fit(video).means_.shape == (2, 1)
