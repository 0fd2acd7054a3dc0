"""Embeddings that are learned first, and then clustered, ordered and decoded."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.methods.parts import time_order
from skl_tot.training.components import LARGEST, MOST, SMALLEST
from skl_tot.training.devices import from_first_process
from skl_tot.training.network import Encoder


class EmbeddingSegmenter(NetworkSegmenter):
    """Base of methods that learn an embedding first, and actions in it afterwards.

    Frames are embedded, K-means clusters the embeddings of all frames, clusters are
    ordered by the mean relative time of their frames, and each becomes a Gaussian. A
    subclass names its ``_terms`` and what its ``optimizer`` is by default.
    """

    _parameter_constraints = NetworkSegmenter._parameter_constraints | {
        "n_init": [Interval(Integral, 1, MOST, closed="both")],
        "reg_covar": [Interval(Real, SMALLEST, LARGEST, closed="both")],
    }

    def _settings(self):
        return replace(super()._settings(), n_init=1)  # n_init is of K-means

    def _learn(self, videos):
        seeds = self._draw_seeds()
        self._train(videos, seeds[0])
        self.n_actions_ = int(self.n_actions)
        frames = np.empty((videos.lengths.sum(), self._n_features_out))
        by_video = np.split(frames, np.cumsum(videos.lengths)[:-1])  # views
        for own, embeddings in zip(by_video, self._embed(videos)):
            own[:] = embeddings
        kmeans = KMeans(
            self.n_actions_, n_init=self.n_init, random_state=seeds[1], copy_x=False
        )
        self.gaussians_ = ordered_gaussians(
            frames, videos.lengths, kmeans, self.reg_covar
        )
        # in the type that the network gives, whose rounding K-means leaves as it was
        return lambda: (self._log_likelihood(own.astype("f4")) for own in by_video)

    def _draw_seeds(self):
        """Seeds of the network and of K-means."""
        rng = check_random_state(self.random_state)
        return from_first_process(rng.randint(2**31 - 1, size=2).tolist())

    def _embed(self, videos, *, keep=False):
        """Pass over the embeddings of videos."""
        return self._encode(videos, Encoder.embeddings, keep=keep)

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._embed(videos))

    def _log_likelihood(self, embeddings):
        """Log-density of the Gaussian of each action."""
        return np.column_stack(
            [gaussian.score_samples(embeddings) for gaussian in self.gaussians_]
        )


def ordered_gaussians(frames, lengths, kmeans, reg_covar):
    """Cluster frames, order the clusters in time and fit a Gaussian to each.

    ``frames`` (n_frames, embedding_dim) of all videos, of these lengths, are float64.
    Gives mixtures of a single component, in order.
    """
    clusters = kmeans.fit_predict(frames)
    by_video = np.split(clusters, np.cumsum(lengths)[:-1])
    gaussians = []
    for cluster in order_in_time(by_video, kmeans.n_clusters):
        members = frames[clusters == cluster]
        if len(members) < 2:  # too few for a covariance: spread as all frames are
            members = frames if len(frames) > 1 else np.repeat(frames, 2, axis=0)
        # A single component leaves nothing to chance; the seed spares the global one.
        gaussian = GaussianMixture(reg_covar=reg_covar, random_state=0)
        gaussians.append(gaussian.fit(members))
    return gaussians


def order_in_time(clusters, n_clusters):
    """Clusters (n_clusters,) by the mean relative time of their frames of each video.

    >>> order_in_time([np.array([1, 1, 0]), np.array([1, 0])], 2)
    array([1, 0])
    """
    one_hot = np.eye(n_clusters)
    return time_order(one_hot[own] for own in clusters)
