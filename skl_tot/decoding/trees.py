"""Trees of prototypes, from all of them to one group, and cuts of them."""

import numpy as np


def merge_tree(overlap, merge):
    """Merge prototypes until one group is left.

    Parameters
    ----------
    overlap : ndarray of shape (n_prototypes, n_prototypes)
        From `skl_tot.decoding.prototypes.code_overlap`.
    merge : callable
        `skl_tot.decoding.prototypes.merge_neighbours` or ``merge_alike``.

    Returns
    -------
    tree : ndarray of shape (n_prototypes - 1, 4)
        As `scipy.cluster.hierarchy.linkage` gives it: the two groups of each merge,
        which makes group ``n_prototypes`` plus its number; its height, which is its
        number from 1; and the prototypes it has.

    Examples
    --------
    >>> from skl_tot.decoding.prototypes import merge_neighbours
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
    """Undo the last merges of some prototypes until they are so many groups.

    Parameters
    ----------
    tree : ndarray of shape (n_prototypes - 1, 4)
        From `merge_tree`.
    members : sequence of int
        Prototypes to look at.
    n_groups : int
        Number of groups, at most that of the members.

    Returns
    -------
    groups : list of list of int
        Sorted members of each group, by the first of them.

    Examples
    --------
    >>> tree = np.array([[1.0, 2.0, 1.0, 2.0], [0.0, 3.0, 2.0, 3.0]])
    >>> cut_tree(tree, [0, 1, 2], 2)
    [[0], [1, 2]]
    >>> cut_tree(tree, [1, 2], 2)
    [[1], [2]]
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
    """Cut the parts of an action, those of all networks, to groups.

    Those of the first network are cut by the tree. A part of another network goes to
    the group of these that it overlaps most with.

    Parameters
    ----------
    tree : ndarray of shape (n_first - 1, 4)
        From `merge_tree` of the prototypes of the first network.
    overlap : ndarray of shape (n_prototypes, n_prototypes)
        Of the prototypes of all networks, those of the first before others.
    is_part : ndarray of bool of shape (n_prototypes,)
        Parts of the action.
    n_groups : int
        Number of groups.

    Returns
    -------
    parts : ndarray of shape (n_prototypes,), dtype intp
        Group of each part, -1 elsewhere.

    Examples
    --------
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
