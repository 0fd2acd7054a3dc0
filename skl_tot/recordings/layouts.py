"""Conversion of any input to recordings, and of outputs to the form of the input."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from numbers import Integral, Real
from operator import itemgetter
from typing import Any

import numpy as np

from skl_tot.recordings import clocks
from skl_tot.recordings.clocks import find_breaks, rate_of, warn_of_gaps
from skl_tot.recordings.columns import (
    with_recording_index,
    without_recording_columns,
)
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import import_extra, repeated, warn_user

PATH_TYPES = (str, bytes, os.PathLike)
EXPECTED = (
    "expected a 2-D array (frames, features) as one recording, "
    "or a list, dict or 3-D array of them as many"
)


@dataclass
class Layout:
    """Form of the user's input, for outputs."""

    join: Callable | None = None  # makes the form of a list of outputs; None: a list
    names: list | None = None
    is_single: bool = False  # one array without a list
    index: Any = None  # of a table of all recordings
    rows: list | None = None  # of each recording in the table

    def select(self, indices):
        """Form of a selection: a list, or a dict if there are names."""
        if self.names is None:
            return self if self.is_single else Layout()
        return _of_names([self.names[i] for i in indices])


SINGLE = Layout(itemgetter(0), is_single=True)


def in_form_of(stored, X):
    """Bring outputs that `Recordings.store` returned for a fit to the form of ``X``."""
    is_named = isinstance(stored, dict)
    return as_recordings(X).restore(list(stored.values())) if is_named else stored


def as_recordings(X):
    """Return unchecked `Recordings` with a layout, from one recording or many."""
    if isinstance(X, Recordings):
        recordings = X.replace(X.arrays)
        if X.layout is None:
            if len(X) == 0:
                raise ValueError(f"X is an empty {type(X).__name__}, but {EXPECTED}.")
            recordings.layout = Layout(X.replace, X.names)
    else:
        arrays, layout = SPLITS.get(type(X), _split)(X)
        names = None if layout.names is None else list(map(str, layout.names))
        recordings = Recordings(arrays, names)
        recordings.layout = layout
    tables = recordings.arrays
    # arrays, and files that are opened on demand, have neither columns nor clocks
    if isinstance(tables, (list, tuple)) and {*map(type, tables)} != {np.ndarray}:
        if not isinstance(X, Recordings) and all(map(is_frame, tables)):
            tables = without_recording_columns(tables)
        if recordings.times is None:
            _read_clocks(recordings)
        recordings.arrays = [flatten(x) if has_time(x) else x for x in tables]
    return recordings


def with_rate(arrays, fps):
    """List of arrays for an inner estimator, as `Recordings` if there is a rate."""
    if fps is None:
        return list(arrays)
    recordings = as_recordings(list(arrays))
    recordings.fps = fps
    return recordings


def _read_clocks(recordings):
    """Read rate, times and dates from coordinates or indices of time, if all grow."""
    times, starts = map(list, zip(*map(clock_of, recordings.arrays)))
    if all(clock is None for clock in times):
        return
    for name, clock in zip(recordings.names, times):
        if clock is None or not (np.diff(clock) > 0).all():
            said = f"{name!r} has no times that go forward"
            warn_user(f"{said}; X is read without clocks.")
            return
    rates = [rate_of(x) for x in times if len(x) > 1]
    for rate in rates:
        clocks.check_fps(rate, "the rate of the clocks of X")
        clocks.agreed_rate(recordings.fps or rates[0], rate, "other recordings of X")
    if rates:
        recordings.fps = recordings.fps or float(np.median(rates))
        recordings.times = times
        recordings.breaks = find_breaks(times, recordings.names)
        advice = "Recordings(..., breaks=...) says where parts begin"
        warn_of_gaps(times, recordings.names, recordings.breaks, advice)
        recordings.starts = clocks.check_starts(starts, len(times))


def _split(X):
    """Return the arrays and the layout of an input that is no plain list or array."""
    if has_time(X):
        return [X], SINGLE
    if is_frame(X):
        X = with_recording_index(X)
    if has_names(X):
        return _split_named(X)
    is_text = isinstance(X, (str, bytes))  # numpy text has dimensions, too
    if not is_text and (hasattr(X, "ndim") or hasattr(X, "__array__")):
        return _split_array(X)
    return _split_sequence(X)


def has_names(X):
    """Whether the input names its recordings."""
    from scipy import sparse  # slow to import

    if sparse.issparse(X):  # some sparse matrices are dicts
        return False
    return isinstance(X, (Recordings, Mapping)) or is_table(X)


def _split_named(X):
    if len(X) == 0:
        raise ValueError(f"X is an empty {type(X).__name__}, but {EXPECTED}.")
    if isinstance(X, Mapping):
        return list(X.values()), _of_names(list(X))
    keys, rows = rows_of_recordings(X.index)
    frames = X.droplevel(list(range(X.index.nlevels - 1)))
    parts = [frames.iloc[rows_of_part] for rows_of_part in rows]
    if frames.index.dtype.kind not in "mM":
        parts = [part.reset_index(drop=True) for part in parts]
    join = partial(_join_rows, index=X.index, rows=rows)
    return parts, Layout(join, distinct(keys), index=X.index, rows=rows)


def _of_names(keys):
    return Layout(partial(_to_dict, keys), distinct(keys))


def _to_dict(keys, outputs):
    return dict(zip(keys, outputs))


def _to_objects(outputs):
    return np.fromiter(outputs, object, len(outputs))


def _split_sequence(X):
    if isinstance(X, PATH_TYPES) or not isinstance(X, Sequence):
        raise TypeError(f"X is a {type(X).__name__}, but {EXPECTED}.{_hint(X)}")
    if len(X) == 0:
        raise ValueError(f"X is an empty {type(X).__name__}, but {EXPECTED}.")
    first = X[0]  # read only once, as it may be a file
    if isinstance(first, PATH_TYPES):
        raise TypeError(f"X is a list of {type(first).__name__}.{_hint(first)}")
    is_recording = getattr(first, "ndim", 0) > 1 or has_time(first)
    if is_recording or n_dims(first) > 1:
        return X, Layout()
    return [X], SINGLE


def _hint(path):
    if not isinstance(path, PATH_TYPES):
        return ""
    return (
        " skl_tot.read_recordings(paths) reads files of recordings, "
        "skl_tot.preprocessing.FrameFeatures makes features of video files."
    )


def _split_array(X):
    ndim = X.ndim if isinstance(X, np.ndarray) else n_dims(X)
    if ndim > 3:
        raise ValueError(
            f"X has {ndim} dimensions, but {EXPECTED}. If these are pictures, "
            "skl_tot.preprocessing.FrameFeatures makes features of the video file."
        )
    if ndim == 3:
        if len(X) == 0:
            raise ValueError(f"X has shape {tuple(X.shape)}, but {EXPECTED}.")
        _warn_of_shape(X.shape)
        return X, Layout(np.stack)
    if ndim == 1 and hasattr(X, "iloc"):  # the index of a Series may not start at 0
        X = X.to_numpy()
    if ndim == 1 and getattr(X, "dtype", "") == np.dtype(object):
        if len(X) == 0:
            raise ValueError(f"X is an empty object array, but {EXPECTED}.")
        if n_dims(X[0]) >= 2:
            return X, Layout(_to_objects)
    return [X], SINGLE


# Splitters of plain containers.
SPLITS = {list: _split_sequence, tuple: _split_sequence, np.ndarray: _split_array}


def _warn_of_shape(shape):
    n_videos, n_frames, n_features = shape
    if n_features in (2, 3):
        kind = f"it is one track of {n_frames} points in {n_features} dimensions"
        remedy = "X.reshape(len(X), -1); list(X) says that these are recordings"
    elif n_frames < n_features:
        kind = "these are channels and times, as of aeon, sktime or MNE"
        remedy = "X.transpose(0, 2, 1); list(X) says that they are frames and features"
    else:
        return
    warn_user(
        f"X has shape {tuple(shape)} and is taken as {n_videos} recordings of "
        f"{n_frames} frames with {n_features} features. If {kind}, give {remedy}."
    )


def n_dims(value):
    """Count the dimensions of any array-like, without copying an array."""
    from scipy import sparse

    for depth in range(32):  # numpy's limit
        if sparse.issparse(value):
            return depth + 2
        if hasattr(value, "ndim"):
            return depth + value.ndim
        try:
            return depth + np.asarray(value).ndim
        except (ValueError, RuntimeError):  # ragged lists
            value = value[0]
    raise ValueError("Expected an array, got more than 32 nested sequences.")


def plain_name(key):
    """Convert a name to text or an integer, for files."""
    if isinstance(key, tuple):
        return "/".join(map(str, key))
    return int(key) if isinstance(key, Integral) else str(key)


def distinct(keys):
    """Plain names; refuse equal ones."""
    names = list(map(plain_name, keys))
    for twice in repeated(names)[:1]:
        raise ValueError(f"two recordings are called {twice!r}, expected other names.")
    return names


def is_frame(X):
    """Whether an input is a pandas data frame with a plain index."""
    is_plain = getattr(getattr(X, "index", None), "nlevels", 2) == 1
    return is_plain and hasattr(X, "iloc") and hasattr(X, "columns")


def is_table(X):
    """Whether a pandas object has an index of several levels."""
    return hasattr(X, "iloc") and getattr(X.index, "nlevels", 1) > 1


def rows_of_recordings(index):
    """Find the recordings of an index of several levels, and their rows."""
    codes, keys = index.droplevel(-1).factorize()
    if (codes < 0).any():
        row = int(np.argmin(codes))
        raise ValueError(f"the index names no recording in row {row}, expected one.")
    order = np.argsort(codes, kind="stable")
    return keys.tolist(), np.split(order, np.cumsum(np.bincount(codes))[:-1])


def _join_rows(outputs, index, rows):
    pd = import_extra("pandas")
    places = np.argsort(np.concatenate(rows))
    if hasattr(outputs[0], "iloc"):
        return pd.concat(outputs).iloc[places].set_axis(index)
    values = np.concatenate(outputs)[places]
    kind = pd.Series if values.ndim == 1 else pd.DataFrame
    return kind(values, index=index)


def has_time(X):
    """Whether an object has a dimension of time, like those of xarray."""
    dims = getattr(X, "dims", None)
    return isinstance(dims, Iterable) and hasattr(X, "coords") and "time" in dims


def flatten(X):
    """Convert an array or a data set to a table with frames as rows."""
    pd = import_extra("pandas")
    variables = [X]
    if hasattr(X, "data_vars"):
        variables = [X[name] for name in X.data_vars if "time" in X[name].dims]
    if not variables:
        raise ValueError("X is a data set without a variable of the dimension time.")
    tables = []
    for variable in variables:
        last = ["space"] if "space" in variable.dims else []  # axes of a point together
        array = variable.transpose("time", ..., *last)
        values = array.to_numpy().reshape(array.sizes["time"], -1)
        prefix = [str(variable.name)] if len(variables) > 1 else []
        tables.append(pd.DataFrame(values, columns=_names(array, prefix)))
    return tables[0] if len(tables) == 1 else pd.concat(tables, axis=1)


def _names(array, prefix):
    """Names of the columns of a data array, from its coordinates except time."""
    dims = array.dims[1:]
    axes = [[_name(value, dim) for value in array[dim].values.tolist()] for dim in dims]
    if not axes:
        return prefix or [str(array.name or "value")]
    return [" ".join([*prefix, *names]) for names in product(*axes)]


def _name(value, dim):
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{dim} {value}" if isinstance(value, Real) else str(value)


def clock_of(X):
    """Seconds of each frame by a time coordinate or index, or None; date of 0 s."""
    clock: Any
    if has_time(X):
        clock = X.coords["time"].to_index() if "time" in X.coords else None
    else:
        clock = getattr(X, "index", None)
    kind = getattr(getattr(clock, "dtype", None), "kind", "")
    if kind == "M":
        return clocks.since_first(clock.to_series())
    if kind == "m":
        return clock.total_seconds().to_numpy(float), clocks.NO_DATE
    return clock.to_numpy() if kind == "f" and has_time(X) else None, clocks.NO_DATE
