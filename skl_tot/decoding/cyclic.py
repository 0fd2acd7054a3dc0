"""Label paths through actions that come round again, and their posteriors."""

import numpy as np
from scipy.special import softmax


def viterbi_cyclic(log_likelihood, switch_cost, *, may_skip=False):
    r"""Most likely path through the actions in a circle.

    The path starts and ends in any action. After a frame of action k, the next one
    shows k again or, for the cost c, the action that follows; action 0 follows the
    last, so that a video has as many cycles as it has time for,

    .. math::

        V_k(t) = \ell_{tk} + \max_{s} \left( V_{k - s}(t - 1) - s \, c \right),

    with indices modulo K and s of 0 and 1. With ``may_skip``, s may be up to K - 1:
    each action that is left out costs c as well. Takes O(T K) operations for a video of
    T frames, or O(T K²) with ``may_skip``.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_frames, n_actions)
        Finite log-likelihood (up to a constant per frame) of each action.
    switch_cost : float
        Cost c, at least 0 and in nats, of going on to the next action.
    may_skip : bool, default=False
        Whether actions may be left out.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        Action of each frame.

    Examples
    --------
    >>> log_likelihood = np.log(np.eye(3)[[1, 1, 2, 0, 2, 0]] + 0.1)
    >>> viterbi_cyclic(log_likelihood, 0.0)
    array([1, 1, 2, 0, 0, 0])
    >>> viterbi_cyclic(log_likelihood, 0.0, may_skip=True)
    array([1, 1, 2, 0, 2, 0])
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    return best_path(
        log_likelihood, *_steps(log_likelihood.shape[1], switch_cost, may_skip)
    )


def best_path(log_likelihood, origins, costs):
    """Most likely path of which each frame comes from one of a few origins.

    Parameters
    ----------
    log_likelihood : ndarray of shape (n_frames, n_states)
        Finite log-likelihood of each state.
    origins : ndarray of int of shape (n_steps, n_states)
        States from which a path may come to a state.
    costs : ndarray of shape (n_steps, 1)
        What each of them costs, in nats.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        State of each frame.
    """
    n_frames, n_states = log_likelihood.shape
    # small integers in place of scores, so that a long video takes little memory
    taken = np.empty((n_frames, n_states), dtype=np.min_scalar_type(len(origins)))
    best = log_likelihood[0].copy()
    for t in range(1, n_frames):
        totals = best[origins]
        totals -= costs
        taken[t] = totals.argmax(axis=0)
        totals.max(axis=0, out=best)
        best += log_likelihood[t]
    path = np.empty(n_frames, dtype=np.intp)
    state = path[-1] = best.argmax()
    for t in range(n_frames - 1, 0, -1):
        state = path[t - 1] = origins[taken[t, state], state]
    return path


def posterior_cyclic(log_likelihood, switch_cost, *, may_skip=False):
    r"""Probability of each action in each frame, over all paths of `viterbi_cyclic`.

    Paths weigh as the exponential of what they sum up to. Forward and backward sums of
    logarithms lose no path, however unlikely.

    Parameters
    ----------
    log_likelihood, switch_cost, may_skip
        As of `viterbi_cyclic`.

    Returns
    -------
    probabilities : ndarray of shape (n_frames, n_actions)
        Each row sums to 1.

    Examples
    --------
    >>> posterior_cyclic([[0, -99, -99], [0, 0, 0]], 0.0).round(2)
    array([[1. , 0. , 0. ],
           [0.5, 0.5, 0. ]])
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    origins, costs = _steps(log_likelihood.shape[1], switch_cost, may_skip)
    # from the end, the actions in turned order are the same problem: one loop for both
    given = np.stack([log_likelihood, log_likelihood[::-1, ::-1]], axis=1)
    expected = np.zeros_like(given)
    for t in range(1, len(given)):
        known = expected[t - 1] + given[t - 1]
        totals = known[:, origins] - costs
        np.logaddexp.reduce(totals, axis=1, out=expected[t])
    return softmax(log_likelihood + expected[:, 0] + expected[::-1, 1, ::-1], axis=1)


def _steps(n_actions, switch_cost, may_skip):
    """Where paths may come from, by steps back: (n_steps, n_actions), and their costs.

    Costs have shape (n_steps, 1).
    """
    n_steps = n_actions if may_skip else min(n_actions, 2)
    steps = np.arange(n_steps)[:, None]
    return (np.arange(n_actions) - steps) % n_actions, steps * float(switch_cost)
