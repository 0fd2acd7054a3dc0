"""Fitted candidates of `AutoSegmenter`, their refinements, and what they say."""

import contextlib
import time
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from skl_tot.decoding.paths import viterbi_free
from skl_tot.inputs.states import check_item
from skl_tot.meta.consensus import mean_vote
from skl_tot.methods.discriminants import (
    appearance_scores,
    check_appearance,
    refine_labels,
)
from skl_tot.metrics.label_free import carried_information
from skl_tot.segmenters.pipelines import last_step, segmenter_of, transform_before
from skl_tot.segmenters.starts import fit_segmenter, predict_labels

# Where any order may be; candidates with a cost of their own are left as they are.
FREE = {"decoding": "free", "switch_cost": 0.5}
# How labels of a candidate are refined. More rounds drift from where they started.
REFINEMENT = {"reg_covar": 0.1, "max_iter": 3}


@contextlib.contextmanager
def quietly():
    """Leave out warnings that are for users of a single segmenter."""
    with warnings.catch_warnings():
        # the videos have been checked before
        warnings.filterwarnings("ignore", "Columns .* of X grow steadily")
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        # and others make up for it
        warnings.filterwarnings("ignore", ".* videos show fewer than half of")
        yield


class Member(NamedTuple):
    """A fitted candidate, or the Gaussians of its refinement.

    Attributes
    ----------
    name : str
        Its name.
    model : estimator or dict of ndarray
        Fitted segmenter, or ``appearance`` of `refine_labels` with its "switch_cost".
    labels : list of ndarray of int of shape (n_frames_i,)
        Its labels of the videos of the fit.
    seconds : float
        Time that it took.
    """

    name: str
    model: Any
    labels: list
    seconds: float


def fit_candidate(name, estimator, videos, n_actions, seed):
    """Fit a candidate to videos as they were given.

    A clone gets ``n_actions``, and so does what it starts from; a FrozenEstimator has
    to have as many.
    """
    start = time.perf_counter()
    try:
        if not isinstance(estimator, FrozenEstimator):
            estimator = clone(estimator)
            set_n_actions(estimator, n_actions)
            # what it says is asked for anyway
            last = last_step(estimator)
            if "compute_labels" in last.get_params(deep=False):
                last.set_params(compute_labels=False)
        with quietly():
            fitted, labels = fit_segmenter(estimator, videos.arrays, n_actions, seed)
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"candidate {name!r}: {error}") from error
    return Member(name, fitted, labels, time.perf_counter() - start)


def set_n_actions(estimator, n_actions):
    """Set the number of actions of a segmenter, and of what it starts from."""
    while estimator is not None and not isinstance(estimator, FrozenEstimator):
        segmenter = segmenter_of(estimator).set_params(n_actions=n_actions)
        estimator = segmenter.get_params(deep=False).get("segmenter")


def name_of_refinement(name):
    """Name of what comes of the candidate of a name."""
    return f"{name} refined"


def refine_member(member, videos, n_actions, spread):
    """Refine the labels of a candidate by what their frames look like."""
    start = time.perf_counter()
    appearance, switch_cost, labels = refine_labels(
        videos, member.labels, n_actions, spread, **REFINEMENT
    )
    model = appearance | {"switch_cost": np.array(switch_cost)}
    seconds = time.perf_counter() - start
    return Member(name_of_refinement(member.name), model, labels, seconds)


def member_scores(model, videos):
    """Log-likelihoods of the actions by a `Member`'s model, for each video."""
    if isinstance(model, dict):
        return list(appearance_scores(videos, model))
    model = model.estimator if isinstance(model, FrozenEstimator) else model
    with quietly():
        arrays = transform_before(model, list(videos.arrays))
        return last_step(model).log_likelihood(arrays)


def member_labels(model, videos):
    """Labels of each video by a `Member`'s model."""
    if isinstance(model, dict):
        cost = float(model["switch_cost"])
        return [viterbi_free(x, cost)[0] for x in appearance_scores(videos, model)]
    with quietly():
        return predict_labels(model, videos.arrays)


def measure_information(members, videos, n_actions):
    """Measure what carries over between videos of each member's labels, in nats."""
    read_blocks = videos.without_context().blocks
    information = []
    for member in members:
        information.append(carried_information(read_blocks, member.labels, n_actions))
    return np.array(information)


def describe_members(members, consensus, information):
    """Columns of a table of the members: ``results_`` of `AutoSegmenter`."""
    scores, n_segments = [], []
    for member, mapping in zip(members, consensus.mappings):
        labels = np.concatenate(member.labels)
        scores.append(mean_vote(labels, mapping, consensus.votes))
        segments = [1 + np.count_nonzero(np.diff(path)) for path in member.labels]
        n_segments.append(float(np.mean(segments)))
    others = len(members) - 1 or np.nan
    agreement = consensus.agreement.sum(axis=1) - np.diag(consensus.agreement)
    return {
        "name": [member.name for member in members],
        "score": scores,
        "weight": consensus.weights.tolist(),
        "information": information.tolist(),
        "agreement": (agreement / others).tolist(),
        "n_segments": n_segments,
        "seconds": [member.seconds for member in members],
    }


def check_models(estimators, appearances, n_actions, n_features):
    """Refuse models that no fit of a candidate leaves, nor a refinement."""
    for estimator in estimators:
        is_frozen = isinstance(estimator, FrozenEstimator)
        segmenter = segmenter_of(estimator.estimator if is_frozen else estimator)
        segmenter._validate_params()
        segmenter._check_state()
        if segmenter.n_actions_ != n_actions:
            raise ValueError(
                f"estimators_ has one of {segmenter.n_actions_} actions, expected "
                f"{n_actions}"
            )
    for i, appearance in enumerate(appearances):
        where = f"appearances_[{i}]"
        check_appearance(appearance, where, n_actions, n_features)
        check_item(appearance, where, "switch_cost", ())
