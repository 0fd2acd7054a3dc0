"""Segments as people use them: a list of records for each video."""

import numbers
from collections.abc import Mapping

import numpy as np

from skl_tot.inputs.clocks import agreed_rate
from skl_tot.inputs.errors import errors_of_video, short_repr
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.labels import (
    as_reals,
    find_segments,
    split_label_sequences,
)
from skl_tot.inputs.rates import check_fps
from skl_tot.inputs.recordings import Recordings, frame_edges

# Beyond a year of video; a small file must not ask for more memory than there is.
MAX_FRAMES = 10**9


def segments(y, fps=None, *, confidence=None, as_frame=False):
    """List the segments of each video.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence, dict or `Recordings` of such
        Label of each frame of one video or of many, integers or strings. A Series with
        an index of two levels, recording and frame, is taken as a dict.
    fps : float, default=None
        Frames per second, to give times as well; `Recordings` with a rate know it. On
        a clock, frame i is from ``times[i]`` to ``times[i + 1]``.
    confidence : array-like of shape (n_frames,), or as many as `y` has, default=None
        Probability of the label of each frame, such as from ``predict_posterior``;
        a segment has their mean. In the form of ``y``.
    as_frame : bool, default=False
        Whether to return a pandas DataFrame.

    Returns
    -------
    records : list of dict, list or dict of such, or DataFrame
        For each segment, in order of time, ``action``; ``start``, ``end`` and
        ``duration`` in frames, of which ``end`` is the first after the segment; with
        ``fps``, ``start_time``, ``end_time`` and ``duration_time`` in seconds; with
        ``confidence``, ``confidence``. Of many videos a list for each; of `Recordings`
        and of a dict, a dict of them by name. A DataFrame of many has the index of the
        video as first column, ``video``, or the name, ``recording``.

    Raises
    ------
    ImportError
        If pandas is not installed for a DataFrame.
    TypeError, ValueError
        If labels are neither integers nor strings, ``fps`` is not from 1e-6 to 1e6 or
        contradicts the rate of `Recordings`, or confidences are not finite or not of
        the frames of ``y``.

    See Also
    --------
    labels_from_segments : The way back.
    write_table : One file of the segments of all recordings.
    write_segments : Files of segments.

    Examples
    --------
    >>> from skl_tot.io import segments
    >>> for segment in segments(["cut", "cut", "cut", "mix"], fps=2):
    ...     print(segment["action"], segment["start_time"], segment["end_time"])
    cut 0.0 1.5
    mix 1.5 2.0
    """
    check_fps(fps)
    y, confidence = _by_name(y), _by_name(confidence)
    names = getattr(y, "names", None)
    sequences, is_single = split_label_sequences(y)
    _check_filled(sequences, names)
    confidences = [None] * len(sequences)
    if confidence is not None:
        _check_same_names(names, getattr(confidence, "names", names))
        confidences = _check_confidences(confidence, sequences, is_single)
    rate, clocks = _find_clocks(y, fps, len(sequences))
    videos = [_records(*video, rate) for video in zip(sequences, confidences, clocks)]
    if as_frame:
        return _to_frame(videos, is_single, names)
    if names is not None:
        return dict(zip(names, videos))
    return videos[0] if is_single else videos


def _by_name(y):
    """Make a dict, or a Series with an index of recording and frame, Recordings."""
    if getattr(getattr(y, "index", None), "nlevels", 1) > 1:
        y = {str(name): own.to_numpy() for name, own in y.groupby(level=0, sort=False)}
    return Recordings(list(y.values()), list(y)) if isinstance(y, Mapping) else y


def _check_filled(sequences, names):
    """Refuse a video without frames."""
    for i, labels in enumerate(sequences):
        if len(labels) == 0:
            video = names[i] if names else i
            raise ValueError(
                f"y has no labels of video {video!r}, expected one for each frame."
            )


def _check_same_names(names, others):
    """Refuse confidences of other recordings than the labels."""
    if names != others:
        raise ValueError(
            f"confidence is of recordings {short_repr(others)}, expected those of y, "
            f"{short_repr(names)}."
        )


def _find_clocks(y, fps, n_videos):
    """Frames per second, and the clock of each video, None where it has none."""
    rate, times = getattr(y, "fps", None), getattr(y, "times", None)
    return agreed_rate(fps, rate, "the labels"), times or [None] * n_videos


def _check_confidences(confidence, sequences, is_single):
    """Confidences of each video, as long as its labels."""
    confidences = [confidence] if is_single else list(confidence)
    for i, video in enumerate(confidences):
        with errors_of_video(None if is_single else i):
            confidences[i] = _as_finite(video)
    shapes = [video.shape for video in confidences]
    expected = [labels.shape for labels in sequences]
    if shapes != expected:
        raise ValueError(
            f"confidence has shapes {shapes}, expected those of y, {expected}."
        )
    return confidences


def _as_finite(confidence):
    """Confidences of one video as floats, if none is masked, infinite or nan."""
    if np.ma.is_masked(confidence):
        raise TypeError("confidence is masked, expected a number for each frame.")
    confidence = as_reals(confidence, "confidence")
    bad = np.flatnonzero(~np.isfinite(confidence))
    if bad.size:
        raise ValueError(
            f"confidence is {confidence.flat[bad[0]]} in frame {bad[0]}, expected "
            "finite numbers."
        )
    return confidence


def _to_frame(videos, is_single, names):
    """DataFrame of records, with the name or index of the video if there are many."""
    pd = import_extra("pandas", "export")
    if is_single:
        return pd.DataFrame(videos[0])
    if names is None:
        return pd.DataFrame(join_records(enumerate(videos), "video"))
    return pd.DataFrame(join_records(zip(names, videos), "recording"))


def join_records(videos, key):
    """Join the records of all videos, each with what its video is called.

    >>> join_records([("a", [{"start": 0}])], "recording")
    [{'recording': 'a', 'start': 0}]
    """
    rows = []
    for name, records in videos:
        rows.extend({key: name} | record for record in records)
    return rows


def _records(labels, confidence, clock, fps):
    """Segments of one video."""
    records = []
    edges = frame_edges(len(labels), fps, clock)
    actions, starts, ends = find_segments(labels)
    for action, start, end in zip(actions.tolist(), starts.tolist(), ends.tolist()):
        record = {"action": action, "start": start, "end": end, "duration": end - start}
        if fps is not None:
            duration = (end - start) / fps  # exact, other than a difference
            if clock is not None:
                duration = round(float(edges[end] - edges[start]), 9)
            record["start_time"] = float(edges[start])
            record["end_time"] = float(edges[end])
            record["duration_time"] = duration
        if confidence is not None:
            record["confidence"] = float(confidence[start:end].mean())
        records.append(record)
    return records


def labels_from_segments(records):
    """Label of each frame, from the segments of one video.

    Parameters
    ----------
    records : sequence of dict
        ``action``, ``start`` and ``end`` of each segment, in frames and in order of
        time, the first from frame 0 and each from the end of the one before.

    Returns
    -------
    labels : ndarray of shape (n_frames,)
        Integers or strings, as the actions are.

    Raises
    ------
    TypeError, ValueError
        If there are none, a segment is no dict or lacks a key, or they leave frames
        out, overlap or are longer than 10⁹ frames, or actions are neither all integers
        nor all strings.

    Examples
    --------
    >>> from skl_tot.io import labels_from_segments, segments
    >>> labels_from_segments(segments([2, 2, 0, 1])).tolist()
    [2, 2, 0, 1]
    """
    ends = check_cover(records)
    actions = [record["action"] for record in records]
    (labels,), _ = split_label_sequences(actions, "actions")
    try:
        return np.repeat(labels, np.diff(ends, prepend=0))
    except MemoryError as error:
        raise ValueError(
            f"{ends[-1]} frames with labels of {labels.itemsize} bytes do not fit into "
            "memory."
        ) from error


def check_cover(records):
    """Give the ends of segments, which may not leave a frame out or overlap.

    >>> check_cover(segments([2, 2, 0]))
    [2, 3]
    """
    check_keys(records)
    ends = []
    for i, record in enumerate(records):
        start, end = _frame(record, "start", i), _frame(record, "end", i)
        expected = ends[-1] if ends else 0
        if start != expected or end <= start:
            raise ValueError(
                f"Segment {i} is of frames {start} to {end}, expected it to start at "
                f"{expected} and to end after that."
            )
        if end > MAX_FRAMES:
            raise ValueError(
                f"Segment {i} ends at {end}, expected at most {MAX_FRAMES} frames."
            )
        ends.append(end)
    return ends


def check_keys(records):
    """Refuse what are no records of segments, or none at all."""
    if not hasattr(records, "__len__"):
        raise TypeError(
            f"records is a {type(records).__name__}, expected a list of dict."
        )
    if len(records) == 0:
        raise ValueError("records is empty, expected the segments of a video.")
    for i, record in enumerate(records):
        if not isinstance(record, Mapping):
            raise TypeError(
                f"Segment {i} is a {type(record).__name__}, expected a dict."
            )
        for key in ("action", "start", "end"):
            if key not in record:
                raise ValueError(
                    f"Segment {i} has no {key!r}, expected action, start and end."
                )


def _frame(record, key, i):
    """Start or end of segment i, if it is a whole number."""
    if not isinstance(record[key], numbers.Integral):
        raise TypeError(
            f"Segment {i} has {key} {short_repr(record[key])}, expected a number of "
            "frames."
        )
    return int(record[key])
