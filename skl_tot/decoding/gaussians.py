"""Gaussians of actions: moments, log-densities, and background by thresholds."""

from typing import NamedTuple

import numpy as np

from skl_tot.recordings.errors import RecordingValueError

# Added to variances, in squared units of the (standardised) features.
MIN_VARIANCE = 1e-2


class ActionMoments:
    """Counts (K,), sums and sums of squares (K, n_features), float64, of K actions."""

    # Sums are of frames minus `shift`, one of the frames: far from 0 squares
    # would cancel, and constants get a mean of exactly 0.

    def __init__(self, n_actions):
        self.shift = None
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
    thresholds: np.ndarray


def fit_background(read_blocks, labels, n_actions, percentile):
    """Learn `Background` from blocks, read twice."""
    # Each action gets a Gaussian of independent features over its decoded frames, and a
    # threshold: the given percentile of its log-density over these frames. This follows
    # Kukleva et al., CVPR 2019. They use the likelihood of the decoder; features
    # detected background better.
    moments = ActionMoments(n_actions)
    for frames, actions in zip(read_blocks(), labels):
        moments.add(frames, actions)
    means = moments.means() + moments.shift
    variances = moments.variances() + MIN_VARIANCE
    densities = []
    for frames, actions in zip(read_blocks(), labels):
        of_actions = _fast_log_densities(frames, means, variances)
        densities.append(of_actions[np.arange(len(actions)), actions])
    densities, labels = np.concatenate(densities), np.concatenate(labels)
    thresholds = np.full(n_actions, np.inf)  # of actions without frames
    for k in np.unique(labels):
        thresholds[k] = np.percentile(densities[labels == k], percentile)
    return Background(means, variances, thresholds)


def find_background(blocks, background):
    """Mask (n_frames,) of the frames of blocks below the threshold of each action."""
    masks = []
    for frames in blocks:
        densities = _fast_log_densities(frames, background.means, background.variances)
        masks.append((densities < background.thresholds).all(axis=1))
    return np.concatenate(masks)
