"""Codes of labels or transcripts of recordings, some of them unknown."""

from collections.abc import Mapping

import numpy as np

from skl_tot.recordings.disk import is_line
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    UNKNOWN,
    UNKNOWN_NAME,
    split_label_sequences,
)
from skl_tot.recordings.layouts import n_dims


def read_labels(y, recordings, n_actions):
    """Known labels of frames as codes, with the labels of the codes.

    Parameters
    ----------
    y : sequence
        Labels of one recording, or for each recording an array of labels or None:
        integers, -1 for unknown, or text, with "" or None for unknown.
    recordings : Recordings
        Recordings of the labels.
    n_actions : int
        Maximum number of actions.

    Returns
    -------
    labels : list of ndarray of int of shape (n_frames_i,)
        Index of ``classes`` for each frame, -1 for unknown.
    classes : ndarray of shape (n_classes,)
        Distinct labels, sorted.
    """
    known = []
    for i, values in enumerate(_sequences(y, "labels", recordings)):
        length = int(recordings.lengths[i])
        with recordings.errors(i):
            own = np.full(length, None) if values is None else _objects(values)
            if len(own) != length:
                raise ValueError(f"y has {len(own)} labels, X has {length} frames.")
        known.append(own)
    return _encode(known, recordings, n_actions)


def read_transcripts(y, recordings, n_actions):
    """Actions of each recording in order, as codes, with the labels of the codes.

    ``y`` has, for each recording, a sequence of labels without immediate repeats, or
    None; otherwise as `read_labels`. A recording without a transcript gets an empty
    one.
    """
    sequences = _sequences(y, "transcripts", recordings)
    known = []
    for i, values in enumerate(sequences):
        with recordings.errors(i):
            known.append(np.empty(0, object) if values is None else _objects(values))
    transcripts, classes = _encode(known, recordings, n_actions)
    for i, (values, length) in enumerate(zip(transcripts, recordings.lengths)):
        with recordings.errors(i):
            _check_transcript(values, classes, length, sequences[i] is None)
    return transcripts, classes


def _check_transcript(values, classes, length, is_none):
    """Refuse a transcript that does not fit a recording of this length."""
    if not is_none and len(values) == 0:
        raise ValueError("the transcript is empty, expected actions, or None.")
    if (values < 0).any():
        raise ValueError(
            f"the transcript has no label in place {int(np.argmin(values))}, expected "
            "one for each of its actions."
        )
    repeats = np.flatnonzero(values[1:] == values[:-1])
    if len(repeats):
        label = classes[values[repeats[0]]].item()
        raise ValueError(
            f"the transcript has {label!r} twice in a row, expected actions that "
            "differ from the one before."
        )
    if len(values) > length:
        raise ValueError(
            f"the transcript has {len(values)} actions, but X has {length} frames."
        )


def _sequences(y, what, recordings):
    """List the known values of each recording, or None."""
    if y is None:
        raise ValueError(f"y is None, expected {what} of some recordings.")
    if recordings.is_single:
        return [y]
    # neither text nor unordered containers
    if isinstance(y, (str, bytes)) or not hasattr(y, "__getitem__") or _is_scalar(y):
        raise TypeError(
            f"y is a {type(y).__name__}, expected a sequence with {what} or None for "
            "each recording."
        )
    if len(y) != len(recordings):
        raise ValueError(
            f"y is of {len(y)} recordings, expected {len(recordings)}, as in X."
        )
    return [y.iloc[i] if hasattr(y, "iloc") else y[i] for i in range(len(y))]


def _is_scalar(y):
    """Whether there is only one recording: a table of names, or a 0-D array."""
    return isinstance(y, Mapping) or getattr(y, "ndim", 1) == 0


def _objects(values):
    """Labels of one recording as Python values, None for unknown."""
    if n_dims(values) != 1:  # text and tables of names have no dimension
        raise TypeError(
            f"y has {short_repr(values)} for a recording, expected a sequence of "
            "labels or None."
        )
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if hasattr(values, "tolist"):
        values = values.tolist()
    return np.fromiter(values, object, len(values))


def _encode(known, recordings, n_actions):
    """Codes of labels of recordings, and the sorted labels."""
    masks, filled = [], []
    for i, values in enumerate(known):
        masks.append(_known(values))
        with recordings.errors(i):
            filled.append(_checked(values[masks[-1]].tolist()))
    kinds = {own.dtype.kind for own in filled if len(own)}
    if not kinds:
        raise ValueError("y has no known label, expected some.")
    if len(kinds) > 1:
        raise TypeError("y has text in some recordings and integers in others.")
    classes = np.unique(np.concatenate([own for own in filled if len(own)]))
    # background is an additional label, as in models that detect it
    n_labels = len(classes) - (BACKGROUND_NAME in classes.tolist())
    if n_labels > n_actions:
        raise ValueError(
            f"y has {n_labels} labels, expected at most n_actions={n_actions}; fit a "
            "segmenter of more actions, or split one."
        )
    codes = []
    for is_known, own in zip(masks, filled):
        found = np.full(len(is_known), UNKNOWN)
        if len(own):
            found[is_known] = np.searchsorted(classes, own)
        codes.append(found)
    return codes, classes


def _checked(values):
    """Known labels of one recording as an array of text or integers."""
    if not values:
        return np.empty(0, np.intp)
    (labels,), _ = split_label_sequences(values, "y")
    if labels.dtype.kind == "i" and labels.min() < UNKNOWN:
        raise ValueError(
            f"y has the label {labels.min()}, expected integers from 0, or -1 for "
            "unknown."
        )
    if labels.dtype.kind != "U":
        return labels
    for label in np.unique(labels).tolist():
        if not is_line(label):
            raise ValueError(
                f"y has the label {short_repr(label)}, expected text of one line, or "
                "'' for unknown."
            )
    # types as in files
    return np.where(labels == str(BACKGROUND), BACKGROUND_NAME, labels)


def _known(values):
    """Mask of the known labels."""
    if set(map(type, values)) <= {type(None)}:  # frequent case
        return np.zeros(len(values), bool)
    return np.array([not _is_unknown(value) for value in values], bool)


def _is_unknown(value):
    """Whether a label means unknown."""
    if value is None or (isinstance(value, str) and value == UNKNOWN_NAME):
        return True
    if type(value).__name__ == "NAType":  # pandas
        return True
    is_number = isinstance(value, (int, float, np.number))
    return is_number and (value == UNKNOWN or value != value)
