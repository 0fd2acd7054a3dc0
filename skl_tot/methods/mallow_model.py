"""Orders of actions under a generalised Mallows model, and their learning.

Steps follow Sener and Yao, "Unsupervised Learning and Segmentation of Complex
Activities from Video", CVPR 2018, with exact solutions instead of samples.
"""

import math

import numpy as np
from scipy.optimize import brentq

from skl_tot.decoding.decoders import decode
from skl_tot.decoding.orders import mallow_inversions, order_of, path_along
from skl_tot.methods.discriminants import (
    PRIOR_FRAMES,
    fit_appearance,
    log_joint,
    measure_spread,
)
from skl_tot.recordings.labels import equal_parts

# Prior of the dispersions: this value, with the weight of so many recordings.
PRIOR_DISPERSION = 1.0
PRIOR_VIDEOS = 0.1
# Above it, fewer than one of 10^21 recordings has an inversion.
LEAST, MOST = 1e-6, 50.0


def expected_inversions(dispersion, n_values):
    r"""Mean of an inversion v in 0 … n - 1 with probability proportional to exp(-ρ v).

    .. math:: \frac{1}{e^{\rho} - 1} - \frac{n}{e^{n \rho} - 1}

    >>> round(expected_inversions(math.log(2), 2), 12)  # weights 1 and 1/2
    0.333333333333
    """
    if dispersion < LEAST:  # the two large terms would cancel
        return (n_values - 1) / 2 - dispersion * (n_values**2 - 1) / 12
    first = -math.exp(-dispersion) / math.expm1(-dispersion)
    second = -math.exp(-n_values * dispersion) / math.expm1(-n_values * dispersion)
    return first - n_values * second


def fit_dispersions(inversions):
    r"""Most probable dispersions (n_actions - 1,), at least 0.

    The posterior of each dispersion under its conjugate prior,

    .. math::

        -\rho \left( \sum_m v_m + \nu_0 v_0 \right)
        - (M + \nu_0) \log \frac{1 - e^{-n \rho}}{1 - e^{-\rho}},

    is highest if the model's mean inversion equals that of the ``inversions``
    (n_videos, n_actions - 1) and of the prior, :math:`\nu_0 = 0.1` recordings with the
    mean :math:`v_0` of a dispersion of 1.
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


def fit_mallow(
    videos,
    n_actions,
    *,
    shrinkage,
    reg_covar,
    max_iter,
    by_moves=False,
    keeps_order=False,
):
    """Learn the appearance of actions, and how recordings deviate from the order.

    Each recording starts as ``n_actions`` equal parts. Three steps alternate: an
    appearance is fitted to the labels; each recording is labelled along its likeliest
    order (by the likeliest path or `move_counts`; with ``keeps_order`` in the order of
    all, with each action); dispersions are fitted to the orders. Returns the
    appearance, the dispersions, the number of rounds, and the projected frames of each
    recording.
    """
    paths = [equal_parts(n, n_actions) for n in videos.lengths]
    spread = measure_spread(videos, shrinkage)
    inversions = np.zeros((len(videos), n_actions - 1), dtype=np.intp)
    dispersions = fit_dispersions(inversions)
    for n_iter in range(1, max_iter + 1):
        labels = np.concatenate(paths)
        appearance, embedded = fit_appearance(
            videos, paths, n_actions, spread, reg_covar
        )
        for i, frames in enumerate(embedded):
            scores = log_joint(frames, appearance, i)
            if not keeps_order:
                inversions[i] = mallow_inversions(scores, dispersions)
            order = order_of(inversions[i])
            if by_moves:
                scores -= np.log(appearance["shares"])  # moves have own shares
                paths[i] = _path_of_moves(scores, order, paths, i)
            elif keeps_order:
                paths[i] = decode(scores)
            else:
                paths[i] = path_along(scores, order, 0.0)
        dispersions = fit_dispersions(inversions)
        if n_iter == max_iter or np.array_equal(np.concatenate(paths), labels):
            break
    return appearance, dispersions, n_iter, embedded


def _path_of_moves(scores, order, paths, i):
    """Path (n_frames,) of recording i after a sweep of moves from the current one."""
    n_actions = len(order)
    counts = np.bincount(paths[i], minlength=n_actions)
    everywhere = np.bincount(np.concatenate(paths), minlength=n_actions)
    counts = move_counts(scores, order, counts, everywhere - counts)
    return np.repeat(order, counts[order])


def move_counts(log_likelihood, order, counts, others):
    r"""Give each frame in turn to the action that gains most, and shift the others.

    A frame adds :math:`\log(N_k + 0.1)` to action k, with the number of frames
    :math:`N_k` of the action in all recordings without this frame: ``counts`` in this
    recording, ``others`` in the other ones. One sweep takes O(T K).

    >>> log_likelihood = np.array([[5.0, 0.0], [0.0, 5.0], [0.0, 5.0]])
    >>> move_counts(log_likelihood, np.array([0, 1]), np.array([2, 1]), np.ones(2))
    array([1, 2])
    """
    counts = counts.copy()
    starts = np.cumsum(counts[order]) - counts[order]
    for frame in range(len(log_likelihood)):
        place = int(np.searchsorted(starts, frame, side="right")) - 1
        counts[order[place]] -= 1
        gains = count_gains(log_likelihood, order, starts, place)
        gains += np.log(counts + others + PRIOR_FRAMES)[order]
        chosen = int(gains.argmax())
        counts[order[chosen]] += 1
        starts[place + 1 : chosen + 1] -= 1
        starts[chosen + 1 : place + 1] += 1
    return counts


def count_gains(log_likelihood, order, starts, place):
    r"""Gain (n_actions,) if one frame of a segment moves to another segment.

    With the first frames :math:`b_j` of the segments and their actions :math:`\pi_j`, a
    frame that moves from place p to a later place q shifts the boundaries between them
    to the left, and changes the score by

    .. math::

        \sum_{j = p + 1}^{q} \ell(b_j - 1, \pi_j) - \ell(b_j - 1, \pi_{j - 1}),

    and to an earlier one by :math:`\sum_{j = q + 1}^{p} \ell(b_j, \pi_{j - 1}) -
    \ell(b_j, \pi_j)`. Empty segments need no care, as the sums telescope.

    >>> log_likelihood = np.array([[0.0, 1.0], [0.0, 3.0]])
    >>> count_gains(log_likelihood, np.array([0, 1]), np.array([0, 2]), 0)
    array([0., 3.])
    """
    gains = np.zeros(len(order))
    behind = starts[place + 1 :] - 1
    change = log_likelihood[behind, order[place + 1 :]]
    gains[place + 1 :] = np.cumsum(change - log_likelihood[behind, order[place:-1]])
    places = np.arange(place, 0, -1)
    ahead = starts[places]
    change = log_likelihood[ahead, order[places - 1]]
    gains[:place] = np.cumsum(change - log_likelihood[ahead, order[places]])[::-1]
    return gains
