"""Directions in which frames differ more in the long run than between moments."""

import numpy as np
from scipy.linalg import eigh

from skl_tot.methods.discriminants import frame_moments
from skl_tot.methods.hmm_model import principal_components
from skl_tot.recordings.signals import samples

# A moment is how long features take to lose such a share of their variance.
CHANGED = 0.15
MOMENTS = np.unique((1.3 ** np.arange(40)).astype(int))
# Of the mean variance of a feature, added to both covariances.
RIDGE = 0.1


def slow_directions(videos, moment, n_components=None):
    r"""Mean of the frames, and directions (n_components, n_features), slowest first.

    A ``moment`` is a number of frames, as of `find_moment`. With C the covariance of
    all frames, and N half of that of the changes from one moment to the next, both with
    a ridge, directions u solve

    .. math:: C u = \lambda \, N u, \quad u^\top N u = 1.

    So what changes within an action, as by noise and cycles, has the same variance in
    each, and actions, which last longer, are apart. It is linear slow feature analysis,
    with the scales of linear discriminants.

    Where a moment is one frame, as of events or noise, changes tell nothing of actions,
    and directions are principal components, in units of the mean variance.
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
    """Frames after which features have lost a share of their variance, on the mean."""
    frames = list(samples(videos))
    joined = np.concatenate(frames)
    varies = np.ptp(joined, axis=0) > 0
    spread = joined[:, varies].var(axis=0)
    found = 1
    for lag in MOMENTS[max(map(len, frames)) > MOMENTS]:
        found = int(lag)
        changes = np.concatenate([own[lag:] - own[:-lag] for own in frames])
        change = (changes[:, varies] ** 2).mean(axis=0) / 2
        if not varies.any() or (change / spread).mean() >= CHANGED:
            break
    return found
