"""Scores of a segmentation without ground truth."""

# ``read_blocks(i)`` yields blocks (n_rows, n_features) of the frames of recording i, in
# comparable units; ``labels`` has an array of ints below K for each recording, negative
# for background, which is ignored. Information is in nats.

from collections import Counter

import numpy as np
from scipy.stats import entropy

from skl_tot.decoding.evidence import MIN_VARIANCE, ActionMoments, linear_log_densities
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    as_sequence,
    label_blocks,
    split_label_sequences,
)


def effective_actions(y) -> float:
    r"""Compute the number of actions in effect, from their shares p of the frames.

    .. math:: \exp\Bigl(-\sum_k p_k \log p_k\Bigr)

    It is K if all actions have equal shares, and near 1 if one has almost all frames.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence of these
        Labels, integers or text. Background (-1 or "background") is no action.

    Returns
    -------
    number : float
        From 1 to the number of distinct actions; 0 without any.

    Examples
    --------
    >>> from skl_tot.metrics import effective_actions
    >>> effective_actions([["wait"] * 98, ["cut", "mix"]])
    1.1...
    """
    paths, _ = split_label_sequences(as_sequence(y), "y")
    counts: Counter = Counter()
    for path in paths:  # together, they would take several times their memory
        counts.update(dict(zip(*np.unique(path, return_counts=True))))
    counts.pop(BACKGROUND, None)
    counts.pop(BACKGROUND_NAME, None)
    # equal shares give an integer, which a search compares
    return round(float(np.exp(entropy([*counts.values()]))), 9) if counts else 0.0


def transfer_score(read_blocks, labels, n_actions):
    """Exponential of information between recordings, minus twice that of recordings."""
    # It is 0 for too few actions in effect: less than two, or K / 2 for K below four.
    # Labels without information have 1, which is more than wrong ones, so that a search
    # would prefer a collapse.
    n_effective = effective_actions(labels)
    if n_effective < min(2, n_actions / 2) or n_effective <= 1 < n_actions:
        return 0.0
    # 1 and 3 in place of 2 chose almost as well. On seven recorded and four generated
    # sets, the score of some hundred fits each had a rank correlation of 0.66 with the
    # share of correct frames; without this term 0.56, and below 0 on two sets.
    shared = held_out_information(read_blocks, labels, n_actions)
    return float(np.exp(shared - 2.0 * video_information(labels, n_actions)))


def video_information(labels, n_actions):
    """Compute the information H(y) - sum_v n_v H(y_v) / N of recordings v on labels."""
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
    """Information of features on labels, by Gaussians of other recordings."""
    # Every second recording gives a Gaussian for each action, with independent features
    # and common variances, and the posterior p of the frames of the others; then the
    # halves are exchanged. As independent features are overconfident, p is mixed with
    # the uniform distribution. It is H(y) plus the mean of log p(y); 0 if a half has no
    # frames.
    totals, log_likelihood = np.zeros(n_actions), 0.0
    for half, scores, actions in _judged_by_others(read_blocks, labels, n_actions):
        joint = half.counts * np.exp(scores - scores.max(axis=1, keepdims=True))
        posteriors = joint[np.arange(len(actions)), actions] / joint.sum(axis=1)
        log_likelihood += np.log(0.9 * posteriors + 0.1 / n_actions).sum()
        totals += np.bincount(actions, minlength=n_actions)
    if not totals.any():
        return 0.0
    return float(entropy(totals) + log_likelihood / totals.sum())


def held_out_agreement(read_blocks, labels, n_actions):
    """Cohen's kappa (0 to 1) of labels with predictions of other recordings, or NaN."""
    table = np.zeros((n_actions, n_actions))
    for _, scores, actions in _judged_by_others(read_blocks, labels, n_actions):
        np.add.at(table, (actions, scores.argmax(axis=1)), 1)
    if not table.any():
        return float("nan")
    table = table / table.sum()
    chance = float(table.sum(axis=0) @ table.sum(axis=1))
    if chance >= 1:
        return 0.0
    return max(0.0, (float(np.trace(table)) - chance) / (1 - chance))


def _judged_by_others(read_blocks, labels, n_actions):
    """Yield blocks of labels, with scores by the recordings of the other half."""
    halves = ActionMoments(n_actions), ActionMoments(n_actions)
    for i in range(len(labels)):
        for rows, actions in _blocks_with_action(read_blocks(i), labels[i]):
            halves[i % 2].add(rows, actions)
    if not all(half.counts.any() for half in halves):
        return
    for i in range(len(labels)):
        half = halves[1 - i % 2]
        variances = half.counts @ half.variances() / half.counts.sum()
        variances = np.maximum(variances, MIN_VARIANCE)
        weights, offsets = linear_log_densities(half.means(), variances)
        offsets[half.counts == 0] = -np.inf
        for rows, actions in _blocks_with_action(read_blocks(i), labels[i]):
            yield half, (rows - half.shift) @ weights.T + offsets, actions


def _blocks_with_action(blocks, labels):
    """Yield frames of blocks that have an action, and their actions."""
    for block, actions in label_blocks(blocks, labels):
        has_action = actions >= 0
        if has_action.any():
            yield block[has_action], actions[has_action]
