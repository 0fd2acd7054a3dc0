"""Hidden Markov models with Gaussians, and their learning."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.gaussians import log_densities
from skl_tot.methods.discriminants import embed, principal_components
from skl_tot.recordings.labels import equal_parts

# Maximum number of frames for K-means.
MOST_CLUSTERED = 50_000
# Distance of probabilities of moves from 0, and of leaving an action from 1.
LEAST_MOVE = 1e-12
# Least expected frames for an update of an action.
LEAST_FRAMES = 1e-8
# Settings of `HMMSegmenter`.
N_COMPONENTS, REG_COVAR, MAX_ITER, TOL = 16, 1e-2, 30, 1e-4


class InOrder(NamedTuple):
    """Paths from action 0, one action after the other, with any end."""

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
        """Posterior, counts for `learned`, and the log-likelihood."""
        probabilities, total = self.chain().forward_backward(scores, min_frames)
        left = np.zeros(len(self.leave))
        # an action has been left if a later one is the last
        left[:-1] = np.cumsum(probabilities[-1, :0:-1])[::-1]
        return probabilities, np.stack([probabilities[:-1].sum(axis=0), left]), total

    def learned(self, counts):
        """Most probable paths for the counts."""
        with_next, left = counts
        leave, goes_on = self.leave.copy(), with_next > LEAST_FRAMES
        leave[goes_on] = left[goes_on] / with_next[goes_on]
        leave[:-1] = np.clip(leave[:-1], LEAST_MOVE, 1 - LEAST_MOVE)
        return InOrder(leave)


class AnyOrder(NamedTuple):
    """Paths between all actions."""

    starts: np.ndarray
    moves: np.ndarray

    def chain(self):
        """Chain of the paths."""
        with np.errstate(divide="ignore"):
            costs = -np.log(self.starts), -np.log(self.moves)
        return Chain(*costs, np.zeros(len(self.starts)))

    def expect(self, scores, min_frames):
        """As in `InOrder`."""
        found, moves, total = self.chain().expected_moves(scores, min_frames)
        return found, np.vstack([found[:1], moves]), total

    def learned(self, counts):
        """As in `InOrder`."""
        known = np.vstack([self.starts, self.moves])
        totals = counts.sum(axis=1, keepdims=True)
        np.divide(counts, totals, out=known, where=totals > LEAST_FRAMES)
        known = np.maximum(known, LEAST_MOVE)
        known /= known.sum(axis=1, keepdims=True)
        return AnyOrder(known[0], known[1:])

    def sorted(self, order):
        """Renumber the actions."""
        return AnyOrder(self.starts[order], self.moves[np.ix_(order, order)])

    def after(self, layers, shares):
        """Paths through the actions after corrections, from shares before."""
        if not layers:
            return self
        starts, moves = self.starts, self.moves.copy()
        np.fill_diagonal(moves, 0)
        for layer in layers:
            moves = layer.moves(moves, shares)
            shares, starts = layer.totals(shares), layer.totals(starts)
        stay = np.maximum(1 - moves.sum(axis=1), LEAST_MOVE)  # rounding
        np.fill_diagonal(moves, stay)
        return AnyOrder(starts, moves)


class HMM(NamedTuple):
    """Means and variances (n_actions, n_components), and the paths of actions."""

    means: np.ndarray
    covars: np.ndarray
    paths: InOrder | AnyOrder
    shared: bool = False

    def sorted(self, order):
        """Renumber the actions."""
        gaussians = self.means[order], self.covars[order]
        return HMM(*gaussians, self.paths.sorted(order), self.shared)

    def sharing(self):
        """Average the variances of all actions."""
        covars = np.broadcast_to(self.covars.mean(axis=0), self.covars.shape)
        return self._replace(covars=covars, shared=True)

    def posteriors(self, frames, min_frames=1):
        """Yield the posterior of the actions in the frames of each recording."""
        for video in frames:
            scores = log_densities(video, self.means, self.covars)
            yield self.paths.expect(scores, min_frames)[0]


def start_from_equal_parts(frames, n_actions, reg_covar):
    """Fit each action to its equal part of every recording."""
    labels = [equal_parts(len(video), n_actions) for video in frames]
    leave = np.full(n_actions, _usual_leave(frames, n_actions))
    leave[-1] = 0.0
    means, covars = _gaussians_of(frames, labels, n_actions, reg_covar)
    return HMM(means, covars, InOrder(leave))


def start_from_labels(frames, labels, n_actions, reg_covar):
    """Fit each action to its frames by labels, in any order."""
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
    """Fit each action to a cluster of frames, from K-means or its initial frames."""
    joined = np.concatenate(frames)
    kmeans = cluster_frames(
        joined[:: 1 + len(joined) // MOST_CLUSTERED],
        n_actions,
        n_init=1,
        max_iter=300 if settle else 1,
        random_state=rng.randint(2**31 - 1),
    )
    labels = [kmeans.predict(video) for video in frames]
    return start_from_labels(frames, labels, n_actions, reg_covar)


def cluster_frames(frames, n_clusters, **options):
    """Fit K-means, without the warning about fewer distinct frames than clusters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(n_clusters, **options).fit(frames)


class ExpectedSums:
    """Expected sums of frames by the posteriors of a model."""

    def __init__(self, frames, model, min_frames=1):
        n_actions, n_components = model.means.shape
        self.frames, self.counts = np.zeros(n_actions), 0.0
        self.first, self.second = np.zeros((2, n_actions, n_components))
        self.log_likelihood = 0.0
        for video in frames:
            scores = log_densities(video, model.means, model.covars)
            probabilities, counts, total = model.paths.expect(scores, min_frames)
            self.frames += probabilities.sum(axis=0)
            self.first += probabilities.T @ video
            self.second += probabilities.T @ np.square(video)
            self.counts += counts
            self.log_likelihood += total


def maximise(sums, model, reg_covar):
    """Most probable model for the sums."""
    means, covars = model.means.copy(), model.covars.copy()
    seen = sums.frames > LEAST_FRAMES
    counts = sums.frames[seen, None]
    means[seen] = sums.first[seen] / counts
    spread = np.maximum(sums.second[seen] - counts * means[seen] ** 2, 0)
    covars[seen] = (spread + reg_covar) / counts
    if model.shared:
        total = spread.sum(axis=0) + len(means) * reg_covar
        covars[:] = total / sums.frames.sum()
    paths = model.paths.learned(sums.counts)
    return model._replace(means=means, covars=covars, paths=paths)


def fit_hmm(frames, model, *, reg_covar, max_iter, tol, min_frames=1):
    """Run expectation-maximisation from a model."""
    # the prior, -r / 2 times the sum of all 1 / variances, keeps variances positive
    n_frames = sum(map(len, frames))
    curve = []
    for _ in range(max_iter):
        sums = ExpectedSums(frames, model, min_frames)
        prior = -reg_covar * (1 / model.covars).sum() / 2
        curve.append((sums.log_likelihood + prior) / n_frames)
        model = maximise(sums, model, reg_covar)
        if len(curve) > 1 and curve[-1] - curve[-2] < tol:
            break
    return model, curve


def learn_states(videos, labels, n_actions, min_frames):
    """Learn states from the labels of standardised recordings, as arrays by name."""
    center, components, unit = principal_components(videos, N_COMPONENTS)
    frames = [embed(videos, i, center, components.T) for i in range(len(videos))]
    start = start_from_labels(frames, labels, n_actions, REG_COVAR * unit).sharing()
    options = {"reg_covar": REG_COVAR * unit, "max_iter": MAX_ITER, "tol": TOL}
    model, _ = fit_hmm(frames, start, min_frames=min_frames, **options)
    found = {"center": center, "components": components}
    return found | {"means": model.means, "covars": model.covars}


def state_scores(videos, states):
    """Yield the log-densities (n_frames_i, n_actions) of each recording."""
    for i in range(len(videos)):
        frames = embed(videos, i, states["center"], states["components"].T)
        yield log_densities(frames, states["means"], states["covars"], i)
