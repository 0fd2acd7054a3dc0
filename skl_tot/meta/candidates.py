"""Candidates of `AutoSegmenter`: plans, fits and labels."""

import copy
import time
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.baselines.asal import ASALSegmenter
from skl_tot.baselines.asot import ASOTSegmenter
from skl_tot.baselines.mallow import MallowSegmenter
from skl_tot.baselines.simple import KMeansSegmenter
from skl_tot.decoding.chain import free_chain
from skl_tot.meta.across import guessed_paths, refine_across
from skl_tot.meta.consensus import mean_vote, names_of_refinements
from skl_tot.meta.guidance import paths_in_order, refine_in_order
from skl_tot.meta.views import shared
from skl_tot.methods.collapses import is_few
from skl_tot.methods.discriminants import appearance_scores, refine_labels
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.pipelines import (
    fit_segmenter,
    last_step,
    quietly,
    set_n_actions,
    transform_before,
    unfrozen,
)
from skl_tot.methods.temporal_ot import PAPER, PAPER_SIGMA, TemporalOTSegmenter
from skl_tot.metrics.label_free import carried_information, effective_actions
from skl_tot.recordings.errors import short_repr
from skl_tot.training.devices import one_thread, rank_and_size
from skl_tot.training.pseudo_labels import PathPrior

# Settings for any order; candidates with their own cost keep it.
FREE = {"decoding": "free", "switch_cost": 0.5}
# Rounds of a refinement. More rounds drift away from the start.
REFINEMENT = {"reg_covar": 0.1, "max_iter": 3}


class Plan(NamedTuple):
    """A candidate to fit.

    ``start`` names another plan, whose fit is the start of this one.
    """

    name: str
    estimator: Any
    seed: int = 0
    start: str | None = None


class Candidate(NamedTuple):
    """A fitted candidate, or the arrays of one of its refinements.

    ``labels`` are those of the recordings of the fit, in its own numbers.
    """

    name: str
    model: Any
    labels: list
    seconds: float


def fit_members(plans, seen, n_actions, spread, *, order=None, n_jobs=None):
    """Yield the `Candidate` objects of each plan when they are ready, by name.

    ``seen`` are the recordings as input of candidates. Results are lists of the
    candidate and, with a ``spread``, its refinements. The slowest plans start first.
    Each plan runs on one thread, so that results do not depend on ``n_jobs``.
    """
    chains = {plan.name: [plan] for plan in plans if plan.start is None}
    for plan in plans:
        if plan.start is not None:
            chains[plan.start].append(plan)
    longest = sorted(chains.values(), key=_effort, reverse=True)
    if rank_and_size()[1] > 1:  # distributed processes stay synchronous
        n_jobs = 1
    seen = shared(seen, n_jobs)
    fit, options = delayed(_fit_chain), (n_actions, spread, order)
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    with one_thread():
        for found in parallel(fit(own, seen, *options) for own in longest):
            yield from found.items()


def _effort(chain):
    """Estimated work of a chain of plans, for their order: steps of its networks."""
    effort = 0
    for plan in chain:
        own = getattr(last_step(unfrozen(plan.estimator)), "__dict__", {})
        effort += own.get("max_iter", 0) * own.get("n_steps", 1) * own.get("n_init", 1)
    return effort


def _fit_chain(chain, videos, n_actions, spread, order):
    """Fit a plan, and the plans that start from it."""
    found = {}
    with one_thread():
        for name, estimator, seed, start in chain:
            if start is not None:
                estimator = clone(estimator).set_params(
                    estimator=in_fixed_order(found[start][0].model)
                )
            own = fit_candidate(name, estimator, videos, n_actions, seed)
            found[name] = [own]
            if spread is not None:
                options = n_actions, spread, order
                found[name] += refine_candidate(own, videos, *options)
    return found


def in_fixed_order(segmenter):
    """Copy a fitted segmenter, decoding each action once in order."""
    twin = copy.copy(segmenter).set_params(decoding="fixed")
    del twin.labels_  # duplicate
    return FrozenEstimator(twin)


def fit_candidate(name, estimator, videos, n_actions, seed):
    """Fit a clone of a candidate with ``n_actions`` to unstandardised recordings."""
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


def refine_candidate(candidate, videos, n_actions, spread, order):
    """Refine the labels of a candidate by the looks of frames, and across recordings.

    In strict order only by looks, moves and time, see `refine_in_order`.
    """
    own = videos, candidate.labels, n_actions
    looks, across = names_of_refinements(candidate.name)
    start = time.perf_counter()
    if order == "strict":
        model, labels = refine_in_order(*own, spread)
        return [Candidate(looks, model, labels, time.perf_counter() - start)]
    appearance, switch_cost, labels = refine_labels(*own, spread, **REFINEMENT)
    model = appearance | {"switch_cost": np.array(switch_cost)}
    found = [Candidate(looks, model, labels, time.perf_counter() - start)]
    start = time.perf_counter()
    refined = refine_across(*own, by_time=order == "mostly")
    if refined is not None:
        model, labels = refined
        found.append(Candidate(across, model, labels, time.perf_counter() - start))
    return found


def scores_of_candidate(model, videos):
    """Log-likelihoods of the actions by a fitted estimator, per recording."""
    model = unfrozen(model)
    with quietly():
        arrays = transform_before(model, list(videos.arrays))
        return last_step(model).log_likelihood(arrays)


def labels_of_candidate(model, videos):
    """Labels of each recording by a `Candidate`'s model."""
    if isinstance(model, dict) and "segment" in model:
        return guessed_paths(videos, model)
    if isinstance(model, dict) and "times" in model:
        return paths_in_order(videos, model)
    if isinstance(model, dict):
        chain = free_chain(len(model["means"]), model["switch_cost"])
        return [chain.viterbi(own) for own in appearance_scores(videos, model)]
    with quietly():
        return model.predict(list(videos.arrays))


def find_voters(fitted, n_actions):
    """Mask of the labellings that have not collapsed; all, if there are too few."""
    numbers = [effective_actions(own.labels) for own in fitted]
    may_vote = np.array([not is_few(number, n_actions) for number in numbers])
    return may_vote if may_vote.sum() > 1 else np.full(len(fitted), True)


def measure_information(fitted, videos, n_actions):
    """Measure the information that each candidate transfers between recordings."""
    blocks = videos.blocks
    found = [carried_information(blocks, own.labels, n_actions) for own in fitted]
    return np.array(found)


def describe_candidates(fitted, consensus):
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


def default_plans(order, **settings):
    """Plans of the candidates that suit an order.

    ``settings`` are "standardize", "device" and "verbose".
    """
    plain = settings.copy()
    del plain["device"], plain["verbose"]
    makers = {"strict": _strict_plans, "mostly": _usual_plans, "free": _free_plans}
    return makers[order](settings, plain)


def _strict_plans(settings, plain):
    published = PAPER | settings
    path = published | {"prior": PathPrior(sigma=PAPER_SIGMA)}
    asal = ASALSegmenter(**settings)
    return [
        Plan("tot_two_parts", TemporalOTSegmenter(**published | {"n_parts": 2})),
        Plan("tot_path", TemporalOTSegmenter(**path)),
        Plan("tot_published", TemporalOTSegmenter(**published)),
        Plan("asal", asal, start="tot_two_parts"),
        Plan("asal_published", clone(asal), start="tot_published"),
        Plan("mallow", MallowSegmenter(order="strict", **plain)),
        Plan("hmm", HMMSegmenter(order="strict", **plain)),
    ]


def _usual_plans(settings, plain):
    two_parts = PAPER | settings | {"n_parts": 2} | FREE
    return [
        Plan("tot", TemporalOTSegmenter(order="mostly", **settings)),
        Plan("tot_two_parts", TemporalOTSegmenter(**two_parts)),
        Plan("asot", ASOTSegmenter(order="mostly", **settings)),
        Plan("asal", ASALSegmenter(**settings), start="tot_two_parts"),
        Plan("mallow", MallowSegmenter(order="mostly", **plain)),
        Plan("hmm", HMMSegmenter(order="mostly", **plain)),
    ]


def _free_plans(settings, plain):
    return [
        Plan("hmm", HMMSegmenter(order="free", **plain)),
        Plan("k_means", KMeansSegmenter(switch_cost="auto", **plain)),
        Plan("tot", TemporalOTSegmenter(order="free", **settings)),
    ]


def are_named(candidates):
    """Whether candidates are a list of pairs with a name."""
    if not isinstance(candidates, list):
        return False
    for pair in candidates:
        is_pair = isinstance(pair, tuple) and len(pair) == 2
        if not is_pair or not isinstance(pair[0], str):
            return False
    return True


def check_candidates(candidates):
    """Refuse anything but a list of pairs of a name and a segmenter."""
    if not candidates:
        raise ValueError("candidates is empty, expected a name and an estimator.")
    if not are_named(candidates):
        raise TypeError(
            f"candidates is {short_repr(candidates)}, expected a list of pairs of a "
            "name and an estimator."
        )
