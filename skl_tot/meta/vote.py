"""Members of a vote, fits of methods to views of the frames, and their consensus."""

import copy
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.methods.collapses import is_few
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.pipelines import fit_segmenter, quietly, set_n_actions
from skl_tot.methods.temporal_ot import TemporalOTSegmenter
from skl_tot.metrics.label_free import effective_actions
from skl_tot.preprocessing.windows import FrameView
from skl_tot.progress import counter
from skl_tot.recordings.labels import find_segments
from skl_tot.training.devices import one_thread, rank_and_size

# Steps of a network: fewer than of a single one, as members are many, and a vote
# averages their errors.
N_STEPS = 400
# Frames that members of views see, if a mean segment keeps at least ten.
MOST_SEEN = 10_000


class Plan(NamedTuple):
    """A candidate to fit; with ``strict_words``, also a member in strict order."""

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


@dataclass(frozen=True)
class Alternative:
    """A labelling of all recordings on which a group of members of a vote agrees.

    See ``alternatives_`` of `AutoSegmenter`; the rest are attributes of a model with
    this one as its own.
    """

    name: str
    sentence: str
    agreement: float
    n_members: int
    n_actions: float
    weights: np.ndarray
    mappings: np.ndarray
    labels: Any
    confidence: dict
    background: dict | None
    shares: np.ndarray
    switch_cost: float


def default_plans(order, words, *, device="auto", verbose=0):
    """Plans for a view, called by some words, that suit an order."""
    order_words = {
        "strict": "each action once",
        "mostly": "with exceptions",
        "free": "in any order",
    }
    # one start and ten steps: members are many, and a vote averages their errors
    hmm = HMMSegmenter(order=order, standardize=None, n_init=1, max_iter=10)
    plan = Plan(("HMM", *words, order_words[order]), hmm)
    orders = [order]
    if order == "mostly":
        orders.append("strict")
        # the fit is the same for both orders
        plan = plan._replace(strict_words=("HMM", *words, order_words["strict"]))
    plans = [plan]
    for order_of_network in orders:
        network = TemporalOTSegmenter(
            order=order_of_network,
            n_networks=1,
            max_iter=N_STEPS,
            standardize=None,
            device=device,
            verbose=verbose,
        )
        plans.append(Plan(("TOT", *words, order_words[order_of_network]), network))
    return plans


def scout_segment(videos, n_actions, order):
    """Mean frames of a segment, by a quick fit to single frames."""
    stride = 1 + int(videos.lengths.sum()) // MOST_SEEN
    frames = see_view(FrameView().fit(videos), videos, stride)
    model = HMMSegmenter(
        n_actions, order=order, standardize=None, n_init=1, max_iter=10, random_state=0
    )
    with quietly():
        return stride * mean_segment(model.fit_predict(frames))


def find_stride(n_frames, segment):
    """Step of the frames that members see, 1 for few frames or short segments."""
    # ten frames of a segment keep its ends right to 5 % of its length
    return int(max(1, min(n_frames / MOST_SEEN, segment / 10)))


def see_view(view, videos, stride):
    """Every ``stride``-th frame of recordings in a view; as given without one."""
    if view is None:
        return list(videos.arrays)
    frames = []
    for array in view.transform(videos):
        # the middle of each step
        rows = np.arange(stride // 2, len(array) + stride // 2, stride)
        rows = np.minimum(rows, len(array) - 1)
        frames.append(array[rows].astype(np.float32))
    return frames


def fit_members(jobs, seeds, n_actions, *, fps=None, n_jobs=None, verbose=0):
    """Fit pairs of a plan and frames of all recordings; list members in order."""
    if rank_and_size()[1] > 1:  # distributed processes stay synchronous
        n_jobs = 1
    calls = [
        delayed(_fit_plan)(plan, frames, seed, n_actions, fps)
        for (plan, frames), seed in zip(jobs, seeds)
    ]
    members = []
    # each on one thread, so that results do not depend on the number of jobs
    with one_thread(), counter(len(jobs), verbose, "fit") as count:
        for members_of_plan in Parallel(n_jobs=n_jobs, return_as="generator")(calls):
            members += members_of_plan
            count(1)
    return members


def _fit_plan(plan, frames, seed, n_actions, fps):
    """Fit a clone of a candidate, and label all recordings: a list of one or two."""
    estimator = plan.estimator
    try:
        if not isinstance(estimator, FrozenEstimator):
            estimator = clone(estimator)
            set_n_actions(estimator, n_actions)
        with one_thread(), quietly():
            model, labels = fit_segmenter(estimator, frames, n_actions, seed, fps)
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"candidate {', '.join(plan.words)!r}: {error}") from error
    members = [Member(plan.words, model, labels)]
    if plan.strict_words is not None:
        # a path through all actions pays for as many switches as any other
        twin = copy.copy(model).set_params(decoding="fixed", switch_cost=0.0)
        members.append(Member(plan.strict_words, twin, twin.predict(frames)))
    return members


def mean_segment(labels):
    """Mean number of frames of a segment."""
    n_segments = sum(len(find_segments(path).labels) for path in labels)
    return sum(map(len, labels)) / n_segments


def find_voters(labellings, n_actions):
    """Numbers of the labellings that have not collapsed, or of all if all have."""
    has_few = [is_few(effective_actions(paths), n_actions) for paths in labellings]
    return np.flatnonzero(np.logical_not(has_few) | all(has_few))


def measure_agreement(labellings):
    """Measure the adjusted mutual information (n, n) of labellings of all frames."""
    # some 4,000 spaced frames, as the measure takes a table of each pair
    step = 1 + len(labellings[0]) // 4_000
    samples = [labels[::step] for labels in labellings]
    agreement = np.eye(len(samples))
    for i, first in enumerate(samples):
        for j in range(i):
            value = adjusted_mutual_info_score(first, samples[j])
            agreement[i, j] = agreement[j, i] = value
    return agreement


def find_groups(agreement, voters):
    """Group voters that agree, largest first, each from its most central member on."""
    # few enough to look at side by side, and of two members on average
    n_groups = min(4, len(voters) // 2)
    numbers = np.zeros(len(voters), int)
    if n_groups > 1:
        distances = 1 - agreement[np.ix_(voters, voters)]
        # single linkage would chain groups, complete linkage would cut large ones
        tree = linkage(squareform(distances, checks=False), "average")
        numbers = fcluster(tree, n_groups, "maxclust")
    ranked = []
    for number in np.unique(numbers):
        group = voters[numbers == number]
        sums = agreement[np.ix_(group, group)].sum(axis=1)
        group = group[np.argsort(-sums, kind="stable")]
        ranked.append((-len(group), -sums.mean(), group))
    ranked.sort(key=lambda entry: entry[:2])
    return [group for *_, group in ranked]


def match_actions(labels, reference, n_actions):
    """Match each action of labels to one of a reference, by most common frames."""
    has_both = (labels >= 0) & (reference >= 0)
    # labels may have few bits, in which products overflow
    pairs = n_actions * labels[has_both].astype(int) + reference[has_both]
    counts = np.bincount(pairs, minlength=n_actions**2)
    return linear_sum_assignment(counts.reshape(n_actions, -1), maximize=True)[1]


def count_votes(labellings, weights, mappings, n_actions):
    """Share (n_frames, n_actions) of the votes for each action; equal without votes."""
    votes = np.zeros((len(labellings[0]), n_actions))
    for labels, weight, mapping in zip(labellings, weights, mappings):
        if weight > 0:
            frames = np.flatnonzero(labels >= 0)  # background is no vote
            votes[frames, mapping[labels[frames]]] += weight
    votes[~votes.any(axis=1)] = 1
    return votes / votes.sum(axis=1, keepdims=True)


def name_groups(groups, words_of):
    """Distinct names of groups of members, by the words that most of each share."""
    usual = set.intersection(*map(set, words_of)) if len(words_of) > 1 else set()
    names = []
    for group in groups:
        counts = Counter(word for i in group for word in words_of[i])
        shared = [word for word in counts if counts[word] >= 0.75 * len(group)]
        without_words = "most members" if 2 * len(group) > len(words_of) else "mixed"
        name = ", ".join(word for word in shared if word not in usual) or without_words
        n_before = sum(earlier.partition(" (")[0] == name for earlier in names)
        names.append(f"{name} ({n_before + 1})" if n_before else name)
    return names
