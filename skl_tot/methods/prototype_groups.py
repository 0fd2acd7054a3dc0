"""Groups of prototypes that are parts of one action, and the tree of their merges."""

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


def merge_neighbours(overlap, n_actions, record=None):
    r"""Merge prototypes that the network cannot distinguish, among neighbours in time.

    The two neighbours a and b with the largest

    .. math:: S_{ab} \,/\, (n_a n_b)^{2/3}

    are merged, with the overlap S and the frames :math:`n_a` of a, until K groups are
    left. A list ``record`` collects the two groups of each merge. Returns the action of
    each prototype, non-decreasing.

    >>> overlap = np.array([[8.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 7.0]])
    >>> merge_neighbours(overlap, 2)
    array([0, 1, 1])
    """

    def find_pairs(n_groups):
        return list(pairwise(range(n_groups)))

    return _merge(overlap, n_actions, find_pairs, record)


def merge_alike(overlap, n_actions, record=None):
    """Merge like `merge_neighbours`, but any two groups, anywhere in time.

    >>> overlap = np.array([[5.0, 0.0, 3.0], [0.0, 7.0, 1.0], [3.0, 1.0, 5.0]])
    >>> merge_alike(overlap, 2)
    array([0, 1, 0])
    """

    def find_pairs(n_groups):
        return list(combinations(range(n_groups), 2))

    return _merge(overlap, n_actions, find_pairs, record)


def _merge(overlap, n_actions, find_pairs, record):
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
        if record is not None:
            record.append((groups[first], groups[second]))
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


def merge_tree(overlap, merge):
    """Merge prototypes down to one group: a tree like scipy's ``linkage``.

    >>> overlap = np.array([[8.0, 2.0, 0.0], [2.0, 5.0, 3.0], [0.0, 3.0, 7.0]])
    >>> merge_tree(overlap, merge_neighbours)
    array([[1., 2., 1., 2.],
           [0., 3., 2., 3.]])
    """
    n_prototypes = len(overlap)
    merges: list = []
    merge(overlap, 1, merges)
    numbers = {(k,): k for k in range(n_prototypes)}
    tree = np.empty((len(merges), 4))
    for step, (first, second) in enumerate(merges):
        pair = sorted([numbers[tuple(first)], numbers[tuple(second)]])
        tree[step] = [*pair, step + 1, len(first) + len(second)]
        numbers[tuple(first + second)] = n_prototypes + step
    return tree


def cut_tree(tree, members, n_groups):
    """Undo the last merges of some prototypes until they form ``n_groups`` groups.

    Returns the sorted members of each group, ordered by their first member.

    >>> tree = np.array([[1.0, 2.0, 1.0, 2.0], [0.0, 3.0, 2.0, 3.0]])
    >>> cut_tree(tree, [0, 1, 2], 2), cut_tree(tree, [1, 2], 2)
    ([[0], [1, 2]], [[1], [2]])
    """
    n_prototypes, n_left = len(tree) + 1, len(members)
    groups: dict = {k: [] for k in range(n_prototypes)}
    for k in members:
        groups[int(k)] = [int(k)]
    for step, (first, second) in enumerate(tree[:, :2].astype(int)):
        if groups[first] and groups[second]:
            if n_left == n_groups:
                break
            n_left -= 1
        groups[n_prototypes + step] = sorted(groups.pop(first) + groups.pop(second))
    return sorted(group for group in groups.values() if group)


def halve_group(tree, overlap, is_part, n_groups):
    """Cut the parts of an action, of all networks, into groups.

    The tree cuts the parts of the first network. Other parts join the group with the
    largest overlap. Returns the group of each part, -1 for other actions.

    >>> tree = np.array([[0.0, 1.0, 1.0, 2.0]])
    >>> overlap = np.array([[5, 0, 1], [0, 5, 2], [1, 2, 5]])
    >>> halve_group(tree, overlap, np.array([True, True, True]), 2)
    array([0, 1, 1])
    """
    n_first = len(tree) + 1
    parts = np.full(len(is_part), -1, dtype=np.intp)
    shared = np.empty((len(is_part), n_groups))
    groups = cut_tree(tree, np.flatnonzero(is_part[:n_first]), n_groups)
    for half, group in enumerate(groups):
        parts[group] = half
        shared[:, half] = overlap[:, group].sum(axis=1)
    others = np.flatnonzero(is_part[n_first:]) + n_first
    parts[others] = shared[others].argmax(axis=1)
    return parts


def coarse_groups(tree, prototype_actions, n_actions):
    """Group of each action after cutting a tree to fewer actions.

    >>> tree = np.array([[1.0, 2.0, 1.0, 2.0], [0.0, 3.0, 2.0, 3.0]])
    >>> coarse_groups(tree, np.array([1, 2, 0]), 2)
    array([0, 1, 0])
    """
    actions = prototype_actions[: len(tree) + 1]
    groups = []
    for members in cut_tree(tree, range(len(actions)), n_actions):
        groups.append(np.unique(actions[members]).tolist())
    found = np.empty(actions.max() + 1, dtype=np.intp)
    for number, group in enumerate(sorted(groups)):
        found[group] = number
    return found


def fine_splits(tree, overlap, prototype_actions, n_actions):
    """List the splits from the actions of a fit to more actions, and those actions.

    A split is the action, numbered after the previous splits, and the half of each of
    its parts (-1 for others).
    """
    n_first, actions = len(tree) + 1, prototype_actions
    splits = []
    for level in range(actions.max() + 2, n_actions + 1):
        # the merge to one group less
        leaves = cut_tree(tree, range(n_first), level)
        owners = [actions[group[0]] for group in leaves]
        action = int(np.bincount(owners).argmax())  # owns two of the groups
        parts = halve_group(tree, overlap, actions == action, 2)
        splits.append((action, parts))
        actions = actions + (actions > action) + np.maximum(parts, 0)
    return splits, actions
