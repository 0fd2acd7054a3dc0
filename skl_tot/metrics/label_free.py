"""Scores of a segmentation that need no ground truth."""

import warnings

import numpy as np
from scipy.stats import entropy
from sklearn.exceptions import UndefinedMetricWarning

from skl_tot.decoding.background import MIN_VARIANCE

UNIFORM_WEIGHT = 0.1


def cross_video_consistency(videos, labels):
    r"""How much actions differ from each other, against one action between videos.

    With :math:`m_{vkd}` the mean of feature d over the frames of action k in video v,
    :math:`b_d` the variance over actions of its mean over videos
    :math:`\bar m_{kd}`, and :math:`w_d` the mean of
    :math:`(m_{vkd} - \bar m_{kd})^2` over all v and k,

    .. math::

        \frac1D \sum_d \frac{b_d}{b_d + w_d}.

    Parameters
    ----------
    videos : iterable of iterable of ndarray of shape (n_rows, n_features)
        Features: of each video, consecutive blocks of its frames, of which one is held
        at a time.
    labels : sequence of ndarray of int, of shape (n_frames_i,)
        Action of each frame; negative labels are background and left out.

    Returns
    -------
    consistency : float
        From 0 to 1, higher is better; nan, with an `UndefinedMetricWarning`, for fewer
        than two videos, and 0 if all but one are background.

    Examples
    --------
    >>> videos = [[np.array([[0.0]]), np.array([[1.0]])], [np.array([[0.5], [1.5]])]]
    >>> cross_video_consistency(videos, [np.array([0, 1]), np.array([0, 1])])
    0.8
    """
    if len(labels) < 2:
        warnings.warn(
            "Consistency compares videos and is not defined for a single one.",
            UndefinedMetricWarning,
            stacklevel=3,
        )
        return float("nan")
    if sum((path >= 0).any() for path in labels) < 2:
        return 0.0  # all others are background
    means, shift = {}, None
    for blocks, video_labels in zip(videos, labels):
        video_means, shift = _action_means(blocks, video_labels, shift)
        for action, mean in video_means.items():
            means.setdefault(action, []).append(mean)
    centres = [np.mean(group, axis=0) for group in means.values()]
    deviations = [g - c for g, c in zip(means.values(), centres)]
    between = np.var(centres, axis=0)
    within = np.mean(np.concatenate(deviations) ** 2, axis=0)
    varies = between + within > 0
    shares = between / np.where(varies, between + within, 1)
    return float(shares.mean())


def held_out_information(read_blocks, labels, n_actions):
    r"""Judge frames by other videos: what do their features tell of their labels.

    Every second video makes a Gaussian for each action, with independent features of
    variances that the actions share, and the share of frames that an action has.
    They give a posterior p for the frames of the other videos; then the two halves
    change places. With :math:`\hat p = 0.9 p + 0.1 / K`, as independent features are
    too sure of themselves, the information is the entropy of the labels less their
    cross-entropy,

    .. math::

        H(y) + \frac1N \sum_i \log \hat p_i(y_i).

    Parameters
    ----------
    read_blocks : callable
        Of the index of a video; yields consecutive blocks of its frames, ndarray of
        shape (n_rows, n_features), in comparable units. Called twice for each video.
    labels : sequence of ndarray of int, of shape (n_frames_i,)
        Action of each frame, 0 … ``n_actions - 1``; negative labels are left out.
    n_actions : int
        Number of actions K.

    Returns
    -------
    information : float
        In nats, at most log(K); negative if other videos mislead, and 0 if either half
        has no frames.

    Examples
    --------
    >>> videos = [np.array([[0.0], [1.0]]), np.array([[0.1], [0.9]])]
    >>> labels = [np.array([0, 1]), np.array([0, 1])]
    >>> held_out_information(lambda i: [videos[i]], labels, 2)  # log(2) + log(0.95)
    0.641...
    """
    halves, shift = _moments_of_halves(read_blocks, labels, n_actions)
    if any(half is None for half in halves):
        return 0.0
    totals, log_likelihood = np.zeros(n_actions), 0.0
    for i in range(len(labels)):
        counts, sums, squares = halves[1 - i % 2]
        means = sums / np.maximum(counts, 1)[:, None]
        variances = (squares - counts @ means**2) / counts.sum()
        weights = means / np.maximum(variances, MIN_VARIANCE)
        offsets = np.where(counts > 0, -0.5 * (means * weights).sum(axis=1), -np.inf)
        for rows, actions in _labelled_blocks(read_blocks(i), labels[i]):
            scores = (rows - shift) @ weights.T + offsets
            joint = counts * np.exp(scores - scores.max(axis=1, keepdims=True))
            own = joint[np.arange(len(rows)), actions] / joint.sum(axis=1)
            mixed = (1 - UNIFORM_WEIGHT) * own + UNIFORM_WEIGHT / n_actions
            log_likelihood += np.log(mixed).sum()
            totals += np.bincount(actions, minlength=n_actions)
    return float(entropy(totals) + log_likelihood / totals.sum())


def _moments_of_halves(read_blocks, labels, n_actions):
    """Sum frames by action, and squares, over the even and over the odd videos.

    Features are shifted by those of some frame: far from 0 the squares would cancel.
    """
    halves, shift = [None, None], None
    for i in range(len(labels)):
        for rows, actions in _labelled_blocks(read_blocks(i), labels[i]):
            if shift is None:
                shift = rows[0].astype(np.float64)
            rows = rows - shift
            codes = np.eye(n_actions)[actions].T
            squares = np.einsum("ij,ij->j", rows, rows)  # rows**2 would take memory
            new = codes.sum(axis=1), codes @ rows, squares
            old = halves[i % 2]
            halves[i % 2] = new if old is None else [a + b for a, b in zip(old, new)]
    return halves, shift


def _labelled_blocks(blocks, labels):
    """Yield the frames of each block that are not background, and their labels."""
    start = 0
    for block in blocks:
        actions = labels[start : start + len(block)]
        start += len(block)
        kept = actions >= 0
        if kept.all():
            yield block, actions
        elif kept.any():
            yield block[kept], actions[kept]


def _action_means(blocks, labels, shift):
    """Mean features (n_features,), float64, of each action of one video.

    Less those of some frame, which is returned too, so that constants are exactly 0.
    """
    sums = {}
    for rows, actions in _labelled_blocks(blocks, labels):
        if shift is None:
            shift = rows[0].astype(np.float64)
        for action in np.unique(actions):
            total = (rows[actions == action] - shift).sum(axis=0)
            sums[action] = sums.get(action, 0) + total
    return {k: total / (labels == k).sum() for k, total in sums.items()}, shift
