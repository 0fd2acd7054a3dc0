"""Label paths of videos, and the order of actions in time."""

import numpy as np


def viterbi(log_likelihood):
    r"""Most likely path through the actions in their fixed order.

    The path starts in action 0, ends in action K - 1, and gives every action one run
    of at least one frame. All transitions cost the same, so with the prefix sums
    :math:`C_k(t)` of the log-likelihoods the best score of a path that is in action k
    at frame t is a running maximum,

    .. math::

        V_k(t) = C_k(t) + \max_{s \le t} \left( V_{k-1}(s - 1) - C_k(s - 1) \right),

    which takes O(T K) operations and no loop over frames.

    A video with fewer frames than actions cannot show them all. It gets the most
    likely path that keeps the order and leaves out any actions.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_frames, n_actions)
        Finite log-likelihood (up to a constant per frame) of each action.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        Action of each frame, non-decreasing.
    score : float
        Sum of ``log_likelihood`` along the path.

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
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    n_frames, n_actions = log_likelihood.shape
    may_skip = n_frames < n_actions
    totals = np.zeros((n_actions, n_frames + 1))
    np.cumsum(log_likelihood.T, axis=1, out=totals[:, 1:])

    # best[t]: score of the first t frames when the actions seen so far explain them.
    best = np.full(n_frames + 1, -np.inf)
    best[0] = 0.0
    entries = np.empty((n_actions, n_frames))
    skipped = np.zeros((n_actions, n_frames + 1), dtype=bool)
    for action, total in enumerate(totals):
        before, best = best, np.full(n_frames + 1, -np.inf)
        np.subtract(before[:-1], total[:-1], out=entries[action])
        np.maximum.accumulate(entries[action], out=best[1:])
        best[1:] += total[1:]
        if may_skip:
            skipped[action] = before > best
            np.maximum(before, best, out=best)

    path = np.empty(n_frames, dtype=np.intp)
    end = n_frames
    for action in range(n_actions - 1, -1, -1):
        if end == 0 or skipped[action, end]:
            continue
        start = int(np.argmax(entries[action, :end]))
        path[start:end] = action
        end = start
    return path, float(best[-1])


def time_order(codes):
    """Sort actions by the mean relative time of their frames.

    Parameters
    ----------
    codes : iterable of ndarray of shape (n_frames_i, n_actions)
        Weight, at least 0, of each action in each frame of a video.

    Returns
    -------
    order : ndarray of shape (n_actions,), dtype intp
        The actions from first to last. One without any weight counts as half-way.

    Examples
    --------
    >>> time_order([np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])])
    array([1, 0])
    """
    total = weight = 0.0
    for video in codes:
        times = (np.arange(len(video)) + 0.5) / len(video)
        total = total + times @ video
        weight = weight + video.sum(axis=0)
    means = np.divide(total, weight, out=np.full_like(total, 0.5), where=weight > 0)
    return np.argsort(means, kind="stable")
