"""Files of segments: writing, reading as one table, and reading as labels of frames."""

import csv
import numbers
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from skl_tot.io.formats import (
    find_format,
    readable_formats,
    table_formats,
    writable_formats,
)
from skl_tot.io.formats.base import SegmentsError, shown_name
from skl_tot.io.segment_table import (
    FRAMES,
    MAX_FRAMES,
    SECONDS,
    as_frame,
    check_frames,
    check_segments,
    describe,
    is_blank,
    is_int,
    labels_from_segments,
    repeat_labels,
)
from skl_tot.io.times import frames_of, rows_by_recording
from skl_tot.recordings.clocks import agreed_rate, check_fps
from skl_tot.recordings.disk import is_line, replaced
from skl_tot.recordings.errors import one_line, short_repr, warn_user
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, UNKNOWN_NAME

GAPS = {"unknown": UNKNOWN_NAME, "background": BACKGROUND_NAME}
READ = ("action", *FRAMES, *SECONDS, "confidence")  # durations follow from times
# Errors of readers for other content or malicious files.
NO_SEGMENTS = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    csv.Error,
)


def write_segments(table, path, *, format=None):
    """Write segments to a file.

    `FORMATS` has the formats, which can be extended; the user guide lists them. ELAN,
    WebVTT, TextGrid, BORIS and NWB hold only times and need `segments` with a rate; all
    but NWB round to milliseconds. An NWB session starts at 1970-01-01 and is named
    after its file. In Label Studio, the labelling configuration needs a video called
    "video" with ``frameRate="$fps"``, and TimelineLabels called "action".

    Parameters
    ----------
    table : DataFrame, or list of dict
        From `segments`: ``action``, ``start`` and ``end`` in frames, and if known
        ``recording``, ``start_time``, ``end_time``, ``duration``, ``duration_time`` and
        ``confidence``. Other columns are not written.
    path : str or path-like
        File to write. After an error, the previous file remains.
    format : str, default=None
        Name of a format; None chooses by the suffix of ``path``.

    Raises
    ------
    ImportError
        If the library for a format is missing; the extra ``files`` has all of them.
    OSError
        If the file cannot be written.
    TypeError, ValueError
        If the table holds no segments, the format is unknown, or it holds one recording
        and the table has several; if times are missing, a segment is shorter than a
        millisecond or a cell is blank; if an action or a recording is not one line of
        text, or an action is called "-1".

    See Also
    --------
    segments : Makes a segment table from labels.
    read_segments : Reads the labels again.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import read_segments, segments, write_segments
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "all.csv")
    >>> labels = {"a": ["cut", "cut", "mix"], "b": ["mix"]}
    >>> write_segments(segments(labels, fps=10), path)
    >>> print(path.read_text().strip())
    recording,action,start,end,duration,start_time,end_time,duration_time
    a,cut,0,2,2,0.0,0.2,0.2
    a,mix,2,3,1,0.2,0.3,0.1
    b,mix,0,1,1,0.0,0.1,0.1
    >>> read_segments(path)["a"].tolist()
    ['cut', 'cut', 'mix']
    >>> folder.cleanup()
    """
    entry = find_format(path, format, writable_formats())
    table = check_segments(table)
    check_frames(table)
    _check_cells(table)
    if "recording" in table:
        _check_recordings(table["recording"].unique(), entry)
    if entry.in_seconds and "start_time" not in table:
        raise ValueError("fps is None, expected frames per second for this format.")
    with replaced(path) as temporary:
        entry.write(table, temporary)


def _check_cells(table):
    """Refuse blank cells, and actions that would be read as others."""
    for key in table:
        blank = np.flatnonzero(table[key].isna())
        if blank.size:
            raise ValueError(f"Segment {blank[0]} has no {key}, expected a number.")
    if (table["action"].astype(object) == str(BACKGROUND)).any():
        raise ValueError(
            f"An action is called {str(BACKGROUND)!r}, which is read as background, "
            f"expected another name, or {BACKGROUND_NAME!r} if it is that."
        )


def _check_recordings(names, entry):
    """Refuse names of recordings that would be read as others."""
    for name in names:
        if name != name.strip():
            raise ValueError(
                f"A recording is called {short_repr(name)}, expected text without "
                "blanks around it."
            )
    if len(names) > 1 and not entry.many:
        raise ValueError(
            f"segments are of {len(names)} recordings, expected one, or one of the "
            f"formats {list(table_formats())}."
        )


def read_table(path, *, format=None):
    r"""Read segments as one table, for the functions of `skl_tot.statistics`.

    Parameters
    ----------
    path : str, path-like or list of these
        A file, a folder of files, or files; see `read_segments`.
    format : str, default=None
        Name of a format; None chooses by the suffix of each file.

    Returns
    -------
    table : DataFrame
        A row for each segment in the files: ``recording``, from the row or the name of
        the file; ``action``, integers if all are, else text; ``start`` and ``end`` in
        frames, ``start_time`` and ``end_time`` in seconds, or both.

    Raises
    ------
    OSError, TypeError, ValueError
        As for `read_segments`, except for rates and numbers of frames.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import read_table
    >>> folder = tempfile.TemporaryDirectory()
    >>> _ = pathlib.Path(folder.name, "a.csv").write_text("label;start;end\ncut;0;0,2")
    >>> print(read_table(folder.name))
      recording action  start_time  end_time
    0         a    cut         0.0       0.2
    >>> folder.cleanup()
    """
    import pandas as pd

    tables = {}
    for file in _find_files(path, format)[0]:
        tables[file] = _read_file(file, format)
        own = tables[file]["recording"].replace("", shown_name(file))
        tables[file]["recording"] = own
    _check_distinct({file: own["recording"].unique() for file, own in tables.items()})
    filled = [table for table in tables.values() if len(table)]
    if not filled:
        raise ValueError(f"{one_line(path)} has no segment, expected some.")
    table = pd.concat(filled, ignore_index=True)
    table["action"] = _integers_if_all(table["action"])
    return table[[key for key in ("recording", *READ) if key in table]]


def read_whole(path):
    """Labels of all frames by recording, from segments without gaps."""
    table = read_table(path)
    try:
        return labels_from_segments(table)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{one_line(path)} holds no segments: {error}") from error


def _integers_if_all(actions):
    """Return actions as integers if all are text of integers, else as text."""
    numbers = actions.replace(BACKGROUND_NAME, str(BACKGROUND))
    if numbers.str.fullmatch("0|-?[1-9][0-9]{0,17}").all():
        return numbers.astype(np.int64)
    return actions.replace(str(BACKGROUND), BACKGROUND_NAME)


def _check_distinct(names):
    """Refuse one recording in several files."""
    found = {}
    for file, own in names.items():
        for name in own:
            if name in found:
                raise ValueError(
                    f"{one_line(file)} and {one_line(found[name])} both have a "
                    f"recording {short_repr(name)}, expected one file of each."
                )
            found[name] = file


def read_segments(
    path, *, fps=None, n_frames=None, gaps="unknown", format=None, recordings=None
):
    r"""Read segments, for example corrected ones, as labels of frames.

    `FORMATS` has the formats; the user guide lists them. Files of `write_segments` give
    the same labels again; formats in milliseconds do so up to 1000 frames per second.

    Cells of a table are separated by commas, semicolons or tabs. Columns are found by
    name, in any case: ``action``, ``label``, ``behavior`` or ``annotation``;
    ``start_frame`` and ``end_frame`` in frames; ``start`` and ``end`` (or ``stop``), in
    frames beside ``action`` (as `write_segments` writes them), else in seconds;
    ``start_time`` and ``end_time``, BORIS' ``Start (s)`` and ``Stop (s)``, or ELAN's
    ``Begin Time - ss.msec`` and ``End Time - ss.msec``, in seconds; ``video``,
    ``recording`` or ``Observation id`` for the name of the recording. Other columns,
    such as durations and modifiers, are ignored.

    ELAN documents, TextGrids and NWB files need a tier or table called "action", or
    only one with intervals. Label Studio tasks need one annotation, or else one
    prediction; the name comes from ``recording`` in their data, or from the video.

    Parameters
    ----------
    path : str, path-like or list of these
        A file, a folder of files, or files.
    fps : float, default=None
        Frames per second, for times in seconds. A boundary is at the nearest frame.
    n_frames : int or dict of int, default=None
        Frames of the recording, or of each by name. None ends at the last segment. A
        segment that ends one frame later is cut, as times are rounded.
    gaps : {"unknown", "background"}, default="unknown"
        Label of frames without a segment: ``""`` or ``"background"``.
    format : str, default=None
        Name of a format; None chooses by the suffix of each file.
    recordings : Recordings, default=None
        Recordings of the segments, found by name. Their clocks or rate convert seconds
        to frames in place of ``fps``, and their lengths replace ``n_frames``.

    Returns
    -------
    labels : ndarray of str of shape (n_frames,), or dict of these
        Label of each frame; numbers are text, and -1 is ``"background"``. A folder, a
        list, or a file with several recordings gives a dict from name to labels. The
        name is that of the file without suffix, or that in the rows if they name
        several.

    Raises
    ------
    OSError, TypeError, ValueError
        If a file cannot be read or has another content; if a segment has no label,
        overlaps another, ends before it starts, or is outside of the recording; if a
        name occurs twice or is not in ``recordings``; if times need ``fps`` and it is
        missing; if ``fps`` or ``n_frames`` contradict ``recordings``.

    Warns
    -----
    UserWarning
        If segments are dropped because they are shorter than half a frame; or if frames
        and seconds of a table disagree (frames are used).

    See Also
    --------
    read_table : Reads the segments themselves.
    write_segments : Writes segments.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import read_segments
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "video.csv")
    >>> _ = path.write_text("label;start;end\ncut;0;0,2\nmix;0,3;0,5\n")
    >>> read_segments(path, fps=10).tolist()
    ['cut', 'cut', '', 'mix', 'mix']
    >>> read_segments(path, fps=10, n_frames=6, gaps="background").tolist()
    ['cut', 'cut', 'background', 'mix', 'mix', 'background']
    >>> folder.cleanup()
    """
    check_fps(fps)
    if not (isinstance(gaps, str) and gaps in GAPS):
        raise ValueError(f"gaps is {short_repr(gaps)}, expected one of {list(GAPS)}.")
    _check_n_frames(n_frames)
    if recordings is not None:
        if n_frames is not None:
            raise ValueError("n_frames and recordings are given, expected one of them.")
        n_frames = {name: len(array) for name, array in recordings.items()}
    found, is_one = read_by_recording(path, fps, format, recordings)
    if recordings is not None:
        _check_known(found, recordings.names)
    if not (is_one or n_frames is None or isinstance(n_frames, Mapping)):
        raise TypeError(
            f"n_frames is {n_frames} for {len(found)} recordings, expected a dict by "
            "their names."
        )
    labels = label_recordings(found, n_frames, gaps)
    return next(iter(labels.values())) if is_one else labels


def read_by_recording(path, fps, format, recordings=None):
    """Return table and file of each recording by name, and whether there is only one.

    Tables have ``first`` and ``stop`` in frames, by the clocks or rates of
    ``recordings``.
    """
    import pandas as pd

    paths, is_one = _find_files(path, format)
    fps, clocks = _find_clocks(fps, recordings)
    found, names = {}, {}
    for file in paths:
        table = _read_file(file, format)
        names_of_rows = _names_of_rows(table, file, clocks)
        table["recording"] = pd.Series(names_of_rows, table.index, dtype=object)
        table["action"] = table["action"].replace(str(BACKGROUND), BACKGROUND_NAME)
        table[["first", "stop"]] = frames_of(table, fps, clocks)
        parts = rows_by_recording(table).items()
        own = {name: table.iloc[rows] for name, rows in parts} or {file.stem: table}
        names[file] = list(own)
        _check_distinct(names)
        found |= {name: (part, file) for name, part in own.items()}
    return found, is_one and len(found) == 1


def _check_known(found, names):
    """Refuse segments of unknown recordings."""
    for name, (_, path) in found.items():
        if name not in names:
            raise ValueError(
                f"{one_line(path)}: there is no recording {short_repr(name)}, expected "
                f"one of {short_repr(names)}."
            )


def _find_clocks(fps, recordings):
    """Return the rate, and start and end of the frames of recordings with clocks."""
    if recordings is None:
        return fps, None
    clocks = dict.fromkeys(recordings.names)
    if recordings.times is not None:
        pairs = zip(recordings.times, map(recordings.ends, range(len(recordings))))
        clocks = dict(zip(recordings.names, pairs))
    return agreed_rate(fps, recordings.fps, "the recordings"), clocks


def _check_n_frames(n_frames):
    """Refuse invalid numbers of frames."""
    counts = n_frames.values() if isinstance(n_frames, Mapping) else [n_frames]
    for count in counts:
        if count is None:
            continue
        if isinstance(count, bool) or not isinstance(count, numbers.Integral):
            raise TypeError(
                f"n_frames is {short_repr(count)}, expected an integer or a dict of "
                "them."
            )
        if not 1 <= count <= MAX_FRAMES:
            raise ValueError(
                f"n_frames is {short_repr(count)}, expected 1 to {MAX_FRAMES}."
            )


def _find_files(path, format):
    """Return the files to read, and whether the path is a single file."""
    if isinstance(path, (list, tuple)):
        if not path:
            raise ValueError("path is empty, expected at least one file.")
        return [Path(file) for file in path], False
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{one_line(path)} is no file and no folder.")
    return (_files_of_folder(path, format), False) if path.is_dir() else ([path], True)


def _files_of_folder(folder, format):
    """Return the files of segments, sorted by name."""
    formats = readable_formats()
    if format is not None and format in formats:
        formats = {format: formats[format]}
    suffixes = list(dict.fromkeys(entry.suffix for entry in formats.values()))
    known = {suffix.lower() for suffix in suffixes}
    paths = [path for path in folder.glob("[!.]*") if path.suffix.lower() in known]
    if not paths:
        expected = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise FileNotFoundError(f"{one_line(folder)} has no file {expected}.")
    return sorted(paths, key=lambda path: path.name)


def _read_file(path, format):
    """Return the checked table of a file, with actions as text.

    It has ``recording`` (blank if the row has no name) and ``place`` for errors.
    """
    import pandas as pd

    path = Path(path)
    entry = find_format(path, format, readable_formats())
    if path.exists() and not path.is_file():  # a pipe would block
        raise OSError(f"{one_line(path)} is no regular file, expected one of segments.")
    try:
        table = entry.read(path)
        table = table if hasattr(table, "columns") else as_frame(table, "the file")
    except SegmentsError as error:
        raise ValueError(f"{one_line(path)}, {one_line(error)}") from error
    except NO_SEGMENTS as error:
        raise ValueError(f"{one_line(path)} holds no segments: {error!r}.") from error
    table = table.reset_index(drop=True)
    # a file name need not be valid text
    shown = one_line(path).encode(errors="backslashreplace").decode()
    table["place"] = [f"{shown}, {place}" for place in _places(table)]
    for key in {"action", "recording"} & set(table):
        # as objects, as pandas cannot hold all file names as text
        table[key] = pd.Series(list(map(_clean, table[key])), dtype=object)
    if "recording" in table and all(map(is_blank, table["recording"])):
        del table["recording"]
    kept = [key for key in ("recording", *READ, "place") if key in table]
    table = check_segments(table[kept], shown)
    if "recording" not in table:
        table["recording"] = ""
    table = table.astype({"action": str})
    return table.assign(action=_without_decimals(table["action"]))


def _without_decimals(actions):
    """Return actions as text; integers if all are floats without decimals."""
    is_float = actions.str.fullmatch(r"-?[0-9]+\.0").all()
    if is_float and (actions == f"{BACKGROUND}.0").any():
        return actions.str.removesuffix(".0")
    return actions


def _places(table):
    """Return the places of rows in their file: lines, if the reader gives them."""
    lines = table["line"] if "line" in table else [None] * len(table)
    return [
        f"line {line}" if is_int(line) else f"segment {i}"
        for i, line in enumerate(lines)
    ]


def _clean(value):
    """Return text without surrounding blanks, in one line."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    return text if not text or is_line(text) else one_line(text)


def _names_of_rows(table, path, clocks):
    """Return the recordings of rows: the file's name, if rows have at most one name.

    If no recording has the file's name, the name in the rows counts.
    """
    names = table["recording"].tolist()
    if len(set(names)) <= 1:
        is_known = clocks is not None and path.stem not in clocks and names[:1] != [""]
        return names if is_known else [path.stem] * len(names)
    return names


def label_recordings(found, n_frames, gaps):
    """Return the labels of recordings from `read_by_recording`, by name."""
    labels = {}
    for name, (table, file) in found.items():
        length = _find_length(table, one_line(file), name, n_frames)
        labels[name] = _label_frames(table, one_line(file), length, GAPS[gaps])
    return labels


def _find_length(table, where, name, n_frames):
    """Return the number of frames of a recording; refuse segments outside of it."""
    if isinstance(n_frames, Mapping):
        if name not in n_frames:
            raise ValueError(
                f"n_frames has no {short_repr(name)}, which {where} has, expected a "
                "number for each recording."
            )
        n_frames = n_frames[name]
    length = int(table["stop"].max()) if len(table) else 0
    if n_frames is None and length == 0:
        raise ValueError(
            f"{where}: no segment has a frame, expected some, or n_frames."
        )
    if n_frames is not None and length > n_frames + 1:
        last = _show(table, table["stop"].argmax())
        raise ValueError(
            f"{where}: {last} ends after {length} frames, expected at most "
            f"n_frames, {n_frames}."
        )
    return length if n_frames is None else int(n_frames)


def _show(table, k):
    """Describe segment k as in its file."""
    in_frames = "start" in table and table["start"].notna().iloc[k]
    place = table["place"].iloc[k].rpartition(", ")[2]
    return f"{describe(table, k, 'frames' if in_frames else 's')} ({place})"


def _label_frames(table, where, length, gap):
    """Return the label of each frame of a recording."""
    table = table.sort_values(["first", "stop"], kind="stable")
    has_frames = table["first"] < table["stop"].clip(upper=length)
    kept, left_out = table[has_frames], table[~has_frames]
    if len(left_out):
        warn_user(
            f"{where}: {len(left_out)} of {len(table)} segments have no frame, as they "
            f"are too short, and are left out: {_show(left_out, 0)}."
        )
    starts, ends = kept["first"].to_numpy(), kept["stop"].to_numpy()
    bad = np.flatnonzero(starts[1:] < ends[:-1])
    if bad.size:
        one, other = (_show(kept, k) for k in (bad[0], bad[0] + 1))
        raise ValueError(
            f"{where}: {one} and {other} overlap, expected one label at a time."
        )
    labels = np.full(2 * len(kept) + 1, gap, dtype=object)
    labels[1::2] = kept["action"]
    cuts = np.column_stack([starts, np.minimum(ends, length)]).ravel()
    counts = np.diff(np.r_[0, cuts, length])
    try:
        return repeat_labels(labels.astype(str), counts)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
