"""Bouts of tables with a row for each segment."""

import numpy as np

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.recordings.rates import agreed_rate
from skl_tot.statistics.bouts import make_bouts
from skl_tot.statistics.clocks import agreed_times

RECORDINGS = ["recording", "video"]
SECONDS = ["start_time", "end_time"]
FRAMES = ["start", "end"]
TOLERANCE = 1e-6  # seconds or frames, of rounding


def bouts_of_table(table, fps):
    """Bouts of a data frame in long form, see `durations`."""
    _check_columns(table)
    names, recordings = _find_recordings(table)
    actions = _as_actions(table["action"])
    frames = _read_times(table, FRAMES, names, recordings)
    times = _read_times(table, SECONDS, names, recordings)
    rate = _find_rate(frames, times, fps)
    unit = "frames" if times is None and rate is None else "s"
    if times is None:
        times = frames if rate is None else frames / rate
    elif frames is not None and rate is not None:
        times = agreed_times(frames, times, recordings, names, rate)
    order = np.lexsort((times[:, 1], times[:, 0], recordings))
    recordings, actions, times = recordings[order], actions[order], times[order]
    origins, lengths = [], []
    for i, name in enumerate(names):
        own = recordings == i
        _check_no_overlap(times[own], name, unit)
        first = None if frames is None else frames[order][own][0, 0]
        origins.append(_find_origin(times[own][0, 0], first, rate))
        lengths.append(times[own][-1, 1] - origins[-1])
        if lengths[-1] <= 0:
            raise ValueError(f"{name}: segments last 0 {unit}, expected more.")
    recordings, actions, times = _merge_touching(recordings, actions, times)
    spans = np.array(origins), np.array(lengths), _frame_length(unit, rate)
    return make_bouts(names, recordings, actions, *times.T, *spans, unit)


def _frame_length(unit, rate):
    """How long a frame is, 0 if that is not known."""
    if unit == "frames":
        return 1.0
    return 0.0 if rate is None else 1 / rate


def _check_columns(table):
    """Refuse tables that lack actions or times, or rows."""
    columns = set(table.columns)
    has_times = columns >= set(FRAMES) or columns >= set(SECONDS)
    if "action" not in columns or not has_times:
        raise ValueError(
            f"labels has the columns {short_repr(list(table.columns))}, expected "
            "action, start and end (frames) or start_time and end_time (seconds), and "
            "recording."
        )
    if len(table) == 0:
        raise ValueError("labels has no rows, expected a row for each segment.")


def _find_recordings(table):
    """Names of the recordings in order, and the index of that of each row."""
    columns = [name for name in RECORDINGS if name in table]
    if not columns:
        return ["0"], np.zeros(len(table), dtype=int)
    column = table[columns[0]]
    if column.isna().any():
        raise ValueError(
            "labels has rows without a recording, expected all to name theirs."
        )
    names = [str(name) for name in column]
    distinct = list(dict.fromkeys(names))
    places = {name: i for i, name in enumerate(distinct)}
    return distinct, np.array([places[name] for name in names])


def _as_actions(column):
    """Actions as integers if all are, else as text."""
    if column.isna().any():
        raise ValueError("labels has rows without an action, expected all to name one.")
    if column.dtype.kind in "iu":
        return column.to_numpy().astype(np.intp)
    names = {str(BACKGROUND): BACKGROUND_NAME}
    return np.array([names.get(str(action), str(action)) for action in column])


def _read_times(table, columns, names, recordings):
    """Read starts and ends of all rows, of shape (n_rows, 2), or None without these."""
    if not set(columns) <= set(table.columns):
        return None
    try:
        times = table[columns].to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"labels has {columns[0]} and {columns[1]} that are no numbers: {error}"
        ) from error
    bad = np.flatnonzero(~np.isfinite(times).all(axis=1) | (times[:, 1] < times[:, 0]))
    if bad.size:
        start, end = times[bad[0]]
        raise ValueError(
            f"{names[recordings[bad[0]]]}: a segment has {columns[0]} {start:.10g} and "
            f"{columns[1]} {end:.10g}, expected it to end after its start."
        )
    return times


def _find_rate(frames, times, fps):
    """Frames per second, that of the table if it has frames and seconds."""
    if frames is None or times is None:
        return fps
    seconds = np.ptp(times, axis=1)
    lasting = seconds > 0
    own = None
    if lasting.any():  # the median, as some may be stale
        own = float(np.median(np.ptp(frames, axis=1)[lasting] / seconds[lasting]))
    known = agreed_rate(fps, own, "the segments")
    return known if fps is None else fps  # of the table, times may be rounded


def _find_origin(start, first, rate):
    """When a recording starts: at frame 0 if its clock and frames are known."""
    if first is None or rate is None:
        return min(start, 0.0)
    return start - first / rate


def _check_no_overlap(times, name, unit):
    """Refuse segments of a recording, in order of time, that overlap."""
    bad = np.flatnonzero(times[1:, 0] < times[:-1, 1] - TOLERANCE)
    if bad.size:
        end, start = times[bad[0], 1], times[bad[0] + 1, 0]
        raise ValueError(
            f"{name}: a segment starts at {start:.10g} {unit} and the one before it "
            f"ends at {end:.10g}, expected one action at a time."
        )


def _merge_touching(recordings, actions, times):
    """Make one segment of neighbours of one action without time between them."""
    is_same = (recordings[1:] == recordings[:-1]) & (actions[1:] == actions[:-1])
    is_same &= times[1:, 0] - times[:-1, 1] <= TOLERANCE
    firsts = np.flatnonzero(np.r_[True, ~is_same])
    lasts = np.flatnonzero(np.r_[~is_same, True])
    merged = np.column_stack([times[firsts, 0], times[lasts, 1]])
    return recordings[firsts], actions[firsts], merged
