"""Actions with an order of their own in each video, under a generalised Mallows model.

Steps are those of Sener and Yao, "Unsupervised Learning and Segmentation of Complex
Activities from Video", CVPR 2018, each solved in place of sampled.
"""

import math

import numpy as np
from scipy.optimize import brentq

from skl_tot.decoding.orders import mallow_inversions, order_of, path_along
from skl_tot.solvers.counts import move_counts
from skl_tot.solvers.discriminants import (
    fit_appearance,
    frame_moments,
    log_joint,
    spread_root,
)

# Prior of the dispersions: this one, as if seen in so many videos.
PRIOR_DISPERSION = 1.0
PRIOR_VIDEOS = 0.1
# Beyond, fewer than one of 10^21 videos has an inversion.
LEAST, MOST = 1e-6, 50.0


def expected_inversions(dispersion, n_values):
    r"""Mean of an inversion v in 0 … n - 1 with probability in proportion to exp(-ρ v).

    .. math:: \frac{1}{e^{\rho} - 1} - \frac{n}{e^{n \rho} - 1}

    Parameters
    ----------
    dispersion : float
        ρ, at least 0.
    n_values : int
        n.

    Returns
    -------
    mean : float
        From ``(n_values - 1) / 2``, at ρ = 0, falling to 0.

    Examples
    --------
    >>> round(expected_inversions(math.log(2), 2), 12)  # weights 1 and 1/2
    0.333333333333
    """
    if dispersion < LEAST:  # the terms, each of them large, would cancel
        return (n_values - 1) / 2 - dispersion * (n_values**2 - 1) / 12
    first = -math.exp(-dispersion) / math.expm1(-dispersion)
    second = -math.exp(-n_values * dispersion) / math.expm1(-n_values * dispersion)
    return first - n_values * second


def fit_dispersions(inversions):
    r"""Most probable dispersions of the inversions of videos.

    The posterior of each action's dispersion under its conjugate prior,

    .. math::

        -\rho \left( \sum_m v_m + \nu_0 v_0 \right)
        - (M + \nu_0) \log \frac{1 - e^{-n \rho}}{1 - e^{-\rho}},

    is highest where the mean inversion of the model is that of the videos and of what
    is thought to have been seen before: :math:`\nu_0 = 0.1` videos with the mean
    :math:`v_0` of a dispersion of 1.

    Parameters
    ----------
    inversions : ndarray of int of shape (n_videos, n_actions - 1)
        Inversion vector of each video.

    Returns
    -------
    dispersions : ndarray of shape (n_actions - 1,)
        At least 0, where every order is as probable as any other.
    """
    n_videos, n_inversions = inversions.shape
    dispersions = np.zeros(n_inversions)
    for k, total in enumerate(inversions.sum(axis=0)):
        n_values = n_inversions + 1 - k
        prior_mean = expected_inversions(PRIOR_DISPERSION, n_values)
        mean = (total + PRIOR_VIDEOS * prior_mean) / (n_videos + PRIOR_VIDEOS)
        if mean < expected_inversions(LEAST, n_values):
            dispersions[k] = brentq(
                lambda rho, n, mean: expected_inversions(rho, n) - mean,
                LEAST,
                MOST,
                args=(n_values, mean),
            )
    return dispersions


def fit_mallow(videos, n_actions, *, shrinkage, reg_covar, max_iter, by_moves=False):
    """Learn what actions look like, and how far videos are from their usual order.

    Each video starts cut into ``n_actions`` equal parts. By turns, directions and
    Gaussians are fitted to the labels, each video is labelled along the likeliest order
    of its own, and dispersions are fitted to the orders.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos to learn from.
    n_actions : int
        Number of actions K.
    shrinkage, reg_covar : float
        As of `spread_root` and `fit_gaussians`.
    max_iter : int
        Rounds at most; fewer if no label changes.
    by_moves : bool, default=False
        Whether boundaries go by `move_counts` rather than by the likeliest path.

    Returns
    -------
    appearance : dict of ndarray
        From `fit_appearance`.
    dispersions : ndarray of shape (n_actions - 1,)
        From `fit_dispersions`.
    n_iter : int
        Rounds taken.
    embedded : list of ndarray of shape (n_frames_i, n_directions)
        Frames along the directions.
    """
    paths = [np.arange(n) * n_actions // n for n in videos.lengths]
    center, covariance = frame_moments(videos)
    root = spread_root(covariance, shrinkage)
    inversions = np.zeros((len(videos), n_actions - 1), dtype=np.intp)
    dispersions = fit_dispersions(inversions)
    for n_iter in range(1, max_iter + 1):
        labels = np.concatenate(paths)
        appearance, embedded = fit_appearance(
            videos, paths, n_actions, center, root, reg_covar
        )
        for i, frames in enumerate(embedded):
            scores = log_joint(frames, appearance, i)
            inversions[i] = mallow_inversions(scores, dispersions)
            order = order_of(inversions[i])
            if by_moves:
                scores -= np.log(appearance["shares"])  # moves have shares of their own
                paths[i] = _path_of_moves(scores, order, paths, i)
            else:
                paths[i] = path_along(scores, order, 0.0)
        dispersions = fit_dispersions(inversions)
        if n_iter == max_iter or np.array_equal(np.concatenate(paths), labels):
            break
    return appearance, dispersions, n_iter, embedded


def _path_of_moves(scores, order, paths, i):
    """Path (n_frames,) of video i after a sweep of moves from the one of now."""
    n_actions = len(order)
    counts = np.bincount(paths[i], minlength=n_actions)
    everywhere = np.bincount(np.concatenate(paths), minlength=n_actions)
    counts = move_counts(scores, order, counts, everywhere - counts)
    return np.repeat(order, counts[order])
