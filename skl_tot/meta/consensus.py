"""Groups of labellings of the same frames, and the consensus of each group."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform
from sklearn.metrics import adjusted_mutual_info_score

from skl_tot.methods.collapses import is_few
from skl_tot.metrics.label_free import effective_actions

# Most groups of members, few enough to look at side by side, and least members of a
# group on average.
MOST_GROUPS, LEAST_OF_GROUP = 4, 2
# Frames that members are compared on, evenly spaced.
MOST_COMPARED = 4_000
# Share of the members of a group that is told by a word.
MOST = 0.75


@dataclass(frozen=True)
class Alternative:
    """A labelling of all recordings that a group of members of a vote agrees on.

    Parameters
    ----------
    name : str
        Words that most of its members share, or "mixed" without any.
    sentence : str
        Number of its members, and of segments and actions in effect.
    agreement : float
        Share of frames on which it agrees with the model's own alternative, after a
        match of actions.
    n_members : int
        Number of its members.
    n_actions : float
        Actions in effect, see `skl_tot.metrics.effective_actions`.
    fitted : dict
        Attributes of a model whose own alternative it is.
    """

    name: str
    sentence: str
    agreement: float
    n_members: int
    n_actions: float
    fitted: dict


def find_voters(labellings, n_actions):
    """Numbers of the labellings that have not collapsed, or of all if all have."""
    has_few = [is_few(effective_actions(own), n_actions) for own in labellings]
    return np.flatnonzero(np.logical_not(has_few) | all(has_few))


def measure_agreement(labellings):
    """Measure the adjusted mutual information (n, n) of labellings of all frames."""
    step = 1 + len(labellings[0]) // MOST_COMPARED
    seen = [labels[::step] for labels in labellings]
    agreement = np.eye(len(seen))
    for i, first in enumerate(seen):
        for j in range(i):
            value = adjusted_mutual_info_score(first, seen[j])
            agreement[i, j] = agreement[j, i] = value
    return agreement


def find_groups(agreement, voters):
    """Group voters that agree: arrays of their numbers, the largest group first.

    In each, the member that agrees most with the others is the first.
    """
    n_groups = min(MOST_GROUPS, len(voters) // LEAST_OF_GROUP)
    numbers = np.zeros(len(voters), int)
    if n_groups > 1:
        distances = 1 - agreement[np.ix_(voters, voters)]
        tree = linkage(squareform(distances, checks=False), "average")
        numbers = fcluster(tree, n_groups, "maxclust")
    groups = [voters[numbers == number] for number in np.unique(numbers)]
    found = []
    for group in groups:
        sums = agreement[np.ix_(group, group)].sum(axis=1)
        group = group[np.argsort(-sums, kind="stable")]
        found.append((-len(group), -sums.mean(), group))
    return [group for *_, group in sorted(found, key=lambda own: own[:2])]


def match_actions(labels, reference, n_actions):
    """Match each action of labels to one of a reference, by most common frames."""
    known = (labels >= 0) & (reference >= 0)
    pairs = n_actions * labels[known].astype(int) + reference[known]
    counts = np.bincount(pairs, minlength=n_actions**2)
    return linear_sum_assignment(counts.reshape(n_actions, -1), maximize=True)[1]


def count_votes(labellings, weights, mappings, n_actions):
    """Share (n_frames, n_actions) of the votes for each action; equal without votes."""
    votes = np.zeros((len(labellings[0]), n_actions))
    for labels, weight, mapping in zip(labellings, weights, mappings):
        if weight > 0:
            known = np.flatnonzero(labels >= 0)
            votes[known, mapping[labels[known]]] += weight
    votes[~votes.any(axis=1)] = 1
    return votes / votes.sum(axis=1, keepdims=True)


def name_groups(groups, words_of):
    """Distinct names of groups of members, by the words that most of each share."""
    usual = set.intersection(*map(set, words_of)) if len(words_of) > 1 else set()
    names = []
    for group in groups:
        counts = Counter(word for i in group for word in words_of[i])
        shared = [word for word in counts if counts[word] >= MOST * len(group)]
        others = "most members" if 2 * len(group) > len(words_of) else "mixed"
        name = ", ".join(word for word in shared if word not in usual) or others
        n_before = sum(own.partition(" (")[0] == name for own in names)
        names.append(f"{name} ({n_before + 1})" if n_before else name)
    return names
