"""Matching of clusters to classes, and the frames of both."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from skl_tot.recordings.errors import errors_of_recording, refuse
from skl_tot.recordings.labels import pair_by_name, split_label_sequences
from skl_tot.recordings.names import background_labels


def match_labels(
    y_true, y_pred, *, scope="activity", ignore_labels=None, background=None
):
    r"""Match clusters one to one to classes so that most frames agree.

    .. math:: \max_{\pi} \sum_t [\pi(\hat y_t) = y_t]

    over one-to-one maps :math:`\pi` (the Hungarian method). Among several best maps,
    the choice depends on first appearance, never on names.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_frames,), or a sequence of these
        Classes and clusters, each integers or text, of one recording or of many.
    scope : {"activity", "video", "labels"}, default="activity"
        One match over the frames of all recordings, or one match per recording;
        "labels" matches nothing: predictions are labels already.
    ignore_labels : label or sequence of labels, default=None
        Classes, such as background, whose frames are first removed from both sequences;
        the frames on either side become neighbours.
    background : label, default=None
        Class of the predicted integer -1, or text "background". No other cluster is
        matched to it. By default it is the class "background" or the integer class -1;
        without such a class, -1 counts as wrong.

    Returns
    -------
    match : dict or list of dict
        The class of each cluster, None for a cluster without class. With
        ``scope="video"`` a list of dicts, one per recording, also for a single one.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, numbers of recordings or frames
        disagree, or no frame is left.

    Examples
    --------
    >>> match_labels(["cut", "cut", "cut", "mix", "mix"], [2, 2, 0, 1, 1])
    {0: None, 1: 'mix', 2: 'cut'}
    """
    matches = match_frames(y_true, y_pred, scope, ignore_labels, background).matches()
    return matches if scope == "video" else matches[0]


class MatchedFrames(NamedTuple):
    """Integer codes of the frames of all recordings, one after another."""

    classes: list  # labels of y_true
    clusters: list  # labels of y_pred
    true: np.ndarray  # code of the class of each frame
    cluster: np.ndarray  # code of its cluster
    pred: np.ndarray  # code of the class matched to the cluster, ~cluster if none
    bounds: np.ndarray  # recording i has frames bounds[i] to bounds[i + 1]
    groups: np.ndarray  # likewise for the frames that share a match

    def videos(self, codes=None):
        """Classes, and matched or given codes, of each recording with frames."""
        codes = self.pred if codes is None else codes
        cuts = pairwise(np.unique(self.bounds))
        return [(self.true[a:b], codes[a:b]) for a, b in cuts]

    def matches(self):
        """Class of each cluster, None without class: a dict per match."""
        return [self._match_of(a, b) for a, b in pairwise(self.groups)]

    def _match_of(self, start, end):
        clusters, first = np.unique(self.cluster[start:end], return_index=True)
        match = {}
        for cluster, k in zip(clusters, self.pred[start:end][first]):
            match[self.clusters[cluster]] = None if k < 0 else self.classes[k]
        return match


def match_frames(y_true, y_pred, scope, ignore_labels, background):
    """Check the input, remove ignored frames and match."""
    check_choice("scope", scope, ("activity", "video", "labels"))
    y_true, y_pred = pair_by_name(y_true, y_pred)
    true, is_single = split_label_sequences(y_true, "y_true")
    pred, _ = split_label_sequences(y_pred, "y_pred")
    _check_lengths(true, pred, is_single)
    ends = np.cumsum([len(video) for video in true])
    classes, true = _encode(true)
    clusters, cluster = _encode(pred)
    kept = ~_is_one_of(classes, ignore_labels)[true]
    if not kept.any():
        raise ValueError("ignore_labels holds every label of y_true, no frame is left.")
    true, cluster = true[kept], cluster[kept]
    bounds = np.r_[0, np.cumsum(kept)[ends - 1]]
    groups = bounds if scope == "video" else bounds[[0, -1]]
    fixed = _background_codes(clusters, classes, background)
    pred = np.empty_like(cluster)
    for a, b in pairwise(groups):
        if scope == "labels":
            pred[a:b] = _same_codes(clusters, classes, *fixed)[cluster[a:b]]
        else:
            pred[a:b] = _match_codes(true[a:b], cluster[a:b], *fixed)
    return MatchedFrames(classes, clusters, true, cluster, pred, bounds, groups)


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
    """Distinct labels, as Python values, and the code of each frame."""
    labels, codes = np.unique(np.concatenate(sequences), return_inverse=True)
    return labels.tolist(), codes


def _is_one_of(classes, ignore_labels):
    """Mask of the classes to ignore; the text "1" is not the number 1."""
    ignored = ignore_labels
    if hasattr(ignored, "tolist"):
        ignored = ignored.tolist()
    if ignored is None or np.isscalar(ignored):
        ignored = [ignored]
    try:
        ignored = set(ignored)
    except TypeError:
        expected = "a label or a sequence of labels"
        refuse("ignore_labels", ignore_labels, expected, TypeError)
    return np.array([label in ignored for label in classes])


def _background_codes(clusters, classes, background):
    """Codes of the cluster and of the class that are background, or None."""
    if background is not None and not np.isscalar(background):
        refuse("background", background, "one label", TypeError)
    cluster, background = background_labels(clusters, classes, background)
    return _index_of(cluster, clusters), _index_of(background, classes)


def _same_codes(clusters, classes, background_cluster, background_class):
    """Code of the class with each cluster's name, ~cluster without one."""
    codes = ~np.arange(len(clusters))
    for cluster, label in enumerate(clusters):
        if label in classes:
            codes[cluster] = classes.index(label)
    if background_cluster is not None and background_class is not None:
        codes[background_cluster] = background_class
    return codes


def _index_of(label, labels):
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
