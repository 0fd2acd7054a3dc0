"""Scores of an unsupervised segmentation after Hungarian matching of its clusters.

Clusters carry no names, so every score first matches them one to one to the classes of
the ground truth. One match over all videos (``scope="activity"``) asks that a cluster
means the same action everywhere; a match for each video (``scope="video"``) is easier.
Scores of the two scopes must not be compared.
"""

import numbers
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import make_scorer

from skl_tot.inputs.labels import (
    background_labels,
    find_segments,
    name_labels,
    split_label_sequences,
)


def match_labels(
    y_true, y_pred, *, scope="activity", ignore_labels=None, background=None
):
    r"""Match clusters one to one to classes so that most frames agree.

    .. math:: \max_{\pi} \sum_t [\pi(\hat y_t) = y_t]

    over one-to-one maps :math:`\pi` (the Hungarian method). Which of several best maps
    is returned depends on when clusters and classes first appear, never on their names.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, integers or strings, of one video or of many. The two may
        differ in type.
    scope : {"activity", "video"}, default="activity"
        One match over the frames of all videos, or one match for each video.
    ignore_labels : label or sequence of labels, default=None
        Classes, such as background, whose frames are first removed from both sequences;
        the frames on either side become neighbours. Labels that do not occur are
        allowed. A video without a frame left counts in no score.
    background : label, default=None
        Class that the predicted integer -1, or text "background", stands for. No other
        cluster is matched to it. By default it is the class "background" or the integer
        class -1; without such a class, -1 counts as wrong.

    Returns
    -------
    match : dict or list of dict
        The class of each cluster, None for a cluster without class. With
        ``scope="video"`` a list of dicts, one for each video, also of a single video.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor strings, numbers of videos or frames
        disagree, a video is empty, no frame is left, or ``scope`` is unknown.

    References
    ----------
    Kuhn, "The Hungarian method for the assignment problem", 1955.

    Examples
    --------
    >>> match_labels(["cut", "cut", "cut", "mix", "mix"], [2, 2, 0, 1, 1])
    {0: None, 1: 'mix', 2: 'cut'}
    """
    frames = _match_frames(y_true, y_pred, scope, ignore_labels, background)
    matches = []
    for a, b in pairwise(frames.groups):
        clusters, first = np.unique(frames.cluster[a:b], return_index=True)
        pairs = zip(clusters, frames.pred[a:b][first])
        matches.append(
            {frames.clusters[i]: None if k < 0 else frames.classes[k] for i, k in pairs}
        )
    return matches if scope == "video" else matches[0]


def mof_score(y_true, y_pred, *, scope="activity", ignore_labels=None, background=None):
    r"""Mean over frames (MoF): share of frames whose matched class is right.

    .. math:: \frac1T \sum_t [\pi(\hat y_t) = y_t]

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    scope, ignore_labels, background : optional
        As in `match_labels`, and so are the errors raised.

    Returns
    -------
    score : float
        In [0, 1]. Every frame weighs the same, so long videos count more.

    References
    ----------
    Kukleva et al., "Unsupervised learning of action classes with continuous temporal
    embedding", CVPR 2019.

    Examples
    --------
    >>> mof_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.75
    """
    frames = _match_frames(y_true, y_pred, scope, ignore_labels, background)
    return float(np.mean(frames.true == frames.pred))


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
    r"""Segmental F1 (F1@50 for an overlap of 0.5), which punishes over-segmentation.

    .. math:: \frac{2\, TP}{n_{\text{true}} + n_{\text{pred}}}

    Each predicted segment points at the true segment of its class, in the same video,
    with the largest intersection over union (IoU). TP counts the true segments pointed
    at with an IoU of at least ``overlap``, each once. All other predicted segments are
    false positives, those of clusters without class included.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    overlap : float in (0, 1], default=0.5
        Smallest IoU of a hit.
    average : {"pooled", "video"}, default="pooled"
        Whether the counts are summed over all videos, as is usual for this score, or
        the F1 of each video is averaged, as Kumar et al. do.
    scope, ignore_labels, background : optional
        As in `match_labels`.

    Returns
    -------
    score : float
        In [0, 1].

    Raises
    ------
    TypeError, ValueError
        As in `match_labels`, and if ``overlap`` or ``average`` is out of range.

    References
    ----------
    Lea et al., "Temporal convolutional networks for action segmentation and detection",
    CVPR 2017; Kumar et al., CVPR 2022, section 4.

    Examples
    --------
    >>> segment_f1_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1], overlap=0.6)
    0.5
    """
    if not (isinstance(overlap, numbers.Real) and 0 < overlap <= 1):
        raise ValueError(f"overlap is {overlap!r}, expected a number in (0, 1].")
    _check_choice("average", average, ("pooled", "video"))
    frames = _match_frames(y_true, y_pred, scope, ignore_labels, background)
    counts = np.array(
        [_segment_counts(true, pred, overlap) for true, pred in frames.videos()]
    )
    if average == "pooled":
        counts = counts.sum(axis=0, keepdims=True)
    hits, n_true, n_pred = counts.T
    return float(np.mean(2 * hits / (n_true + n_pred)))


def edit_score(
    y_true, y_pred, *, scope="activity", ignore_labels=None, background=None
):
    r"""Segmental edit score, for the order of the actions whatever their duration.

    .. math:: 1 - \frac{\mathrm{Lev}(s, \hat s)}{\max(|s|, |\hat s|)}

    with the Levenshtein distance of the labels of true and predicted segments, averaged
    over videos.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    scope, ignore_labels, background : optional
        As in `match_labels`, and so are the errors raised.

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
    frames = _match_frames(y_true, y_pred, scope, ignore_labels, background)
    return float(np.mean([_edit_similarity(*video) for video in frames.videos()]))


def miou_score(
    y_true, y_pred, *, scope="activity", ignore_labels=None, background=None
):
    r"""Mean over classes of the intersection over union (IoU) of their frames.

    .. math:: \frac1C \sum_c \frac{|\{t: y_t = c \wedge \pi(\hat y_t) = c\}|}
                                  {|\{t: y_t = c \vee \pi(\hat y_t) = c\}|}

    Rare actions weigh as much as frequent ones. With ``scope="activity"`` the frames of
    all videos are counted together; with ``scope="video"`` each video is scored on the
    classes it holds, and the scores are averaged.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    scope, ignore_labels, background : optional
        As in `match_labels`, and so are the errors raised.

    Returns
    -------
    score : float
        In [0, 1].

    Examples
    --------
    >>> miou_score(["cut", "cut", "mix", "mix"], [0, 0, 0, 1])
    0.583...
    """
    frames = _match_frames(y_true, y_pred, scope, ignore_labels, background)
    groups = frames.videos() if scope == "video" else [(frames.true, frames.pred)]
    counts = [_class_counts(*group)[1:] for group in groups]
    return float(np.mean([np.mean(tp / (n + m - tp)) for tp, n, m in counts]))


def segmentation_report(
    y_true,
    y_pred,
    *,
    scope="activity",
    ignore_labels=None,
    background=None,
    target_names=None,
    digits=3,
    output_dict=False,
):
    """Report the scores of each action and of the whole, as text or dict.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of such
        Classes and clusters, as in `match_labels`.
    scope, ignore_labels, background : optional
        As in `match_labels`.
    target_names : dict or sequence of str, default=None
        Names to show: of some labels as ``{label: name}``, or of all labels as a
        sequence in which integer ``i`` is ``target_names[i]``. Of string labels a
        sequence gives the order only.
    digits : int, default=3
        Decimals in the text.
    output_dict : bool, default=False
        Whether to return a dict.

    Returns
    -------
    report : str or dict
        ``"actions"`` has by name the frame-wise ``"precision"``, ``"recall"``,
        ``"f1-score"`` and ``"iou"`` in [0, 1] over all videos, the number of true
        ``"frames"`` and the matched ``"cluster"``: None where there is none, and always
        with ``scope="video"``, where it differs between videos. ``"totals"`` has the
        scores and numbers below. ``"clusters without class"`` has by cluster the number
        of frames that are wrong because no class was matched to it.

    Raises
    ------
    TypeError, ValueError
        As in `match_labels`, and if a label has no name or a name repeats.

    Examples
    --------
    >>> y_true = ["cut", "cut", "cut", "mix", "mix", "mix"]
    >>> print(segmentation_report(y_true, [2, 2, 0, 1, 1, 1]))
                            precision    recall  f1-score       iou    frames   cluster
    <BLANKLINE>
                       cut      1.000     0.667     0.800     0.667         3         2
                       mix      1.000     1.000     1.000     1.000         3         1
    <BLANKLINE>
                       MoF      0.833
                     F1@50      0.800
                      edit      0.667
                      mIoU      0.833
                    videos          1
                    frames          6
    <BLANKLINE>
    clusters without class  0 (frames: 1)
    """
    options = {"scope": scope, "ignore_labels": ignore_labels, "background": background}
    frames = _match_frames(y_true, y_pred, **options)
    codes, *counts = (c.tolist() for c in _class_counts(frames.true, frames.pred))
    labels = [frames.classes[k] for k in codes]
    counts = dict(zip(labels, zip(*counts)))
    names = name_labels(labels, target_names)
    match = match_labels(y_true, y_pred, **options) if scope == "activity" else {}
    cluster_of = {label: cluster for cluster, label in match.items()}
    actions = {
        name: _action_scores(*counts[label]) | {"cluster": cluster_of.get(label)}
        for label, name in names.items()
    }
    totals = {
        "MoF": mof_score(y_true, y_pred, **options),
        "F1@50": segment_f1_score(y_true, y_pred, **options),
        "edit": edit_score(y_true, y_pred, **options),
        "mIoU": miou_score(y_true, y_pred, **options),
        "videos": len(frames.videos()),
        "frames": len(frames.true),
    }
    lost, n_lost = np.unique(~frames.pred[frames.pred < 0], return_counts=True)
    lost = {frames.clusters[i]: n for i, n in zip(lost, n_lost.tolist())}
    report = {"actions": actions, "totals": totals, "clusters without class": lost}
    return report if output_dict else _report_text(actions, totals, lost, digits)


mof_scorer = make_scorer(mof_score)
segment_f1_scorer = make_scorer(segment_f1_score)
edit_scorer = make_scorer(edit_score)
miou_scorer = make_scorer(miou_score)


def label_free_scorer(estimator, X, y=None):
    """Scorer without ground truth: ``estimator.score``, which segmenters have.

    For searches that have other scorers, too; without ``scoring`` it is what a search
    uses anyway.

    Parameters
    ----------
    estimator : estimator
        Fitted segmenter, or pipeline with one at its end.
    X : sequence of array-like of shape (n_frames_i, n_features)
        Two videos or more.
    y : None
        Ignored.

    Returns
    -------
    score : float
        See `skl_tot.TemporalOTSegmenter.score`; higher is better.

    Raises
    ------
    NotFittedError, TypeError, ValueError
        If the estimator is not fitted or a video is not valid.

    Examples
    --------
    >>> from sklearn.model_selection import cross_validate
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(n_videos=6, n_actions=3, random_state=0)
    >>> model = TemporalOTSegmenter(n_actions=3, max_iter=100, random_state=0)
    >>> scoring = {"mof": mof_scorer, "label-free": label_free_scorer}
    >>> sorted(cross_validate(model, videos, labels, scoring=scoring, cv=2))
    ['fit_time', 'score_time', 'test_label-free', 'test_mof']
    """
    return estimator.score(X)


class _Frames(NamedTuple):
    """Integer codes of the frames of all videos, one after another."""

    classes: list  # labels of y_true
    clusters: list  # labels of y_pred
    true: np.ndarray  # code of the class of each frame
    cluster: np.ndarray  # code of its cluster
    pred: np.ndarray  # code of the class matched to the cluster, ~cluster if none
    bounds: np.ndarray  # video i holds frames bounds[i] to bounds[i + 1]
    groups: np.ndarray  # likewise for the frames that share a match

    def videos(self):
        """Arrays (true, pred) of each video that has a frame left."""
        cuts = pairwise(np.unique(self.bounds))
        return [(self.true[a:b], self.pred[a:b]) for a, b in cuts]


def _match_frames(y_true, y_pred, scope, ignore_labels, background):
    """Check the input, remove ignored frames and match: all that the scores share."""
    _check_choice("scope", scope, ("activity", "video"))
    true, is_single = split_label_sequences(y_true, "y_true")
    pred, _ = split_label_sequences(y_pred, "y_pred")
    _check_lengths(true, pred, is_single)
    ends = np.cumsum([len(video) for video in true])
    classes, true = np.unique(np.concatenate(true), return_inverse=True)
    clusters, cluster = np.unique(np.concatenate(pred), return_inverse=True)
    classes, clusters = classes.tolist(), clusters.tolist()

    ignored = _label_set(ignore_labels)
    kept = np.array([label not in ignored for label in classes])[true]
    if not kept.any():
        raise ValueError("ignore_labels holds every label of y_true, no frame is left.")
    true, cluster = true[kept], cluster[kept]
    bounds = np.r_[0, np.cumsum(kept)[ends - 1]]
    groups = bounds if scope == "video" else bounds[[0, -1]]
    if background is not None and not np.isscalar(background):
        raise TypeError(f"background is {background!r}, expected one label.")
    no_action, background = background_labels(clusters, classes, background)
    fixed = [
        labels.index(label) if label in labels else None
        for labels, label in ((clusters, no_action), (classes, background))
    ]
    pred = [_match_codes(true[a:b], cluster[a:b], *fixed) for a, b in pairwise(groups)]
    return _Frames(
        classes, clusters, true, cluster, np.concatenate(pred), bounds, groups
    )


def _check_choice(name, value, choices):
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {value!r}, expected one of {choices}.")


def _check_lengths(true, pred, is_single):
    if len(true) != len(pred):
        raise ValueError(f"y_true has {len(true)} videos, y_pred has {len(pred)}.")
    for i, (n, m) in enumerate(zip(map(len, true), map(len, pred))):
        prefix = "" if is_single else f"Video {i}: "
        if n != m:
            raise ValueError(f"{prefix}y_true has {n} frames, y_pred has {m}.")
        if n == 0:
            raise ValueError(f"{prefix}y_true and y_pred have no frames.")


def _label_set(labels):
    """Python values of one label or many, so that the text "1" is not the number 1."""
    values = labels.tolist() if hasattr(labels, "tolist") else labels
    try:
        return {values} if values is None or np.isscalar(values) else set(values)
    except TypeError:
        raise TypeError(
            f"ignore_labels is {labels!r}, expected a label or a sequence of labels."
        ) from None


def _match_codes(true, cluster, background_cluster, background_class):
    """Code of the class matched to the cluster of each frame, ~cluster if none."""
    clusters, row = _by_appearance(cluster)
    classes, column = _by_appearance(true)
    # Among equally good matches the solver's choice depends on the order of rows and
    # columns. Ordering them in time lets no name decide; classes run backwards because
    # that reproduces the project's reference scores.
    classes, column = classes[::-1], len(classes) - 1 - column
    table = np.zeros((len(clusters), len(classes)))
    np.add.at(table, (row, column), 1)
    free_rows = np.flatnonzero(clusters != background_cluster)
    free_columns = np.flatnonzero(classes != background_class)
    rows, columns = linear_sum_assignment(
        table[np.ix_(free_rows, free_columns)], maximize=True
    )
    matched = ~clusters
    matched[free_rows[rows]] = classes[free_columns[columns]]
    if background_class is not None:
        matched[clusters == background_cluster] = background_class
    return matched[row]


def _by_appearance(codes):
    """Distinct codes in order of first appearance, and the index of each frame's."""
    values, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return values[order], np.argsort(order)[inverse]


def _segment_counts(true, pred, overlap):
    """Count hits, true and predicted segments of one video."""
    true_code, true_start, true_end = find_segments(true)
    code, start, end = (column[:, None] for column in find_segments(pred))
    shared = np.minimum(end, true_end) - np.maximum(start, true_start)
    joint = (end - start) + (true_end - true_start) - shared
    iou = np.where(code == true_code, shared / joint, 0)
    # a true segment that several point at is one hit
    hits = np.unique(iou.argmax(axis=1)[iou.max(axis=1) >= overlap])
    return len(hits), len(true_code), len(code)


def _edit_similarity(true, pred):
    """One minus the normalised Levenshtein distance of the segments of one video."""
    a, b = find_segments(true)[0], find_segments(pred)[0]
    steps = np.arange(len(b) + 1)
    row = steps
    for i, code in enumerate(a, start=1):
        row = np.r_[i, np.minimum(row[1:] + 1, row[:-1] + (code != b))]
        row = np.minimum.accumulate(row - steps) + steps  # insertions, one a step
    return 1 - row[-1] / max(len(a), len(b))


def _class_counts(true, pred):
    """Classes that occur, and for each its frames found, true and predicted."""
    classes, n_true = np.unique(true, return_counts=True)
    size = classes[-1] + 1
    hits = np.bincount(true[true == pred], minlength=size)[classes]
    n_pred = np.bincount(pred[pred >= 0], minlength=size)[classes]
    return classes, hits, n_true, n_pred


def _action_scores(tp, n_true, n_pred):
    return {
        "precision": tp / max(n_pred, 1),  # without a predicted frame tp is 0
        "recall": tp / n_true,
        "f1-score": 2 * tp / (n_true + n_pred),
        "iou": tp / (n_true + n_pred - tp),
        "frames": n_true,
    }


def _report_text(actions, totals, lost, digits):
    width = max(len(str(name)) for name in [*actions, "clusters without class"])

    def line(name, values):
        cells = (f"{v:.{digits}f}" if isinstance(v, float) else v for v in values)
        cells = ("-" if cell is None else str(cell) for cell in cells)
        return f"{name!s:>{width}} {''.join(f' {cell:>9}' for cell in cells)}"

    lost = ", ".join(f"{cluster} (frames: {n})" for cluster, n in lost.items())
    blocks = [
        [line("", next(iter(actions.values())))],
        [line(name, row.values()) for name, row in actions.items()],
        [line(name, [value]) for name, value in totals.items()],
        [f"{'clusters without class':>{width}}  {lost or '-'}"],
    ]
    return "\n\n".join("\n".join(block) for block in blocks)
