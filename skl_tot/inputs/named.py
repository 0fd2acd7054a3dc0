"""Recordings that have names: as input, as what is known of it, and as output."""

from collections.abc import Mapping
from functools import partial
from numbers import Integral

import numpy as np
from scipy import sparse

from skl_tot.inputs.dimensions import n_dims
from skl_tot.inputs.recordings import Recordings
from skl_tot.inputs.tables import is_table, join_rows, rows_of_recordings

MAX_NAMES = 5  # that an error lists


class Named:
    """Form of recordings with names.

    Parameters
    ----------
    names : list of str or int
        Distinct names.
    join : callable
        Makes of a list of outputs, one for each recording, what the input was.
    index : MultiIndex, default=None
        That of a table of all recordings.
    rows : list of ndarray of int, default=None
        Rows of the table that are of each.
    """

    def __init__(self, names, join, index=None, rows=None):
        self.names, self.join = distinct(names), join
        self.index, self.rows = index, rows


def has_names(X):
    """Whether recordings come with names."""
    if sparse.issparse(X):  # some of those are dicts
        return False
    return isinstance(X, (Recordings, Mapping)) or is_table(X)


def split_named(X):
    """Arrays of recordings with names, and their form."""
    if isinstance(X, Recordings):
        return X.arrays, Named(X.names, X.replace)
    if isinstance(X, Mapping):
        return list(X.values()), Named(X.keys(), partial(_to_dict, X.keys()))
    keys, rows = rows_of_recordings(X.index)
    plain = X.reset_index(drop=True)
    parts = [plain.iloc[own].reset_index(drop=True) for own in rows]
    join = partial(join_rows, index=X.index, rows=rows)
    return parts, Named(keys, join, X.index, rows)


def _to_dict(keys, outputs):
    return dict(zip(keys, outputs))


def plain_name(key):
    """Name as text or integer, as files can hold it.

    >>> plain_name(("anna", 2))
    'anna/2'
    """
    if isinstance(key, tuple):
        return "/".join(map(str, key))
    return int(key) if isinstance(key, Integral) else str(key)


def distinct(keys):
    """Plain names, which have to differ."""
    names = list(map(plain_name, keys))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two recordings are called {twice!r}, expected other names.")
    return names


def by_name(y):
    """Values of recordings by their names; None of what has none."""
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
    """Values of recordings with names as a list; others as they are."""
    known = by_name(y)
    return y if known is None else list(known.values())


def arrange(y, form, what="y"):
    """Give what is known of recordings the order of the names of X.

    Parameters
    ----------
    y : object
        With names, in any order, which have to be those of X if that has names; what
        has no names is in order.
    form : str or Named
        That of X.
    what : str, default="y"
        What errors call it.

    Returns
    -------
    y : list or object
        Values of each recording; what has no names as it is.
    """
    known = _by_label(y, form) or by_name(y)
    if not isinstance(form, Named):
        if isinstance(y, Mapping):
            raise TypeError(
                f"{what} is a {type(y).__name__} of names, but X has none; expected a "
                "sequence in the order of X, or X with names."
            )
        return as_sequence(y)
    if known is None:
        return _by_row(y, form)
    if form.index is not None and is_table(y):
        check_index(y, form.index, what, "X")
    return match_names(known, form.names, what, "X")


def _by_label(y, form):
    """Values of a series whose index names the recordings; None of others."""
    is_series = hasattr(y, "to_dict") and getattr(y, "ndim", 2) == 1
    if not (is_series and isinstance(form, Named) and len(y) == len(form.names)):
        return None
    keys = list(map(plain_name, y.index))
    return dict(zip(keys, y)) if set(keys) == set(form.names) else None


def arrange_each(values, form, what):
    """Arrange one value of each recording.

    A series that counts from 0 is in order, or by those numbers if they are names; all
    others have to name the recordings.
    """
    is_series = hasattr(values, "to_dict") and getattr(values, "ndim", 2) == 1
    if isinstance(form, Named) and is_series and len(values) == len(form.names):
        keys = distinct(values.index)
        if keys != list(range(len(keys))):
            values = dict(zip(keys, values))
    return arrange(values, form, what)


def check_index(y, index, what, of):
    """Refuse labels of other rows."""
    if not index.equals(y.index):
        raise ValueError(
            f"{what} has another index than {of}, expected {what}.loc[{of}.index]."
        )


def _by_row(y, form):
    """Labels of the rows of a table, by recording."""
    is_flat = (
        form.rows is not None
        and not isinstance(y, (str, bytes))
        and hasattr(y, "__len__")
        and len(y) == len(form.index)
        and n_dims(y.iloc[0] if hasattr(y, "iloc") else y[0]) == 0
    )
    if not is_flat:
        return y
    labels = np.asarray(y, dtype=getattr(y, "dtype", object))
    return [labels[own] for own in form.rows]


def match_names(values, names, what, of):
    """Values in the order of names, of which none may be missing, nor any other."""
    expected = set(names)
    missing = [name for name in names if name not in values]
    others = [name for name in values if name not in expected]
    if missing:
        raise ValueError(f"{what} has no {_listed(missing)}, which {of} has.")
    if others:
        raise ValueError(f"{what} has {_listed(others)}, which {of} has not.")
    return [values[name] for name in names]


def _listed(names):
    """Show some of several names."""
    shown = ", ".join(map(repr, names[:MAX_NAMES]))
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names)} in all"


def pair_by_name(y_true, y_pred):
    """Labels of the same recordings in the same order; without names as they are."""
    true, pred = by_name(y_true), by_name(y_pred)
    if true is not None and pred is not None:
        if is_table(y_true) and is_table(y_pred):
            check_index(y_pred, y_true.index, "y_pred", "y_true")
        return true, dict(zip(true, match_names(pred, list(true), "y_pred", "y_true")))
    return (y_true if true is None else true), (y_pred if pred is None else pred)
