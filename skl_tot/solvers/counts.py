"""Counts of frames of actions in a known order, moved one frame at a time."""

import numpy as np

from skl_tot.solvers.discriminants import PRIOR_FRAMES


def count_gains(log_likelihood, order, starts, place):
    r"""Measure the gain if one frame of a segment goes to another, in O(K).

    With the first frames :math:`b_j` of the segments and their actions
    :math:`\pi_j`, a frame that goes from place p to a later place q moves the
    boundaries between them to the left, and changes the score by

    .. math::

        \sum_{j = p + 1}^{q} \ell(b_j - 1, \pi_j) - \ell(b_j - 1, \pi_{j - 1}),

    and to an earlier one by :math:`\sum_{j = q + 1}^{p} \ell(b_j, \pi_{j - 1}) -
    \ell(b_j, \pi_j)`. Empty segments need no care, as the sums telescope.

    Parameters
    ----------
    log_likelihood : ndarray of shape (n_frames, n_actions)
        ℓ, finite.
    order : ndarray of int of shape (n_actions,)
        π, the actions from first to last.
    starts : ndarray of int of shape (n_actions,)
        b, non-decreasing from 0.
    place : int
        p, a segment that has a frame.

    Returns
    -------
    gains : ndarray of shape (n_actions,)
        For each place q; 0 for p itself.

    Examples
    --------
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


def move_counts(log_likelihood, order, counts, others):
    r"""Give each frame in turn to the action that gains most; those behind move up.

    A frame is worth :math:`\log(N_k + 0.1)` to action k, with the frames
    :math:`N_k` that all videos have of it beside this one. One sweep takes O(T K).

    Parameters
    ----------
    log_likelihood : ndarray of shape (n_frames, n_actions)
        Finite.
    order : ndarray of int of shape (n_actions,)
        The actions from first to last.
    counts : ndarray of int of shape (n_actions,)
        Frames of each action in this video.
    others : ndarray of shape (n_actions,)
        Frames of each action in the other videos.

    Returns
    -------
    counts : ndarray of int of shape (n_actions,)
        Those after the sweep.

    Examples
    --------
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
