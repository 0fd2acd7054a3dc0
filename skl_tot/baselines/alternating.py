"""ASAL and Mallow: labels train a model, which finds better labels, by turns."""

import math
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import brentq
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, StrOptions

from skl_tot.decoding.decoders import DECODERS, Decoder, decode
from skl_tot.decoding.orders import (
    DurationDecoder,
    MallowDecoder,
    mallow_inversions,
    order_of,
    path_along,
    shares_and_lengths,
)
from skl_tot.methods.base import BaseSegmenter, Learned, Orders, by_order
from skl_tot.methods.gaussians import (
    appearance_scores,
    fit_appearance,
    log_joint,
    measure_spread,
)
from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.pipelines import fit_segmenter, set_n_actions
from skl_tot.methods.temporal_ot import TemporalOTSegmenter
from skl_tot.progress import counted
from skl_tot.recordings.labels import equal_parts
from skl_tot.training.baselines import (
    ClassifierTrainer,
    classify,
    join_embeddings,
)
from skl_tot.training.components import (
    COUNT,
    MLP,
    NETWORKS,
    Adam,
    constant_adam,
)
from skl_tot.training.devices import resolve_device
from skl_tot.training.pseudo_labels import PathPrior

# Share of all labels from which rounds go on.
LEAST_CHANGE = 0.01
# Dispersion below which formulas of inversions would cancel.
LEAST_DISPERSION = 1e-6


@dataclass(eq=False, repr=False)
class ASALSegmenter(NetworkSegmenter):
    r"""Unsupervised action segmentation by action shuffle alternating learning (ASAL).

    Refines the labels of another segmenter. Each round has two steps: a network learns
    from the labels of the previous round, and a hidden Markov model with durations
    decodes new labels from the network.

    *Network.* A two-layer perceptron embeds frames. A gated recurrent unit reads the
    mean embeddings of the segments of a recording, and classifies whether they are in
    order or shuffled; half of the time only two neighbours are exchanged. Its state
    :math:`h_t` after reading frame t alone is the action-level embedding. A linear
    layer predicts the action from it and the frame's own embedding :math:`e_t`,

    .. math:: p(k \mid x_t) \propto \exp \bigl( w_k^\top [e_t ; h_t] + b_k \bigr),

    The loss is the cross-entropy of labels plus the logistic loss of the order.

    *Segmentation.* The score of a frame is :math:`\log p(k \mid x_t) - \log p(k)`, with
    the shares :math:`p(k)` of the actions. The score of a segment of d bins of action k
    is the log-probability of d under a Poisson distribution. Its mean is the mean
    relative length of the segments of k, scaled so that the means of all segments add
    up to the recording. The path through all actions in order is exact for up to 512
    bins of frames.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    estimator : segmenter or None, default=None
        Segmenter of the first labels, or a pipeline that ends in one, with as many
        actions. A clone is fitted to the recordings; without an own seed it gets one
        from ``random_state``. A `sklearn.frozen.FrozenEstimator` is used as fitted.
        None means `TemporalOTSegmenter.paper` with a prior of width 0.75, a quarter of
        its steps, and these settings.
    network : {"mlp"} or MLP, default="mlp"
        Widths of the hidden layer and of the embedding of frames, see
        `skl_tot.extend.MLP`. The action-level embedding has a width of 32.
    max_iter : int, default=8
        Maximum number of rounds; fewer if less than 1 % of all labels change in one.
    n_steps : int, default=50
        Optimiser steps per round, one mini-batch each. With many, the network also
        learns the errors of the labels.
    optimizer : {"adam"} or Adam, default="adam"
        Training settings: mini-batches, learning rate and weight decay are used. "adam"
        takes 256 frames per recording and a learning rate of 5e-4.
    decoding : str, default="durations"
        Paths of the decoder after the fit: "durations", as in the rounds, or a value of
        `TemporalOTSegmenter`. Durations do not apply to `predict_posterior`.
    switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`; ``switch_cost`` is 0.0.
    standardize, device, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    log_shares_ : ndarray of shape (n_actions,)
        log p(k) of the labels that the last round learned from.
    mean_durations_ : ndarray of shape (n_actions,)
        Mean segment length of each action relative to its recording, likewise.
    network_ : dict of str to ndarray
        All parameters of the network by name.
    changes_ : list of float
        Share of all labels that changed in each round.
    loss_curve_ : list of float
        Loss of each step, in nats.
    n_iter_ : int
        Number of rounds.

    Notes
    -----
    Implemented from the abstract; no code of the authors was available. Own choices:
    all networks, the joint embedding, Poisson distributions and their limits (a tenth
    of the mean and four times the mean), bins, numbers of steps and rounds, and the
    stopping rule. On seven data sets the rounds improved the start on average.

    `transform` returns :math:`[e_t ; h_t]`. With background, durations count the other
    frames. See `TemporalOTSegmenter` for input and attributes.

    References
    ----------
    Li, Todorovic, "Action Shuffle Alternating Learning for Unsupervised Action
    Segmentation", CVPR 2021.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.baselines import ASALSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=4, n_actions=4, random_state=0)
    >>> model = ASALSegmenter(4, estimator=HMMSegmenter(4), max_iter=2, random_state=0)
    >>> model.fit(videos).mean_durations_.shape
    (4,)
    """

    __module__ = "skl_tot.baselines"

    _parameter_constraints = {
        **NetworkSegmenter._parameter_constraints,
        "estimator": [None, HasMethods(["fit", "predict"])],
        "n_steps": COUNT,
        "decoding": [StrOptions({"durations", *DECODERS}), Decoder],
    }

    _components = {
        "network": NETWORKS,
        "optimizer": {"adam": partial(constant_adam, 5e-4)},
    }
    _embeddings = staticmethod(join_embeddings)

    order = "mostly"  # not a parameter, as the order is fixed

    n_actions: int | str = 8
    _: KW_ONLY
    estimator: Any = None
    network: str | MLP = "mlp"
    max_iter: int = 8
    n_steps: int = 50
    optimizer: str | Adam = "adam"
    decoding: Any = "durations"
    switch_cost: Any = 0.0
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    device: str = "auto"
    random_state: Any = None

    def _learn(self, videos):
        self._set_n_actions(videos)
        seeds = self._draw_seeds()
        labels = self._first_labels(videos, seeds[0])
        training, device = self._settings().training, resolve_device(self.device)
        trainer = ClassifierTrainer(videos, training, self.n_actions_, device, seeds[1])
        self.loss_curve_, self.changes_, self.n_iter_ = [], [], 0
        with counted(self.max_iter * self.n_steps) as count:
            while self.n_iter_ < self.max_iter:
                scores, decoded = self._alternate(trainer, videos, labels, count)
                n_changed = sum(
                    np.count_nonzero(before != after)
                    for before, after in zip(labels, decoded)
                )
                self.changes_.append(float(n_changed / videos.lengths.sum()))
                self.n_iter_ += 1
                labels = decoded
                if self.changes_[-1] < LEAST_CHANGE:
                    break
        return Learned(lambda i: self._log_likelihood(scores[i]))

    def _first_labels(self, videos, seed):
        """Labels of recordings by the given estimator, or by that of the paper."""
        estimator = self.estimator
        if estimator is None:
            estimator = TemporalOTSegmenter.paper(
                self.n_actions_,
                standardize=self.standardize,
                device=self.device,
                # a quarter of its steps, as the rounds go on from there, and the width
                # of strict order, as they decode each action once
                max_iter=3000,
                prior__sigma=PathPrior().sigma,
            )
        elif self.n_actions == AUTO:
            estimator = clone(estimator)
            set_n_actions(estimator, self.n_actions_)
        arrays, n_actions = videos.arrays, self.n_actions_
        return fit_segmenter(estimator, arrays, n_actions, seed, videos.fps)[1]

    def _alternate(self, trainer, videos, labels, count):
        """Train on labels; return scores of recordings, and labels that follow."""
        shares, durations = shares_and_lengths(labels, self.n_actions_)
        self.log_shares_, self.mean_durations_ = np.log(shares), durations
        self.network_, losses = trainer.learn(labels, int(self.n_steps), count)
        self.loss_curve_ = self.loss_curve_ + losses
        scores = self._apply_network(videos, classify, keep=True)
        decoder = DurationDecoder(durations)
        return scores, [decoder.path(self._log_likelihood(x), 0.0) for x in scores]

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._apply_network(videos, classify))

    def _log_likelihood(self, scores):
        """Log p(k|x) - log p(k)."""
        return scores.astype(np.float64) - self.log_shares_

    def _decoder(self, decoding):
        if decoding != "durations":
            return super()._decoder(decoding)
        durations = self.mean_durations_
        for layer in self.layers_:
            durations = layer.totals(durations)
        return DurationDecoder(durations)


@dataclass(eq=False, repr=False)
class MallowSegmenter(BaseSegmenter):
    r"""Unsupervised action segmentation with an order for each video, after Mallow.

    Needs no network and no random numbers. Every recording starts as K equal parts, the
    actions. Then three steps alternate:

    1. *Appearance.* Linear discriminant analysis of the current labels embeds frames,
       and each action k is a Gaussian. With :math:`n_k` of :math:`n` frames, and
       r = 0.1, its score of frame t is

       .. math::

           \ell_{tk} = \log \frac{n_k + 0.1}{n + 0.1 K}
               + \log \mathcal{N}(z_t; \mu_k, \Sigma_k + r I) .

    2. *Order and boundaries.* The order of a recording is an inversion vector v:
       :math:`v_k` is the number of actions after k that come before it. Under the
       generalised Mallows model

       .. math::

           p(v) \propto \exp \Bigl( -\sum_k \rho_k v_k \Bigr) .

       The most probable combination of order and best path is found by hill climbing
       from v = 0, one inversion after the other. A path shows each action at most once.
    3. *Dispersion.* :math:`\rho_k` is the most probable value for the inversions of
       all recordings; it is large if k keeps its place.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    order : {"mostly", "strict"}, default="mostly"
        As for `TemporalOTSegmenter`: it sets ``decoding`` if that has its default. In
        strict order, step 2 is the best path through all actions. Free order is not
        supported, as recordings start as equal parts.
    max_iter : int, default=7
        Maximum number of rounds of the three steps; fewer if no label changes.
    decoding : str, default="auto"
        Paths of the decoder. "auto": "fixed" in strict order, else "mallow", an order
        for each recording as in step 2, in which an inversion costs a switch, too; or a
        value of `TemporalOTSegmenter`. Does not change the fit.
    switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`; ``switch_cost`` is 0.0.
    standardize, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    appearance_ : Appearance
        ``center`` (n_features,) and ``scalings`` (n_features, n_directions) of the
        embedding; for each action the ``means`` (n_actions, n_directions) and
        ``precisions_cholesky`` (n_actions, n_directions, n_directions) of its Gaussian
        and its share of the frames, ``shares`` (n_actions,). There are ``n_actions -
        1`` directions, at least one and at most ``n_features``.
    dispersions_ : ndarray of shape (n_actions - 1,)
        Cost :math:`\rho_k`, in nats, of a later action that comes before action k.
    n_iter_ : int
        Number of rounds.

    Notes
    -----
    See `TemporalOTSegmenter` for input and attributes. Embedded frames are held in
    memory, as float64, and a D × D matrix; a round reads the recordings twice.

    The prior of the shares is from a later implementation by others. Own choices:
    discriminant analysis, in place of a linear map that is learned; the best order and
    boundaries at once, in place of sampled ones; the most probable dispersions;
    background. If actions repeat, ``decoding="free"`` with a ``switch_cost`` of 0.5 was
    better after the same fit.

    References
    ----------
    Sener, Yao, "Unsupervised Learning and Segmentation of Complex Activities from
    Video", CVPR 2018.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> MallowSegmenter(n_actions=4).fit(videos).dispersions_.shape
    (3,)
    """

    __module__ = "skl_tot.baselines"

    _defaults_by_order = by_order(decoding=("fixed", "mallow"))
    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        "order": [Orders({"strict", "mostly"})],
        "decoding": [StrOptions({AUTO, "mallow", *DECODERS}), Decoder],
    }

    n_actions: int | str = 8
    _: KW_ONLY
    order: str = "mostly"
    max_iter: int = 7
    decoding: Any = "auto"
    switch_cost: Any = 0.0
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    random_state: Any = None

    def _learn(self, videos):
        self._set_n_actions(videos)
        self.appearance_, self.dispersions_, self.n_iter_, embedded = fit_mallow(
            videos,
            self.n_actions_,
            max_iter=self.max_iter,
            keeps_order=self.order_ == "strict",
        )
        return Learned(lambda i: log_joint(embedded[i], self.appearance_))

    def _log_likelihoods(self, videos):
        return appearance_scores(videos, self.appearance_)

    def _decoder(self, decoding):
        if decoding != "mallow":
            return super()._decoder(decoding)
        dispersions = self.dispersions_
        if self.layers_:  # dispersions do not apply to corrected actions
            dispersions = dispersions.mean() if len(dispersions) else 0.0
        return MallowDecoder(dispersions)


def expected_inversions(dispersion, n_values):
    """Mean of an inversion v in 0 … n - 1, of probability proportional to exp(-ρ v)."""
    if dispersion < LEAST_DISPERSION:  # the two large terms would cancel
        return (n_values - 1) / 2 - dispersion * (n_values**2 - 1) / 12
    first = -math.exp(-dispersion) / math.expm1(-dispersion)
    second = -math.exp(-n_values * dispersion) / math.expm1(-n_values * dispersion)
    return first - n_values * second


def fit_dispersions(inversions):
    """Most probable dispersions (n_actions - 1,), at least 0."""
    # The prior is a dispersion of 1, with the weight of a tenth of a recording.
    n_videos, n_inversions = inversions.shape
    dispersions = np.zeros(n_inversions)
    for k, total in enumerate(inversions.sum(axis=0)):
        n_values = n_inversions + 1 - k
        prior_mean = expected_inversions(1.0, n_values)
        mean = (total + 0.1 * prior_mean) / (n_videos + 0.1)
        if mean < expected_inversions(LEAST_DISPERSION, n_values):
            # above 50, fewer than one of 10^21 recordings has an inversion
            dispersions[k] = brentq(
                lambda rho, n, mean: expected_inversions(rho, n) - mean,
                LEAST_DISPERSION,
                50.0,
                args=(n_values, mean),
            )
    return dispersions


def fit_mallow(videos, n_actions, *, max_iter, keeps_order=False):
    """Learn the appearance of actions, and how recordings deviate from the order."""
    paths = [equal_parts(n, n_actions) for n in videos.lengths]
    spread = measure_spread(videos)
    inversions = np.zeros((len(videos), n_actions - 1), dtype=np.intp)
    dispersions = fit_dispersions(inversions)
    for n_iter in range(1, max_iter + 1):
        labels = np.concatenate(paths)
        appearance, embedded = fit_appearance(videos, paths, n_actions, spread)
        for i, frames in enumerate(embedded):
            scores = log_joint(frames, appearance, i)
            if keeps_order:
                paths[i] = decode(scores)
            else:
                inversions[i] = mallow_inversions(scores, dispersions)
                paths[i] = path_along(scores, order_of(inversions[i]), 0.0)
        dispersions = fit_dispersions(inversions)
        if n_iter == max_iter or np.array_equal(np.concatenate(paths), labels):
            break
    return appearance, dispersions, n_iter, embedded
