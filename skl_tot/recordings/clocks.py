"""Clocks of recordings: times as text, columns of times, dates, and rates."""

import re
import warnings
from itertools import repeat
from numbers import Real

import numpy as np

from skl_tot.recordings.errors import (
    is_number,
    listed,
    one_line,
    refuse,
    short_repr,
    warn_user,
)

# Range of frames per second that give useful times.
MIN_FPS, MAX_FPS = 1e-6, 1e6
MOST_SECONDS = 1e11  # of a recording: 3,000 years, whose dates have four digits
DATES = ("start_clock", "end_clock")  # of tables
DAY = 86400  # seconds
DAYS = 30_000, 60_000  # of Excel since 1900, for dates from 1982 to 2064


def check_fps(fps, name="fps"):
    """Refuse an invalid number of frames per second; None is allowed."""
    is_rate = is_number(fps) and MIN_FPS <= fps <= MAX_FPS
    if fps is not None and not is_rate:
        refuse(name, fps, f"a positive number from {MIN_FPS:g} to {MAX_FPS:g}, or None")


def is_same(rate, other):
    """Whether two rates differ by 1 % at most, or one is unknown."""
    return rate is None or other is None or abs(rate - other) <= 0.01 * other


def agreed_rate(fps, rate, whose):
    """Given rate, or the rate of recordings if they agree; ``whose`` names these."""
    if not is_same(fps, rate):
        refuse("fps", fps, f"{rate:g} frames per second, as in {whose}")
    return fps if rate is None else rate


def check_rate(rate, rate_of_fit, what="X"):
    """Rate of recordings, called ``what``, or that of the fit if they agree."""
    if not is_same(rate, rate_of_fit):
        fps = f"{rate_of_fit:g}"
        raise ValueError(
            f"{what} has {rate:g} frames per second, but the model was fitted to "
            f"{fps}; expected the same: fps={fps} (--fps), or for tables "
            f"resample={fps} (--resample)."
        )
    return rate if rate_of_fit is None else rate_of_fit


NO_DATE = np.datetime64("NaT", "ms")
NUMBER = r" *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)? *"
PLAIN = re.compile(NUMBER)
# 1:02:03.5 or 02:03,5, perhaps after days
DURATION = r"(?:\d+ days?,? )?\d+:\d{1,2}(?::\d{1,2})?(?:[.,]\d*)?"
# with the year first, or last
ISO = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{8}T.*"
DATE = r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?!\d)"
ZONE = r"\d(?:Z|[T ][\d:.]+ ?[+-]\d\d(?::?\d\d)?)$"
TIME = re.compile(f"{DURATION}|{ISO}|{DATE}.*")


def clock_text(start, seconds, digits=3):
    """Date and time of seconds since a start; empty if one of both is unknown."""
    if np.isnat(start) or np.isnan(seconds):
        return ""
    if abs(seconds) > MOST_SECONDS:
        refuse("seconds", seconds, f"a number up to {MOST_SECONDS:g}")
    unit = 10 ** (6 - digits)
    moment = int(start.astype("M8[us]").astype(np.int64)) + round(seconds * 1e6)
    moment = (moment + unit // 2) // unit * unit
    text = str(np.datetime64(moment, "us")).replace("T", " ")
    return text[: len(text) - (6 - digits if digits else 7)]


def clock_columns(dates, starts, ends, digits=3):
    """Columns of the clock times of starts and ends, all with as many decimals."""
    # these are as many as one of them needs, up to `digits`
    columns = [list(map(clock_text, dates, x, repeat(digits))) for x in (starts, ends)]
    texts = [text for text in columns[0] + columns[1] if text]
    n_zeros = min((len(text) - len(text.rstrip("0")) for text in texts), default=0)
    n_left_out = n_zeros + (n_zeros == digits)  # with the point
    shortened = [[x[: len(x) - n_left_out] for x in column] for column in columns]
    return dict(zip(DATES, shortened))


def duration_text(time, is_timed):
    """Write a duration in words, in seconds or frames."""
    if not is_timed:
        return f"{time:.10g} frame{'' if time == 1 else 's'}"
    if time < 120:
        return f"{time:.{2 if time < 10 else 1}f} s"
    minutes, seconds = divmod(round(time), 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    minutes = round(time / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def read_times(text, unit=1.0):
    """Seconds of a Series of numbers in a unit, durations or dates; date of time 0."""
    text = text.str.strip()
    text = text.mask(text == "")
    first = next(iter(text.dropna()), "0")
    form = next((pattern for pattern in FORMS if re.fullmatch(pattern, first)), "")
    is_fit = text.str.fullmatch(form, na=True) if form else text.isna()
    if not is_fit.all():
        row = int(np.argmin(is_fit))
        like = f" in the format of {short_repr(first)}" if form else ""
        raise ValueError(f"{short_repr(text.iloc[row])} in row {row} is no time{like}.")
    seconds, date = FORMS[form](text)
    return seconds * (unit if form == NUMBER else 1), date


def _read_numbers(text):
    return text.astype("Float64").to_numpy(float, na_value=np.nan), NO_DATE


def _read_durations(text):
    """Seconds of 1:02:03.5, 02:03.5 or 2 days 01:02:03; no date."""
    import pandas as pd

    two_numbers = r"\d+:\d{1,2}"
    short = text[text.str.fullmatch(two_numbers, na=False)]
    if len(short):
        shown = f"{short.iloc[0]!r} may be minutes and seconds, or hours and minutes"
        raise ValueError(f"{shown}; expected hours:minutes:seconds.")
    text = text.str.replace("(days?),", r"\1", regex=True).str.replace(",", ".")
    text = text.str.replace(rf"^({two_numbers}\.)", r"0:\1", regex=True)
    return pd.to_timedelta(text).dt.total_seconds().to_numpy(float), NO_DATE


def _read_iso(text, cells=None):
    """Seconds since the first of dates that start with the year, and that date."""
    # Errors show `cells` as they are in the file, by default the text.
    import pandas as pd

    cells = text if cells is None else cells
    text = text.str.replace(r"(:\d{2}),(\d)", r"\1.\2", regex=True)
    has_half = text.str.contains(r"(?i)[ap]m$", na=False).all()
    form = "%Y-%m-%d %I:%M:%S %p" if has_half else "ISO8601"
    stamps = pd.to_datetime(text, utc=True, format=form, errors="coerce")
    for row in np.flatnonzero(stamps.isna() & text.notna())[:1]:
        shown = f"{short_repr(cells.iloc[row])} in row {row}"
        raise ValueError(f"{shown} is no date and time that exists; correct it.")
    filled = np.flatnonzero(text.notna())
    zoned = text.iloc[filled].str.contains(ZONE).to_numpy(bool)
    for row in filled[zoned != zoned[0]][:1]:
        pair = f"{cells.iloc[filled[0]]!r} and {cells.iloc[row]!r} in row {row}"
        raise ValueError(f"of {pair} only one has a time zone; expected all or none.")
    first = pd.to_datetime(text.iloc[:1], format=form)  # in its time zone
    return since_first(stamps, first)


def _read_dates(text):
    """Seconds since the first of dates that end with the year; its date, if clear."""
    cells = text
    text = text.str.replace(r"\b(\d)(?=[./-])", r"0\1", regex=True)
    text = text.str.replace(r"^(.{6})(\d\d)(?!\d)", r"\g<1>20\2", regex=True)
    is_dotted = text.str.match(r"\d+\.", na=True).all()  # starts with the day
    choices, errors = [], []
    for order in (r"\3-\2-\1",) if is_dotted else (r"\3-\2-\1", r"\3-\1-\2"):
        try:
            choices.append(_read_iso(text.str.replace(DATE, order, regex=True), cells))
        except ValueError as error:
            errors.append(error)
    if not choices:
        raise errors[0]
    growing = [choice for choice in choices if (np.diff(choice[0]) > 0).all()]
    forward = growing or choices
    if not np.array_equal(forward[0][0], forward[-1][0], equal_nan=True):
        shown = f"{text.iloc[0]!r} may start with the day or the month"
        raise ValueError(f"{shown}; expected dates that start with the year.")
    times, date = forward[0]
    return times, date if date == forward[-1][1] else NO_DATE


def since_first(stamps, first=None):
    """Seconds since the first of a Series of dates, and that date without its zone."""
    first = stamps.iloc[:1] if first is None else first
    date = first.dt.tz_localize(None).to_numpy("M8[ms]")[0]
    return (stamps - stamps.iloc[0]).dt.total_seconds().to_numpy(float), date


# Readers by format of the first cell.
FORMS = {
    NUMBER: _read_numbers,
    DURATION: _read_durations,
    ISO: _read_iso,
    rf"{DATE}.*": _read_dates,
}


# Names of clock columns.
CLOCKS = ("time", "timestamp", "timestamps", "time_stamp", "seconds")
# In the absence of these.
OTHER_CLOCKS = ("datetime", "date_time", "unix_time", "elapsed_time", "elapsed time")
# Seconds per unit, by the suffix of a name.
UNITS = {
    **dict.fromkeys(("s", "sec", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "milliseconds"), 1e-3),
    **{"us": 1e-6, "µs": 1e-6, "ns": 1e-9},
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
    import pandas as pd

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


def check_starts(starts, n_recordings):
    """Return starts as an array of datetime64[ms]; None if all are NaT."""
    expected = "dates without a time zone, or NaT"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a time zone
            dates = np.array(list(starts), dtype="M8[ms]")
    except (TypeError, ValueError, Warning):
        refuse("starts", starts, expected, TypeError)
    for start in starts:
        if isinstance(start, Real):
            refuse("starts", start, expected, TypeError)
    if dates.shape != (n_recordings,):
        refuse("starts", starts, f"a date for each of {n_recordings} recordings")
    return None if np.isnat(dates).all() else dates
