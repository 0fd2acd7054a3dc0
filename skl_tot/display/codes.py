"""Codes of frames: equal actions have one code, and with it one colour, in all bars."""

from itertools import chain

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

UNMATCHED = -2  # frames of clusters without label; `BACKGROUND` is a code, too


def encode_predictions(methods, target_names, background):
    """Codes of predictions of each method from `split_methods`, without ground truth.

    Returns
    -------
    names : dict of int to str
        Name of each code, in the order of the legend.
    videos : list of tuple of ndarray of shape (n_frames_i,)
        The bars of each video, one for each method.
    """
    if background is None:
        background = BACKGROUND_NAME  # as name_actions calls -1
    sequences = chain.from_iterable(methods)
    code_of, names = _number_labels(list(sequences), target_names, background)
    bars = [_to_codes(videos, code_of) for videos in methods]
    return names, list(zip(*bars))


def encode_with_truth(methods, y_true, target_names, *, background, **options):
    """Codes of ground truth, and of the labels that predictions are matched to.

    As `encode_predictions`, with the bar of the ground truth first. ``options`` are
    ``scope`` and ``ignore_labels`` of `match_labels`.
    """
    true, _ = split_label_sequences(y_true, "y_true")
    clusters = set().union(*map(distinct_labels, methods))
    classes = distinct_labels(true)
    _, background_class = background_labels(clusters, classes, background)
    code_of, names = _number_labels(true, target_names, background_class)
    bars = [_to_codes(true, code_of)]
    for pred in methods:
        matches = match_labels(y_true, pred, background=background, **options)
        bars.append(_to_matched_codes(pred, matches, code_of))
    return names, list(zip(*bars))


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


def _number_labels(sequences, target_names, background):
    """Codes of the labels that occur, and names of the codes in order of the legend."""
    if len({sequence.dtype.kind for sequence in sequences}) > 1:
        raise TypeError("y_pred has text for some methods and integers for others.")
    special = {BACKGROUND: BACKGROUND}
    if background is not None:
        special[background] = BACKGROUND
    labels = sorted(distinct_labels(sequences) - special.keys())
    if target_names is None:
        target_names = default_names(labels, "action")
    name_of = name_labels(labels, target_names)
    code_of = {label: code for code, label in enumerate(name_of)}
    names = dict(enumerate(name_of.values()))
    names |= {BACKGROUND: BACKGROUND_NAME, UNMATCHED: "no match"}
    return code_of | special, names


def _to_matched_codes(pred, matches, code_of):
    """Codes of the labels that clusters are matched to, in all videos or in each."""
    if isinstance(matches, dict):
        matches = [matches] * len(pred)
    codes = []
    for clusters, match in zip(pred, matches):
        matched = {k: code_of.get(label, UNMATCHED) for k, label in match.items()}
        matched |= {BACKGROUND: BACKGROUND, BACKGROUND_NAME: BACKGROUND}
        codes += _to_codes([clusters], matched)
    return codes


def _to_codes(videos, code_of):
    """Code of every frame."""
    codes = []
    for video in videos:
        labels, inverse = np.unique(video, return_inverse=True)
        distinct = [code_of.get(label, UNMATCHED) for label in labels.tolist()]
        codes.append(np.array(distinct)[inverse])
    return codes
