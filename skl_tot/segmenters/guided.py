"""What a segmenter learns of labels and transcripts, beside its clusters."""

from typing import NamedTuple

import numpy as np

from skl_tot.inputs.forms import errors_in
from skl_tot.inputs.guidance import read_labels, read_transcripts
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME, split_label_sequences
from skl_tot.inputs.states import check_item
from skl_tot.meta.guide import (
    N_BINS,
    add_new_actions,
    align_transcripts,
    fill_timestamps,
    fit_guide,
)
from skl_tot.methods.discriminants import SHRINKAGE, check_appearance, measure_spread


class Known(NamedTuple):
    """What is known of the videos of a fit.

    Attributes
    ----------
    kind : {"labels", "transcripts"}
        What it is.
    values : list of ndarray of int
        From `read_labels` or `read_transcripts`.
    classes : ndarray of shape (n_classes,)
        What the values stand for.
    """

    kind: str
    values: list
    classes: np.ndarray


def read_known(kind, y, arrays, form, n_actions):
    """Check ``y`` of a fit whose ``guidance`` is ``kind``."""
    read = {"labels": read_labels, "transcripts": read_transcripts}[kind]
    return Known(kind, *read(y, list(map(len, arrays)), form, n_actions))


def learn_guide(known, videos, clusterings, n_actions):
    """Learn a guide from what is known of videos.

    Parameters
    ----------
    known : Known
        What is known.
    videos : StandardizedVideos
        Videos of the fit.
    clusterings : list of list of ndarray of int of shape (n_frames_i,)
        Clusters of their frames.
    n_actions : int
        Number of clusters, and of actions at most.

    Returns
    -------
    guide : dict of ndarray
        From `fit_guide`.
    classes : ndarray of shape (n_classes,)
        Labels, and names of actions that were found besides.
    given : list of ndarray of int of shape (n_frames_i,)
        Labels that stay as they are, -1 elsewhere.
    """
    spread = measure_spread(videos, SHRINKAGE)
    n_labels = len(known.classes)
    if known.kind == "transcripts":
        given = align_transcripts(
            videos, known.values, clusterings, n_labels, n_actions, spread
        )
        n_found, labels = n_labels, given
    else:
        given, filled = known.values, fill_timestamps(known.values)
        labels, n_found = add_new_actions(
            filled, clusterings[0], n_labels, n_actions - n_labels, n_actions
        )
    guide = fit_guide(videos, labels, clusterings, n_found, n_actions, spread)
    return guide, name_new_actions(known.classes, n_found), given


def name_new_actions(classes, n_actions):
    """Add names of actions without a label: further numbers, or "action 1", ….

    Examples
    --------
    >>> name_new_actions(np.array([0, 5]), 3)
    array([0, 5, 6])
    >>> name_new_actions(np.array(["action 1", "pour"]), 3)
    array(['action 1', 'pour', 'action 2'], dtype='<U8')
    """
    n_new = n_actions - len(classes)
    if classes.dtype.kind != "U":
        return np.concatenate([classes, classes.max() + 1 + np.arange(n_new)])
    names, number = classes.tolist(), 1
    while len(names) < n_actions:
        if f"action {number}" not in names:
            names.append(f"action {number}")
        number += 1
    return np.array(names)


def words_of(classes):
    """Labels of all actions, and last, as that of code -1, that of background."""
    background = BACKGROUND_NAME if classes.dtype.kind == "U" else BACKGROUND
    return np.concatenate([classes, np.array([background])])


def in_words(paths, classes):
    """Labels that codes (n_frames_i,) stand for; -1 is background."""
    words = words_of(classes)
    return [words[path] for path in paths]


def codes_of_transcripts(transcripts, classes, form):
    """Transcripts in labels as sequences of their codes; refuses unknown labels."""
    if hasattr(transcripts, "__len__") and len(transcripts) == 0:
        return transcripts  # which is refused as without a guide
    codes = {label: code for code, label in enumerate(classes.tolist())}
    sequences, _ = split_label_sequences(transcripts, "transcripts")
    found = []
    for i, sequence in enumerate(sequences):
        with errors_in(form, i):
            found.append(_codes_of(sequence.tolist(), codes))
    return found


def _codes_of(labels, codes):
    """Codes of the labels of a transcript."""
    unknown = [label for label in labels if label not in codes]
    if unknown or not labels:
        what = f"has {unknown[0]!r}" if unknown else "is empty"
        raise ValueError(f"the transcript {what}, expected labels of {list(codes)}.")
    return [codes[label] for label in labels]


def check_guide(guide, classes, n_clusters, n_features):
    """Refuse what is no ``guide_`` of a fit; models of before had none."""
    if guide is None:
        return
    if not isinstance(classes, np.ndarray) or classes.dtype.kind not in "iU":
        raise ValueError(f"classes_ is {classes!r}, expected an array of labels")
    n_classes = classes.size
    if classes.ndim != 1 or not 0 < len(np.unique(classes)) == n_classes:
        raise ValueError(f"classes_ is {classes!r}, expected distinct labels")
    check_appearance(guide, "guide_", n_classes, n_features)
    ratios = guide.get("ratios")
    n_clusterings = len(ratios) if isinstance(ratios, np.ndarray) and ratios.ndim else 0
    shapes = {
        "ratios": (n_clusterings, n_clusters, n_classes),
        "times": (N_BINS, n_classes),
        "moves": (n_classes, n_classes),
        "starts": (n_classes,),
    }
    for name, shape in shapes.items():
        check_item(guide, "guide_", name, shape)
    for name in ("moves", "starts"):
        if (guide[name] > 0).any():
            raise ValueError(
                f"guide_[{name!r}] has values above 0, expected logarithms"
            )
