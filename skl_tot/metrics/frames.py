"""Scores of the frames of a segmentation: of matched clusters, and of clusterings."""

import numpy as np
from sklearn import metrics

from skl_tot.metrics.matching import match_frames
from skl_tot.shared_texts import with_shared_texts


@with_shared_texts
def mof_score(
    y_true,
    y_pred,
    *,
    average=None,
    scope=None,
    activities=None,
    ignore_labels=None,
    background=None,
) -> float:
    r"""Mean over frames (MoF): share of frames with the right matched class.

    .. math:: \frac1T \sum_t [\pi(\hat y_t) = y_t]

    Parameters
    ----------
    {shared: y_true, average, scope}

    {shared: of_score}

    Examples
    --------
    >>> mof_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.75
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    return frames.average(right_frames(frames), average)


def right_frames(frames):
    """Right frames and all frames of each recording, of matched frames."""
    pairs = frames.recordings()
    return [(np.count_nonzero(true == pred), len(true)) for true, pred in pairs]


@with_shared_texts
def miou_score(
    y_true, y_pred, *, scope=None, activities=None, ignore_labels=None, background=None
) -> float:
    r"""Mean over classes of the intersection over union (IoU) of their frames.

    .. math:: \frac1C \sum_c \frac{|\{t: y_t = c \wedge \pi(\hat y_t) = c\}|}
                                  {|\{t: y_t = c \vee \pi(\hat y_t) = c\}|}

    With several matches, each is scored on its classes, and the scores are averaged.

    {shared: of_labels, of_score}

    Examples
    --------
    >>> miou_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.583...
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    return class_means(frames)[0]


@with_shared_texts
def mean_recall_score(
    y_true, y_pred, *, scope=None, activities=None, ignore_labels=None, background=None
) -> float:
    r"""Mean over classes of their recall, the share of their frames that are right.

    .. math:: \frac1C \sum_c \frac{|\{t: y_t = c \wedge \pi(\hat y_t) = c\}|}
                                  {|\{t: y_t = c\}|}

    Rare actions have the same weight as frequent ones. With several matches, each is
    scored on its classes, and the scores are averaged. Supervised papers call it MoC.

    {shared: of_labels, of_score}

    Examples
    --------
    >>> mean_recall_score(["cut", "cut", "cut", "mix"], [0, 0, 0, 0])
    0.5
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    return class_means(frames)[1]


def class_means(frames):
    """Mean IoU and mean recall of the classes of each match, then over matches."""
    means = []
    for true, pred in frames.groups(frames.match_of, frames.pred):
        _, hits, n_true, n_pred = class_counts(true, pred)
        means.append([np.mean(hits / (n_true + n_pred - hits)), np.mean(hits / n_true)])
    return np.mean(means, axis=0).tolist()


def class_counts(true, pred):
    """Classes that occur, with their correct, true and predicted frames."""
    classes, n_true = np.unique(true, return_counts=True)
    size = classes[-1] + 1
    hits = np.bincount(true[true == pred], minlength=size)[classes]
    n_pred = np.bincount(pred[pred >= 0], minlength=size)[classes]
    return classes, hits, n_true, n_pred


@with_shared_texts
def adjusted_rand_score(
    y_true, y_pred, *, average=None, activities=None, ignore_labels=None
) -> float:
    """Compute the adjusted Rand index (ARI): correct pairs of frames, beyond chance.

    A pair is correct if its frames have equal classes and equal clusters, or different
    classes and different clusters. Equals that of `sklearn.metrics`, over lists of
    recordings.

    Parameters
    ----------
    {shared: y_true}
    average : {"pooled", "activity", "recording"}, default=None
        Whether the frames of all recordings are scored together, or scores of
        activities or recordings are averaged. None is "activity" if ``activities`` are
        given, else "pooled".
    {shared: activities, ignore_labels}

    Returns
    -------
    score : float
        Up to 1; about 0 by chance.

    References
    ----------
    Hubert and Arabie, "Comparing partitions", Journal of Classification, 1985.

    Examples
    --------
    >>> adjusted_rand_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.571...
    """
    frames = match_frames(y_true, y_pred, "labels", activities, ignore_labels, None)
    return score_clusters(metrics.adjusted_rand_score, frames, average)


@with_shared_texts
def adjusted_mutual_info_score(
    y_true, y_pred, *, average=None, activities=None, ignore_labels=None
) -> float:
    r"""Compute the adjusted mutual information (AMI) of classes and clusters.

    .. math:: \frac{I(y; \hat y) - E[I]}{\frac12 (H(y) + H(\hat y)) - E[I]}

    E[I] is the mean information of clusters of the same sizes with shuffled frames.
    Equals that of `sklearn.metrics`, over lists of recordings. One action for all
    frames scores 0, whatever its `mof_score`.

    Parameters
    ----------
    {shared: y_true}
    average, activities, ignore_labels : optional
        As in `adjusted_rand_score`, with its errors.

    Returns
    -------
    score : float
        Up to 1; about 0 by chance.

    References
    ----------
    Vinh, Epps and Bailey, "Information theoretic measures for clusterings comparison",
    Journal of Machine Learning Research, 2010.

    Examples
    --------
    >>> adjusted_mutual_info_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.571...
    """
    frames = match_frames(y_true, y_pred, "labels", activities, ignore_labels, None)
    return score_clusters(metrics.adjusted_mutual_info_score, frames, average)


def score_clusters(score, frames, average):
    """Mean over groups of recordings of a score of clusters, not matched."""
    groups = frames.groups(frames.group_of(average), frames.cluster)
    return float(np.mean([score(true, clusters) for true, clusters in groups]))
