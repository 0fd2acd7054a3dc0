"""Segmentation and embeddings in turns, with lengths and orders of actions."""

from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skl_tot.decoding.durations import describe_labels, duration_decoder
from skl_tot.methods.correction_layers import BoundDecoder
from skl_tot.methods.courses import ONE_COURSE, with_order
from skl_tot.methods.networks import NetworkSegmenter
from skl_tot.methods.numbers import AUTO
from skl_tot.methods.pipelines import fit_segmenter, set_n_actions
from skl_tot.methods.temporal_ot import PAPER, TemporalOTSegmenter
from skl_tot.training.components import LARGEST, MOST, Adam, OrderedMLP
from skl_tot.training.devices import from_first_process, progress_bar, resolve_device
from skl_tot.training.frame_classifier import (
    ClassifierTrainer,
    classify,
    join_embeddings,
)


class ASALSegmenter(NetworkSegmenter):
    r"""Unsupervised action segmentation by action shuffle alternating learning (ASAL).

    Refines the labels of another segmenter, after ASAL. In each round a network learns
    from the labels that the round before gave, and then a hidden Markov model with
    durations, by what the network has learned, gives new ones.

    *Network.* A two-layer perceptron embeds frames, and a gated recurrent unit reads
    the mean embedding of each segment of a video, one after the other, to tell the
    segments in their order from the same segments shuffled; half of the time only two
    neighbours are exchanged. Its state after reading frame t alone, :math:`h_t`, is the
    action-level embedding of the frame. A linear layer finds the action in it and the
    frame's own embedding :math:`e_t`,

    .. math:: p(k \mid x_t) \propto \exp \bigl( w_k^\top [e_t ; h_t] + b_k \bigr),

    and all of it is learned at once, by the cross-entropy of the labels and ω times the
    logistic loss of the verdicts on order.

    *Segmentation.* Frames weigh :math:`\log p(k \mid x_t) - \log p(k)`, with the shares
    :math:`p(k)` of the actions, and a segment of d bins of action k weighs the
    log-probability of d under a Poisson distribution. Its mean is the mean length of
    the segments of k by that of their videos, scaled so that the means of all segments
    make up the video. The path through all actions in their order, each one segment,
    is exact for up to 512 bins of a video; shorter videos have a bin for each frame.

    Rounds end when less than ``tol`` of the labels change.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"strict", "mostly"}, default="mostly"
        The course of the recordings, see `TemporalOTSegmenter`. It changes nothing, as
        the method knows but one course, and none without.
    estimator : segmenter or None, default=None
        What to start from: a segmenter, or a pipeline that ends in one, with as many
        actions. A clone of it is fitted to the videos as they are given; without a
        seed of its own it gets one from ``random_state``. What is in a
        `sklearn.frozen.FrozenEstimator` is used as it was fitted. None means
        `TemporalOTSegmenter` as published, with the ``standardize`` and the ``device``
        of this one.
    network : {"mlp"} or OrderedMLP, default="mlp"
        Widths of the hidden layer, of the embedding of frames, and of the action-level
        embedding, and the weight ω, see `skl_tot.extend.OrderedMLP` and Notes.
    max_iter : int, default=8
        Most rounds.
    n_steps : int, default=50
        Optimiser steps of a round, one mini-batch each. The network goes on from round
        to round. With many steps it learns the faults of the labels, too.
    tol : float, default=0.01
        Stop when less than this share of the labels of all frames changes in a round.
        None never stops early.
    optimizer : {"adam"} or Adam, default="adam"
        How training runs: its mini-batches, learning rate and decay of weights count.
        "adam" takes 256 frames of a video and has a learning rate of 5e-4.
    decoding : str, default="durations"
        Paths that the decoder looks for after the fit: "durations", as in the rounds,
        or one of those of `TemporalOTSegmenter`. Durations count for transcripts, too.
    switch_cost : float or "auto", default=0.0
        As of `TemporalOTSegmenter`. Only used if ``decoding`` is "skip" or "free".
    min_duration, background_percentile, standardize, device : optional
        As of `TemporalOTSegmenter`. A given estimator goes by its own. Segmentation is
        done on the CPU.
    random_state : int, RandomState instance or None, default=None
        Seed of the estimator to start from, parameters, mini-batches, sampled frames
        and shuffled segments.
    verbose : int, default=0
        Whether to show a progress bar with the loss.

    Attributes
    ----------
    log_shares_ : ndarray of shape (n_actions,)
        log p(k), of the labels that the last round learned from.
    mean_durations_ : ndarray of shape (n_actions,)
        Mean length of a segment of each action, by the length of its video, in the same
        labels.
    network_ : dict of str to ndarray
        All parameters of the network by name.
    changes_ : list of float
        Share of the labels of all frames that changed in each round.
    loss_curve_ : list of float
        Loss of each step of all rounds.
    n_iter_ : int
        Rounds taken.

    See Also
    --------
    TemporalOTSegmenter : What it starts from by default; the authors, from CTE.

    Notes
    -----
    Of the authors' method the abstract was at hand, and no code. Theirs are the hidden
    Markov model with durations, found by Viterbi; the recurrent network that tells
    shuffled segments, whose hidden layer embeds actions; that both take turns; and that
    a segmentation by CTE comes first. To start from `TemporalOTSegmenter` is proposed
    in the supplement of its paper. Ours are all networks, how embeddings are joined,
    Poisson distributions and their limits (a tenth of the mean and four times the
    mean), bins, numbers of steps and rounds, and the end of the rounds.

    On seven data sets, started from `TemporalOTSegmenter`, the rounds did better than
    their start on average, though not on each set; without durations, long actions
    would take in the others. The task of order made no difference beyond that of seeds.
    It is learned by default as it is part of the method.

    `transform` gives :math:`[e_t ; h_t]`. Posteriors with durations are exact over the
    bins. With background, the durations are those of the frames that are left. Labels
    -1 of the estimator to start from are of no action, and all frames get one in the
    first round.

    Input, labels, edge cases and further attributes are those of `TemporalOTSegmenter`.

    References
    ----------
    Li, Todorovic, "Action Shuffle Alternating Learning for Unsupervised Action
    Segmentation", CVPR 2021.

    Examples
    --------
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.baselines import ASALSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> start = TemporalOTSegmenter(n_actions=4, max_iter=300, random_state=0)
    >>> model = ASALSegmenter(4, estimator=start, max_iter=2, random_state=0)
    >>> model.fit(videos).n_iter_
    2
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot.baselines"

    _by_order = ONE_COURSE
    _parameter_constraints = with_order(
        NetworkSegmenter._parameter_constraints
        | {
            "estimator": [None, HasMethods(["fit", "predict"])],
            "network": [StrOptions({"mlp"}), OrderedMLP],
            "n_steps": [Interval(Integral, 1, MOST, closed="both")],
            "tol": [None, Interval(Real, 0, LARGEST, closed="both")],
            "decoding": [
                StrOptions({"durations"}),
                *NetworkSegmenter._parameter_constraints["decoding"],
            ],
        },
        ONE_COURSE,
    )

    _components = {
        "network": {"mlp": OrderedMLP},
        "optimizer": {
            "adam": partial(Adam, 5e-4, decay=0.0, freeze_iter=0, frames_per_video=256)
        },
    }
    _embeddings = staticmethod(join_embeddings)

    def __init__(
        self,
        n_actions=8,
        *,
        order="mostly",
        estimator=None,
        network="mlp",
        max_iter=8,
        n_steps=50,
        tol=0.01,
        optimizer="adam",
        decoding="durations",
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
        self.estimator = estimator
        self.network = network
        self.max_iter = max_iter
        self.n_steps = n_steps
        self.tol = tol
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
    def _n_features_out(self):
        return len(self.network_["action_weight"])

    def _learn(self, videos):
        self._settle_n_actions(videos)
        rng = check_random_state(self.random_state)
        seeds = from_first_process(rng.randint(2**31 - 1, size=2).tolist())
        labels = self._first_labels(videos, seeds[0])
        trainer = self._trainer(videos, seeds[1])
        self.loss_curve_, self.changes_, self.n_iter_ = [], [], 0
        with progress_bar(self.max_iter * self.n_steps, self.verbose) as progress:
            while self.n_iter_ < self.max_iter:
                scores, after = self._alternate(trainer, videos, labels, progress)
                n_changed = sum(map(np.count_nonzero, map(np.not_equal, labels, after)))
                self.changes_.append(float(n_changed / videos.lengths.sum()))
                self.n_iter_, labels = self.n_iter_ + 1, after
                if self.tol is not None and self.changes_[-1] < self.tol:
                    break
        return lambda: map(self._log_likelihood, scores)

    def _first_labels(self, videos, seed):
        """Labels of the videos by the estimator to start from."""
        estimator = self.estimator
        if estimator is None:
            estimator = TemporalOTSegmenter(
                self.n_actions_,
                standardize=self.standardize,
                device=self.device,
                **PAPER,
            )
        elif self.n_actions == AUTO:
            estimator = clone(estimator)
            set_n_actions(estimator, self.n_actions_)
        options = self.n_actions_, seed, videos.fps
        return fit_segmenter(estimator, videos.arrays, *options)[1]

    def _trainer(self, videos, seed):
        """Make what trains the network."""
        network, optimizer = self._component("network"), self._component("optimizer")
        return ClassifierTrainer(
            videos,
            optimizer.settings(network, self.n_steps),
            n_actions=self.n_actions_,
            order_dim=int(network.order_size),
            order_weight=float(network.order_weight),
            device=resolve_device(self.device),
            seed=seed,
        )

    def _alternate(self, trainer, videos, labels, progress):
        """Learn from labels, then decode: the scores, and new labels."""
        shares, durations = describe_labels(labels, self.n_actions_)
        self.log_shares_, self.mean_durations_ = np.log(shares), durations
        self.network_, losses = trainer.learn(labels, int(self.n_steps), progress)
        self.loss_curve_ = self.loss_curve_ + losses
        scores = self._encode(videos, classify, keep=True)
        decode = duration_decoder(durations).path
        return scores, [decode(x, 0.0) for x in map(self._log_likelihood, scores)]

    def _log_likelihoods(self, videos):
        return map(self._log_likelihood, self._encode(videos, classify))

    def _log_likelihood(self, scores):
        """Log p(k|x) - log p(k)."""
        return scores.astype(np.float64) - self.log_shares_

    @property
    def decoder_(self):
        """Decoder in use, and the cost of a switch."""
        if self.decoding != "durations":
            return super().decoder_
        durations = self.mean_durations_
        for layer in self.layers_:
            durations = layer.totals(durations)
        return BoundDecoder(duration_decoder(durations), self.switch_cost)


# doctest looks for names of this module, which the public one is not
__test__ = {"ASALSegmenter": ASALSegmenter}
