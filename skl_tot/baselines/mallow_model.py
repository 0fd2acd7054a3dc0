"""Orders of actions under a generalised Mallows model, and their learning.

Steps follow Sener and Yao, "Unsupervised Learning and Segmentation of Complex
Activities from Video", CVPR 2018, with exact solutions instead of samples.
"""

import math

import numpy as np
from scipy.optimize import brentq

from skl_tot.decoding.decoders import decode
from skl_tot.decoding.orders import mallow_inversions, order_of, path_along
from skl_tot.methods.discriminants import fit_appearance, log_joint, measure_spread
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


def fit_mallow(videos, n_actions, *, shrinkage, reg_covar, max_iter, keeps_order=False):
    """Learn the appearance of actions, and how recordings deviate from the order.

    Each recording starts as ``n_actions`` equal parts. Three steps alternate: an
    appearance is fitted to the labels; each recording is labelled along its likeliest
    order (with ``keeps_order`` in the order of all, with each action); dispersions are
    fitted to the orders. Returns the appearance, the dispersions, the number of rounds,
    and the projected frames of each recording.
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
            if keeps_order:
                paths[i] = decode(scores)
            else:
                inversions[i] = mallow_inversions(scores, dispersions)
                paths[i] = path_along(scores, order_of(inversions[i]), 0.0)
        dispersions = fit_dispersions(inversions)
        if n_iter == max_iter or np.array_equal(np.concatenate(paths), labels):
            break
    return appearance, dispersions, n_iter, embedded
