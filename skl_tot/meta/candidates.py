"""Candidates of `AutoSegmenter`: plans, fits and labels."""

import copy
import time
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.decoding.chain import free_chain
from skl_tot.meta.consensus import mean_vote, name_of_refinement
from skl_tot.meta.guidance import guided_scores, paths_in_order, refine_in_order
from skl_tot.meta.views import shared
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
from skl_tot.training.devices import one_thread, rank_and_size
from skl_tot.training.priors import PathPrior

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
    """A fitted candidate, or the Gaussians of its refinement with its "switch_cost".

    ``labels`` are those of the recordings of the fit, in its own numbers.
    """

    name: str
    model: Any
    labels: list
    seconds: float


def fit_members(plans, seen, n_actions, spread, *, order=None, n_jobs=None):
    """Yield the `Candidate` objects of each plan when they are ready, by name.

    ``seen`` are the recordings as input of candidates. Results are lists of the
    candidate and, with a ``spread``, its refinement. The slowest plans start first.
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
                found[name].append(refine_candidate(own, videos, *options))
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
    """Refine the labels of a candidate by the appearance of their frames.

    In strict order also by their time, see `refine_in_order`.
    """
    start = time.perf_counter()
    if order == "strict":
        model, labels = refine_in_order(videos, candidate.labels, n_actions, spread)
    else:
        appearance, switch_cost, labels = refine_labels(
            videos, candidate.labels, n_actions, spread, **REFINEMENT
        )
        model = appearance | {"switch_cost": np.array(switch_cost)}
    seconds = time.perf_counter() - start
    return Candidate(name_of_refinement(candidate.name), model, labels, seconds)


def scores_of_candidate(model, videos):
    """Log-likelihoods of the actions by a `Candidate`'s model, per recording."""
    if isinstance(model, dict):
        if "times" in model:
            return list(guided_scores(videos, [], model))
        return list(appearance_scores(videos, model))
    model = unfrozen(model)
    with quietly():
        arrays = transform_before(model, list(videos.arrays))
        return last_step(model).log_likelihood(arrays)


def labels_of_candidate(model, videos):
    """Labels of each recording by a `Candidate`'s model."""
    if isinstance(model, dict) and "times" in model:
        return paths_in_order(videos, model)
    if isinstance(model, dict):
        chain = free_chain(len(model["means"]), model["switch_cost"])
        return chain.viterbi_all(list(appearance_scores(videos, model)))
    with quietly():
        return model.predict(list(videos.arrays))


def keeps_order(candidate):
    """Whether the labels of each recording never decrease."""
    return all((np.diff(path[path >= 0]) >= 0).all() for path in candidate.labels)


def measure_information(fitted, videos, n_actions):
    """Measure the information that each candidate transfers between recordings."""
    blocks = videos.blocks
    found = [carried_information(blocks, own.labels, n_actions) for own in fitted]
    return np.array(found)


def describe_candidates(fitted, consensus, information):
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
        "information": information.tolist(),
        "agreement": (agreement / others).tolist(),
        "n_segments": n_segments,
        "seconds": [candidate.seconds for candidate in fitted],
    }


def default_plans(order, *, by_time=True, **settings):
    """Plans of the candidates that do best on different data, by the known order.

    ``by_time`` is whether candidates that use the time of actions can be trusted. They
    cut a single recording or raw signals into equal parts, and agree on that. Without
    ``by_time``, they are left out in free order; otherwise a candidate without an order
    also votes. ``settings`` are "standardize", "device" and "verbose".
    """
    published = PAPER | settings
    two_parts = published | {"n_parts": 2}
    path = published | {"prior": PathPrior(sigma=PAPER_SIGMA)}
    plain = settings.copy()
    del plain["device"], plain["verbose"]
    if order == "free":
        hmm = HMMSegmenter(order=order, **plain)
        clusters = clone(hmm).set_params(max_iter=1)
        plans = [Plan("hmm", hmm), Plan("k_means", clusters)]
        if by_time:
            plans += [
                Plan("asot", ASOTSegmenter(order=order, **FREE, **settings)),
                Plan("tot", TemporalOTSegmenter(**settings)),
                Plan("tot_two_parts", TemporalOTSegmenter(**two_parts | FREE)),
            ]
        return plans
    asal = Plan("asal", ASALSegmenter(**settings), start="tot_two_parts")
    if order == "strict":
        one_part = Plan(
            "asal_published", ASALSegmenter(**settings), start="tot_published"
        )
        return [
            Plan("tot_two_parts", TemporalOTSegmenter(**two_parts)),
            Plan("tot_path", TemporalOTSegmenter(**path)),
            Plan("tot_published", TemporalOTSegmenter(**published)),
            asal,
            one_part,
            Plan("mallow", MallowSegmenter(order=order, **plain)),
            Plan("hmm", HMMSegmenter(order=order, **plain)),
        ]
    plans = [
        Plan("tot", TemporalOTSegmenter(**settings)),
        Plan("tot_two_parts", TemporalOTSegmenter(**two_parts | FREE)),
        Plan("tot_path", TemporalOTSegmenter(**path)),
        Plan("asot", ASOTSegmenter(**settings)),
        asal,
        Plan("mallow", MallowSegmenter(**plain)),
        Plan("hmm", HMMSegmenter(**plain)),
    ]
    if not by_time:
        plans.append(Plan("hmm_free", HMMSegmenter(order="free", **plain)))
    return plans


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
