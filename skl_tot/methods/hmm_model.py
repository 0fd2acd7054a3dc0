"""Hidden Markov models with Gaussians, and how they are learned."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skl_tot.decoding.chain import Chain
from skl_tot.methods.correction_layers import corrected_moves
from skl_tot.methods.discriminants import frame_moments
from skl_tot.recordings.errors import RecordingValueError

# Share of the largest variance that a component has at least.
LEAST_VARIANCE = 1e-12
# Probabilities of moves keep so far from 0, and those of leaving an action from 1.
LEAST_MOVE = 1e-12
# With fewer expected frames an action stays what it was.
LEAST_FRAMES = 1e-8
# Share of other moves in an order with exceptions, to begin with.
OTHERS = 0.1
# Of so many frames, and no more, K-means finds its clusters.
MOST_CLUSTERED = 50_000


class InOrder(NamedTuple):
    """Paths from action 0 on, one action after the other, and to any end.

    ``leave`` (n_actions,) is the probability that the next frame shows the next action;
    0 of the last action.
    """

    leave: np.ndarray

    def chain(self):
        """Chain of the paths."""
        n_actions = len(self.leave)
        moves = np.full((n_actions, n_actions), np.inf)
        np.fill_diagonal(moves, -np.log1p(-self.leave))
        np.fill_diagonal(moves[:, 1:], -np.log(self.leave[:-1]))
        starts = np.where(np.arange(n_actions) == 0, 0.0, np.inf)
        return Chain(starts, moves, np.zeros(n_actions))

    def expect(self, scores, min_frames):
        """Posterior, what `learned` needs of it, and the log-likelihood."""
        probabilities, total = self.chain().forward_backward(scores, min_frames)
        left = np.zeros(len(self.leave))
        # an action has been left once, if a later one is the last
        left[:-1] = np.cumsum(probabilities[-1, :0:-1])[::-1]
        return probabilities, np.stack([probabilities[:-1].sum(axis=0), left]), total

    def in_any_order(self):
        """Allow other moves, too, which are rare to begin with."""
        n_actions, leave = len(self.leave), self.leave.copy()
        if n_actions == 1:
            return AnyOrder(np.ones(1), np.ones((1, 1)))
        leave[-1] = leave[:-1].mean()
        moves = np.full((n_actions, n_actions), OTHERS / (n_actions - 1))
        moves += (1 - OTHERS) * np.eye(n_actions, k=1)
        np.fill_diagonal(moves, 0)
        moves *= (leave / moves.sum(axis=1))[:, None]
        starts = np.append(1 - OTHERS, moves[0, 1:] / moves[0, 1:].sum() * OTHERS)
        return AnyOrder(starts, moves + np.diag(1 - leave))

    def learned(self, counts):
        """Most probable paths of this kind, given the sums of what is expected."""
        with_next, left = counts
        leave, goes_on = self.leave.copy(), with_next > LEAST_FRAMES
        leave[goes_on] = left[goes_on] / with_next[goes_on]
        leave[:-1] = np.clip(leave[:-1], LEAST_MOVE, 1 - LEAST_MOVE)
        return InOrder(leave)


class AnyOrder(NamedTuple):
    """Paths from any action to any other.

    ``starts`` (n_actions,) are the probabilities of the first action, ``moves``
    (n_actions, n_actions) those of the action of the next frame.
    """

    starts: np.ndarray
    moves: np.ndarray

    def chain(self):
        """Chain of the paths."""
        return Chain(-np.log(self.starts), -np.log(self.moves), 0.0 * self.starts)

    def expect(self, scores, min_frames):
        """As of `InOrder`."""
        found, moves, total = self.chain().expected_moves(scores, min_frames)
        return found, np.vstack([found[:1], moves]), total

    def learned(self, counts):
        """As of `InOrder`."""
        known = np.vstack([self.starts, self.moves])
        totals = counts.sum(axis=1, keepdims=True)
        np.divide(counts, totals, out=known, where=totals > LEAST_FRAMES)
        known = np.maximum(known, LEAST_MOVE)
        known /= known.sum(axis=1, keepdims=True)
        return AnyOrder(known[0], known[1:])

    def sorted(self, order):
        """Give the actions other numbers."""
        return AnyOrder(self.starts[order], self.moves[np.ix_(order, order)])

    def after(self, layers):
        """Paths through the actions after corrections.

        An action that is part of several is left as often as these on the mean.
        """
        if not layers:
            return self
        shares = np.linalg.matrix_power(self.moves, 2**20)[0]  # in the long run
        moves, starts = corrected_moves(self.moves, self.starts, shares, layers)
        leave = 1 - self.moves.diagonal()
        for layer in layers:
            left, shares = layer.totals(shares * leave), layer.totals(shares)
            leave = left / shares
        moves = leave[:, None] * np.exp(moves)
        np.fill_diagonal(moves, 1 - leave)
        return AnyOrder(np.exp(starts), moves)


class HMM(NamedTuple):
    """Means and variances (n_actions, n_components), and how actions follow.

    ``shared`` is whether actions have the same variances.
    """

    means: np.ndarray
    covars: np.ndarray
    paths: InOrder | AnyOrder
    shared: bool = False

    def sorted(self, order):
        """Give the actions other numbers."""
        paths = self.paths.sorted(order)
        return HMM(self.means[order], self.covars[order], paths, self.shared)

    def sharing(self):
        """Give all actions the same variances."""
        covars = np.broadcast_to(self.covars.mean(axis=0), self.covars.shape)
        return self._replace(covars=covars, shared=True)

    def posteriors(self, frames, min_frames=1):
        """Yield the probabilities of the actions in the frames of each video."""
        for video in frames:
            scores = log_densities(video, self.means, self.covars)
            yield self.paths.expect(scores, min_frames)[0]


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
    labels = [np.arange(len(video)) * n_actions // len(video) for video in frames]
    leave = np.full(n_actions, _usual_leave(frames, n_actions))
    leave[-1] = 0.0
    means, covars = _gaussians_of(frames, labels, n_actions, reg_covar)
    return HMM(means, covars, InOrder(leave))


def start_from_labels(frames, labels, n_actions, reg_covar):
    """Fit each action to its frames, by labels of each video, in any order.

    An action is left as often as of `start_from_equal_parts`, for all others alike. One
    without frames has those of all actions.
    """
    leave = _usual_leave(frames, n_actions) if n_actions > 1 else 0.0
    moves = np.full((n_actions, n_actions), leave / max(n_actions - 1, 1))
    np.fill_diagonal(moves, 1 - leave)
    starts = np.full(n_actions, 1 / n_actions)
    means, covars = _gaussians_of(frames, labels, n_actions, reg_covar)
    return HMM(means, covars, AnyOrder(starts, moves))


def _usual_leave(frames, n_actions):
    return min(n_actions / np.mean([len(video) for video in frames]), 0.5)


def _gaussians_of(frames, labels, n_actions, reg_covar):
    labels, joined = np.concatenate(labels), np.concatenate(frames)
    parts = [joined[labels == k] for k in range(n_actions)]
    parts = [part if len(part) else joined for part in parts]
    means = np.array([part.mean(axis=0) for part in parts])
    return means, np.array([part.var(axis=0) for part in parts]) + reg_covar


def start_from_clusters(frames, n_actions, reg_covar, rng, *, settle):
    """Fit each action to a cluster of frames: K-means, or only what it starts from."""
    joined = np.concatenate(frames)
    kmeans = KMeans(
        n_actions,
        n_init=1,
        max_iter=300 if settle else 1,
        random_state=rng.randint(2**31 - 1),
    )
    with warnings.catch_warnings():  # of fewer different frames than clusters
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans.fit(joined[:: 1 + len(joined) // MOST_CLUSTERED])
    labels = [kmeans.predict(video) for video in frames]
    return start_from_labels(frames, labels, n_actions, reg_covar)


class ExpectedSums:
    """What frames are expected to sum up to, by the posteriors under a model."""

    def __init__(self, frames, model, min_frames=1):
        n_actions, n_components = model.means.shape
        self.frames, self.counts = np.zeros(n_actions), 0.0
        self.first, self.second = np.zeros((2, n_actions, n_components))
        self.log_likelihood = 0.0
        for video in frames:
            scores = log_densities(video, model.means, model.covars)
            self._add(video, *model.paths.expect(scores, min_frames))

    def _add(self, frames, probabilities, counts, total):
        self.frames += probabilities.sum(axis=0)
        self.first += probabilities.T @ frames
        self.second += probabilities.T @ np.square(frames)
        self.counts += counts
        self.log_likelihood += total


def maximise(sums, model, reg_covar):
    """Most probable model, given the sums."""
    means, covars = model.means.copy(), model.covars.copy()
    seen = sums.frames > LEAST_FRAMES
    counts = sums.frames[seen, None]
    means[seen] = sums.first[seen] / counts
    spread = np.maximum(sums.second[seen] - counts * means[seen] ** 2, 0)
    covars[seen] = (spread + reg_covar) / counts
    if model.shared:
        total = spread.sum(axis=0) + len(means) * reg_covar
        covars[:] = total / sums.frames.sum()
    return HMM(means, covars, model.paths.learned(sums.counts), model.shared)


def fit_hmm(frames, model, *, reg_covar, max_iter, tol, min_frames=1):
    r"""Expectation-maximisation from a model on.

    Each step climbs, by the posteriors of all videos, to a higher

    .. math::

        \sum_i \log p(z_i) - \frac{r}{2} \sum_{k, d} \frac{1}{\sigma_{kd}^2},

    in which the second term is a prior that keeps variances from 0, r the
    ``reg_covar``. With :math:`\gamma_{tk}` the probability of action k in frame t, and
    :math:`n_k` its sum over all frames, the variance of an action is

    .. math::

        \sigma_{kd}^2 = \frac{1}{n_k} \Bigl( r + \sum_t \gamma_{tk}
            (z_{td} - \mu_{kd})^2 \Bigr) ,

    or, if actions share their variances, the mean of that weighted by :math:`n_k`.
    An action is left as often as is expected, of its frames that have a next one. Only
    paths whose actions last ``min_frames`` are looked at. Stops after a step if the one
    before gained less than ``tol``. Gives the model, and what is climbed before each
    step, in nats a frame.
    """
    n_frames = sum(map(len, frames))
    curve = []
    for _ in range(max_iter):
        sums = ExpectedSums(frames, model, min_frames)
        penalty = reg_covar * (1 / model.covars).sum() / 2
        curve.append((sums.log_likelihood - penalty) / n_frames)
        model = maximise(sums, model, reg_covar)
        if len(curve) > 1 and curve[-1] - curve[-2] < tol:
            break
    return model, curve
