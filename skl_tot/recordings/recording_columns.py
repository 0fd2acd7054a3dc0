"""Columns of tables that name the recording of each row."""

import functools
import re

import numpy as np

from skl_tot.recordings.errors import warn_user

# Names of such columns, alone or before a word for a number; and only before one.
WORDS = "recording|episode|trial|video|take|demo|demonstration|session|sequence|clip"
WORDS += "|rollout|trajectory|subject|participant|patient|animal|file|filename"
NUMBERED = "run|test|case|rep|repetition|sample"
NUMBER = r"id|index|idx|no\.?|nr\.?|num|number|name|key|#"
NAME = re.compile(
    rf"(?:{WORDS})[ _.-]*(?:{NUMBER})?|(?:{NUMBERED})[ _.-]*(?:{NUMBER})|id"
)
# Names of columns of labels, which are the truth and no measurement.
LABEL = "actions?|labels?|behavior|behaviours?|activity|annotations?|ground.?truth"
LABEL = re.compile(rf"(?:{LABEL})(?:[ _.-]*(?:{NUMBER}|label))?")


def find_recording_column(tables, remedy, others=()):
    """Column that names the recordings of data frames by place; None without one."""
    # Rows of a recording are neighbours. A warning says which column it is; a doubtful
    # choice is an error. Both end with the remedy, a text with a place for columns.
    # Columns `others` have another purpose.
    first, *_ = frames = list(tables.values())
    varying = {}  # by name, the steps in each table
    for name in _columns_like_names(first):
        steps = [_steps(table[name]) if name in table else set() for table in frames]
        if name not in others and any(steps):
            varying[name] = steps
    if not varying:
        return None
    place = next(place for place, x in zip(tables, next(iter(varying.values()))) if x)
    finest = [set().union(*steps) for steps in zip(*varying.values())]
    for name, steps in varying.items():
        columns = [table[name] for table in frames if name in table]
        if steps == finest and all(map(_are_neighbours, columns)):
            remedy = remedy.format(repr(name))
            warn_user(f"{place}: {name!r} names the recordings; {remedy}.")
            return name
    shown = ", ".join(map(repr, varying))
    raise ValueError(
        f"{place}: {shown} may name recordings, but none has the rows of each "
        f"together; {remedy.format(shown)}."
    )


def with_recording_index(table):
    """Put the column that names recordings, if there is one, into the index."""
    remedy = "X.set_index([{0}, X.index]) says which do, or X.drop(columns=[{0}]) none"
    name = find_recording_column({"X": table}, remedy)
    return table if name is None else table.set_index([name, table.index])


def without_recording_columns(tables):
    """Leave out columns that name the recording of each data frame; warn of them."""
    left_out, kept = {}, []
    for table in tables:
        columns = _columns_like_names(table)
        for name in columns:
            if _steps(table[name]):
                shown = f"column {name!r} names several recordings in one"
                raise ValueError(f"{shown}; drop it, or divide the frame by it.")
        left_out |= dict.fromkeys(columns)
        kept.append(table.drop(columns=columns) if columns else table)
    if left_out:
        warn_user(f"Columns {list(left_out)} name recordings, and are left out.")
    return kept


def _columns_like_names(table):
    names = [name for name in table.columns if is_like_name(name)]
    return [name for name in names if _has_names(table[name])]


@functools.cache
def is_like_name(name):
    """Whether a column is called as those that name recordings."""
    return isinstance(name, str) and NAME.fullmatch(name.strip().lower()) is not None


def is_like_label(name):
    """Whether a column is called as those of labels."""
    return isinstance(name, str) and LABEL.fullmatch(name.strip().lower()) is not None


def _has_names(values):
    """Whether values are text or integers, and any occurs again."""
    from pandas.api import types

    n_values = values.nunique(dropna=False)
    if types.is_bool_dtype(values) or n_values == len(values) > 1:
        return False
    if types.is_numeric_dtype(values):
        numbers = values.dropna().to_numpy(float)  # of integers with gaps
        return len(numbers) > 0 and bool((numbers == np.trunc(numbers)).all())
    return types.infer_dtype(values, skipna=True) in ("string", "categorical")


def _codes(values):
    return values.factorize(use_na_sentinel=False)[0]


def _steps(values):
    """Set of the rows at which another value begins."""
    return set(np.flatnonzero(np.diff(_codes(values))).tolist())


def _are_neighbours(values):
    """Whether the rows of each value are neighbours."""
    return len(_steps(values)) == _codes(values).max()
