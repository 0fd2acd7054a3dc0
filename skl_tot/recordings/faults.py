"""Faults of recordings, which are listed before anybody labels them."""

import math
from collections import namedtuple
from typing import TYPE_CHECKING

import numpy as np

from skl_tot.recordings.checks import blocks_of
from skl_tot.recordings.clocks import GAP, duration_text
from skl_tot.recordings.errors import FaultWarning, listed, warn_user
from skl_tot.recordings.labels import find_segments
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.signals import spread_indices
from skl_tot.recordings.stops import (
    FROZEN,
    are_left,
    check_shapes,
    find_frozen,
    find_lost,
    find_still,
    frames_left,
    least_frozen,
    list_stops,
    without_stops,
)

if TYPE_CHECKING:  # commands say mistakes before they load pandas
    import pandas as pd

FILLED, CUT, LEFT = "filled", "cut out", "left"  # treatments
WORDS_OF_STOPS = "frozen: no value changes", "nothing moves"
WORDS_OF_FROZEN, WORDS_OF_STILL = WORDS_OF_STOPS
WORDS_OF_LOST = " empty rows"  # after their number
MOST_GAPS = 3  # of a recording that have a row each
# Values and columns that are read, and places to look for stops, to bound the time.
MOST_VALUES, MOST_COLUMNS = 2**24, 256
MOST_FRAMES, MOST_TOLD, MOST_RECORDINGS = 2**17, 16, 300
# More are steps of the work: stops in all, and shares of the recordings.
MOST_STOPS, MOST_FROZEN = 20, 0.25


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
        frames or more of a single recording, if they are 20 at most; a quarter of them
        or less stay if they last less than half of the others. Else it takes "frozen",
        if that is rare: in a quarter of the recordings.

    Returns
    -------
    faults : DataFrame
        A row for each, with the columns of `list_stops`; ``fault``: empty cells, frozen
        values, stops, steps of the clock, unequal columns; and its treatment, which is
        ``done`` if files are mended: "filled" as by `GapFiller`, "cut out" as by
        `without_stops`, which takes empty rows of 2 s and 20 frames, too; "a break",
        "bridged", "left out of all", or "left", with the reason for a stop beside
        others.
        ``attrs`` has the values for these: "pauses", or None, and "longest_gap".

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.recordings import Recordings, list_faults
    >>> frames = np.random.default_rng(0).normal(size=(600, 2))
    >>> frames[200:300] = frames[199]
    >>> faults = list_faults(Recordings([frames], ["walk"], fps=10))
    >>> print(faults[["recording", "start_time", "end_time", "fault", "done"]])
      recording  start_time  end_time                     fault     done
    0      walk        20.0      30.0  frozen: no value changes  cut out
    """
    recordings = as_recordings(X)
    fps, faults, stops, longest = recordings.fps or 0, [], [], 0
    for name, words in recordings.unequal:
        i = recordings.names.index(name)
        faults.append(Fault(i, 0, recordings.lengths[i], words, "left out of all"))
    check_shapes(recordings)
    is_to_find = bool(fps) and pauses in (None, FROZEN)
    looked_at = spread_indices(len(recordings), is_to_find * MOST_RECORDINGS)
    for i, array in enumerate(recordings.arrays):
        with recordings.errors(i):
            frames, names = _read_some(array)
        missing = np.isnan(frames)
        longest = max(longest, _longest_gap(missing))
        lost = find_lost(missing, least_frozen(fps)).tolist()
        stops += [Fault(i, a, b, f"{b - a}{WORDS_OF_LOST}", FILLED) for a, b in lost]
        faults += _find_empty(i, missing, names, lost) + _find_jumps(i, recordings)
        frozen = find_frozen(frames, least_frozen(fps)).tolist()
        stops += [Fault(i, a, b, WORDS_OF_FROZEN) for a, b in frozen]
        still = _find_still(frames, fps) if i in looked_at else []
        still = [span for span in still if not _meets(span, frozen + lost)]
        stops += [Fault(i, a, b, WORDS_OF_STILL) for a, b in still]
    if pauses is None and recordings.stops is None:
        pauses = _choose_pauses(stops, len(recordings), fps)
    faults = sorted(faults + _treat(stops, pauses, recordings))
    of_faults = recordings.replace(recordings.arrays)
    of_faults.stops = _as_stops(recordings, faults)
    table = list_stops(of_faults)
    # of text also without a row
    table[["fault", "done"]] = np.array([x[3:] for x in faults], object).reshape(-1, 2)
    table.attrs |= {"pauses": pauses, "longest_gap": longest}
    return table


def warn_of_faults(X):
    """Warn of the faults of recordings in one sentence, before labels."""
    rows = list_faults(X)[["recording", "fault"]].itertuples(index=False)
    if shown := listed([": ".join(row) for row in rows]):
        text = f"recordings have faults ({shown}); list_faults tells the remedies"
        warn_user(f"Before you label: {text}.", FaultWarning)


def _read_some(array):
    """Frames of a recording, of as many columns as are to be read, and their names."""
    width = np.shape(array)[1]
    most = min(MOST_COLUMNS, max(1, MOST_VALUES // max(1, len(array))))
    columns = spread_indices(width, most)
    frames = np.concatenate([block[:, columns] for _, block in blocks_of(array)])
    names = [str(name) for name in getattr(array, "columns", range(width))]
    return frames, np.array(names)[columns]


def _meets(span, others):
    """Whether a stretch has frames of other ones."""
    return any(span[0] < end and start < span[1] for start, end in others)


def _longest_gap(missing):
    """Frames of the longest gap of a column, which is what `GapFiller` limits."""
    in_a_row = np.pad(missing, [(0, 1), (0, 0)]).T.ravel()
    is_gap, starts, ends = find_segments(in_a_row)
    return int(((ends - starts) * is_gap).max())


def _find_empty(i, missing, names, lost):
    """Faults of other empty cells; one for all gaps of a recording if they are many."""
    missing = missing & are_left(len(missing), lost)[:, None]
    is_gap, starts, ends = find_segments(missing.any(axis=1))
    spans = np.stack([starts, ends], axis=1)[is_gap].tolist()
    if len(spans) > MOST_GAPS:
        most = _longest_gap(missing)
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
    stops = np.empty((0, 4)) if recordings.stops is None else recordings.stops[i]
    faults = []
    for k in np.setdiff1d(breaks, frames_left(stops[:, 0], stops)).tolist():
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


def _find_still(frames, fps):
    """Stretches of 10 s in which nothing moves in some frames of some columns."""
    stride = 1 + len(frames) // MOST_FRAMES
    columns = spread_indices(frames.shape[1], MOST_TOLD)
    n_least = max(math.ceil(max(10 * fps, 20) / stride), 3)
    spans = find_still(frames[::stride, columns], n_least, share=0.5)
    return np.minimum(spans * stride, len(frames)).tolist()  # the last stride is cut


def _choose_pauses(stops, n_recordings, fps):
    """Pauses by default: of long stops or frozen values that are rare; else None."""
    still = [stop for stop in stops if stop.fault == WORDS_OF_STILL]
    frozen = {stop.recording for stop in stops if stop.fault == WORDS_OF_FROZEN}
    # in a few of many recordings it may be slow work
    if n_recordings == 1 and 0 < len(still) <= MOST_STOPS:
        durations = sorted((stop.end - stop.start) / fps for stop in still)
        # a shorter rest is a slow step more often than a stop
        return max(20, math.ceil(20 / fps), _least_long(durations))
    is_rare = len(frozen) <= max(1, MOST_FROZEN * n_recordings)
    has_lost = any(stop.done == FILLED for stop in stops)
    return FROZEN if is_rare and (frozen or has_lost) else None


def _least_long(durations):
    """Duration between few short stops, perhaps steps, and those twice as long."""
    for k in range(len(durations) // 4, 0, -1):
        short, long = durations[k - 1 : k + 1]
        if long >= 2 * short:
            return math.ceil(math.sqrt(short * long))
    return 0


def _treat(stops, pauses, recordings):
    """Give stops their treatment: those that `without_stops` cuts out, then others."""
    rows = [] if pauses is None else without_stops(recordings, pauses).stops
    treated, left = [], stops
    for i, spans in enumerate(rows):
        for a, b in spans[:, :2].astype(int).tolist():
            met = [x for x in stops if x.recording == i and _meets((a, b), [x[1:3]])]
            longest = max(met, key=lambda x: x.end - x.start, default=None)
            what = WORDS_OF_STILL
            if longest and 2 * (longest.end - longest.start) > b - a:
                what = longest.fault
            treated.append(Fault(i, a, b, what, CUT))
            left = [stop for stop in left if stop not in met]
    why = f"{LEFT}: no stop of {pauses} {'s' if recordings.fps else 'frames'}"
    why = {None: LEFT, FROZEN: f"{LEFT}: not frozen"}.get(pauses, why)
    filled = [stop for stop in left if stop.done == FILLED]
    left = [stop._replace(done=why) for stop in left if stop.done != FILLED]
    # many are steps of the work, and no faults
    return treated + filled + (left if len(left) <= MOST_STOPS else [])


def _as_stops(recordings, faults):
    """Spans of faults in frames and seconds, as ``stops`` of recordings has them."""
    rows: list = [np.empty((0, 4))] * len(recordings)
    for i, start, end, *_ in faults:
        edges = recordings.edges(i)
        seconds = [np.nan, np.nan] if edges is None else edges[[start, end]]
        rows[i] = np.vstack([rows[i], [start, end, *seconds]])
    return rows
