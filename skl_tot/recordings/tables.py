"""Tables of recordings: reading, splitting, and columns as features."""

import csv
import gzip
import itertools
import re
import warnings

import numpy as np

from skl_tot.recordings.clocks import PLAIN, can_be_clock, is_clock
from skl_tot.recordings.disk import find_separator
from skl_tot.recordings.errors import one_line, refuse, repeated, short_repr, warn_user
from skl_tot.recordings.imports import import_extra
from skl_tot.recordings.readers import stem

# Rows that determine the decimal sign, and numbers that have one.
N_PROBES = 1000
THOUSANDS = re.compile(r" *[+-]?[1-9]\d{0,2},\d{3} *")
DECIMALS = re.compile(r" *[+-]?\d*([.,])\d+(e[+-]?\d+)? *", re.IGNORECASE)
# Cells without a value, as pandas defines them.
MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None"]
MISSING += ["<NA>", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN"]
# Types that pandas infers for columns of objects with numbers, some missing.
NUMBERS = ("boolean", "integer", "floating", "mixed-integer-float", "empty")
# Least frames of a column to recognise a counter.
MIN_COUNTED = 3
# Share of cells without numbers above which a column is text.
MOSTLY = 0.5


def read_tables(paths, by, is_asked=True):
    """Read files into a data frame per recording, or split them by columns ``by``."""
    import pandas as pd

    keys = [by] if isinstance(by, str) else by or []
    if not keys:
        _check_distinct(paths)
    read = [_read_table(path, keys) for path in paths]
    if keys and not is_asked and not any(map(set(keys).intersection, read)):
        warn_user(
            f"{one_line(paths[0])} has no column {keys[0]!r}, which names the "
            "recordings of the model; each file is taken as one recording."
        )
        keys = []
        _check_distinct(paths)
    if not keys:
        return dict(zip(map(stem, paths), read))
    for path, table in zip(paths, read):
        for key in keys:
            if key not in table.columns:
                raise ValueError(
                    f"{one_line(path)} has no column {key!r} that names recordings "
                    f"(by, --by), expected one of {short_repr(list(table.columns))}."
                )
        for odd in sorted(set(table.columns) ^ set(read[0].columns)):
            pair = f"{one_line(paths[0])} and {one_line(path)}"
            raise ValueError(f"{pair} are of two tables: only one has column {odd!r}.")
    return _split(pd.concat(read, ignore_index=True), keys)


def _check_distinct(paths):
    """Refuse two files with one name."""
    for name in repeated(map(stem, paths))[:1]:
        pair = " and ".join(one_line(path) for path in paths if stem(path) == name)
        raise ValueError(f"{pair} are both {name!r}, expected one for each recording.")


def _read_table(path, keys):
    """Read a file with distinct column names."""
    import pandas as pd

    read = _read_parquet if path.suffix.lower() == ".parquet" else _read_text
    try:
        table = read(path, keys)
    except ImportError:
        raise
    except Exception as error:  # a broken file raises many types
        reason = f"cannot be read: {one_line(error)}"
        if isinstance(error, UnicodeDecodeError):
            reason = "is no text in UTF-8; save it as 'CSV UTF-8'."
        elif isinstance(error, pd.errors.ParserWarning):
            reason = "cannot be read: rows have more cells than its first line."
        raise ValueError(f"{one_line(path)} {reason}") from None
    table.columns = [str(name).strip() for name in table.columns]
    for name in table.columns[table.columns.duplicated()]:
        raise ValueError(f"{one_line(path)} has two columns {name!r}, expected one.")
    if len(table) == 0:
        raise ValueError(f"{one_line(path)} has no rows, expected one for each frame.")
    return table


def _read_parquet(path, keys):
    """Read a Parquet file, with its row index among the columns."""
    import pandas as pd

    import_extra("pyarrow")
    table = pd.read_parquet(path, engine="pyarrow")
    is_plain = isinstance(table.index, pd.RangeIndex) and table.index.name is None
    return table if is_plain else table.reset_index()


def _read_text(path, keys):
    """Read delimited text with one header line."""
    import pandas as pd

    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        header, rows = file.readline(), list(itertools.islice(file, N_PROBES))
        rows += itertools.islice((row for row in file if "," in row), N_PROBES)
    is_tabbed = ".tsv" in path.name.lower()
    separator = "\t" if is_tabbed else find_separator(header)
    names = next(csv.reader([header], delimiter=separator, skipinitialspace=True), [])
    _check_header([name.strip() for name in names])
    as_text = {name: str for name in names if name.strip() in keys}  # 007 is not 7
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lost values
        return pd.read_csv(
            path,
            sep=separator,
            decimal="." if separator == "," else _find_decimal(rows, separator),
            skipinitialspace=True,
            encoding="utf-8-sig",
            index_col=False,  # else long rows make the first column an index
            low_memory=False,  # one type per column
            dtype=as_text,
            keep_default_na=False,  # NA may be a name
            na_values={name: MISSING for name in names if name not in as_text},
        )


def _check_header(names):
    """Refuse a first line without names, or with two equal ones."""
    if not "".join(names):
        raise ValueError("its first line is empty, expected names of the columns.")
    if names[0] == "scorer":
        found = "it is a track of DeepLabCut, which must stay unchanged"
        raise ValueError(f"{found}: *.csv with commas, without by (--by).")
    for name in repeated(names)[:1]:
        raise ValueError(f"it has two columns {name!r}, expected one.")
    is_counted = names == [str(i) for i in range(len(names))]  # pandas' default names
    plain = [PLAIN.fullmatch(name.replace(",", ".")) for name in names]
    if all(plain) and not is_counted:
        refuse("its first line", names, "names of the columns")


def _find_decimal(rows, separator):
    """Decimal sign in the numbers of some rows; a point if both occur."""
    signs, unsure = set(), []
    for cells in itertools.zip_longest(*csv.reader(rows, delimiter=separator)):
        filled = [cell for cell in cells if cell and cell.strip()]
        found = [match for cell in filled if (match := DECIMALS.fullmatch(cell))]
        signs.update(match[1] for match in found)
        commas = [match[0] for match in found if match[1] == ","]
        if all(map(THOUSANDS.fullmatch, commas)) and len(commas) < len(filled):
            unsure += commas
    if signs != {","}:
        return "."
    if unsure:
        found = f"{unsure[0].strip()!r} may have thousands or decimals"
        raise ValueError(f"{found}; expected decimals with a point.")
    return ","


def _split(table, keys):
    """Rows of each recording, in order of appearance."""
    texts = [_names_in(table[key]) for key in keys]
    names, n_recordings = texts[0], len(set(zip(*texts)))
    for text in texts[1:]:
        names = names + "/" + text
    if len(set(names)) < n_recordings:
        found = f"the columns {short_repr(keys)} give two recordings the same name"
        raise ValueError(f"{found}; expected names without a slash.")
    parts = table.drop(columns=keys).groupby(names, sort=False)
    return {name: part.reset_index(drop=True) for name, part in parts}


def _names_in(column):
    """Text of a column of recording names, an array of objects."""
    import pandas as pd

    if pd.api.types.is_string_dtype(column):
        column = column.str.strip()
    for row in np.flatnonzero(column.isna() | (column == ""))[:1]:
        place = f"column {column.name!r} is empty in row {row}"
        raise ValueError(f"{place}, expected a recording's name.")
    if column.dtype.kind == "f" and (column == np.trunc(column)).all():
        column = column.astype(np.int64)
    return column.astype(str).to_numpy(dtype=object)


# ---------------------------------------------------------------- columns as features


def features_of_tables(tables, columns, without, clock):
    """Return the features of recordings, data frames with the columns of the first."""
    import pandas as pd

    without = _check_without(tables, columns, without or [])
    found, unfit = {}, {}
    no_features = without if columns is not None else [clock, *without]
    for name, table in tables.items():
        left = table.drop(columns=no_features, errors="ignore")
        found[name] = _numbers_of(left, name, columns, unfit)
    if columns is None:
        texts = [] if clock else [x for x in unfit if can_be_clock(tables, x)]
        advice = ""
        for text in texts[:1]:
            advice = f" {text!r} may be the clock: time={text!r} (--time {text!r})."
        why = f"hold no numbers ({'; '.join(unfit.values())})"
        _leave_out(found, unfit, why, advice)
        _leave_out(found, _columns_that(_count, found), "count the frames")
        constants = _columns_that(_stay, found)
        if len(constants) < len(next(iter(found.values()))):
            _leave_out(found, constants, "are the same in all frames")
        _warn_of_clocks(next(iter(found.values())))
    first_name, first = next(iter(found.items()))
    for name, numbers in found.items():
        _check_alike(name, numbers, first_name, first)
    types = {own.dtype for numbers in found.values() for own in numbers.values()}
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
    known = dict.fromkeys(name for table in tables.values() for name in table.columns)
    left_out = []
    for name in without:
        own = [name] if name in known else _parts(name, known)
        expected = ""
        if not own:
            expected = f"among {short_repr(list(next(iter(tables.values())).columns))}"
        elif set(own) & set(columns or []):
            expected = "others than columns (--columns) or the features of the model"
        if expected:
            raise ValueError(f"without (--without) has {name!r}, expected {expected}.")
        left_out += own
    return left_out


def _parts(name, columns):
    """Columns that a name comprises, as "nose x" and "nose y" of "nose"."""
    return [column for column in columns if column.startswith(f"{name} ")]


def _numbers_of(table, recording, columns, unfit):
    """Numbers of one recording, a 1-D array per name, with lists expanded."""
    numbers, parts = {}, {}
    for source in table.columns:
        if not _is_asked(source, columns):
            continue
        values = _as_numbers(table[source], recording)
        if values is None:
            is_last = len(table.columns) == 1
            shown = _no_numbers(table[source], recording, columns, is_last)
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
    picked = {}
    for name in columns:
        own = parts.get(name, [name] if name in numbers else _parts(name, numbers))
        if not own:
            raise ValueError(
                f"{recording!r} has no column {name!r}, expected columns (--columns) "
                f"among {short_repr(list(table.columns))}."
            )
        picked |= {part: numbers[part] for part in own}
    return picked


def _is_asked(source, columns):
    """Whether ``columns`` names a column, a part of its lists, or its group."""
    return columns is None or any(
        name == source or name.startswith(f"{source} ") or source.startswith(f"{name} ")
        for name in columns
    )


def _no_numbers(values, recording, columns, is_last):
    """Describe a column of text, or refuse it if it should have numbers."""
    import pandas as pd

    bad = pd.to_numeric(values, errors="coerce").isna() & values.notna()
    row = int(np.argmax(bad))
    shown = f"{values.name!r} of {recording!r} has {short_repr(values.iloc[row])}"
    shown += f" in row {row}"
    is_text = bad.sum() > MOSTLY * values.notna().sum()
    if columns is None and is_text and not is_last:
        return shown
    remedy = f"the column out by without=[{values.name!r}] (--without {values.name!r})"
    remedy = remedy if columns is None else "it out of columns (--columns)"
    raise ValueError(f"column {shown}, expected numbers; correct it or leave {remedy}.")


def _as_numbers(values, recording):
    """Array (n_frames,) or, for lists, (n_frames, length); None without numbers."""
    from pandas.api import types

    if values.dtype == np.float32:
        return values.to_numpy()
    is_number = types.is_numeric_dtype(values.dtype)
    if is_number and not types.is_complex_dtype(values.dtype):
        return values.to_numpy(float, na_value=np.nan)
    if values.dtype.kind != "O":
        return None
    lists = [isinstance(value, (list, tuple, np.ndarray)) for value in values]
    if any(lists):
        return _expand(values, lists, recording)
    kind = types.infer_dtype(values, skipna=True)
    return values.to_numpy(float, na_value=np.nan) if kind in NUMBERS else None


def _expand(values, lists, recording):
    """Convert lists of equal length to rows of an array; a missing list is all NaN."""
    try:
        cells = [_flat(x) if is_list else None for x, is_list in zip(values, lists)]
    except (TypeError, ValueError):
        return None
    at = lists.index(True)
    length = len(cells[at])
    for i, cell in enumerate(cells):
        if cell is not None and len(cell) != length:
            raise ValueError(
                f"column {values.name!r} of {recording!r} has {len(cell)} values "
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


def _columns_that(do, found):
    """Columns of the first recording that ``do`` something in all; none if short."""
    lengths = [len(own) for numbers in found.values() for own in numbers.values()]
    if max(lengths, default=0) < MIN_COUNTED:
        return []
    chosen = []
    for name in next(iter(found.values())):
        if do([numbers[name] for numbers in found.values() if name in numbers]):
            chosen.append(name)
    return chosen


def _count(parts):
    return all((np.diff(own) == 1).all() for own in parts)


def _stay(parts):
    first = parts[0][:1]
    return all(np.array_equal(own, np.full_like(own, first), True) for own in parts)


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
        if column not in numbers or column not in first:
            pair = name, first_name
            lacking, having = pair if column in first else pair[::-1]
            raise ValueError(
                f"{lacking!r} has no column {column!r}, which {having!r} has; expected "
                "the same in all, or columns=[...] (--columns)."
            )
