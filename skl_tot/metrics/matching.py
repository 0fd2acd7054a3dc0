"""Matching of clusters to classes, and the frames of both."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from skl_tot.recordings.errors import errors_of_recording, refuse
from skl_tot.recordings.labels import (
    pair_by_name,
    split_label_sequences,
    values_of_recordings,
)
from skl_tot.recordings.names import background_labels


def match_labels(
    y_true,
    y_pred,
    *,
    scope="auto",
    activities=None,
    ignore_labels=None,
    background=None,
) -> dict | list[dict]:
    r"""Match clusters one to one to classes so that most frames agree.

    .. math:: \max_{\pi} \sum_t [\pi(\hat y_t) = y_t]

    over one-to-one maps :math:`\pi` (the Hungarian method). Among several best maps,
    the choice depends on first appearance, never on names.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, each integers or text, of one recording or of many.
    scope : {"all", "activity", "recording", "labels", "auto"}, default="auto"
        One match over the frames of all recordings, one for each activity, or one for
        each recording; "labels" matches nothing: predictions are labels already. "auto"
        is "activity" if ``activities`` are given, else "all".
    activities : array-like of shape (n_recordings,), or dict, default=None
        Activity of each recording, integers or text; by name if recordings have names.
        Needed for "activity".
    ignore_labels : label or sequence of labels, default=None
        Classes whose frames are first removed from both sequences; the frames on either
        side become neighbours.
    background : label, default=None
        Class that the predicted integer -1, or text "background", stands for. By
        default it is the class "background" or the integer class -1; without such a
        class, -1 counts as wrong. The other clusters are matched, and one of them may
        get this class, too.

    Returns
    -------
    match : dict or list of dict
        The class of each cluster, None for a cluster without class. With
        ``scope="activity"`` a dict of dicts by activity, with ``scope="recording"`` a
        list of dicts.

    Raises
    ------
    TypeError, ValueError
        If labels are not valid or disagree, or no frame is left.

    Examples
    --------
    >>> match_labels(["cut", "cut", "cut", "mix", "mix"], [2, 2, 0, 1, 1])
    {0: None, 1: 'mix', 2: 'cut'}
    """
    frames = match_frames(y_true, y_pred, scope, activities, ignore_labels, background)
    matches = frames.matches()
    if frames.scope == "activity":
        return dict(zip(frames.activities, matches))
    return matches if frames.scope == "recording" else matches[0]


class MatchedFrames(NamedTuple):
    """Integer codes of the frames of all recordings, one after another."""

    classes: list  # labels of y_true
    clusters: list  # labels of y_pred
    true: np.ndarray  # code of the class of each frame
    cluster: np.ndarray  # code of its cluster
    pred: np.ndarray  # code of the class matched to the cluster, ~cluster if none
    bounds: np.ndarray  # recording i has frames bounds[i] to bounds[i + 1]
    scope: str  # of each match
    match_of: np.ndarray  # number of the match of each recording
    activities: np.ndarray | None  # distinct activities
    activity_of: np.ndarray | None  # number of the activity of each recording

    def by_recording(self):
        """Codes (n_frames,) true and matched, of each recording with frames."""
        cuts = pairwise(np.unique(self.bounds))
        return [(self.true[a:b], self.pred[a:b]) for a, b in cuts]

    def by_activity(self):
        """Frames of each activity with frames, by its name, as matched here."""
        lengths, parts = np.diff(self.bounds), {}
        for k, name in enumerate(self.activities):
            chosen = self.activity_of == k
            frames = np.repeat(chosen, lengths)
            if frames.any():
                parts[name] = self._replace(
                    true=self.true[frames],
                    cluster=self.cluster[frames],
                    pred=self.pred[frames],
                    bounds=np.r_[0, np.cumsum(lengths[chosen])],
                    match_of=np.zeros(chosen.sum(), int),
                )
        return parts

    def by_group(self, group_of, codes):
        """Codes (n_frames,) true and of others, of each group with frames."""
        parts = _frames_of_groups(group_of, self.bounds)
        return [(self.true[part], codes[part]) for part in parts if len(part)]

    def average(self, ratios, average):
        """Mean over groups of the ratio of two sums over each recording with frames."""
        group_of = self.group_of(average)[np.diff(self.bounds) > 0]
        totals = np.zeros((group_of.max() + 1, 2))
        np.add.at(totals, group_of, ratios)
        numerators, denominators = totals[totals[:, 1] > 0].T
        return float(np.mean(numerators / denominators))

    def group_of(self, average):
        """Group of each recording whose scores are averaged, as in `mof_score`."""
        if average == "auto":
            average = "pooled" if self.activity_of is None else "activity"
        check_choice("average", average, ("pooled", "activity", "recording"))
        return _number_groups(average, len(self.match_of), self.activity_of)

    def matches(self):
        """Class of each cluster, None without class: a dict per match."""
        labels = [*self.classes, None]
        matches = []
        for frames in _frames_of_groups(self.match_of, self.bounds):
            clusters, first = np.unique(self.cluster[frames], return_index=True)
            codes = np.maximum(self.pred[frames][first], -1)
            pairs = zip(clusters, codes)
            matches.append({self.clusters[i]: labels[k] for i, k in pairs})
        return matches


def _number_groups(name, n_recordings, activity_of):
    """Return the number of the group of each recording, by the kind of groups."""
    if name == "activity":
        if activity_of is None:
            refuse("activities", None, "the activity of each recording")
        return activity_of
    numbers = np.arange(n_recordings)
    return numbers if name == "recording" else np.zeros_like(numbers)


def _frames_of_groups(group_of, bounds):
    """List the indices of the frames of each group of recordings, in order."""
    of_frame = np.repeat(group_of, np.diff(bounds))
    counts = np.bincount(of_frame, minlength=group_of.max() + 1)
    return np.split(np.argsort(of_frame, kind="stable"), np.cumsum(counts)[:-1])


def match_frames(y_true, y_pred, scope, activities, ignore_labels, background):
    """Check the input, remove ignored frames and match."""
    if scope == "auto":
        scope = "all" if activities is None else "activity"
    check_choice("scope", scope, ("all", "activity", "recording", "labels"))
    y_true, y_pred = pair_by_name(y_true, y_pred)
    true, is_single = split_label_sequences(y_true, "y_true")
    pred, _ = split_label_sequences(y_pred, "y_pred")
    _check_lengths(true, pred, is_single)
    named = y_true if isinstance(y_true, dict) else y_pred
    names, activity_of = read_activities(activities, named, len(true))
    match_of = _number_groups(scope, len(true), activity_of)
    ends = np.cumsum([len(labels) for labels in true])
    classes, true = _encode(true)
    clusters, cluster = _encode(pred)
    ignored = ignored_labels(ignore_labels)
    is_counted = np.array([label not in ignored for label in classes])[true]
    if not is_counted.any():
        raise ValueError("ignore_labels holds every label of y_true, no frame is left.")
    true, cluster = true[is_counted], cluster[is_counted]
    bounds = np.r_[0, np.cumsum(is_counted)[ends - 1]]
    backgrounds = _background_codes(clusters, classes, background)
    pred = np.empty_like(cluster)
    for part in _frames_of_groups(match_of, bounds):
        if scope == "labels":
            pred[part] = _same_codes(clusters, classes, *backgrounds)[cluster[part]]
        elif len(part):
            pred[part] = _match_codes(true[part], cluster[part], *backgrounds)
    codes, groups = (true, cluster, pred), (match_of, names, activity_of)
    return MatchedFrames(classes, clusters, *codes, bounds, scope, *groups)


def check_choice(name, value, choices):
    """Refuse a value outside of the choices."""
    if not isinstance(value, str) or value not in choices:
        refuse(name, value, f"one of {choices}")


def _check_lengths(true, pred, is_single):
    if len(true) != len(pred):
        raise ValueError(f"y_true has {len(true)} recordings, y_pred has {len(pred)}.")
    for i, (n, m) in enumerate(zip(map(len, true), map(len, pred))):
        with errors_of_recording(None if is_single else i):
            if n != m:
                raise ValueError(f"y_true has {n} frames, y_pred has {m}.")
            if n == 0:
                raise ValueError("y_true and y_pred have no frames.")


def _encode(sequences):
    """List distinct labels, and the code (n_frames,) of each frame of all sequences."""
    labels, codes = np.unique(np.concatenate(sequences), return_inverse=True)
    return labels.tolist(), codes


def read_activities(activities, named, n_recordings):
    """Distinct activities, and the number of that of each recording; None without."""
    if activities is None:
        return None, None
    names = list(map(str, named if isinstance(named, dict) else range(n_recordings)))
    try:
        values = values_of_recordings(activities, names, "activities")
    except ValueError as error:
        remedy = "scorer.set_score_request(activities=True) gives each fold its own"
        raise ValueError(f"{error} In a search, {remedy}.") from None
    sequences, is_single = split_label_sequences(values, "activities")
    if not is_single:
        refuse("activities", activities, "one activity for each recording")
    names, activity_of = np.unique(sequences[0], return_inverse=True)
    return names.tolist(), activity_of


def ignored_labels(ignore_labels):
    """Set of the classes to ignore; the text "1" is not the number 1."""
    ignored = ignore_labels
    if hasattr(ignored, "tolist"):
        ignored = ignored.tolist()
    if ignored is None or np.isscalar(ignored):
        ignored = [ignored]
    try:
        return set(ignored)
    except TypeError:
        expected = "a label or a sequence of labels"
        refuse("ignore_labels", ignore_labels, expected, TypeError)


def _background_codes(clusters, classes, background):
    """Codes of the cluster and of the class of background; None for one without."""
    if background is not None and not np.isscalar(background):
        refuse("background", background, "one label", TypeError)
    cluster, background = background_labels(clusters, classes, background)
    return _code_of(cluster, clusters), _code_of(background, classes)


def _same_codes(clusters, classes, background_cluster, background_class):
    """Code of the class with each cluster's name, ~cluster without one."""
    code_of = {label: code for code, label in enumerate(classes)}
    codes = np.array([code_of.get(label, ~i) for i, label in enumerate(clusters)])
    if background_cluster is not None and background_class is not None:
        codes[background_cluster] = background_class
    return codes


def _code_of(label, labels):
    return labels.index(label) if label in labels else None


def _match_codes(true, cluster, background_cluster, background_class):
    """Code of the class matched to the cluster of each frame, ~cluster without one."""
    clusters, row = _by_appearance(cluster)
    classes, column = _by_appearance(true)
    # Among equally good matches the solver's choice depends on the order of rows and
    # columns. They are ordered by time, so that names do not matter; classes run
    # backwards to reproduce the project's reference scores.
    classes, column = classes[::-1], len(classes) - 1 - column
    table = np.zeros((len(clusters), len(classes)))
    np.add.at(table, (row, column), 1)
    free = np.flatnonzero(clusters != background_cluster)
    rows, columns = linear_sum_assignment(table[free], maximize=True)
    matched = ~clusters
    matched[free[rows]] = classes[columns]
    if background_class is not None:
        matched[clusters == background_cluster] = background_class
    return matched[row]


def _by_appearance(codes):
    """Distinct codes in order of first appearance, and the index of each frame's."""
    values, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return values[order], np.argsort(order)[inverse]
