"""Hidden Markov models, left-to-right or with moves between all actions."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.decoding.decoders import chain_decoder
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.correction_layers import BoundDecoder
from skl_tot.methods.courses import HMM, with_order
from skl_tot.methods.discriminants import embed
from skl_tot.methods.hmm_model import (
    fit_hmm,
    log_densities,
    principal_components,
    start_from_clusters,
    start_from_equal_parts,
)
from skl_tot.methods.hmm_paths import AnyOrder, jumps, nearest_paths, run_chain
from skl_tot.methods.prototype_groups import time_order
from skl_tot.methods.slow import find_moment, slow_directions
from skl_tot.training.components import LARGEST, MOST

# Smaller values may lose variances to rounding in float64.
LEAST_SPREAD = 1e-6
# Steps from each start before the best one continues.
FIRST_ITER = 5
# Steps with durations, after all other parameters are learned.
DURATION_ITER = 10


class HMMSegmenter(BaseSegmenter):
    r"""Unsupervised action segmentation by a hidden Markov model.

    Needs no network. Observations z are principal components of the frames of all
    recordings or, for one recording in free order, slow directions (see Notes). Actions
    are the states, and each is a Gaussian,

    .. math:: \ell_{tk} = \log \mathcal{N}(z_t; \mu_k, \operatorname{diag} \sigma_k^2) .

    In strict order a recording starts in action 0, and a frame of action k is followed
    by action k + 1 with probability :math:`p_k`, else by k. In free order it starts in
    action k with probability :math:`\pi_k`, and a frame of action j is followed by k
    with probability :math:`A_{jk}`. All parameters are learned by
    expectation-maximisation.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    order : {"auto", "strict", "mostly", "free"}, default="auto"
        "auto" looks at the recordings, as in `TemporalOTSegmenter`. "strict": each
        action once, in one order, starting from K equal parts of each recording,
        without random numbers. "mostly": learned in the same way, and decoded in any
        order. "free": in any order, any number of times, starting from clusters of the
        frames.
    durations : {"poisson", "negative_binomial"}, default=None
        Distribution of the lengths of segments, learned for each action in further
        steps: a hidden semi-Markov model. None is geometric, as in any Markov chain.
    covariance : {"own", "shared"}, default=None
        Whether each action has own variances. None is "shared" in free order, where
        actions would else differ by their variance only, and "own" otherwise.
    n_lags : int, default=0
        With 1 to 3, each action is a linear autoregression of that order, for signals
        whose dynamics distinguish actions.
    n_components : int or None, default=16
        Maximum number of components; None keeps all. Principal components without
        variance are dropped.
    n_init : int, default=4
        Starts in free order, alternating K-means and its random initial frames. The
        start of largest likelihood after a few steps continues.
    max_iter : int, default=30
        Maximum number of steps of expectation-maximisation.
    tol : float, default=0.0
        Stop after a step if the previous one gained less, in nats per frame; 0 stops at
        the rounding error.
    reg_covar : float, default=1e-2
        Prior r of the variances, at least 1e-6, in units of the mean variance of a
        feature: it adds :math:`r / n_k` to the variance of an action with :math:`n_k`
        expected frames. Also added to the first variances.
    decoding : str, default="auto"
        As for `TemporalOTSegmenter`. "auto" is "fixed" in strict order and "free" in
        "mostly". In free order, or with ``durations``, it is the likeliest path of the
        whole model, and ``switch_cost`` is not used.
    switch_cost : float or "auto", default=None
        As for `TemporalOTSegmenter`. None is 0 in strict order, and 0.5 otherwise.
    min_duration : float, default=None
        As for `TemporalOTSegmenter`. Training also uses only paths with such segments.
    background_percentile, standardize : optional
        As for `TemporalOTSegmenter`.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts of the free order.

    Attributes
    ----------
    center_ : ndarray of shape (n_features,)
        Mean of the standardised frames.
    components_ : ndarray of shape (n_components, n_features)
        Components of the standardised frames, one per row.
    means_ : ndarray of shape (n_actions, n_components)
        Mean of each action, along the components; with lags, the constants :math:`b_k`.
    covars_ : ndarray of shape (n_actions, n_components)
        Variances of each action.
    lags_ : ndarray of shape (n_actions, n_lags * n_components, n_components) or None
        Weights :math:`A_k` of the previous frames, nearest first.
    starts_ : ndarray of shape (n_actions,)
        Probability of the first action :math:`\pi_k`.
    transitions_ : ndarray of shape (n_actions,) or (n_actions, n_actions)
        Probability :math:`p_k` that a frame of action k is followed by the next action;
        0 for the last action. In free order, :math:`A_{jk}`. With durations, the
        probability of the next segment's action.
    durations_ : ndarray of shape (n_actions, n_lengths) or None
        Probability :math:`p_k(d)` of each length in frames, from 1 on.
    log_likelihood_curve_ : list of float
        Log-likelihood before each step, minus the penalty of the prior, in nats per
        frame. It never falls. With durations, only steps with durations.
    n_iter_ : int
        Number of these steps.
    n_actions_, labels_, classes_, layers_, scaler_, confidence_, background_, fps_
        As for `TemporalOTSegmenter`.

    See Also
    --------
    MallowSegmenter : Needs no network either, and finds an order for each recording.
    TemporalOTSegmenter : Learns a nonlinear embedding.

    Notes
    -----
    See `TemporalOTSegmenter` for input, labels and edge cases; in free order, actions
    are numbered by the mean relative time of their frames. In other orders, recordings
    with fewer frames than actions are not used in the fit, as they would show only the
    first actions. The components of all frames are held in memory, as float64, and a D
    × D matrix; a fit reads the recordings two or three times. An action on no path
    keeps its parameters.

    For one recording in free order without lags, components u solve :math:`C u =
    \lambda N u` with :math:`u^\top N u = 1`, for the covariance C of the frames and
    half of the covariance N of changes in a moment, with a ridge of 0.1 in both. This
    weights slow variation more than noise and cycles. A moment is the time in which
    features lose 15 % of their variance; if it is one frame, components are principal
    components, as for several recordings, which also differ by subject.

    From the same start the steps equal ``GaussianHMM`` of hmmlearn with
    ``covars_prior=reg_covar`` and other defaults, for ``covariance="own"``. Training
    uses the probabilities of leaving an action, and a recording may end in any action.
    In strict order, decoding uses only the Gaussians, and "fixed" ends in the last
    action. All its paths have as many switches: on seven recorded sets 99.5 to 100 % of
    the labels equal those of the likeliest path of the whole model.

    *Durations.* A segment of action k has d frames with probability :math:`p_k(d)`,
    starting at ``min_duration``. The likeliest path maximises

    .. math::

        \log \pi_{y_1} + \sum_n \log A_{y_{n-1} y_n} + \sum_n \log p_{y_n}(d_n)
            + \sum_t \ell_{t y(t)}

    over segments n; the last one lasts at least its frames. Lengths go up to four times
    the longest mean, at most 1000 frames, and time grows with them; a longer segment
    starts again, with probability 1e-6. Streams, and merged or split actions, use the
    Markov chain with the same mean durations.

    *Lags.* With ``n_lags`` p, frames follow an autoregression,

    .. math:: z_t \sim \mathcal{N}\bigl(b_k + A_k^\top [z_{t-1}, \dots, z_{t-p}],
        \operatorname{diag} \sigma_k^2 \bigr),

    learned by weighted least squares with ``reg_covar`` as ridge. The first frame of a
    recording is repeated before it.

    References
    ----------
    Guédon, "Estimating Hidden Semi-Markov Chains From Discrete Sequences", Journal of
    Computational and Graphical Statistics, 2003.

    Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in Speech
    Recognition", Proceedings of the IEEE, 1989.

    Yu, "Hidden semi-Markov models", Artificial Intelligence, 2010.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = HMMSegmenter(n_actions=4).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    >>> model = HMMSegmenter(4, order="free", random_state=0).fit(videos)
    >>> model.transitions_.shape
    (4, 4)
    """

    __module__ = "skl_tot"

    _by_order = HMM
    _parameter_constraints = with_order(BaseSegmenter._parameter_constraints, HMM) | {
        "durations": [None, StrOptions({"poisson", "negative_binomial"})],
        "covariance": [None, StrOptions({"own", "shared"})],
        "n_lags": [Interval(Integral, 0, 3, closed="both")],
        "n_components": [None, Interval(Integral, 1, MOST, closed="both")],
        "n_init": [Interval(Integral, 1, MOST, closed="both")],
        "max_iter": [Interval(Integral, 1, MOST, closed="both")],
        "tol": [Interval(Real, 0, LARGEST, closed="both")],
        "reg_covar": [Interval(Real, LEAST_SPREAD, LARGEST, closed="both")],
    }

    # defaults for models of earlier versions
    order_: str | None = "strict"
    starts_: Any = None
    durations_: Any = None
    lags_: Any = None

    def __init__(
        self,
        n_actions=8,
        *,
        order="auto",
        durations=None,
        covariance=None,
        n_lags=0,
        n_components=16,
        n_init=4,
        max_iter=30,
        tol=0.0,
        reg_covar=1e-2,
        decoding="auto",
        switch_cost=None,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
        random_state=None,
    ):
        self.n_actions = n_actions
        self.order = order
        self.durations = durations
        self.covariance = covariance
        self.n_lags = n_lags
        self.n_components = n_components
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.reg_covar = reg_covar
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.min_duration = min_duration
        self.background_percentile = background_percentile
        self.standardize = standardize
        self.random_state = random_state

    def _learn(self, videos):
        self._settle_n_actions(videos)
        if self.order_ == "free" and self.n_lags == 0 and len(videos) == 1:
            center, components = slow_directions(
                videos, find_moment(videos), self.n_components
            )
            unit = 1.0
        else:
            center, components, unit = principal_components(videos, self.n_components)
        embedded = [embed(videos, i, center, components.T) for i in range(len(videos))]
        self.center_, self.components_ = center, components
        reg_covar = self.reg_covar * unit
        model, curve = self._climb(embedded, reg_covar)
        self.means_, self.covars_, paths, _, self.lags_ = model
        self.transitions_, self.durations_ = paths[-1], None
        if self.durations is not None:
            self.transitions_ = paths.moves
            self.durations_ = np.exp(paths.family[paths.chosen])
        self.starts_ = np.exp(-paths.chain().starts)
        self.log_likelihood_curve_, self.n_iter_ = curve, len(curve)
        return lambda: (self._score(own, i) for i, own in enumerate(embedded))

    def _climb(self, frames, reg_covar):
        """Fit in the requested order, and then with durations."""
        n_actions = self.n_actions_
        options = {"reg_covar": reg_covar, "min_frames": self.min_frames_}
        options["tol"] = self.tol
        if self.order_ == "free":
            model, curve = self._climb_from_clusters(frames, options)
        else:
            frames = [own for own in frames if len(own) >= n_actions]
            start = self._prepared(start_from_equal_parts(frames, n_actions, reg_covar))
            model, curve = fit_hmm(frames, start, max_iter=self.max_iter, **options)
        if self.durations is not None:
            start = model.with_durations(frames, self.durations, self.min_frames_)
            options["max_iter"] = min(DURATION_ITER, self.max_iter)
            model, curve = fit_hmm(frames, start, **options)
        return model, curve

    def _climb_from_clusters(self, frames, options):
        """Fit in free order, and number actions by time."""
        rng, tried = check_random_state(self.random_state), []
        n_first = self.max_iter if self.n_init == 1 else min(FIRST_ITER, self.max_iter)
        n_actions, reg_covar = self.n_actions_, options["reg_covar"]
        for i in range(self.n_init):
            start = start_from_clusters(
                frames, n_actions, reg_covar, rng, settle=i % 2 == 0
            )
            start = self._prepared(start)
            tried.append(fit_hmm(frames, start, max_iter=n_first, **options))
        model, curve = max(tried, key=lambda found: found[1][-1])
        if self.max_iter > n_first:
            n_left = self.max_iter - n_first
            model, rest = fit_hmm(frames, model, max_iter=n_left, **options)
            curve = curve + rest
        found = model.posteriors(frames, self.min_frames_)
        return model.sorted(time_order(found)), curve

    def _prepared(self, start):
        """Start with the requested variances and lags."""
        shares = self.covariance == "shared"
        if self.covariance is None:
            shares = self.order_ == "free"
        start = start.sharing() if shares else start
        if self.n_lags == 0:
            return start
        n_actions, n_components = start.means.shape
        sizes = n_actions, self.n_lags * n_components, n_components
        return start._replace(lags=np.zeros(sizes))

    def _log_likelihoods(self, videos):
        for i in range(len(videos)):
            yield self._score(embed(videos, i, self.center_, self.components_.T), i)

    def _score(self, frames, i):
        return log_densities(frames, self.means_, self.covars_, i, self.lags_)

    def _warn_of_signals(self, videos):
        if self.lags_ is None:  # lags are for raw signals
            super()._warn_of_signals(videos)

    @property
    def n_around_(self):
        """Frames on each side of a frame that its scores use."""
        lags = self.lags_
        n_lags = 0 if lags is None else lags.shape[1] // lags.shape[2]
        return super().n_around_ + n_lags

    @property
    def decoder_(self):
        """Decoder and the cost of a switch."""
        is_plain = self.durations_ is None and self.order_ != "free"
        is_ordered = self.order_ == "strict"
        if is_plain or (is_ordered and self.layers_) or self.decoding != "auto":
            return super().decoder_
        starts, moves, runs = self.starts_, self.transitions_, None
        if self.order_ == "mostly":  # learned in strict order
            starts, moves = np.full_like(starts, 1 / len(starts)), jumps(0 * moves + 1)
        paths = AnyOrder(starts, moves)
        if self.durations_ is not None:
            paths = nearest_paths(starts, moves, self.durations_)
            if not self.layers_:
                ends = np.eye(len(starts))[-1] if is_ordered else None
                runs = run_chain(starts, moves, self.durations_, ends)
        chain = paths.after(self.layers_).chain()
        return BoundDecoder(chain_decoder(chain, runs), 0.0)


# doctest runs the examples of this module's names; __module__ is the public one
__test__ = {"HMMSegmenter": HMMSegmenter}
