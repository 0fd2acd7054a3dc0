"""Colours of actions by their codes, the same in all pictures and on the page."""

from itertools import chain
from typing import NamedTuple

import numpy as np

from skl_tot.metrics.matching import match_labels
from skl_tot.recordings.errors import RecordingValueError, refuse
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    by_name,
    pair_by_name,
    split_label_sequences,
)
from skl_tot.recordings.names import default_names, distinct_labels

# Code of frames of clusters without label; no label has it, nor `BACKGROUND`.
UNMATCHED = int(np.iinfo(np.intp).min)
NO_ACTION = {BACKGROUND, BACKGROUND_NAME}
# The first eight are Okabe and Ito's, with dark brown in place of black. The others are
# farthest apart on a grid, and from white, grey and black, by the least CIEDE2000 of
# normal vision, protanopia and deuteranopia: at least 10, and 14 between neighbours.
# fmt: off
COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#F0E442", "#CC79A7",
    "#56B4E9", "#D55E00", "#5D3A1A", "#D2D2F0", "#690F78",
    "#964B0F", "#3C87FF", "#87F0B4", "#872D5A", "#96B4A5",
    "#0F0FC3", "#964B4B", "#0F6978", "#0FC378", "#008778",
)
# fmt: on
HATCHES = (None, "////", "....", "xxxx", "----", "||||")


class Style(NamedTuple):
    """Colour, colour of text on it, number of the hatch, and width of the outline."""

    fill: str
    ink: str
    hatch: int = 0
    outline: float = 0

    def options(self):
        """Options of matplotlib, which draws hatches in the colour of edges."""
        return {
            "facecolor": self.fill,
            "edgecolor": self.ink,
            "hatch": (*HATCHES, r"\\\\")[self.hatch],
            "linewidth": self.outline,
        }


SPECIAL_STYLES = {
    BACKGROUND: Style("white", "#A6A6A6", outline=0.6),
    UNMATCHED: Style("#D9D9D9", "#8C8C8C", hatch=len(HATCHES)),
}


def style_of(code):
    """Style of a code, the same in bars, legends and tables."""
    if code in SPECIAL_STYLES:
        return SPECIAL_STYLES[code]
    fill = COLOURS[code % len(COLOURS)]
    brightness = sum(bytes.fromhex(fill[1:]))  # of red, green and blue
    ink = "white" if brightness < 320 else "black"
    return Style(fill, ink, code // len(COLOURS) % len(HATCHES))


def name_methods(y_true, y_pred):
    """Predictions by the name of their method, None without methods."""
    if isinstance(y_pred, dict) and set(y_pred) != {None}:
        true_by_name = None if y_true is None else by_name(y_true)
        # names of recordings are those of the ground truth, or other than text
        is_text = all(isinstance(name, str) for name in y_pred)
        if is_text and (true_by_name is None or true_by_name.keys() != y_pred.keys()):
            return y_pred
    elif isinstance(y_pred, dict):
        y_pred = y_pred[None]
    if y_true is not None:
        _, y_pred = pair_by_name(y_true, y_pred)
    return {None: y_pred}


def encode(y_true, methods):
    """Names by code, and for each recording codes of ground truth and of methods."""
    methods = split_methods(methods)
    if y_true is not None:
        return _encode_with_truth(methods, y_true)
    sequences = list(chain.from_iterable(methods))
    code_of, names = _number_labels(sequences, "action")
    bars = [_to_codes(videos, code_of) for videos in methods]
    return names, list(zip(*bars))


def _encode_with_truth(methods, y_true):
    """Codes of ground truth, and of predictions by the labels that they match."""
    true, _ = split_label_sequences(y_true, "y_true")
    code_of, names = _number_labels(true, "label")
    bars = [_to_codes(true, code_of)]
    for pred in methods:
        match = match_labels(y_true, pred)
        codes = {k: code_of.get(label, UNMATCHED) for k, label in match.items()}
        codes |= dict.fromkeys(NO_ACTION, BACKGROUND)
        bars.append(_to_codes(pred, codes))
    return names, list(zip(*bars))


def split_methods(y_pred):
    """Sequences of the recordings for each method, checked for equal lengths."""
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
    if len(videos) != len(first_method):
        expected = f"{len(first_method)}, as for the first method"
        refuse(f"the number of recordings of {name}", len(videos), expected)
    for i, (video, first) in enumerate(zip(videos, first_method)):
        if len(video) != len(first) or len(video) == 0:
            text = f"{name} has {len(video)} frames, expected {len(first) or 'some'}"
            raise RecordingValueError(f"{text}, as for the first method.", i)


def _number_labels(sequences, word):
    """Codes of the labels that occur, and names of the codes in order of the legend."""
    if len({sequence.dtype.kind for sequence in sequences}) > 1:
        raise TypeError("y_pred has text for some methods and integers for others.")
    labels = sorted(distinct_labels(sequences) - NO_ACTION)
    is_text = bool(labels) and isinstance(labels[0], str)
    code_of = dict(zip(labels, range(len(labels)) if is_text else labels))
    named = default_names(labels, word)
    names = {code_of[label]: name for label, name in named.items()}
    names |= {BACKGROUND: BACKGROUND_NAME, UNMATCHED: "no match"}
    return code_of | dict.fromkeys(NO_ACTION, BACKGROUND), names


def _to_codes(videos, code_of):
    codes = []
    for video in videos:
        labels, inverse = np.unique(video, return_inverse=True)
        distinct = [code_of.get(label, UNMATCHED) for label in labels.tolist()]
        codes.append(np.array(distinct)[inverse])
    return codes
