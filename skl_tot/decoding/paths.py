"""Label paths of videos, and their posteriors."""

import numpy as np
from scipy.special import softmax


def viterbi(log_likelihood, *, may_skip=False, switch_cost=0.0):
    r"""Most likely path through the actions in their fixed order.

    The path starts in action 0, ends in action K - 1, and gives every action one run
    of at least one frame. With the prefix sums :math:`C_k(t)` of the log-likelihoods
    the best score of a path that is in action k at frame t is a running maximum,

    .. math::

        V_k(t) = C_k(t) + \max_{s \le t} \left( B_k(s - 1) - C_k(s - 1) - c \right),

    which takes O(T K) operations and no loop over frames. :math:`B_k` is
    :math:`V_{k-1}`; with ``may_skip`` the path may leave out any actions, and it is
    the maximum of :math:`V_j` over all :math:`j < k`. The first run of a path does not
    cost c.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_frames, n_actions)
        Finite log-likelihood (up to a constant per frame) of each action.
    may_skip : bool, default=False
        Whether actions may be left out. They always may in a video with fewer frames
        than actions, which cannot show them all.
    switch_cost : float, default=0.0
        Cost c, at least 0 and in nats, of going from one action to another.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        Action of each frame, non-decreasing.
    score : float
        Sum of ``log_likelihood`` along the path, less the costs.

    References
    ----------
    Kukleva et al., "Unsupervised Learning of Action Classes with Continuous Temporal
    Embedding", CVPR 2019, Sec. 3.4 (the decoder); the running maxima are our own.

    Examples
    --------
    >>> path, score = viterbi([[0, -9], [-1, -2], [-3, 0], [0, -1]])
    >>> path
    array([0, 0, 1, 1])
    >>> float(score)
    -2.0
    >>> viterbi([[0, -9], [0, -1], [0, -1]], may_skip=True)[0]
    array([0, 0, 0])
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    n_frames, n_actions = log_likelihood.shape
    may_skip = may_skip or n_frames < n_actions

    # best[t]: score of the first t frames when the actions seen so far explain them.
    best = np.full(n_frames + 1, -np.inf)
    best[0] = 0.0
    # Bytes in place of scores, so that a long video takes little memory: where the
    # running maximum grows the path may have entered the action.
    grows = np.ones((n_actions, n_frames), dtype=bool)
    skipped = np.zeros((n_actions, n_frames + 1), dtype=bool)
    for action in range(n_actions):
        total = _prefix_sums(log_likelihood[:, action])
        before, best = best, np.full(n_frames + 1, -np.inf)
        entries = before[:-1] - total[:-1]
        entries[1:] -= switch_cost
        entries = np.maximum.accumulate(entries, out=best[1:])
        np.greater(entries[1:], entries[:-1], out=grows[action, 1:])
        best[1:] += total[1:]
        if may_skip:
            skipped[action] = before > best
            np.maximum(before, best, out=best)
    return _trace_back(grows, skipped), float(best[-1])


def _trace_back(grows, skipped):
    """Path (n_frames,) that ends in the last action that is not skipped."""
    n_actions, n_frames = grows.shape
    path = np.empty(n_frames, dtype=np.intp)
    end = n_frames
    for action in range(n_actions - 1, -1, -1):
        if end == 0 or skipped[action, end]:
            continue
        start = end - 1 - int(np.argmax(grows[action, end - 1 :: -1]))
        path[start:end] = action
        end = start
    return path


def viterbi_free(log_likelihood, switch_cost):
    """Most likely path through the actions in any order.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_frames, n_actions)
        Finite log-likelihood (up to a constant per frame) of each action.
    switch_cost : float
        Cost, at least 0 and in nats, of going from one action to any other.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        Action of each frame.
    score : float
        Sum of ``log_likelihood`` along the path, less the costs.

    Examples
    --------
    >>> viterbi_free([[0, -5], [-1, 0], [-6, 0], [0, -5]], switch_cost=2.0)
    (array([0, 1, 1, 0]), -4.0)
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    n_frames = len(log_likelihood)
    has_switched = np.empty(log_likelihood.shape, dtype=bool)
    origins = np.empty(n_frames, dtype=np.intp)
    # The best action so far couples all actions: a loop, of four calls a frame.
    scores = log_likelihood[0].copy()
    for t in range(1, n_frames):
        origin = origins[t] = scores.argmax()
        other = scores[origin] - switch_cost
        np.less(scores, other, out=has_switched[t])
        np.maximum(scores, other, out=scores)
        scores += log_likelihood[t]

    path = np.empty(n_frames, dtype=np.intp)
    action = path[-1] = scores.argmax()
    for t in range(n_frames - 1, 0, -1):
        if has_switched[t, action]:
            action = origins[t]
        path[t - 1] = action
    return path, float(scores.max())


def posterior(log_likelihood, *, may_skip=False, switch_cost=0.0):
    r"""Probability of each action in each frame, over all paths in the fixed order.

    Paths weigh :math:`e^{\text{score}}`, see `viterbi`. Forward and backward sums take
    O(T K) operations and no loop over frames, as `viterbi` does.

    Parameters
    ----------
    log_likelihood, may_skip, switch_cost
        As of `viterbi`.

    Returns
    -------
    probabilities : ndarray of shape (n_frames, n_actions)
        Each row sums to 1.

    Examples
    --------
    >>> posterior([[0, 0], [0, 0], [0, 0]])
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    may_skip = may_skip or log_likelihood.shape[0] < log_likelihood.shape[1]
    log_posterior = _forward(log_likelihood, may_skip, switch_cost) - log_likelihood
    # from the end, the actions in turned order are the same problem
    turned = _forward(log_likelihood[::-1, ::-1], may_skip, switch_cost)
    return softmax(log_posterior + turned[::-1, ::-1], axis=1)


def posterior_free(log_likelihood, switch_cost):
    r"""Probability of each action in each frame, over all paths in any order.

    Parameters
    ----------
    log_likelihood, switch_cost
        As of `viterbi_free`.

    Returns
    -------
    probabilities : ndarray of shape (n_frames, n_actions)
        Each row sums to 1.

    Examples
    --------
    >>> posterior_free([[0, 0], [0, -99]], switch_cost=0.0).round(2)
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    # one loop goes from both ends at once
    given = np.stack([log_likelihood, log_likelihood[::-1]], axis=1)
    with np.errstate(divide="ignore"):  # without a cost, staying is no better
        log_stay = np.log(-np.expm1(-switch_cost))
    expected = np.zeros_like(given)
    for t in range(1, len(expected)):
        known = expected[t - 1] + given[t - 1]
        known += log_stay - np.logaddexp.reduce(known, axis=1, keepdims=True)
        np.logaddexp(known, -switch_cost, out=expected[t])
    return softmax(log_likelihood + expected[:, 0] + expected[::-1, 1], axis=1)


def _prefix_sums(values):
    """Add up the first 0, 1, … of values (n_frames,): (n_frames + 1,)."""
    totals = np.zeros(len(values) + 1)
    np.cumsum(values, out=totals[1:])
    return totals


def _forward(log_likelihood, may_skip, switch_cost):
    """Weigh all paths that end in an action at a frame: (n_frames, n_actions), log."""
    n_frames, n_actions = log_likelihood.shape
    result = np.empty((n_actions, n_frames))
    before = np.full(n_frames + 1, -np.inf)
    before[0] = 0.0
    for action in range(n_actions):
        total = _prefix_sums(log_likelihood[:, action])
        entries = before[:-1] - total[:-1]
        entries[1:] -= switch_cost
        result[action] = np.logaddexp.accumulate(entries) + total[1:]
        now = np.append(-np.inf, result[action])
        before = np.logaddexp(before, now) if may_skip else now
    return result.T
