"""Members of a vote: fits of methods to views of the frames."""

import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.pipelines import fit_segmenter, quietly, set_n_actions
from skl_tot.methods.temporal_ot import TemporalOTSegmenter
from skl_tot.preprocessing.windows import FrameView
from skl_tot.recordings.labels import find_segments
from skl_tot.training.devices import counter, one_thread, rank_and_size

# Steps of a network, and of a hidden Markov model and its starts: members are many.
N_STEPS, N_HMM_STEPS, N_HMM_STARTS = 400, 10, 1
# Frames that members of views see, if a mean segment keeps at least so many.
MOST_SEEN, LEAST_OF_SEGMENT = 10_000, 10
ORDERS = {
    "strict": "each action once",
    "mostly": "with exceptions",
    "free": "in any order",
}


class Plan(NamedTuple):
    """A candidate to fit, told from others by words.

    With ``strict_words``, the same fit is a second member, decoded in strict order.
    """

    words: tuple
    estimator: Any
    strict_words: tuple | None = None


class Member(NamedTuple):
    """A fitted candidate, with labels of all recordings."""

    words: tuple
    model: Any
    labels: list

    @property
    def name(self):
        """Name of the member."""
        return ", ".join(self.words)


def default_plans(order, words, **settings):
    """Plans for a view, called by some words, that suit an order."""
    orders = ["mostly", "strict"] if order == "mostly" else [order]
    kinds = [(*words, ORDERS[own]) for own in orders]
    steps = {"n_init": N_HMM_STARTS, "max_iter": N_HMM_STEPS}
    model = HMMSegmenter(order=order, standardize=None, **steps)
    plans = [Plan(("HMM", *kinds[0]), model)]
    if len(kinds) > 1:  # the fit is the same for both orders
        plans = [plans[0]._replace(strict_words=("HMM", *kinds[1]))]
    settings |= {"n_networks": 1, "max_iter": N_STEPS, "standardize": None}
    for own, kind in zip(orders, kinds):
        model = TemporalOTSegmenter(order=own, **settings)
        plans.append(Plan(("TOT", *kind), model))
    return plans


def scout_segment(videos, n_actions, order):
    """Mean frames of a segment, by a quick fit to single frames."""
    stride = 1 + int(videos.lengths.sum()) // MOST_SEEN
    frames = see_view(FrameView().fit(videos), videos, stride)
    model = HMMSegmenter(n_actions, order=order, n_init=1, max_iter=N_HMM_STEPS)
    with quietly():
        labels = model.set_params(standardize=None, random_state=0).fit_predict(frames)
    return stride * mean_segment(labels)


def find_stride(n_frames, segment):
    """Step of the frames that members see, 1 for few frames or short segments."""
    return int(max(1, min(n_frames / MOST_SEEN, segment / LEAST_OF_SEGMENT)))


def see_view(view, videos, stride):
    """Every ``stride``-th frame of recordings in a view; as given without one."""
    if view is None:
        return list(videos.arrays)
    seen = []
    for array in view.transform(videos):
        # the middle of each step
        rows = np.arange(stride // 2, len(array) + stride // 2, stride)
        rows = np.minimum(rows, len(array) - 1)
        seen.append(array[rows].astype(np.float32))
    return seen


def fit_members(jobs, seeds, n_actions, *, fps=None, n_jobs=None, verbose=0):
    """Fit pairs of a plan and frames of all recordings; list members in order."""
    if rank_and_size()[1] > 1:  # distributed processes stay synchronous
        n_jobs = 1
    fit, found = delayed(_fit_plan), []
    parallel = Parallel(n_jobs=n_jobs, return_as="generator")
    calls = (fit(*job, seed, n_actions, fps) for job, seed in zip(jobs, seeds))
    # each on one thread, so that results do not depend on the number of jobs
    with one_thread(), counter(len(jobs), verbose, "fit") as count:
        for members in parallel(calls):
            found += members
            count(1)
    return found


def _fit_plan(plan, frames, seed, n_actions, fps):
    """Fit a clone of a candidate, and label all recordings."""
    estimator = plan.estimator
    try:
        if not isinstance(estimator, FrozenEstimator):
            estimator = clone(estimator)
            set_n_actions(estimator, n_actions)
        with one_thread(), quietly():
            fitted, labels = fit_segmenter(estimator, frames, n_actions, seed, fps)
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"candidate {', '.join(plan.words)!r}: {error}") from error
    found = [Member(plan.words, fitted, labels)]
    if plan.strict_words is not None:
        twin = copy.copy(fitted).set_params(decoding="fixed", switch_cost=0.0)
        labels = twin.predict(frames)
        found.append(Member(plan.strict_words, twin, labels))
    return found


def mean_segment(labels):
    """Mean number of frames of a segment."""
    n_segments = sum(len(find_segments(path).starts) for path in labels)
    return sum(map(len, labels)) / n_segments
