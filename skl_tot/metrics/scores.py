"""Scores of a segmentation, matched or not, and their scorers."""

import numbers

import numpy as np
from sklearn import metrics

from skl_tot.metrics.matching import check_choice, match_frames
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import (
    UNKNOWN,
    UNKNOWN_NAME,
    as_sequence,
    find_segments,
    pair_by_name,
    split_label_sequences,
)
from skl_tot.shared_texts import with_shared_texts

# Weights of the errors of `state_matching_score`, from 0 to 1.
DELAY, TRANSITION, ISOLATION, MISSING = 0.1, 0.3, 0.8, 0.5


@with_shared_texts
def mof_score(y_true, y_pred, *, scope="activity", ignore_labels=None, background=None):
    r"""Mean over frames (MoF): share of frames with the right matched class.

    .. math:: \frac1T \sum_t [\pi(\hat y_t) = y_t]

    Parameters
    ----------
    {shared: y_true, scope}

    Returns
    -------
    score : float
        In [0, 1]. Every frame has the same weight, so long recordings count more.

    References
    ----------
    Kukleva et al., "Unsupervised learning of action classes with continuous temporal
    embedding", CVPR 2019.

    Examples
    --------
    >>> mof_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.75
    """
    frames = match_frames(y_true, y_pred, scope, ignore_labels, background)
    return float(np.mean(frames.true == frames.pred))


@with_shared_texts
def segment_f1_score(
    y_true,
    y_pred,
    *,
    overlap=0.5,
    average="pooled",
    scope="activity",
    ignore_labels=None,
    background=None,
):
    r"""Segmental F1, which penalises over-segmentation; ``F1@50`` at an overlap of 0.5.

    .. math:: \frac{2\, TP}{n_{\text{true}} + n_{\text{pred}}}

    Each predicted segment selects the true segment of its class, in the same recording,
    with the largest intersection over union (IoU). TP counts the selected true segments
    with an IoU of at least ``overlap``, each once. All other predicted segments are
    false positives, including those of clusters without class.

    Parameters
    ----------
    {shared: y_true}
    overlap : float in (0, 1], default=0.5
        Least IoU of a hit.
    average : {"pooled", "video"}, default="pooled"
        Whether the counts are summed over all recordings, as is usual for this score,
        or the F1 of each recording is averaged, as in Kumar et al.
    {shared: scope}

    Returns
    -------
    score : float
        In [0, 1].

    References
    ----------
    Lea et al., "Temporal convolutional networks for action segmentation and detection",
    CVPR 2017; Kumar et al., CVPR 2022.

    Examples
    --------
    >>> segment_f1_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1], overlap=0.6)
    0.5
    """
    if not (isinstance(overlap, numbers.Real) and 0 < overlap <= 1):
        refuse("overlap", overlap, "a number in (0, 1]")
    check_choice("average", average, ("pooled", "video"))
    frames = match_frames(y_true, y_pred, scope, ignore_labels, background)
    counts = np.array(
        [_segment_counts(true, pred, overlap) for true, pred in frames.videos()]
    )
    if average == "pooled":
        counts = counts.sum(axis=0, keepdims=True)
    hits, n_true, n_pred = counts.T
    return float(np.mean(2 * hits / (n_true + n_pred)))


@with_shared_texts
def edit_score(
    y_true, y_pred, *, scope="activity", ignore_labels=None, background=None
):
    r"""Segmental edit score: the order of the actions, independent of duration.

    .. math:: 1 - \frac{\mathrm{Lev}(s, \hat s)}{\max(|s|, |\hat s|)}

    with the Levenshtein distance of the labels of true and predicted segments, averaged
    over recordings.

    Parameters
    ----------
    {shared: y_true, scope}

    Returns
    -------
    score : float
        In [0, 1], not in percent.

    References
    ----------
    Lea et al., "Learning convolutional action primitives for fine-grained action
    recognition", ICRA 2016.

    Examples
    --------
    >>> edit_score(["cut", "cut", "cut", "mix"], [0, 0, 1, 0])
    0.666...
    """
    frames = match_frames(y_true, y_pred, scope, ignore_labels, background)
    return float(np.mean([_edit_similarity(*video) for video in frames.videos()]))


@with_shared_texts
def miou_score(
    y_true, y_pred, *, scope="activity", ignore_labels=None, background=None
):
    r"""Mean over classes of the intersection over union (IoU) of their frames.

    .. math:: \frac1C \sum_c \frac{|\{t: y_t = c \wedge \pi(\hat y_t) = c\}|}
                                  {|\{t: y_t = c \vee \pi(\hat y_t) = c\}|}

    Rare actions have the same weight as frequent ones. With ``scope="video"`` each
    recording is scored on its classes, and the scores are averaged.

    Parameters
    ----------
    {shared: y_true, scope}

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> miou_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.583...
    """
    options = scope, ignore_labels, background
    return _mean_of_groups(_mean_iou, y_true, y_pred, *options)


@with_shared_texts
def mean_recall_score(
    y_true, y_pred, *, scope="activity", ignore_labels=None, background=None
):
    r"""Mean over classes of their recall, the share of their frames that are right.

    .. math:: \frac1C \sum_c \frac{|\{t: y_t = c \wedge \pi(\hat y_t) = c\}|}
                                  {|\{t: y_t = c\}|}

    Rare actions have the same weight as frequent ones, so that one action for all
    frames gets only 1 / C. A class without cluster has a recall of 0. With
    ``scope="video"`` each recording is scored on its classes, and the scores are
    averaged. Supervised papers call it MoC, or balanced accuracy.

    Parameters
    ----------
    {shared: y_true, scope}

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> mean_recall_score(["cut", "cut", "cut", "mix"], [0, 0, 0, 0])
    0.5
    """
    options = scope, ignore_labels, background
    return _mean_of_groups(_mean_recall, y_true, y_pred, *options)


@with_shared_texts
def adjusted_rand_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    """Compute the adjusted Rand index (ARI): correct pairs of frames, beyond chance.

    A pair is correct if its frames have equal classes and equal clusters, or different
    classes and different clusters. Clusters are not matched to classes. Equals that of
    `sklearn.metrics`, over lists of recordings.

    Parameters
    ----------
    {shared: y_true}
    average : {"pooled", "video"}, default="pooled"
        "pooled" scores the frames of all recordings together, so that a cluster must
        mean the same in each. "video" averages the scores of recordings.
    {shared: ignore_labels}

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
    own = metrics.adjusted_rand_score
    return _mean_of_labellings(own, y_true, y_pred, average, ignore_labels)


@with_shared_texts
def normalized_mutual_info_score(
    y_true, y_pred, *, average="pooled", ignore_labels=None
):
    r"""Normalised mutual information (NMI) of classes and clusters.

    .. math:: \frac{2\, I(y; \hat y)}{H(y) + H(\hat y)}

    Equals that of `sklearn.metrics`, over lists of recordings. It is not corrected for
    chance: it grows with the number of clusters.

    Parameters
    ----------
    {shared: y_true}
    average, ignore_labels : optional
        As in `adjusted_rand_score`, with its errors.

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> normalized_mutual_info_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.7999...
    """
    own = metrics.normalized_mutual_info_score
    return _mean_of_labellings(own, y_true, y_pred, average, ignore_labels)


@with_shared_texts
def adjusted_mutual_info_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    r"""Compute the adjusted mutual information (AMI) of classes and clusters.

    .. math:: \frac{I(y; \hat y) - E[I]}{\frac12 (H(y) + H(\hat y)) - E[I]}

    E[I] is the mean information of clusters of the same sizes with shuffled frames.
    Equals that of `sklearn.metrics`, over lists of recordings. One action for all
    frames scores 0, whatever its `mof_score`.

    Parameters
    ----------
    {shared: y_true}
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
    >>> adjusted_mutual_info_score(["cut", "cut", "cut", "mix"], [0, 0, 0, 0])
    0.0
    >>> adjusted_mutual_info_score(["cut", "cut", "mix", "mix"], [0, 0, 1, 2])
    0.571...
    """
    own = metrics.adjusted_mutual_info_score
    return _mean_of_labellings(own, y_true, y_pred, average, ignore_labels)


@with_shared_texts
def covering_score(y_true, y_pred, *, average="pooled", ignore_labels=None):
    r"""Covering: overlap of predicted with true segments, whatever their label.

    .. math:: \frac1T \sum_{A} |A| \max_{\hat A} \frac{|A \cap \hat A|}{|A \cup \hat A|}

    over the true segments A and predicted ones of the same recording.

    Parameters
    ----------
    {shared: y_true, average, ignore_labels}

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
    >>> covering_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.583...
    """
    frames = match_frames(y_true, y_pred, "labels", ignore_labels, None)
    videos = frames.videos(frames.cluster)
    return _average([_cover(*video) for video in videos], average)


@with_shared_texts
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
    {shared: y_true}
    {shared: average, scope}

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
    >>> state_matching_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])  # a delay
    0.725
    """
    frames = match_frames(y_true, y_pred, scope, ignore_labels, background)
    return _average([_match_states(*video) for video in frames.videos()], average)


def activity_purity(y_true, y_pred):
    r"""Purity: share of the recordings with the most frequent activity of their group.

    More groups than activities are not penalised; compare the numbers, too.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_videos,), or dict
        Activity and group of each recording, integers or text; by name if recordings
        have names, as in ``activities_`` of `skl_tot.ActivitySegmenter`.

    Returns
    -------
    purity : float
        In (0, 1].

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, or not of the same recordings.

    Examples
    --------
    >>> from skl_tot.metrics import activity_purity
    >>> activity_purity(["cook", "cook", "wash", "wash"], [0, 0, 1, 0])
    0.75
    """
    y_true, y_pred = map(as_sequence, pair_by_name(y_true, y_pred))
    (true,), _ = split_label_sequences(y_true, "y_true")
    (pred,), _ = split_label_sequences(y_pred, "y_pred")
    if len(true) != len(pred):
        raise ValueError(f"y_true is of {len(true)} recordings, y_pred of {len(pred)}.")
    activities, row = np.unique(true, return_inverse=True)
    groups, column = np.unique(pred, return_inverse=True)
    table = np.zeros((len(activities), len(groups)))
    np.add.at(table, (row, column), 1)
    return float(table.max(axis=0).sum() / len(true))


class SegmentationScorer:
    """A score of predictions, for searches and cross-validation."""

    # For an estimator with `classes_`, predictions are labels, and nothing is matched;
    # frames with unknown label (-1, "" or None) are ignored. `matches` is whether the
    # score matches clusters to classes otherwise.

    def __init__(self, score, *, matches=True):
        self.score, self.matches = score, matches

    def __call__(self, estimator, X, y):
        """Predict X and score against y."""
        predicted = estimator.predict(X)
        if getattr(estimator, "classes_", None) is None:
            return self.score(y, predicted)
        y, predicted = map(as_sequence, pair_by_name(y, predicted))
        is_single = getattr(predicted, "ndim", 0) == 1 and predicted.dtype != object
        pairs = [(y, predicted)] if is_single else zip(y, predicted)
        truth, found = [], []
        for labels, path in pairs:
            if labels is not None:
                own = [UNKNOWN_NAME if label is None else label for label in labels]
                truth.append(own)
                found.append(path)
        if not truth:
            raise ValueError("y has no known label, expected some to score against.")
        text = np.asarray(found[0]).dtype.kind == "U"
        unknown = UNKNOWN_NAME if text else UNKNOWN
        options = {"scope": "labels"} if self.matches else {}
        return self.score(truth, found, ignore_labels=unknown, **options)

    def __repr__(self):
        return f"{type(self).__name__}({self.score.__name__})"


mof_scorer = SegmentationScorer(mof_score)
segment_f1_scorer = SegmentationScorer(segment_f1_score)
edit_scorer = SegmentationScorer(edit_score)
miou_scorer = SegmentationScorer(miou_score)
mean_recall_scorer = SegmentationScorer(mean_recall_score)


adjusted_rand_scorer = SegmentationScorer(adjusted_rand_score, matches=False)
normalized_mutual_info_scorer = SegmentationScorer(
    normalized_mutual_info_score, matches=False
)
adjusted_mutual_info_scorer = SegmentationScorer(
    adjusted_mutual_info_score, matches=False
)
covering_scorer = SegmentationScorer(covering_score, matches=False)
state_matching_scorer = SegmentationScorer(state_matching_score)


def label_free_scorer(estimator, X, y=None):
    """Scorer without ground truth: ``estimator.score`` of segmenters.

    For searches with further scorers; a search without ``scoring`` uses it anyway.

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
        See `skl_tot.TemporalOTSegmenter.score`, also for errors; higher is better.

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


def _segment_counts(true, pred, overlap):
    """Count hits, true and predicted segments of one recording."""
    (true_code, *_), (code, *_), i, j, iou = overlap_segments(true, pred)
    iou = np.where(true_code[i] == code[j], iou, 0)
    # The best match of each predicted segment comes first; among equals, the earlier
    # one.
    best = np.lexsort((-iou, j))[np.searchsorted(j, np.arange(len(code)))]
    # several matches of one true segment are one hit
    hits = np.unique(i[best][iou[best] >= overlap])
    return len(hits), len(true_code), len(code)


def overlap_segments(true, pred):
    """Segments of both, and the pairs (i, j) with common frames, with their IoU."""
    segments = find_segments(true), find_segments(pred)
    (_, true_start, true_end), (_, start, end) = segments
    # The intersection of two segments lies between neighbouring cuts of either
    # sequence.
    cuts = np.union1d(true_start, start)
    i = np.searchsorted(true_start, cuts, side="right") - 1
    j = np.searchsorted(start, cuts, side="right") - 1
    shared = np.diff(cuts, append=len(true))
    joint = (true_end - true_start)[i] + (end - start)[j] - shared
    return *segments, i, j, shared / joint


def _edit_similarity(true, pred):
    """One minus the normalised Levenshtein distance of segments of a recording."""
    a, b = find_segments(true).labels, find_segments(pred).labels
    steps = np.arange(len(b) + 1)
    row = steps
    for i, code in enumerate(a, start=1):
        row = np.r_[i, np.minimum(row[1:] + 1, row[:-1] + (code != b))]
        row = np.minimum.accumulate(row - steps) + steps  # insertions, one a step
    return 1 - row[-1] / max(len(a), len(b))


def _mean_of_groups(score, y_true, y_pred, scope, ignore_labels, background):
    """Mean of a score of matched frames: of all together, or of each recording."""
    frames = match_frames(y_true, y_pred, scope, ignore_labels, background)
    groups = frames.videos() if scope == "video" else [(frames.true, frames.pred)]
    return float(np.mean([score(*group) for group in groups]))


def _mean_of_labellings(score, y_true, y_pred, average, ignore_labels):
    """Mean of a score of clusters, not matched: of all frames, or of each recording."""
    check_choice("average", average, ("pooled", "video"))
    frames = match_frames(y_true, y_pred, "labels", ignore_labels, None)
    groups = [(frames.true, frames.cluster)]
    if average == "video":
        groups = frames.videos(frames.cluster)
    return float(np.mean([score(*group) for group in groups]))


def _mean_recall(true, pred):
    _, hits, n_true, _ = class_counts(true, pred)
    return np.mean(hits / n_true)


def _mean_iou(true, pred):
    _, hits, n_true, n_pred = class_counts(true, pred)
    return np.mean(hits / (n_true + n_pred - hits))


def class_counts(true, pred):
    """Classes that occur, with their correct, true and predicted frames."""
    classes, n_true = np.unique(true, return_counts=True)
    size = classes[-1] + 1
    hits = np.bincount(true[true == pred], minlength=size)[classes]
    n_pred = np.bincount(pred[pred >= 0], minlength=size)[classes]
    return classes, hits, n_true, n_pred


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
    edges = np.append(find_segments(true).starts, n_frames)
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
