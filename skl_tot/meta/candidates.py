"""Candidates of `AutoSegmenter`: which there are, their fits, and what they say."""

import time
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import adjusted_rand_score

from skl_tot.decoding.chain import free_chain
from skl_tot.meta.consensus import mean_vote, name_of_refinement
from skl_tot.methods.asal import ASALSegmenter
from skl_tot.methods.asot import ASOTSegmenter
from skl_tot.methods.discriminants import appearance_scores, refine_labels
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.mallow import MallowSegmenter
from skl_tot.methods.pipelines import (
    fit_segmenter,
    last_step,
    quietly,
    segmenter_of,
    transform_before,
    unfrozen,
)
from skl_tot.methods.temporal_ot import PAPER, PAPER_SIGMA, TemporalOTSegmenter
from skl_tot.metrics.label_free import carried_information, held_out_information
from skl_tot.recordings.errors import short_repr
from skl_tot.training.components import MOST
from skl_tot.training.priors import PathPrior

# Where any order may be; candidates with a cost of their own are left as they are.
FREE = {"decoding": "free", "switch_cost": 0.5}
# How labels of a candidate are refined. More rounds drift from where they started.
REFINEMENT = {"reg_covar": 0.1, "max_iter": 3}


class Candidate(NamedTuple):
    """A fitted candidate, or the Gaussians of its refinement with its "switch_cost".

    ``labels`` are those of the recordings of the fit, in its own numbers.
    """

    name: str
    model: Any
    labels: list
    seconds: float


def fit_candidate(name, estimator, videos, n_actions, seed):
    """Fit a clone of a candidate, with ``n_actions``, to videos as they were given."""
    start = time.perf_counter()
    try:
        if not isinstance(estimator, FrozenEstimator):
            estimator = clone(estimator)
            set_n_actions(estimator, n_actions)
        with quietly():
            fitted, labels = fit_segmenter(estimator, videos.arrays, n_actions, seed)
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"candidate {name!r}: {error}") from error
    return Candidate(name, fitted, labels, time.perf_counter() - start)


def set_n_actions(estimator, n_actions):
    """Set the number of actions of a segmenter, and of what it starts from."""
    while estimator is not None and not isinstance(estimator, FrozenEstimator):
        segmenter = segmenter_of(estimator).set_params(n_actions=n_actions)
        estimator = segmenter.get_params(deep=False).get("estimator")


def refine_candidate(candidate, videos, n_actions, spread):
    """Refine the labels of a candidate by what their frames look like."""
    start = time.perf_counter()
    appearance, switch_cost, labels = refine_labels(
        videos, candidate.labels, n_actions, spread, **REFINEMENT
    )
    model = appearance | {"switch_cost": np.array(switch_cost)}
    seconds = time.perf_counter() - start
    return Candidate(name_of_refinement(candidate.name), model, labels, seconds)


def scores_of_candidate(model, videos):
    """Log-likelihoods of the actions by a `Candidate`'s model, for each video."""
    if isinstance(model, dict):
        return list(appearance_scores(videos, model))
    model = unfrozen(model)
    with quietly():
        arrays = transform_before(model, list(videos.arrays))
        return last_step(model).log_likelihood(arrays)


def labels_of_candidate(model, videos):
    """Labels of each video by a `Candidate`'s model."""
    if isinstance(model, dict):
        chain = free_chain(len(model["means"]), model["switch_cost"])
        return [chain.viterbi(scores) for scores in appearance_scores(videos, model)]
    with quietly():
        return model.predict(list(videos.arrays))


def measure_information(fitted, videos, n_actions):
    """Measure what carries over between videos of each candidate's labels, in nats."""
    blocks = videos.without_context().blocks
    found = [carried_information(blocks, own.labels, n_actions) for own in fitted]
    return np.array(found)


def describe_candidates(fitted, consensus, information):
    """Columns of a table of the fitted: ``results_`` of `AutoSegmenter`."""
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
        "information": information.tolist(),
        "agreement": (agreement / others).tolist(),
        "n_segments": n_segments,
        "seconds": [candidate.seconds for candidate in fitted],
    }


def default_candidates(**settings):
    """Make what does best on different data, as pairs (name, estimator).

    ``settings`` are "standardize", "context" and "device".
    """
    published = PAPER | settings
    two_parts = published | {"n_parts": 2}
    path = PathPrior(sigma=PAPER_SIGMA)
    without_device = settings.copy()
    del without_device["device"]
    return [
        ("tot", TemporalOTSegmenter(**settings)),
        ("tot_two_parts", TemporalOTSegmenter(**two_parts | FREE)),
        ("tot_path", TemporalOTSegmenter(**published | {"prior": path})),
        ("asot", ASOTSegmenter(**settings)),
        ("asal", ASALSegmenter(estimator=TemporalOTSegmenter(**two_parts), **settings)),
        ("mallow", MallowSegmenter(**without_device)),
        ("hmm", HMMSegmenter(**without_device)),
    ]


def are_named(candidates):
    """Whether candidates are a list of pairs of a name and something."""
    if not isinstance(candidates, list):
        return False
    for pair in candidates:
        is_pair = isinstance(pair, tuple) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str):
            return False
    return True


def check_candidates(candidates):
    """Refuse what is no list of pairs of a name and a segmenter."""
    if not candidates:
        raise ValueError("candidates is empty, expected a name and an estimator.")
    if not are_named(candidates):
        raise TypeError(
            f"candidates is {short_repr(candidates)}, expected a list of pairs of a "
            "name and an estimator."
        )


def possible_numbers(n_actions):
    """Numbers of actions that a fit may have, ascending."""
    if isinstance(n_actions, Integral):
        return [int(n_actions)]
    numbers = set(n_actions)
    for number in numbers:
        if not isinstance(number, Integral) or not 1 <= number <= MOST:
            raise ValueError(
                f"n_actions has {number!r}, expected integers from 1 to {MOST}."
            )
    return sorted(map(int, numbers))


def choose_n_actions(videos, numbers, **settings):
    """Choose the number of actions that videos agree on and that tells most.

    Of each number, labels are made by `MallowSegmenter`. The exponential of the
    information that videos give of the labels of others, see `held_out_information`,
    times the adjusted Rand index of labels by every second video and by the others, is
    what numbers are compared by. Gives the number, and these scores; None of one.
    """
    if len(numbers) == 1:
        return numbers[0], None
    if len(videos) < 2:
        raise ValueError(
            "X has one video, and to choose from several n_actions two are compared."
        )
    arrays = list(videos.arrays)
    parts = arrays, arrays[::2], arrays[1::2]
    longest = min(max(map(len, part)) for part in parts)
    scores, blocks = {}, videos.without_context().blocks
    for n_actions in numbers:
        if n_actions > longest:
            continue
        model = MallowSegmenter(n_actions, **FREE, **settings)
        with quietly():
            labels, first, second = [model.fit(part).predict(arrays) for part in parts]
        information = held_out_information(blocks, labels, n_actions)
        agreement = adjusted_rand_score(np.concatenate(first), np.concatenate(second))
        scores[n_actions] = float(np.exp(information) * agreement)
    if not scores:
        raise ValueError(
            f"n_actions is at least {numbers[0]}, but of every second video the "
            f"longest has {longest} frames."
        )
    return max(scores, key=scores.get), scores
