"""Scores of frames and of segments, and scorers for searches and cross-validation."""

import numpy as np
from sklearn import metrics
from sklearn.metrics._scorer import _Scorer  # `make_scorer` makes no other class
from sklearn.utils import check_random_state

from skl_tot.metrics.matching import match_frames
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import is_int, is_number, refuse
from skl_tot.recordings.labels import (
    UNKNOWN,
    UNKNOWN_NAME,
    as_sequence,
    find_segments,
    pair_by_name,
    read_labels,
)

N_DRAWS, N_SAMPLED = 50, 15  # of `released_f1_score`


def mof_score(
    y_true,
    y_pred,
    *,
    average="auto",
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
) -> float:
    r"""Mean over frames (MoF): share of frames with the right matched class.

    .. math:: \frac1T \sum_t [\pi(\hat y_t) = y_t]

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    average : {"pooled", "activity", "recording", "auto"}, default="auto"
        Whether all frames have the same weight, or all activities, or all recordings.
        "auto" is "activity" if ``activities`` are given, as is usual for them, else
        "pooled".
    scope, activities, ignore_labels, background : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> mof_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.75
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    return frames.average(right_frames(frames), average)


def right_frames(frames):
    """Right frames and all frames of each recording, of matched frames."""
    pairs = frames.by_recording()
    return [(np.count_nonzero(true == pred), len(true)) for true, pred in pairs]


def miou_score(
    y_true,
    y_pred,
    *,
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
) -> float:
    r"""Mean over classes of the intersection over union (IoU) of their frames.

    .. math:: \frac1C \sum_c \frac{|\{t: y_t = c \wedge \pi(\hat y_t) = c\}|}
                                  {|\{t: y_t = c \vee \pi(\hat y_t) = c\}|}

    With several matches, each is scored on its classes, and the scores are averaged.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    scope, activities, ignore_labels, background : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> miou_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.583...
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    return class_means(frames)[0]


def mean_recall_score(
    y_true,
    y_pred,
    *,
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
) -> float:
    r"""Mean over classes of their recall, the share of their frames that are right.

    .. math:: \frac1C \sum_c \frac{|\{t: y_t = c \wedge \pi(\hat y_t) = c\}|}
                                  {|\{t: y_t = c\}|}

    Rare actions have the same weight as frequent ones. With several matches, each is
    scored on its classes, and the scores are averaged. Supervised papers call it MoC.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    scope, activities, ignore_labels, background : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

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
    for true, pred in frames.by_group(frames.match_of, frames.pred):
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


def adjusted_rand_score(
    y_true, y_pred, *, average="auto", activities=None, ignore_labels=None
) -> float:
    """Compute the adjusted Rand index (ARI): correct pairs of frames, beyond chance.

    A pair is correct if its frames have equal classes and equal clusters, or different
    classes and different clusters. Equals that of `sklearn.metrics`, over lists of
    recordings.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    average : {"pooled", "activity", "recording", "auto"}, default="auto"
        Whether the frames of all recordings are scored together, or scores of
        activities or recordings are averaged. "auto" is "activity" if ``activities``
        are given, else "pooled".
    activities : optional
        As in `match_labels`; needed for "activity".
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
    >>> adjusted_rand_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.571...
    """
    frames = match_frames(y_true, y_pred, "labels", activities, ignore_labels, None)
    return score_clusters(metrics.adjusted_rand_score, frames, average)


def adjusted_mutual_info_score(
    y_true, y_pred, *, average="auto", activities=None, ignore_labels=None
) -> float:
    r"""Compute the adjusted mutual information (AMI) of classes and clusters.

    .. math:: \frac{I(y; \hat y) - E[I]}{\frac12 (H(y) + H(\hat y)) - E[I]}

    E[I] is the mean information of clusters of the same sizes with shuffled frames.
    Equals that of `sklearn.metrics`, over lists of recordings. One action for all
    frames scores 0, whatever its `mof_score`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
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
    groups = frames.by_group(frames.group_of(average), frames.cluster)
    return float(np.mean([score(true, clusters) for true, clusters in groups]))


def segment_f1_score(
    y_true,
    y_pred,
    *,
    overlap=0.5,
    average="auto",
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
) -> float:
    r"""Segmental F1, which penalises over-segmentation; ``F1@50`` at an overlap of 0.5.

    .. math:: \frac{2\, TP}{n_{\text{true}} + n_{\text{pred}}}

    Each predicted segment selects the true segment of its class, in the same recording,
    with the largest intersection over union (IoU). TP counts the selected true segments
    with an IoU of at least ``overlap``, each once. All other predicted segments are
    false positives.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    overlap : float in (0, 1], default=0.5
        Least IoU of a hit.
    average : {"pooled", "activity", "recording", "auto"}, default="auto"
        Whether counts are summed over all recordings, or each activity, or recording,
        has an F1 and these are averaged. "auto" is "activity" if ``activities`` are
        given, else "pooled".
    scope, activities, ignore_labels, background : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

    References
    ----------
    Lea et al., "Temporal convolutional networks for action segmentation and detection",
    CVPR 2017.

    Examples
    --------
    >>> segment_f1_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1], overlap=0.6)
    0.5
    """
    if not (is_number(overlap) and 0 < overlap <= 1):
        refuse("overlap", overlap, "a number in (0, 1]")
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    return frames.average(segment_counts(frames, overlap), average)


def segment_counts(frames, overlap):
    """Twice the hits, and all segments, of each recording of matched frames."""
    pairs = frames.by_recording()
    return [_count_segments(true, pred, overlap) for true, pred in pairs]


def _count_segments(true, pred, overlap):
    """Twice the hits, and the true and predicted segments, of one recording."""
    true_segments, segments = find_segments(true), find_segments(pred)
    i, j, iou = _overlaps(true_segments, segments)
    iou = np.where(true_segments.labels[i] == segments.labels[j], iou, 0)
    n_true, n_pred = len(true_segments.labels), len(segments.labels)
    # The best match of each predicted segment comes first; among equals, the earlier
    # one.
    best = np.lexsort((-iou, j))[np.searchsorted(j, np.arange(n_pred))]
    # several matches of one true segment are one hit
    hits = np.unique(i[best][iou[best] >= overlap])
    return 2 * len(hits), n_true + n_pred


def _overlaps(true_segments, segments):
    """Pairs (i, j) of segments with common frames, and their IoU."""
    # The intersection of two segments lies between neighbouring cuts of either
    # sequence.
    cuts = np.union1d(true_segments.starts, segments.starts)
    i = np.searchsorted(true_segments.starts, cuts, side="right") - 1
    j = np.searchsorted(segments.starts, cuts, side="right") - 1
    shared = np.diff(cuts, append=segments.ends[-1])
    joint = true_segments.lengths[i] + segments.lengths[j] - shared
    return i, j, shared / joint


def paper_f1_score(
    y_true,
    y_pred,
    *,
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
) -> float:
    """F1 as in the text of the paper of TOT: a mean over recordings.

    It is `segment_f1_score` with ``average="recording"``, where a hit overlaps a true
    segment by more than half, taken as intersection over union. The tables of the paper
    have that of the released code, `released_f1_score`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    scope, activities, ignore_labels, background : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

    References
    ----------
    Kumar et al., "Unsupervised action segmentation by joint representation learning and
    online clustering", CVPR 2022.

    Examples
    --------
    >>> y_true = [["cut", "cut", "mix", "mix"], ["cut", "mix"]]
    >>> paper_f1_score(y_true, [[0, 0, 0, 1], [0, 1]])
    0.75
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    more_than_half = np.nextafter(0.5, 1)
    return frames.average(segment_counts(frames, more_than_half), "recording")


def released_f1_score(
    y_true,
    y_pred,
    *,
    n_actions=None,
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
    random_state=None,
) -> float:
    """F1 as in the released code of TOT, for comparison with published tables.

    The score is the mean over 50 draws of 15 frames from each true segment, with
    replacement. A segment adds the share of its drawn frames that are right. Precision
    divides the sum by actions times recordings, recall by the true segments. Flaws of
    the code are kept:

    - All recordings are one sequence, so that equal actions on both sides of a seam are
      one segment.
    - The last segment of this sequence is not counted. The perfect prediction of one
      recording with two actions, once each, has 0.667.
    - Precision does not see how many segments are predicted: fragments cost nothing.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    n_actions : int, default=None
        Actions of the fit; None takes the classes that occur.
    scope, activities, ignore_labels, background : optional
        As in `match_labels`, with its errors. With ``activities``, the score is the
        mean over activities.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws.

    Returns
    -------
    score : float
        Above 1 if actions return often, as each segment adds to precision.

    Raises
    ------
    ValueError
        Also if ``y_true`` has a single segment, which does not count.

    References
    ----------
    https://github.com/trquhuytin/TOT-CVPR22

    Examples
    --------
    >>> score = released_f1_score(["cut", "cut", "mix"], [0, 0, 1], random_state=0)
    >>> round(score, 3)
    0.667
    """
    if n_actions is not None and not (is_int(n_actions) and n_actions > 0):
        refuse("n_actions", n_actions, "a positive integer, or None")
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    parts = [frames] if activities is None else frames.by_activity().values()
    rng = check_random_state(random_state)
    return float(np.mean([_sampled_f1(part, n_actions, rng) for part in parts]))


def _sampled_f1(frames, n_actions, rng):
    """Mean F1 of draws from the segments of one sequence of all recordings."""
    starts = np.flatnonzero(frames.true[1:] != frames.true[:-1]) + 1
    if not len(starts):
        raise ValueError("y_true has 1 segment, expected 2: the last does not count.")
    is_right = frames.true == frames.pred
    shares = [part.mean() for part in np.split(is_right, starts)[:-1]]
    # right ones of frames drawn with replacement
    n_right = rng.binomial(N_SAMPLED, shares, size=(N_DRAWS, len(shares)))
    total = n_right.sum(axis=1) / N_SAMPLED
    n_actions = n_actions or len(np.unique(frames.true))
    precision = total / (n_actions * np.count_nonzero(np.diff(frames.bounds)))
    recall = total / len(shares)
    # 1e-8, as there, in place of a division by zero
    return np.mean(2 * precision * recall / (precision + recall + 1e-8))


def edit_score(
    y_true,
    y_pred,
    *,
    average="auto",
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
) -> float:
    r"""Segmental edit score: the order of the actions, independent of duration.

    .. math:: 1 - \frac{\mathrm{Lev}(s, \hat s)}{\max(|s|, |\hat s|)}

    with the Levenshtein distance of the labels of true and predicted segments, averaged
    over recordings.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, as in `match_labels`.
    average : {"recording", "activity", "auto"}, default="auto"
        "activity" averages the means over the recordings of each activity. "auto" is
        "activity" if ``activities`` are given, else "recording".
    scope, activities, ignore_labels, background : optional
        As in `match_labels`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

    References
    ----------
    Lea et al., "Learning convolutional action primitives for fine-grained action
    recognition", ICRA 2016.

    Examples
    --------
    >>> edit_score(["cut", "cut", "cut", "mix"], [0, 0, 1, 0])
    0.666...
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    return frames.average(edit_similarities(frames), average)


def edit_similarities(frames):
    """Edit score and its weight, 1, of each recording of matched frames."""
    pairs = frames.by_recording()
    return [(_edit_similarity(true, pred), 1) for true, pred in pairs]


def _edit_similarity(true, pred):
    """One minus the normalised Levenshtein distance of segments of a recording."""
    true_labels, labels = find_segments(true).labels, find_segments(pred).labels
    steps = np.arange(len(labels) + 1)
    row = steps
    for i, label in enumerate(true_labels, start=1):
        row = np.r_[i, np.minimum(row[1:] + 1, row[:-1] + (label != labels))]
        row = np.minimum.accumulate(row - steps) + steps  # insertions, one a step
    return 1 - row[-1] / max(len(true_labels), len(labels))


class SegmentationScorer(_Scorer):
    """Scorer as of `make_scorer`, for labels as of a fit, perhaps unknown ones."""

    # A score that `make_scorer` calls does not see the estimator: with `classes_`,
    # predictions are labels, and nothing is matched.

    def _score(self, method_caller, estimator, X, y_true, **kwargs):
        y, predicted = pair_by_name(y_true, method_caller(estimator, "predict", X))
        names = next((list(x) for x in (y, predicted) if isinstance(x, dict)), None)
        if getattr(predicted, "ndim", 0) == 1 and predicted.dtype != object:
            y, predicted = [y], [predicted]  # one recording
        predicted = Recordings(as_sequence(predicted))
        codes, classes = read_labels(as_sequence(y), predicted)
        unknown = UNKNOWN_NAME if classes.dtype.kind == "U" else UNKNOWN
        words = np.append(classes, unknown)  # the last one is that of code -1
        true = [words[path] for path in codes]
        true = true if names is None else dict(zip(names, true))
        options = {"ignore_labels": unknown} | self._kwargs | kwargs
        if getattr(estimator, "classes_", None) is not None:
            options.setdefault("scope", "labels")
        return self._sign * self._score_func(true, predicted.arrays, **options)


mof_scorer = SegmentationScorer(mof_score, 1, {})
segment_f1_scorer = SegmentationScorer(segment_f1_score, 1, {})
paper_f1_scorer = SegmentationScorer(paper_f1_score, 1, {})
released_f1_scorer = SegmentationScorer(released_f1_score, 1, {"random_state": 0})
edit_scorer = SegmentationScorer(edit_score, 1, {})
miou_scorer = SegmentationScorer(miou_score, 1, {})
mean_recall_scorer = SegmentationScorer(mean_recall_score, 1, {})


def label_free_scorer(estimator, X, y=None) -> float:
    """Scorer without ground truth: ``estimator.score`` of segmenters.

    A search without ``scoring`` uses it anyway.

    Parameters
    ----------
    estimator : estimator
        Fitted segmenter, or pipeline that ends in one.
    X : sequence of array-like of shape (n_frames_i, n_features)
        Two or more recordings.
    y : None
        Ignored.

    Returns
    -------
    score : float
        See `skl_tot.TemporalOTSegmenter.score`; higher is better.

    Examples
    --------
    >>> from sklearn.model_selection import cross_validate
    >>> from skl_tot import HMMSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> scoring = {"mof": mof_scorer, "label-free": label_free_scorer}
    >>> sorted(cross_validate(HMMSegmenter(3), videos, labels, scoring=scoring, cv=2))
    ['fit_time', 'score_time', 'test_label-free', 'test_mof']
    """
    return estimator.score(X)
