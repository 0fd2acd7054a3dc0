"""Scores that the literature of state detection and of change points uses."""

from itertools import pairwise

import numpy as np
from sklearn import metrics

from skl_tot.metrics.matching import check_choice, match_frames
from skl_tot.metrics.scores import SegmentationScorer, overlap_segments
from skl_tot.recordings.labels import find_segments

# Of the errors of `state_matching_score`, from no weight to as much again as a frame.
DELAY, TRANSITION, ISOLATION, MISSING = 0.1, 0.3, 0.8, 0.5


def adjusted_rand_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    """Compute the adjusted Rand index (ARI): right pairs of frames, beyond chance.

    A pair is right if its frames are of one class and of one cluster, or of two and of
    two. Clusters are not matched to classes, so that several for one class cost less
    than in `mof_score`. It is that of `sklearn.metrics` over lists of videos.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    average : {"pooled", "video"}, default="pooled"
        Whether the frames of all videos are scored together, so that a cluster has to
        mean the same in each, or the scores of the videos are averaged, as papers on
        state detection do.
    ignore_labels : optional
        As in `match_labels`, and so are the errors raised.

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

    That of `sklearn.metrics` over lists of videos. It is not corrected for chance: many
    clusters have more of it than few.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    average, ignore_labels : optional
        As in `adjusted_rand_score`, and so are the errors raised.

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


def covering_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    r"""Covering: how well predicted segments cover the true ones, whatever their label.

    .. math:: \frac1T \sum_{A} |A| \max_{\hat A} \frac{|A \cap \hat A|}{|A \cup \hat A|}

    over the true segments A and predicted ones of the same video.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`; only where they change counts.
    average : {"pooled", "video"}, default="pooled"
        Whether all frames weigh the same, or all videos do.
    ignore_labels : optional
        As in `match_labels`, and so are the errors raised.

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
    r"""State matching score (SMS): right frames, where errors weigh by their kind.

    .. math:: 1 - \frac1T \sum_e |e| (1 + w_e)

    over runs e of frames in which one class is predicted and another one is true. The
    class predicted for a run is that before or after it, and both are right there: a
    *delay*, w = 0.1. It covers the end of one true segment and the start of the next:
    a *transition*, w = 0.3 d. It covers more, n of them: *missing*,
    w = 0.5 (1 - 1.5 / n). All others, inside of one true segment, are *isolated*,
    w = 0.8 d. With d the distance of the middle of the run from the next change of
    class, or end of the video, in halves of the video.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    average : {"pooled", "video"}, default="pooled"
        Whether all frames weigh the same, or all videos do, as in the paper, which
        also has ``scope="video"``.
    scope, ignore_labels, background : optional
        As in `match_labels`, and so are the errors raised.

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
covering_scorer = SegmentationScorer(covering_score, matches=False)
state_matching_scorer = SegmentationScorer(state_matching_score)


def _videos(frames):
    """Classes and clusters of each video that has a frame left."""
    cuts = pairwise(np.unique(frames.bounds))
    return [(frames.true[a:b], frames.cluster[a:b]) for a, b in cuts]


def _labellings(y_true, y_pred, average, ignore_labels):
    """Classes and clusters of all frames, or of those of each video."""
    check_choice("average", average, ("pooled", "video"))
    frames = match_frames(y_true, y_pred, "labels", ignore_labels, None)
    if average == "pooled":
        return [(frames.true, frames.cluster)]
    return _videos(frames)


def _mean(scores):
    return float(np.mean(list(scores)))


def _average(sums, average):
    """Mean over frames or over videos of (sum over frames, frames) of each video."""
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
    n_frames, none = len(true), max(true.max(), pred.max()) + 1  # no frame has it
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
    # of the frames before and after, as one was put in front of the first
    is_delay = (right[start] == label) | (right[end + 1] == label)
    weight = np.select(
        [n_segments > 2, n_segments == 2, is_delay],
        [MISSING * (1 - 1.5 / n_segments), TRANSITION * far, DELAY],
        ISOLATION * far,
    )
    return n_frames - (end - start) @ (1 + weight), n_frames
