"""Arrays of scores, and groups of their columns: actions of prototypes."""

from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment

# Maximum bytes of arrays that are kept for the next pass: of all frames of most sets,
# while larger sets are computed again in each pass, so that memory stays flat.
KEPT_BYTES = 2**26


class LazyArrays:
    """An array of each recording, computed on demand, and kept if there is room."""

    def __init__(self, compute, n_videos, *, keep=False):
        self.compute, self.n_videos = compute, n_videos
        self.kept, self.room = {}, KEPT_BYTES * keep

    def __getitem__(self, i):
        if i >= self.n_videos:
            raise IndexError(i)
        if i in self.kept:
            return self.kept[i]
        array = self.compute(i)
        if array.nbytes <= self.room:
            self.kept[i] = array
            self.room -= array.nbytes
        return array


def as_type_of(output, array):
    """Convert an output to single precision if its recording has it, else to double."""
    is_single = getattr(array, "dtype", None) == np.float32
    return output.astype(np.float32 if is_single else np.float64, copy=False)


def sum_groups(columns, groups, add):
    """Add up the columns (n_frames, n_columns) of each group, by ``np.add`` or like."""
    if (np.diff(groups) < 0).any():
        order = np.argsort(groups, kind="stable")
        groups, columns = groups[order], columns[:, order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    if len(starts) == len(groups):
        return columns
    return add.reduceat(columns, starts, axis=1)


def code_overlap(codes):
    """Sum of P' P (n_prototypes, n_prototypes) over codes P, in frames."""
    return sum(codes_of_video.T @ codes_of_video for codes_of_video in codes)


def group_prototypes(overlap, n_networks, n_actions):
    """Find the action (n_networks * n_prototypes,) of each prototype of networks."""
    # Each network merges its prototypes to actions, which are then matched with those
    # of the networks before it, and once more with those of all others.
    blocks = np.split(np.arange(len(overlap)), n_networks)
    actions = np.concatenate(
        [merge_groups(overlap[np.ix_(b, b)], n_actions) for b in blocks]
    )
    members = np.eye(n_actions)[actions]
    # the second round corrects a bad match with the first network alone
    for is_second in (False, True):
        for r, block in enumerate(blocks[1:], 1):
            later = blocks[r + 1 :] if is_second else []
            others = np.concatenate(blocks[:r] + later)
            shared = members[block].T @ overlap[np.ix_(block, others)] @ members[others]
            columns = linear_sum_assignment(shared, maximize=True)[1]
            actions[block] = columns[actions[block]]
            members[block] = np.eye(n_actions)[actions[block]]
    return actions


def merge_groups(overlap, n_actions):
    """Merge neighbours in time by overlap to ``n_actions``; the action of each."""
    # `overlap` (n_prototypes, n_prototypes) is as from `code_overlap`.
    groups = [[k] for k in range(len(overlap))]
    while len(groups) > n_actions:
        sizes = np.array([overlap[group].sum() for group in groups])
        candidates = list(pairwise(range(len(groups))))
        shared = [overlap[np.ix_(groups[a], groups[b])].sum() for a, b in candidates]
        # The largest overlap over size to the power of 2/3 is merged. With 1/2 long
        # actions absorb short neighbours; with 1 none gets longer than the others.
        scale = sizes[candidates].prod(axis=1) ** (2 / 3)
        # an empty group is merged first
        empty = np.full(len(scale), np.inf)
        likeness = np.divide(shared, scale, out=empty, where=scale > 0)
        first, second = candidates[int(likeness.argmax())]
        groups[first] = groups[first] + groups.pop(second)
    actions = np.empty(len(overlap), dtype=np.intp)
    for action, group in enumerate(groups):
        actions[group] = action
    return actions
