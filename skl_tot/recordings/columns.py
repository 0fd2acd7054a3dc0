"""Columns of tables as features."""

import contextlib

import numpy as np

from skl_tot.recordings.clocks import is_clock, read_clocks
from skl_tot.recordings.errors import short_repr, warn_user
from skl_tot.recordings.stamps import read_numbers

# Types that pandas infers for columns of objects with numbers, some missing.
NUMBERS = ("boolean", "integer", "floating", "mixed-integer-float", "empty")
# Least frames of a column to recognise a counter.
MIN_COUNTED = 3
# Share of cells without numbers above which a column is text.
MOSTLY = 0.5


def read_features(tables, columns, without, clock):
    """Return the features of recordings, data frames with the columns of the first.

    ``columns`` lists the features to keep. None keeps all numbers except ``clock``,
    ``without``, counters of frames and constants. The dtype is float32 if all numbers
    are, else float64.
    """
    import pandas as pd

    without = _check_without(tables, columns, without or [])
    found, unfit = {}, {}
    no_features = without if columns is not None else [clock, *without]
    for name, table in tables.items():
        left = table.drop(columns=no_features, errors="ignore")
        found[name] = _numbers_of(left, name, columns, unfit)
    if columns is None:
        advice = "" if clock else _advise_clock(tables, unfit)
        why = f"hold no numbers ({'; '.join(unfit.values())})"
        _leave_out(found, unfit, why, advice)
        _leave_out(found, _find_counters(found), "count the frames")
        _leave_out(found, _find_constants(found), "are the same in all frames")
        _warn_of_clocks(next(iter(found.values())))
    first_name, first = next(iter(found.items()))
    types = set()
    for name, numbers in found.items():
        _check_alike(name, numbers, first_name, first)
        types.update(values.dtype for values in numbers.values())
    dtype = np.float32 if types == {np.dtype(np.float32)} else np.float64
    frames = []
    for numbers in found.values():
        array = np.empty((len(numbers[next(iter(first))]), len(first)), dtype)
        for k, column in enumerate(first):
            array[:, k] = numbers[column]
        frames.append(pd.DataFrame(array, columns=list(first)))
    return frames


def _check_without(tables, columns, without):
    """Refuse columns in ``without`` that no table has, or that ``columns`` has too."""
    known = [name for table in tables.values() for name in table.columns]
    known = list(dict.fromkeys(known))
    left_out = []
    for name in without:
        own = [name] if name in known else _parts(name, known)
        if not own:
            expected = f"among {short_repr(list(next(iter(tables.values())).columns))}"
        elif set(own) & set(columns or []):
            expected = "others than columns (--columns) or the features of the model"
        else:
            left_out += own
            continue
        raise ValueError(f"without (--without) has {name!r}, expected {expected}.")
    return left_out


def _parts(name, columns):
    """Columns that a name comprises, as "nose x" and "nose y" of "nose"."""
    return [column for column in columns if column.startswith(f"{name} ")]


def _numbers_of(table, recording, columns, unfit):
    """Numbers of one recording, a 1-D array per name, with lists expanded.

    Columns without numbers go to ``unfit``, with the reason.
    """
    numbers, parts = {}, {}
    for source in table.columns:
        if not _is_asked(source, columns):
            continue
        values = _as_numbers(table[source], recording)
        if values is None:
            shown, is_text = _describe(table[source])
            shown = f"{source!r} of {recording!r} has {shown}"
            if columns is not None or not is_text or len(table.columns) == 1:
                remedy = (
                    f"the column out by without=[{source!r}] (--without {source!r})"
                )
                if columns is not None:
                    remedy = "it out of columns (--columns)"
                raise ValueError(
                    f"column {shown}, expected numbers; correct it, or leave {remedy}."
                )
            unfit.setdefault(source, shown)
            continue
        own = [source]
        if values.ndim == 2:
            own = [f"{source} {k}" for k in range(values.shape[1])]
        parts[source] = own
        for name, column in zip(own, values.reshape(len(values), -1).T):
            if name in numbers:
                raise ValueError(f"{recording!r} has two columns {name!r}.")
            numbers[name] = column
    if columns is None:
        return numbers
    return _picked(numbers, parts, columns, recording, list(table.columns))


def _is_asked(source, columns):
    """Whether ``columns`` names a column, a part of its lists, or its group."""
    if columns is None:
        return True
    return any(
        name == source or name.startswith(f"{source} ") or source.startswith(f"{name} ")
        for name in columns
    )


def _describe(values):
    """Describe the first cell without a number, and whether most cells are such."""
    import pandas as pd

    numbers = values.astype(str).str.replace(",", "")
    numbers = pd.to_numeric(numbers, errors="coerce")
    row = int(np.argmax(numbers.isna() & values.notna()))
    text = values[values.notna()].astype(str).str.replace(",", ".", n=1)
    is_text = pd.to_numeric(text, errors="coerce").isna()
    return f"{short_repr(values.iloc[row])} in row {row}", is_text.mean() > MOSTLY


def _picked(numbers, parts, columns, recording, sources):
    """Return the requested numbers in the requested order."""
    picked = {}
    for name in columns:
        own = parts.get(name, [name] if name in numbers else [])
        own = own or _parts(name, numbers)
        if not own:
            raise ValueError(
                f"{recording!r} has no column {name!r}, expected columns (--columns) "
                f"among {short_repr(sources)}."
            )
        for part in own:
            picked[part] = numbers[part]
    return picked


def _as_numbers(values, recording):
    """Array (n_frames,) or, for lists, (n_frames, length); None without numbers."""
    import pandas as pd

    if values.dtype == np.float32:
        return values.to_numpy()
    if _is_numeric(values.dtype):
        return values.to_numpy(float, na_value=np.nan)
    if values.dtype.kind != "O":
        return None
    lists = [isinstance(value, (list, tuple, np.ndarray)) for value in values]
    if any(lists):
        return _expand(values, lists, recording)
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in NUMBERS:
        return values.to_numpy(float, na_value=np.nan)
    return _read_text(values, recording) if kind == "string" else None


def _read_text(values, recording):
    """Numbers of text with commas, or None."""
    text = values.astype("string")
    if not text.str.contains(",", na=False).any():
        return None  # 007 is a name, not a number
    try:
        return read_numbers(text)
    except ValueError as error:
        raise ValueError(f"column {values.name!r} of {recording!r}: {error}") from None


def _is_numeric(dtype):
    """Whether a column has real numbers or booleans."""
    from pandas.api import types

    return types.is_numeric_dtype(dtype) and not types.is_complex_dtype(dtype)


def _expand(values, lists, recording):
    """Convert lists of equal length to rows of an array; a missing list is all NaN."""
    cells = [None] * len(values)
    length = at = None
    for i, (value, is_list) in enumerate(zip(values, lists)):
        if not is_list:
            continue
        try:
            cells[i] = _flat(value)
        except (TypeError, ValueError):
            return None
        if length is None:
            length, at = len(cells[i]), i
        if len(cells[i]) != length:
            raise ValueError(
                f"column {values.name!r} of {recording!r} has {len(cells[i])} values "
                f"in row {i} and {length} in row {at}, expected equally many."
            )
    missing = np.full(length, np.nan, np.float32)  # works for float32 and float64
    return np.stack([missing if cell is None else cell for cell in cells])


def _flat(value):
    """Numbers of a nested list as a 1-D array of floats."""
    array = np.asarray(value)
    if array.dtype == object:
        array = np.concatenate([_flat(part) for part in array]) if len(array) else array
    if array.dtype.kind not in "fiub":
        raise TypeError("no numbers")
    return array.ravel() if array.dtype == np.float32 else array.ravel().astype(float)


def _find_counters(found):
    """Columns that only count the frames of each recording."""
    counters = list(next(iter(found.values())))
    for numbers in found.values():
        counters = [name for name in counters if name in numbers]
        counters = [name for name in counters if (np.diff(numbers[name]) == 1).all()]
    return counters if _longest(found) >= MIN_COUNTED else []


def _find_constants(found):
    """Columns with at most one value in all frames of all recordings."""
    constants = []
    first_found = next(iter(found.values()))
    for name in first_found if _longest(found) >= MIN_COUNTED else []:
        parts = [numbers[name] for numbers in found.values() if name in numbers]
        first = parts[0][:1]
        if all(np.array_equal(x, np.full_like(x, first), True) for x in parts):
            constants.append(name)
    return constants if len(constants) < len(first_found) else []


def _longest(found):
    """Frames of the longest recording."""
    lengths = [len(own) for numbers in found.values() for own in numbers.values()]
    return max(lengths, default=0)


def _leave_out(found, names, why, advice=""):
    """Drop columns from all recordings, with a warning that names them."""
    if not names:
        return
    for numbers in found.values():
        for name in names:
            numbers.pop(name, None)
    warn_user(
        f"Columns {list(names)} {why} and are left out; columns=[...] (--columns) says "
        "which are features, and without=[...] (--without) which are not." + advice
    )


def _advise_clock(tables, names):
    """Suggest a column with growing times as the clock."""
    for name in names:
        with contextlib.suppress(ValueError):
            read_clocks(tables, name)
            return f" {name!r} may be the clock: time={name!r} (--time {name!r})."
    return ""


def _warn_of_clocks(names):
    """Warn of features with the name of a clock."""
    clocks = [name for name in names if is_clock(name)]
    if clocks:
        warn_user(
            f"Columns {clocks} are called as clocks are, but are features here, as "
            "another clock or none is asked for; columns=[...] (--columns) chooses."
        )


def _check_alike(name, numbers, first_name, first):
    """Refuse a recording without features, or with other features than the first."""
    if not numbers:
        raise ValueError(f"{name!r} has no column of features, expected some.")
    for column in [*first, *numbers]:
        if column not in first or column not in numbers:
            lacking, having = name, first_name
            if column not in first:
                lacking, having = first_name, name
            raise ValueError(
                f"{lacking!r} has no column {column!r}, which {having!r} has; expected "
                "the same in all, or columns=[...] (--columns)."
            )
