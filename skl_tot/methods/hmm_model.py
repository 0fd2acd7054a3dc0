"""A left-to-right hidden Markov model with Gaussians, and how it is learned."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh

from skl_tot.decoding.chain import Chain
from skl_tot.methods.discriminants import frame_moments
from skl_tot.recordings.errors import RecordingValueError

# Share of the largest variance that a component has at least.
LEAST_VARIANCE = 1e-12
# Probabilities of leaving an action keep so far from 0 and 1.
LEAST_LEAVE = 1e-12
# With fewer expected frames an action stays what it was.
LEAST_FRAMES = 1e-8


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
