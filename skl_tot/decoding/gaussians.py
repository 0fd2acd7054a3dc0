"""Gaussians of actions: moments, log-densities, and background by thresholds."""

from typing import NamedTuple

import numpy as np

from skl_tot.recordings.errors import RecordingValueError

# Added to variances, in squared units of the (standardised) features.
MIN_VARIANCE = 1e-2
# Weight of earlier calls of partial_fit at each new one.
STREAM_MEMORY = 0.95
# Shares of the quantiles that stand for the densities of earlier calls.
LEVELS = (np.arange(100) + 0.5) / 100


class ActionMoments:
    """Counts (K,), sums and sums of squares (K, n_features), float64, of K actions."""

    # Sums are of frames minus `shift`, one of the frames: far from 0 squares
    # would cancel, and constants get a mean of exactly 0.

    def __init__(self, n_actions, shift=None):
        self.shift = shift
        self.counts = np.zeros(n_actions)
        self.sums, self.squares = np.zeros((2, n_actions, 1))

    def add(self, frames, actions):
        """Add frames (n, n_features) and their actions (n,)."""
        if self.shift is None:
            self.shift = frames[0].astype(np.float64)
        frames = frames - self.shift
        codes = np.eye(len(self.counts))[actions].T
        self.counts += codes.sum(axis=1)
        self.sums = self.sums + codes @ frames
        np.square(frames, out=frames)
        self.squares = self.squares + codes @ frames

    def add_moments(self, counts, means, variances):
        """Add frames by their counts and moments; ``means`` are not shifted."""
        counts, means = counts[:, None], means - self.shift
        self.counts += counts[:, 0]
        self.sums = self.sums + counts * means
        self.squares = self.squares + counts * (variances + means**2)

    def means(self):
        """Means (K, n_features) minus the shift; 0 without frames."""
        return self.sums / np.maximum(self.counts, 1)[:, None]

    def variances(self):
        """Variances (K, n_features); 0 without frames."""
        mean_squares = self.squares / np.maximum(self.counts, 1)[:, None]
        return np.maximum(mean_squares - self.means() ** 2, 0)


def log_densities(frames, means, variances, i=None):
    """Log-densities (n_frames, n_actions) of independent features, of recording i."""
    densities = np.empty((len(frames), len(means)))
    scales = np.sqrt(variances)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (mean, scale) in enumerate(zip(means, scales)):
            distances = np.square((frames - mean) / scale)
            densities[:, k] = -0.5 * distances.sum(axis=1)
    densities -= np.log(scales).sum(axis=1) + 0.5 * frames.shape[1] * np.log(2 * np.pi)
    return _finite(densities, i)


def correlated_log_densities(frames, means, factors, i=None):
    """Log-densities (n_frames, n_actions) of correlated features, of recording i."""
    # Factors (n_actions, n_features, n_features) are upper triangular roots of the
    # precisions, like `precisions_cholesky_` of scikit-learn.
    densities = np.empty((len(frames), len(means)))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, (mean, factor) in enumerate(zip(means, factors)):
            distances = np.square((frames - mean) @ factor)
            densities[:, k] = -0.5 * distances.sum(axis=1)
    constants = np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    densities += constants - 0.5 * frames.shape[1] * np.log(2 * np.pi)
    return _finite(densities, i)


def _finite(densities, i):
    if not (densities > -1e150).all():
        raise RecordingValueError("the features are too far from those of the fit.", i)
    return densities


def linear_log_densities(means, covariance):
    """Weights (n_actions, n_features) and offsets (n_actions,) of log-densities."""
    # With one covariance for all actions, log-densities are linear, up to a constant
    # per frame: linear discriminants.
    if covariance.ndim == 1:
        weights = means / covariance
    else:
        weights = np.linalg.solve(covariance, means.T).T
    return weights, -0.5 * (means * weights).sum(axis=1)


def shrunk(covariance):
    """Covariance with a tenth of its mean variance as a ridge, as features repeat."""
    n_columns = len(covariance)
    variance = np.trace(covariance) / n_columns or 1.0
    return 0.9 * covariance + 0.1 * variance * np.eye(n_columns)


def _fast_log_densities(frames, means, variances):
    """Like `log_densities`, up to one constant, by products of matrices."""
    # The differences of `log_densities` are more precise, and take ten times as long
    # for hundreds of features.
    precisions = 1 / variances
    shift = means.mean(axis=0)
    means = means - shift
    frames = frames.astype(np.float64) - shift
    distances = frames**2 @ precisions.T - 2 * frames @ (means * precisions).T
    constants = means**2 * precisions + np.log(variances)
    return -0.5 * (distances + constants.sum(axis=1))


class Background(NamedTuple):
    """Gaussians of actions and thresholds of background, as in ``background_``."""

    means: np.ndarray
    variances: np.ndarray
    counts: np.ndarray
    thresholds: np.ndarray
    quantiles: np.ndarray

    def reorder(self, actions):
        """Background of these actions, in this order."""
        return Background(*(values[actions] for values in self))


def fit_background(read_blocks, labels, n_actions, percentile, before=None):
    """Learn `Background` from blocks, read twice; ``before`` is that of a stream."""
    # Each action gets a Gaussian of independent features over its decoded frames, and a
    # threshold: the given percentile of its log-density over these frames. This follows
    # Kukleva et al., CVPR 2019. They use the likelihood of the decoder; features
    # detected background better.
    moments = ActionMoments(n_actions)
    for frames, actions in zip(read_blocks(), labels):
        moments.add(frames, actions)
    if before is None:
        thresholds = np.full(n_actions, np.inf)
        quantiles = np.full((n_actions, len(LEVELS)), np.nan)
    else:
        thresholds, quantiles = before.thresholds.copy(), before.quantiles.copy()
        weights = before.counts * np.where(moments.counts > 0, STREAM_MEMORY, 1)
        moments.add_moments(weights, before.means, before.variances - MIN_VARIANCE)
    means = moments.means() + moments.shift
    variances = moments.variances() + MIN_VARIANCE
    background = Background(means, variances, moments.counts, thresholds, quantiles)
    densities = []
    for frames, actions in zip(read_blocks(), labels):
        of_actions = _fast_log_densities(frames, means, variances)
        densities.append(of_actions[np.arange(len(actions)), actions])
    densities, labels = np.concatenate(densities), np.concatenate(labels)
    _set_thresholds(background, densities, labels, percentile)
    return background


def _set_thresholds(background, densities, actions, percentile):
    """Set thresholds of the actions that occur, and mix in earlier quantiles."""
    shares = np.append(LEVELS, percentile / 100)
    for k in np.unique(actions):
        values = densities[actions == k]
        weights = np.ones(len(values))
        earlier = background.counts[k] - len(values)
        if earlier > 0:
            values = np.append(values, background.quantiles[k])
            weights = np.append(weights, np.full(len(LEVELS), earlier / len(LEVELS)))
        *quantiles, threshold = _weighted_quantiles(values, weights, shares)
        background.quantiles[k] = quantiles
        background.thresholds[k] = threshold


def _weighted_quantiles(values, weights, shares):
    """Quantiles at shares in [0, 1]; equal to numpy's for weights of 1."""
    order = np.argsort(values)
    positions = np.cumsum(weights[order]) - weights[order]
    return np.interp(shares * positions[-1], positions, values[order])


def find_background(blocks, background):
    """Mask (n_frames,) of the frames of blocks below the threshold of each action."""
    masks = []
    for frames in blocks:
        densities = _fast_log_densities(frames, background.means, background.variances)
        masks.append((densities < background.thresholds).all(axis=1))
    return np.concatenate(masks)
