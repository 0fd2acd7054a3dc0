"""Scores of state detection for one recording: covering and state matching."""

import numpy as np

from skl_tot.metrics import match_labels
from skl_tot.recordings.labels import find_segments


def covering(true, states):
    """Overlap of predicted with true segments, whatever their label.

    Arbelaez et al., "Contour detection and hierarchical image segmentation", TPAMI
    2011; van den Burg and Williams, "An evaluation of change point detection
    algorithms", 2020.
    """
    segments = [find_segments(np.asarray(labels)).lengths for labels in (true, states)]
    of_true, of_pred = (np.repeat(np.arange(len(n)), n) for n in segments)
    shared = np.zeros((len(segments[0]), len(segments[1])))
    np.add.at(shared, (of_true, of_pred), 1)
    iou = shared / (segments[0][:, None] + segments[1] - shared)
    return segments[0] @ iou.max(axis=1) / len(true)


def state_matching(true, states):
    """State matching score of states that are matched to the true classes.

    Chavelli, Boniol and Thomazo, "Toward interpretable evaluation measures for time
    series segmentation", NeurIPS 2025.
    """
    match = match_labels(true, states)
    codes = {label: code for code, label in enumerate(np.unique(true).tolist())}
    for state, label in match.items():
        codes[state, None] = codes.get(label, len(codes))
    pred = np.array([codes[state, None] for state in np.asarray(states).tolist()])
    return match_states(np.unique(true, return_inverse=True)[1], pred)


def match_states(true, pred):
    """State matching score of equal codes: errors cost by their kind and place."""
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
    # weights of missing segments, transitions, delays and isolated errors, as published
    weight = np.select(
        [n_segments > 2, n_segments == 2, is_delay],
        [0.5 * (1 - 1.5 / n_segments), 0.3 * far, 0.1],
        0.8 * far,
    )
    return 1 - (end - start) @ (1 + weight) / n_frames
