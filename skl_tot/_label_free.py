"""Scores of a segmentation that need no ground truth."""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning


def cross_video_consistency(videos, labels):
    r"""How much actions differ from each other, against one action between videos.

    With :math:`m_{vk}` the mean of the features over the frames of action k in video
    v, :math:`\bar m_k` its mean over the videos that show k, and :math:`\bar m` the
    mean of the latter over actions,

    .. math::

        \frac{\frac1K \sum_k \| \bar m_k - \bar m \|^2}
             {\frac1{|\{(v, k)\}|} \sum_{v,k} \| m_{vk} - \bar m_k \|^2}.

    Parameters
    ----------
    videos : iterable of iterable of ndarray of shape (n_rows, n_features)
        Features, in comparable units: of each video, consecutive blocks of its frames,
        of which one is held at a time.
    labels : sequence of ndarray of int, of shape (n_frames_i,)
        Action of each frame; negative labels are background and left out.

    Returns
    -------
    score : float
        At least 0, higher is better; inf if actions are the same in all videos, and
        nan, with an `UndefinedMetricWarning`, for fewer than two videos.

    Examples
    --------
    >>> videos = [[np.array([[0.0]]), np.array([[1.0]])], [np.array([[0.5], [1.5]])]]
    >>> cross_video_consistency(videos, [np.array([0, 1]), np.array([0, 1])])
    4.0
    """
    if len(labels) < 2:
        warnings.warn(
            "Consistency compares videos and is not defined for a single one.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
        return float("nan")
    means = {}
    for blocks, video_labels in zip(videos, labels):
        for action, mean in _action_means(blocks, video_labels).items():
            means.setdefault(action, []).append(mean)
    if not means:
        return 0.0
    centres = np.array([np.mean(group, axis=0) for group in means.values()])
    between = ((centres - centres.mean(axis=0)) ** 2).sum(axis=1).mean()
    within = np.mean(
        [
            ((mean - centre) ** 2).sum()
            for group, centre in zip(means.values(), centres)
            for mean in group
        ]
    )
    if within == 0:
        return float("inf") if between > 0 else 0.0
    return float(between / within)


def _action_means(blocks, labels):
    """Mean features (n_features,), float64, of each action of one video."""
    sums, start = {}, 0
    for block in blocks:
        block_labels = labels[start : start + len(block)]
        start += len(block)
        for action in np.unique(block_labels[block_labels >= 0]):
            total = block[block_labels == action].sum(axis=0, dtype=np.float64)
            sums[action] = sums.get(action, 0) + total
    return {action: total / (labels == action).sum() for action, total in sums.items()}
