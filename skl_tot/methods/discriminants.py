"""Linear discriminants of actions, and a Gaussian for each action along them."""

# An appearance is a dict of arrays: `center` (n_features,) and `scalings` (n_features,
# n_directions) of the directions; for each action the `means` (n_actions,
# n_directions), the upper triangular `precisions_cholesky` (n_actions, n_directions,
# n_directions) as in `sklearn.mixture.GaussianMixture`, and the share of the frames,
# `shares` (n_actions,).

from itertools import repeat
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, solve_triangular

from skl_tot.decoding.gaussians import correlated_log_densities
from skl_tot.recordings.signals import samples

# Shrinkage of `measure_spread` without a parameter.
SHRINKAGE = 1.0
# Dirichlet prior of the shares: frames added to each action.
PRIOR_FRAMES = 0.1
# Least share of the variance along a direction that is within actions.
LEAST_WITHIN = 1e-12
# Least share of the largest variance that a component needs.
LEAST_VARIANCE = 1e-12
# A moment is the time in which features lose this share of their variance.
CHANGED = 0.15
MOMENTS = np.unique((1.3 ** np.arange(40)).astype(int))
# Ridge of both covariances, in units of the mean variance of a feature.
RIDGE = 0.1


class FrameCovariance(NamedTuple):
    """Mean (n_features,) of all frames, and a root L of their covariance."""

    center: np.ndarray
    root: np.ndarray


def measure_spread(videos, shrinkage):
    """Mean of all frames, and a root of their covariance with a ridge."""
    center, covariance = frame_moments(videos)
    scale = np.trace(covariance) / len(covariance)
    ridge = shrinkage * (scale if scale > 0 else 1.0)
    covariance = covariance + ridge * np.eye(len(covariance))
    return FrameCovariance(center, np.linalg.cholesky(covariance))


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
    """Mean of the frames, directions of largest variance, and the unit of variance."""
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


def slow_directions(videos, moment, n_components=None):
    """Mean of the frames, and directions (n_components, n_features), slowest first."""
    if moment == 1:
        center, directions, unit = principal_components(videos, n_components)
        return center, directions / np.sqrt(unit)
    center, covariance = frame_moments(videos)
    n_features = len(covariance)
    changes, n_frames = np.zeros_like(covariance), 0
    for i in range(len(videos)):
        frames = np.concatenate(list(videos.blocks(i)))
        differences = frames[moment:] - frames[:-moment]
        changes += differences.T @ differences / 2
        n_frames += len(differences)
    scale = np.trace(covariance) / n_features
    ridge = RIDGE * (scale if scale > 0 else 1.0) * np.eye(n_features)
    first = n_features - min(n_components or n_features, n_features)
    changes = changes / max(n_frames, 1) + ridge
    wanted = [first, n_features - 1]
    _, directions = eigh(covariance + ridge, changes, subset_by_index=wanted)
    return center, directions.T[::-1]


def find_moment(videos):
    """Frames after which features lose a share of their variance, on average."""
    frames = list(samples(videos))
    joined = np.concatenate(frames)
    varies = joined.var(axis=0) > 0  # 0 for tiny values, too
    spread = joined[:, varies].var(axis=0)
    found = 1
    for lag in MOMENTS[max(map(len, frames)) > MOMENTS]:
        found = int(lag)
        changes = np.concatenate([own[lag:] - own[:-lag] for own in frames])
        change = (changes[:, varies] ** 2).mean(axis=0) / 2
        if not varies.any() or (change / spread).mean() >= CHANGED:
            break
    return found


def action_means(videos, labels, n_actions, center):
    """Return counts (n_actions,) of frames, and their means minus the center."""
    counts, sums = np.zeros(n_actions), np.zeros((n_actions, len(center)))
    codes_of = np.vstack([np.eye(n_actions), np.zeros(n_actions)])  # last row for -1
    for i, actions in enumerate(labels):
        start = 0
        for block in videos.blocks(i):
            codes = codes_of[actions[start : start + len(block)]].T
            start += len(block)
            counts += codes.sum(axis=1)
            sums += codes @ (block - center)
    return counts, sums / np.maximum(counts, 1)[:, None]


def discriminants(root, counts, means):
    """Directions (n_features, n_directions) of linear discriminant analysis."""
    columns = (means * np.sqrt(counts / counts.sum())[:, None]).T
    columns = solve_triangular(root, columns, lower=True)
    directions, values, _ = np.linalg.svd(columns, full_matrices=False)
    n_directions = max(1, min(len(means) - 1, len(root)))
    within = np.maximum(1 - values[:n_directions] ** 2, LEAST_WITHIN)
    directions = directions[:, :n_directions] / np.sqrt(within)
    return solve_triangular(root, directions, lower=True, trans="T")


def embed(videos, i, center, scalings):
    """Frames of recording i minus the center, along directions: float64."""
    with np.errstate(over="ignore", invalid="ignore"):  # `log_joint` checks it
        blocks = [(block - center) @ scalings for block in videos.blocks(i)]
    return np.concatenate(blocks)


def fit_gaussians(frames, labels, n_actions, reg_covar):
    """Fit a Gaussian to the frames of each action."""
    n_directions = frames.shape[1]
    means = np.empty((n_actions, n_directions))
    factors = np.empty((n_actions, n_directions, n_directions))
    counts = np.bincount(labels[labels >= 0], minlength=n_actions)
    for k in range(n_actions):
        members = frames[labels == k] if counts[k] >= 2 else frames
        means[k] = members.mean(axis=0)
        centred = members - means[k]
        covariance = centred.T @ centred / len(members)
        root = np.linalg.cholesky(covariance + reg_covar * np.eye(n_directions))
        factors[k] = solve_triangular(root, np.eye(n_directions), lower=True).T
    shares = counts + PRIOR_FRAMES
    shares /= shares.sum()
    return {"means": means, "precisions_cholesky": factors, "shares": shares}


def fit_appearance(videos, labels, n_actions, spread, reg_covar):
    """Fit an appearance to labels; return it and the projected frames."""
    counts, means = action_means(videos, labels, n_actions, spread.center)
    if counts.sum() < videos.lengths.sum():  # the mean of all frames differs
        means -= counts @ means / counts.sum()
        means[counts == 0] = 0
    scalings = discriminants(spread.root, counts, means)
    embedded = [embed(videos, i, spread.center, scalings) for i in range(len(videos))]
    gaussians = fit_gaussians(
        np.concatenate(embedded), np.concatenate(labels), n_actions, reg_covar
    )
    return {"center": spread.center, "scalings": scalings} | gaussians, embedded


def log_joint(frames, appearance, i=None):
    """Log-density of projected frames for each action, plus the log of its share."""
    densities = correlated_log_densities(
        frames, appearance["means"], appearance["precisions_cholesky"], i
    )
    return densities + np.log(appearance["shares"])


def appearance_scores(videos, appearance):
    """Yield `log_joint` of the frames of each recording."""
    for i in range(len(videos)):
        frames = embed(videos, i, appearance["center"], appearance["scalings"])
        yield log_joint(frames, appearance, i)


def time_order(codes, times=None):
    """Sort actions by the mean relative time of their frames, with weights."""
    total = weight = 0.0
    for video, own in zip(codes, repeat(None) if times is None else times):
        if own is None:
            own = (np.arange(len(video)) + 0.5) / len(video)
        total = total + own @ video
        weight = weight + video.sum(axis=0)
    means = np.divide(total, weight, out=np.full_like(total, 0.5), where=weight > 0)
    return np.argsort(means, kind="stable")
