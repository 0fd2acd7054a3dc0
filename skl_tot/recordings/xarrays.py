"""Arrays of xarray with a dimension of time, as tables of features with names."""

from collections.abc import Iterable
from itertools import product
from numbers import Real

import numpy as np

from skl_tot.recordings.rates import MAX_FPS, MIN_FPS

TIME, SPACE = "time", "space"
# Share of a step by which others of a regular clock may differ.
JITTER = 0.01


def has_time(X):
    """Whether something is of xarray, or like it, with a dimension of time."""
    dims = getattr(X, "dims", None)
    is_labelled = isinstance(dims, Iterable) and hasattr(X, "coords")
    return is_labelled and TIME in dims


def flatten(X):
    """Table of an array or a data set: frames are rows, all else are columns.

    Other dimensions are flattened in their order, but space comes last. A column is
    called by its coordinates, "nose x"; numbers, and those without coordinates, go with
    the name of the dimension, "sensor 0". Variables of a data set stand side by side,
    with their own names before, if there are several; those without time are no
    features. The index counts frames.
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
    """Arrays with time: one, or those of a data set."""
    if not hasattr(X, "data_vars"):
        return [X]
    found = [X[name] for name in X.data_vars if TIME in X[name].dims]
    if not found:
        raise ValueError("X is a data set without a variable of the dimension time.")
    return found


def _last(array):
    """Dimensions that come last, so that the axes of a point are neighbours."""
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
    """Name of a coordinate; numbers say little by themselves."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{dim} {value}" if isinstance(value, Real) else str(value)


def clock_rate(X):
    """Frames per second by a regular coordinate of time, else None.

    Floats are seconds; dates and durations have their units; integers may count frames
    and tell no rate.
    """
    if TIME not in X.coords:
        return None
    clock = X.coords[TIME].to_numpy()
    if clock.dtype.kind in "mM":
        clock = (clock - clock[:1]) / np.timedelta64(1, "s")
    steps = np.diff(clock)
    if clock.dtype.kind != "f" or len(steps) == 0:
        return None
    step = np.median(steps)
    # also false for nan
    if not (step > 0 and (np.abs(steps - step) <= JITTER * step).all()):
        return None
    rate = len(steps) / float(clock[-1] - clock[0])
    return float(f"{rate:.9g}") if MIN_FPS <= rate <= MAX_FPS else None
