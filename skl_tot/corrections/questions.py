"""Suggestions: representative recordings, doubtful moments, actions that are alike."""

from collections import Counter
from itertools import combinations

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import entr, softmax
from scipy.stats import rankdata

from skl_tot.methods.pipelines import segmenter_of, transform_before
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import find_segments, with_background
from skl_tot.recordings.layouts import as_recordings
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.features import TellingSample, checked_videos

UNITS = ("recordings", "moments")
N_DESCRIBED = 1000
ALIKE = 0.7  # most area under the curve of two actions that are alike
LEAST_UNITS, LEAST_FRAMES = 2, 20  # of an action, in each half of the recordings
MOST_AXES, SHRINKAGE = 40, 0.1  # principal axes of features, of their covariance
DIGITS = 9  # rounding, so that equal values are sorted by index


@with_shared_texts
def most_informative(model, X, n=1, unit="recordings", *, labelled=()):
    """List the recordings or moments whose labels would teach a model most.

    First come recordings that most others resemble, by shares of actions and by means
    and deviations of features; doubtful ones taught a model less than random ones.
    Moments are sorted by doubt, the entropy of ``predict_posterior`` in nats, and of
    the votes of `AutoSegmenter`.

    Parameters
    ----------
    {shared: model, X}
    n : int, default=1
        Maximum number of results.
    unit : {"recordings", "moments"}, default="recordings"
        Whole recordings, or segments. The value of a segment is the sum of the doubts
        of its frames, each minus the least doubt in ``X``, which favours neither long
        nor short segments.
    labelled : sequence of int, default=()
        Indices of recordings with labels. They are not listed, and similar recordings
        come later.

    Returns
    -------
    found : list of dict
        Most informative first. Each has "recording" (the index), "start" and
        "end" (exclusive) in frames, "action" (the label of the segment; -1 is
        background, None for a recording), and "information", the sort key: nats for a
        segment; for a recording its gain in the sum over all recordings of their
        similarity (0 to 1) to the nearest one that is labelled or listed before.

    Raises
    ------
    {shared: NotFittedError, TypeError}

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.corrections import most_informative
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> (found,) = most_informative(HMMSegmenter(3).fit(videos), videos)
    >>> sorted(found)
    ['action', 'end', 'information', 'recording', 'start']
    """
    is_number = isinstance(n, (int, np.integer)) and not isinstance(n, bool)
    if not is_number or n < 1:
        refuse("n", n, "an integer of at least 1")
    if not isinstance(unit, str) or unit not in UNITS:
        refuse("unit", unit, "'recordings' or 'moments'")
    segmenter = segmenter_of(model)
    videos = as_recordings(transform_before(model, X))
    labelled = np.ravel(labelled).tolist()
    for i in labelled:
        if type(i) is not int or not 0 <= i < len(videos):
            what = f"indices of recordings from 0 to {len(videos) - 1}"
            refuse("labelled", [i], what)
    paths, doubts = [], []
    for decoded in segmenter.decode(videos):
        paths.append(decoded.path)
        if unit == "moments":
            doubts.append(measure_doubts(segmenter, decoded))
    words = with_background(segmenter.actions_)
    if unit == "moments":
        return rank_moments([words[path] for path in paths], doubts, n, labelled)
    counts = [np.bincount(path + 1, minlength=len(words))[1:] for path in paths]
    signals = describe_signals(videos.arrays)
    found = order_with_gains(counts, signals, labelled, n)
    return [_describe(i, 0, len(paths[i]), None, gain) for i, gain in found]


def order_with_gains(counts, features, checked=(), n=1):
    """List pairs of a recording to check, most representative first, and its gain."""
    counts = np.asarray(counts, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    parts = [_scaled(np.sqrt(shares)), _scaled(np.asarray(features, dtype=float))]
    points = np.hstack(parts)
    gaps = cdist(points, points, "sqeuclidean")
    # an outlier is similar to no other, and comes late
    likeness = np.exp(-gaps / (np.median(gaps[gaps > 0]) if gaps.any() else 1))
    known, found = list(checked), []
    most = likeness[:, known].max(axis=1, initial=0)
    for _ in range(min(n, len(gaps) - len(set(known)))):
        gains = np.maximum(likeness - most[:, None], 0).sum(axis=0).round(DIGITS)
        gains[known] = -1
        known.append(int(gains.argmax()))
        found.append((known[-1], float(gains[known[-1]])))
        most = np.maximum(most, likeness[:, known[-1]])
    return found


def describe_signals(videos):
    """Means and deviations of features of recordings, scaled between recordings."""
    return scaled_between([mean_and_spread(video) for video in videos])


def mean_and_spread(video):
    """Means and deviations of the features of a recording, from spaced frames."""
    rows = getattr(video, "iloc", video)[:: len(video) // N_DESCRIBED + 1]
    frames = np.nan_to_num(np.asarray(rows, dtype=float))
    return np.concatenate([frames.mean(axis=0), frames.std(axis=0)])


def scaled_between(values):
    """Scale values of recordings by their spread."""
    values = np.array(values) - np.mean(values, axis=0)
    spread = values.std(axis=0)
    return values / np.where(spread > 0, spread, 1)


def find_typical(values, n):
    """Numbers of recordings that most others resemble, by their `mean_and_spread`."""
    # not by their labels, as these are to be compared
    no_counts = np.zeros((len(values), 1))
    return [i for i, _ in order_with_gains(no_counts, scaled_between(values), n=n)]


def _scaled(values):
    """Scale the mean squared distance from the mean to 1, if it is positive."""
    values = values - values.mean(axis=0)
    scale = np.sqrt((values**2).sum(axis=1).mean())
    return values / (scale if scale > 0 else 1)


def measure_doubts(segmenter, decoded, names=None):
    """Doubt (n_frames,) about labels; actions with equal ``names`` are one."""
    found = [decoded.posterior]
    if hasattr(segmenter, "candidate_labels"):  # a vote
        found.append(softmax(decoded.log_likelihood, axis=1))
    if names is not None:
        alike = (names[:, None] == np.unique(names)).astype(float)
        found = [probabilities @ alike for probabilities in found]
    # rounding may make some negative
    return sum(entr(np.maximum(own.astype(float), 0)).sum(axis=1) for own in found)


def rank_moments(paths, doubts, n, labelled=()):
    """List the ``n`` segments with most doubts beyond the least of all frames."""
    least = min(own.min() for own in doubts)
    found = []
    for i, (path, own) in enumerate(zip(paths, doubts)):
        if i in labelled:
            continue
        for action, start, end in zip(*find_segments(path)):
            information = (own[start:end] - least).sum()
            found.append(_describe(i, start, end, action.item(), information))
    # equal values in order of time
    ordered = sorted(found, key=lambda one: -round(one["information"], DIGITS))
    return ordered[: int(n)]


def _describe(recording, start, end, action, information):
    return {
        "recording": recording,
        "start": int(start),
        "end": int(end),
        "action": action,
        "information": float(information),
    }


def alike_actions(videos, labels):
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
        that differ in each frame. Actions need 20 frames of two recordings, or bouts,
        in each half.

    Examples
    --------
    >>> from skl_tot.corrections import alike_actions
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=8, n_actions=3, random_state=0)
    >>> alike_actions(videos, labels)
    []
    >>> halves = [path + 3 * (path == 1) * (path[::-1].cumsum() % 2) for path in labels]
    >>> [own["actions"] for own in alike_actions(videos, halves)]
    [(1, 4)]
    """
    sample = TellingSample()
    for frames, path, breaks, _ in checked_videos(videos, labels):
        sample.add(frames, path, breaks)
    known = _halved(sample) if sample.bouts else {}
    found = []
    for pair in combinations(sorted(known), 2):
        halves = [known[label] for label in pair]
        score = max(_tell_apart(*halves), _tell_apart(*(own[::-1] for own in halves)))
        if score <= ALIKE:
            found.append({"actions": pair, "score": float(score)})
    return sorted(found, key=lambda own: own["score"])


def _halved(sample):
    """Frames of each action in both halves, scaled, of actions with enough of them."""
    frames = np.concatenate(sample.frames).astype(float)
    mean, spread = frames.mean(axis=0), frames.std(axis=0)
    axes = np.diag(1 / np.where(spread > 0, spread, np.inf))
    if len(axes) > MOST_AXES:
        some = (frames[:: len(frames) // N_DESCRIBED + 1] - mean) @ axes
        axes = axes @ np.linalg.svd(some, full_matrices=False)[2][:MOST_AXES].T
    is_one = len({video for video, _, _ in sample.bouts}) == 1
    counts: Counter = Counter()
    parts: dict = {}
    for (video, _, label), own in zip(sample.bouts, sample.frames):
        unit = counts[label] if is_one else video
        counts[label] += 1
        units, kept = parts.setdefault(label, [(set(), []), (set(), [])])[unit % 2]
        units.add(unit)
        kept.append((own - mean) @ axes)
    known = {}
    for label, halves in parts.items():
        if min(len(units) for units, _ in halves) >= LEAST_UNITS:
            joined = [np.concatenate(kept) for _, kept in halves]
            if min(map(len, joined)) >= LEAST_FRAMES:
                known[label] = joined
    return known


def _tell_apart(one, other):
    """Area under the curve of two actions, learned from their first halves."""
    spread = sum(np.cov(own[0], rowvar=False, bias=True) for own in (one, other)) / 2
    spread = np.atleast_2d(spread)
    size = np.trace(spread) / len(spread) or 1.0
    spread = (1 - SHRINKAGE) * spread + SHRINKAGE * size * np.eye(len(spread))
    line = np.linalg.solve(spread, one[0].mean(axis=0) - other[0].mean(axis=0))
    n, n_others = len(one[1]), len(other[1])
    ranks = rankdata(np.concatenate([one[1], other[1]]) @ line)
    return (ranks[:n].sum() - n * (n + 1) / 2) / (n * n_others)
