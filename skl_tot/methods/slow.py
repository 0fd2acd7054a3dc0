"""Slow directions: frames differ more over long times than between moments."""

import numpy as np
from scipy.linalg import eigh

from skl_tot.methods.discriminants import frame_moments
from skl_tot.methods.hmm_model import principal_components
from skl_tot.recordings.signals import samples

# A moment is the time in which features lose this share of their variance.
CHANGED = 0.15
MOMENTS = np.unique((1.3 ** np.arange(40)).astype(int))
# Ridge of both covariances, in units of the mean variance of a feature.
RIDGE = 0.1


def slow_directions(videos, moment, n_components=None):
    r"""Mean of the frames, and directions (n_components, n_features), slowest first.

    A ``moment`` is a number of frames from `find_moment`. With the covariance C of all
    frames, and half of the covariance N of changes from one moment to the next, both
    with a ridge, directions u solve

    .. math:: C u = \lambda \, N u, \quad u^\top N u = 1.

    Variation within an action, such as noise and cycles, then has the same variance in
    each direction, and actions, which last longer, separate. It is linear slow feature
    analysis with the scales of linear discriminants.

    If a moment is one frame, as for events or noise, changes carry no information, and
    directions are principal components, in units of the mean variance.
    """
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
    _, directions = eigh(
        covariance + ridge,
        changes / max(n_frames, 1) + ridge,
        subset_by_index=[first, n_features - 1],
    )
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
