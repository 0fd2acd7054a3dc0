"""Gaussian models of frames: discriminants, and hidden Markov models."""

import warnings
from itertools import repeat
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, solve_triangular
from scipy.sparse.linalg import eigsh
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.evidence import correlated_log_densities, log_densities
from skl_tot.progress import each
from skl_tot.recordings.labels import equal_parts, label_blocks
from skl_tot.recordings.signals import samples

# Least share of the largest variance that a component needs: below, it is rounding.
LEAST_VARIANCE = 1e-12
# Candidates of a moment, the time in which features lose 15 % of their variance.
MOMENTS = np.unique((1.3 ** np.arange(40)).astype(int))
# Ridge of both covariances of slow directions, in units of the mean variance.
RIDGE = 0.1
# Distance of probabilities of moves from 0, and of leaving an action from 1, so that
# paths stay possible that no frame of the fit has taken.
LEAST_MOVE = 1e-12
# Least expected frames for an update of an action: below, moments are only rounding.
LEAST_FRAMES = 1e-8


class Appearance(NamedTuple):
    """Linear discriminants of actions, and a Gaussian for each action along them."""

    center: np.ndarray  # (n_features,)
    scalings: np.ndarray  # (n_features, n_directions)
    means: np.ndarray  # (n_actions, n_directions)
    # (n_actions, n_directions, n_directions), as in `sklearn.mixture.GaussianMixture`
    precisions_cholesky: np.ndarray
    shares: np.ndarray  # (n_actions,), of frames


def measure_spread(videos):
    """Mean of all frames, and a root of their covariance with a ridge."""
    center, covariance = frame_moments(videos)
    covariance = covariance + _ridge(covariance, 1.0)
    return center, np.linalg.cholesky(covariance)


def _ridge(covariance, factor):
    """Diagonal matrix of a multiple of the mean variance, which is 1 for constants."""
    scale = np.trace(covariance) / len(covariance)
    return factor * (scale if scale > 0 else 1.0) * np.eye(len(covariance))


def frame_moments(videos):
    """Mean (n_features,) and covariance (n_features, n_features) of all frames."""
    # shift, as products far from 0 would cancel; constants get variance 0
    shift = videos.read(0, slice(0, 1))[0].astype(np.float64)
    n_features = len(shift)
    sums, products = np.zeros(n_features), np.zeros((n_features, n_features))
    for i in range(len(videos)):
        for block in videos.blocks(i):
            frames = block - shift
            with np.errstate(over="ignore", invalid="ignore"):
                sums += frames.sum(axis=0)
                products += frames.T @ frames
    n_frames = videos.lengths.sum()
    mean = sums / n_frames
    with np.errstate(over="ignore", invalid="ignore"):
        covariance = products / n_frames - np.outer(mean, mean)
    if not np.isfinite(covariance).all():
        raise ValueError("X has values whose squares are too large; scale it down.")
    return mean + shift, covariance


def principal_components(videos, n_components):
    """Mean, directions (n_components, n_features), largest first, and mean variance."""
    center, covariance = frame_moments(videos)
    n_features = len(covariance)
    variances, directions = _largest_eigenvectors(covariance, n_components)
    n_varying = int((variances > LEAST_VARIANCE * variances[-1]).sum())
    components = directions.T[::-1][: max(1, n_varying)]
    # the sign of an eigenvector is arbitrary: the largest entry is positive, so that
    # results do not depend on the library
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    mean_variance = np.trace(covariance) / n_features
    if mean_variance <= 0:  # constants
        mean_variance = 1.0
    return center, components * signs[:, None], mean_variance


def _largest_eigenvectors(covariance, n_components, other=None):
    """Largest eigenvalues, ascending, and vectors of a matrix, perhaps over another."""
    n_features = len(covariance)
    n_components = min(n_components or n_features, n_features)
    if n_features > 1000 and n_components < n_features // 10:
        # the time of the other solver grows with the cube of the features
        start = np.ones(n_features)
        return eigsh(covariance, n_components, other, v0=start)
    chosen = [n_features - n_components, n_features - 1]
    return eigh(covariance, other, subset_by_index=chosen)


def slow_directions(videos, moment, n_components=None):
    """Mean of the frames, and directions (n_components, n_features), slowest first."""
    # They maximise variance over that of changes within a moment, as in slow feature
    # analysis.
    if moment == 1:
        center, directions, mean_variance = principal_components(videos, n_components)
        return center, directions / np.sqrt(mean_variance)
    center, covariance = frame_moments(videos)
    changes, n_frames = np.zeros_like(covariance), 0
    for i in range(len(videos)):
        frames = np.concatenate(list(videos.blocks(i)))
        differences = frames[moment:] - frames[:-moment]
        changes += differences.T @ differences / 2
        n_frames += len(differences)
    # with a ridge, directions of little variance do not win by little change
    ridge = _ridge(covariance, RIDGE)
    changes = changes / max(n_frames, 1) + ridge
    _, directions = _largest_eigenvectors(covariance + ridge, n_components, changes)
    return center, directions.T[::-1]


def find_moment(videos):
    """Frames after which features lose 15 % of their variance, on average."""
    frames = list(samples(videos))
    joined = np.concatenate(frames)
    varies = joined.var(axis=0) > 0  # 0 for tiny values, too
    variances = joined[:, varies].var(axis=0)
    moment = 1
    for lag in MOMENTS[max(map(len, frames)) > MOMENTS].tolist():
        moment = lag
        changes = np.concatenate([video[lag:] - video[:-lag] for video in frames])
        losses = (changes[:, varies] ** 2).mean(axis=0) / 2
        if not varies.any() or (losses / variances).mean() >= 0.15:
            break
    return moment


def action_means(videos, labels, n_actions, center):
    """Return counts (n_actions,) of frames, and their means minus the center."""
    counts, sums = np.zeros(n_actions), np.zeros((n_actions, len(center)))
    for i, path in enumerate(labels):
        for block, actions in label_blocks(videos.blocks(i), path):
            codes = np.eye(n_actions)[actions].T
            counts += codes.sum(axis=1)
            sums += codes @ (block - center)
    return counts, sums / np.maximum(counts, 1)[:, None]


def discriminants(root, counts, means):
    """Directions (n_features, n_directions) of linear discriminant analysis."""
    # The means are relative to the center of all frames, and `root` is that of their
    # covariance.
    columns = (means * np.sqrt(counts / counts.sum())[:, None]).T
    columns = solve_triangular(root, columns, lower=True)
    directions, values, _ = np.linalg.svd(columns, full_matrices=False)
    n_directions = max(1, min(len(means) - 1, len(root)))
    # variance along a direction is 1 in all, and values squared between actions; what
    # is left within them becomes 1, but for rounding
    within = np.maximum(1 - values[:n_directions] ** 2, 1e-12)
    directions = directions[:, :n_directions] / np.sqrt(within)
    return solve_triangular(root, directions, lower=True, trans="T")


def embed(videos, i, center, scalings):
    """Frames of recording i minus the center, along directions: float64."""
    with np.errstate(over="ignore", invalid="ignore"):  # `log_joint` checks it
        blocks = [(block - center) @ scalings for block in videos.blocks(i)]
    return np.concatenate(blocks)


def fit_gaussians(frames, labels, n_actions):
    """Fit a Gaussian to the frames (n, n_directions) of each action."""
    # It returns means, factors and shares. Factors are roots of the precisions. An
    # action of less than two frames takes all.
    n_directions = frames.shape[1]
    means = np.empty((n_actions, n_directions))
    factors = np.empty((n_actions, n_directions, n_directions))
    counts = np.bincount(labels, minlength=n_actions)
    for k in range(n_actions):
        members = frames[labels == k] if counts[k] >= 2 else frames
        means[k] = members.mean(axis=0)
        centred = members - means[k]
        covariance = centred.T @ centred / len(members)
        # variances within actions are about 1 or less
        root = np.linalg.cholesky(covariance + 0.1 * np.eye(n_directions))
        factors[k] = solve_triangular(root, np.eye(n_directions), lower=True).T
    # a Dirichlet prior, as an action without a frame could never return
    shares = counts + 0.1
    shares /= shares.sum()
    return means, factors, shares


def fit_appearance(videos, labels, n_actions, spread):
    """Fit an `Appearance` to labels; return it, and projected frames by recording."""
    center, root = spread  # of `measure_spread`
    counts, means = action_means(videos, labels, n_actions, center)
    scalings = discriminants(root, counts, means)
    projected = [embed(videos, i, center, scalings) for i in range(len(videos))]
    frames, labels = np.concatenate(projected), np.concatenate(labels)
    gaussians = fit_gaussians(frames, labels, n_actions)
    return Appearance(center, scalings, *gaussians), projected


def log_joint(frames, appearance, i=None):
    """Log-density of projected frames for each action, plus the log of its share."""
    gaussians = appearance.means, appearance.precisions_cholesky
    return correlated_log_densities(frames, *gaussians, i) + np.log(appearance.shares)


def appearance_scores(videos, appearance):
    """Yield `log_joint` of the frames of each recording."""
    for i in range(len(videos)):
        frames = embed(videos, i, appearance.center, appearance.scalings)
        yield log_joint(frames, appearance, i)


def time_order(codes, times=None):
    """Sort actions by the weighted mean of the relative times of their frames."""
    total = weight = 0.0
    for weights, relative_times in zip(codes, repeat(None) if times is None else times):
        if relative_times is None:
            relative_times = (np.arange(len(weights)) + 0.5) / len(weights)
        total = total + relative_times @ weights
        weight = weight + weights.sum(axis=0)
    # an action without frames counts as in the middle
    means = np.divide(total, weight, out=np.full_like(total, 0.5), where=weight > 0)
    return np.argsort(means, kind="stable")


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

    def posterior_and_counts(self, scores, chain):
        """Posterior (n_frames, n_actions), counts to reestimate, and log-likelihood."""
        probabilities, total = chain.forward_backward(scores)
        left = np.zeros(len(self.transitions))
        # an action has been left if a later one is the last
        left[:-1] = np.cumsum(probabilities[-1, :0:-1])[::-1]
        return probabilities, np.stack([probabilities[:-1].sum(axis=0), left]), total

    def reestimated(self, counts):
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

    def posterior_and_counts(self, scores, chain):
        """Posterior (n_frames, n_actions), counts to reestimate, and log-likelihood."""
        posterior, n_moves, total = chain.expected_moves(scores)
        return posterior, np.vstack([posterior[:1], n_moves]), total

    def reestimated(self, counts):
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

    def corrected(self, layers, shares):
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

    def with_shared_variances(self):
        """Share the mean variances among all actions."""
        covars = np.broadcast_to(self.covars.mean(axis=0), self.covars.shape)
        return self._replace(covars=covars, shared=True)

    def expectations(self, frames):
        """Yield ``posterior_and_counts``, of each recording."""
        chain = self.paths.chain()
        for video in frames:
            scores = log_densities(video, self.means, self.covars)
            yield self.paths.posterior_and_counts(scores, chain)


def start_from_equal_parts(frames, n_actions, reg_covar):
    """Fit each action to its equal part of every recording."""
    labels = [equal_parts(len(video), n_actions) for video in frames]
    leave = np.full(n_actions, _usual_leave(frames, n_actions))
    leave[-1] = 0.0
    means, covars = _fit_independent_gaussians(frames, labels, n_actions, reg_covar)
    return HMM(means, covars, InOrder(leave))


def _usual_leave(frames, n_actions):
    """Probability to leave an action if each comes once in a mean recording."""
    return min(n_actions / np.mean([len(video) for video in frames]), 0.5)


def _fit_independent_gaussians(frames, labels, n_actions, reg_covar):
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
    means, covars = _fit_independent_gaussians(frames, labels, n_actions, reg_covar)
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
    paths = model.paths.reestimated(sums.counts)
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
