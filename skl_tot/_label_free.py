"""Scores of a segmentation that need no ground truth."""

import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from skl_tot._background import MIN_VARIANCE


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


def held_out_table(read_blocks, labels, n_actions):
    """Count how frames are labelled by what other videos say of their features.

    Every second video makes a Gaussian for each action, with independent features of
    variances that the actions share; the frames of the other videos get the action of
    the likeliest one. Then the two halves change places.

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
    table : ndarray of shape (n_actions, n_actions)
        Frames by label (rows) and by the action that the other videos say (columns).

    Examples
    --------
    >>> videos = [np.array([[0.0], [1.0]]), np.array([[0.1], [0.9], [0.8]])]
    >>> labels = [np.array([0, 1]), np.array([0, 1, 1])]
    >>> held_out_table(lambda i: [videos[i]], labels, 2)
    array([[2., 0.],
           [0., 3.]])
    """
    halves, shift = {0: None, 1: None}, None
    for i in range(len(labels)):
        for rows, actions in _labelled_blocks(read_blocks(i), labels[i]):
            if shift is None:
                # any frame will do: far from 0 the squares would cancel
                shift = rows[0].astype(np.float64)
            rows = rows - shift
            codes = np.eye(n_actions)[actions].T
            squares = np.einsum("ij,ij->j", rows, rows)  # rows**2 would take memory
            new = codes.sum(axis=1), codes @ rows, squares
            old = halves[i % 2]
            halves[i % 2] = new if old is None else [a + b for a, b in zip(old, new)]
    table = np.zeros((n_actions, n_actions))
    if halves[0] is None or halves[1] is None:
        return table
    for i in range(len(labels)):
        counts, sums, squares = halves[1 - i % 2]
        means = sums / np.maximum(counts, 1)[:, None]
        variances = (squares - counts @ means**2) / counts.sum()
        weights = means / np.maximum(variances, MIN_VARIANCE)
        offsets = np.where(counts > 0, -0.5 * (means * weights).sum(axis=1), -np.inf)
        for rows, actions in _labelled_blocks(read_blocks(i), labels[i]):
            found = ((rows - shift) @ weights.T + offsets).argmax(axis=1)
            pairs = actions * n_actions + found
            table += np.bincount(pairs, minlength=table.size).reshape(table.shape)
    return table


def agreement_and_information(table):
    r"""Cohen's kappa of a table of counts, and the information that it shows.

    .. math::

        \kappa = \frac{\sum_k p_{kk} - \sum_k p_{k\cdot} p_{\cdot k}}
                      {1 - \sum_k p_{k\cdot} p_{\cdot k}}, \qquad
        I = \sum_{kl} p_{kl} \log \frac{p_{kl}}{p_{k\cdot} p_{\cdot l}}

    Parameters
    ----------
    table : ndarray of shape (n_actions, n_actions)
        Counts.

    Returns
    -------
    kappa : float
        1 for a diagonal, 0 for chance.
    information : float
        In nats, at least 0.

    Examples
    --------
    >>> agreement_and_information(np.array([[2.0, 0.0], [0.0, 2.0]]))
    (1.0, 0.693...)
    """
    joint = table / max(table.sum(), 1)
    chance = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
    expected = np.trace(chance)
    if expected == 1 or not joint.any():  # one action only, or no frames
        return 0.0, 0.0
    shown = joint > 0
    information = (joint[shown] * np.log(joint[shown] / chance[shown])).sum()
    return float((np.trace(joint) - expected) / (1 - expected)), float(information)


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


def _action_means(blocks, labels):
    """Mean features (n_features,), float64, of each action of one video."""
    sums = {}
    for rows, actions in _labelled_blocks(blocks, labels):
        for action in np.unique(actions):
            total = rows[actions == action].sum(axis=0, dtype=np.float64)
            sums[action] = sums.get(action, 0) + total
    return {action: total / (labels == action).sum() for action, total in sums.items()}
