"""Files of segments: a table of formats."""

import csv
import html
import json
import re
from pathlib import Path

from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.names import _is_line, _parse_json, _read_text
from skl_tot.io.atomic import replaced
from skl_tot.io.segments import _UNITS, _text, labels_from_segments, segments


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
    >>> from skl_tot.io import segments, write_segments
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


FORMATS = {
    "csv": (".csv", _write_csv),
    "json": (".json", _write_json),
    "labels": (".txt", _write_labels),
    "elan": (".eaf", _write_elan),
    "webvtt": (".vtt", _write_webvtt),
    "textgrid": (".TextGrid", _write_textgrid),
}


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
    >>> from skl_tot.io import labels_from_segments, read_segments
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
