"""Files of segments: a table of formats."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skl_tot.inputs.errors import one_line, short_repr
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.inputs.text_files import is_line
from skl_tot.io.atomic import replaced
from skl_tot.io.boris import write_boris
from skl_tot.io.frame_formats import (
    read_json,
    read_labels,
    write_csv,
    write_json,
    write_labels,
)
from skl_tot.io.labelstudio import read_labelstudio, write_labelstudio
from skl_tot.io.nwb import read_nwb, write_nwb
from skl_tot.io.parquet import read_parquet, write_parquet
from skl_tot.io.records import (
    SegmentsError,
    check_finite,
    group_by_recording,
    integers_if_all,
    parse_records,
)
from skl_tot.io.segments import check_cover, check_keys
from skl_tot.io.tables import read_table
from skl_tot.io.time_formats import write_elan, write_textgrid, write_webvtt
from skl_tot.io.time_readers import read_elan, read_textgrid, read_webvtt

# What reading raises of content that is something else, or meant to do harm.
NO_SEGMENTS = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    csv.Error,
)


@dataclass(frozen=True)
class Format:
    r"""How files of one kind are written and read.

    One that is added to `FORMATS` is known to `write_segments`, `read_segments` and the
    command line.

    Parameters
    ----------
    suffix : str
        End of the names of the files, with its dot. Of formats with the same one, a
        file is of the first unless the format is given.
    write : callable, default=None
        Called with a path to write and the records of `segments`, at least one. None if
        such files are not written.
    read : callable, default=None
        Called with a path, returns a list of dict with ``action``, and ``start`` and
        ``end`` in frames or ``start_time`` and ``end_time`` in seconds, as text or
        numbers; it need not check them. ``line``, where it has one, is for errors, and
        ``recording`` for files of several. None if such files are not read.
    needs_fps : bool, default=False
        Whether ``write`` needs the times of records in seconds.
    description : str, default=""
        A few words for the help of the command line.
    reads_seconds : bool, default=False
        Whether ``read`` gives times in seconds, so that frames need their rate.
    many : bool, default=False
        Whether one file can hold several recordings, as `write_table` writes them:
        ``write`` then finds the name of each in ``recording`` of its records.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import FORMATS, Format, segments, write_segments
    >>> def write_ends(path, records):
    ...     lines = [f"{record['end']} {record['action']}\n" for record in records]
    ...     path.write_text("".join(lines))
    >>> FORMATS["ends"] = Format(".ends", write_ends, description="end and action")
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "video.ends")
    >>> write_segments(segments(["cut", "cut", "mix"]), path)
    >>> print(path.read_text())
    2 cut
    3 mix
    >>> folder.cleanup()
    >>> del FORMATS["ends"]
    """

    suffix: str
    write: Callable | None = None
    read: Callable | None = None
    needs_fps: bool = False
    description: str = ""
    reads_seconds: bool = False
    many: bool = False


FORMATS = {
    "csv": Format(
        ".csv", write_csv, read_table, description="table, one segment a row", many=True
    ),
    "parquet": Format(
        ".parquet",
        write_parquet,
        read_parquet,
        description="the same table, for data frames",
        many=True,
    ),
    "json": Format(
        ".json", write_json, read_json, description="list of objects", many=True
    ),
    "labels": Format(
        ".txt",
        write_labels,
        read_labels,
        description="one label a line for each frame, as MS-TCN reads",
    ),
    "elan": Format(
        ".eaf",
        write_elan,
        read_elan,
        needs_fps=True,
        description='ELAN annotation document, tier "action"',
        reads_seconds=True,
    ),
    "webvtt": Format(
        ".vtt",
        write_webvtt,
        read_webvtt,
        needs_fps=True,
        description="subtitles that browsers show over the video",
        reads_seconds=True,
    ),
    "textgrid": Format(
        ".TextGrid",
        write_textgrid,
        read_textgrid,
        needs_fps=True,
        description='Praat TextGrid, interval tier "action"',
        reads_seconds=True,
    ),
    "boris": Format(
        ".tsv",
        write_boris,
        read_table,
        needs_fps=True,
        description="aggregated events of BORIS",
        reads_seconds=True,
        many=True,
    ),
    "nwb": Format(
        ".nwb",
        write_nwb,
        read_nwb,
        needs_fps=True,
        description="Neurodata Without Borders, with an ethogram",
        reads_seconds=True,
    ),
    "labelstudio": Format(
        ".json",
        write_labelstudio,
        read_labelstudio,
        description="tasks of Label Studio, TimelineLabels",
        many=True,
    ),
}


def write_segments(records, path, *, format=None):
    """Write the segments of one video.

    =================  =============  ================================================
    ``format``         suffix         what it is
    =================  =============  ================================================
    ``"csv"``          ``.csv``       table, one segment a row
    ``"parquet"``      ``.parquet``   the same table, for data frames
    ``"json"``         ``.json``      list of objects
    ``"labels"``       ``.txt``       one label a line for each frame, as MS-TCN reads
    ``"elan"``         ``.eaf``       ELAN annotation document, tier "action"
    ``"webvtt"``       ``.vtt``       subtitles that browsers show over the video
    ``"textgrid"``     ``.TextGrid``  Praat TextGrid, interval tier "action"
    ``"boris"``        ``.tsv``       aggregated events of BORIS
    ``"nwb"``          ``.nwb``       Neurodata Without Borders, with an ethogram
    ``"labelstudio"``  ``.json``      tasks of Label Studio, TimelineLabels
    =================  =============  ================================================

    ELAN, WebVTT, TextGrid, BORIS and NWB hold times only, the first four rounded to
    milliseconds, and need `segments` with a rate. A session of NWB starts at 1970-01-01
    and is called as its file. In Label Studio, the video of the labelling configuration
    is called "video" and has ``frameRate="$fps"``, the TimelineLabels are called
    "action". More can be added to the table `FORMATS`.

    Parameters
    ----------
    records : list of dict
        Segments of one video, from `segments`.
    path : str or path-like
        File to write. It is whole or not there: an error leaves what was.
    format : str, default=None
        One of the above; None goes by the suffix of ``path``.

    Raises
    ------
    ImportError
        If the library for a format is missing; the extras ``export``, ``nwb`` and
        ``tables`` have them.
    OSError
        If the file cannot be written.
    TypeError, ValueError
        If records are no segments, the format is unknown, times are missing, a segment
        is shorter than a millisecond, a time or confidence is not finite, or an action
        has no text of one line or is called "-1".

    See Also
    --------
    read_segments : Reads them.
    write_table : One file of several recordings.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import segments, write_segments
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "video.csv")
    >>> write_segments(segments(["cut", "cut", "mix"], fps=10), path)
    >>> print(path.read_text().splitlines()[1])
    cut,0,2,2,0.0,0.2,0.2
    >>> folder.cleanup()
    """
    entry = find_format(path, format, writable_formats())
    if hasattr(records, "__len__"):
        records = list(records)  # whatever its length is said to be
    check_keys(records)
    write_records(records, path, entry)


def write_records(records, path, entry):
    """Write records that have all keys as an entry of the table says."""
    for i, record in enumerate(records):
        _check_action(record["action"])
        check_finite(record, i)
    if entry.needs_fps and "start_time" not in records[0]:
        raise ValueError("fps is None, expected frames per second for this format.")
    with replaced(path) as temporary:
        entry.write(temporary, records)


def _check_action(action):
    """Refuse an action that files cannot hold, or that is not read as it is written."""
    if not is_line(str(action)):
        raise ValueError(
            f"An action is {short_repr(action)}, expected text of one line."
        )
    if isinstance(action, str) and action == str(BACKGROUND):
        raise ValueError(
            f"An action is called {action!r}, which is read as background, expected "
            f"another name, or {BACKGROUND_NAME!r} if it is that."
        )


def read_rows(path, format):
    """Give the records of a file as its reader does, their values as they come."""
    path = Path(path)
    entry = find_format(path, format, readable_formats())
    try:
        rows = list(entry.read(path))
        for row in rows:
            if not isinstance(row, Mapping):
                raise TypeError(f"found a {type(row).__name__}, expected a dict")
    except SegmentsError as error:
        raise ValueError(f"{one_line(path)}, {one_line(error)}") from error
    except NO_SEGMENTS as error:
        raise ValueError(f"{one_line(path)} holds no segments: {error!r}.") from error
    return rows


def read_records(path, *, format=None):
    """Segments of a video as `segments` gives them, from a format that has frames.

    They have to cover the video. Actions are integers if all of them are whole numbers
    of 18 digits or less.
    """
    return _check_rows(read_rows(path, format), path)


def read_records_of_many(path):
    """Give those of each video of a file by its name, as `read_records` does of one."""
    try:
        recordings = group_by_recording(read_rows(path, None), path)
    except TypeError as error:  # a list as a name, say
        raise ValueError(f"{one_line(path)} holds no segments: {error!r}.") from error
    return {name: _check_rows(rows, path) for name, rows in recordings.items()}


def _check_rows(rows, path):
    """Give the values of a video their types, if its records cover it."""
    try:
        records = []
        for row in rows:
            records.append({key: row[key] for key in row if key != "line"})
        records = parse_records(records)
        check_cover(records)
    except NO_SEGMENTS as error:
        raise ValueError(f"{one_line(path)} holds no segments: {error!r}.") from error
    return integers_if_all(records)


def readable_formats():
    """Those of the table that are read."""
    return {name: entry for name, entry in FORMATS.items() if entry.read}


def frame_formats():
    """Those of the table whose files say frames."""
    formats = readable_formats()
    return {name: formats[name] for name in formats if not formats[name].reads_seconds}


def writable_formats():
    """Those of the table that are written."""
    return {name: entry for name, entry in FORMATS.items() if entry.write}


def find_format(path, name, formats):
    """Find an entry by its name, or by the suffix of a file."""
    if name is None:
        name = Path(path).suffix  # if nothing else, for the error
        for other in reversed(formats):
            if formats[other].suffix.lower() == Path(path).suffix.lower():
                name = other
    if name not in formats:
        raise ValueError(
            f"{one_line(path)}: format is {short_repr(name)}, expected one of "
            f"{list(formats)}."
        )
    return formats[name]
