"""Files of segments: a table of formats."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from skl_tot.inputs.errors import one_line, short_repr
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.inputs.text_files import is_line
from skl_tot.io.atomic import replaced
from skl_tot.io.frame_formats import (
    read_csv,
    read_json,
    read_labels,
    write_csv,
    write_json,
    write_labels,
)
from skl_tot.io.records import check_finite, integers_if_all, parse_records
from skl_tot.io.segments import check_cover, check_keys
from skl_tot.io.time_formats import write_elan, write_textgrid, write_webvtt

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
    write : callable
        Called with a path to write and the records of `segments`, at least one.
    read : callable, default=None
        Called with a path, returns a list of dict with at least ``action``, ``start``
        and ``end`` in frames, as text or numbers; it need not check them. None if such
        files are not read.
    needs_fps : bool, default=False
        Whether ``write`` needs the times of records in seconds.
    description : str, default=""
        A few words for the help of the command line.

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
    write: Callable
    read: Callable | None = None
    needs_fps: bool = False
    description: str = ""


FORMATS = {
    "csv": Format(".csv", write_csv, read_csv, description="table, one segment a row"),
    "json": Format(".json", write_json, read_json, description="list of objects"),
    "labels": Format(
        ".txt",
        write_labels,
        read_labels,
        description="one label a line for each frame, as MS-TCN reads",
    ),
    "elan": Format(
        ".eaf",
        write_elan,
        needs_fps=True,
        description='ELAN annotation document, tier "action"',
    ),
    "webvtt": Format(
        ".vtt",
        write_webvtt,
        needs_fps=True,
        description="subtitles that browsers show over the video",
    ),
    "textgrid": Format(
        ".TextGrid",
        write_textgrid,
        needs_fps=True,
        description='Praat TextGrid, interval tier "action"',
    ),
}


def write_segments(records, path, *, format=None):
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
    ``fps``. More can be added to the table `FORMATS`.

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
        If the library for a format is missing; the extra ``export`` has them.
    OSError
        If the file cannot be written.
    TypeError, ValueError
        If records are no segments, the format is unknown, times are missing, a segment
        is shorter than a millisecond, a time or confidence is not finite, or an action
        has no text of one line or is called "-1".

    See Also
    --------
    read_segments : Reads the first three.

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
    entry = _find_format(path, format, FORMATS)
    if hasattr(records, "__len__"):
        records = list(records)  # whatever its length is said to be
    check_keys(records)
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


def read_segments(path, *, format=None):
    r"""Read a file of a format that holds frames: "csv", "json" or "labels".

    Parameters
    ----------
    path : str or path-like
        File of `write_segments`, or another with these columns or keys, or a text file
        with one label a line.
    format : str, default=None
        One of the above, or another of `FORMATS` that is read; None goes by the suffix
        of ``path``.

    Returns
    -------
    records : list of dict
        Segments of the video, see `segments`. Actions are integers if all of them are
        whole numbers of 18 digits or less.

    Raises
    ------
    OSError, TypeError, ValueError
        If ``path`` is no path, or the file cannot be read or holds something else.

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
    entry = _find_format(path, format, readable_formats())
    try:
        records = parse_records(entry.read(path))
        check_cover(records)
    except UnicodeDecodeError as error:
        raise ValueError(f"{one_line(path)} is no text: {error}") from error
    except NO_SEGMENTS as error:
        raise ValueError(f"{one_line(path)} holds no segments: {error!r}.") from error
    return integers_if_all(records)


def readable_formats():
    """Those of the table that are read."""
    return {name: entry for name, entry in FORMATS.items() if entry.read}


def _find_format(path, name, formats):
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
