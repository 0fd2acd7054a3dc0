"""Labels of frames: sequences of one video or many, and their segments."""

import contextlib
import numbers
from collections.abc import Sequence

import numpy as np

from skl_tot.recordings.layouts import n_dims
from skl_tot.recordings.matching import by_name

# Label of frames of no action, and what it is called where labels are words.
BACKGROUND = -1
BACKGROUND_NAME = "background"
# Labels of frames whose action is not known, numbers and text.
UNKNOWN = -1
UNKNOWN_NAME = ""
# Types whose values numpy would take for numbers among others.
NO_NUMBERS = (str, bytes, np.datetime64, np.timedelta64)


def split_label_sequences(y, name="y"):
    """Give labels as a list of 1-D arrays, one a video, and whether `y` was only one.

    Labels are text or integers; `name` is what errors call them. They may have names of
    videos: a dict, `Recordings`, or a Series that a MultiIndex tells videos apart.
    """
    named = by_name(y)
    if named is not None:
        if not named:
            raise ValueError(f"{name} is empty, expected labels of a video.")
        return _checked_sequences(named.values(), named, name), False
    if hasattr(y, "iloc"):
        y = y.to_numpy()
    is_sequence = isinstance(y, Sequence) or getattr(y, "ndim", 0) > 0
    if isinstance(y, (str, bytes)) or not is_sequence:
        raise TypeError(
            f"{name} is a {type(y).__name__}, expected one sequence of labels or a "
            "list of them."
        )
    if len(y) == 0:
        raise ValueError(f"{name} is empty, expected one label for each frame.")
    if _is_label(y[0]):
        return [_as_labels(y, name)], True
    return _checked_sequences(y, range(len(y)), name), False


def _checked_sequences(values, keys, name):
    """Labels of many videos, of one type; ``keys`` tell them apart in errors."""
    sequences = []
    for key, labels in zip(keys, values):
        sequences.append(_as_labels(labels, f"{name}[{key!r}]"))
    if len({labels.dtype.kind for labels in sequences if len(labels)}) > 1:
        raise TypeError(f"{name} has text in some videos and integers in others.")
    return sequences


def _is_label(value):
    return isinstance(value, (str, bytes, numbers.Number)) or n_dims(value) == 0


def check_transcripts(transcripts, recordings, n_actions):
    """Give the known actions of each recording in order, as arrays of int."""
    if hasattr(transcripts, "__len__") and len(transcripts) == 0:
        raise ValueError("transcripts is empty, expected the actions of each video.")
    sequences, _ = split_label_sequences(transcripts, "transcripts")
    if len(sequences) != len(recordings):
        raise ValueError(
            f"transcripts has {len(sequences)} sequences, expected {len(recordings)}, "
            "one for each video."
        )
    for i, sequence in enumerate(sequences):
        with recordings.errors(i):
            _check_transcript(sequence, n_actions)
    return sequences


def _check_transcript(transcript, n_actions):
    if len(transcript) == 0 or not np.isin(transcript, np.arange(n_actions)).all():
        raise ValueError(
            f"the transcript is {transcript.tolist()}, expected actions from 0 to "
            f"{n_actions - 1}."
        )


def _as_labels(labels, where):
    """Give the labels of one video as a 1-D array of text or of integers."""
    if hasattr(labels, "detach"):  # a torch tensor
        labels = labels.detach().cpu()
    if n_dims(labels) != 1:
        raise ValueError(
            f"{where} has {n_dims(labels)} dimensions, expected 1 (frames)."
        )
    _check_unmasked(labels, where)
    labels = np.asarray(labels, dtype=None if hasattr(labels, "dtype") else object)
    if labels.dtype.kind in "OT":
        labels = _typed(labels.astype(object), where)
    if labels.dtype.kind in "US":
        return labels.astype(str)
    if labels.dtype.kind in "iub" or _are_whole(labels):
        return _as_integers(labels, where)
    raise TypeError(
        f"{where} has labels of type {labels.dtype}, expected integers or strings."
    )


def _check_unmasked(labels, where):
    """Refuse a masked array that lacks labels."""
    if np.ma.is_masked(labels):
        n_masked = np.ma.count_masked(labels)
        background = BACKGROUND_NAME if labels.dtype.kind == "U" else BACKGROUND
        raise TypeError(
            f"{where} is masked in {n_masked} of {len(labels)} frames, expected a "
            f"label for each; .filled({background!r}) makes them background."
        )


def _typed(labels, where):
    """Objects as an array of text or of numbers, if that is what all of them are."""
    if all(isinstance(label, str) for label in labels):
        return labels.astype(str)
    if any(isinstance(label, NO_NUMBERS) for label in labels):
        return labels
    if all(isinstance(label, numbers.Integral) for label in labels):
        return _as_integers(labels, where)
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        return labels.astype(float)
    return labels


def _are_whole(labels):
    """Whether labels are floats that integers can stand for."""
    whole = labels.dtype.kind == "f" and np.array_equal(labels, np.trunc(labels))
    # as Python's number, which all floats can be compared with
    return whole and np.abs(labels).max(initial=0).item() < 2**53


def _as_integers(labels, where):
    """Whole labels as integers of 64 bits, if they are not too large."""
    limits = np.iinfo(np.intp)
    for label in (labels.min(), labels.max()) if len(labels) else ():
        if not limits.min <= int(label) <= limits.max:
            raise ValueError(
                f"{where} has the label {label}, expected integers of 64 bits."
            )
    return labels.astype(np.intp)


def find_segments(labels, breaks=None):
    """Find runs of equal labels: the label, first frame and end (exclusive) of each.

    None goes on over ``breaks``, frames at which a new part begins.
    """
    is_cut = np.r_[True, labels[1:] != labels[:-1], True]
    if breaks is not None:
        is_cut[breaks] = True
    cuts = np.flatnonzero(is_cut)
    return labels[cuts[:-1]], cuts[:-1], cuts[1:]


def as_reals(values, name):
    """Real numbers as an array of float; ``name`` is what errors call them."""
    array = np.asarray(values)
    if array.dtype.kind in "cmM":
        raise TypeError(f"{name} is of type {array.dtype}, expected real numbers.")
    try:
        with np.errstate(over="ignore"):  # of more precise types: infinite
            return array.astype(float)
    except OverflowError as error:
        raise ValueError(
            f"{name} has numbers that are too large for floats."
        ) from error


def with_background(classes):
    """List the labels of all actions, and last, for code -1, that of background."""
    background = BACKGROUND_NAME if classes.dtype.kind == "U" else BACKGROUND
    return np.concatenate([classes, np.array([background])])


def codes_of_transcripts(transcripts, classes, recordings):
    """Transcripts in labels as sequences of their codes; refuses unknown labels."""
    if hasattr(transcripts, "__len__") and len(transcripts) == 0:
        return transcripts  # which is refused as without labels
    codes = {label: code for code, label in enumerate(classes.tolist())}
    sequences, _ = split_label_sequences(transcripts, "transcripts")
    found = []
    for i, sequence in enumerate(sequences):
        labels = sequence.tolist()
        unknown = [label for label in labels if label not in codes]
        with recordings.errors(i):
            if unknown or not labels:
                what = f"has {unknown[0]!r}" if unknown else "is empty"
                raise ValueError(
                    f"the transcript {what}, expected labels of {list(codes)}."
                )
        found.append([codes[label] for label in labels])
    return found
