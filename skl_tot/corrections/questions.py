"""What to label next: recordings, or moments, that a model is least sure of."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import entr, softmax

from skl_tot.methods.pipelines import segmenter_of, transform_before
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import find_segments, with_background

UNITS = ("videos", "moments")
DIGITS = 9  # that tell what is alike but for rounding, so that its order is its place


def most_informative(model, X, n=1, unit="videos"):
    """Say what to label next: where labels would tell most.

    The doubt of a frame is the entropy of ``predict_posterior``, in nats. For
    `AutoSegmenter` the entropy of its votes is added (not with ``combine="best"``).

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one.
    X : array-like of shape (n_frames, n_features), or sequence of such
        One recording or many. Leave those out that you have labelled.
    n : int, default=1
        How many to list at most.
    unit : {"videos", "moments"}, default="videos"
        What to list: whole recordings, by the mean doubt of their frames; or segments,
        by the sum of their doubts beyond that of the surest frame in ``X``, as every
        frame has some. So neither long segments nor scraps at boundaries come first for
        their length alone.

    Returns
    -------
    found : list of dict
        Most informative first. Each has "video", the index, "start" and "end"
        (exclusive), in frames, "action", the label of the segment (-1 is background;
        None for a recording), and "information", what it is listed by, in nats.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError, ValueError
        If a recording, ``n`` or ``unit`` is not valid.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.corrections import most_informative
    >>> from skl_tot.datasets import make_activities
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> (found,) = most_informative(HMMSegmenter(3).fit(videos), videos)
    >>> sorted(found)
    ['action', 'end', 'information', 'start', 'video']
    """
    _check_question(n, unit)
    segmenter = segmenter_of(model)
    paths, doubts = [], []
    for reading in segmenter.readings(transform_before(model, X)):
        paths.append(reading.path)
        doubts.append(measure_doubts(segmenter, reading))
    if unit == "videos":
        return rank_videos(doubts, n)
    words = with_background(segmenter.actions_)
    return rank_moments([words[path] for path in paths], doubts, n)


def _check_question(n, unit):
    """Refuse numbers and units that ask for nothing."""
    is_number = isinstance(n, (int, np.integer)) and not isinstance(n, bool)
    if not is_number or n < 1:
        raise ValueError(f"n is {short_repr(n)}, expected an integer of at least 1.")
    if not isinstance(unit, str) or unit not in UNITS:
        raise ValueError(f"unit is {short_repr(unit)}, expected 'videos' or 'moments'.")


def order_to_review(counts, features, checked=(), n=1):
    """List recordings to check and learn next, which others are most like.

    Each adds most to the sum, over all recordings, of how like the most similar one is
    that is checked or listed before. Recordings with most doubts are often odd, and
    teach less.

    Parameters
    ----------
    counts : array-like of shape (n_recordings, n_actions)
        Number of frames of each action in each recording, as predicted.
    features : array-like of shape (n_recordings, n_values)
        What the signals of each are like, as of `describe_signals`.
    checked : sequence of int, default=()
        Indices of recordings that are checked.
    n : int, default=1
        How many to list at most.

    Returns
    -------
    found : list of int
        Indices of recordings that are not checked.

    Examples
    --------
    >>> counts = [[9, 1], [5, 5], [5, 5], [1, 9]]
    >>> order_to_review(counts, np.zeros((4, 1)), n=3)
    [1, 0, 3]
    """
    counts = np.asarray(counts, dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    parts = [_scaled(np.sqrt(shares)), _scaled(np.asarray(features, dtype=float))]
    points = np.hstack(parts)
    gaps = cdist(points, points, "sqeuclidean")
    # what is far from all others is like none, and comes late
    likeness = np.exp(-gaps / (np.median(gaps[gaps > 0]) if gaps.any() else 1))
    found = list(checked)
    most = likeness[:, found].max(axis=1, initial=0)
    for _ in range(min(n, len(gaps) - len(found))):
        gains = np.maximum(likeness - most[:, None], 0).sum(axis=0).round(DIGITS)
        gains[found] = -1
        found.append(int(gains.argmax()))
        most = np.maximum(most, likeness[:, found[-1]])
    return found[len(checked) :]


def describe_signals(videos):
    """Means and deviations (n_recordings, 2 n_features) of the features of recordings.

    Each is brought to a deviation of 1 between recordings. Gaps are as if they were 0.
    """
    values = []
    for video in videos:
        frames = np.nan_to_num(np.asarray(video, dtype=float))
        values.append(np.concatenate([frames.mean(axis=0), frames.std(axis=0)]))
    values = np.array(values) - np.mean(values, axis=0)
    spread = values.std(axis=0)
    return values / np.where(spread > 0, spread, 1)


def _scaled(values):
    """Bring the mean square of the distances from the mean to 1, if there are any."""
    values = values - values.mean(axis=0)
    scale = np.sqrt((values**2).sum(axis=1).mean())
    return values / (scale if scale > 0 else 1)


def measure_doubts(segmenter, reading, names=None):
    """Doubt (n_frames,) of what a segmenter reads, those of one of ``names`` alike."""
    found = [reading.posterior]
    if getattr(segmenter, "combine", None) == "vote":
        found.append(softmax(reading.log_likelihood, axis=1))
    if names is not None:
        alike = (names[:, None] == np.unique(names)).astype(float)
        found = [probabilities @ alike for probabilities in found]
    return sum(map(_entropy, found))


def _entropy(probabilities):
    """Entropy of each row; rounding may have left values a little below 0.

    >>> _entropy(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3)
    array([0.693, 0.   ])
    """
    return entr(np.maximum(probabilities.astype(float), 0)).sum(axis=1)


def rank_videos(doubts, n):
    """List the ``n`` recordings with most doubts; as `rank_moments`, without action."""
    found = []
    for i, own in enumerate(doubts):
        found.append(_describe(i, 0, len(own), None, own.mean()))
    return _most(found, n)


def rank_moments(paths, doubts, n):
    """List the ``n`` segments with most doubts beyond the least of all frames.

    >>> doubts = np.array([0.25, 0.25, 0.25, 0.25, 0.75])
    >>> (found,) = rank_moments([np.array([0, 0, 0, 0, 1])], [doubts], 1)
    >>> found["start"], found["end"], found["action"], found["information"]
    (4, 5, 1, 0.5)
    """
    least = min(own.min() for own in doubts)
    found = []
    for i, (path, own) in enumerate(zip(paths, doubts)):
        for action, start, end in zip(*find_segments(path)):
            information = (own[start:end] - least).sum()
            found.append(_describe(i, start, end, action.item(), information))
    return _most(found, n)


def _describe(video, start, end, action, information):
    return {
        "video": video,
        "start": int(start),
        "end": int(end),
        "action": action,
        "information": float(information),
    }


def _most(found, n):
    """First ``n`` by information; of those alike, what comes first."""
    ordered = sorted(found, key=lambda one: -round(one["information"], DIGITS))
    return ordered[: int(n)]
