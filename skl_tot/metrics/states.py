"""Scores from the literature on state detection and change points."""

from itertools import pairwise

import numpy as np
from sklearn import metrics

from skl_tot.metrics.matching import check_choice, match_frames
from skl_tot.metrics.scores import SegmentationScorer, overlap_segments
from skl_tot.recordings.labels import find_segments

# Weights of the errors of `state_matching_score`, from 0 to 1.
DELAY, TRANSITION, ISOLATION, MISSING = 0.1, 0.3, 0.8, 0.5


def adjusted_rand_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    """Compute the adjusted Rand index (ARI): correct pairs of frames, beyond chance.

    A pair is correct if its frames have equal classes and equal clusters, or different
    classes and different clusters. Clusters are not matched to classes, so several
    clusters per class cost less than in `mof_score`. Equals that of `sklearn.metrics`,
    over lists of recordings.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    average : {"pooled", "video"}, default="pooled"
        "pooled" scores the frames of all recordings together, so that a cluster must
        mean the same in each. "video" averages the scores of recordings, as in papers
        on state detection.
    ignore_labels : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        Up to 1; about 0 by chance.

    References
    ----------
    Hubert and Arabie, "Comparing partitions", Journal of Classification, 1985.

    Examples
    --------
    >>> from skl_tot.metrics import adjusted_rand_score
    >>> adjusted_rand_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.571...
    """
    labellings = _labellings(y_true, y_pred, average, ignore_labels)
    return _mean(metrics.adjusted_rand_score(*own) for own in labellings)


def normalized_mutual_info_score(
    y_true, y_pred, *, average="pooled", ignore_labels=None
):
    r"""Normalised mutual information (NMI) of classes and clusters.

    .. math:: \frac{2\, I(y; \hat y)}{H(y) + H(\hat y)}

    Equals that of `sklearn.metrics`, over lists of recordings. It is not corrected for
    chance: it grows with the number of clusters.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    average, ignore_labels : optional
        As in `adjusted_rand_score`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> from skl_tot.metrics import normalized_mutual_info_score
    >>> normalized_mutual_info_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.7999...
    """
    labellings = _labellings(y_true, y_pred, average, ignore_labels)
    return _mean(metrics.normalized_mutual_info_score(*own) for own in labellings)


def adjusted_mutual_info_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    r"""Compute the adjusted mutual information (AMI) of classes and clusters.

    .. math:: \frac{I(y; \hat y) - E[I]}{\frac12 (H(y) + H(\hat y)) - E[I]}

    E[I] is the mean information of clusters of the same sizes with shuffled frames.
    Equals that of `sklearn.metrics`, over lists of recordings. One action for all
    frames scores 0, whatever its `mof_score`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`; nothing is matched.
    average, ignore_labels : optional
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
    >>> from skl_tot.metrics import adjusted_mutual_info_score
    >>> adjusted_mutual_info_score(["cut", "cut", "cut", "mix"], [0, 0, 0, 0])
    0.0
    >>> adjusted_mutual_info_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.571...
    """
    labellings = _labellings(y_true, y_pred, average, ignore_labels)
    return _mean(metrics.adjusted_mutual_info_score(*own) for own in labellings)


def covering_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    r"""Covering: overlap of predicted with true segments, whatever their label.

    .. math:: \frac1T \sum_{A} |A| \max_{\hat A} \frac{|A \cap \hat A|}{|A \cup \hat A|}

    over the true segments A and predicted ones of the same recording.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`; only their changes count.
    average : {"pooled", "video"}, default="pooled"
        Whether all frames have the same weight, or all recordings.
    ignore_labels : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        In (0, 1].

    References
    ----------
    Arbelaez et al., "Contour detection and hierarchical image segmentation", TPAMI
    2011; van den Burg and Williams, "An evaluation of change point detection
    algorithms", 2020.

    Examples
    --------
    >>> from skl_tot.metrics import covering_score
    >>> covering_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.583...
    """
    frames = match_frames(y_true, y_pred, "labels", ignore_labels, None)
    return _average([_cover(*video) for video in _videos(frames)], average)


def state_matching_score(
    y_true,
    y_pred,
    *,
    average="pooled",
    scope="activity",
    ignore_labels=None,
    background=None,
):
    r"""State matching score (SMS): correct frames, with weights of errors by kind.

    .. math:: 1 - \frac1T \sum_e |e| (1 + w_e)

    over runs e of frames with one predicted and another true class. There are four
    kinds. *Delay*: the predicted class is that before or after the run, and correct
    there, w = 0.1. *Transition*: the run covers the end of one true segment and the
    start of the next, w = 0.3 d. *Missing*: it covers n segments, w = 0.5 (1 - 1.5 /
    n). *Isolated*: all other runs, inside of one true segment, w = 0.8 d. d is the
    distance of the middle of the run from the next change of class, or end of the
    recording, in halves of the recording.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    average : {"pooled", "video"}, default="pooled"
        Whether all frames have the same weight, or all recordings, as in the paper,
        which also uses ``scope="video"``.
    scope, ignore_labels, background : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        Up to 1, above -0.8.

    References
    ----------
    Chavelli, Boniol and Thomazo, "Toward interpretable evaluation measures for time
    series segmentation", NeurIPS 2025, and its published code.

    Examples
    --------
    >>> from skl_tot.metrics import state_matching_score
    >>> state_matching_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])  # a delay
    0.725
    """
    frames = match_frames(y_true, y_pred, scope, ignore_labels, background)
    return _average([_match_states(*video) for video in frames.videos()], average)


adjusted_rand_scorer = SegmentationScorer(adjusted_rand_score, matches=False)
normalized_mutual_info_scorer = SegmentationScorer(
    normalized_mutual_info_score, matches=False
)
adjusted_mutual_info_scorer = SegmentationScorer(
    adjusted_mutual_info_score, matches=False
)
covering_scorer = SegmentationScorer(covering_score, matches=False)
state_matching_scorer = SegmentationScorer(state_matching_score)


def _videos(frames):
    """Classes and clusters of each recording with remaining frames."""
    cuts = pairwise(np.unique(frames.bounds))
    return [(frames.true[a:b], frames.cluster[a:b]) for a, b in cuts]


def _labellings(y_true, y_pred, average, ignore_labels):
    """Classes and clusters of all frames, or of those of each recording."""
    check_choice("average", average, ("pooled", "video"))
    frames = match_frames(y_true, y_pred, "labels", ignore_labels, None)
    if average == "pooled":
        return [(frames.true, frames.cluster)]
    return _videos(frames)


def _mean(scores):
    return float(np.mean(list(scores)))


def _average(sums, average):
    """Mean over frames or recordings of (sum over frames, frames) of each recording."""
    check_choice("average", average, ("pooled", "video"))
    sums, n_frames = np.transpose(sums)
    if average == "pooled":
        return float(sums.sum() / n_frames.sum())
    return float(np.mean(sums / n_frames))


def _cover(true, cluster):
    (_, start, end), _, i, _, iou = overlap_segments(true, cluster)
    best = np.zeros(len(start))
    np.maximum.at(best, i, iou)
    return (end - start) @ best, len(true)


def _match_states(true, pred):
    n_frames, none = len(true), max(true.max(), pred.max()) + 1  # an unused class
    label, start, end = find_segments(np.where(true == pred, none, pred))
    is_error = label != none
    label, start, end = label[is_error], start[is_error], end[is_error]
    edges = np.append(find_segments(true)[1], n_frames)
    first, last = np.searchsorted(edges, [start, end - 1], side="right")
    n_segments = last - first + 1
    middle = (start + end - 1) / 2
    after = np.maximum(np.searchsorted(edges, middle), 1)
    far = 2 * np.minimum(edges[after] - middle, middle - edges[after - 1]) / n_frames
    right = np.pad(np.where(true == pred, true, none), 1, constant_values=none)
    # classes of the previous and next frames; one was added before the first
    is_delay = (right[start] == label) | (right[end + 1] == label)
    weight = np.select(
        [n_segments > 2, n_segments == 2, is_delay],
        [MISSING * (1 - 1.5 / n_segments), TRANSITION * far, DELAY],
        ISOLATION * far,
    )
    return n_frames - (end - start) @ (1 + weight), n_frames
