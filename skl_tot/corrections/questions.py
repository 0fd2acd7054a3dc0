"""Suggestions: doubtful moments, and actions that are alike."""

from collections import Counter
from itertools import combinations

import numpy as np
from scipy.special import entr
from scipy.stats import rankdata

from skl_tot.decoding.evidence import linear_log_densities, shrunk
from skl_tot.methods.pipelines import segmenter_of, transform_before
from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.labels import find_segments, with_background
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.features import TellingSample, checked_videos

MATTERS = 0.325  # nats; as of a probability of 0.9, and 0.1 of another action
N_DESCRIBED = 1000  # most frames that describe features
DIGITS = 9  # rounding, so that equal values are sorted by index


@with_shared_texts
def most_informative(model, X, n=1) -> list[dict]:
    """List the moments whose labels would teach a model most: segments in doubt.

    Doubt is the entropy of ``predict_posterior`` in nats. Reports list segments with a
    mean from 0.325 on, as of a probability of 0.9, and 0.1 of another action.

    Parameters
    ----------
    {shared: model, X}
    n : int, default=1
        Maximum number of results.

    Returns
    -------
    ranking : list of dict
        Most informative first. Each has "recording" (the index), "start" and
        "end" (exclusive) in frames, "action" (the label of the segment; -1 is
        background), and "information": the sum of the doubts of the frames, each minus
        the median doubt of all frames of the action in ``X``.

    {shared: raises}

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.corrections import most_informative
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> (moment,) = most_informative(HMMSegmenter(3).fit(videos), videos)
    >>> sorted(moment)
    ['action', 'end', 'information', 'recording', 'start']
    """
    segmenter = segmenter_of(model)
    if not (is_int(n) and n >= 1):
        refuse("n", n, "an integer of at least 1")
    paths, doubts = [], []
    for decoded in segmenter.decode(transform_before(model, X)):
        paths.append(decoded.path)
        doubts.append(measure_doubts(decoded))
    labels = with_background(segmenter.actions_)
    return rank_moments([labels[path] for path in paths], doubts, n)


def measure_doubts(decoded, names=None):
    """Doubt (n_frames,) about a decoded recording; equal ``names`` are one action."""
    probabilities = decoded.posterior
    if names is not None:
        probabilities = probabilities @ (names[:, None] == np.unique(names))
    # rounding may make some negative
    return entr(np.maximum(probabilities.astype(float), 0)).sum(axis=1)


def rank_moments(paths, doubts, n, least=0):
    """List the ``n`` segments with most doubts beyond those usual for their action."""
    # each has a mean doubt of `least` or more, as long ones have many that are small
    labels, values = np.concatenate(paths), np.concatenate(doubts)
    usual = {
        action: np.median(values[labels == action]) for action in np.unique(labels)
    }
    moments = []
    for i, (path, doubt) in enumerate(zip(paths, doubts)):
        for action, start, end in zip(*find_segments(path)):
            if doubt[start:end].mean() < least:
                continue
            information = float((doubt[start:end] - usual[action]).sum())
            place = {"recording": i, "start": int(start), "end": int(end)}
            about = {"action": action.item(), "information": information}
            moments.append(place | about)
    # equal values in order of time
    moments.sort(key=lambda moment: -round(moment["information"], DIGITS))
    return moments[: int(n)]


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
    halves_of = _halved(sample) if sample.bouts else {}
    alike = []
    for pair in combinations(sorted(halves_of), 2):
        first, second = (halves_of[label] for label in pair)
        score = max(_tell_apart(first, second), _tell_apart(first[::-1], second[::-1]))
        if score <= 0.7:
            alike.append({"actions": pair, "score": float(score)})
    return sorted(alike, key=lambda entry: entry["score"])


def _halved(sample):
    """Frames of both halves, scaled, by action; without actions that have too few."""
    # Recordings are in both halves in turn, or bouts of a single recording.
    transform = _fit_axes(np.concatenate(sample.frames).astype(float))
    is_single = len({video for video, _, _ in sample.bouts}) == 1
    n_bouts: Counter = Counter()
    units: dict = {}
    frames_of: dict = {}
    for (video, _, label), frames in zip(sample.bouts, sample.frames):
        unit = n_bouts[label] if is_single else video
        n_bouts[label] += 1
        half = unit % 2
        units.setdefault(label, (set(), set()))[half].add(unit)
        frames_of.setdefault(label, ([], []))[half].append(transform(frames))
    halves_of = {}
    for label, parts in frames_of.items():
        if min(map(len, units[label])) >= 2:
            halves = list(map(np.concatenate, parts))
            if min(map(len, halves)) >= 20:
                halves_of[label] = halves
    return halves_of


def _fit_axes(frames):
    """Fit a scaling of features to frames, and up to 40 principal axes; a function."""
    mean, spread = frames.mean(axis=0), frames.std(axis=0)
    axes = np.diag(1 / np.where(spread > 0, spread, np.inf))
    n_axes = 40  # more would need more frames of each action than there may be
    if len(axes) > n_axes:
        spaced = (frames[:: len(frames) // N_DESCRIBED + 1] - mean) @ axes
        axes = axes @ np.linalg.svd(spaced, full_matrices=False)[2][:n_axes].T
    return lambda new: (new - mean) @ axes


def _tell_apart(first, second):
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
