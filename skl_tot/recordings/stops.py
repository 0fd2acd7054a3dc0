"""Stops of recordings: stretches in which nothing moves, or is recorded."""

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import (
    maximum_filter1d,
    median_filter,
    minimum_filter1d,
    uniform_filter1d,
)

from skl_tot.recordings.clocks import clock_columns, duration_text
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import import_extra, is_number, refuse
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, find_segments
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.signals import autocorrelations

if TYPE_CHECKING:  # commands say mistakes before they load pandas
    import pandas as pd

LEAST = 3  # frames of a stop
FROZEN = "frozen"  # for stops in which no value changes


def _check_type(name, value):
    if not isinstance(value, Recordings):
        refuse(name, value, "Recordings, as from without_stops", TypeError)


def find_still(frames, n_least, share=0.0):
    """Stretches (n_found, 2) without motion, if a share of the features tells it."""
    none = np.empty((0, 2), dtype=np.intp)
    if len(frames) <= n_least:
        return none
    columns = np.array([_without_gaps(column) for column in np.transpose(frames)])
    # without single outliers
    ranges = np.array([_ranges(median_filter(x, 3), n_least) for x in columns])
    usual = np.quantile(ranges, 0.9, axis=1)
    if not (usual > 0).any():
        return none
    columns, ranges, usual = columns[usual > 0], ranges[usual > 0], usual[usual > 0]
    motion = (ranges / usual[:, None]).mean(axis=0)
    # windows that are hardly less quiet than the quietest
    most = motion.min() + 0.15 * (np.quantile(motion, 0.9) - motion.min())
    near = ranges[:, motion <= most]
    is_quiet = near <= 0.25 * usual[:, None]
    # else noise would be above half of the usual range; a jam, in which some features
    # swing for longer than stops last, does not hide that they rest in stops
    n_quiet = is_quiet.sum(axis=1)
    tells = (2 * n_quiet >= near.shape[1]) | (n_quiet >= n_least)
    if not tells.any() or tells.mean() < share:
        return none
    quiet = [np.median(x[mask]) for x, mask in zip(near[tells], is_quiet[tells])]
    noise = np.maximum(2 * np.array(quiet), 0.05 * usual[tells])[:, None]
    # frames without values tell no stop, and infinity is left for a fit to refuse
    is_lost = np.isnan(frames).all(axis=1) | np.isinf(frames).any(axis=1)
    n_lost = np.convolve(is_lost, np.ones(n_least), "valid")
    is_quiet = (ranges[tells] <= noise).all(axis=0) & (2 * n_lost <= n_least)
    starts = np.flatnonzero(is_quiet)
    is_still = np.zeros(len(frames) + 1, dtype=int)
    np.add.at(is_still, starts, 1)
    np.add.at(is_still, np.minimum(starts + n_least, len(frames)), -1)
    is_run, starts, ends = find_segments(np.cumsum(is_still[:-1]) > 0)
    stretches = []
    for start, end in zip(starts[is_run], ends[is_run]):
        still = columns[tells, start:end]
        off = np.abs(still - np.median(still, axis=1, keepdims=True))
        inside = start + np.flatnonzero((off <= noise).all(axis=0))
        if not len(inside):  # levels follow each other, and none is usual
            continue
        start, end = inside[0], inside[-1] + 1
        if not any(_swings(x, n_least) for x in columns[~tells, start:end]):
            stretches.append((start, end))
    return np.array(stretches, dtype=np.intp).reshape(-1, 2)


def find_frozen(frames, n_least):
    """Stretches (n_found, 2) in which no value changes, if values seldom stay."""
    is_same = np.r_[False, (frames[1:] == frames[:-1]).all(axis=1)]
    is_run, starts, ends = find_segments(is_same)
    lengths, is_long = ends - starts, is_run & (ends - starts >= n_least)
    n_long, n_short = lengths[is_long].sum(), lengths[is_run & ~is_long].sum()
    # rounded values stay the same for a moment, those of a machine at rest for long
    if 20 * n_short > len(frames) - n_long or 10 * n_long > 9 * len(frames):
        is_long[:] = False
    return np.stack([starts, ends], axis=1)[is_long]


def find_lost(missing, n_least):
    """Stretches (n_found, 2) without any value, from a mask of missing values."""
    is_lost, starts, ends = find_segments(missing.all(axis=1))
    is_long = is_lost & (ends - starts >= n_least)
    return np.stack([starts, ends], axis=1)[is_long]


def _without_gaps(values):
    """Fill gaps with the last value before, and those at the start with the first."""
    filled = np.flatnonzero(np.isfinite(values))
    if len(filled) == 0:
        return np.zeros(len(values))
    places = np.searchsorted(filled, np.arange(len(values)), side="right") - 1
    return values[filled[np.maximum(places, 0)]]


def _swings(values, width):
    """Whether values go back and forth regularly, unlike noise and drift."""
    # a slow movement beside them would hide the swings
    values = values - uniform_filter1d(values, width)
    (correlation,) = autocorrelations(values[:, None])
    below = np.flatnonzero(correlation < 0)
    return len(below) > 0 and correlation[below[0] :].max() > 0.5


def _ranges(values, width):
    """Ranges of values in each whole window of a width, by its first frame."""
    windows = slice(width // 2, width // 2 + len(values) - width + 1)
    highest, lowest = maximum_filter1d(values, width), minimum_filter1d(values, width)
    return (highest - lowest)[windows]


def without_stops(X, pauses) -> Recordings:
    r"""Cut out the stops of recordings, in which no feature moves or has a value.

    Parameters
    ----------
    X : Recordings, or array-like of shape (n_frames, n_features), or several of these
        One recording or many.
    pauses : float or "frozen"
        Least duration of a stop, in seconds if recordings have a rate, else in frames;
        3 frames or more. "frozen" cuts out frozen values only: no value changes for 2 s
        and 20 frames, while elsewhere values seldom stay the same. Empty rows, for as
        long, are cut out, too.

    Returns
    -------
    recordings : Recordings
        Without the frames of stops, which are breaks. ``times`` are those of the frames
        that remain, and ``stops`` has an array (n_stops, 4) for each recording: first
        frame and end in ``X``, start and end in seconds, NaN without a rate.
        `list_stops` makes a table of them, `with_stops` puts the frames back.

    Notes
    -----
    The range of each feature is taken in windows of the least duration, without single
    outliers; the usual one is the 0.9 quantile. The noise is twice the range in the
    quietest windows, and at least 0.05 of the usual range. In a stop, all features stay
    within their noise, except those with noise above half of their usual range, which
    must not swing regularly.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.recordings import Recordings, list_stops, without_stops
    >>> frames = np.sin(np.arange(600.0))[:, None] * [1, 2]
    >>> frames[200:300] = 0.5
    >>> takes = without_stops(Recordings([frames], ["line"], fps=10), pauses=5)
    >>> print(list_stops(takes)[["recording", "start_time", "duration_time"]])
      recording  start_time  duration_time
    0      line        20.0           10.0
    """
    recordings = as_recordings(X)
    is_frozen = isinstance(pauses, str) and pauses == FROZEN
    if not is_frozen and not (is_number(pauses) and 0 < pauses < np.inf):
        expected = f'a positive number of seconds, or "{FROZEN}"'
        refuse("pauses (--pauses)", pauses, expected)
    if recordings.stops is not None and any(map(len, recordings.stops)):
        text = "X has stops that were cut out, expected recordings with them."
        raise ValueError(text)
    check_shapes(recordings)
    fps = recordings.fps
    find, n_least = find_frozen, least_frozen(fps)
    if not is_frozen:
        find, n_least = find_still, math.ceil(pauses * (fps or 1) * (1 - 1e-9))
    if n_least < LEAST:
        expected = f"{LEAST} frames or more" + (f" at {fps:g} a second" if fps else "")
        refuse("pauses (--pauses)", pauses, expected)
    arrays, stops, breaks, times = [], [], [], []
    for i, array in enumerate(recordings.arrays):
        with recordings.errors(i):
            frames = np.asarray(array[:], dtype=float)
        spans = _join(find(frames, n_least), find_lost(np.isnan(frames), n_least))
        is_moving = are_left(len(frames), spans)
        edges, seconds = recordings.edges(i), np.full(spans.shape, np.nan)
        if edges is not None:
            ends = recordings.ends(i)[spans[:, 1] - 1]
            seconds = np.stack([edges[spans[:, 0]], ends], axis=1)
            times.append(edges[:-1][is_moving])
        stops.append(np.hstack([spans, seconds]))
        cuts = np.concatenate([recordings.breaks_of(i), spans[:, 0]])
        breaks.append(_breaks_of_rows(np.flatnonzero(is_moving), cuts))
        arrays.append(_rows_of(array, is_moving) if len(spans) else array)
    has_times = recordings.times is not None or (fps and any(map(len, stops)))
    moving = Recordings(
        arrays,
        recordings.names,
        fps=fps,
        times=times if has_times else None,
        breaks=breaks,
        starts=recordings.starts,
    )
    moving.stops, moving.read_options = stops, recordings.read_options
    return moving


def _join(spans, others):
    """Stretches (n_stretches, 2) of frames that are in some of these or those."""
    if not len(others):
        return spans
    spans = np.concatenate([spans, others])
    is_in = ~are_left(spans[:, 1].max(), spans)
    is_run, starts, ends = find_segments(is_in)
    return np.stack([starts, ends], axis=1)[is_run]


def _breaks_of_rows(rows, cuts):
    """Return breaks among rows that are left: a cut lies between two of them."""
    places = np.searchsorted(rows, cuts)
    return np.unique(places[(places > 0) & (places < len(rows))])


def _rows_of(array, is_chosen):
    """Chosen frames of an array, file or data frame; a file is read whole."""
    if hasattr(array, "iloc"):
        return array[is_chosen].reset_index(drop=True)
    return np.asarray(array[:])[is_chosen]


def least_frozen(fps):
    """Frames of the shortest stretch that counts as frozen: 2 s, and 20 frames."""
    return max(math.ceil(2 * (fps or 0)), 20)


def with_stops(labels) -> Recordings:
    """Put the frames of stops back, as background.

    Parameters
    ----------
    labels : Recordings
        Outputs for the recordings of `without_stops`, one value or row per frame.

    Returns
    -------
    labels : Recordings
        As many frames as before: -1 or "background" in stops, NaN for rows of numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.recordings import Recordings, with_stops, without_stops
    >>> frames = np.sin(np.arange(600.0))[:, None] * [1, 2]
    >>> frames[200:300] = 0.5
    >>> takes = without_stops(Recordings([frames], fps=10), pauses=5)
    >>> labels = with_stops(takes.replace([np.ones(500, dtype=int)]))
    >>> len(labels[0]), labels[0][198:202]
    (600, array([ 1,  1, -1, -1]))
    """
    _check_type("labels", labels)
    fillers = {"U": BACKGROUND_NAME, "f": np.nan, "i": BACKGROUND}
    arrays = []
    for array, stops in zip(labels.arrays, labels.stops or [[]] * len(labels)):
        array = np.asarray(array)
        if array.dtype.kind not in fillers:
            refuse("the type of labels", array.dtype, "integers, floats or text")
        filler = np.array(fillers[array.dtype.kind])
        if array.dtype.kind == "U":
            array = array.astype(np.result_type(array, filler))
        spans = np.reshape(stops, (-1, 4))[:, :2].astype(int)
        arrays.append(fill_stops(array, spans, filler))
    return Recordings(arrays, labels.names, fps=labels.fps)


def check_shapes(recordings):
    """Refuse recordings that are no tables of frames, before any is read."""
    for i, array in enumerate(recordings.arrays):
        if len(np.shape(array)) != 2 or 0 in np.shape(array):
            with recordings.errors(i):
                refuse("its shape", np.shape(array), "(frames, features)")


def are_left(n_frames, stops):
    """Whether each frame of a file (n_frames,) is left without stops."""
    is_left = np.ones(n_frames, dtype=bool)
    for start, end in stops:
        is_left[start:end] = False
    return is_left


def fill_stops(values, stops, filler):
    """Values of all frames of a file, from those left without stops and a filler."""
    n_frames = len(values) + sum(end - start for start, end in stops)
    of_file = np.empty((n_frames, *values.shape[1:]), dtype=values.dtype)
    is_left = are_left(n_frames, stops)
    of_file[is_left], of_file[~is_left] = values, filler
    return of_file


def frames_left(frames, stops):
    """Frames of a file as frames of what `without_stops` left of it."""
    spans = np.reshape(stops, (-1, 4))[:, :2].astype(int)
    before = [np.clip(frames - start, 0, end - start) for start, end in spans]
    return frames - np.sum(before, axis=0, dtype=int)


def describe_stops(table):
    """Say how long the stops of `list_stops` take, and which is the longest."""
    is_timed = "duration_time" in table
    suffix, place = ("_time", "{:.10g} s") if is_timed else ("", "frame {}")
    lengths = table[f"duration{suffix}"]
    total, most = (duration_text(x, is_timed) for x in (lengths.sum(), lengths.max()))
    longest = table.loc[lengths.idxmax()]
    at = longest.get("start_clock") or place.format(longest[f"start{suffix}"])
    where = f"in {longest['recording']}, since {at}."
    if len(table) == 1:
        return f"1 stop takes {total} {where}"
    return f"{len(table)} stops take {total} together, the longest {most} {where}"


def list_stops(recordings) -> "pd.DataFrame":
    """List the stops that `without_stops` cut out.

    Parameters
    ----------
    recordings : Recordings
        From `without_stops`, or `read_recordings` with ``pauses``; or outputs.

    Returns
    -------
    table : DataFrame
        A row per stop, recording by recording in order of time: ``recording``;
        ``start``, ``end`` (exclusive) and ``duration`` in frames of the file; with a
        rate, ``start_time``, ``end_time`` and ``duration_time`` in seconds; with
        ``starts`` also, ``start_clock`` and ``end_clock``.

    Examples
    --------
    See `without_stops`.
    """
    pd = import_extra("pandas")
    _check_type("recordings", recordings)
    stops = recordings.stops or [np.empty((0, 4))] * len(recordings)
    counts = list(map(len, stops))
    rows = np.concatenate(stops)
    table = pd.DataFrame({"recording": np.repeat(recordings.names, counts)})
    table[["start", "end"]] = rows[:, :2].astype(int)
    table["duration"] = table["end"] - table["start"]
    if recordings.fps is not None:
        table[["start_time", "end_time"]] = rows[:, 2:]
        table["duration_time"] = np.round(rows[:, 3] - rows[:, 2], 9)
    if recordings.starts is not None and recordings.fps is not None:
        dates = np.repeat(recordings.starts, counts)
        table = table.assign(**clock_columns(dates, rows[:, 2], rows[:, 3]))
    return table
