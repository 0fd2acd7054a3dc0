"""Suggestions: recordings to label, and actions that are alike."""

from collections import Counter
from itertools import chain, combinations

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from skl_tot.decoding.evidence import linear_log_densities, shrunk
from skl_tot.preprocessing.look import look
from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.labels import (
    UNKNOWN,
    read_labels,
)
from skl_tot.recordings.layouts import as_recordings
from skl_tot.statistics.features import TellingSample, checked_videos

N_DESCRIBED = 1000  # most frames that describe features, or a recording
DIGITS = 9  # rounding, so that equal values are in the order of their numbers


def alike_actions(videos, labels) -> list[dict]:
    """List pairs of actions whose single frames look alike, to merge or not.

    A linear discriminant of all features, up to 40 principal axes, learns from one half
    of the recordings to tell the frames of two actions, and is tried on the other half.
    A single recording is halved by bouts. Order and durations do not count.

    Parameters
    ----------
    videos : array-like of shape (n_frames, n_features), or sequence of these
        Features of one recording or of many.
    labels : array-like of shape (n_frames,), or sequence of these
        Label of each frame, integers or text. -1 and "background" are no actions.

    Returns
    -------
    pairs : list of dict
        Most alike first: "actions", two labels, and "score", the larger area under the
        ROC curve of the two halves, at most 0.7; it is 0.5 by chance and 1 for actions
        that differ in each frame. Halves need 20 frames of two recordings or bouts.

    Examples
    --------
    >>> from skl_tot.corrections import alike_actions
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=8, n_actions=3, random_state=0)
    >>> halves = [path + 3 * (path == 1) * (path[::-1].cumsum() % 2) for path in labels]
    >>> [pair["actions"] for pair in alike_actions(videos, halves)]
    [(1, 4)]
    """
    sample = TellingSample()
    for frames, path, breaks, _ in checked_videos(videos, labels):
        sample.add(frames, path, breaks)
    halves_of = _halves_by_action(sample) if sample.bouts else {}
    alike = []
    for pair in combinations(sorted(halves_of), 2):
        first, second = (halves_of[label] for label in pair)
        score = max(
            _area_under_curve(first, second),
            _area_under_curve(first[::-1], second[::-1]),
        )
        if score <= 0.7:
            alike.append({"actions": pair, "score": float(score)})
    return sorted(alike, key=lambda entry: entry["score"])


def _halves_by_action(sample):
    """Two halves (n_frames, n_axes) of scaled frames by action, if both have enough."""
    # Recordings are in both halves in turn, or bouts of a single recording.
    transform = _fit_axes(np.concatenate(sample.frames).astype(float))
    is_single = len({video for video, _, _ in sample.bouts}) == 1
    n_bouts: Counter = Counter()
    frames_of: dict = {}  # by action, half, and unit
    for (video, _, label), frames in zip(sample.bouts, sample.frames):
        unit = n_bouts[label] if is_single else video
        n_bouts[label] += 1
        of_half = frames_of.setdefault(label, ({}, {}))[unit % 2]
        of_half.setdefault(unit, []).append(transform(frames))
    halves_of = {}
    for label, parts in frames_of.items():
        if min(map(len, parts)) >= 2:
            halves = [np.concatenate([*chain(*units.values())]) for units in parts]
            if min(map(len, halves)) >= 20:
                halves_of[label] = halves
    return halves_of


def _fit_axes(frames):
    """Make a function that scales frames and projects on up to 40 principal axes."""
    mean, spread = frames.mean(axis=0), frames.std(axis=0)
    axes = np.diag(1 / np.where(spread > 0, spread, np.inf))
    n_axes = 40  # more would need more frames of each action than there may be
    if len(axes) > n_axes:
        spaced = (frames[:: len(frames) // N_DESCRIBED + 1] - mean) @ axes
        axes = axes @ np.linalg.svd(spaced, full_matrices=False)[2][:n_axes].T
    return lambda new: (new - mean) @ axes


def _area_under_curve(first, second):
    """Area under the curve of two actions, learned from their first halves."""
    within = [np.cov(halves[0], rowvar=False, bias=True) for halves in (first, second)]
    within = np.atleast_2d(sum(within) / 2)
    means = np.array([halves[0].mean(axis=0) for halves in (first, second)])
    weights, _ = linear_log_densities(means, shrunk(within))
    line = weights[0] - weights[1]
    # by the statistic of Mann and Whitney
    n_first, n_second = len(first[1]), len(second[1])
    ranks = rankdata(np.concatenate([first[1], second[1]]) @ line)
    above = ranks[:n_first].sum() - n_first * (n_first + 1) / 2
    return above / (n_first * n_second)


def recordings_to_label(X, y=None, *, n=1, estimator=None, random_state=None) -> list:
    r"""List the recordings whose labels would teach a `SemiSupervisedSegmenter` most.

    It needs no model and no label, but C clusterings: labels of fits without labels.
    :math:`p_{ca}` is the share of cluster a in all frames. The first recording j lacks
    nothing that others show, and is typical: its shares :math:`q_{ca}` agree best with
    those of all. It has the largest

    .. math:: \frac{1}{C} \sum_c \sum_a \sqrt{p_{ca} q_{ca}}.

    With labels of recordings L, the next one shows clusters that they lack, and others
    without labels resemble it. It has the largest

    .. math:: \frac{1}{C} \sum_c \sum_a p_{ca} \min(1, n_{ca} / m_{ca}) \cdot
        \frac{1}{N} \sum_i \max_{k \in L \cup \{j\}} s_{ik}

    for :math:`n_{ca}` labelled frames of the cluster with those of j, and
    :math:`m_{ca}` frames of it in a recording on average. The likeness :math:`s_{ik}`
    (0 to 1) of N recordings compares means and deviations of features.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many, see Notes of `TemporalOTSegmenter`.
    y : array-like of shape (n_frames,), or sequence of these, default=None
        Labels of some recordings, which are not listed, as for
        `SemiSupervisedSegmenter`.
    n : int, default=1
        Maximum number of results.
    estimator : estimator or list of these, default=None
        Segmenters whose labels are the clusterings, as for `SemiSupervisedSegmenter`.
    random_state : int, RandomState instance or None, default=None
        Seed of the clusterings.

    Returns
    -------
    proposals : list of dict
        Best first. Each has "recording" (the index) and "reason" (words, or "").

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.corrections import recordings_to_label
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> videos[0] = videos[0][:9]  # shows one action only
    >>> recordings_to_label(videos, estimator=HMMSegmenter(3))
    [{'recording': 1, 'reason': 'shows 100% of all that occurs, like 2 others'}]
    """
    from skl_tot.corrections.semi_supervised import fit_clusterings  # and networks

    if not (is_int(n) and n >= 1):
        refuse("n", n, "an integer of at least 1")
    recordings = as_recordings(X)
    is_known = [np.zeros(n_frames, bool) for n_frames in recordings.lengths]
    if y is not None:
        is_known = [path != UNKNOWN for path in read_labels(y, recordings)[0]]
    counts, labelled_counts = [], []
    estimators = estimator if isinstance(estimator, (list, tuple)) else [estimator]
    _, clusterings = fit_clusterings(
        estimators, recordings, look(recordings), random_state
    )
    for labels in clusterings:
        counts.append(count_clusters(labels))
        known_counts = count_clusters(labels, np.concatenate(is_known))
        labelled_counts.append(known_counts.sum(axis=0))
    labelled = np.flatnonzero(list(map(np.any, is_known)))
    features = describe_signals(recordings.arrays)
    proposals = propose(counts, features, labelled, n, labelled_counts)
    return [{"recording": i, "reason": reason} for i, reason in proposals]


def count_clusters(labels, weights=1.0):
    """Count frames (n_recordings, n_clusters) of labels, or sum their weights."""
    _, numbers = np.unique(np.concatenate(labels), return_inverse=True)
    rows = np.repeat(np.arange(len(labels)), list(map(len, labels)))
    counts = np.zeros((len(labels), numbers.max() + 1))
    np.add.at(counts, (rows, numbers), weights)
    return counts


def propose(counts, features, labelled, n, labelled_counts=None):
    """List pairs of a recording to label, best first, and the reason in words."""
    # `counts` has frames (n_recordings, n_clusters) of each clustering,
    # `labelled_counts` those (n_clusters,) with labels: None takes all of `labelled`.
    likeness = _measure_likeness(features)
    chosen, proposals = list(labelled), []
    labelled_frames = labelled_counts or [x[chosen].sum(axis=0) for x in counts]
    for _ in range(min(n, len(likeness) - len(set(chosen)))):
        nearest = likeness[:, chosen].max(axis=1, initial=0)
        values = np.maximum(likeness, nearest[:, None]).mean(axis=0)
        lacked = 0.0 * values  # share of all frames
        if counts:
            compared = list(map(_compare_clusters, counts, labelled_frames))
            agreement, cover = np.mean(compared, axis=0)
            values = values * cover[:-1] if chosen else agreement[:-1]
            lacked = cover - cover[-1]
        values = values.round(DIGITS)
        values[chosen] = -1  # listed already
        best = int(values.argmax())
        gains = np.maximum(likeness[best] - nearest, 0)
        n_alike = round(float(gains.sum()) - 1)  # beside itself
        word = "labels" if len(labelled) else "those before" if chosen else ""
        reason = _describe_reason(lacked[best], n_alike, word, nearest[best] < 0.5)
        proposals.append((best, reason))
        chosen.append(best)
        labelled_frames = [
            before + frames[best] for frames, before in zip(counts, labelled_frames)
        ]
    return proposals


def _compare_clusters(frames, labelled):
    """Agreement and cover (n_recordings + 1,) of labelled frames, 0 to 1."""
    # With those of a recording, too; the last ones are those of `labelled` alone.
    labelled = labelled + np.vstack([frames, np.zeros(frames.shape[1])])
    of_cluster = frames.sum(axis=0)
    shares = of_cluster / of_cluster.sum()
    labelled_shares = labelled / np.maximum(labelled.sum(axis=1, keepdims=True), 1)
    agreement = np.sqrt(shares * labelled_shares).sum(axis=1)
    return agreement, np.minimum(labelled / frames.mean(axis=0), 1) @ shares


def _describe_reason(lacked, n_alike, before, is_unlike):
    """Why a recording is proposed; ``before`` is the word for those before it."""
    # "" where it is next by a small difference in all of these
    reasons = []
    if lacked >= 0.05:  # less may be errors of the clusterings
        part = f"that {before} lack" if before else "of all that occurs"
        reasons.append(f"shows {lacked:.0%} {part}")
    if n_alike > 0:
        unlabelled = " without labels" if before == "labels" else ""
        reasons.append(f"like {n_alike} other{'s' * (n_alike > 1)}{unlabelled}")
    if is_unlike and before == "labels" and not reasons:
        reasons.append("unlike those with labels")
    return ", ".join(reasons)


def _measure_likeness(features):
    """Likeness (n_recordings, n_recordings) of features, 0 to 1."""
    distances = cdist(features, features, "sqeuclidean")
    # an outlier is similar to no other
    scale = np.median(distances[distances > 0]) if distances.any() else 1
    return np.exp(-distances / scale)


def describe_signals(videos):
    """Means and deviations of features of recordings, scaled between recordings."""
    values = np.array([_mean_and_spread(video) for video in videos])
    values -= values.mean(axis=0)
    spread = values.std(axis=0)
    return values / np.where(spread > 0, spread, 1)


def _mean_and_spread(video):
    """Means and deviations (2 * n_features,) of some frames of a recording."""
    rows = getattr(video, "iloc", video)[:: len(video) // N_DESCRIBED + 1]
    frames = np.nan_to_num(np.asarray(rows, dtype=float))
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
