"""Profiles of actions: means of features by action, and over its course."""

from typing import NamedTuple

import numpy as np

from skl_tot.recordings.errors import RecordingValueError, short_repr
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    arrange,
    as_reals,
    find_segments,
    split_label_sequences,
)
from skl_tot.recordings.layouts import as_recordings

NO_ACTIONS = (BACKGROUND, BACKGROUND_NAME, str(BACKGROUND))
# Relative variation below which a feature is constant.
CONSTANT = 10 * np.finfo(float).eps


class Profiles(NamedTuple):
    """Features during each action, in standard deviations.

    Attributes
    ----------
    actions : list of int or str
        Labels of the actions that occur, in order.
    features : list of str
        Names of the features.
    means : ndarray of shape (n_actions, n_features)
        Mean of each feature over the frames of each action, minus the mean of all
        frames, over their standard deviation; 0 for a constant feature.
    curves : ndarray of shape (n_actions, n_points, n_features)
        The same over relative time: means of parts of equal duration of each segment,
        averaged over the segments of an action.
    """

    actions: list
    features: list
    means: np.ndarray
    curves: np.ndarray


def action_profiles(videos, labels, *, feature_names=None, n_points=20):
    """Describe the features during each action.

    Parameters
    ----------
    videos : array-like of shape (n_frames, n_features), or sequence of these
        Features of one recording or of many.
    labels : array-like of shape (n_frames,), or sequence of these
        Label of each frame, integers or text. -1 and "background" are no actions; their
        frames count only in the mean and standard deviation of all frames.
    feature_names : sequence of str, default=None
        Names of the features. None takes the column names of data frames, or "feature
        0", ….
    n_points : int, default=20
        Number of parts of a segment.

    Returns
    -------
    profiles : Profiles
        Actions, features, means and curves.

    Raises
    ------
    TypeError, ValueError
        If a recording is no table of finite numbers, labels or names do not fit, or no
        frame shows an action.

    Examples
    --------
    >>> from skl_tot.statistics import action_profiles
    >>> video = [[0.0, 5.0], [0.0, 5.0], [2.0, 5.0], [2.0, 5.0]]
    >>> profiles = action_profiles(video, [0, 0, 1, 1], n_points=2)
    >>> profiles.means
    array([[-1.,  0.],
           [ 1.,  0.]])
    >>> profiles.curves.shape
    (2, 2, 2)
    """
    if type(n_points) is not int or n_points < 1:
        raise ValueError(
            f"n_points is {short_repr(n_points)}, expected an integer of at least 1."
        )
    sums = ProfileSums(n_points)
    for frames, path, _, names in checked_videos(videos, labels):
        feature_names = names if feature_names is None else feature_names
        sums.add(frames, path)
    return sums.profiles(feature_names)


def checked_videos(videos, labels):
    """Iterate over checked frames, labels, breaks and feature names of recordings."""
    try:
        videos = as_recordings(videos)
    except (TypeError, ValueError) as error:
        raise type(error)(f"videos: {error}") from None
    labels = arrange(labels, videos, "labels")
    paths, _ = split_label_sequences(labels, "labels")
    if len(paths) != len(videos):
        raise ValueError(
            f"labels has {len(paths)} sequences, expected {len(videos)}, one for each "
            "recording."
        )
    n_features = None
    for i, (video, path) in enumerate(zip(videos.arrays, paths)):
        frames = _check_video(video, i, len(path), n_features)
        n_features = frames.shape[1]
        yield frames, path, videos.breaks_of(i), _column_names(video)


def _check_video(video, i, n_labels, n_features):
    """Frames of a recording as finite float64."""
    frames = as_reals(video, f"recording {i}")
    if frames.ndim != 2 or 0 in frames.shape:
        reason = f"features have shape {frames.shape}, expected (frames, features)."
    elif len(frames) != n_labels:
        reason = f"labels has {n_labels} frames, expected {len(frames)}, as in videos."
    elif not np.isfinite(frames).all():
        reason = "features have values that are not finite; fill or leave out gaps."
    elif n_features not in (None, frames.shape[1]):
        found = f"there are {frames.shape[1]} features"
        reason = f"{found}, expected {n_features}, as in recording 0."
    else:
        return frames
    raise RecordingValueError(reason, i)


def _column_names(video):
    """Names of the columns of a data frame, if all are text; else None."""
    columns = getattr(video, "columns", None)
    if columns is None or not all(isinstance(name, str) for name in columns):
        return None
    return list(columns)


class ProfileSums:
    """Sums for `Profiles`, to which recordings are added one after the other."""

    def __init__(self, n_points):
        self.n_points, self.n_frames, self.n_features = n_points, 0, None
        self.sum, self.squares = 0, 0
        self.actions = {}  # frames, segments, sum and curves by label

    def add(self, frames, path):
        """Add the frames (n_frames, n_features) of a recording, and their labels."""
        if self.n_frames == 0:
            self.origin, self.n_features = frames[0], frames.shape[1]
        self.n_frames += len(frames)
        with np.errstate(over="ignore", invalid="ignore"):  # checked at the end
            frames = frames - self.origin  # keeps the precision of squares
            self.sum = self.sum + frames.sum(axis=0)
            self.squares = self.squares + (frames**2).sum(axis=0)
            for label, start, end in zip(*find_segments(path)):
                if label not in NO_ACTIONS:
                    self._add_segment(label.item(), frames[start:end])

    def _add_segment(self, label, frames):
        own = len(frames), 1, frames.sum(axis=0), average_parts(frames, self.n_points)
        known = self.actions.get(label, (0, 0, 0, 0))
        self.actions[label] = [before + value for before, value in zip(known, own)]

    def profiles(self, feature_names=None):
        """Divide the sums."""
        if not self.actions:
            raise ValueError("labels has only background, expected frames of actions.")
        mean = self.sum / self.n_frames
        with np.errstate(over="ignore", invalid="ignore"):
            spread = np.sqrt(np.maximum(self.squares / self.n_frames - mean**2, 0))
        if not np.isfinite(spread).all():
            raise ValueError(
                "videos has values whose squares are too large for floats."
            )
        varies = spread > CONSTANT * np.abs(self.origin)
        factors = np.where(varies, 1 / np.where(varies, spread, 1), 0)
        labels = sorted(self.actions)
        columns = zip(*(self.actions[label] for label in labels))
        n_frames, n_segments, sums, curves = map(np.array, columns)
        return Profiles(
            labels,
            check_names(feature_names, self.n_features),
            (sums / n_frames[:, None] - mean) * factors,
            (curves / n_segments[:, None, None] - mean) * factors,
        )


def check_names(names, n_features):
    """Return the names of all features as a list."""
    if names is None:
        return [f"feature {i}" for i in range(n_features)]
    if isinstance(names, (str, bytes)) or not hasattr(names, "__len__"):
        raise TypeError(
            f"feature_names is {short_repr(names)}, expected a list of names."
        )
    if len(names) != n_features:
        raise ValueError(
            f"feature_names has {len(names)} names, expected {n_features}, one for "
            "each feature."
        )
    return [str(name) for name in names]


def average_parts(frames, n_parts):
    """Average frames over parts of equal duration, which may split a frame.

    >>> average_parts(np.array([[1.0], [2.0], [3.0]]), 2).round(3).tolist()
    [[1.333], [2.667]]
    """
    edges = np.arange(n_parts + 1) * len(frames) / n_parts
    last = np.minimum(edges.astype(int), len(frames) - 1)
    sums = np.cumsum(frames, axis=0) - frames  # before each frame
    until = sums[last] + (edges - last)[:, None] * frames[last]
    return np.diff(until, axis=0) * n_parts / len(frames)
