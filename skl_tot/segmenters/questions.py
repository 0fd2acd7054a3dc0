"""What to label next: videos, or moments, that a fitted segmenter is least sure of."""

import numpy as np
from scipy.special import entr

from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.labels import find_segments

UNITS = ("videos", "moments")
DIGITS = 9  # that tell what is alike but for rounding, so that its order is its place


def ask(segmenter, videos, n, unit):
    """List what ``most_informative`` gives of standardised videos."""
    _check_question(n, unit)
    paths, doubts = [], []
    for reading in segmenter._read(videos, with_posterior=True):
        votes = segmenter._votes(reading.log_likelihood)
        paths.append(reading.path)
        doubts.append(measure_doubts(reading.posterior, votes))
    if unit == "videos":
        return rank_videos(doubts, n)
    return rank_moments(segmenter._in_words(paths), doubts, n)


def _check_question(n, unit):
    """Refuse numbers and units that ask for nothing."""
    is_number = isinstance(n, (int, np.integer)) and not isinstance(n, bool)
    if not is_number or n < 1:
        raise ValueError(f"n is {short_repr(n)}, expected an integer of at least 1.")
    if not isinstance(unit, str) or unit not in UNITS:
        raise ValueError(f"unit is {short_repr(unit)}, expected 'videos' or 'moments'.")


def measure_doubts(posterior, votes=None):
    """Measure the entropy of each frame, and add that of the votes.

    Parameters
    ----------
    posterior : ndarray of shape (n_frames, n_actions)
        Probability of each action, given the video.
    votes : ndarray of shape (n_frames, n_actions), default=None
        Share of the votes for each action, if there was a vote.

    Returns
    -------
    doubts : ndarray of shape (n_frames,)
        In nats.

    Examples
    --------
    >>> measure_doubts(np.array([[0.5, 0.5], [1.0, 0.0]])).round(3)
    array([0.693, 0.   ])
    """
    doubts = _entropy(posterior)
    return doubts if votes is None else doubts + _entropy(votes)


def _entropy(probabilities):
    """Entropy of each row; rounding may have left values a little below 0."""
    return entr(np.maximum(probabilities.astype(float), 0)).sum(axis=1)


def rank_videos(doubts, n):
    """List the ``n`` videos with most doubts; as `rank_moments`, without an action."""
    found = []
    for i, of_video in enumerate(doubts):
        found.append(_describe(i, 0, len(of_video), None, of_video.mean()))
    return _most(found, n)


def rank_moments(paths, doubts, n):
    """List the ``n`` segments with most doubts.

    Probabilities are mixed with chance, so that no frame is without doubt, and plain
    sums would list the longest segments, and means scraps at boundaries. So sums are of
    what is beyond the doubt of the surest frame.

    Parameters
    ----------
    paths : list of ndarray of shape (n_frames_i,)
        Label of each frame.
    doubts : list of ndarray of shape (n_frames_i,)
        From `measure_doubts`.
    n : int
        Number of segments at most.

    Returns
    -------
    found : list of dict
        Of each segment: "video", "start", "end" (exclusive), "action", its label, and
        "information", the sum of its doubts beyond the least of all frames.

    Examples
    --------
    >>> doubts = np.array([0.25, 0.25, 0.25, 0.25, 0.75])
    >>> (found,) = rank_moments([np.array([0, 0, 0, 0, 1])], [doubts], 1)
    >>> found["start"], found["end"], found["action"], found["information"]
    (4, 5, 1, 0.5)
    """
    least = min(of_video.min() for of_video in doubts)
    found = []
    for i, (path, of_video) in enumerate(zip(paths, doubts)):
        for action, start, end in zip(*find_segments(path)):
            information = (of_video[start:end] - least).sum()
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
