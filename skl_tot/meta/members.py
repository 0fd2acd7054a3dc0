"""Members of a vote: candidates, their refinements and their input."""

import copy
import time
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import solve
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.parallel import Parallel, delayed

from skl_tot.baselines.asal import ASALSegmenter
from skl_tot.baselines.asot import ASOTSegmenter
from skl_tot.baselines.mallow import MallowSegmenter
from skl_tot.baselines.simple import KMeansSegmenter
from skl_tot.decoding.chain import free_chain
from skl_tot.meta.in_order import paths_in_order, refine_in_order
from skl_tot.methods.discriminants import (
    appearance_scores,
    embed,
    principal_components,
    refine_labels,
)
from skl_tot.methods.hmm import HMMSegmenter
from skl_tot.methods.pipelines import fit_segmenter, quietly, set_n_actions
from skl_tot.methods.temporal_ot import PAPER, PAPER_SIGMA, TemporalOTSegmenter
from skl_tot.metrics.label_free import cohen_kappa
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.labels import find_segments
from skl_tot.recordings.signals import correlation_frames, window_means
from skl_tot.training.devices import one_thread, rank_and_size
from skl_tot.training.pseudo_labels import PathPrior

# Settings for any order; candidates with their own cost keep it.
FREE = {"decoding": "free", "switch_cost": 0.5}
# Rounds of a refinement. More rounds drift away from the start.
REFINEMENT = {"reg_covar": 0.1, "max_iter": 3}
# Least number of seen frames of a recording, and the largest step as a share of a
# window or of the correlation time.
N_SEEN, STEP = 1000, 0.25
# Least number of recordings, and agreement beyond chance of labels and predictions:
# with less, recordings do not tell about each other.
LEAST_RECORDINGS, LEAST_KAPPA = 10, 0.5
N_FOLDS, N_ROUNDS = 5, 3
N_COMPONENTS = 30
# Widths of surroundings, in median segments.
WIDTHS = 1.0, 0.25
# Bumps of relative time, and their weight in standard deviations.
N_BUMPS, TIME_WEIGHT = 6, 3.0
# Share of the mean variance that is added to variances, and the power of shares.
SHRINKAGE, PRIOR_POWER = 0.1, 0.5
# Largest difference of scores, in nats, and cost of a switch for each frame of a median
# segment.
MOST_NATS, SWITCH_COST = 8.0, 0.25
PRIOR_FRAMES, FLOOR = 0.1, 0.01


class Plan(NamedTuple):
    """A candidate to fit; ``start`` names another plan, whose fit it starts from."""

    name: str
    estimator: Any
    seed: int = 0
    start: str | None = None


class Member(NamedTuple):
    """A fitted candidate, or the arrays of a refinement, with labels of the fit."""

    name: str
    model: Any
    labels: list
    seconds: float


def fit_members(plans, seen, n_actions, spread, *, order=None, n_jobs=None):
    """Yield the name and the `Member` objects of each plan when they are ready."""
    chains = {plan.name: [plan] for plan in plans if plan.start is None}
    for plan in plans:
        if plan.start is not None:
            chains[plan.start].append(plan)
    if rank_and_size()[1] > 1:  # distributed processes stay synchronous
        n_jobs = 1
    plain = Recordings(list(seen.arrays), fps=seen.fps)  # without users' objects
    plain.means, plain.scales = seen.means, seen.scales
    fit, options = delayed(_fit_chain), (n_actions, spread, order)
    parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    # each on one thread, so that results do not depend on the number of jobs
    with one_thread():
        for found in parallel(fit(own, plain, *options) for own in chains.values()):
            yield from found.items()


def _fit_chain(chain, videos, n_actions, spread, order):
    """Fit a plan, and the plans that start from it."""
    found = {}
    with one_thread():
        for name, estimator, seed, start in chain:
            if start is not None:
                first = _in_fixed_order(found[start][0].model)
                estimator = clone(estimator).set_params(estimator=first)
            own = fit_candidate(name, estimator, videos, n_actions, seed)
            found[name] = [own]
            if spread is not None:
                found[name] += refine_member(own, videos, n_actions, spread, order)
    return found


def _in_fixed_order(segmenter):
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
            known = videos.arrays, n_actions, seed, videos.fps
            fitted, labels = fit_segmenter(estimator, *known)
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"candidate {name!r}: {error}") from error
    return Member(name, fitted, labels, time.perf_counter() - start)


def refine_member(member, videos, n_actions, spread, order):
    """Refine labels by the looks of frames, and across recordings; list the results."""
    own = videos, member.labels, n_actions
    looks, across = names_of_refinements(member.name)
    start = time.perf_counter()
    if order == "strict":  # by moves and time, too
        model, labels = refine_in_order(*own, spread)
        return [Member(looks, model, labels, time.perf_counter() - start)]
    appearance, switch_cost, labels = refine_labels(*own, spread, **REFINEMENT)
    model = appearance | {"switch_cost": np.array(switch_cost)}
    found = [Member(looks, model, labels, time.perf_counter() - start)]
    start = time.perf_counter()
    refined = refine_across(*own, by_time=order == "mostly")
    if refined is not None:
        model, labels = refined
        found.append(Member(across, model, labels, time.perf_counter() - start))
    return found


def names_of_refinements(name):
    """Names of a candidate's refinements, by looks and across recordings."""
    return [f"{name} refined", f"{name} across"]


def labels_of_member(model, videos):
    """Labels of each recording by the model of a `Member`."""
    if isinstance(model, dict) and "segment" in model:
        return guessed_paths(videos, model)
    if isinstance(model, dict) and "times" in model:
        return paths_in_order(videos, model)
    if isinstance(model, dict):
        chain = free_chain(len(model["means"]), model["switch_cost"])
        return [chain.viterbi(own) for own in appearance_scores(videos, model)]
    with quietly():
        return model.predict(list(videos.arrays))


def default_plans(order, **settings):
    """Plans of the candidates that suit an order, with ``settings`` of networks."""
    plain = {"standardize": settings["standardize"]}
    hmm = Plan("hmm", HMMSegmenter(order=order, **plain))
    tot = Plan("tot", TemporalOTSegmenter(order=order, **settings))
    if order == "free":
        return [hmm, Plan("k_means", KMeansSegmenter(switch_cost="auto", **plain)), tot]
    published, asal = PAPER | settings, ASALSegmenter(**settings)
    two_parts = published | {"n_parts": 2} | (FREE if order == "mostly" else {})
    two_parts = Plan("tot_two_parts", TemporalOTSegmenter(**two_parts))
    asals = [Plan("asal", asal, start="tot_two_parts")]
    if order == "mostly":
        first = [tot, two_parts, Plan("asot", ASOTSegmenter(order=order, **settings))]
    else:
        path = published | {"prior": PathPrior(sigma=PAPER_SIGMA)}
        path = Plan("tot_path", TemporalOTSegmenter(**path))
        tot = Plan("tot_published", TemporalOTSegmenter(**published))
        first = [two_parts, path, tot]
        asals.append(Plan("asal_published", clone(asal), start="tot_published"))
    return [*first, *asals, Plan("mallow", MallowSegmenter(order=order, **plain)), hmm]


def find_stride(videos, windows, n_actions):
    """Choose the step of the frames that candidates see, 1 for usual lengths."""
    length = float(np.median(videos.lengths))
    if length < 2 * N_SEEN:
        return 1
    if windows is not None:
        near = windows.window_
    else:
        near = correlation_frames(videos, float(np.mean(videos.lengths)) / n_actions)[0]
    return int(max(1, min(length / N_SEEN, STEP * near)))


def thinned(videos, stride):
    """Every ``stride``-th frame of standardised recordings, the middle of each step."""
    if stride == 1:
        return videos
    arrays = []
    for array, n_frames in zip(videos.arrays, videos.lengths.tolist()):
        rows = np.arange(stride // 2, n_frames + stride // 2, stride)
        arrays.append(array[np.minimum(rows, n_frames - 1)])
    # the rate keeps durations; without one, they count seen frames
    seen = Recordings(arrays, fps=(videos.fps or 1) / stride)
    seen.means, seen.scales = videos.means, videos.scales
    return seen


def on_all_frames(outputs, lengths, stride):
    """Yield outputs of seen frames, extended to all frames."""
    for own, n_frames in zip(outputs, lengths):
        yield own if stride == 1 else own[np.arange(n_frames) // stride]


def refine_across(videos, labels, n_actions, *, by_time):
    """Refine labels by predictions of other recordings: a guess, labels; or None."""
    n_folds = min(N_FOLDS, len(videos))
    if len(videos) < LEAST_RECORDINGS:
        return None
    center, components, _ = principal_components(videos, N_COMPONENTS)
    # the guess is the model of the last round; ``by_time``, relative time predicts, too
    guess = {"center": center, "components": components, "by_time": np.array(by_time)}
    frames = [embed(videos, i, center, components.T) for i in range(len(videos))]
    paths = [np.maximum(path, 0) for path in labels]
    folds = np.arange(len(videos)) % n_folds
    for number in range(N_ROUNDS):
        found = map(find_segments, paths)
        lengths = np.concatenate([ends - starts for _, starts, ends in found])
        guess["segment"] = np.array(np.median(lengths))
        seen = _surroundings(frames, guess, learn=True)
        sums = [_sums(seen[i], paths[i], n_actions) for i in range(len(videos))]
        found = [None] * len(videos)
        for fold in range(n_folds):
            _learn_guess(guess, [own for own, k in zip(sums, folds) if k != fold])
            for i in np.flatnonzero(folds == fold).tolist():
                found[i] = _guessed_path(seen[i], guess)
        if number == 0:
            table = np.zeros((n_actions, n_actions))
            np.add.at(table, (np.concatenate(paths), np.concatenate(found)), 1)
            if cohen_kappa(table) < LEAST_KAPPA:
                return None
        paths = found
    _learn_guess(guess, [_sums(x, y, n_actions) for x, y in zip(seen, paths)])
    return guess, paths


def guessed_paths(videos, guess):
    """Labels of new recordings by a guess."""
    center, axes = guess["center"], guess["components"].T
    frames = (embed(videos, i, center, axes) for i in range(len(videos)))
    return [_guessed_path(seen, guess) for seen in _surroundings(frames, guess)]


def _surroundings(frames, guess, learn=False):
    """Frames with means and spreads around them, standardised, and relative time."""
    found = [_around(own, float(guess["segment"])) for own in frames]
    if learn:
        n_frames = sum(map(len, found))
        mean = sum(own.sum(axis=0) for own in found) / n_frames
        square = sum(np.square(own - mean).sum(axis=0) for own in found) / n_frames
        guess["mean"], guess["scale"] = mean, np.sqrt(np.where(square > 0, square, 1))
    result = []
    for own in found:
        own -= guess["mean"]
        own /= guess["scale"]
        result.append(np.hstack([own, _bumps(len(own))]) if guess["by_time"] else own)
    return result


def _around(frames, segment):
    """Frames, and their means and log deviations over parts of a segment."""
    columns, everywhere = [frames], slice(0, len(frames))
    squares = frames**2
    for width in WIDTHS:
        half = max(1, int(width * segment / 2))
        mean = window_means(frames, half, half, everywhere)
        variance = window_means(squares, half, half, everywhere) - mean**2
        columns += [mean, np.log(np.maximum(variance, 0) + FLOOR) / 2]
    return np.hstack(columns)


def _bumps(n_frames):
    """Shares of bumps of relative time in each frame."""
    times = (np.arange(n_frames) + 0.5) / n_frames
    places = (np.arange(N_BUMPS) + 0.5) / N_BUMPS
    heights = np.exp(-0.5 * np.square((times[:, None] - places) * N_BUMPS))
    return TIME_WEIGHT * heights / heights.sum(axis=1, keepdims=True)


def _sums(frames, path, n_actions):
    """Count and sum the frames of each action of a recording; sum their products."""
    codes = np.eye(n_actions)[path]
    return codes.sum(axis=0), codes.T @ frames, frames.T @ frames


def _learn_guess(guess, sums):
    """Learn linear discriminants from sums, into a guess."""
    counts, totals, products = (reduce(np.add, own) for own in zip(*sums))
    means = totals / np.maximum(counts, 1)[:, None]
    within = products - (means.T * counts) @ means
    within /= counts.sum()
    scale = np.trace(within) / len(within)
    within *= 1 - SHRINKAGE
    within[np.diag_indices(len(within))] += SHRINKAGE * scale + 1e-12
    weights = solve(within, means.T, assume_a="pos")
    shares = (counts + PRIOR_FRAMES) / (counts + PRIOR_FRAMES).sum()
    offsets = PRIOR_POWER * np.log(shares) - 0.5 * (means.T * weights).sum(axis=0)
    offsets[counts == 0] = -1e9
    guess["weights"], guess["offsets"] = weights, offsets


def _guessed_path(seen, guess):
    scores = seen @ guess["weights"] + guess["offsets"]
    scores = np.maximum(scores - scores.max(axis=1, keepdims=True), -MOST_NATS)
    cost = max(1.0, SWITCH_COST * float(guess["segment"]))
    return free_chain(scores.shape[1], cost).viterbi(scores)
