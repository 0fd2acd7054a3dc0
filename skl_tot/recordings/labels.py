"""Labels of frames: sequences of one or many recordings, their segments and codes."""

import contextlib
import numbers
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from skl_tot.recordings import layouts
from skl_tot.recordings.errors import is_int, listed, refuse, short_repr
from skl_tot.recordings.files import is_line

# Label of frames without an action, and its name among text labels.
BACKGROUND = -1
BACKGROUND_NAME = "background"
# All labels of frames without an action in tables; numbers may be text there.
NO_ACTIONS = (BACKGROUND, BACKGROUND_NAME, str(BACKGROUND))
# Labels of unknown actions, as a number and as text.
UNKNOWN = -1
UNKNOWN_NAME = ""
# And as numpy and pandas write missing values beside text.
UNKNOWN_TEXTS = (UNKNOWN_NAME, "nan", "NaN", "<NA>")


def split_label_sequences(y, name="y"):
    """Return labels as a list of 1-D arrays, and whether `y` was a single sequence."""
    labels_of = by_name(y)
    if labels_of is not None:
        if not labels_of:
            raise ValueError(f"{name} is empty, expected labels of a recording.")
        return _checked_sequences(labels_of.values(), labels_of, name), False
    if hasattr(y, "iloc"):
        y = y.to_numpy()
    is_sequence = isinstance(y, Sequence) or getattr(y, "ndim", 0) > 0
    if isinstance(y, (str, bytes)) or not is_sequence:
        refuse(name, y, "one sequence of labels or a list of them", TypeError)
    if len(y) == 0:
        raise ValueError(f"{name} is empty, expected one label for each frame.")
    is_label = isinstance(y[0], (str, bytes, numbers.Number))
    if is_label or layouts.n_dims(y[0]) == 0:
        return [_as_labels(y, name)], True
    return _checked_sequences(y, range(len(y)), name), False


def _checked_sequences(values, keys, name):
    sequences = [_as_labels(x, f"{name}[{key!r}]") for key, x in zip(keys, values)]
    if len({labels.dtype.kind for labels in sequences if len(labels)}) > 1:
        raise TypeError(f"{name} has text in some recordings and integers in others.")
    return sequences


def _as_labels(labels, where):
    n_dims = layouts.n_dims(labels)
    if n_dims != 1:
        raise ValueError(f"{where} has {n_dims} dimensions, expected 1.")
    if np.ma.is_masked(labels):
        background = BACKGROUND_NAME if labels.dtype.kind == "U" else BACKGROUND
        remedy = f"; .filled({background!r}) makes them background"
        raise TypeError(f"{where} is masked, expected a label for each frame{remedy}.")
    labels = np.asarray(labels, dtype=None if hasattr(labels, "dtype") else object)
    if labels.dtype.kind in "OT":
        labels = _typed(labels.astype(object), where)
    if labels.dtype.kind in "US":
        return labels.astype(str)
    is_whole = labels.dtype.kind == "f" and np.array_equal(labels, np.trunc(labels))
    # as a Python number, which compares with all floats
    is_whole = is_whole and np.abs(labels).max(initial=0).item() < 2**53
    if labels.dtype.kind in "iub" or is_whole:
        return _as_integers(labels, where)
    kind = f"labels of type {labels.dtype}"
    raise TypeError(f"{where} has {kind}, expected integers or strings.")


def _typed(labels, where):
    if all(isinstance(label, str) for label in labels):
        return labels.astype(str)
    # numpy would convert these to numbers
    others = (str, bytes, np.datetime64, np.timedelta64)
    if any(isinstance(label, others) for label in labels):
        return labels
    if all(isinstance(label, numbers.Integral) for label in labels):
        return _as_integers(labels, where)
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        return labels.astype(float)
    return labels


def _as_integers(labels, where):
    limits = np.iinfo(np.intp)
    for label in (labels.min(), labels.max()) if len(labels) else ():
        if not limits.min <= int(label) <= limits.max:
            refuse(f"{where}: a label", int(label), "integers of 64 bits")
    return labels.astype(np.intp)


class Segments(NamedTuple):
    """Segments of a recording in order: arrays with an entry for each."""

    labels: np.ndarray
    starts: np.ndarray  # first frames
    ends: np.ndarray  # frames after the last ones

    @property
    def lengths(self):
        """Numbers of frames."""
        return self.ends - self.starts

    def means(self, values):
        """Means of values of frames over segments that cover all of them."""
        return np.add.reduceat(values, self.starts, dtype=float) / self.lengths


def find_segments(labels, breaks=None):
    """Return the runs of equal labels as `Segments`, which also end at breaks."""
    is_cut = np.r_[True, labels[1:] != labels[:-1], True]
    if breaks is not None:
        is_cut[breaks] = True
    cuts = np.flatnonzero(is_cut)
    return Segments(labels[cuts[:-1]], cuts[:-1], cuts[1:])


def label_blocks(blocks, labels):
    """Yield blocks of frames in a row, each with its part of the labels (n_frames,)."""
    start = 0
    for block in blocks:
        yield block, labels[start : start + len(block)]
        start += len(block)


def equal_parts(n_frames, n_actions):
    """Label the frames of a recording in parts of equal duration."""
    return np.arange(n_frames) * n_actions // n_frames


def as_reals(values, name):
    """Convert real numbers to an array of float; errors call them ``name``."""
    array = np.asarray(values)
    if array.dtype.kind in "cmM":
        raise TypeError(f"{name} is of type {array.dtype}, expected real numbers.")
    try:
        with np.errstate(over="ignore"):  # longdouble may become infinite
            return array.astype(float)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{name} cannot be read as numbers: {error}.") from error


# ------------------------------------------------------------- labels and their codes


def with_background(classes):
    """List the labels of all actions, and last (for code -1) the background label."""
    background = BACKGROUND_NAME if classes.dtype.kind == "U" else BACKGROUND
    return np.concatenate([classes, np.array([background])])


def labels_of_codes(codes, classes):
    """Labels of codes, indices of ``classes``; code -1 is background."""
    return with_background(classes)[codes]


def encode_known(sequences, recordings):
    """Codes of labels, -1 for None, NaN, NA, -1 and "", and the sorted labels."""
    # pandas.NA compares with nothing; labels that have it have loaded pandas
    na = getattr(sys.modules.get("pandas"), "NA", None)
    masks, known_labels = [], []
    for i, values in enumerate(sequences):
        with recordings.errors(i):
            labels = _as_objects(values)
            labels[[x is na or x is None or x != x for x in labels]] = UNKNOWN_NAME
            if str(BACKGROUND) in labels:  # unknown in y, and background in files
                frame = labels.tolist().index(str(BACKGROUND))
                expected = f"'' for unknown, or {BACKGROUND_NAME!r}"
                refuse(f"y: the label of frame {frame}", str(BACKGROUND), expected)
            is_known = [x != UNKNOWN and x not in UNKNOWN_TEXTS for x in labels]
            masks.append(np.array(is_known, bool))
            known_labels.append(_as_known(labels[masks[-1]].tolist()))
    filled = [labels for labels in known_labels if len(labels)]
    if not filled:
        remedy = "in a search, shuffle or take fewer folds, so that each has some"
        raise ValueError(f"y has no known label, expected some; {remedy}.")
    if len({labels.dtype.kind for labels in filled}) > 1:
        raise TypeError("y has text in some recordings and integers in others.")
    classes = np.unique(np.concatenate(filled))
    codes = []
    for is_known, labels in zip(masks, known_labels):
        codes_of_frames = np.full(len(is_known), UNKNOWN)
        if len(labels):
            codes_of_frames[is_known] = np.searchsorted(classes, labels)
        codes.append(codes_of_frames)
    return codes, classes


def _as_objects(values):
    if layouts.n_dims(values) != 1:  # text and tables of names have no dimension
        refuse("y of a recording", values, "a sequence of labels, or None", TypeError)
    if hasattr(values, "tolist"):
        values = values.tolist()
    return np.fromiter(values, object, len(values))


def _as_known(values):
    """Known labels of one recording as an array of text or integers."""
    if not values:
        return np.empty(0, np.intp)
    labels = _as_labels(values, "y")
    if labels.dtype.kind != "U":
        if labels.min() < UNKNOWN:
            refuse("y: a label", labels.min(), "integers from 0, or -1 for unknown")
        if labels.max() == np.iinfo(np.intp).max:  # new actions have larger ones
            refuse("y: a label", labels.max(), "smaller integers")
        return labels
    for label in np.unique(labels).tolist():
        if not is_line(label):
            refuse("y: a label", label, "text of one line, or '' for unknown")
    return labels


def find_code(label, classes):
    """Code of one label."""
    present = classes.tolist()
    if (isinstance(label, str) or is_int(label)) and label in present:
        return present.index(label)
    only = short_repr(present)
    raise ValueError(f"there is no action {short_repr(label)}, only {only}.")


# ------------------------------------------------------- values of recordings by name


def by_name(y):
    """Values by recording name, or None without names."""
    if layouts.is_table(y):
        y = y if y.ndim == 1 or y.shape[1] != 1 else y.iloc[:, 0]
        values = y.to_numpy()
        keys, rows = layouts.rows_of_recordings(y.index)
        return dict(zip(layouts.distinct(keys), [values[part] for part in rows]))
    if not layouts.has_names(y):
        return None
    keys, values = zip(*y.items()) if len(y) else ((), ())
    return dict(zip(layouts.distinct(keys), values))


def values_of_recordings(values, names, what):
    """Return the value of each recording, from a mapping by name or a sequence."""
    values = _by_index(values, names)
    values_by_name = by_name(values)
    if values_by_name is not None:
        value_of = {str(name): value for name, value in values_by_name.items()}
        for name in [name for name in names if name not in value_of][:1]:
            said = f"{what} has no {name!r}, expected each recording"
            raise ValueError(f"{said}; it has {short_repr(list(value_of))}.")
        return [value_of[name] for name in names]
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        refuse(what, values, "a dict by recording, or a sequence", TypeError)
    if len(values) != len(names):
        raise ValueError(
            f"{what} has {len(values)}, expected {len(names)}, one for each."
        )
    return list(values)


def _by_index(values, names):
    """Values of a Series by its index, or a list of them if that only counts."""
    is_series = getattr(values, "ndim", 2) == 1 and hasattr(values, "index")
    if not is_series or values.index.nlevels > 1:
        return values
    # a fold has rows 3 to 5 of a series without names
    has_names = set(map(str, names)) <= set(map(str, values.index))
    if values.index.inferred_type == "integer" and not has_names:
        return values.tolist()
    return dict(zip(layouts.distinct(values.index), values))


def as_sequence(y):
    """Values of named recordings as a list; others unchanged."""
    values = by_name(y)
    return y if values is None else list(values.values())


def arrange(y, recordings, what="y", *, of_some=False):
    """Bring values of recordings into their order; ``of_some`` gives others None."""
    if not recordings.is_named:
        if recordings.is_single and layouts.is_table(y):
            remedy = "FramewiseTransformer(StandardScaler()), or set_output(transform="
            raise TypeError(
                f"X has lost its recordings, which {what} names; use {remedy}'pandas')."
            )
        if isinstance(y, Mapping):
            expected = "expected a sequence in the order of X, or X with names"
            raise TypeError(f"{what} has names, but X lacks them; {expected}.")
        return as_sequence(y)
    layout = recordings.layout
    if hasattr(y, "__len__") and len(y) == len(recordings):  # else labels of frames
        y = _by_index(y, layout.names)
    values = by_name(y)
    if values is None:
        return _by_row(y, layout)
    if layout.index is not None and layouts.is_table(y):
        is_known = layout.index.droplevel(-1).isin(y.index.droplevel(-1))
        check_index(y, layout.index[is_known], what, "X")
    if of_some:
        values = dict.fromkeys(layout.names) | values
    return match_names(values, layout.names, what, "X")


def _by_row(y, layout):
    is_flat = (
        layout.rows is not None
        and not isinstance(y, (str, bytes))
        and hasattr(y, "__len__")
        and len(y) == len(layout.index)
        and layouts.n_dims(y.iloc[0] if hasattr(y, "iloc") else y[0]) == 0
    )
    if not is_flat:
        return y
    labels = np.asarray(y, dtype=getattr(y, "dtype", object))
    return [labels[rows] for rows in layout.rows]


def check_lengths(y, recordings):
    """Refuse labels of other lengths than the recordings, without reading values."""
    y = [y] if recordings.is_single else y
    if not hasattr(y, "__len__"):
        refuse("y", y, "labels of each recording", TypeError)
    _check_n_recordings(y, recordings)
    for i, (labels, length) in enumerate(zip(y, recordings.lengths)):
        if labels is None:  # unknown
            continue
        with recordings.errors(i):
            n_labels = len(labels if hasattr(labels, "__len__") else np.asarray(labels))
            if n_labels != length:
                raise ValueError(f"y has {n_labels} labels, X has {length} frames.")


def _check_n_recordings(y, recordings):
    if len(y) != len(recordings):
        expected = f"expected {len(recordings)}, as in X"
        raise ValueError(f"y is of {len(y)} recordings, {expected}.")


def read_labels(y, recordings, what="y"):
    """Known labels of frames as codes, -1 for unknown, with the labels of the codes."""
    y = arrange(y, recordings, what, of_some=True)
    pairs = zip(_labels_of_each(y, recordings), recordings.lengths.tolist())
    labels = [np.full(length, None) if x is None else x for x, length in pairs]
    codes, classes = encode_known(labels, recordings)
    check_lengths(codes[0] if recordings.is_single else codes, recordings)
    return codes, classes


def _labels_of_each(y, recordings):
    if y is None:
        refuse("y", y, "labels of some recordings")
    if recordings.is_single:
        return [y]
    # neither text, unordered containers, names nor a 0-D array
    is_one = isinstance(y, (str, bytes, Mapping)) or getattr(y, "ndim", 1) == 0
    if is_one or not hasattr(y, "__getitem__"):
        each = "a sequence with labels or None for each recording"
        refuse("y", type(y).__name__, each, TypeError)
    _check_n_recordings(y, recordings)
    return [y.iloc[i] if hasattr(y, "iloc") else y[i] for i in range(len(y))]


def check_index(y, index, what, of):
    """Refuse labels with another index."""
    if not index.equals(y.index):
        expected = f"{what}.loc[{of}.index]"
        raise ValueError(f"{what} has another index than {of}, expected {expected}.")


def match_names(values, names, what, of):
    """Return values in the order of names; refuse missing and additional names."""
    expected = set(names)
    missing = [repr(name) for name in names if name not in values]
    others = [repr(name) for name in values if name not in expected]
    if missing:
        raise ValueError(f"{what} has no {listed(missing)}, which {of} has.")
    if others:
        raise ValueError(f"{what} has {listed(others)}, which {of} has not.")
    return [values[name] for name in names]


def pair_by_name(y_true, y_pred):
    """Match two sets of labels by recording name; unchanged without names."""
    true, pred = by_name(y_true), by_name(y_pred)
    if true is not None and pred is not None:
        if layouts.is_table(y_true) and layouts.is_table(y_pred):
            check_index(y_pred, y_true.index, "y_pred", "y_true")
        return true, dict(zip(true, match_names(pred, list(true), "y_pred", "y_true")))
    return (y_true if true is None else true), (y_pred if pred is None else pred)
