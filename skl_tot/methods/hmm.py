"""A left-to-right hidden Markov model, as one would write it without this package."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval

from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.discriminants import embed
from skl_tot.methods.hmm_model import (
    fit_hmm,
    log_densities,
    principal_components,
    start_from_equal_parts,
)
from skl_tot.training.components import LARGEST, MOST

# Less, and variances may vanish from sums of float64.
LEAST_SPREAD = 1e-6


class HMMSegmenter(BaseSegmenter):
    r"""Unsupervised action segmentation by a left-to-right hidden Markov model.

    Needs no network, and nothing is left to chance. Principal components of the frames
    of all videos are the observations z. Actions are the states: a video starts in
    action 0, and after a frame of action k the next one shows action k + 1 with
    probability :math:`p_k`, and action k again otherwise. Each action is a Gaussian,

    .. math:: \ell_{tk} = \log \mathcal{N}(z_t; \mu_k, \operatorname{diag} \sigma_k^2) .

    Means, variances and :math:`p_k` are learned by expectation-maximisation, from what
    K equal parts of each video have of them.

    Parameters
    ----------
    n_actions : int or "auto", default=8
        Number of actions K, see `TemporalOTSegmenter`.
    n_components : int or None, default=16
        Principal components at most; None keeps all. Those without variance are left
        out.
    max_iter : int, default=30
        Steps of expectation-maximisation at most.
    tol : float, default=0.0
        Stop after a step if the one before gained less, in nats a frame; 0 stops where
        rounding is all that changes.
    reg_covar : float, default=1e-2
        Prior of the variances, r, from 1e-6 on, in units of the mean variance of a
        feature: the variance of an action is that of :math:`n_k` expected frames plus
        :math:`r / n_k`. Added to the variances that the fit starts from.
    decoding, switch_cost, min_duration : optional
        As of `TemporalOTSegmenter`, but for the defaults.
    background_percentile, standardize : optional
        As of `TemporalOTSegmenter`, but for the defaults.

    Attributes
    ----------
    center_ : ndarray of shape (n_features,)
        Mean of the standardised frames.
    components_ : ndarray of shape (n_components, n_features)
        Principal components of the standardised frames, one a row.
    means_ : ndarray of shape (n_actions, n_components)
        Mean of each action, along the components.
    covars_ : ndarray of shape (n_actions, n_components)
        Its variances.
    transitions_ : ndarray of shape (n_actions,)
        Probability :math:`p_k` that the frame after one of action k shows the next
        action; 0 of the last action.
    log_likelihood_curve_ : list of float
        Log-likelihood before each step, less what the prior of the variances takes, in
        nats a frame. It never falls.
    n_iter_ : int
        Steps taken.
    n_actions_, labels_, classes_, layers_, scaler_, confidence_, background_, fps_
        As of `TemporalOTSegmenter`.

    See Also
    --------
    MallowSegmenter : Needs no network either, and finds an order for each video.
    TemporalOTSegmenter : Learns an embedding that is not linear.

    Notes
    -----
    Input, labels and edge cases are those of `TemporalOTSegmenter`. Videos with fewer
    frames than actions are not learned from: they would all show the first actions. The
    components of all frames are held in memory, as float64, and a matrix of D × D; a
    fit reads the videos twice. An action that no path is expected to show stays what it
    was.

    From the same start the steps are those of ``GaussianHMM`` of hmmlearn, with
    ``covars_prior=reg_covar`` and everything else as it is there, whose prior it is.
    Training knows how probably actions are left, and a video may end in any action.
    Decoding goes by the Gaussians alone, and "fixed" ends in the last action. All its
    paths have as many switches, and what a longer stay costs is little beside the
    Gaussians: on seven recorded sets 99.5 to 100 % of the labels of each set were those
    of the likeliest path of the whole model.

    References
    ----------
    Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in Speech
    Recognition", Proceedings of the IEEE, 1989.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=10, n_actions=4, random_state=0)
    >>> model = HMMSegmenter(n_actions=4).fit(videos)
    >>> model.predict(videos)[0].shape == labels[0].shape
    True
    """

    __module__ = "skl_tot"

    _parameter_constraints = BaseSegmenter._parameter_constraints | {
        "n_components": [None, Interval(Integral, 1, MOST, closed="both")],
        "max_iter": [Interval(Integral, 1, MOST, closed="both")],
        "tol": [Interval(Real, 0, LARGEST, closed="both")],
        "reg_covar": [Interval(Real, LEAST_SPREAD, LARGEST, closed="both")],
    }
    del _parameter_constraints["random_state"]

    def __init__(
        self,
        n_actions=8,
        *,
        n_components=16,
        max_iter=30,
        tol=0.0,
        reg_covar=1e-2,
        decoding="fixed",
        switch_cost=0.0,
        min_duration=None,
        background_percentile=None,
        standardize="dataset",
    ):
        self.n_actions = n_actions
        self.n_components = n_components
        self.max_iter = max_iter
        self.tol = tol
        self.reg_covar = reg_covar
        self.decoding = decoding
        self.switch_cost = switch_cost
        self.min_duration = min_duration
        self.background_percentile = background_percentile
        self.standardize = standardize

    def _learn(self, videos):
        self._settle_n_actions(videos)
        n_actions = self.n_actions_
        center, components, unit = principal_components(videos, self.n_components)
        embedded = [embed(videos, i, center, components.T) for i in range(len(videos))]
        learned_from = [frames for frames in embedded if len(frames) >= n_actions]
        reg_covar = self.reg_covar * unit
        model, curve = fit_hmm(
            learned_from,
            start_from_equal_parts(learned_from, n_actions, reg_covar),
            reg_covar=reg_covar,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.center_, self.components_ = center, components
        self.means_, self.covars_, self.transitions_ = model
        self.log_likelihood_curve_, self.n_iter_ = curve, len(curve)
        return lambda: self._densities(embedded)

    def _log_likelihoods(self, videos):
        for i in range(len(videos)):
            frames = embed(videos, i, self.center_, self.components_.T)
            yield log_densities(frames, self.means_, self.covars_, i)

    def _densities(self, embedded):
        for i, frames in enumerate(embedded):
            yield log_densities(frames, self.means_, self.covars_, i)


# doctest looks for names of this module, which the public one is not
__test__ = {"HMMSegmenter": HMMSegmenter}
