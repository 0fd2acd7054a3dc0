"""Codes of frames: equal actions have one code, and with it one colour, in all bars."""

from itertools import chain
from typing import NamedTuple

import numpy as np

from skl_tot.inputs.errors import VideoValueError
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME, split_label_sequences
from skl_tot.inputs.names import (
    background_labels,
    default_names,
    distinct_labels,
    name_labels,
)
from skl_tot.metrics.matching import match_labels

# Code of frames of clusters without label, which no label has; `BACKGROUND` is another.
UNMATCHED = int(np.iinfo(np.intp).min)


class Encoded(NamedTuple):
    """Timelines as codes, each of which has a look and a name.

    Attributes
    ----------
    names : dict of int to str
        Name of each code, in the order of the legend.
    title : str or None
        What the names are, for the legend.
    videos : list of tuple of ndarray of shape (n_frames_i,)
        The bars of each video: of the ground truth, if there is one, and of each
        method.
    """

    names: dict
    title: str | None
    videos: list

    def key(self, videos):
        """Names of the codes that occur in some of the videos, and the title."""
        codes = set().union(*map(distinct_labels, videos))
        names = {code: name for code, name in self.names.items() if code in codes}
        return names, self.title


def encode(y_true, y_pred, *, target_names, background, **options):
    """Codes of predictions, and of ground truth if it is not None.

    The parameters are those of `SegmentationDisplay`, with ``scope`` and
    ``ignore_labels`` as ``options``. The code of an integer is the integer, that of
    text its place among ``target_names`` or, without these, all labels; a cluster has
    that of the label it is matched to.
    """
    methods = split_methods(y_pred)
    if y_true is None:
        return _encode_predictions(methods, target_names, background)
    options["background"] = background
    return _encode_with_truth(methods, y_true, target_names, **options)


def _encode_predictions(methods, target_names, background):
    """Encode predictions of each method, without ground truth."""
    if background is None:
        background = BACKGROUND_NAME  # as name_actions calls -1
    sequences = list(chain.from_iterable(methods))
    code_of, names = _number_labels(sequences, target_names, background, "action")
    bars = [_to_codes(videos, code_of) for videos in methods]
    return Encoded(names, None, list(zip(*bars)))


def _encode_with_truth(methods, y_true, target_names, *, background, **options):
    """Encode ground truth, and predictions by the labels that they are matched to."""
    true, _ = split_label_sequences(y_true, "y_true")
    clusters = set().union(*map(distinct_labels, methods))
    classes = distinct_labels(true)
    _, background_class = background_labels(clusters, classes, background)
    code_of, names = _number_labels(true, target_names, background_class, "label")
    bars, title = [_to_codes(true, code_of)], None
    for pred in methods:
        matches = match_labels(y_true, pred, background=background, **options)
        codes_of = _codes_of_clusters(matches, code_of, len(pred))
        bars.append(_to_matched_codes(pred, codes_of))
    if len(methods) == 1 and isinstance(matches, dict):
        unmatched = dict.fromkeys(sorted(clusters), UNMATCHED)
        names, title = _name_clusters(names, unmatched | codes_of[0])
    return Encoded(names, title, list(zip(*bars)))


def split_methods(y_pred):
    """Sequences of the videos for each method, checked to be of the same videos."""
    if not isinstance(y_pred, dict):
        y_pred = {None: y_pred}
    if not y_pred:
        raise ValueError("y_pred is an empty dict, expected predictions of a method.")
    methods = []
    for method, predictions in y_pred.items():
        name = "y_pred" if method is None else f"y_pred[{method!r}]"
        videos, _ = split_label_sequences(predictions, name)
        methods.append(videos)
        _check_method(name, videos, methods[0])
    return methods


def _check_method(name, videos, first_method):
    """Refuse empty videos, and others than those of the first method."""
    if len(videos) != len(first_method):
        raise ValueError(
            f"{name} has {len(videos)} videos, expected {len(first_method)} as for "
            "the first method."
        )
    for i, (video, first) in enumerate(zip(videos, first_method)):
        if len(video) == 0:
            raise VideoValueError(f"{name} has no frames.", i)
        if len(video) != len(first):
            raise VideoValueError(
                f"{name} has {len(video)} frames, expected {len(first)} as for the "
                "first method.",
                i,
            )


def _number_labels(sequences, target_names, background, word):
    """Codes of the labels that occur, and names of the codes in order of the legend.

    ``word`` stands before integers without a name.
    """
    if len({sequence.dtype.kind for sequence in sequences}) > 1:
        raise TypeError("y_pred has text for some methods and integers for others.")
    special = {BACKGROUND: BACKGROUND}
    if background is not None:
        special[background] = BACKGROUND
    labels = sorted(distinct_labels(sequences) - special.keys())
    code_of = _places(labels, target_names)
    if target_names is None:
        target_names = default_names(labels, word)
    names = {}
    for label, name in name_labels(labels, target_names).items():
        names[code_of[label]] = name
    names |= {BACKGROUND: BACKGROUND_NAME, UNMATCHED: "no match"}
    return code_of | special, names


def _places(labels, target_names):
    """Code of each label, which depends as little as can be on what else occurs."""
    if not labels or not isinstance(labels[0], str):
        return {label: label for label in labels}
    if target_names is None:
        known = labels
    elif isinstance(target_names, dict):
        known = sorted({*labels, *(x for x in target_names if isinstance(x, str))})
    else:
        known = list(target_names)
    return {label: known.index(label) for label in labels if label in known}


def _codes_of_clusters(matches, code_of, n_videos):
    """Code of each cluster by its label, a dict for each video."""
    if isinstance(matches, dict):
        matches = [matches] * n_videos
    codes = []
    for match in matches:
        of_video = {k: code_of.get(label, UNMATCHED) for k, label in match.items()}
        of_video |= {BACKGROUND: BACKGROUND, BACKGROUND_NAME: BACKGROUND}
        codes.append(of_video)
    return codes


def _to_matched_codes(pred, codes_of):
    """Codes of the labels that clusters are matched to, in each video."""
    codes = []
    for clusters, code_of in zip(pred, codes_of):
        codes += _to_codes([clusters], code_of)
    return codes


def _name_clusters(names, code_of):
    """Names of labels with that of their cluster, and what that makes them."""
    clusters = {}
    for cluster, name in default_names(code_of, "action").items():
        if code_of[cluster] != BACKGROUND:
            clusters.setdefault(code_of[cluster], []).append(name)
    if all(found == [names[code]] for code, found in clusters.items()):
        return names, None  # predictions have the names of the labels
    both = {}
    for code, name in names.items():
        found = clusters.get(code, [])
        shown = ", ".join(found)
        if len(found) > 1 and len(shown) > 40:
            shown = f"{len(found)} actions"
        both[code] = f"{name} ({shown})" if found else name
    return both, "ground truth (prediction)"


def _to_codes(videos, code_of):
    """Code of every frame."""
    codes = []
    for video in videos:
        labels, inverse = np.unique(video, return_inverse=True)
        distinct = [code_of.get(label, UNMATCHED) for label in labels.tolist()]
        codes.append(np.array(distinct)[inverse])
    return codes
