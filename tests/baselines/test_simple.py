"""The simplest answers, by scikit-learn and definitions."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.decoding import decode
from skl_tot.metrics import mof_score


def parts_by_hand(n_frames, n_actions):
    return [t * n_actions // n_frames for t in range(n_frames)]


@pytest.mark.parametrize("n_actions", [1, 2, 3, 7])
def test_parts_are_equal(n_actions):
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


def test_kmeans_is_that_of_scikit_learn():
    """Along the same components; paths are those of Gaussians around the clusters."""
    rng = np.random.default_rng(0)
    means, videos = 4 * rng.normal(size=(4, 6)), []
    for _ in range(12):  # in an order that is not that of the means
        path = np.repeat([2, 0, 3, 1], rng.integers(8, 40, 4))
        videos.append(means[path] + 3 * rng.normal(size=(len(path), 6)))
    reduce = make_pipeline(StandardScaler(), PCA(3)).fit(np.concatenate(videos))
    frames = [reduce.transform(video) for video in videos]
    kmeans = KMeans(4, n_init=10, random_state=0).fit(np.concatenate(frames))
    options = {"n_components": 3, "random_state": 0}
    model = KMeansSegmenter(4, decoding="framewise", **options).fit(videos)
    clusters = [kmeans.predict(own).tolist() for own in frames]
    assert mof_score(clusters, model.predict(videos)) == 1
    variance = kmeans.inertia_ / np.concatenate(frames).size
    assert model.variance_ == pytest.approx(variance)
    gaussians = [
        multivariate_normal(mean, variance * np.eye(3))
        for mean in kmeans.cluster_centers_
    ]
    model = KMeansSegmenter(4, switch_cost=0.1, **options)
    expected = []
    for own in frames:
        densities = np.column_stack([g.logpdf(own) for g in gaussians])
        expected.append(decode(densities, "free", 0.1).tolist())
    assert mof_score(expected, model.fit(videos).predict(videos)) == 1
