"""Contrastive latent concepts."""

from dataclasses import replace
from functools import partial
from numbers import Integral, Real

import numpy as np
from scipy.special import log_softmax
from sklearn.cluster import KMeans
from sklearn.utils._param_validation import Interval, RealNotInt

from skl_tot.baselines.cte import EmbeddingSegmenter, order_in_time
from skl_tot.methods.courses import UDE, with_order
from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.training.components import LARGEST, MLP, Adam
from skl_tot.training.reconstruction import ConceptContrast, Reconstruction
from skl_tot.training.terms import TimeStamp


class UDESegmenter(EmbeddingSegmenter):
    r"""Unsupervised action segmentation by latent concepts that differ, after UDE.

    A two-layer perceptron embeds frames on the unit sphere. It first learns to keep
    information: a decoder g reconstructs the D standardised features :math:`x_t` from
    the embedding :math:`z_t` of frame t of T, and a linear head predicts its relative
    time,

    .. math::

        L_R = \frac1D \bigl\| g(z_t) - x_t \bigr\|^2
        + \beta \Bigl(w^\top z_t + b - \frac tT\Bigr)^2 .

    Then K-means over the embeddings of all frames gives the first of K latent concepts
    :math:`c_k`, of unit length, which are learned with the network from there on. Of
    the B frames of a mini-batch, each concept takes its :math:`m = B / 2K` most
    confident ones, by the softmax over concepts of :math:`s_{tk} = c_k^\top z_t /
    \tau`, and contrasts them with all others,

    .. math::

        L_C = -\frac1K \sum_k \frac1m \sum_{t \in P_k} \log \frac{\exp(s_{tk})}
            {\exp(s_{tk}) + \sum_{u \notin P_k} \exp(s_{uk})} ,

    which is added to :math:`L_R` with weight γ. Each concept has the same number of
    frames, so none is empty. Concepts are ordered by the mean relative time of their
    nearest frames, and a Viterbi decoder finds the likeliest path in that order.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"strict", "mostly", "free"}, default="mostly"
        As for `TemporalOTSegmenter`: it sets ``time_weight``, ``decoding`` and
        ``switch_cost`` if these have their default.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layers of encoder and decoder, and of the embedding, and
        the temperature τ, 0.1 by default, see `skl_tot.extend.MLP`.
    time_weight : float or "auto", default="auto"
        β, at least 0. "auto" is 0 in free order, else 300. It is large because the
        squared error of a relative time rarely exceeds 1/12, that of standardised
        features is about 1, and concepts must follow each other in time. Smaller values
        gave worse actions.
    concept_weight : float, default=1.0
        γ, at least 0. With 0, the concepts stay at the centres of K-means.
    reconstruction_iter : int or float, default=0.5
        Steps before the concepts start: a number, at least 1, or a share, in (0, 1), of
        ``max_iter``.
    max_iter : int, default=2000
        Optimiser steps, one mini-batch each.
    optimizer : {"adam"} or Adam, default="adam"
        Training settings. "adam" takes 256 frames per recording and a constant learning
        rate, and is otherwise `Adam`. A ``tol`` applies separately before and with
        concepts.
    decoding : str, default="auto"
        Paths of the decoder, see `TemporalOTSegmenter`. "auto": "free" in free order,
        else "fixed".
    switch_cost, min_duration : optional
        As for `TemporalOTSegmenter`.
    background_percentile, standardize, device : optional
        As for `TemporalOTSegmenter`. Clustering runs on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed of parameters, mini-batches, sampled frames and K-means.
    verbose : int, default=0
        Whether to show a progress bar with the loss.

    Attributes
    ----------
    concepts_ : ndarray of shape (n_actions, embedding_dim)
        Concepts, of unit length, in the order of the actions.
    network_ : dict of str to ndarray
        All parameters of the network by name, including the decoder; ``prototypes`` are
        the concepts.
    loss_curve_ : list of float
        Loss of each step; it rises when the concepts start.
    n_iter_ : int
        Steps taken.

    See Also
    --------
    TemporalOTSegmenter : Gives actions equal shares by optimal transport.

    Notes
    -----
    Implemented from the abstract; no code of the authors was available. From the
    authors: the joint embedding of features and time, its reconstruction, and concepts
    that are learned by raising their similarity to their most confident features and
    lowering that to all others. Own choices: the networks, time as an output instead of
    an input, the form of the contrast (InfoNCE with concepts as anchors), numbers of
    frames and steps, and the decoding.

    See `TemporalOTSegmenter` for input, labels, edge cases and further attributes. The
    embeddings of all frames are held in memory for K-means, as float32.

    References
    ----------
    Swetha, Kuehne, Rawat, Shah, "Unsupervised Discriminative Embedding for Sub-Action
    Learning in Complex Activities", ICIP 2021.

    Examples
    --------
    >>> from skl_tot.baselines import UDESegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = UDESegmenter(n_actions=4, max_iter=300, random_state=0).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot.baselines"

    _by_order = UDE
    _parameter_constraints = with_order(
        NetworkSegmenter._parameter_constraints
        | {
            "time_weight": [Interval(Real, 0, LARGEST, closed="both")],
            "concept_weight": [Interval(Real, 0, LARGEST, closed="both")],
            "reconstruction_iter": [
                Interval(Integral, 1, None, closed="left"),
                Interval(RealNotInt, 0, 1, closed="neither"),
            ],
        },
        UDE,
    )

    _encoder = "unit"
    _components = {
        "network": {"mlp": partial(MLP, temperature=0.1)},
        "optimizer": {
            "adam": partial(Adam, decay=0.0, freeze_iter=0, frames_per_video=256)
        },
    }

    def __init__(
        self,
        n_actions=8,
        *,
        order="mostly",
        network="mlp",
        time_weight="auto",
        concept_weight=1.0,
        reconstruction_iter=0.5,
        max_iter=2000,
        optimizer="adam",
        decoding="auto",
        switch_cost=None,
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
        self.time_weight = time_weight
        self.concept_weight = concept_weight
        self.reconstruction_iter = reconstruction_iter
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

    @property
    def concepts_(self):
        """Concepts, in the order of the actions."""
        return self.network_["prototypes"]

    def _terms(self):
        return [Reconstruction(), TimeStamp(self._told("time_weight"))]

    def _learn(self, videos):
        self._settle_n_actions(videos)
        seeds, n_first = self._draw_seeds(), self._first_steps()
        snapshot = self._train(videos, seeds[0], max_iter=n_first)
        concepts = self._cluster(videos, seeds[1])
        self.network_ = snapshot.network | {"prototypes": concepts}
        n_left = int(self.max_iter) - n_first
        if n_left:
            snapshot = replace(snapshot, network=self.network_)
            contrast = ConceptContrast(
                self.n_actions_, self.concept_weight, self._temperature
            )
            terms = [*self._terms(), contrast]
            self._train(videos, seeds[0], start=snapshot, max_iter=n_left, terms=terms)
        embeddings = self._embed(videos, keep=True)
        nearest = ((x @ self.concepts_.T).argmax(axis=1) for x in embeddings)
        order = order_in_time(nearest, self.n_actions_)
        self.network_["prototypes"] = self.concepts_[order]
        return lambda: map(self._log_likelihood, embeddings)

    def _first_steps(self):
        """Return the number of steps with reconstruction alone."""
        n_first = self.reconstruction_iter
        if not isinstance(n_first, Integral):
            n_first = int(n_first * int(self.max_iter))
        return min(max(1, int(n_first)), int(self.max_iter))

    def _cluster(self, videos, seed):
        """Cluster centres of the embeddings of all frames, with unit length."""
        frames = np.concatenate(list(self._embed(videos)))
        kmeans = KMeans(self.n_actions_, n_init=10, random_state=seed, copy_x=False)
        centers = kmeans.fit(frames).cluster_centers_
        lengths = np.linalg.norm(centers, axis=1, keepdims=True)
        return (centers / np.maximum(lengths, 1e-12)).astype(np.float32)

    def _log_likelihood(self, embeddings):
        """Logarithm of the probability of each concept."""
        cosines = embeddings @ self.concepts_.T
        return log_softmax(cosines.astype(float) / self._temperature, axis=1)


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"UDESegmenter": UDESegmenter}
