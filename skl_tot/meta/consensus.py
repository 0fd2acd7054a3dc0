"""Consensus of several labellings of the same frames, with different numberings.

Labellings are arrays of int (n_frames,), with negative numbers for background. Actions
of two labellings are matched one to one by most common frames (Hungarian method). Then
labellings vote, frame by frame. The weight of a labelling is its agreement with the
others beyond chance, times its value for new recordings.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

# Maximum rounds of matching and votes; most need two.
MAX_ROUNDS = 4
# Factor of the information in nats: one nat less has a weight of e^-2. Larger factors,
# or larger weights, let a single labelling take the vote.
SHARPNESS, MOST_WEIGHT = 2.0, 0.15
# A labelling that agrees by chance on all but this share of frames is uninformative.
LEAST_DOUBT = 1e-9


class Consensus(NamedTuple):
    """Consensus of labellings.

    ``votes`` (n_frames, n_actions) are shares of the votes; ``weights`` (n_labellings,)
    sum to 1; ``mappings`` (n_labellings, n_actions) have the consensus action of each
    labelling's action; ``agreement`` (n_labellings, n_labellings) is the share of
    frames on which two labellings agree.
    """

    votes: np.ndarray
    weights: np.ndarray
    mappings: np.ndarray
    agreement: np.ndarray


def find_consensus(labellings, n_actions, information=None, may_vote=None):
    r"""Match labellings to each other, and let them vote.

    Two labellings that agree on a share a of the frames, where chance (by the frames of
    each action) gives a share e, agree beyond chance by Cohen's

    .. math:: \kappa = (a - e) / (1 - e) .

    The weight of a labelling is its mean over all others, if positive, times
    :math:`e^{2 I}` of its ``information`` I (n_labellings,) in nats; None means equal
    information. No weight is more than 0.15 of all, or twice an equal share.
    Labellings outside of the mask ``may_vote`` (n_labellings,) get weight 0. The
    labelling of the largest weight is the first reference. Two steps alternate: all
    labellings are matched to the reference, and their votes become the reference.

    >>> labellings = [np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([1, 0, 0])]
    >>> found = find_consensus(labellings, 2)
    >>> found.votes.round(2)
    array([[1.  , 0.  ],
           [0.78, 0.22],
           [0.  , 1.  ]])
    >>> found.mappings
    array([[0, 1],
           [1, 0],
           [1, 0]])
    """
    agreement, kappa = _compare(labellings, n_actions)
    allowed = np.ones(len(labellings), bool) if may_vote is None else may_vote
    kappa = kappa * allowed * allowed[:, None]
    weights = kappa.sum(axis=1) - np.diag(kappa)
    weights[weights < LEAST_DOUBT] = 0
    if not weights.any():  # one labelling, or agreement by chance
        weights = allowed.astype(float)
    if information is not None:
        weights *= np.exp(SHARPNESS * (information - np.max(information[allowed])))
    weights = bounded(weights / weights.sum())
    first = labellings[int(weights.argmax())]
    votes = count_votes([first], [1.0], [np.arange(n_actions)], n_actions)
    mappings = None
    for _ in range(MAX_ROUNDS):
        before, mappings = mappings, []
        for labels in labellings:
            mappings.append(match_actions(_count_weights(labels, votes)))
        if before is not None and np.array_equal(before, mappings):
            break
        votes = count_votes(labellings, weights, mappings, n_actions)
    return Consensus(votes, weights, np.array(mappings), agreement)


def bounded(weights, most=MOST_WEIGHT):
    """Bound weights, and give the rest to the others in proportion.

    >>> bounded(np.array([0.8, 0.1, 0.05, 0.05]), 0.15)
    array([0.5  , 0.25 , 0.125, 0.125])
    """
    most = max(most, 2 / np.count_nonzero(weights))
    over = np.zeros(len(weights), dtype=bool)
    while (weights > most * (1 + LEAST_DOUBT)).any():
        over |= weights >= most
        rest = weights[~over].sum()
        left = 1 - most * over.sum()
        weights = np.where(over, most, weights * (left / rest if rest > 0 else 0))
    return weights


def match_actions(table):
    """Column of each row of a square table, one to one, that maximises the sum."""
    return linear_sum_assignment(table, maximize=True)[1]


def agreement_of(first, second, n_actions):
    """Share of frames on which two labellings agree after matching.

    >>> agreement_of(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 1]), 2)
    0.75
    """
    pairs = _count_pairs(first, second, n_actions)
    return float(pairs[np.arange(n_actions), match_actions(pairs)].sum() / len(first))


def count_votes(labellings, weights, mappings, n_actions):
    """Share (n_frames, n_actions) of the votes for each action; equal without votes."""
    votes = np.zeros((len(labellings[0]), n_actions))
    for labels, weight, mapping in zip(labellings, weights, mappings):
        known = np.flatnonzero(labels >= 0)
        votes[known, mapping[labels[known]]] += weight
    votes[~votes.any(axis=1)] = 1
    return votes / votes.sum(axis=1, keepdims=True)


def mean_vote(labels, mapping, votes):
    """Mean, over frames, of the share of votes that agree with a labelling."""
    known = np.flatnonzero(labels >= 0)
    return float(votes[known, mapping[labels[known]]].sum() / len(labels))


def _compare(labellings, n_actions):
    """Agreement of each two labellings, and their kappa."""
    shape = len(labellings), len(labellings)
    agreement, kappa = np.empty(shape), np.empty(shape)
    for i, first in enumerate(labellings):
        for j, second in enumerate(labellings[: i + 1]):
            shares = _count_pairs(first, second, n_actions) / len(first)
            columns = match_actions(shares)
            agreed = shares[np.arange(n_actions), columns].sum()
            chance = shares.sum(axis=1) @ shares.sum(axis=0)[columns]
            agreement[i, j] = agreement[j, i] = agreed
            is_certain = chance > 1 - LEAST_DOUBT
            kappa[i, j] = kappa[j, i] = (
                0 if is_certain else (agreed - chance) / (1 - chance)
            )
    return agreement, kappa


def _count_pairs(first, second, n_actions):
    """Return the number of common frames of each two actions of two labellings."""
    known = (first >= 0) & (second >= 0)
    pairs = n_actions * first[known] + second[known]
    counts = np.bincount(pairs, minlength=n_actions**2)
    return counts.reshape(n_actions, n_actions)


def _count_weights(labels, votes):
    """Sum of votes for each action, over the frames of each action of a labelling."""
    known = labels >= 0
    table = np.empty((votes.shape[1],) * 2)
    for action, weights in enumerate(votes.T):
        table[:, action] = np.bincount(
            labels[known], weights[known], minlength=len(table)
        )
    return table


def names_of_refinements(name):
    """Names of a candidate's refinements, by looks and across recordings."""
    return [f"{name} refined", f"{name} across"]
