"""Which prototypes are parts of one action."""

from itertools import combinations, pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

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


def group_prototypes(overlap, n_networks, n_actions, merge):
    """Put the prototypes of several networks together to actions.

    Those of each network are merged by themselves. Then actions of networks are matched
    one to one, so that their codes have most in common (the Hungarian method): each
    network in turn to those before it, and once more to all others.

    Parameters
    ----------
    overlap : ndarray of shape (n_networks * n_prototypes, n_networks * n_prototypes)
        From `code_overlap` of the codes of all networks, side by side.
    n_networks : int
        Number of networks R.
    n_actions : int
        Number of actions K.
    merge : callable
        `merge_neighbours` or `merge_alike`.

    Returns
    -------
    actions : ndarray of shape (n_networks * n_prototypes,), dtype intp
        Action of each prototype, in the numbers of the first network.

    Examples
    --------
    >>> codes = np.array([[1.0, 0.0, 0.1, 0.9], [0.0, 1.0, 0.8, 0.2]])
    >>> group_prototypes(code_overlap([codes]), 2, 2, merge_neighbours)
    array([0, 1, 1, 0])
    """
    blocks = np.split(np.arange(len(overlap)), n_networks)
    actions = np.concatenate(
        [merge(overlap[np.ix_(block, block)], n_actions) for block in blocks]
    )
    members = np.eye(n_actions)[actions]  # (n_networks * n_prototypes, n_actions)
    for turn in range(2):
        for r, block in enumerate(blocks[1:], 1):
            others = np.concatenate(
                blocks[:r] if turn == 0 else blocks[:r] + blocks[r + 1 :]
            )
            shared = members[block].T @ overlap[np.ix_(block, others)] @ members[others]
            columns = linear_sum_assignment(shared, maximize=True)[1]
            actions[block] = columns[actions[block]]
            members[block] = np.eye(n_actions)[actions[block]]
    return actions


def merge_neighbours(overlap, n_actions, record=None):
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
    record : list, default=None
        Gets the two groups, lists of prototypes, of each merge in turn.

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

    def find_pairs(n_groups):
        return list(pairwise(range(n_groups)))

    return _merge(overlap, n_actions, find_pairs, record)


def merge_alike(overlap, n_actions, record=None):
    """Merge prototypes that the network cannot tell apart, wherever they are in time.

    As `merge_neighbours`, but any two groups may be merged, so that the parts of an
    action that returns come together.

    Parameters
    ----------
    overlap : ndarray of shape (n_prototypes, n_prototypes)
        S, from `code_overlap`.
    n_actions : int
        Number of actions K, at most the number of prototypes.
    record : list, default=None
        As of `merge_neighbours`.

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

    def find_pairs(n_groups):
        return list(combinations(range(n_groups), 2))

    return _merge(overlap, n_actions, find_pairs, record)


def _merge(overlap, n_actions, find_pairs, record):
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
        if record is not None:
            record.append((groups[first], groups[second]))
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
