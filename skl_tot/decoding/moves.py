"""Paths whose moves from action to action have costs of their own."""

import numpy as np

from skl_tot.decoding.decoders import Decoder

# Least factor of a move: less would vanish from products of float64.
LEAST_FACTOR = 1e-200


def viterbi_moves(log_likelihood, move_costs, start_costs):
    r"""Most likely path if each move from action to action has its cost.

    .. math::

        \max_{y} \sum_t \ell_{t y_t} - a_{y_1} - \sum_{t > 1} c_{y_{t-1} y_t}

    Parameters
    ----------
    log_likelihood : ndarray of shape (n_frames, n_actions)
        Finite log-likelihood of each action.
    move_costs : ndarray of shape (n_actions, n_actions)
        Cost c of going from the action of a row to that of a column, in nats, at least
        0 and 0 on the diagonal.
    start_costs : ndarray of shape (n_actions,)
        Cost a of starting with an action.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        Action of each frame.

    Examples
    --------
    >>> log_likelihood = np.array([[0.0, -1.0], [-1.0, 0.0]])
    >>> viterbi_moves(log_likelihood, np.array([[0.0, 0.5], [9.0, 0.0]]), np.zeros(2))
    array([0, 1])
    """
    n_frames, n_actions = log_likelihood.shape
    own = np.arange(n_actions)
    before = np.empty((n_frames, n_actions), dtype=np.intp)
    best = log_likelihood[0] - start_costs
    for t in range(1, n_frames):
        totals = best[:, None] - move_costs
        before[t] = totals.argmax(axis=0)
        best = totals[before[t], own] + log_likelihood[t]
    path = np.empty(n_frames, dtype=np.intp)
    path[-1] = best.argmax()
    for t in range(n_frames - 1, 0, -1):
        path[t - 1] = before[t, path[t]]
    return path


def posterior_moves(log_likelihood, move_costs, start_costs):
    """Probability of each action in each frame, over all paths of `viterbi_moves`.

    Parameters are those of `viterbi_moves`. Paths weigh as the exponential of what they
    sum up to, by forward and backward sums; a move costs 460 nats at most.

    Returns
    -------
    probabilities : ndarray of shape (n_frames, n_actions)
        Rows sum to 1.

    Examples
    --------
    >>> posterior_moves(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2))
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    factors = np.maximum(np.exp(-move_costs), LEAST_FACTOR)
    shifted = log_likelihood - log_likelihood.max(axis=1, keepdims=True)
    likelihoods = np.maximum(np.exp(shifted), LEAST_FACTOR)
    starts = np.maximum(np.exp(start_costs.min() - start_costs), LEAST_FACTOR)
    forward = _running_sums(likelihoods, factors, starts)
    ends = np.ones(len(starts))
    backward = _running_sums(likelihoods[::-1], factors.T, ends)[::-1]
    joint = forward * backward / likelihoods  # which both have
    return joint / joint.sum(axis=1, keepdims=True)


def _running_sums(likelihoods, factors, starts):
    """Weight of all paths that end in an action at a frame; rows sum to 1."""
    sums = np.empty_like(likelihoods)
    sums[0] = starts * likelihoods[0]
    sums[0] /= sums[0].sum()
    for t in range(1, len(sums)):
        row = sums[t - 1] @ factors * likelihoods[t]
        sums[t] = row / row.sum()
    return sums


def move_decoder(log_moves, log_starts):
    r"""Make a decoder that goes by how likely moves are.

    With the cost c of a switch in nats, a move from j to k costs

    .. math:: c \, \frac{-\log P(k | j)}{\log K},

    and to start with k in the same way: c where all actions are equally likely.

    Parameters
    ----------
    log_moves : ndarray of shape (n_actions, n_actions)
        Logarithm of the probability of the next action, 0 on the diagonal.
    log_starts : ndarray of shape (n_actions,)
        Logarithm of the probability of the first action.

    Returns
    -------
    decoder : Decoder
        For `skl_tot.decoding.decoders.read_video`.
    """
    scale = np.log(max(len(log_starts), 2))

    def path(log_likelihood, cost):
        unit = -cost / scale
        return viterbi_moves(log_likelihood, unit * log_moves, unit * log_starts)

    def posterior(log_likelihood, cost):
        unit = -cost / scale
        return posterior_moves(log_likelihood, unit * log_moves, unit * log_starts)

    return Decoder(path, posterior, keeps_order=False)
