"""Segments as people use them: records, names in words, and files of other tools."""

import csv
import html
import json
import operator
import re
import unicodedata
from pathlib import Path

import numpy as np

from skl_tot._extras import import_extra
from skl_tot._files import replaced
from skl_tot._sequences import check_fps, find_segments, split_label_sequences


def _whole(value):
    """Integer of text or JSON, which may not have decimals."""
    if isinstance(value, bool):
        raise TypeError(f"expected a number of frames, got {value!r}")
    return int(value) if isinstance(value, str) else operator.index(value)


def _text(value):
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise TypeError(f"expected text or an integer, got {value!r}")
    return str(value)


_UNITS = {"start": _whole, "end": _whole, "duration": _whole}
_UNITS |= dict.fromkeys(
    ("start_time", "end_time", "duration_time", "confidence"), float
)


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
    >>> from skl_tot.annotations import segments
    >>> for segment in segments(["cut", "cut", "cut", "mix"], fps=2):
    ...     print(segment["action"], segment["start_time"], segment["end_time"])
    cut 0.0 1.5
    mix 1.5 2.0
    """
    sequences, is_single = split_label_sequences(y)
    check_fps(fps)
    if confidence is None:
        confidences = [None] * len(sequences)
    else:
        confidences = [
            np.asarray(c, float) for c in ([confidence] if is_single else confidence)
        ]
        shapes = [c.shape for c in confidences]
        expected = [sequence.shape for sequence in sequences]
        if shapes != expected:
            raise ValueError(
                f"confidence has shapes {shapes}, expected those of y, {expected}."
            )
    videos = [_records(*video, fps) for video in zip(sequences, confidences)]
    if not as_frame:
        return videos[0] if is_single else videos
    pd = import_extra("pandas", "export")
    if is_single:
        return pd.DataFrame(videos[0])
    return pd.DataFrame(
        [{"video": i} | record for i, video in enumerate(videos) for record in video]
    )


def _records(labels, confidence, fps):
    """Segments of one video."""
    records = []
    for action, start, end in zip(*(x.tolist() for x in find_segments(labels))):
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
    >>> from skl_tot.annotations import labels_from_segments, segments
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


def name_actions(y, names):
    """Put words in place of numbers.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence of such
        Label of each frame of one video or of many.
    names : dict or sequence of str
        Name of each label, as ``{0: "take cup", 1: "pour"}`` or
        ``["take cup", "pour"]``. Labels of one name become one action. Labels without
        a name keep their number, as text, and -1 becomes "background".

    Returns
    -------
    labels : ndarray of str of shape (n_frames,), or a list of such
        For displays, metrics, `segments` and files.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor strings, or a name is no text of one line,
        is "background", or is the number of another action without a name.

    Examples
    --------
    >>> from skl_tot.annotations import name_actions
    >>> name_actions([0, 0, 1, 2], {0: "take cup", 1: "pour"}).tolist()
    ['take cup', 'take cup', 'pour', '2']
    """
    sequences, is_single = split_label_sequences(y)
    if not isinstance(names, dict):
        names = dict(enumerate(names))
    for label, name in names.items():
        if not (isinstance(name, str) and _is_line(name)):
            raise ValueError(
                f"The name of {label!r} is {name!r}, expected text of one line."
            )
    unnamed = {str(k) for x in sequences for k in np.unique(x).tolist()}
    unnamed = unnamed - {str(k) for k in names} | {"background"}
    taken = sorted(unnamed & {name for label, name in names.items() if label != -1})
    if taken:
        raise ValueError(
            f"{taken[0]!r} is the name of an action, but other frames are called so."
        )
    names = {-1: "background"} | names
    named = []
    for sequence in sequences:
        labels, codes = np.unique(sequence, return_inverse=True)
        words = [names.get(label, str(label)) for label in labels.tolist()]
        named.append(np.array(words, dtype=str)[codes])
    return named[0] if is_single else named


def _is_line(text):
    """Whether text is one line that is not blank, of characters that files can hold."""
    refused = {"Cc", "Cn", "Cs", "Zl", "Zp"}
    return bool(text.strip()) and not refused & set(map(unicodedata.category, text))


def read_names(path):
    r"""Read the names of actions.

    Parameters
    ----------
    path : str or path-like
        A ``.json`` file of an object such as ``{"0": "take cup"}``, or text with
        ``<int> <name>`` a line, as the field's ``mapping.txt``.

    Returns
    -------
    names : dict of int to str
        For `name_actions`.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read or holds something else.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.annotations import read_names
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "names.txt")
    >>> _ = path.write_text("0 take cup\n1 pour")
    >>> read_names(path)
    {0: 'take cup', 1: 'pour'}
    >>> folder.cleanup()
    """
    text = _read_text(path)
    if Path(path).suffix == ".json":
        content = _parse_json(path, text)
        if not isinstance(content, dict):
            raise ValueError(f"{path} is of {content!r}, expected an object of names.")
        pairs = list(content.items())
    else:
        lines = filter(str.strip, text.splitlines())
        pairs = [(line.split(maxsplit=1) + [None, None])[:2] for line in lines]
    for number, name in pairs:
        if not re.fullmatch(r"-?\d+", str(number)) or not isinstance(name, str):
            raise ValueError(
                f"{path} has {number!r} for {name!r}, expected a number and the name "
                "of its action."
            )
    names = {int(number): name.strip() for number, name in pairs}
    if len(names) < len(pairs):
        raise ValueError(f"{path} names an action twice.")
    return names


def write_segments(path, records, *, format=None):
    """Write the segments of one video.

    ==============  =============  ================================================
    ``format``      suffix         what it is
    ==============  =============  ================================================
    ``"csv"``       ``.csv``       table, one segment a row
    ``"json"``      ``.json``      list of objects
    ``"labels"``    ``.txt``       one label a line for each frame, as MS-TCN reads
    ``"elan"``      ``.eaf``       ELAN annotation document, tier "action"
    ``"webvtt"``    ``.vtt``       subtitles that browsers show over the video
    ``"textgrid"``  ``.TextGrid``  Praat TextGrid, interval tier "action"
    ==============  =============  ================================================

    The last three hold times only, rounded to milliseconds, and need `segments` with
    ``fps``.

    Parameters
    ----------
    path : str or path-like
        File to write. It is whole or not there: an error leaves what was.
    records : list of dict
        Segments of one video, from `segments`.
    format : str, default=None
        One of the above; None goes by the suffix of ``path``.

    Raises
    ------
    ImportError
        If the library for a format is missing; the extra ``export`` has them.
    OSError
        If the file cannot be written.
    ValueError
        If the format is unknown, times are missing, a segment is shorter than a
        millisecond, or an action has no text of one line.

    See Also
    --------
    read_segments : Reads the first three.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.annotations import segments, write_segments
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "video.csv")
    >>> write_segments(path, segments(["cut", "cut", "mix"], fps=10))
    >>> print(path.read_text().splitlines()[1])
    cut,0,2,2,0.0,0.2,0.2
    >>> folder.cleanup()
    """
    if format is None:
        formats = {suffix.lower(): name for name, (suffix, _) in FORMATS.items()}
        format = formats.get(Path(path).suffix.lower(), Path(path).suffix)
    if format not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {list(FORMATS)}.")
    if not records:
        raise ValueError("records is empty, expected the segments of a video.")
    for record in records:
        if not _is_line(str(record["action"])):
            raise ValueError(
                f"An action is {record['action']!r}, expected text of one line."
            )
    with replaced(path) as temporary:
        FORMATS[format][1](str(temporary), records)


def _write_csv(path, records):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, records[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(records)


def _write_json(path, records):
    Path(path).write_text(
        json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def _write_labels(path, records):
    labels = labels_from_segments(records).astype(str)
    Path(path).write_text("\n".join(labels) + "\n", encoding="utf-8")


def _write_elan(path, records):
    elan = import_extra("pympi", "export").Elan.Eaf(author="")
    elan.add_tier("action")
    elan.remove_tier("default")
    for segment in _timed(records):
        elan.add_annotation("action", *segment)
    elan.to_file(path)


def _write_webvtt(path, records):
    webvtt = import_extra("webvtt", "export")
    document = webvtt.WebVTT()
    for start, end, action in _timed(records):
        # the library leaves the characters that mean something to the reader
        text = html.escape(action, quote=False)
        times = (
            f"{t // 3600000:02}:{t // 60000 % 60:02}:{t // 1000 % 60:02}.{t % 1000:03}"
            for t in (start, end)
        )
        document.captions.append(webvtt.Caption(*times, text))
    with open(path, "w", encoding="utf-8") as file:
        document.write(file)


def _write_textgrid(path, records):
    textgrid = import_extra("praatio.textgrid", "export")
    intervals = [(a / 1000, b / 1000, action) for a, b, action in _timed(records)]
    tier = textgrid.IntervalTier("action", intervals, 0, intervals[-1][1])
    grid = textgrid.Textgrid()
    grid.addTier(tier)
    grid.save(path, "long_textgrid", includeBlankSpaces=True, reportingMode="error")


FORMATS = {
    "csv": (".csv", _write_csv),
    "json": (".json", _write_json),
    "labels": (".txt", _write_labels),
    "elan": (".eaf", _write_elan),
    "webvtt": (".vtt", _write_webvtt),
    "textgrid": (".TextGrid", _write_textgrid),
}


def _timed(records):
    """Start and end in milliseconds, and the text, of each segment."""
    if "start_time" not in records[0]:
        raise ValueError("fps is None, expected frames per second for this format.")
    timed = [
        (round(1000 * r["start_time"]), round(1000 * r["end_time"]), str(r["action"]))
        for r in records
    ]
    for start, end, action in timed:
        if end == start:
            raise ValueError(
                f"A segment of {action!r} at {start} ms is shorter than 1 ms."
            )
    return timed


def read_segments(path):
    r"""Read a file of the formats "csv", "json" or "labels" that hold frames.

    Parameters
    ----------
    path : str or path-like
        File of `write_segments`, or another with these columns or keys, or a text file
        with one label a line.

    Returns
    -------
    records : list of dict
        Segments of the video, see `segments`. Actions are integers if all of them are
        whole numbers.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read or holds something else.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.annotations import labels_from_segments, read_segments
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "video.csv")
    >>> _ = path.write_text("action,start,end\n3,0,2\n1,2,3")
    >>> labels_from_segments(read_segments(path)).tolist()
    [3, 3, 1]
    >>> folder.cleanup()
    """
    path = Path(path)
    text = _read_text(path)
    if path.suffix == ".txt":
        labels = [line.strip() for line in text.rstrip().splitlines()]
        records = segments(labels) if all(labels) and labels else None
    elif path.suffix == ".json":
        records = _parse_json(path, text)
    elif path.suffix == ".csv":
        records = csv.DictReader(text.splitlines())
    else:
        raise ValueError(f"{path} is no .csv, .json or .txt file of segments.")
    try:
        records = [
            {key: _UNITS.get(key, _text)(value) for key, value in record.items()}
            for record in records
        ]
        labels_from_segments(records)
    except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise ValueError(f"{path} holds no segments: {error!r}.") from error
    if all(re.fullmatch("0|-?[1-9][0-9]*", r["action"]) for r in records):
        records = [r | {"action": int(r["action"])} for r in records]
    return records


def _read_text(path):
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text: {error}") from error


def _parse_json(path, text):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
