"""CTE, VTE and UDE, which first embed frames, and then find actions among them."""

from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from skl_tot.methods.base import ORDER_CONSTRAINTS, Learned, by_order
from skl_tot.methods.gaussians import time_order
from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.training.baselines import ConceptContrast, Prediction, Reconstruction
from skl_tot.training.components import MLP, Adam, constant_adam
from skl_tot.training.terms import TimeStamp


@dataclass(eq=False, repr=False)
class EmbeddingSegmenter(NetworkSegmenter):
    """Base of methods that first learn an embedding, and then actions in it."""

    order = "mostly"  # no parameter of methods in fixed order

    n_actions: int | str = 8
    _: KW_ONLY
    network: str | MLP = "mlp"
    optimizer: str | Adam = "adam"
    decoding: Any = "fixed"
    switch_cost: Any = 0.0
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    device: str = "auto"
    random_state: Any = None

    def _learn(self, videos):
        seeds = self._draw_seeds()
        self._set_n_actions(videos)
        settings = self._settings()
        self._train(videos, settings.training, self._terms(settings), seeds[0])
        frames = np.concatenate(list(self._apply_network(videos)), dtype=np.float64)
        by_video = np.split(frames, np.cumsum(videos.lengths)[:-1])  # views
        options = {"n_init": self.n_init, "random_state": seeds[1], "copy_x": False}
        kmeans, lengths = KMeans(self.n_actions_, **options), videos.lengths
        self.gaussians_ = ordered_gaussians(frames, lengths, kmeans)
        # in the network's dtype; K-means would otherwise round differently
        return Learned(lambda i: self._log_likelihood(by_video[i].astype("f4")))

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._apply_network(videos))

    def _log_likelihood(self, embeddings):
        densities = [gaussian.score_samples(embeddings) for gaussian in self.gaussians_]
        return np.column_stack(densities)


@dataclass(eq=False, repr=False)
class CTESegmenter(EmbeddingSegmenter):
    r"""Unsupervised action segmentation with a continuous temporal embedding (CTE).

    A two-layer perceptron learns the relative time of a frame. K-means clusters the
    embeddings of all frames, clusters are ordered by the mean relative time of their
    frames, and each becomes a Gaussian. A Viterbi decoder finds the likeliest path in
    that order.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layer and of the embedding, see `skl_tot.extend.MLP`.
    optimizer : {"adam"} or Adam, default="adam"
        Training settings. "adam" takes 256 frames per recording, a constant learning
        rate of 3e-3 (the authors' 1e-3 is too slow), and is otherwise `Adam`.
    decoding, switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`; ``decoding`` is "fixed", ``switch_cost`` is 0.0.
    standardize, device, random_state : optional
        As in `TemporalOTSegmenter`.
    n_init : int, default=10
        Runs of K-means; the best one is used.
    max_iter : int, default=6000
        Optimiser steps, one mini-batch each.

    Attributes
    ----------
    gaussians_ : list of GaussianMixture
        The Gaussian of each action.
    network_, loss_curve_, n_iter_
        As in `TemporalOTSegmenter`.

    Notes
    -----
    See `TemporalOTSegmenter` for input and attributes. The embeddings of all frames are
    held in memory, as float64.

    References
    ----------
    Kukleva, Kuehne, Sener, Gall, "Unsupervised Learning of Action Classes with
    Continuous Temporal Embedding", CVPR 2019.

    Examples
    --------
    >>> from skl_tot.baselines import CTESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=4, random_state=0)
    >>> model = CTESegmenter(4, max_iter=50, random_state=0).fit(videos)
    >>> model.gaussians_[0].means_.shape
    (1, 40)
    """

    __module__ = "skl_tot.baselines"

    _components = {
        "network": {"mlp": partial(MLP, start="paper")},
        "optimizer": {"adam": partial(constant_adam, 3e-3)},
    }

    _: KW_ONLY
    n_init: int = 10
    max_iter: int = 6000

    def _terms(self, settings):
        return [TimeStamp()]


@dataclass(eq=False, repr=False)
class VTESegmenter(CTESegmenter):
    r"""Unsupervised action segmentation by time and prediction, after VTE.

    `CTESegmenter` with a second loss: the network also predicts the features of a later
    frame, so that it learns appearance. With the D standardised features :math:`x_t` of
    frame t of T, the hidden layer :math:`h_t` and the embedding :math:`z_t` of the
    encoder, and a decoder g with one hidden layer, training minimises the mean over
    sampled frames of

    .. math::

        \Bigl(w^\top z_t + b - \frac tT\Bigr)^2
        + \frac{\gamma}{D} \bigl\| g(z_t) + V^\top h_t - x_{t + \delta} \bigr\|^2 .

    The weight γ is 0.01, and the horizon δ a twentieth of T, at most the rest of the
    recording. Embeddings are then clustered, ordered and decoded as in `CTESegmenter`.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layers and of the embedding, see `skl_tot.extend.MLP`.
    optimizer : optional
        As for `CTESegmenter`.
    decoding, switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`; ``decoding`` is "fixed", ``switch_cost`` is 0.0.
    standardize, device, random_state : optional
        As in `TemporalOTSegmenter`.
    n_init, max_iter : optional
        As for `CTESegmenter`.

    Attributes
    ----------
    gaussians_ : list of GaussianMixture
        The Gaussian of each action.
    network_, loss_curve_, n_iter_
        As in `TemporalOTSegmenter`.

    Notes
    -----
    Implemented from the abstract; no code of the authors was available. Own choices:
    one embedding, trained by the sum of both losses, the decoder, the horizon and the
    weight. See `CTESegmenter` for input and attributes.

    References
    ----------
    VidalMata, Scheirer, Kukleva, Cox, Kuehne, "Joint Visual-Temporal Embedding for
    Unsupervised Learning of Actions in Untrimmed Sequences", WACV 2021.

    Examples
    --------
    >>> from skl_tot.baselines import VTESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=4, random_state=0)
    >>> model = VTESegmenter(4, max_iter=50, random_state=0).fit(videos)
    >>> model.gaussians_[0].means_.shape
    (1, 40)
    """

    __module__ = "skl_tot.baselines"

    def _terms(self, settings):
        return [*super()._terms(settings), Prediction()]


@dataclass(eq=False, repr=False)
class UDESegmenter(EmbeddingSegmenter):
    r"""Unsupervised action segmentation by latent concepts that differ, after UDE.

    A two-layer perceptron embeds frames on the unit sphere. It first learns to keep
    information: a decoder g reconstructs the D standardised features :math:`x_t` from
    the embedding :math:`z_t` of frame t of T, and a linear head predicts its relative
    time,

    .. math::

        L_R = \frac1D \bigl\| g(z_t) - x_t \bigr\|^2
        + \beta \Bigl(w^\top z_t + b - \frac tT\Bigr)^2 .

    β is 300, as the squared error of a relative time rarely exceeds 1/12, and that of
    standardised features is about 1; in free order, it is 0. Half of the steps later,
    K-means over the embeddings of all frames gives the first of K latent concepts
    :math:`c_k`, of unit length, which are learned with the network from there on. Of
    the B frames of a mini-batch, each concept takes its :math:`m = B / 2K` most
    confident ones, by the softmax over concepts of :math:`s_{tk} = c_k^\top z_t /
    \tau`, and contrasts them with all others,

    .. math::

        L_C = -\frac1K \sum_k \frac1m \sum_{t \in P_k} \log \frac{\exp(s_{tk})}
            {\exp(s_{tk}) + \sum_{u \notin P_k} \exp(s_{uk})} ,

    which is added to :math:`L_R`. Concepts are ordered by the mean
    relative time of their nearest frames, and a Viterbi decoder finds the likeliest
    path in that order.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layers of encoder and decoder, and of the embedding, and
        the temperature τ, 0.1 by default, see `skl_tot.extend.MLP`.
    optimizer : {"adam"} or Adam, default="adam"
        Training settings. "adam" takes 256 frames per recording and a constant learning
        rate, and is otherwise `Adam`.
    decoding, switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`.
    standardize, device, random_state : optional
        As in `TemporalOTSegmenter`.
    order : {"strict", "mostly", "free"}, default="mostly"
        As for `TemporalOTSegmenter`: it sets β, and ``decoding`` and ``switch_cost`` if
        these have their default.
    max_iter : int, default=2000
        Optimiser steps, one mini-batch each.

    Attributes
    ----------
    concepts_ : ndarray of shape (n_actions, embedding_dim)
        Concepts, of unit length.
    network_, loss_curve_, n_iter_
        As in `TemporalOTSegmenter`.

    Notes
    -----
    Implemented from the abstract; no code of the authors was available. Own choices:
    the networks, time as an output, the form of the contrast (InfoNCE), numbers of
    frames and steps, and the decoding. The embeddings of all frames are held in memory
    for K-means, as float32. See `TemporalOTSegmenter` for input and attributes.

    References
    ----------
    Swetha, Kuehne, Rawat, Shah, "Unsupervised Discriminative Embedding for Sub-Action
    Learning in Complex Activities", ICIP 2021.

    Examples
    --------
    >>> from skl_tot.baselines import UDESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=4, random_state=0)
    >>> UDESegmenter(4, max_iter=50, random_state=0).fit(videos).concepts_.shape
    (4, 40)
    """

    __module__ = "skl_tot.baselines"

    _defaults_by_order = by_order(
        decoding=("fixed", "fixed", "free"), switch_cost=(0.0, 0.0, 0.5)
    )
    _parameter_constraints = {
        **EmbeddingSegmenter._parameter_constraints,
        **ORDER_CONSTRAINTS,
    }

    _encoder = "unit"
    _components = {
        "network": {"mlp": MLP},
        "optimizer": {"adam": partial(constant_adam, 1e-3)},
    }

    _: KW_ONLY
    order: str = "mostly"
    max_iter: int = 2000
    decoding: Any = "auto"
    switch_cost: Any = "auto"

    @property
    def concepts_(self) -> np.ndarray:
        """Concepts, in the order of the actions."""
        return self.network_["prototypes"]

    def _terms(self, settings):
        return [Reconstruction(), TimeStamp(0.0 if self.order_ == "free" else 300.0)]

    def _learn(self, videos):
        self._set_n_actions(videos)
        seeds, settings = self._draw_seeds(), self._settings()
        training, terms = settings.training, self._terms(settings)
        n_steps = training.max_iter
        training.max_iter = max(1, n_steps // 2)
        snapshot = self._train(videos, training, terms, seeds[0])
        concepts = self._cluster_centres(videos, seeds[1])
        self.network_ = snapshot.network | {"prototypes": concepts}
        self.temperature_ = settings.network.temperature
        training.max_iter = n_steps - training.max_iter
        if training.max_iter:
            start = replace(snapshot, network=self.network_)
            terms.append(ConceptContrast(self.n_actions_, self.temperature_))
            self._train(videos, training, terms, seeds[0], start)
        embeddings = self._apply_network(videos, keep=True)
        nearest = ((x @ self.concepts_.T).argmax(axis=1) for x in embeddings)
        order = order_in_time(nearest, self.n_actions_)
        self.network_["prototypes"] = self.concepts_[order]
        return Learned(lambda i: self._log_likelihood(embeddings[i]))

    def _cluster_centres(self, videos, seed):
        """Centres (n_actions, E) of K-means over all frames, of unit length."""
        frames = np.concatenate(list(self._apply_network(videos)))
        kmeans = KMeans(self.n_actions_, n_init=10, random_state=seed, copy_x=False)
        centers = kmeans.fit(frames).cluster_centers_
        lengths = np.linalg.norm(centers, axis=1, keepdims=True)
        return (centers / np.maximum(lengths, 1e-12)).astype(np.float32)

    def _log_likelihood(self, embeddings):
        cosines = (embeddings @ self.concepts_.T).astype(float)
        return log_softmax(cosines / self.temperature_, axis=1)


def ordered_gaussians(frames, lengths, kmeans):
    """Cluster frames, order the clusters in time and fit a Gaussian to each."""
    clusters = kmeans.fit_predict(frames)
    by_video = np.split(clusters, np.cumsum(lengths)[:-1])
    gaussians = []
    for cluster in order_in_time(by_video, kmeans.n_clusters):
        members = frames[clusters == cluster]
        if len(members) < 2:  # too few for a covariance: use that of all frames
            members = frames if len(frames) > 1 else np.repeat(frames, 2, axis=0)
        # One component needs no random numbers; a seed avoids the global generator.
        gaussian = GaussianMixture(random_state=0)
        gaussians.append(gaussian.fit(members))
    return gaussians


def order_in_time(clusters, n_clusters):
    """Clusters (n_clusters,) by the mean relative time of their frames."""
    one_hot = np.eye(n_clusters)
    return time_order(one_hot[clusters_of_video] for clusters_of_video in clusters)
