"""Segments as people use them: a list of records for each video."""

import numbers
from collections.abc import Mapping

import numpy as np

from skl_tot.inputs.errors import errors_of_video, short_repr
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.labels import (
    as_reals,
    check_fps,
    find_segments,
    split_label_sequences,
)

# Beyond a year of video; a small file must not ask for more memory than there is.
MAX_FRAMES = 10**9


def segments(y, fps=None, *, confidence=None, as_frame=False):
    """List the segments of each video.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence of such
        Label of each frame of one video or of many, integers or strings.
    fps : float, default=None
        Frames per second, to give times as well.
    confidence : array-like of shape (n_frames,), or a sequence of such, default=None
        Probability of the label of each frame, such as from ``predict_posterior``;
        a segment has their mean.
    as_frame : bool, default=False
        Whether to return a pandas DataFrame.

    Returns
    -------
    records : list of dict, list of such, or DataFrame
        For each segment, in order of time, ``action``; ``start``, ``end`` and
        ``duration`` in frames, of which ``end`` is the first after the segment; with
        ``fps``, ``start_time``, ``end_time`` and ``duration_time`` in seconds; with
        ``confidence``, ``confidence``. Of many videos a list for each. A DataFrame of
        many has the index of the video as first column, ``video``.

    Raises
    ------
    ImportError
        If pandas is not installed for a DataFrame.
    TypeError, ValueError
        If labels are neither integers nor strings, ``fps`` is not from 1e-6 to 1e6,
        or confidences are not finite or not of the frames of ``y``.

    See Also
    --------
    labels_from_segments : The way back.
    write_segments : Files of segments.

    Examples
    --------
    >>> from skl_tot.io import segments
    >>> for segment in segments(["cut", "cut", "cut", "mix"], fps=2):
    ...     print(segment["action"], segment["start_time"], segment["end_time"])
    cut 0.0 1.5
    mix 1.5 2.0
    """
    sequences, is_single = split_label_sequences(y)
    check_fps(fps)
    confidences = [None] * len(sequences)
    if confidence is not None:
        confidences = _check_confidences(confidence, sequences, is_single)
    videos = [_records(*video, fps) for video in zip(sequences, confidences)]
    if as_frame:
        return _to_frame(videos, is_single)
    return videos[0] if is_single else videos


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


def _to_frame(videos, is_single):
    """DataFrame of records, with the index of the video if there are many."""
    pd = import_extra("pandas", "export")
    if is_single:
        return pd.DataFrame(videos[0])
    rows = []
    for i, records in enumerate(videos):
        rows.extend({"video": i} | record for record in records)
    return pd.DataFrame(rows)


def _records(labels, confidence, fps):
    """Segments of one video."""
    records = []
    actions, starts, ends = find_segments(labels)
    for action, start, end in zip(actions.tolist(), starts.tolist(), ends.tolist()):
        record = {"action": action, "start": start, "end": end, "duration": end - start}
        if fps is not None:
            record["start_time"] = start / fps
            record["end_time"] = end / fps
            record["duration_time"] = (end - start) / fps
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
