"""Hidden Markov models, left-to-right or with moves between all actions."""

from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot.decoding.decoders import LearnedDecoder
from skl_tot.decoding.evidence import log_densities
from skl_tot.methods.base import ORDER_CONSTRAINTS, BaseSegmenter, by_order
from skl_tot.methods.gaussians import (
    AnyOrder,
    embed,
    find_moment,
    fit_hmm,
    principal_components,
    slow_directions,
    start_from_clusters,
    start_from_equal_parts,
    time_order,
)
from skl_tot.methods.numbers import AUTO
from skl_tot.progress import part
from skl_tot.recordings.signals import stretches, thinned
from skl_tot.training.components import COUNT, LARGEST, WEIGHT


@dataclass(eq=False, repr=False)
class HMMSegmenter(BaseSegmenter):
    r"""Unsupervised action segmentation by a hidden Markov model.

    Observations z are principal components of the frames of all recordings or, for one
    recording in free order, slow directions (see Notes). Actions are the states, and
    each is a Gaussian,

    .. math:: \ell_{tk} = \log \mathcal{N}(z_t; \mu_k, \operatorname{diag} \sigma_k^2) .

    In free order, ``decoding="auto"`` is the likeliest path of the whole model, and
    ``switch_cost`` is not used; it is 0 in strict order by default, and 0.5 else.

    In strict order a recording starts in action 0, and a frame of action k is followed
    by action k + 1 with probability :math:`p_k`, else by k. In free order it starts in
    action k with probability :math:`\pi_k`, and a frame of action j is followed by k
    with probability :math:`A_{jk}`. All parameters are learned by
    expectation-maximisation.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K; "auto" takes the result of `choose_n_actions`.
    order : {"mostly", "strict", "free"}, default="mostly"
        "strict": each action once, in one order, starting from K equal parts of each
        recording. "mostly": learned in the same way, and decoded in any order. "free":
        in any order, any number of times, starting from clusters.
    covariance : {"auto", "own", "shared"}, default="auto"
        Whether each action has own variances. "auto" is "shared" in free order, where
        actions would else differ by their variance only, and "own" otherwise.
    n_components : int or None, default=16
        Maximum number of components; None keeps all.
    n_init : int, default=4
        Starts in free order; the one of largest likelihood after a few steps continues.
    max_iter : int, default=30
        Maximum number of steps of expectation-maximisation.
    tol : float, default=1e-4
        Stop after a step if the previous one gained less, in nats per frame.
    reg_covar : float, default=1e-2
        Prior r of the variances, at least 1e-6, in units of the mean variance of a
        feature: it adds :math:`r / n_k` to the variance of an action with :math:`n_k`
        expected frames.
    decoding, switch_cost, min_duration, background_percentile : optional
        As in `TemporalOTSegmenter`.
    standardize, random_state : optional
        As in `TemporalOTSegmenter`.

    Attributes
    ----------
    center_ : ndarray of shape (n_features,)
        Mean of the standardised frames.
    components_ : ndarray of shape (n_components, n_features)
        Components of the standardised frames, one per row.
    means_ : ndarray of shape (n_actions, n_components)
        Mean of each action, along the components.
    covars_ : ndarray of shape (n_actions, n_components)
        Variances of each action.
    starts_ : ndarray of shape (n_actions,)
        Probability of the first action :math:`\pi_k`.
    transitions_ : ndarray of shape (n_actions,) or (n_actions, n_actions)
        Probability :math:`p_k` that a frame of action k is followed by the next action;
        0 for the last action. In free order, :math:`A_{jk}`.
    log_likelihood_curve_ : list of float
        Log-likelihood before each step, with the prior, in nats per frame; never falls.
    n_iter_ : int
        Number of these steps.
    shares_ : ndarray
        Shares of the actions in the frames of the fit, before corrections.
    n_actions_, labels_, classes_, layers_
        As in `TemporalOTSegmenter`.
    scaler_, confidence_, background_, fps_
        As in `TemporalOTSegmenter`.

    Notes
    -----
    See `TemporalOTSegmenter` for input and attributes; in free order, actions are
    numbered by the mean relative time of their frames. The model learns from up to
    65,536 frames, fewer with more than 1,024 features: from evenly spread stretches in
    free order, else from each n-th frame.

    For one recording in free order, components u solve :math:`C u = \lambda N u` with
    :math:`u^\top N u = 1`, for the covariance C of the frames and half of the
    covariance N of changes in a moment, with a ridge of 0.1 in both. A moment is the
    time in which features lose 15 % of their variance; if it is one frame, components
    are principal components.

    For ``covariance="own"``, steps equal ``GaussianHMM`` of hmmlearn with
    ``covars_prior=reg_covar``. In strict order, decoding uses only the Gaussians.

    References
    ----------
    Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in Speech
    Recognition", Proceedings of the IEEE, 1989.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> HMMSegmenter(4, order="free", random_state=0).fit(videos).transitions_.shape
    (4, 4)
    """

    __module__ = "skl_tot"

    # in free order, decoding="auto" has costs of the model itself
    _defaults_by_order = by_order(
        covariance=("own", "own", "shared"),
        decoding=("fixed", "free"),
        switch_cost=(0.0, 0.5, 0.5),
    )
    has_densities = True
    _parameter_constraints = {
        **BaseSegmenter._parameter_constraints,
        **ORDER_CONSTRAINTS,
        "covariance": [StrOptions({AUTO, "own", "shared"})],
        "n_components": [None, *COUNT],
        "n_init": COUNT,
        "tol": WEIGHT,
        # smaller values may lose variances to rounding in float64
        "reg_covar": [Interval(Real, 1e-6, LARGEST, closed="both")],
    }

    n_actions: int | str = 8
    _: KW_ONLY
    order: str = "mostly"
    covariance: str = "auto"
    n_components: int | None = 16
    n_init: int = 4
    max_iter: int = 30
    tol: float = 1e-4
    reg_covar: float = 1e-2
    decoding: Any = "auto"
    switch_cost: Any = "auto"
    min_duration: float | None = None
    background_percentile: float | None = None
    standardize: str | None = "dataset"
    random_state: Any = None

    def _learn(self, videos):
        """Learn components, Gaussians and moves from a sample; return no scores."""
        self._set_n_actions(videos)
        is_free = self.order_ == "free"
        # stretches keep moves between actions, thinned recordings keep their course
        sample = stretches(videos) if is_free else thinned(videos, self.n_actions_)
        if is_free and len(videos) == 1:
            # no other recording tells actions from slow changes within them
            center, components = slow_directions(
                sample.videos, find_moment(videos), self.n_components
            )
            mean_variance = 1.0
        else:
            center, components, mean_variance = principal_components(
                sample.videos, self.n_components
            )
        self.center_, self.components_ = center, components
        frames = [self._project(sample.videos, i) for i in range(len(sample.videos))]
        options = {"reg_covar": self.reg_covar * mean_variance, "tol": self.tol}
        if is_free:
            model, curve = self._fit_from_clusters(frames, sample, options)
        else:
            model, curve = self._fit_from_parts(frames, options)
        self.means_, self.covars_ = model.means, model.covars
        # of one frame to the next, while the model moves once in `step` frames
        self.transitions_ = model.paths.transitions / sample.step
        self.starts_ = np.exp(-model.paths.chain().starts)
        self.log_likelihood_curve_, self.n_iter_ = curve, len(curve)

    def _fit_from_parts(self, frames, options):
        frames = [of_video for of_video in frames if len(of_video) >= self.n_actions_]
        reg_covar = options["reg_covar"]
        start = start_from_equal_parts(frames, self.n_actions_, reg_covar)
        if self._resolved_parameters().covariance == "shared":
            start = start.with_shared_variances()
        return fit_hmm(frames, start, max_iter=self.max_iter, **options)

    def _fit_from_clusters(self, frames, sample, options):
        """Fit in free order, number actions by time; return the model and its curve."""
        # A few steps tell the best start, and only this one goes on.
        rng, reg_covar = check_random_state(self.random_state), options["reg_covar"]
        n_first = self.max_iter if self.n_init == 1 else min(5, self.max_iter)
        fits = []
        for i in range(self.n_init):
            start = start_from_clusters(
                frames, self.n_actions_, reg_covar, rng, converge=i % 2 == 0
            )
            if self._resolved_parameters().covariance == "shared":
                start = start.with_shared_variances()
            with part(i, self.n_init + 1):
                fits.append(fit_hmm(frames, start, max_iter=n_first, **options))
        model, curve = max(fits, key=lambda fit: fit[1][-1])
        if self.max_iter > n_first:
            n_left = self.max_iter - n_first
            with part(self.n_init, self.n_init + 1):
                model, later_curve = fit_hmm(frames, model, max_iter=n_left, **options)
            curve = curve + later_curve
        posteriors = (of_video[0] for of_video in model.expectations(frames))
        return model.sorted(time_order(posteriors, sample.times())), curve

    def _log_likelihoods(self, videos):
        for i in range(len(videos)):
            yield log_densities(self._project(videos, i), self.means_, self.covars_, i)

    def _project(self, videos, i):
        """Components (n_frames, n_components) of the frames of recording i."""
        return embed(videos, i, self.center_, self.components_.T)

    def _decoder(self, decoding):
        if decoding != AUTO:  # which an order replaces, except free order
            return super()._decoder(decoding)
        paths = AnyOrder(self.starts_, self.transitions_)
        return LearnedDecoder(paths.corrected(self.layers_, self.shares_).chain())
