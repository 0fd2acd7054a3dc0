"""Segmentations into more actions than those of a fit, or fewer, which are nested."""

from numbers import Integral

import numpy as np
from scipy.cluster.hierarchy import is_valid_linkage

from skl_tot.decoding.decoders import DECODERS, decode
from skl_tot.decoding.trees import cut_tree, halve_group
from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.labels import find_segments
from skl_tot.inputs.states import check_array
from skl_tot.segmenters.edits import halves_by_parts


def check_level(n_actions, tree, is_edited, transcripts):
    """Refuse a number of actions that a tree has no cut of."""
    if transcripts is not None:
        raise ValueError("n_actions and transcripts are given, expected one of them.")
    if is_edited:
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, but actions have been labelled, "
            "named or edited since they were found; expected None, use merge or split."
        )
    if tree is None:
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, but the fit has no merge_tree_; "
            "fit with n_parts or n_init above 1."
        )
    is_number = isinstance(n_actions, Integral) and not isinstance(n_actions, bool)
    if not is_number or not 1 <= n_actions <= len(tree) + 1:
        raise ValueError(
            f"n_actions is {short_repr(n_actions)}, expected an integer from 1 to "
            f"{len(tree) + 1}, the prototypes of a network."
        )


def coarse_groups(tree, prototype_actions, n_actions):
    """Group of each action, if a tree is cut to fewer.

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
    """List the splits that lead from the actions of a fit to more, in turn.

    Parameters
    ----------
    tree, overlap : ndarray
        As of `skl_tot.decoding.trees.halve_group`.
    prototype_actions : ndarray of shape (n_prototypes,)
        Action of each prototype.
    n_actions : int
        More than there are.

    Returns
    -------
    splits : list of (int, ndarray of shape (n_prototypes,))
        The action that is split, in the numbers after the splits before it, and the
        half of each of its parts, -1 elsewhere.
    """
    n_first, actions = len(tree) + 1, prototype_actions
    splits = []
    for level in range(actions.max() + 2, n_actions + 1):
        # the merge that left one group less than these
        leaves = cut_tree(tree, range(n_first), level)
        owners = [actions[group[0]] for group in leaves]
        action = int(np.bincount(owners).argmax())  # which has two of the groups
        parts = halve_group(tree, overlap, actions == action, 2)
        splits.append((action, parts))
        actions = actions + (actions > action) + np.maximum(parts, 0)
    return splits


def refine_path(path, action, parts, log_codes, decoding, switch_cost):
    """Path (n_frames,) in which an action is split; others stay where they are.

    Each segment of the action is decoded by itself, to a path through both halves, or
    one of them. What keeps the order of actions, once or again and again, is "skip"
    there.
    """
    refined = path + (path > action)
    log_halves = halves_by_parts(log_codes, parts)
    decoder = DECODERS[decoding]
    in_order = decoder.keeps_order or decoder.cycle_frames is not None
    within = "skip" if in_order else decoding
    for label, start, end in zip(*find_segments(path)):
        if label == action:
            refined[start:end] += decode(log_halves[start:end], within, switch_cost)
    return refined


def check_tree(tree, actions):
    """Refuse what is no tree whose cut has the actions of prototypes as groups."""
    check_array(tree, "merge_tree_", (len(actions) - 1, 4))
    if len(tree):
        # scipy wants floats, and groups that were made before
        is_tree = tree.dtype == np.float64 and is_valid_linkage(tree)
        is_tree = is_tree and (np.diff(tree[:, 2]) >= 0).all()
        if not is_tree:
            raise ValueError("merge_tree_ is no tree of merges")
    n_actions = int(actions.max()) + 1
    for group in cut_tree(tree, range(len(actions)), n_actions):
        if len(np.unique(actions[group])) != 1:
            raise ValueError("merge_tree_ has other groups than prototype_actions_")
