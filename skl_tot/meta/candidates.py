"""Candidates of `AutoSegmenter`: which there are, their fits, and what they say."""

import time
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

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
    set_n_actions,
    transform_before,
    unfrozen,
)
from skl_tot.methods.temporal_ot import PAPER, PAPER_SIGMA, TemporalOTSegmenter
from skl_tot.metrics.label_free import carried_information
from skl_tot.recordings.errors import short_repr
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
            fitted, labels = fit_segmenter(
                estimator, videos.arrays, n_actions, seed, videos.fps
            )
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"candidate {name!r}: {error}") from error
    return Candidate(name, fitted, labels, time.perf_counter() - start)


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
    blocks = videos.blocks
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

    ``settings`` are "standardize" and "device".
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
