"""Groups of prototypes that are parts of one action."""

from itertools import combinations, pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

# Merges take the largest overlap over size to this power. With 1/2 long actions absorb
# short neighbours; with 1 no action gets longer than the others.
SIZE_EXPONENT = 2 / 3


def code_overlap(codes):
    """Sum of P' P (n_prototypes, n_prototypes) over codes P, in frames.

    Row k sums to the frames of prototype k.

    >>> code_overlap([np.array([[1.0, 0.0], [0.5, 0.5]])])
    array([[1.25, 0.25],
           [0.25, 0.25]])
    """
    return sum(video.T @ video for video in codes)


def group_prototypes(overlap, n_networks, n_actions, merge):
    """Find the action of each prototype of several networks.

    Prototypes of each network are merged separately. Then actions of networks are
    matched one to one by their common codes (the Hungarian method): each network in
    turn to the previous ones, and once more to all others.

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


def merge_neighbours(overlap, n_actions):
    r"""Merge prototypes that the network cannot distinguish, among neighbours in time.

    The two neighbours a and b with the largest

    .. math:: S_{ab} \,/\, (n_a n_b)^{2/3}

    are merged, with the overlap S and the frames :math:`n_a` of a, until K groups are
    left. Returns the action of each prototype, non-decreasing.

    >>> overlap = np.array([[8.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 7.0]])
    >>> merge_neighbours(overlap, 2)
    array([0, 1, 1])
    """

    def find_pairs(n_groups):
        return list(pairwise(range(n_groups)))

    return _merge(overlap, n_actions, find_pairs)


def merge_alike(overlap, n_actions):
    """Merge like `merge_neighbours`, but any two groups, anywhere in time.

    >>> overlap = np.array([[5.0, 0.0, 3.0], [0.0, 7.0, 1.0], [3.0, 1.0, 5.0]])
    >>> merge_alike(overlap, 2)
    array([0, 1, 0])
    """

    def find_pairs(n_groups):
        return list(combinations(range(n_groups), 2))

    return _merge(overlap, n_actions, find_pairs)


def _merge(overlap, n_actions, find_pairs):
    """Merge the pairs of groups with the largest overlap among ``find_pairs``."""
    groups = [[k] for k in range(len(overlap))]
    while len(groups) > n_actions:
        sizes = np.array([overlap[group].sum() for group in groups])
        pairs = find_pairs(len(groups))
        shared = [overlap[np.ix_(groups[a], groups[b])].sum() for a, b in pairs]
        scale = sizes[pairs].prod(axis=1) ** SIZE_EXPONENT
        # an empty group is merged first
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
    """Sort actions by the mean relative time of their frames, with weights.

    An action without any weight counts as half-way.

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
