"""Faults of recordings, which are listed before anybody labels them."""

import math
from collections import namedtuple
from typing import TYPE_CHECKING

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

FILLED, CUT, LEFT = "filled", "cut out", "left"  # treatments
WORDS_OF_FROZEN, WORDS_OF_STILL = "frozen: no value changes", "nothing moves"
MOST_GAPS = 3  # of a recording that have a row each
# Values and columns that are read, and places to look for stops, to bound the time.
MOST_VALUES, MOST_COLUMNS = 2**24, 256
MOST_FRAMES, MOST_TOLD, MOST_RECORDINGS = 2**17, 16, 300
# More are steps of the work: stops in all, and shares of the recordings.
MOST_STOPS, MOST_STILL, MOST_FROZEN = 20, 0.1, 0.25


# A fault of a recording, by its number, from a frame to before another one.
Fault = namedtuple("Fault", "recording start end fault done", defaults=[LEFT])


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
        A row for each, with the columns of `list_stops`; ``fault``: empty cells, frozen
        values, stops, steps of the clock, unequal columns; and its treatment, which is
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
    >>> print(faults[["recording", "start_time", "end_time", "fault", "done"]])
      recording  start_time  end_time                     fault     done
    0      walk         3.0       3.3              3 empty rows   filled
    1      walk        20.0      30.0  frozen: no value changes  cut out
    """
    recordings = as_recordings(X)
    fps, faults, stops = recordings.fps or 0, [], []
    for name, words in recordings.unequal:
        i = recordings.names.index(name)
        faults.append(Fault(i, 0, recordings.lengths[i], words, "left out of all"))
    looked_at = spread_indices(len(recordings), MOST_RECORDINGS) if fps else []
    for i, array in enumerate(recordings.arrays):
        with recordings.errors(i):
            frames, names = _read_some(array)
        faults += _find_empty(i, frames, names) + _find_jumps(i, recordings)
        frozen = find_frozen(frames, least_frozen(fps))
        stops += [Fault(i, a, b, WORDS_OF_FROZEN) for a, b in frozen.tolist()]
        for start, end in _find_still(frames, fps, pauses) if i in looked_at else []:
            if not ((frozen[:, 0] < end) & (start < frozen[:, 1])).any():
                stops.append(Fault(i, start, end, WORDS_OF_STILL))
    treated, pauses = _treat(stops, pauses, len(recordings), fps)
    faults = sorted(faults + treated)
    of_faults = recordings.replace(recordings.arrays)
    of_faults.stops = _as_stops(recordings, faults)
    table = list_stops(of_faults)
    table["fault"] = [fault.fault for fault in faults]
    table["done"] = [fault.done for fault in faults]
    table.attrs["pauses"] = pauses
    return table


def _read_some(array):
    """Frames of a recording, of as many columns as are to be read, and their names."""
    width = np.shape(array)[1]
    most = min(MOST_COLUMNS, max(1, MOST_VALUES // max(1, len(array))))
    columns = spread_indices(width, most)
    frames = np.concatenate([block[:, columns] for _, block in blocks_of(array)])
    names = [str(name) for name in getattr(array, "columns", range(width))]
    return frames, np.array(names)[columns]


def _find_empty(i, frames, names):
    """Faults of empty cells; one for all gaps of a recording if they are many."""
    missing = np.isnan(frames)
    is_gap, starts, ends = find_segments(missing.any(axis=1))
    spans = np.stack([starts, ends], axis=1)[is_gap].tolist()
    if len(spans) > MOST_GAPS:
        most = max(end - start for start, end in spans)
        of = listed(names[missing.any(axis=0)])
        what = f"{len(spans)} gaps of up to {duration_text(most, False)} in {of}"
        return [Fault(i, spans[0][0], spans[-1][1], what, FILLED)]
    faults = []
    for start, end in spans:
        what = f"empty cells of {listed(names[missing[start:end].any(axis=0)])}"
        if missing[start:end].all():
            what = f"{end - start} empty row{'s' * (end - start > 1)}"
        faults.append(Fault(i, start, end, what, FILLED))
    return faults


def _find_jumps(i, recordings):
    """Faults of the clock: each break, and one for all shorter gaps."""
    if recordings.times is None or len(recordings.times[i]) < 2:
        return []
    breaks, steps = recordings.breaks_of(i), np.diff(recordings.times[i])
    faults = []
    for k in breaks.tolist():
        what = f"the clock jumps by {duration_text(steps[k - 1], True)}"
        faults.append(Fault(i, k - 1, k, what, "a break"))
    is_gap = steps > GAP * np.median(steps)
    is_gap[breaks - 1] = False
    if is_gap.any():
        (gaps,) = np.nonzero(is_gap)
        most = duration_text(steps[gaps].max(), True)
        what = f"{len(gaps)} steps of the clock of up to {most}"
        faults.append(Fault(i, gaps[0], gaps[-1] + 1, what, "bridged"))
    return faults


def _find_still(frames, fps, pauses):
    """Stretches (n_found, 2) of some seconds, by default 10, in which nothing moves."""
    stride = 1 + len(frames) // MOST_FRAMES
    n_least = max(10 * fps, 20) if pauses in (None, FROZEN) else pauses * fps
    columns = spread_indices(frames.shape[1], MOST_TOLD)
    n_least = max(math.ceil(n_least / stride), 3)
    spans = find_still(frames[::stride, columns], n_least, share=0.5)
    return np.minimum(spans * stride, len(frames))  # the last stride may be cut


def _treat(stops, pauses, n_recordings, fps):
    """Give stops their treatment, and pauses by default."""
    still = [stop.recording for stop in stops if stop.fault == WORDS_OF_STILL]
    frozen = {stop.recording for stop in stops if stop.fault == WORDS_OF_FROZEN}
    is_rare = 0 < len(set(still)) <= max(1, MOST_STILL * n_recordings)
    if pauses is None and is_rare and len(still) <= MOST_STOPS:
        pauses = max(10, math.ceil(20 / fps))
    elif pauses is None and 0 < len(frozen) <= max(1, MOST_FROZEN * n_recordings):
        pauses = FROZEN
    for k, stop in enumerate(stops):
        is_cut = pauses == FROZEN and stop.fault == WORDS_OF_FROZEN
        if pauses not in (None, FROZEN):
            is_cut = stop.end - stop.start >= pauses * (fps or 1)
        stops[k] = stop._replace(done=CUT if is_cut else LEFT)
    # many are steps of the work, and no faults
    n_left = sum(stop.done == LEFT for stop in stops)
    return [x for x in stops if x.done == CUT or n_left <= MOST_STOPS], pauses


def _as_stops(recordings, faults):
    """Spans of faults in frames and seconds, as ``stops`` of recordings has them."""
    rows: list = [np.empty((0, 4))] * len(recordings)
    for i, start, end, *_ in faults:
        edges = recordings.edges(i)
        seconds = [np.nan, np.nan] if edges is None else edges[[start, end]]
        rows[i] = np.vstack([rows[i], [start, end, *seconds]])
    return rows
