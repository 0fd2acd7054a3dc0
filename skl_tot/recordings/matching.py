"""Values of recordings, such as labels, matched to recordings by name."""

from collections.abc import Mapping

import numpy as np

from skl_tot.recordings.layouts import (
    distinct,
    has_names,
    is_table,
    n_dims,
    plain_name,
    rows_of_recordings,
)

MAX_NAMES = 5  # names in an error


def by_name(y):
    """Values by recording name, or None without names."""
    if is_table(y):
        y = y if y.ndim == 1 or y.shape[1] != 1 else y.iloc[:, 0]
        values = y.to_numpy()
        keys, rows = rows_of_recordings(y.index)
        return dict(zip(distinct(keys), [values[own] for own in rows]))
    if not has_names(y):
        return None
    keys, values = zip(*y.items()) if len(y) else ((), ())
    return dict(zip(distinct(keys), values))


def as_sequence(y):
    """Values of named recordings as a list; others unchanged."""
    known = by_name(y)
    return y if known is None else list(known.values())


def arrange(y, recordings, what="y"):
    """Bring values of recordings into the order of ``recordings``.

    If ``y`` has names, they must equal the names of the recordings, in any order.
    Values without names must be in order already. Errors call the values ``what``.
    """
    layout = recordings.layout
    known = _by_label(y, recordings) or by_name(y)
    if not recordings.is_named:
        if isinstance(y, Mapping):
            raise TypeError(
                f"{what} is a {type(y).__name__} of names, but X has no names; "
                "expected a sequence in the order of X, or X with names."
            )
        return as_sequence(y)
    if known is None:
        return _by_row(y, layout)
    if layout.index is not None and is_table(y):
        check_index(y, layout.index, what, "X")
    return match_names(known, layout.names, what, "X")


def arrange_each(values, recordings, what, *, of_some=False):
    """Arrange one value per recording; with ``of_some``, missing names get None.

    A Series with index 0, 1, … is in order, or by name if these are names. Any other
    index must name the recordings.
    """
    if _is_series_of(values, recordings):
        keys = distinct(values.index)
        if keys != list(range(len(keys))):
            values = dict(zip(keys, values))
    if of_some and recordings.is_named and has_names(values):
        values = dict.fromkeys(recordings.layout.names) | by_name(values)
    return arrange(values, recordings, what)


def _by_label(y, recordings):
    """Values of a Series with recording names as index, or None."""
    if not _is_series_of(y, recordings):
        return None
    keys = list(map(plain_name, y.index))
    return dict(zip(keys, y)) if set(keys) == set(recordings.layout.names) else None


def _is_series_of(y, recordings):
    """Whether ``y`` is a Series with one value for each named recording."""
    is_series = hasattr(y, "to_dict") and getattr(y, "ndim", 2) == 1
    return is_series and recordings.is_named and len(y) == len(recordings)


def _by_row(y, layout):
    """Labels of the rows of a table, by recording."""
    is_flat = (
        layout.rows is not None
        and not isinstance(y, (str, bytes))
        and hasattr(y, "__len__")
        and len(y) == len(layout.index)
        and n_dims(y.iloc[0] if hasattr(y, "iloc") else y[0]) == 0
    )
    if not is_flat:
        return y
    labels = np.asarray(y, dtype=getattr(y, "dtype", object))
    return [labels[own] for own in layout.rows]


def check_lengths(y, recordings):
    """Refuse labels of other lengths than the recordings, without reading values."""
    y = [y] if recordings.is_single else y
    if not hasattr(y, "__len__"):
        raise TypeError(
            f"y is a {type(y).__name__}, expected labels of each recording."
        )
    if len(y) != len(recordings):
        raise ValueError(
            f"y is of {len(y)} recordings, expected {len(recordings)}, as in X."
        )
    for i, (labels, length) in enumerate(zip(y, recordings.lengths)):
        with recordings.errors(i):
            found = len(labels if hasattr(labels, "__len__") else np.asarray(labels))
            if found != length:
                raise ValueError(f"y has {found} labels, X has {length} frames.")


def check_index(y, index, what, of):
    """Refuse labels with another index."""
    if not index.equals(y.index):
        raise ValueError(
            f"{what} has another index than {of}, expected {what}.loc[{of}.index]."
        )


def match_names(values, names, what, of):
    """Return values in the order of names; refuse missing and additional names."""
    expected = set(names)
    missing = [name for name in names if name not in values]
    others = [name for name in values if name not in expected]
    if missing:
        raise ValueError(f"{what} has no {_listed(missing)}, which {of} has.")
    if others:
        raise ValueError(f"{what} has {_listed(others)}, which {of} has not.")
    return [values[name] for name in names]


def _listed(names):
    """Show the first names."""
    shown = ", ".join(map(repr, names[:MAX_NAMES]))
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names)} in all"


def pair_by_name(y_true, y_pred):
    """Match two sets of labels by recording name; unchanged without names."""
    true, pred = by_name(y_true), by_name(y_pred)
    if true is not None and pred is not None:
        if is_table(y_true) and is_table(y_pred):
            check_index(y_pred, y_true.index, "y_pred", "y_true")
        return true, dict(zip(true, match_names(pred, list(true), "y_pred", "y_true")))
    return (y_true if true is None else true), (y_pred if pred is None else pred)
