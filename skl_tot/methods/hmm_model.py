"""Hidden Markov models with Gaussians, and their learning."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.evidence import log_densities
from skl_tot.progress import each
from skl_tot.recordings.labels import equal_parts

# Distance of probabilities of moves from 0, and of leaving an action from 1, so that
# paths stay possible that no frame of the fit has taken.
LEAST_MOVE = 1e-12
# Least expected frames for an update of an action: below, moments are only rounding.
LEAST_FRAMES = 1e-8


class InOrder(NamedTuple):
    """Paths from action 0, one action after the other, with any end."""

    transitions: np.ndarray  # (n_actions,), probabilities of leaving each action

    def chain(self):
        """Chain of these paths."""
        n_actions = len(self.transitions)
        moves = np.full((n_actions, n_actions), np.inf)
        np.fill_diagonal(moves, -np.log1p(-self.transitions))
        np.fill_diagonal(moves[:, 1:], -np.log(self.transitions[:-1]))
        starts = np.where(np.arange(n_actions) == 0, 0.0, np.inf)
        return Chain(starts, moves, np.zeros(n_actions))

    def expect(self, scores, chain):
        """Posterior (n_frames, n_actions), counts for `learned`, and log-likelihood."""
        probabilities, total = chain.forward_backward(scores)
        left = np.zeros(len(self.transitions))
        # an action has been left if a later one is the last
        left[:-1] = np.cumsum(probabilities[-1, :0:-1])[::-1]
        return probabilities, np.stack([probabilities[:-1].sum(axis=0), left]), total

    def learned(self, counts):
        """Most probable paths for the counts."""
        n_before_others, n_left = counts
        leave, is_seen = self.transitions.copy(), n_before_others > LEAST_FRAMES
        leave[is_seen] = n_left[is_seen] / n_before_others[is_seen]
        leave[:-1] = np.clip(leave[:-1], LEAST_MOVE, 1 - LEAST_MOVE)
        return InOrder(leave)


class AnyOrder(NamedTuple):
    """Paths between all actions, by probabilities."""

    starts: np.ndarray  # (n_actions,)
    transitions: np.ndarray  # (n_actions, n_actions)

    def chain(self):
        """Chain of the paths."""
        with np.errstate(divide="ignore"):
            costs = -np.log(self.starts), -np.log(self.transitions)
        return Chain(*costs, np.zeros(len(self.starts)))

    def expect(self, scores, chain):
        """Posterior (n_frames, n_actions), counts for `learned`, and log-likelihood."""
        posterior, n_moves, total = chain.expected_moves(scores)
        return posterior, np.vstack([posterior[:1], n_moves]), total

    def learned(self, counts):
        """Most probable paths for the counts."""
        probabilities = np.vstack([self.starts, self.transitions])
        totals = counts.sum(axis=1, keepdims=True)
        np.divide(counts, totals, out=probabilities, where=totals > LEAST_FRAMES)
        probabilities = np.maximum(probabilities, LEAST_MOVE)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return AnyOrder(probabilities[0], probabilities[1:])

    def sorted(self, order):
        """Renumber the actions."""
        return AnyOrder(self.starts[order], self.transitions[np.ix_(order, order)])

    def after(self, layers, shares):
        """Paths through the actions after corrections, from shares before."""
        if not layers:
            return self
        starts, moves = self.starts, self.transitions.copy()
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
        """Model whose action k is ``order[k]`` of this one; of paths in any order."""
        return self._replace(
            means=self.means[order],
            covars=self.covars[order],
            paths=self.paths.sorted(order),
        )

    def sharing(self):
        """Share the mean variances among all actions."""
        covars = np.broadcast_to(self.covars.mean(axis=0), self.covars.shape)
        return self._replace(covars=covars, shared=True)

    def expectations(self, frames):
        """Yield ``expect`` of the paths, of each recording."""
        chain = self.paths.chain()
        for video in frames:
            scores = log_densities(video, self.means, self.covars)
            yield self.paths.expect(scores, chain)


def start_from_equal_parts(frames, n_actions, reg_covar):
    """Fit each action to its equal part of every recording."""
    labels = [equal_parts(len(video), n_actions) for video in frames]
    leave = np.full(n_actions, _usual_leave(frames, n_actions))
    leave[-1] = 0.0
    means, covars = _gaussians_of(frames, labels, n_actions, reg_covar)
    return HMM(means, covars, InOrder(leave))


def _usual_leave(frames, n_actions):
    """Probability to leave an action if each comes once in a mean recording."""
    return min(n_actions / np.mean([len(video) for video in frames]), 0.5)


def _gaussians_of(frames, labels, n_actions, reg_covar):
    """Means and variances (n_actions, n_components); without frames, those of all."""
    labels, joined = np.concatenate(labels), np.concatenate(frames)
    members = [joined[labels == k] for k in range(n_actions)]
    members = [of_action if len(of_action) else joined for of_action in members]
    means = np.array([of_action.mean(axis=0) for of_action in members])
    variances = np.array([of_action.var(axis=0) for of_action in members])
    return means, variances + reg_covar


def start_from_clusters(frames, n_actions, reg_covar, rng, *, converge):
    """`HMM` with a Gaussian of each K-means cluster, converged or after one step."""
    joined = np.concatenate(frames)
    kmeans = cluster_frames(
        joined[:: 1 + len(joined) // 50_000],  # more change nothing, and take long
        n_actions,
        n_init=1,
        max_iter=300 if converge else 1,
        random_state=rng.randint(2**31 - 1),
    )
    labels = [kmeans.predict(video) for video in frames]
    leave = _usual_leave(frames, n_actions) if n_actions > 1 else 0.0
    moves = np.full((n_actions, n_actions), leave / max(n_actions - 1, 1))
    np.fill_diagonal(moves, 1 - leave)
    starts = np.full(n_actions, 1 / n_actions)
    means, covars = _gaussians_of(frames, labels, n_actions, reg_covar)
    return HMM(means, covars, AnyOrder(starts, moves))


def cluster_frames(frames, n_clusters, **parameters):
    """Fit K-means, without the warning about fewer distinct frames than clusters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(n_clusters, **parameters).fit(frames)


class ExpectedSums:
    """Expected sums of frames by the posteriors of a model: the E-step."""

    def __init__(self, frames, model):
        n_actions, n_components = model.means.shape
        self.frames, self.counts = np.zeros(n_actions), 0.0
        self.first, self.second = np.zeros((2, n_actions, n_components))
        self.log_likelihood = 0.0
        expectations = model.expectations(frames)
        for video, (probabilities, counts, total) in zip(frames, expectations):
            self.frames += probabilities.sum(axis=0)
            self.first += probabilities.T @ video
            self.second += probabilities.T @ np.square(video)
            self.counts += counts
            self.log_likelihood += total


def maximise(sums, model, reg_covar):
    """M-step: most probable model for the sums; ``reg_covar`` weights the prior."""
    means, covars = model.means.copy(), model.covars.copy()
    # an action on no path keeps its parameters
    is_seen = sums.frames > LEAST_FRAMES
    counts = sums.frames[is_seen, None]
    means[is_seen] = sums.first[is_seen] / counts
    spread = np.maximum(sums.second[is_seen] - counts * means[is_seen] ** 2, 0)
    covars[is_seen] = (spread + reg_covar) / counts
    if model.shared:
        total = spread.sum(axis=0) + len(means) * reg_covar
        covars[:] = total / sums.frames.sum()
    paths = model.paths.learned(sums.counts)
    return model._replace(means=means, covars=covars, paths=paths)


def fit_hmm(frames, model, *, reg_covar, max_iter, tol):
    """Run EM from a model; return it, and its log-likelihood of a frame by step."""
    n_frames = sum(map(len, frames))
    curve = []
    for _ in each(range(max_iter)):
        sums = ExpectedSums(frames, model)
        # this prior keeps variances positive, and is conjugate: the step has a formula
        prior = -reg_covar * (1 / model.covars).sum() / 2
        curve.append((sums.log_likelihood + prior) / n_frames)
        model = maximise(sums, model, reg_covar)
        if len(curve) > 1 and curve[-1] - curve[-2] < tol:
            break
    return model, curve
