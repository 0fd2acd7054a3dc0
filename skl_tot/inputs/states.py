"""Refusals of fitted attributes that no fit leaves, as a model from a file may hold."""

from numbers import Integral, Real

import numpy as np


def count(segmenter, name):
    """Attribute that is an integer from 1."""
    value = getattr(segmenter, name)
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} is {value!r}, expected an integer from 1")
    return value


def check_positive(value, name):
    """Refuse what is no positive finite number; None, not known, is allowed."""
    if value is not None and not (isinstance(value, Real) and 0 < value < np.inf):
        raise ValueError(f"{name} is {value!r}, expected a positive number")


def check_array(array, name, shape, *, is_finite=True):
    """Refuse what is no array of numbers of this shape."""
    check_numbers(array, name)
    if array.shape != shape:
        raise ValueError(f"{name} is of shape {array.shape}, expected {shape}")
    if is_finite and not np.isfinite(array).all():
        raise ValueError(f"{name} has values that are not finite")


def check_numbers(array, name):
    """Refuse what is no array of numbers."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        found = getattr(array, "dtype", type(array).__name__)
        raise ValueError(f"{name} is of {found}, expected an array of numbers")


def check_item(values, where, name, shape, **options):
    """Check an array of a dict."""
    check_array(item(values, where, name), f"{where}[{name!r}]", shape, **options)


def item(values, where, name):
    """Value of a dict, if it is one that has it."""
    if not isinstance(values, dict) or name not in values:
        raise ValueError(f"{where} has no {name!r}, expected a dict with it")
    return values[name]


def size(values, where, name):
    """Size of an array of a dict."""
    value = item(values, where, name)
    check_numbers(value, f"{where}[{name!r}]")
    return value.size


def check_numbering(actions, name, n_actions):
    """Refuse what does not number parts of each of the actions, from 0 on."""
    check_numbers(actions, name)
    is_numbering = actions.ndim == 1 and actions.dtype.kind == "i"
    if not is_numbering or not np.array_equal(np.unique(actions), np.arange(n_actions)):
        raise ValueError(
            f"{name} is {actions.tolist()}, expected each of the actions from 0 to "
            f"{n_actions - 1}"
        )
