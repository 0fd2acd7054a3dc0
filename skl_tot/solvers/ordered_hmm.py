"""Hidden Markov model whose actions follow each other, by expectation-maximisation."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh
from scipy.special import softmax

from skl_tot.inputs.errors import VideoValueError
from skl_tot.methods.discriminants import frame_moments

# Share of the largest variance that a component has at least.
LEAST_VARIANCE = 1e-12
# Probabilities of leaving an action keep so far from 0 and 1.
LEAST_LEAVE = 1e-12
# With fewer expected frames an action stays what it was.
LEAST_FRAMES = 1e-8


@dataclass(frozen=True)
class OrderedHMM:
    """A Gaussian of each action, and how probably a frame is its last.

    Attributes
    ----------
    means : ndarray of shape (n_actions, n_components)
        Means of the Gaussians.
    covars : ndarray of shape (n_actions, n_components)
        Their variances.
    leave : ndarray of shape (n_actions,)
        Probability that the next frame shows the next action; 0 of the last action.
    """

    means: np.ndarray
    covars: np.ndarray
    leave: np.ndarray


def principal_components(videos, n_components):
    """Mean of the frames, directions of largest variance, and the unit of variance.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos to read, once.
    n_components : int or None
        Directions at most; None keeps all.

    Returns
    -------
    center : ndarray of shape (n_features,)
        Mean of all frames.
    components : ndarray of shape (n_directions, n_features)
        Orthonormal rows, largest variance first. Of those without variance one is
        kept, where there are no others. The largest entry of each is positive.
    unit : float
        Mean variance of a feature, or 1 if all are constant.
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
    """Log-density of the Gaussian of each action.

    Parameters
    ----------
    frames : ndarray of shape (n_frames, n_components)
        Frames of a video along the components.
    means, covars : ndarray of shape (n_actions, n_components)
        Means and variances.
    i : int, default=None
        Number of the video, for an error.

    Returns
    -------
    log_densities : ndarray of shape (n_frames, n_actions)
        In nats.
    """
    found = np.empty((len(frames), len(means)))
    scales = np.sqrt(covars)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (mean, scale) in enumerate(zip(means, scales)):
            distances = np.square((frames - mean) / scale)
            found[:, k] = -0.5 * distances.sum(axis=1)
    found -= np.log(scales).sum(axis=1) + 0.5 * frames.shape[1] * np.log(2 * np.pi)
    # sums over frames are to stay numbers
    if not (found > -1e150).all():
        raise VideoValueError("the features are too far from those of the fit.", i)
    return found


def start_from_equal_parts(frames, n_actions, reg_covar):
    """Fit each action to its equal part of every video.

    Parameters
    ----------
    frames : list of ndarray of shape (n_frames_i, n_components)
        Videos of at least ``n_actions`` frames.
    n_actions : int
        Number of actions K.
    reg_covar : float
        Added to the variances.

    Returns
    -------
    model : OrderedHMM
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


def ordered_posterior(log_likelihood, leave):
    r"""Probability of each action in each frame, and the log-likelihood of a video.

    A path starts in action 0; after a frame of action k it goes on to the next with
    probability :math:`p_k`, else it stays. It may end in any action. With the prefix
    sums :math:`C_k(t)` of the log-likelihoods and of :math:`\log (1 - p_k)`, forward
    sums are running ones,

    .. math::

        F_k(t) = C_k(t) + \log \sum_{s \le t}
            \exp \left( F_{k-1}(s - 1) + \log \frac{p_{k-1}}{1 - p_k} - C_k(s - 1)
            \right),

    and backward sums too: O(T K) operations and no loop over frames.

    Parameters
    ----------
    log_likelihood : ndarray of shape (n_frames, n_actions)
        Finite log-likelihood of each action.
    leave : ndarray of shape (n_actions,)
        :math:`p_k`, more than 0 and less than 1; that of the last action is not used.

    Returns
    -------
    probabilities : ndarray of shape (n_frames, n_actions)
        Each row sums to 1.
    total : float
        Log-likelihood of the video, summed over all paths.
    """
    # what a frame gives to all actions would only make sums larger
    common = log_likelihood.max(axis=1)
    log_leave, log_stay = np.log(leave[:-1]), np.append(np.log1p(-leave[:-1]), 0.0)
    totals = np.zeros((log_likelihood.shape[1], len(common) + 1))
    scores = log_likelihood - common[:, None] + log_stay
    np.cumsum(scores.T, axis=1, out=totals[:, 1:])
    forward = _forward(totals, log_leave, log_stay)
    backward = _backward(totals, log_leave, log_stay)
    total = np.logaddexp.reduce(forward[:, -1]) + common.sum()
    return softmax((forward + backward).T, axis=1), float(total)


def _forward(totals, log_leave, log_stay):
    """Weigh the paths up to each frame: (n_actions, n_frames), log."""
    n_actions, n_frames = len(totals), totals.shape[1] - 1
    forward = np.empty((n_actions, n_frames))
    entries = np.full(n_frames, -np.inf)
    entries[0] = 0.0
    for k in range(n_actions):
        if k > 0:
            entries[0] = -np.inf
            entries[1:] = forward[k - 1, :-1] + log_leave[k - 1]
        # nothing stays in front of the first frame of an action
        weights = entries - log_stay[k] - totals[k, :-1]
        forward[k] = np.logaddexp.accumulate(weights) + totals[k, 1:]
    return forward


def _backward(totals, log_leave, log_stay):
    """Weigh the paths after each frame, given its action: (n_actions, n_frames)."""
    n_actions, n_frames = len(totals), totals.shape[1] - 1
    backward = np.empty((n_actions, n_frames))
    for k in range(n_actions - 1, -1, -1):
        exits = np.full(n_frames, -np.inf)
        exits[-1] = 0.0
        if k < n_actions - 1:
            following = np.diff(totals[k + 1])[1:] - log_stay[k + 1]
            exits[:-1] = log_leave[k] + following + backward[k + 1, 1:]
        exits += totals[k, 1:]
        sums = np.logaddexp.accumulate(exits[::-1])[::-1]
        backward[k] = sums - totals[k, 1:]
    return backward


class _Sums:
    """Expected sums of a round of expectation-maximisation."""

    def __init__(self, n_actions, n_components):
        self.frames = np.zeros(n_actions)
        self.first = np.zeros((n_actions, n_components))
        self.second = np.zeros((n_actions, n_components))
        self.with_next = np.zeros(n_actions)
        self.left = np.zeros(n_actions)
        self.log_likelihood = 0.0

    def add(self, frames, probabilities, total):
        """Add a video, its posterior and its log-likelihood."""
        self.frames += probabilities.sum(axis=0)
        self.first += probabilities.T @ frames
        self.second += probabilities.T @ np.square(frames)
        self.with_next += probabilities[:-1].sum(axis=0)
        # an action has been left once, if a later one is the last
        self.left[:-1] += np.cumsum(probabilities[-1, :0:-1])[::-1]
        self.log_likelihood += total


def _expect(frames, model):
    """Add up all videos, by the posteriors under a model."""
    sums = _Sums(*model.means.shape)
    for video in frames:
        scores = log_densities(video, model.means, model.covars)
        sums.add(video, *ordered_posterior(scores, model.leave))
    return sums


def _maximise(sums, model, reg_covar):
    """Most probable model, given the sums."""
    means, covars, leave = model.means.copy(), model.covars.copy(), model.leave.copy()
    seen = sums.frames > LEAST_FRAMES
    counts = sums.frames[seen, None]
    means[seen] = sums.first[seen] / counts
    spread = sums.second[seen] - counts * means[seen] ** 2
    covars[seen] = (np.maximum(spread, 0) + reg_covar) / counts
    goes_on = sums.with_next > LEAST_FRAMES
    leave[goes_on] = sums.left[goes_on] / sums.with_next[goes_on]
    leave[:-1] = np.clip(leave[:-1], LEAST_LEAVE, 1 - LEAST_LEAVE)
    return OrderedHMM(means, covars, leave)


def fit_ordered_hmm(frames, model, *, reg_covar, max_iter, tol):
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

    An action is left as often as is expected, of its frames that have a next one.

    Parameters
    ----------
    frames : list of ndarray of shape (n_frames_i, n_components)
        Videos along the components.
    model : OrderedHMM
        Where to start, such as from `start_from_equal_parts`.
    reg_covar : float
        r, more than 0.
    max_iter : int
        Steps at most.
    tol : float
        Stop after a step if the one before gained less, in nats a frame.

    Returns
    -------
    model : OrderedHMM
        What was learned.
    curve : list of float
        What is climbed before each step, in nats a frame.
    """
    n_frames = sum(map(len, frames))
    curve = []
    for _ in range(max_iter):
        sums = _expect(frames, model)
        penalty = reg_covar * (1 / model.covars).sum() / 2
        curve.append((sums.log_likelihood - penalty) / n_frames)
        model = _maximise(sums, model, reg_covar)
        if len(curve) > 1 and curve[-1] - curve[-2] < tol:
            break
    return model, curve
