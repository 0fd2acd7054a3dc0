"""Clocks of recordings: rates, gaps and breaks, resampling, dates and times as text."""

import re
import warnings
from itertools import repeat
from numbers import Real

import numpy as np

from skl_tot.recordings.errors import (
    FaultWarning,
    import_extra,
    is_number,
    refuse,
    short_repr,
    warn_user,
)

# Range of frames per second that give useful times.
MIN_FPS, MAX_FPS = 1e-6, 1e6
MOST_SECONDS = 1e11  # of a recording: 3,000 years, whose dates have four digits
DATES = ("start_clock", "end_clock")  # of tables
# A step longer than so many usual steps is a gap; resampling fills longer ones than
# the second number with NaN.
GAP, BRIDGED = 1.5, 3.5


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
            f"{fps}; expected the same: fps={fps}, or for tables resample={fps}."
        )
    return rate if rate_of_fit is None else rate_of_fit


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


# -------------------------------------------------------------------------------- rates


def rate_of(clock):
    """Frames per second: 1 / mean step without gaps; None for one frame."""
    if len(clock) < 2:
        return None
    steps = np.diff(clock)
    rate = 1 / steps[steps <= GAP * np.median(steps)].mean()
    # rounding errors are larger for times since 1970
    off = np.spacing(np.abs(clock).max()) / (clock[-1] - clock[0])
    digits = int(np.clip(-np.log10(off), 1, 9))
    return float(f"{rate:.{digits}g}")


def common_rate(clocks, names, fps, resample):
    """Return the rate of all recordings, or raise an error with all rates."""
    rates = {name: rate_of(x) for name, x in zip(names, clocks) if len(x) > 1}
    if resample is not None:
        rate = float(resample)
    elif rates:
        for name, rate in rates.items():
            check_fps(rate, f"the rate of the clock of {name!r}")
        if not is_same(max(rates.values()), min(rates.values())):
            raise ValueError(_describe_rates(rates))
        rate = float(np.median(list(rates.values())))
    elif fps is None:
        raise ValueError("No recording has two frames, expected fps (--fps).")
    else:
        rate = float(fps)
    _warn_of_units(dict(zip(names, clocks)), rates)
    if not is_same(rate, fps):
        refuse("fps (--fps)", fps, f"{rate:g} frames per second of the clock, or None")
    return rate if fps is None else float(fps)


def _warn_of_units(clocks, rates):
    # seconds since 1970 beyond any date may be milliseconds
    odd = [name for name in clocks if abs(clocks[name][0]) > 1e11]
    odd += [name for name in rates if not 0.1 <= rates[name] <= 5e4]
    for name in odd[:1]:
        gives = f"{rates[name]:.3g} frames per second" if name in rates else "one frame"
        warn_user(
            f"The clock of {name!r} starts at {clocks[name][0]:g} s and gives {gives}; "
            "times are seconds unless the name of the column has another unit, as "
            "'time_ms'."
        )


def _describe_rates(rates):
    low, high = min(rates, key=rates.get), max(rates, key=rates.get)
    usual = f"{np.median(list(rates.values())):.4g}"
    return (
        f"Recordings have different frames per second, from {rates[low]:.4g} ({low!r}) "
        f"to {rates[high]:.4g} ({high!r}); expected one rate, as resample={usual} "
        f"(--resample {usual}) makes it."
    )


def longest_bridged(rate, bridge=None):
    """Longest step in seconds of a clock that is no break; ``bridge`` if given."""
    if bridge is None:
        # lost packets of a fast sensor do not cut an action, which takes seconds, and a
        # slow clock may miss a few frames
        bridge = max(10 / rate, 1.0)
    return (1 + 1e-6) * bridge  # for rounding


def find_breaks(clocks, names, bridge=None):
    """Frames of each recording before which a clock steps beyond `longest_bridged`."""
    breaks = []
    for name, clock in zip(names, clocks):
        rate = rate_of(clock) or 1.0  # of one frame
        if bridge is not None and len(clock) > 1 and bridge * rate < GAP:
            expected = f"at least {GAP} times the step of {name!r}, {1 / rate:g} s"
            refuse("bridge (--bridge)", bridge, expected)
        is_break = np.diff(clock) > longest_bridged(rate, bridge)
        breaks.append(np.flatnonzero(is_break) + 1)
    return breaks


def warn_of_gaps(clocks, names, breaks, advice):
    """Warn of steps that are much longer than the others of their recording."""
    gaps = []  # length and start in seconds, and recording
    for name, clock, breaks_of_clock in zip(names, clocks, breaks):
        if len(clock) > 1:
            steps = np.diff(clock)
            is_gap = steps > GAP * np.median(steps)
            is_gap[breaks_of_clock - 1] = True
            gaps += [(steps[k], clock[k], name) for k in np.flatnonzero(is_gap)]
    if not gaps:
        return
    length, start, name = max(gaps)
    warn_user(
        f"{sum(map(len, breaks))} of {len(gaps)} gaps in clocks are breaks, whose time "
        "belongs to no action, and the others are bridged; the longest is "
        f"{length:.6g} s after {start:.6g} s of {name!r}; {advice}.",
        FaultWarning,
    )


def resample_frames(frames, clock, rate, breaks=()):
    """Interpolate frames linearly on a regular clock; return them, times and breaks."""
    longest = BRIDGED * np.median(np.diff(clock)) if len(clock) > 1 else 0
    parts, times = [], []
    for part, clock_of_part in zip(np.split(frames, breaks), np.split(clock, breaks)):
        resampled, times_of_part = _resample_part(part, clock_of_part, rate, longest)
        parts.append(resampled)
        times.append(times_of_part)
    breaks = np.cumsum([len(part) for part in parts[:-1]], dtype=np.intp)
    return np.concatenate(parts), np.concatenate(times), breaks


def _resample_part(frames, clock, rate, longest):
    """Resampled frames and times of a part; steps above ``longest`` become NaN."""
    # rounding error of a time, such as seconds since 1970
    off = max(1e-6, 4 * rate * np.spacing(np.abs(clock).max()))
    n_times = int(np.floor((clock[-1] - clock[0]) * rate + off)) + 1
    times = clock[0] + np.arange(n_times) / rate
    if len(clock) == 1:
        return frames.copy(), times
    before = np.clip(np.searchsorted(clock, times, side="right") - 1, 0, len(clock) - 2)
    steps = np.diff(clock)
    weights = (times - clock[before]) / steps[before]
    exact = np.abs(weights - np.round(weights)) < off  # keep a frame of the same time
    weights = np.where(exact, np.round(weights), weights)
    weights[~exact & (steps[before] > longest)] = np.nan
    weights = weights[:, None].astype(frames.dtype)
    resampled = (1 - weights) * frames[before] + weights * frames[before + 1]
    whole = np.flatnonzero(exact)  # a missing neighbour has weight 0
    resampled[whole] = frames[before[whole] + np.round(weights[whole, 0]).astype(int)]
    return resampled, times


def check_breaks(breaks, n_frames, what):
    """Return first frames of parts as an array (n_breaks,); refuse others."""
    frames = np.asarray(breaks)
    is_list = frames.ndim == 1 and (frames.dtype.kind in "iu" or len(frames) == 0)
    if not is_list or (len(frames) and (np.diff([0, *frames, n_frames]) <= 0).any()):
        refuse(what, frames.tolist(), f"ascending frames from 1 to {n_frames - 1}")
    return frames.astype(np.intp)


# -------------------------------------------------------------- dates and times as text

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
    pd = import_extra("pandas")
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
    pd = import_extra("pandas")
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
    is_short = text.str.match(r"\d\d-\d\d-\d\d(?!\d)", na=True).all()
    text = text.str.replace(r"\b(\d)(?=[./-])", r"0\1", regex=True)
    text = text.str.replace(r"^(.{6})(\d\d)(?!\d)", r"\g<1>20\2", regex=True)
    is_dotted = text.str.match(r"\d+\.", na=True).all()  # starts with the day
    orders = {r"\3-\2-\1": DATE} | ({} if is_dotted else {r"\3-\1-\2": DATE})
    if is_short:  # 24-03-25 may start with the year, too
        orders |= {r"20\1-\2-": r"^(\d\d)-(\d\d)-20"}
    choices, errors = [], []
    for order, form in orders.items():
        try:
            choices.append(_read_iso(text.str.replace(form, order, regex=True), cells))
        except ValueError as error:
            errors.append(error)
    if not choices:
        raise errors[0]
    growing = [choice for choice in choices if (np.diff(choice[0]) > 0).all()]
    forward = growing or choices
    times, date = forward[0]
    if not all(np.array_equal(times, other, equal_nan=True) for other, _ in forward):
        shown = f"{cells.iloc[0]!r} may start with the day, the month or the year"
        raise ValueError(f"{shown}; expected dates that start with four digits.")
    return times, date if all(date == other for _, other in forward) else NO_DATE


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
