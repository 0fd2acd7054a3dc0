"""A left-to-right hidden Markov model, as one would write it without this package."""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from sklearn.utils._param_validation import Interval

from skl_tot.decoding.chain import Chain
from skl_tot.methods.base import BaseSegmenter
from skl_tot.methods.discriminants import embed, frame_moments
from skl_tot.recordings.errors import RecordingValueError
from skl_tot.training.components import LARGEST, MOST

# Less, and variances may vanish from sums of float64.
LEAST_SPREAD = 1e-6
# Share of the largest variance that a component has at least.
LEAST_VARIANCE = 1e-12
# Probabilities of leaving an action keep so far from 0 and 1.
LEAST_LEAVE = 1e-12
# With fewer expected frames an action stays what it was.
LEAST_FRAMES = 1e-8


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
    n_actions : int, default=8
        Number of actions K.
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
    background_percentile, standardize, context : optional
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
        context=None,
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
        self.context = context

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


class OrderedHMM(NamedTuple):
    """Means and variances (n_actions, n_components), and how probably an action ends.

    ``leave`` (n_actions,) is the probability that the next frame shows the next action;
    0 of the last action.
    """

    means: np.ndarray
    covars: np.ndarray
    leave: np.ndarray

    def chain(self):
        """Chain of the paths: from action 0 on, and to any end."""
        n_actions = len(self.leave)
        moves = np.full((n_actions, n_actions), np.inf)
        np.fill_diagonal(moves, -np.log1p(-self.leave))
        np.fill_diagonal(moves[:, 1:], -np.log(self.leave[:-1]))
        starts = np.where(np.arange(n_actions) == 0, 0.0, np.inf)
        return Chain(starts, moves, np.zeros(n_actions))


def principal_components(videos, n_components):
    """Mean of the frames, directions of largest variance, and the unit of variance.

    Directions are orthonormal rows, largest variance first; of those without variance
    one is kept, where there are no others. The largest entry of each is positive. The
    unit is the mean variance of a feature, or 1 if all are constant.
    """
    center, covariance = frame_moments(videos)
    n_features = len(covariance)
    n_components = min(n_components or n_features, n_features)
    wanted = [n_features - n_components, n_features - 1]
    variances, directions = eigh(covariance, subset_by_index=wanted)
    n_varying = int((variances > LEAST_VARIANCE * variances[-1]).sum())
    components = directions.T[::-1][: max(1, n_varying)]
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    unit = np.trace(covariance) / n_features
    return center, components * signs[:, None], unit if unit > 0 else 1.0


def log_densities(frames, means, covars, i=None):
    """Log-densities (n_frames, n_actions) of the frames of video i along components."""
    found = np.empty((len(frames), len(means)))
    scales = np.sqrt(covars)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (mean, scale) in enumerate(zip(means, scales)):
            distances = np.square((frames - mean) / scale)
            found[:, k] = -0.5 * distances.sum(axis=1)
    found -= np.log(scales).sum(axis=1) + 0.5 * frames.shape[1] * np.log(2 * np.pi)
    # sums over frames are to stay numbers
    if not (found > -1e150).all():
        raise RecordingValueError("the features are too far from those of the fit.", i)
    return found


def start_from_equal_parts(frames, n_actions, reg_covar):
    """Fit each action to its equal part of every video.

    Actions are left as often as in videos of the mean length, at most every other
    frame.
    """
    lengths = [len(video) for video in frames]
    labels = np.concatenate([np.arange(n) * n_actions // n for n in lengths])
    joined = np.concatenate(frames)
    parts = [joined[labels == k] for k in range(n_actions)]
    leave = np.full(n_actions, min(n_actions / np.mean(lengths), 0.5))
    leave[-1] = 0.0
    return OrderedHMM(
        np.array([part.mean(axis=0) for part in parts]),
        np.array([part.var(axis=0) for part in parts]) + reg_covar,
        leave,
    )


class ExpectedSums:
    """What frames are expected to sum up to, by the posteriors under a model."""

    def __init__(self, frames, model):
        n_actions, n_components = model.means.shape
        self.frames, self.with_next, self.left = np.zeros((3, n_actions))
        self.first, self.second = np.zeros((2, n_actions, n_components))
        self.log_likelihood = 0.0
        chain = model.chain()
        for video in frames:
            scores = log_densities(video, model.means, model.covars)
            self._add(video, *chain.forward_backward(scores))

    def _add(self, frames, probabilities, total):
        self.frames += probabilities.sum(axis=0)
        self.first += probabilities.T @ frames
        self.second += probabilities.T @ np.square(frames)
        self.with_next += probabilities[:-1].sum(axis=0)
        # an action has been left once, if a later one is the last
        self.left[:-1] += np.cumsum(probabilities[-1, :0:-1])[::-1]
        self.log_likelihood += total


def maximise(sums, model, reg_covar):
    """Most probable model, given the sums."""
    means, covars, leave = (array.copy() for array in model)
    seen = sums.frames > LEAST_FRAMES
    counts = sums.frames[seen, None]
    means[seen] = sums.first[seen] / counts
    spread = sums.second[seen] - counts * means[seen] ** 2
    covars[seen] = (np.maximum(spread, 0) + reg_covar) / counts
    goes_on = sums.with_next > LEAST_FRAMES
    leave[goes_on] = sums.left[goes_on] / sums.with_next[goes_on]
    leave[:-1] = np.clip(leave[:-1], LEAST_LEAVE, 1 - LEAST_LEAVE)
    return OrderedHMM(means, covars, leave)


def fit_hmm(frames, model, *, reg_covar, max_iter, tol):
    r"""Expectation-maximisation from a model on.

    Each step climbs, by the posteriors of all videos, to a higher

    .. math::

        \sum_i \log p(z_i) - \frac{r}{2} \sum_{k, d} \frac{1}{\sigma_{kd}^2},

    in which the second term is a prior that keeps variances from 0, r the
    ``reg_covar``. With :math:`\gamma_{tk}` the probability of action k in frame t, and
    :math:`n_k` its sum over all frames, the variance of an action is

    .. math::

        \sigma_{kd}^2 = \frac{1}{n_k} \Bigl( r + \sum_t \gamma_{tk}
            (z_{td} - \mu_{kd})^2 \Bigr) .

    An action is left as often as is expected, of its frames that have a next one. Stops
    after a step if the one before gained less than ``tol``. Gives the model, and what
    is climbed before each step, in nats a frame.
    """
    n_frames = sum(map(len, frames))
    curve = []
    for _ in range(max_iter):
        sums = ExpectedSums(frames, model)
        penalty = reg_covar * (1 / model.covars).sum() / 2
        curve.append((sums.log_likelihood - penalty) / n_frames)
        model = maximise(sums, model, reg_covar)
        if len(curve) > 1 and curve[-1] - curve[-2] < tol:
            break
    return model, curve


# doctest looks for names of this module, which the public one is not
__test__ = {"HMMSegmenter": HMMSegmenter}
