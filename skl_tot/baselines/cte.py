"""CTE, the closest competitor of the paper, and the base of similar methods."""

from dataclasses import replace
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skl_tot.methods.courses import ONE_COURSE, with_order
from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.methods.prototype_groups import time_order
from skl_tot.training.components import LARGEST, MOST, NETWORKS, SMALLEST, Adam
from skl_tot.training.devices import from_first_process
from skl_tot.training.terms import TimeStamp


class EmbeddingSegmenter(NetworkSegmenter):
    """Base of methods that first learn an embedding, and then actions in it.

    K-means clusters the embeddings of all frames, clusters are ordered by the mean
    relative time of their frames, and each one becomes a Gaussian. A subclass defines
    its ``_terms`` and its default ``optimizer``.
    """

    _by_order = ONE_COURSE
    _parameter_constraints = with_order(
        NetworkSegmenter._parameter_constraints
        | {
            "n_init": [Interval(Integral, 1, MOST, closed="both")],
            "reg_covar": [Interval(Real, SMALLEST, LARGEST, closed="both")],
        },
        ONE_COURSE,
    )

    def _settings(self):
        return replace(super()._settings(), n_init=1)  # n_init belongs to K-means

    def _learn(self, videos):
        seeds = self._draw_seeds()
        self._settle_n_actions(videos)
        self._train(videos, seeds[0])
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
        # in the network's dtype; K-means would otherwise round differently
        return lambda: (self._log_likelihood(own.astype("f4")) for own in by_video)

    def _draw_seeds(self):
        """Seeds of the network and of K-means."""
        rng = check_random_state(self.random_state)
        return from_first_process(rng.randint(2**31 - 1, size=2).tolist())

    def _embed(self, videos, *, keep=False):
        """Iterate over the embeddings of recordings."""
        return self._encode(videos, keep=keep)

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._embed(videos))

    def _log_likelihood(self, embeddings):
        """Log-density of the Gaussian of each action."""
        return np.column_stack(
            [gaussian.score_samples(embeddings) for gaussian in self.gaussians_]
        )


class CTESegmenter(EmbeddingSegmenter):
    r"""Unsupervised action segmentation with a continuous temporal embedding (CTE).

    The baseline of the paper of `TemporalOTSegmenter`, with the same interface.
    Learning and clustering are separate. A two-layer perceptron learns the relative
    time of a frame. K-means clusters the embeddings of all frames, clusters are ordered
    by the mean relative time of their frames, and each becomes a Gaussian. A Viterbi
    decoder finds the likeliest path in that order.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"strict", "mostly"}, default="mostly"
        The course of the recordings, see `TemporalOTSegmenter`. It has no effect, as
        the method has a fixed order.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layer and of the embedding, see `skl_tot.extend.MLP`.
    n_init : int, default=10
        Runs of K-means; the best one is used.
    reg_covar : float, default=1e-6
        Added to the diagonal of the covariances.
    max_iter : int, default=6000
        Optimiser steps, one mini-batch each.
    optimizer : {"adam"} or Adam, default="adam"
        Training settings. "adam" takes 256 frames per recording, a constant learning
        rate of 3e-3 (with the authors' 1e-3, time is not learned in so many steps), and
        is otherwise `Adam`.
    decoding : str, default="fixed"
        Paths of the decoder, see `TemporalOTSegmenter`.
    switch_cost : float or "auto", default=0.0
        As for `TemporalOTSegmenter`. Not used if ``decoding="fixed"``.
    min_duration, background_percentile, standardize, device : optional
        As for `TemporalOTSegmenter`. Clustering runs on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed of parameters, mini-batches, sampled frames and K-means.
    verbose : int, default=0
        Whether to show a progress bar with the loss.

    Attributes
    ----------
    gaussians_ : list of GaussianMixture
        The Gaussian of each action, in the order of the actions.
    network_ : dict of str to ndarray
        All parameters of the network by name; ``coefs_`` and ``intercepts_`` are those
        of the encoder.
    loss_curve_ : list of float
        Mean squared error of the relative time at each step.
    n_iter_ : int
        Steps taken.

    See Also
    --------
    TemporalOTSegmenter : Learns and clusters at once.

    Notes
    -----
    See `TemporalOTSegmenter` for input, labels, edge cases and further attributes. The
    embeddings of all frames are held in memory, as float64.

    References
    ----------
    Kukleva, Kuehne, Sener, Gall, "Unsupervised Learning of Action Classes with
    Continuous Temporal Embedding", CVPR 2019.

    Examples
    --------
    >>> from skl_tot.baselines import CTESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = CTESegmenter(n_actions=4, max_iter=300, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot.baselines"

    _components = {
        "network": NETWORKS,
        "optimizer": {
            "adam": partial(Adam, 3e-3, decay=0.0, freeze_iter=0, frames_per_video=256)
        },
    }

    def __init__(
        self,
        n_actions=8,
        *,
        order="mostly",
        network="mlp",
        n_init=10,
        reg_covar=1e-6,
        max_iter=6000,
        optimizer="adam",
        decoding="fixed",
        switch_cost=0.0,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.n_actions = n_actions
        self.order = order
        self.network = network
        self.n_init = n_init
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.optimizer = optimizer
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.min_duration = min_duration
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _terms(self):
        return [TimeStamp()]


def ordered_gaussians(frames, lengths, kmeans, reg_covar):
    """Cluster frames, order the clusters in time and fit a Gaussian to each.

    ``frames`` (n_frames, embedding_dim) of all recordings, with these lengths, are
    float64. Returns mixtures of one component, in order.
    """
    clusters = kmeans.fit_predict(frames)
    by_video = np.split(clusters, np.cumsum(lengths)[:-1])
    gaussians = []
    for cluster in order_in_time(by_video, kmeans.n_clusters):
        members = frames[clusters == cluster]
        if len(members) < 2:  # too few for a covariance: use that of all frames
            members = frames if len(frames) > 1 else np.repeat(frames, 2, axis=0)
        # One component needs no random numbers; a seed avoids the global generator.
        gaussian = GaussianMixture(reg_covar=reg_covar, random_state=0)
        gaussians.append(gaussian.fit(members))
    return gaussians


def order_in_time(clusters, n_clusters):
    """Clusters (n_clusters,) by the mean relative time of their frames.

    >>> order_in_time([np.array([1, 1, 0]), np.array([1, 0])], 2)
    array([1, 0])
    """
    one_hot = np.eye(n_clusters)
    return time_order(one_hot[own] for own in clusters)


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"CTESegmenter": CTESegmenter}
