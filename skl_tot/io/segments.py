"""Segments as people use them: a list of records for each video."""

import numpy as np

from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.labels import check_fps, find_segments, split_label_sequences


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
        If labels are neither integers nor strings, ``fps`` is not positive, or
        confidences are not of the frames of ``y``.

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
    confidences = [confidence] if is_single else confidence
    confidences = [np.asarray(video, float) for video in confidences]
    shapes = [video.shape for video in confidences]
    expected = [labels.shape for labels in sequences]
    if shapes != expected:
        raise ValueError(
            f"confidence has shapes {shapes}, expected those of y, {expected}."
        )
    return confidences


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
        If segments are empty, leave frames out or overlap, or actions are neither all
        integers nor all strings.

    Examples
    --------
    >>> from skl_tot.io import labels_from_segments, segments
    >>> labels_from_segments(segments([2, 2, 0, 1])).tolist()
    [2, 2, 0, 1]
    """
    ends = [0]
    for i, record in enumerate(records):
        if record["start"] != ends[-1] or record["end"] <= record["start"]:
            raise ValueError(
                f"Segment {i} is of frames {record['start']} to {record['end']}, "
                f"expected it to start at {ends[-1]} and to end after that."
            )
        ends.append(record["end"])
    actions = [record["action"] for record in records]
    (labels,), _ = split_label_sequences(actions, "actions")
    return np.repeat(labels, np.diff(ends))
