"""Scores of the segments of a segmentation."""

import numpy as np

from skl_tot.metrics.matching import match_frames
from skl_tot.recordings.errors import is_number, refuse
from skl_tot.recordings.labels import find_segments
from skl_tot.shared_texts import with_shared_texts


@with_shared_texts
def segment_f1_score(
    y_true,
    y_pred,
    *,
    overlap=0.5,
    average=None,
    scope=None,
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
    {shared: y_true}
    overlap : float in (0, 1], default=0.5
        Least IoU of a hit.
    average : {"pooled", "activity", "recording"}, default=None
        Whether counts are summed over all recordings, or each activity, or recording,
        has an F1 and these are averaged. None is "activity" if ``activities`` are
        given, else "pooled".
    {shared: scope}

    {shared: of_score}

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
    return [_count_segments(true, pred, overlap) for true, pred in frames.recordings()]


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


@with_shared_texts
def edit_score(
    y_true,
    y_pred,
    *,
    average=None,
    scope=None,
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
    {shared: y_true}
    average : {"recording", "activity"}, default=None
        "activity" averages the means over the recordings of each activity. None is
        "activity" if ``activities`` are given, else "recording".
    {shared: scope}

    {shared: of_score}

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
    return [(_edit_similarity(true, pred), 1) for true, pred in frames.recordings()]


def _edit_similarity(true, pred):
    """One minus the normalised Levenshtein distance of segments of a recording."""
    true_labels, labels = find_segments(true).labels, find_segments(pred).labels
    steps = np.arange(len(labels) + 1)
    row = steps
    for i, label in enumerate(true_labels, start=1):
        row = np.r_[i, np.minimum(row[1:] + 1, row[:-1] + (label != labels))]
        row = np.minimum.accumulate(row - steps) + steps  # insertions, one a step
    return 1 - row[-1] / max(len(true_labels), len(labels))
