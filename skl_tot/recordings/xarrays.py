"""xarray objects as tables of features; clocks of xarray and pandas."""

from collections.abc import Iterable
from itertools import product
from numbers import Real
from typing import Any

TIME, SPACE = "time", "space"


def has_time(X):
    """Whether an object has a dimension of time, like those of xarray."""
    dims = getattr(X, "dims", None)
    is_labelled = isinstance(dims, Iterable) and hasattr(X, "coords")
    return is_labelled and TIME in dims


def flatten(X):
    """Convert an array or a data set to a table with frames as rows.

    Other dimensions are flattened in order, with space last. A column has the name of
    its coordinates, "nose x"; numbers get the name of the dimension, "sensor 0".
    Variables of a data set are columns with the variable's name in front if there are
    several; variables without time are dropped. The index counts frames.
    """
    import pandas as pd

    variables = _variables(X)
    tables = []
    for variable in variables:
        array = variable.transpose(TIME, ..., *_last(variable))
        values = array.to_numpy().reshape(array.sizes[TIME], -1)
        prefix = [str(variable.name)] if len(variables) > 1 else []
        columns = _names(array, prefix)
        tables.append(pd.DataFrame(values, columns=columns))
    return tables[0] if len(tables) == 1 else pd.concat(tables, axis=1)


def _variables(X):
    """Arrays with a time dimension: one, or those of a data set."""
    if not hasattr(X, "data_vars"):
        return [X]
    found = [X[name] for name in X.data_vars if TIME in X[name].dims]
    if not found:
        raise ValueError("X is a data set without a variable of the dimension time.")
    return found


def _last(array):
    """Dimensions to put last, so that the axes of a point are neighbours."""
    return [SPACE] if SPACE in array.dims else []


def _names(array, prefix):
    """Names of the columns of a flattened array."""
    axes = []
    for dim in array.dims[1:]:
        values = range(array.sizes[dim])
        if dim in array.coords:
            values = array.coords[dim].to_numpy().tolist()
        axes.append([_name(value, dim) for value in values])
    if not axes:
        return prefix or [str(array.name or "value")]
    return [" ".join([*prefix, *names]) for names in product(*axes)]


def _name(value, dim):
    """Name of a coordinate; a number gets the name of its dimension."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{dim} {value}" if isinstance(value, Real) else str(value)


def clock_of(X):
    """Seconds of each frame by a time coordinate or index, or None.

    Dates count from the first one. Floats of xarray are seconds; integers may count
    frames and are no clock.
    """
    clock: Any
    if has_time(X):
        clock = X.coords[TIME].to_index() if TIME in X.coords else None
    else:
        clock = getattr(X, "index", None)
    kind = getattr(getattr(clock, "dtype", None), "kind", "")
    if kind == "M":
        clock = clock - clock[0]
    if kind in ("m", "M"):
        return clock.total_seconds().to_numpy(float)
    return clock.to_numpy() if kind == "f" and has_time(X) else None
