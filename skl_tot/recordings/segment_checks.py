"""Segment tables as input: their columns and cells checked; frames and seconds."""

import math
import numbers
import re

import numpy as np

from skl_tot.recordings.clocks import DATES, agreed_rate
from skl_tot.recordings.errors import (
    import_extra,
    is_int,
    listed,
    refuse,
    short_repr,
    warn_user,
)
from skl_tot.recordings.files import is_line

FRAMES, SECONDS = ("start", "end"), ("start_time", "end_time")
BOUNDS = ("start_low", "start_high")
COLUMNS = ("recording", "action", *FRAMES, *SECONDS, "duration", "duration_time")
COLUMNS += ("confidence", *BOUNDS, *DATES)
# More than a year of video; limits the memory that a small file can request.
MAX_FRAMES = 10**9
# Seconds that a person misses an end by, and those that numbers are rounded by.
SHORT, ROUNDING = 0.1, 1e-6


def check_segments(table, what="segments"):
    """Return a typed copy of a segment table, with the known COLUMNS."""
    pd = import_extra("pandas")
    if not isinstance(table, pd.DataFrame):
        refuse(what, table, "a data frame with a row for each segment", TypeError)
    names, shown = set(table.columns), short_repr(list(table.columns))
    if "action" not in names or not (names >= set(FRAMES) or names >= set(SECONDS)):
        expected = "action, start and end (frames) or start_time and end_time (seconds)"
        raise ValueError(f"{what} has the columns {shown}, expected {expected}.")
    if len(names) < len(table.columns):
        raise ValueError(f"{what} has the columns {shown}, expected each once.")
    places = list(table.get("place", [f"Segment {i}" for i in range(len(table))]))
    present = table.columns.intersection([*COLUMNS, "place"], sort=False)
    columns = {name: _check_column(table[name], places) for name in present}
    checked = pd.DataFrame(columns, index=range(len(table)))
    checked.attrs = table.attrs
    checked = _check_times(checked, table, places)
    for name in (*FRAMES, "duration"):
        if name in checked and checked[name].notna().all():
            checked[name] = checked[name].astype(np.int64)
    return checked


def check_in_frames(table):
    """Refuse a checked table without rows, or with rows without frames."""
    if len(table) == 0:
        raise ValueError("segments has no rows, expected a row for each segment.")
    if "start" not in table:
        raise ValueError("segments have times only, expected start and end in frames.")


def _check_column(values, places):
    if values.name == "place":
        return places
    if values.name == "action":
        return _check_actions(values, places)
    if values.name == "recording":
        return _check_texts(values, places, "recording")
    if values.name in DATES:
        return ["" if is_blank(value) else str(value) for value in values]
    return _check_numbers(values, places)


def dates_of(table):
    """Dates of time 0 of the recordings of a checked table, by name, where known."""
    pd = import_extra("pandas")
    if not {DATES[0], SECONDS[0]} <= set(table):
        return {}
    options = {"errors": "coerce", "utc": True, "format": "ISO8601"}
    dates = pd.to_datetime(table[DATES[0]], **options)
    seconds = (dates - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    zeros = (seconds - table[SECONDS[0]]).groupby(table["recording"], sort=False)
    milliseconds = (1000 * zeros.median().dropna()).round().astype(np.int64)
    return dict(zip(milliseconds.index, milliseconds.to_numpy().astype("M8[ms]")))


def _check_texts(values, places, what):
    texts = {}
    for value, place in zip(values, places):
        is_text = isinstance(value, str) or is_int(value)
        if not (is_text and (value in texts or is_line(str(value)))):
            refuse(f"{place}: the {what}", value, "text of one line")
        texts[value] = str(value)
    return [texts[value] for value in values]


def _check_actions(values, places):
    values = [int(value) if _is_whole(value) else value for value in values]
    if not all(map(is_int, values)):
        return _check_texts(values, places, "label")
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        refuse("a label", max(values, key=abs), "integers of 64 bits")


def _is_whole(value):
    is_float = isinstance(value, (float, np.floating)) and abs(value) < 2**53
    return is_int(value) or (is_float and value == int(value))


def _check_numbers(values, places):
    if values.dtype.kind in "iuf":
        floats = values.to_numpy(dtype=float, na_value=np.nan)
    else:
        floats = np.array([_as_number(value) for value in values], dtype=float)
    for k in np.flatnonzero(~np.isfinite(floats)).tolist():
        if not is_blank(values.iloc[k]):
            _refuse_number(values, k, places)
    return floats


def _refuse_number(values, k, places):
    expected = "a finite number"
    if values.name in FRAMES:
        expected = f"0 or more frames, no fractions, up to {MAX_FRAMES}"
        expected += " (start_time is in seconds)"
    elif values.name in SECONDS:
        expected = "seconds"
    refuse(f"{places[k]}: {values.name}", values.tolist()[k], expected)


def is_blank(value):
    """Whether a cell is empty."""
    if isinstance(value, str):
        return not value.strip()
    # pandas.NA is empty, too
    return value is None or type(value).__name__ == "NAType" or value != value


def _as_number(value):
    """Convert a cell, perhaps text as 1.5 or 1:02:03.4, to a number; NaN for none."""
    if isinstance(value, (bool, np.bool_)):
        return math.nan
    if isinstance(value, numbers.Real):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    text = value.strip() if isinstance(value, str) else ""
    number = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?"
    clock = r"(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-9]{1,2}(?:\.[0-9]*)?)"
    match = re.fullmatch(clock, text)
    if match:
        hours, minutes, seconds = match.groups("0")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    return float(text) if re.fullmatch(number, text) else math.nan


def values_of(table, pair):
    """Return starts and ends as floats (n_rows, 2), NaN if unknown."""
    if not set(pair) <= set(table):
        return np.full((len(table), 2), np.nan)
    return table[list(pair)].to_numpy(dtype=float)


def _check_times(checked, table, places):
    """Refuse rows without start and end in order; drop a pair that some rows lack."""
    lacking = {}
    for pair, unit in ((FRAMES, "frames"), (SECONDS, "s")):
        values = values_of(checked, pair)
        if unit == "frames":
            is_frame = (values >= 0) & (values <= MAX_FRAMES) & (values % 1 == 0)
            for k, column in np.argwhere(np.isfinite(values) & ~is_frame)[:1]:
                _refuse_number(table[pair[column]], k, places)
        for k in np.flatnonzero(values[:, 1] < values[:, 0])[:1]:
            shown = f"{places[k]}: {describe(checked, k, unit)}"
            raise ValueError(f"{shown}, expected it to end after its start.")
        lacking[pair] = np.argwhere(np.isnan(values))
    if all(map(len, lacking.values())):
        present = [pair for pair in lacking if set(pair) <= set(checked)]
        pair = min(present, key=lambda pair: len(lacking[pair]))
        k, column = lacking[pair][0]
        _refuse_number(table[pair[column]], k, places)
    short = [key for pair, cells in lacking.items() if len(cells) for key in pair]
    return checked.drop(columns=short, errors="ignore")


def describe(table, k, unit):
    """Describe the action of row k, its start and end."""
    start, end = table[list(FRAMES if unit == "frames" else SECONDS)].iloc[k]
    action = table["action"].tolist()[k]
    return f"{short_repr(action)} from {start:.10g} to {end:.10g} {unit}"


def describe_in_file(table, k):
    """Describe the action of row k, its start, end and place in its file."""
    unit = "frames" if FRAMES[0] in table else "s"
    place = table["place"].iloc[k].rpartition(", ")[2]
    return f"{describe(table, k, unit)} ({place})"


# ------------------------------------------------------------------ overlaps of events


def cut_overlaps(table, what):
    """Table whose small overlaps end and start at their middles; refuse larger ones."""
    large, n_cut = [], 0
    pair = FRAMES if FRAMES[0] in table else SECONDS
    for rows in rows_by_recording(table).values():
        rows = rows[np.lexsort(values_of(table, pair)[rows].T[::-1])]
        starts, ends = values_of(table, pair)[rows].T
        is_lasting = starts < ends
        rows, starts, ends = rows[is_lasting], starts[is_lasting], ends[is_lasting]
        latest = np.maximum.accumulate(np.r_[-np.inf, ends])  # before each segment
        (overlaps,) = np.nonzero(latest[1:-1] - starts[1:] > ROUNDING)
        lengths = np.minimum(ends - starts, np.roll(ends - starts, -1))[overlaps]
        shared = ends[overlaps] - starts[overlaps + 1]
        is_small = (shared <= lengths / 10) | ((pair == SECONDS) & (shared < SHORT))
        # of two segments that follow each other, and of no third one
        is_small &= ends[overlaps] < ends[overlaps + 1]
        is_small &= latest[overlaps] <= starts[overlaps + 1] + ROUNDING
        for k in overlaps[~is_small]:
            both = rows[ends[: k + 1].argmax()], rows[k + 1]
            large.append(" and ".join(describe_in_file(table, x) for x in both))
        small = overlaps[is_small]
        middles = (ends[small] + starts[small + 1]) / 2
        middles = np.floor(middles) if pair == FRAMES else middles
        table.loc[table.index[rows[small]], pair[1]] = middles
        table.loc[table.index[rows[small + 1]], pair[0]] = middles
        n_cut += len(small)
    if large:
        limit = f"{SHORT} s or " if pair == SECONDS else ""
        raise ValueError(
            f"{what}: {listed(large, 3)} overlap, expected at most {limit}a tenth of "
            "the shorter one, and no third; end one where the next one starts."
        )
    if n_cut:
        warn_user(
            f"{what}: {n_cut} small overlaps, of less than {SHORT} s or a tenth of the "
            "shorter segment, are cut at their middles."
        )
    return table


# ------------------------------------------------------- frames and seconds of a table


def frame_at(seconds, fps, clock=None):
    """Frame at each time, as a fraction; ``clock`` has starts and ends of frames."""
    if clock is None:
        return seconds * fps
    # outside of it, frames continue at the rate; a break maps to the next part's start
    starts, ends = clock
    i = np.clip(np.searchsorted(starts, seconds, "right") - 1, 0, len(starts) - 1)
    inside = i + np.minimum(1, (seconds - starts[i]) / (ends[i] - starts[i]))
    before = (seconds - starts[0]) * fps
    after = len(starts) + (seconds - ends[-1]) * fps
    frames = np.where(seconds < starts[0], before, inside)
    return np.where(seconds >= ends[-1], after, frames)


def frames_of(table, fps, clocks=None):
    """Return the frames (n_rows, 2) of a checked table with recordings and places."""
    frames, seconds = values_of(table, FRAMES), values_of(table, SECONDS)
    has_frames, places = FRAMES[0] in table, table["place"].tolist()
    if fps is None and not has_frames and places:
        what = f"{places[0]}: times are seconds and fps (--fps)"
        refuse(what, None, "frames per second of the recordings")
    if fps is None or SECONDS[0] not in table:
        return frames.astype(int)
    converted = np.empty(frames.shape)
    for name, rows in rows_by_recording(table).items():
        clock = None if clocks is None else clocks.get(name)
        converted[rows] = frame_at(seconds[rows], fps, clock)
        if not has_frames:
            _check_range(table, converted, rows, clock)
    if not has_frames:
        return np.round(converted).astype(int)
    stale = np.flatnonzero((np.abs(converted - frames) > 1).any(axis=1))
    if stale.size:
        warn_user(
            f"{places[stale[0]]}: seconds and frames disagree at {fps:g} frames per "
            f"second, as in {stale.size} of {len(table)} segments; frames are used."
        )
    return frames.astype(int)


def rows_by_recording(table):
    """Return the row numbers of each recording in order, by name."""
    pd = import_extra("pandas")
    # as objects, as pandas cannot hold all file names as text
    codes, names = pd.factorize(np.array(table["recording"], dtype=object))
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    return dict(zip(names, np.split(np.argsort(codes, kind="stable"), ends[:-1])))


def _check_range(table, frames, rows, clock):
    is_late = frames[rows, 1] > MAX_FRAMES
    for k in rows[is_late | (np.round(frames[rows, 0]) < 0)][:1]:
        start = 0.0 if clock is None else clock[0][0]
        expected = f"to start at {start:.10g} s or later, where the recording starts."
        if is_late.any():
            expected = f"at most {MAX_FRAMES} frames."
        place = table["place"].iloc[k]
        raise ValueError(f"{place}: {describe(table, k, 's')}, expected it {expected}")


def times_and_rate(table, fps=None):
    """Return times (n_rows, 2) of a checked table with recordings, rate and unit."""
    frames, seconds = values_of(table, FRAMES), values_of(table, SECONDS)
    has_frames, has_seconds = FRAMES[0] in table, SECONDS[0] in table
    rate = fps
    if has_frames and has_seconds:
        rate = _find_rate(frames, seconds, fps)
        if rate is not None:
            _warn_of_lengths(table, frames, seconds, rate)
    elif has_frames and rate is not None:
        seconds, has_seconds = frames / rate, True
    return (seconds, rate, "s") if has_seconds else (frames, rate, "frames")


def _find_rate(frames, seconds, fps):
    lengths = np.ptp(seconds, axis=1)
    lasting = lengths > 0
    if not lasting.any():
        return fps
    # the median, as some rows may be outdated
    rate = float(np.median(np.ptp(frames, axis=1)[lasting] / lengths[lasting]))
    agreed_rate(fps, rate, "the segments")
    return rate if fps is None else fps  # times of the table may be rounded


def _warn_of_lengths(table, frames, seconds, rate):
    """Warn of segments that are outdated in frames or seconds, each (n_rows, 2)."""
    difference = np.ptp(seconds, axis=1) - np.ptp(frames, axis=1) / rate
    off = np.abs(difference) > 1 / rate
    if off.any():
        warn_user(
            f"{off.sum()} of {len(off)} segments are longer or shorter in seconds than "
            f"in frames at {rate:.6g} per second, as in "
            f"{table['recording'].iloc[off.argmax()]!r}; seconds are used."
        )
