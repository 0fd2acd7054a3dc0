"""Labels that are learned from again: directions, Gaussians and paths in turns."""

from typing import NamedTuple

import numpy as np

from skl_tot.decoding.evidence import find_switch_cost
from skl_tot.decoding.paths import viterbi_free
from skl_tot.solvers.discriminants import (
    fit_appearance,
    frame_moments,
    log_joint,
    spread_root,
)

# As of `spread_root`, where nobody says otherwise.
SHRINKAGE = 1.0


class Spread(NamedTuple):
    """What the refinements of different labels of the same videos share.

    Attributes
    ----------
    center : ndarray of shape (n_features,)
        Mean of all frames.
    root : ndarray of shape (n_features, n_features)
        From `spread_root`.
    """

    center: np.ndarray
    root: np.ndarray


def measure_spread(videos, shrinkage):
    """Mean and regularised spread of all frames, from one pass over the videos.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos to learn from.
    shrinkage : float
        As of `spread_root`.

    Returns
    -------
    spread : Spread
        For `refine_labels`.
    """
    center, covariance = frame_moments(videos)
    return Spread(center, spread_root(covariance, shrinkage))


def refine_labels(videos, labels, n_actions, spread, *, reg_covar, max_iter):
    """Refine labels by what their frames look like.

    By turns, directions and Gaussians are fitted to the labels, as `fit_mallow` does,
    and each video is labelled along the likeliest path in any order. What a switch
    costs is found anew each time, see `find_switch_cost`, for all videos at once.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos to learn from.
    labels : sequence of ndarray of int of shape (n_frames_i,)
        Actions to start from; below 0, background, counts as action 0 at first.
    n_actions : int
        Number of actions K.
    spread : Spread
        From `measure_spread` of these videos.
    reg_covar : float
        As of `fit_gaussians`.
    max_iter : int
        Rounds at most; fewer if no label changes.

    Returns
    -------
    appearance : dict of ndarray
        From `fit_appearance`.
    switch_cost : float
        Cost of a switch, in nats.
    labels : list of ndarray of int of shape (n_frames_i,)
        Likeliest paths through its `appearance_scores`.
    """
    paths = [np.maximum(path, 0) for path in labels]
    for _ in range(max_iter):
        before = np.concatenate(paths)
        appearance, embedded = fit_appearance(
            videos, paths, n_actions, spread.center, spread.root, reg_covar
        )
        scores = [log_joint(frames, appearance, i) for i, frames in enumerate(embedded)]
        switch_cost = find_switch_cost(*scores)
        paths = [viterbi_free(own, switch_cost)[0] for own in scores]
        if np.array_equal(np.concatenate(paths), before):
            break
    return appearance, switch_cost, paths
