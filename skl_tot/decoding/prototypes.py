"""Which prototypes are parts of one action."""

from itertools import combinations, pairwise

import numpy as np

# Merged first is what overlaps most for its size to this power. At 1/2 long actions
# take in short neighbours, at 1 no action gets longer than the others.
SIZE_EXPONENT = 2 / 3


def code_overlap(codes):
    r"""How much the predicted codes of prototypes overlap.

    .. math:: S = \sum_v P_v^\top P_v

    Parameters
    ----------
    codes : iterable of ndarray of shape (n_frames_i, n_prototypes)
        Predicted codes P of each video, rows summing to 1.

    Returns
    -------
    overlap : ndarray of shape (n_prototypes, n_prototypes)
        In frames. Row k adds up to the frames that prototype k has.

    Examples
    --------
    >>> code_overlap([np.array([[1.0, 0.0], [0.5, 0.5]])])
    array([[1.25, 0.25],
           [0.25, 0.25]])
    """
    return sum(video.T @ video for video in codes)


def merge_neighbours(overlap, n_actions):
    r"""Merge prototypes that the network cannot tell apart, next to next in time.

    Prototypes of equal shares cut long actions into parts, whose frames look alike and
    have codes in common. The two neighbours a and b with the largest

    .. math:: S_{ab} \,/\, (n_a n_b)^{2/3}

    are merged, :math:`n_a` being the frames of a, until no more than K groups are left.

    Parameters
    ----------
    overlap : ndarray of shape (n_prototypes, n_prototypes)
        S, from `code_overlap`; prototypes in the order of time.
    n_actions : int
        Number of actions K, at most the number of prototypes.

    Returns
    -------
    actions : ndarray of shape (n_prototypes,), dtype intp
        Action of each prototype: 0 … K - 1, non-decreasing.

    Examples
    --------
    >>> overlap = np.array([[8.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 7.0]])
    >>> merge_neighbours(overlap, 2)
    array([0, 1, 1])
    """
    return _merge(overlap, n_actions, lambda n_groups: list(pairwise(range(n_groups))))


def merge_alike(overlap, n_actions):
    """Merge prototypes that the network cannot tell apart, wherever they are in time.

    As `merge_neighbours`, but any two groups may be merged, so that the parts of an
    action that returns come together.

    Parameters
    ----------
    overlap : ndarray of shape (n_prototypes, n_prototypes)
        S, from `code_overlap`.
    n_actions : int
        Number of actions K, at most the number of prototypes.

    Returns
    -------
    actions : ndarray of shape (n_prototypes,), dtype intp
        Action of each prototype: 0 … K - 1, in the order of their first prototypes.

    Examples
    --------
    >>> overlap = np.array([[5.0, 0.0, 3.0], [0.0, 7.0, 1.0], [3.0, 1.0, 5.0]])
    >>> merge_alike(overlap, 2)
    array([0, 1, 0])
    """
    return _merge(
        overlap, n_actions, lambda n_groups: list(combinations(range(n_groups), 2))
    )


def _merge(overlap, n_actions, find_pairs):
    """Merge the pairs of groups that overlap most, of those that ``find_pairs`` has."""
    groups = [[k] for k in range(len(overlap))]
    while len(groups) > n_actions:
        sizes = np.array([overlap[group].sum() for group in groups])
        pairs = find_pairs(len(groups))
        shared = [overlap[np.ix_(groups[a], groups[b])].sum() for a, b in pairs]
        scale = sizes[pairs].prod(axis=1) ** SIZE_EXPONENT
        # an empty group counts as alike, and goes first
        alike = np.divide(
            shared, scale, out=np.full(len(scale), np.inf), where=scale > 0
        )
        first, second = pairs[int(alike.argmax())]
        groups[first] = groups[first] + groups.pop(second)
    actions = np.empty(len(overlap), dtype=np.intp)
    for action, group in enumerate(groups):
        actions[group] = action
    return actions


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
