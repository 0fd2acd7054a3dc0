"""Faults of recordings, which are listed before anybody labels them."""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skl_tot.recordings.checks import blocks_of
from skl_tot.recordings.clocks import duration_text
from skl_tot.recordings.errors import listed
from skl_tot.recordings.labels import find_segments
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.rates import GAP
from skl_tot.recordings.signals import spread_indices
from skl_tot.recordings.stops import (
    FROZEN,
    find_frozen,
    find_still,
    least_frozen,
    list_stops,
)

if TYPE_CHECKING:  # commands say mistakes before they load pandas
    import pandas as pd

FILLED, CUT, LEFT = "filled", "cut out", "left"  # what is done
WORDS_OF_FROZEN, WORDS_OF_STILL = "frozen: no value changes", "nothing moves"
MOST_GAPS = 3  # of a recording that have a row each
# What is read of a recording, and where stops are looked for, which bounds the time.
MOST_VALUES, MOST_COLUMNS = 2**25, 256
MOST_FRAMES, MOST_TOLD, MOST_RECORDINGS = 2**17, 16, 300
# More are steps of the work: stops in all, and shares of the recordings.
MOST_STOPS, MOST_STILL, MOST_FROZEN = 20, 0.1, 0.25


class Fault(NamedTuple):
    """A fault of a recording, by its number, from a frame to before another one."""

    recording: int
    start: int
    end: int
    what: str
    done: str = CUT


def list_faults(X, pauses=None) -> "pd.DataFrame":
    """List faults of recordings, to be mended before anybody labels them.

    Parameters
    ----------
    X : Recordings, or array-like of shape (n_frames, n_features), or several of these
        One recording or many.
    pauses : float or "frozen", default=None
        Stops that are cut out, as for `without_stops`. None takes those of 10 s and 20
        frames or more if they are rare: in a tenth of the recordings at most, and 20 in
        all. Else it takes "frozen", if that is rare: in a quarter of the recordings.

    Returns
    -------
    faults : DataFrame
        A row for each fault, with the columns of `list_stops`; ``what`` it is: empty
        cells, frozen values, stops, steps of the clock, unequal columns; and what is
        ``done`` if files are mended: "filled" as by `GapFiller`, "cut out" as by
        `without_stops`, "a break", "bridged", "left out of all", or "left".
        ``attrs["pauses"]`` is the value for `without_stops`, or None.

    Raises
    ------
    TypeError, ValueError
        If recordings are not valid.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.recordings import Recordings, list_faults
    >>> frames = np.random.default_rng(0).normal(size=(600, 2))
    >>> frames[30:33], frames[200:300] = np.nan, frames[199]
    >>> faults = list_faults(Recordings([frames], ["walk"], fps=10))
    >>> print(faults[["recording", "start_time", "end_time", "what", "done"]])
      recording  start_time  end_time                      what     done
    0      walk         3.0       3.3              3 empty rows   filled
    1      walk        20.0      30.0  frozen: no value changes  cut out
    """
    recordings = as_recordings(X)
    fps, faults, stops = recordings.fps or 0, [], []
    looked_at = spread_indices(len(recordings), MOST_RECORDINGS)
    for name, words in getattr(X, "unequal", ()):
        i = recordings.names.index(name)
        faults.append(Fault(i, 0, len(X.arrays[i]), words, "left out of all"))
    for i in range(len(recordings)):
        with recordings.errors(i):
            frames, names = _read_some(recordings.arrays[i])
        faults += _find_empty(i, frames, names) + _find_jumps(i, recordings)
        spans = find_frozen(frames, least_frozen(fps)).tolist()
        stops += [Fault(i, start, end, WORDS_OF_FROZEN) for start, end in spans]
        if fps and i in looked_at:
            is_frozen = np.zeros(len(frames), bool)
            for start, end in spans:
                is_frozen[start:end] = True
            for start, end in _find_still(frames, fps, pauses):
                if not is_frozen[start:end].any():
                    stops.append(Fault(i, start, end, WORDS_OF_STILL))
    pauses = pauses or _choose_pauses(stops, len(recordings), fps)
    faults += _treat(stops, pauses, fps or 1)
    return _make_table(recordings, sorted(faults), pauses)


def _read_some(array):
    """Frames of a recording, of as many columns as are to be read, and their names."""
    width = np.shape(array)[1]
    most = min(MOST_COLUMNS, max(1, MOST_VALUES // max(1, len(array))))
    columns = spread_indices(width, most)
    frames = np.concatenate([block[:, columns] for _, block in blocks_of(array)])
    names = getattr(array, "columns", range(width))
    return frames, [str(names[k]) for k in columns]


def _find_empty(i, frames, names):
    """Faults of empty cells; one for all gaps of a recording if they are many."""
    missing = np.isnan(frames)
    is_gap, starts, ends = find_segments(missing.any(axis=1))
    starts, ends = starts[is_gap], ends[is_gap]
    faults = []
    for start, end in zip(starts.tolist(), ends.tolist()):
        is_lost = missing[start:end].any(axis=0)
        what = f"{end - start} empty row{'s' * (end - start > 1)}"
        if not missing[start:end].all():
            of = listed(name for name, lost in zip(names, is_lost) if lost)
            what = f"empty cells of {of}"
        faults.append(Fault(i, start, end, what, FILLED))
    if len(faults) <= MOST_GAPS:
        return faults
    of = listed(name for name, lost in zip(names, missing.any(axis=0)) if lost)
    most = duration_text((ends - starts).max(), False)
    what = f"{len(faults)} gaps of up to {most} in {of}"
    return [Fault(i, int(starts[0]), int(ends[-1]), what, FILLED)]


def _find_jumps(i, recordings):
    """Faults of the clock: each break, and one for all shorter gaps."""
    if recordings.times is None:
        return []
    breaks, steps = recordings.breaks_of(i), np.diff(recordings.times[i])
    faults = []
    for k in breaks.tolist():
        length = duration_text(steps[k - 1], True)
        faults.append(Fault(i, k, k, f"the clock jumps by {length}", "a break"))
    is_gap = steps > GAP * np.median(steps) if len(steps) else steps > 0
    is_gap[breaks - 1] = False
    gaps = np.flatnonzero(is_gap).tolist()
    if gaps:
        most = duration_text(steps[gaps].max(), True)
        what = f"long steps of the clock: {len(gaps)}, up to {most}"
        faults.append(Fault(i, gaps[0], gaps[-1] + 1, what, "bridged"))
    return faults


def _find_still(frames, fps, pauses):
    """Stretches (n_found, 2) of some seconds, by default 10, in which nothing moves."""
    stride = 1 + len(frames) // MOST_FRAMES
    n_least = max(10 * fps, 20) if pauses in (None, FROZEN) else pauses * fps
    columns = spread_indices(frames.shape[1], MOST_TOLD)
    n_least = max(math.ceil(n_least / stride), 3)
    return (find_still(frames[::stride, columns], n_least, share=0.5) * stride).tolist()


def _choose_pauses(stops, n_recordings, fps):
    """Choose stops that are rare, as for `without_stops`, or None."""
    still = [stop.recording for stop in stops if stop.what == WORDS_OF_STILL]
    frozen = {stop.recording for stop in stops} - set(still)
    is_rare = len(set(still)) <= max(1, MOST_STILL * n_recordings)
    if still and is_rare and len(still) <= MOST_STOPS:
        return max(10, math.ceil(20 / fps))
    is_rare = len(frozen) <= max(1, MOST_FROZEN * n_recordings)
    return FROZEN if frozen and is_rare else None


def _treat(stops, pauses, rate):
    """Say what is done about stops; those that are left are no faults if many."""
    cut, left = [], []
    for stop in stops:
        is_cut = pauses == FROZEN and stop.what == WORDS_OF_FROZEN
        if pauses not in (None, FROZEN):
            is_cut = stop.end - stop.start >= pauses * rate
        (cut if is_cut else left).append(stop)
    if len(left) > MOST_STOPS:
        return cut
    return cut + [stop._replace(done=LEFT) for stop in left]


def _make_table(recordings, faults, pauses):
    """Table of faults, with the columns of `list_stops`."""
    rows: list = [[] for _ in recordings.names]
    for i, start, end, *_ in faults:
        seconds, edges = [np.nan, np.nan], recordings.edges(i)
        if edges is not None:
            ends = recordings.ends(i)
            seconds = [edges[start], ends[end - 1]]
            if start == end:  # a step of the clock
                seconds = [ends[start - 1], edges[end]]
        rows[i].append([start, end, *seconds])
    of_faults = recordings.replace(recordings.arrays)
    of_faults.stops = [np.reshape(of_one, (-1, 4)) for of_one in rows]
    table = list_stops(of_faults)
    table["what"] = [fault.what for fault in faults]
    table["done"] = [fault.done for fault in faults]
    table.attrs["pauses"] = pauses
    return table
