"""The segment table: a data frame with a row per segment."""

from typing import TYPE_CHECKING

import numpy as np

from skl_tot.recordings.clocks import agreed_rate, check_fps, clock_columns
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import (
    errors_of_recording,
    import_extra,
    refuse,
    short_repr,
)
from skl_tot.recordings.files import text_of_name
from skl_tot.recordings.labels import (
    as_reals,
    by_name,
    find_segments,
    split_label_sequences,
    values_of_recordings,
)
from skl_tot.recordings.segment_checks import BOUNDS, check_in_frames, check_segments

if TYPE_CHECKING:  # commands say mistakes before they load pandas
    import pandas as pd


def segments(y, fps=None, *, confidence=None, boundaries=None) -> "pd.DataFrame":
    """List the segments of recordings as a table.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence, dict or `Recordings` of these
        Label of each frame of one recording or of many, integers or text. A Series with
        two index levels, recording and frame, counts as a dict.
    fps : float, default=None
        Frames per second, to add times; `Recordings` may have a rate or clocks.
        Segments end at breaks of these; their seconds exclude them.
    confidence : array-like of shape (n_frames,), or as many as `y` has, default=None
        Probability of each frame's label, in the form of ``y``; averaged.
    boundaries : array-like of int of shape (n_boundaries, 3), or one each, default=None
        Intervals from `skl_tot.decoding.boundary_intervals`, in the form of ``y``.

    Returns
    -------
    table : DataFrame
        A row per segment in order of time: ``recording``, its name or number as text,
        unless ``y`` is one array; ``action``; ``start``, ``end`` (exclusive) and
        ``duration`` in frames. With a rate ``start_time``, ``end_time`` and
        ``duration_time`` in seconds; with dates ``start_clock`` and ``end_clock``;
        with confidences ``confidence``; with boundaries and a rate ``start_low`` and
        ``start_high``, the interval of the start in seconds, NaN if unknown.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, ``fps`` contradicts `Recordings`, or
        confidences do not fit ``y``.

    Examples
    --------
    >>> from skl_tot.io import segments
    >>> table = segments(["cut", "cut", "cut", "mix"], fps=2)
    >>> print(table[["action", "start", "end", "start_time", "end_time"]])
      action  start  end  start_time  end_time
    0    cut      0    3         0.0       1.5
    1    mix      3    4         1.5       2.0
    """
    recordings, is_single = labelled_recordings(y, fps, "y")
    if confidence is not None:
        given = _of_each(confidence, recordings, is_single, "confidence")
        confidence = check_confidences(given, recordings.arrays, is_single)
    if boundaries is not None:
        given = _of_each(boundaries, recordings, is_single, "boundaries")
        boundaries = _check_boundaries(given, recordings, is_single)
    table = table_of_labels(recordings, confidence, boundaries=boundaries)
    return table.drop(columns="recording") if is_single else table


def labelled_recordings(labels, fps=None, what="labels"):
    """Return labels as checked Recordings, and whether ``y`` is one array."""
    check_fps(fps)
    times = breaks = starts = None
    if isinstance(labels, Recordings):
        fps = agreed_rate(fps, labels.fps, "the labels")
        times, breaks, starts = labels.times, labels.breaks, labels.starts
    by_names = by_name(labels)
    labels = labels if by_names is None else by_names
    arrays, is_single = split_label_sequences(labels, what)
    names = [str(name) for name in by_names or range(len(arrays))]
    for name, array in zip(names, arrays):
        if len(array) == 0:
            raise ValueError(f"{what} has no labels of {name!r}, expected some.")
    clock = {"fps": fps, "times": times, "breaks": breaks, "starts": starts}
    return Recordings(arrays, names, **clock), is_single


def table_of_labels(recordings, confidences=None, cuts=None, boundaries=None):
    """Return the segment table of checked labels; segments end at breaks and cuts."""
    pd = import_extra("pandas")
    names, tables = [], []
    for i, (name, labels) in enumerate(recordings.items()):
        edges = recordings.breaks_of(i) if cuts is None else cuts[i]
        spans = find_segments(labels, edges)
        actions, starts, ends = spans
        columns = {"action": actions, "start": starts, "end": ends}
        columns["duration"] = spans.lengths
        if recordings.fps is not None:
            columns |= _times(recordings, i, spans)
        if confidences is not None:
            pairs = zip(starts, ends)
            columns["confidence"] = [confidences[i][a:b].mean() for a, b in pairs]
        if boundaries is not None and recordings.fps is not None:
            columns |= _bounds(recordings.edges(i), starts, boundaries[i])
        names += [text_of_name(name)] * len(starts)  # pandas holds no other names
        tables.append(columns)
    joined = {
        key: np.concatenate([columns[key] for columns in tables]) for key in tables[0]
    }
    try:
        table = pd.DataFrame({"recording": names} | joined)
    except UnicodeEncodeError as error:  # a lone surrogate, which no file can hold
        refuse("a label", error.object, "text that UTF-8 can hold")
    if recordings.fps is not None and recordings.starts is not None:
        counts = [len(columns["action"]) for columns in tables]
        dates = np.repeat(recordings.starts, counts)
        digits = int(np.clip(np.ceil(np.log10(recordings.fps)), 3, 6))
        times = clock_columns(dates, table["start_time"], table["end_time"], digits)
        table = table.assign(**times)
    return table


def _times(recordings, i, spans):
    starts = recordings.edges(i)[spans.starts]
    ends = recordings.ends(i)[spans.ends - 1]
    # without a clock exact, unlike a difference of times
    durations = spans.lengths / recordings.fps
    if recordings.times is not None:
        durations = np.round(ends - starts, 9)
    return {"start_time": starts, "end_time": ends, "duration_time": durations}


def _bounds(times, starts, boundaries):
    """Intervals of starts in seconds, NaN for those without a boundary."""
    boundaries = boundaries[np.isin(boundaries[:, 0], starts)]
    bounds = np.full((len(starts), 2), np.nan)
    bounds[np.searchsorted(starts, boundaries[:, 0])] = times[boundaries[:, 1:]]
    return dict(zip(BOUNDS, bounds.T))


def _of_each(values, recordings, is_single, what):
    if is_single:
        return [values]
    return values_of_recordings(values, recordings.names, what)


def _check_boundaries(boundaries, recordings, is_single):
    checked = []
    for i, (rows, labels) in enumerate(zip(boundaries, recordings.arrays)):
        with errors_of_recording(None if is_single else i):
            rows = np.asarray(rows) if len(rows) else np.empty((0, 3), int)
            is_table = rows.dtype.kind in "iu" and rows.shape[1:] == (3,)
            ordered = rows[:, [1, 0, 2]] if is_table else [-1]
            if (np.diff(ordered, prepend=0, append=len(labels) - 1) < 0).any():
                expected = "rows of start, low, high: frames, low <= start <= high"
                refuse("boundaries", rows, expected)
            checked.append(rows)
    return checked


def check_confidences(confidence, arrays, is_single):
    """Return arrays of finite confidences, as many as labels."""
    confidences = []
    for i, values in enumerate(confidence):
        with errors_of_recording(None if is_single else i):
            if np.ma.is_masked(values):
                raise TypeError("confidence is masked, expected a number a frame.")
            values = as_reals(values, "confidence")
            for k in np.flatnonzero(~np.isfinite(values))[:1]:
                refuse(f"confidence in frame {k}", values.flat[k].item(), "finite")
            confidences.append(values)
    shapes = [values.shape for values in confidences]
    expected = [labels.shape for labels in arrays]
    if shapes != expected:
        refuse("the shape of confidence", shapes, f"that of y, {short_repr(expected)}")
    return confidences


def labels_from_segments(table) -> np.ndarray | dict:
    """Convert segments without gaps to labels of frames, the inverse of `segments`.

    Parameters
    ----------
    table : DataFrame
        ``action``, ``start`` and ``end`` of each segment, in frames and in order of
        time. In each ``recording``, the first starts at frame 0, and each other one at
        the end of the one before.

    Returns
    -------
    labels : ndarray of shape (n_frames,), or dict of these
        Integers or text, like the actions; by name if there are recordings.

    Raises
    ------
    TypeError, ValueError
        If a column is missing, segments leave gaps, overlap or exceed 10⁹ frames.

    Examples
    --------
    >>> from skl_tot.io import labels_from_segments, segments
    >>> labels_from_segments(segments([2, 2, 0, 1])).tolist()
    [2, 2, 0, 1]
    """
    table = check_segments(table)
    check_in_frames(table)
    if "recording" not in table:
        return _cover_frames(table)
    labels = {}
    for i, (name, rows) in enumerate(table.groupby("recording", sort=False)):
        with errors_of_recording(i, name):
            labels[name] = _cover_frames(rows)
    return labels


def _cover_frames(table):
    starts, ends = table["start"].to_numpy(), table["end"].to_numpy()
    expected = np.r_[0, ends[:-1]]
    for i in np.flatnonzero((starts != expected) | (ends <= starts))[:1]:
        span = f"Segment {i} is of frames {starts[i]} to {ends[i]}"
        raise ValueError(f"{span}, expected a start at {expected[i]} and a later end.")
    return repeat_labels(np.array(table["action"].tolist()), ends - starts)


def repeat_labels(labels, counts, where=""):
    """Repeat labels, with a one-line error if the memory is too small."""
    try:
        return np.repeat(labels, counts)
    except MemoryError as error:
        size = f"{sum(counts)} frames with labels of {labels.itemsize} bytes"
        raise ValueError(f"{where}{size} do not fit into memory.") from error
