"""Columns of tables that are no features: names of recordings, labels, clocks."""

import functools
import re

import numpy as np

from skl_tot.recordings.clocks import DURATION, NO_DATE, TIME, read_times, since_first
from skl_tot.recordings.errors import (
    import_extra,
    listed,
    one_line,
    short_repr,
    warn_user,
)

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
    types = import_extra("pandas").api.types
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


# ------------------------------------------------------------------------------- clocks

DAY = 86400  # seconds
DAYS = 30_000, 60_000  # of Excel since 1900, for dates from 1982 to 2064
# Names of clock columns.
CLOCKS = ("time", "timestamp", "timestamps", "time_stamp", "seconds")
# In the absence of these.
OTHER_CLOCKS = ("datetime", "date_time", "unix_time", "elapsed_time", "elapsed time")
# Seconds per unit, by the suffix of a name.
UNITS = {
    **dict.fromkeys(("s", "sec", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "milliseconds"), 1e-3),
    **{"us": 1e-6, "µs": 1e-6, "\u03bcs": 1e-6, "ns": 1e-9},
    **{"min": 60.0, "minutes": 60.0, "h": 3600.0, "hours": 3600.0},
}
UNIT = re.compile(rf"(.+?)(?:[ _]+|[ _]*[\[(] *)({'|'.join(UNITS)}) *[\])]?")


def find_clock(tables, time):
    """Name of the clock column of all recordings, or None."""
    if time is not None:
        return time or None
    choices = _choose_clocks(tables)
    if len(choices) > 1:
        shown = f"Columns {listed(map(repr, choices))} may each be the clock"
        expected = f"which one by time (--time {choices[0]!r})"
        raise ValueError(f"{shown}, expected {expected}.")
    return choices[0] if choices else None


def _choose_clocks(tables):
    first = next(iter(tables.values()))
    words = {name: _split_unit(name)[0] for name in first.columns}
    usual = [name for name in words if words[name] in CLOCKS]
    # a "t" may be a temperature: if it does not grow, it is no clock
    usual += [name for name in words if words[name] == "t" and _grows(tables, name)]
    others = [name for name in words if words[name] in OTHER_CLOCKS]
    if usual or others:
        return usual or others
    return [name for name in words if has_times(first[name]) and _grows(tables, name)]


def _grows(tables, column):
    return not why_no_clock(tables, column)


def has_times(values):
    """Whether a column starts with a date or a duration."""
    if values.dtype.kind in "mM":
        return True
    cell = "" if values.dtype.kind in "iufbc" else next(iter(values.dropna()), "")
    return bool(TIME.fullmatch(str(cell).strip()))


def is_clock(name):
    """Whether a column name certainly denotes a clock."""
    return _split_unit(name)[0] in CLOCKS + OTHER_CLOCKS


def _split_unit(name):
    """Column name in small letters without its unit, and this unit ("s" if none)."""
    name = name.strip().lower()
    match = UNIT.fullmatch(name)
    return match.groups() if match else (name, "s")


def why_no_clock(tables, column):
    """Reason why a column cannot be the clock; empty if it can."""
    try:
        read_clocks(tables, column)
    except ValueError as error:
        return str(error)
    return ""


def read_clocks(tables, column):
    """Return the seconds of each frame, an array per recording, and dates of 0 s."""
    clocks, dates = [], []
    for name, table in tables.items():
        if column not in table.columns:
            expected = f"expected it among {short_repr(list(table.columns))}"
            raise ValueError(f"{name!r} has no clock column {column!r}, {expected}.")
        clock, date = _as_seconds(table[column], name)
        _check_forward(clock, column, name)
        clocks.append(clock)
        dates.append(date)
    return clocks, dates


def _as_seconds(values, recording):
    """Seconds (n_frames,) of numbers in the column's unit, or of dates; date of 0 s."""
    pd = import_extra("pandas")
    factor = UNITS[_split_unit(values.name)[1]]
    where = f"the clock {values.name!r} of {recording!r}"
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return since_first(values)
    if pd.api.types.is_timedelta64_dtype(values.dtype):
        return values.dt.total_seconds().to_numpy(float), NO_DATE
    if values.dtype == np.float32:  # 7.7 instead of 7.699999809
        values = values.astype(str)
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(float, na_value=np.nan)
        if factor == 1 and _are_days(numbers):
            return _read_days(numbers, where)
        return (numbers * factor).round(9), NO_DATE  # 73.82, not 73.82000000000001
    text = values.where(values.isna(), values.astype(str)).astype("string")
    try:
        seconds, date = read_times(text, factor)
    except ValueError as error:
        raise ValueError(f"{where} cannot be read: {one_line(error)[:200]}") from None
    # dates that go back are in disorder
    is_of_day = text.str.fullmatch(f" *{DURATION} *").all()
    if is_of_day and seconds.max(initial=0) < DAY:
        seconds = _over_midnight(seconds, where)
    return seconds, date


def _are_days(numbers):
    """Whether numbers are dates of Excel, in days, as seconds would be above 10 kHz."""
    steps = np.diff(numbers)
    is_date = (numbers >= DAYS[0]) & (numbers <= DAYS[1])
    return len(steps) > 0 and is_date.all() and 0 < np.median(steps) < 1e-4


def _read_days(numbers, where):
    warn_user(f"{where} has days since 1900, as Excel does, and is read as dates.")
    first = np.timedelta64(round(numbers[0] * DAY * 1000), "ms")
    seconds = np.round((numbers - numbers[0]) * DAY, 6)
    return seconds, np.datetime64("1899-12-30", "ms") + first


def _over_midnight(seconds, where):
    begins = np.diff(seconds, prepend=seconds[:1]) < -DAY / 2
    if begins.any():
        row = int(begins.argmax())
        warn_user(f"{where} passes midnight in row {row}, and goes on by a day.")
    return seconds + DAY * np.cumsum(begins)


def _check_forward(clock, column, recording):
    where = f"the clock {column!r} of {recording!r}"
    for i in np.flatnonzero(~np.isfinite(clock))[:1]:
        raise ValueError(f"{where} has no time in row {i}; fill it, or drop the row.")
    for i in np.flatnonzero(np.diff(clock) <= 0)[:1]:
        verb = "stands still" if clock[i + 1] == clock[i] else "goes back"
        raise ValueError(
            f"{where} {verb} from {clock[i]:g} to {clock[i + 1]:g} s in row {i + 1}, "
            "expected times that grow: write them in UTC where summer time ends, name "
            "the recording of each row (recording_column, --recording-column), or "
            "another clock (time, --time) or none (time=False, --no-clock)."
        )
