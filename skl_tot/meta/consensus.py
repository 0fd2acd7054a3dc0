"""Consensus of labellings of the same frames, and readings that differ."""

import copy
import math
import warnings
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.base import clone

from skl_tot.methods.collapses import is_few
from skl_tot.methods.numbers import AUTO
from skl_tot.metrics.label_free import effective_actions
from skl_tot.metrics.scores import mof_score
from skl_tot.preprocessing.windows import SignalWindows

# Maximum rounds of matching and votes; most need two.
MAX_ROUNDS = 4
# Factor of the information in nats: one nat less has a weight of e^-2. Larger factors,
# or larger weights, let a single labelling take the vote.
SHARPNESS, MOST_WEIGHT = 2.0, 0.15
# A labelling that agrees by chance on all but this share of frames is uninformative.
LEAST_DOUBT = 1e-9
# Another reading agrees on fewer frames, and predicts others hardly worse.
ALIKE, WORSE = 0.9, 0.1
# Widths of windows of the reading on another scale.
WIDER = 3
KINDS = {
    "strict": (
        "each action once",
        "Each recording shows each action once, in one order.",
    ),
    "mostly": ("with a course", "Recordings share a course, with exceptions."),
    "free": ("without a course", "Actions come in any order, and return."),
}


class Consensus(NamedTuple):
    """Shares of votes, weights and mappings to the consensus, and their agreement."""

    votes: np.ndarray  # (n_frames, n_actions)
    weights: np.ndarray  # (n_labellings,), whose sum is 1
    mappings: np.ndarray  # (n_labellings, n_actions), action of the consensus
    agreement: np.ndarray  # (n_labellings, n_labellings), share of frames


def find_consensus(labellings, n_actions, information=None, may_vote=None):
    """Match labellings to each other, and let them vote by weights of agreement."""
    # the mean agreement with others weighs, times e^2I of the information in nats;
    # matching to the votes, and votes, alternate
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
    """Bound weights, and give the rest to the others in proportion."""
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
    shape = len(labellings), len(labellings)
    agreement, kappa = np.empty(shape), np.empty(shape)
    for i, first in enumerate(labellings):
        for j, second in enumerate(labellings[: i + 1]):
            known = (first >= 0) & (second >= 0)
            pairs = n_actions * first[known] + second[known]
            shares = np.bincount(pairs, minlength=n_actions**2) / len(first)
            shares = shares.reshape(n_actions, n_actions)
            columns = match_actions(shares)
            agreed = shares[np.arange(n_actions), columns].sum()
            chance = shares.sum(axis=1) @ shares.sum(axis=0)[columns]
            agreement[i, j] = agreement[j, i] = agreed
            beyond = 0 if chance > 1 - LEAST_DOUBT else (agreed - chance) / (1 - chance)
            kappa[i, j] = kappa[j, i] = beyond
    return agreement, kappa


def _count_weights(labels, votes):
    """Sum of votes for each action, over the frames of each action of a labelling."""
    known = labels >= 0
    table = np.empty((votes.shape[1],) * 2)
    for action, weights in enumerate(votes.T):
        table[:, action] = np.bincount(labels[known], weights[known], len(table))
    return table


def find_voters(fitted, n_actions):
    """Mask of the labellings that have not collapsed; all, if there are too few."""
    numbers = [effective_actions(own.labels) for own in fitted]
    may_vote = np.array([not is_few(number, n_actions) for number in numbers])
    return may_vote if may_vote.sum() > 1 else np.full(len(fitted), True)


def describe_members(fitted, consensus):
    """Columns of a table of candidates: ``results_`` of `AutoSegmenter`."""
    scores, n_segments = [], []
    for candidate, mapping in zip(fitted, consensus.mappings):
        labels = np.concatenate(candidate.labels)
        scores.append(mean_vote(labels, mapping, consensus.votes))
        segments = [1 + np.count_nonzero(np.diff(path)) for path in candidate.labels]
        n_segments.append(float(np.mean(segments)))
    others = len(fitted) - 1 or np.nan
    agreement = consensus.agreement.sum(axis=1) - np.diag(consensus.agreement)
    return {
        "name": [candidate.name for candidate in fitted],
        "score": scores,
        "weight": consensus.weights.tolist(),
        "effective": [effective_actions(own.labels) for own in fitted],
        "agreement": (agreement / others).tolist(),
        "n_segments": n_segments,
        "seconds": [candidate.seconds for candidate in fitted],
    }


def find_readings(model, X):
    """List the reading of a fitted vote, and others that are about as plausible."""
    trust = model.confidence_["agreement"]
    found = [_reading(model, agreement=1.0) | {"model": None}]
    for twin in _other_ways(model):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            twin.fit(X)
        reading = _reading(twin, agreement=_agreement(model, twin))
        differs = reading["agreement"] < ALIKE and reading["trust"] >= trust - WORSE
        if differs and not is_few(effective_actions(twin.labels_), model.n_actions_):
            found.append(reading)
    return found


def _other_ways(model):
    """Yield clones for the other order and a wider scale, if these are open."""
    if model.look_ is None or model.candidates != AUTO:
        return
    own = {"n_actions": model.n_actions_, "order": model.order_}
    if model.look_.is_open:
        other = "free" if model.order_ == "mostly" else "mostly"
        yield clone(model).set_params(**own | {"order": other})
    if model.windows_ is not None and model.windows == AUTO:
        width = WIDER * model.windows_.window_ / (model.fps_ or 1)
        yield clone(model).set_params(**own, windows=SignalWindows(width))


def _reading(model, agreement):
    name, sentence = KINDS[model.order_]
    if model.windows_ is not None:
        width = model.windows_.window_
        time = f"{width / model.fps_:.2g} s" if model.fps_ else f"{width} frames"
        name = f"{name}, windows of {time}"
        sentence += f" Frames are seen through windows of {time}."
    trust = model.confidence_["agreement"]
    found = {"name": name, "sentence": sentence, "agreement": agreement}
    return found | {"trust": trust, "model": model}


def exchange_reading(model, chosen):
    """Give a vote the fit of another of its readings, which gets the one of now."""
    twin = copy.copy(model)
    del twin.readings_
    readings = [chosen | {"model": None, "agreement": 1.0}]
    for other in model.readings_:
        if other is not chosen:
            other = other | {"model": other["model"] or twin}
            other["agreement"] = _agreement(chosen["model"], other["model"])
            readings.append(other)
    parameters, found = model.get_params(deep=False), vars(chosen["model"])
    fitted = {key: found[key] for key in found.keys() - parameters.keys()}
    for key in vars(model).keys() - parameters.keys():
        delattr(model, key)
    vars(model).update(fitted | {"readings_": readings, "look_": twin.look_})


def _agreement(first, second):
    """Share of frames on which two models agree, NaN without their ``labels_``."""
    if not (hasattr(first, "labels_") and hasattr(second, "labels_")):
        return math.nan
    return mof_score(first.labels_, second.labels_)
