"""Tables of recordings: reading, splitting, and columns as features."""

import itertools

import numpy as np

from skl_tot.progress import each
from skl_tot.recordings.columns import (
    find_recording_column,
    has_times,
    is_like_label,
    is_like_name,
    why_no_clock,
)
from skl_tot.recordings.errors import (
    FaultWarning,
    errors_of_file,
    import_extra,
    listed,
    one_line,
    refuse,
    repeated,
    short_repr,
    warn_user,
)
from skl_tot.recordings.readers import check_size
from skl_tot.recordings.text_tables import REMEDY, read_text_table

# Remedy of a doubtful choice of the columns that name recordings.
SAYS = "recording_column=[{}] (--recording-column) says which do, or False "
SAYS += "(--no-recording-column) that none does"


def read_tables(paths, read_options, may_lack_column, may_warn):
    """Read data frames by recording; also return the recording column, or None."""
    # That of the options, or recognised; None or False where files are recordings.
    keys = read_options.get("recording_column")
    if not keys:
        _check_distinct(paths)
    tables = _read_files(paths, keys, read_options, may_warn)
    if keys is None:
        others = [read_options.get("time"), *(read_options.get("columns") or [])]
        others += read_options.get("without") or []
        named = [_with_text(*pair, read_options) for pair in zip(paths, tables)]
        places = dict(zip(map(one_line, paths), named))
        keys = find_recording_column(places, SAYS, others)
        if keys is not None:
            tables = _read_files(paths, keys, read_options, False)  # as text
    columns = _listed(keys)
    if may_lack_column and columns and not any(map(set(columns).intersection, tables)):
        warn_user(
            f"{one_line(paths[0])} has no column {columns[0]!r}, which names the "
            "recordings of the model; each file is taken as one recording."
        )
        _check_distinct(paths)
        columns = keys = None
    if not columns:
        return {path.stem: table for path, table in zip(paths, tables)}, keys
    _check_columns(paths, tables, columns)
    return _split_files(paths, tables, columns), keys


def _listed(keys):
    return [keys] if isinstance(keys, str) else keys or []


def _read_files(paths, keys, read_options, may_warn):
    """List of the data frame of each file; columns ``keys`` are text."""
    header = read_options.get("header")
    keys = _listed(keys)
    pairs = [_read_table(path, keys, header) for path in each(paths)]
    if may_warn:
        _warn_of_lines([head for _, head in pairs if head is not None], header)
    return [table for table, _ in pairs]


def _with_text(path, table, read_options):
    """Table with numbers that may name recordings as text, as 001 and 1 are two."""
    alike = list(filter(is_like_name, table.select_dtypes("integer").columns))
    if not alike or path.suffix.lower() == ".parquet":
        return table
    texts = _read_files([path], alike, read_options, False)[0]
    return table.assign(**{name: texts[name] for name in alike})


def _split_files(paths, tables, keys):
    """Split long tables; a name that several have gets that of its file in front."""
    pd = import_extra("pandas")
    parts = []
    for path, table in zip(paths, tables):
        with errors_of_file(path):
            parts.append(_split(table, keys))
    names = [name for part in parts for name in part]
    if not repeated(names):
        return {name: table for part in parts for name, table in part.items()}
    names = [name for name, _ in itertools.groupby(names)]
    if not repeated(names) and max(map(len, parts)) > 1:
        # parts of one table: a recording may continue in the next part
        return _split(pd.concat(tables, ignore_index=True), keys)
    _check_distinct(paths)
    return {
        f"{path.stem}/{name}": table
        for path, part in zip(paths, parts)
        for name, table in part.items()
    }


def _check_columns(paths, tables, keys):
    for path, table in zip(paths, tables):
        for key in keys:
            if key not in table.columns:
                expected = f"{one_line(path)}: one of {short_repr(list(table.columns))}"
                refuse("recording_column (--recording-column)", key, expected)
        for odd in sorted(set(table.columns) ^ set(tables[0].columns)):
            pair = f"{one_line(paths[0])} and {one_line(path)}"
            raise ValueError(f"{pair} are of two tables: only one has column {odd!r}.")


def _check_distinct(paths):
    for name in repeated(path.stem for path in paths)[:1]:
        pair = " and ".join(one_line(path) for path in paths if path.stem == name)
        raise ValueError(f"{pair} are both {name!r}, expected one for each recording.")


def _warn_of_lines(heads, header):
    kinds = {
        "above": [head.above for head in heads if head.above and header is None],
        "below": [[", ".join(head.units)] for head in heads if head.units],
    }
    for place, lines in kinds.items():
        if lines:
            most, shown = max(map(len, lines)), short_repr(lines[0][0])
            warn_user(
                f"Up to {most} lines {place} the header of {len(lines)} of "
                f"{len(heads)} files are no rows, as {shown}; {REMEDY}."
            )


def _read_table(path, keys, header):
    """Read a data frame, and the `Head` of text or None; errors name the file."""
    pd = import_extra("pandas")
    with errors_of_file(path):
        if path.suffix.lower() == ".parquet":
            about = import_extra("pyarrow.parquet").read_metadata(path)
            check_size(path, about.num_rows * about.num_columns, "its table")
            table, head = pd.read_parquet(path, engine="pyarrow"), None
            index = table.index
            if not isinstance(index, pd.RangeIndex) or index.name is not None:
                table = table.reset_index()
        else:
            table, head = read_text_table(path, keys, header)
        table.columns = [str(name).strip() for name in table.columns]
        for name in table.columns[table.columns.duplicated()]:
            raise ValueError(f"it has two columns {name!r}, expected one.")
        if len(table) == 0:
            raise ValueError("it has no rows, expected one for each frame.")
    return table, head


def _split(table, keys):
    texts = [_names_in(table[key]) for key in keys]
    names, n_recordings = texts[0], len(set(zip(*texts)))
    for text in texts[1:]:
        names = names + "/" + text
    if len(set(names)) < n_recordings:
        shown = f"the columns {short_repr(keys)} give two recordings the same name"
        raise ValueError(f"{shown}; expected names without a slash.")
    parts = table.drop(columns=keys).groupby(names, sort=False)
    return {name: part.reset_index(drop=True) for name, part in parts}


def _names_in(column):
    """Text of a column of recording names, an array of objects."""
    pd = import_extra("pandas")
    if pd.api.types.is_string_dtype(column):
        column = column.str.strip()
    for row in np.flatnonzero(column.isna() | (column == ""))[:1]:
        raise ValueError(f"column {column.name!r} is empty in row {row}; name it.")
    if column.dtype.kind == "f" and (column == np.trunc(column)).all():
        column = column.astype(np.int64)
    return column.astype(str).to_numpy(dtype=object)


# ---------------------------------------------------------------- columns as features


def features_of_tables(tables, columns, without, clock):
    """Return data frames of features of recordings, and words on unequal columns."""
    pd = import_extra("pandas")
    first_name = next(iter(tables))
    without = _check_without(tables, columns, without or [])
    no_features = without if columns is not None else [clock, *without]
    features, unfit = {}, {}
    for name, table in tables.items():
        table = table.drop(columns=no_features, errors="ignore")
        features[name] = _numbers_of(table, name, columns, unfit)
    if columns is None:
        _leave_out_others(features, unfit, tables, clock)
    unequal = _leave_out_unequal(features, columns is None)
    first = features[first_name]
    if not first:
        raise ValueError(f"{first_name!r} has no column of features, expected some.")
    types = {x.dtype for numbers in features.values() for x in numbers.values()}
    dtype = np.float32 if types == {np.dtype(np.float32)} else np.float64
    frames = []
    for numbers in features.values():
        array = np.empty((len(numbers[next(iter(first))]), len(first)), dtype)
        for k, column in enumerate(first):
            array[:, k] = numbers[column]
        frames.append(pd.DataFrame(array, columns=list(first)))
    return frames, unequal


def _leave_out_others(features, unfit, tables, clock):
    """Leave out commands, text, counters and constants, with warnings."""
    table = next(iter(tables.values()))
    asides = table.attrs.get("asides", ())
    first = next(iter(features.values()))
    names = dict.fromkeys(name for numbers in features.values() for name in numbers)
    commands = [name for name in names if name.startswith(asides)]
    _leave_out(features, commands, "are commands or rewards, no measurements,")
    labels = [x for x in names if is_like_label(x) and x not in commands]
    _leave_out(features, labels, "are called as labels, which are no measurements,")
    advice = ""
    for name in unfit if not clock else []:
        reason = why_no_clock(tables, name) if has_times(table[name]) else ""
        advice += f" {name!r} is no clock: {reason}" if reason else ""
    why = f"hold no numbers ({'; '.join(unfit.values())})"
    _leave_out(features, unfit, why, advice)
    why = "grow by equal steps, as counters and clocks do,"
    advice = " If recordings begin where one begins again, recording_column=... "
    advice += "(--recording-column) says which column names them."
    _leave_out(features, _columns_that(_grow_evenly, features), why, advice)
    constants = _columns_that(_stay, features)
    if len(constants) < len(first):
        _leave_out(features, constants, "are the same in all frames of a recording,")


def _leave_out_unequal(features, may_leave_out):
    """Leave out columns that some recordings lack; list odd ones with words on them."""
    names = dict.fromkeys(name for numbers in features.values() for name in numbers)
    lost = [x for x in names if not all(x in numbers for numbers in features.values())]
    odd = []
    for column in lost:
        having = [name for name in features if column in features[name]]
        lacking = [name for name in features if name not in having]
        if not may_leave_out or 2 * len(lost) > len(names):  # of other kinds of files
            shown = f"{lacking[0]!r} has no column {column!r}, which {having[0]!r} has"
            raise ValueError(f"{shown}; columns=[...] (--columns) chooses common ones.")
        kinds = (lacking, f"no column {column}"), (having, f"column {column} only here")
        fewer, words = min(kinds, key=lambda kind: len(kind[0]))
        odd += [(name, words) for name in fewer]
    where = listed(f"{x}: {words}" for x, words in odd)
    _leave_out(features, lost, f"are unequal ({where})", kind=FaultWarning)
    return odd


def _check_without(tables, columns, without):
    present = dict.fromkeys(name for table in tables.values() for name in table.columns)
    left_out = []
    for name in without:
        named = [name] if name in present else _parts(name, present)
        expected = ""
        if not named:
            expected = f"among {short_repr(list(next(iter(tables.values())).columns))}"
        elif set(named) & set(columns or []):
            expected = "others than columns (--columns) or the features of the model"
        if expected:
            raise ValueError(f"without (--without) has {name!r}, expected {expected}.")
        left_out += named
    return left_out


def _parts(name, columns):
    return [column for column in columns if column.startswith(f"{name} ")]


def _numbers_of(table, recording, columns, unfit):
    """Arrays of one recording by name, with lists expanded; describe ``unfit`` ones."""
    numbers, parts = {}, {}
    for source in table.columns:
        if not _is_asked(source, columns):
            continue
        values = _as_numbers(table[source], recording)
        if values is None:
            is_only = len(table.columns) == 1
            shown = _no_numbers(table[source], recording, columns, is_only)
            unfit.setdefault(source, shown)
            continue
        parts[source] = [source]
        if values.ndim == 2:
            parts[source] = [f"{source} {k}" for k in range(values.shape[1])]
        for name, column in zip(parts[source], values.reshape(len(values), -1).T):
            if name in numbers:
                raise ValueError(f"{recording!r} has two columns {name!r}.")
            numbers[name] = column
    if columns is None:
        return numbers
    picked = {}
    for name in columns:
        named = parts.get(name, [name] if name in numbers else _parts(name, numbers))
        if not named:
            expected = f"columns (--columns) among {short_repr(list(table.columns))}"
            lacking = f"{recording!r} has no column {name!r}"
            remedy = "only=PATTERN (--only PATTERN) takes other recordings"
            raise ValueError(f"{lacking}, expected {expected}; {remedy}.")
        picked |= {part: numbers[part] for part in named}
    return picked


def _is_asked(source, columns):
    """Whether ``columns`` names a column, a part of its lists, or its group."""
    return columns is None or any(
        name == source or name.startswith(f"{source} ") or source.startswith(f"{name} ")
        for name in columns
    )


def _no_numbers(values, recording, columns, is_only):
    """Describe a column of text, or refuse it if it should have numbers."""
    pd = import_extra("pandas")
    if values.dtype.kind in "mM":
        values = values.astype(str)
    bad = pd.to_numeric(values, errors="coerce").isna() & values.notna()
    row = int(np.argmax(bad))
    shown = f"{values.name!r} of {recording!r} has {short_repr(values.iloc[row])}"
    shown += f" in row {row}"
    is_text = bad.sum() > values.notna().sum() / 2
    if columns is None and is_text and not is_only:
        return shown
    remedy = f"the column out by without=[{values.name!r}] (--without {values.name!r})"
    remedy = remedy if columns is None else "it out of columns (--columns)"
    raise ValueError(f"column {shown}, expected numbers; correct it or leave {remedy}.")


def _as_numbers(values, recording):
    """Array (n_frames,) or, for lists, (n_frames, length); None without numbers."""
    types = import_extra("pandas").api.types
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
    numbers = ("boolean", "integer", "floating", "mixed-integer-float", "empty")
    return values.to_numpy(float, na_value=np.nan) if kind in numbers else None


def _expand(values, lists, recording):
    """Array (n_frames, length) of a column of lists, NaN where ``lists`` is false."""
    try:
        cells = [_flat(x) if is_list else None for x, is_list in zip(values, lists)]
    except (TypeError, ValueError):
        return None
    at = lists.index(True)
    length = len(cells[at])
    for i, cell in enumerate(cells):
        if cell is not None and len(cell) != length:
            column = f"column {values.name!r} of {recording!r}"
            counts = f"{len(cell)} values in row {i} and {length} in row {at}"
            raise ValueError(f"{column} has {counts}, expected equally many.")
    missing = np.full(length, np.nan, np.float32)  # works for float32 and float64
    return np.stack([missing if cell is None else cell for cell in cells])


def _flat(value):
    array = np.asarray(value)
    if array.dtype == object:
        array = np.concatenate([_flat(part) for part in array]) if len(array) else array
    if array.dtype.kind not in "fiub":
        raise TypeError("no numbers")
    return array.ravel() if array.dtype == np.float32 else array.ravel().astype(float)


def _columns_that(do, features):
    """Columns of the first recording that ``do`` something in all; none if short."""
    lengths = [len(x) for numbers in features.values() for x in numbers.values()]
    if max(lengths, default=0) < 3:  # any two numbers may count
        return []
    first = next(iter(features.values()))
    return [
        name for name in first if do([x[name] for x in features.values() if name in x])
    ]


def _grow_evenly(arrays):
    """Whether values grow by one step in all arrays, or begin again after many."""
    steps = np.concatenate([np.diff(np.asarray(x, float)) for x in arrays])
    begins = np.concatenate([x[1:] == x[0] for x in arrays])
    growing = steps[~begins]
    is_growing = len(growing) > 9 * begins.sum() and growing[0] > 0
    return is_growing and np.allclose(growing, growing[0], 1e-6, 0)


def _stay(arrays):
    """Whether all values of an array are its first one, in each of them."""
    return all(np.array_equal(x, np.full_like(x, x[:1]), True) for x in arrays)


def _leave_out(features, names, why, advice="", kind=UserWarning):
    if not names:
        return
    for numbers in features.values():
        for name in names:
            numbers.pop(name, None)
    shown = listed(map(repr, names), 8)
    warn_user(
        f"Columns [{shown}] {why} and are left out; columns=[...] (--columns) says "
        "which are features, and without=[...] (--without) which are not." + advice,
        kind,
    )
