"""Scores of a segmentation that need no ground truth."""

import numpy as np
from scipy.stats import entropy

from skl_tot.decoding.background import MIN_VARIANCE, ActionMoments

UNIFORM_WEIGHT = 0.1
# Of what the video tells. 1 and 3 chose almost as well.
VIDEO_WEIGHT = 2.0


def carried_information(read_blocks, labels, n_actions):
    r"""Judge labels by what carries over from video to video, and by what does not.

    From the information of `held_out_information` twice that of `video_information` is
    taken: labels that only tell videos apart are known to other videos, too, but are no
    actions that they share. On seven recorded and four generated sets, the scores of
    some hundred fits each had a rank correlation of 0.66 with the share of frames that
    were right, on average, and above 0.25 on each; without the second term 0.56, and
    below 0 on two.

    Parameters are as of `held_out_information`, and the result is in nats, at most
    log(K).

    >>> videos = [np.array([[0.0], [1.0]]), np.array([[0.1], [0.9]])]
    >>> labels = [np.array([0, 1]), np.array([0, 1])]
    >>> carried_information(lambda i: [videos[i]], labels, 2)
    0.641...
    """
    shared = held_out_information(read_blocks, labels, n_actions)
    return shared - VIDEO_WEIGHT * video_information(labels, n_actions)


def video_information(labels, n_actions):
    r"""Measure how much the video tells of the label of a frame, in nats.

    With the entropy H of the labels of all frames, and those of the :math:`n_v` frames
    of each video v,

    .. math:: H(y) - \sum_v \frac{n_v}{N} H(y_v) .

    It is 0 if all actions have the same share of each video. ``labels`` has an array of
    ints below K for each video, negative for background, which is left out.

    >>> video_information([np.array([0, 1]), np.array([0, 0, 1, 1])], 2)
    0.0
    >>> video_information([np.array([0, 0]), np.array([1, 1])], 2)  # log(2)
    0.693...
    """
    counts = np.zeros((len(labels), n_actions))
    for row, path in zip(counts, labels):
        row += np.bincount(path[path >= 0], minlength=n_actions)
    counts = counts[counts.any(axis=1)]
    if not len(counts):
        return 0.0
    lengths = counts.sum(axis=1)
    within = lengths @ entropy(counts, axis=1) / lengths.sum()
    return max(0.0, float(entropy(counts.sum(axis=0)) - within))


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

    It is in nats, at most log(K); negative if other videos mislead, and 0 if either
    half has no frames. ``read_blocks(i)`` yields blocks (n_rows, n_features) of the
    frames of video i, in comparable units, and is called twice for each; ``labels`` has
    an array of ints below K for each, negative for background, which is left out.

    >>> videos = [np.array([[0.0], [1.0]]), np.array([[0.1], [0.9]])]
    >>> labels = [np.array([0, 1]), np.array([0, 1])]
    >>> held_out_information(lambda i: [videos[i]], labels, 2)  # log(2) + log(0.95)
    0.641...
    """
    halves = _moments_of_halves(read_blocks, labels, n_actions)
    if not all(half.counts.any() for half in halves):
        return 0.0
    totals, log_likelihood = np.zeros(n_actions), 0.0
    for half, scores, actions in _judged_by_others(read_blocks, labels, halves):
        joint = half.counts * np.exp(scores - scores.max(axis=1, keepdims=True))
        own = joint[np.arange(len(actions)), actions] / joint.sum(axis=1)
        mixed = (1 - UNIFORM_WEIGHT) * own + UNIFORM_WEIGHT / n_actions
        log_likelihood += np.log(mixed).sum()
        totals += np.bincount(actions, minlength=n_actions)
    return float(entropy(totals) + log_likelihood / totals.sum())


def held_out_agreement(read_blocks, labels, n_actions):
    r"""Tell the share of frames that other videos label alike, less that by chance.

    The Gaussians of `held_out_information` say of each frame of the other half which
    action is likeliest, all being equally likely before. With the share a of frames in
    which that is the label, and the share c in which it would be if both were drawn by
    themselves, this is Cohen's kappa,

    .. math:: \max(0, (a - c) / (1 - c)).

    It is 1 if labels carry over, and 0 if they do not, or if all labels are the same.
    With frames in one half only, it is not known, and nan. Parameters are as of
    `held_out_information`.

    >>> videos = [np.array([[0.0], [1.0]]), np.array([[0.1], [0.9]])]
    >>> labels = [np.array([0, 1]), np.array([0, 1])]
    >>> held_out_agreement(lambda i: [videos[i]], labels, 2)
    1.0
    >>> held_out_agreement(lambda i: [videos[i]], [labels[0], 1 - labels[1]], 2)
    0.0
    """
    halves = _moments_of_halves(read_blocks, labels, n_actions)
    if not all(half.counts.any() for half in halves):
        return float("nan")
    table = np.zeros((n_actions, n_actions))
    for _, scores, actions in _judged_by_others(read_blocks, labels, halves):
        np.add.at(table, (actions, scores.argmax(axis=1)), 1)
    table /= table.sum()
    chance = float(table.sum(axis=0) @ table.sum(axis=1))
    if chance >= 1:
        return 0.0
    return max(0.0, (float(np.trace(table)) - chance) / (1 - chance))


def _judged_by_others(read_blocks, labels, halves):
    """Yield, block by block, the other half, its scores of the actions, and labels."""
    for i in range(len(labels)):
        half = halves[1 - i % 2]
        weights, offsets = _discriminant(half)
        for rows, actions in _labelled_blocks(read_blocks(i), labels[i]):
            yield half, (rows - half.shift) @ weights.T + offsets, actions


def _moments_of_halves(read_blocks, labels, n_actions):
    """Moments of the actions over the videos of even index, and over the others."""
    halves = ActionMoments(n_actions), ActionMoments(n_actions)
    for i in range(len(labels)):
        for rows, actions in _labelled_blocks(read_blocks(i), labels[i]):
            halves[i % 2].add(rows, actions)
    return halves


def _discriminant(moments):
    """Log-densities as weights (K, n_features) of features and offsets (K,)."""
    means = moments.means()
    variances = moments.counts @ moments.variances() / moments.counts.sum()
    weights = means / np.maximum(variances, MIN_VARIANCE)
    offsets = -0.5 * (means * weights).sum(axis=1)
    offsets[moments.counts == 0] = -np.inf
    return weights, offsets


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
