"""Files of segments: writing, reading as one table, and reading as labels of frames."""

import warnings
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skl_tot.io.formats import Format, annotations, shown_name, tables
from skl_tot.recordings import segment_checks as checks
from skl_tot.recordings.clocks import agreed_rate, check_fps
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import (
    errors_of_file,
    import_extra,
    one_line,
    refuse,
    short_repr,
    warn_user,
)
from skl_tot.recordings.files import is_line, replaced
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, UNKNOWN_NAME

# Some of these names are public in this room, too.
from skl_tot.recordings.readers.lerobot import write_subtasks  # noqa: F401
from skl_tot.recordings.segment_checks import frames_of, rows_by_recording
from skl_tot.recordings.segment_table import (  # noqa: F401
    labels_from_segments,
    repeat_labels,
    segments,
)
from skl_tot.recordings.stops import frames_left

if TYPE_CHECKING:  # commands say mistakes before they load pandas
    import pandas as pd

GAPS = {"unknown": UNKNOWN_NAME, "background": BACKGROUND_NAME}
COLUMNS = ("recording", "action", *checks.FRAMES, *checks.SECONDS, "confidence")
COLUMNS += (*checks.BOUNDS, *checks.DATES)
# If formats share a suffix, the first one is its default.
FORMATS: dict[str, Format] = {**tables.FORMATS, **annotations.FORMATS}


def write_segments(table, path, *, format=None) -> None:
    """Write segments to a file.

    ELAN, TextGrid, BORIS and NWB hold only times and need `segments` with a
    rate. "Exchange with other programs" in the user guide has limits of formats.

    Parameters
    ----------
    table : DataFrame
        From `segments`: ``action``, ``start`` and ``end`` in frames, and if known
        ``recording``, times, durations, clock times and ``confidence``.
        An ELAN document shows ``table.attrs["video"]``, a path from its folder.
    path : str or path-like
        File to write. After an error, the previous file remains.
    format : str, default=None
        Key of `FORMATS`; None chooses by the suffix of ``path``: ``.xlsx`` is "excel".

    Raises
    ------
    ImportError, OSError, TypeError, ValueError
        If the extra ``files`` is needed, the table has other columns, or the format has
        no place for it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import segments, write_segments
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "all.csv")
    >>> write_segments(segments({"a": ["cut", "cut"]}, fps=10), path)
    >>> print(path.read_text().strip())
    recording,action,start,end,duration,start_time,end_time,duration_time
    a,cut,0,2,2,0.0,0.2,0.2
    >>> folder.cleanup()
    """
    entry = find_format(path, format, "write")
    checked = checks.check_segments(table)
    lost = table.columns.difference(checked.columns)
    if len(lost):
        refuse("A column of segments", lost[0], f"one of {list(checks.COLUMNS)}")
    table = checked
    checks.check_in_frames(table)
    _check_cells(table)
    n_recordings = table["recording"].nunique() if "recording" in table else 1
    if n_recordings > 1 and not entry.many:
        expected = f"one, or a format of {list(formats_that('many'))}"
        refuse("the number of recordings of the segments", n_recordings, expected)
    if entry.in_seconds and "start_time" not in table:
        refuse("fps", None, "frames per second for this format")
    with replaced(path) as temporary:
        entry.write(table, temporary)


def _check_cells(table):
    for key in table.columns.difference(checks.BOUNDS, sort=False):
        blank = np.flatnonzero(table[key].isna())
        if blank.size:
            raise ValueError(f"Segment {blank[0]} has no {key}, expected a number.")
    for key in table.columns.intersection(["recording", "action"]):
        for name in map(str, table[key].unique()):
            if name != name.strip():
                refuse(key, name, "text without blanks around it")
    if (table["action"].astype(object) == str(BACKGROUND)).any():
        refuse("An action", str(BACKGROUND), f"another name, or {BACKGROUND_NAME!r}")


def read_table(path, *, format=None) -> "pd.DataFrame":
    r"""Read segments as one table, for the functions of `skl_tot.statistics`.

    Parameters
    ----------
    path : str, path-like or list of these
        A file, a folder of files, or files; see `read_segments`.
    format : str, default=None
        Key of `FORMATS`; None chooses by the suffix of each file.

    Returns
    -------
    table : DataFrame
        A row per segment: ``recording``, from the row or the name of the file;
        ``action``, integers if all are, else text; ``start`` and ``end`` in frames,
        ``start_time`` and ``end_time`` in seconds, or both; if they are there,
        ``confidence``, ``start_clock`` and ``end_clock`` as text: these say dates of
        recordings, and times are seconds.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import read_table
    >>> folder = tempfile.TemporaryDirectory()
    >>> _ = pathlib.Path(folder.name, "a.csv").write_text("label,start,end\ncut,0,0.2")
    >>> read_table(folder.name).to_numpy().tolist()
    [['a', 'cut', 0.0, 0.2]]
    >>> folder.cleanup()
    """
    pd = import_extra("pandas")

    def names_of_rows(table, file):
        return [name or shown_name(file) for name in table["recording"]]

    paths, _ = _find_files(path, format)
    contents = [table for _, table in _read_files(paths, format, names_of_rows)]
    filled = [table for table in contents if len(table)]  # empty ones change types
    if not filled:
        raise ValueError(f"{one_line(path)} has no segment, expected some.")
    table = pd.concat(filled, ignore_index=True)
    table["action"] = _integers_if_all(table["action"])
    return table[[key for key in COLUMNS if key in table]]


def _integers_if_all(actions):
    integers = actions.replace(BACKGROUND_NAME, str(BACKGROUND))
    if integers.str.fullmatch("0|-?[1-9][0-9]{0,17}").all():
        return integers.astype(np.int64)
    return actions.replace(str(BACKGROUND), BACKGROUND_NAME)


def read_segments(
    path, *, fps=None, gaps="unknown", format=None, recordings=None
) -> np.ndarray | dict[str, np.ndarray]:
    r"""Read segments, for example corrected ones, as labels of frames.

    Cells of a table are separated by commas, semicolons or tabs. Columns are found by
    name, in any case: ``action``, ``label``, ``behavior`` or ``annotation``;
    ``start_frame`` and ``end_frame`` in frames; ``start`` and ``end`` (or ``stop``), in
    frames beside ``action`` (as `write_segments` writes them), else in seconds;
    ``start_time`` and ``end_time``, BORIS' ``Start (s)`` and ``Stop (s)``, or ELAN's
    ``Begin Time - ss.msec`` and ``End Time - ss.msec``, in seconds; ``video``,
    ``recording`` or ``Observation id`` for the recording, or BORIS' ``Media file name``
    if only this is one of ``recordings``. Other columns are ignored.

    ELAN documents, TextGrids and NWB files need a tier or table called "action", or
    only one with intervals. Label Studio tasks need one annotation, or prediction.

    Parameters
    ----------
    path : str, path-like or list of these
        A file, a folder of files, or files.
    fps : float, default=None
        Frames per second, for times in seconds. A boundary is at the nearest frame.
    gaps : {"unknown", "background"}, default="unknown"
        Label of frames without a segment: ``""`` or ``"background"``.
    format : str, default=None
        Key of `FORMATS`; None chooses by the suffix of each file.
    recordings : Recordings, default=None
        Recordings of the segments, found by name. Their clocks or rate replace ``fps``.
        Labels have their lengths: a segment that ends one frame later is cut, as times
        are rounded. Stops that `without_stops` cut out of them are also cut out of
        files that have a label for each frame with these. None ends labels at the last
        segment.

    Returns
    -------
    labels : ndarray of str of shape (n_frames,), or dict of these
        Label of each frame; numbers are text, and -1 is ``"background"``. Several files
        or recordings, and ``recordings``, give a dict by name: that of the file without
        suffix, or in rows.

    Raises
    ------
    ImportError, OSError, TypeError, ValueError
        If a file has another content, or needs the extra ``files``; if segments overlap
        or leave the recording; if ``fps`` is missing for times, or contradicts.
        Segments shorter than half a frame are dropped with a warning. Another one says
        that frames and seconds of a table disagree; then frames are used.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import read_segments
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "video.csv")
    >>> _ = path.write_text("label;start;end\ncut;0;0,2\nmix;0,3;0,5\n")
    >>> read_segments(path, fps=10).tolist()
    ['cut', 'cut', '', 'mix', 'mix']
    >>> folder.cleanup()
    """
    labels, is_single = read_by_recording(
        path, fps, gaps=gaps, format=format, recordings=recordings
    )
    # labels that are found by name keep it, also those of a single recording
    is_array = is_single and recordings is None
    return next(iter(labels.values())) if is_array else labels


def read_by_recording(
    path, fps=None, *, gaps="unknown", format=None, recordings=None, only=None
):
    """Return labels by recording as `read_segments`, and whether it is only one."""
    check_fps(fps)
    if not (isinstance(gaps, str) and gaps in GAPS):
        refuse("gaps", gaps, f"one of {list(GAPS)}")
    clocks, lengths = None, {}
    if not isinstance(recordings, (Recordings, type(None))):
        refuse("recordings", recordings, "Recordings, or None", TypeError)
    if recordings is not None:
        fps = agreed_rate(fps, recordings.fps, "the recordings")
        lengths = dict(zip(recordings.names, recordings.lengths.tolist()))
        if recordings.times is not None:
            ends = map(recordings.ends, range(len(recordings)))
            clocks = dict(zip(recordings.names, zip(recordings.times, ends)))

    def names_of_rows(table, file):
        names = table["recording"].tolist()
        if recordings is not None:
            media = table.attrs.get("media", {})
            is_known = set(recordings.names).__contains__
            names = [
                media[x] if not is_known(x) and is_known(media.get(x)) else x
                for x in names
            ]
        # one name in the rows counts only if no recording has that of the file
        is_other = recordings is not None and file.stem not in recordings.names
        is_named = len(set(names)) > 1 or (is_other and any(names))
        return names if is_named else [file.stem] * len(names)

    paths, is_file = _find_files(path, format)
    segments_of = {}
    for file, table in _read_files(paths, format, names_of_rows):
        shown = one_line(file)
        table["action"] = table["action"].replace(str(BACKGROUND), BACKGROUND_NAME)
        table = checks.cut_overlaps(table, shown)
        table[["first", "stop"]] = frames_of(table, fps, clocks)
        for name, rows in (rows_by_recording(table) or {file.stem: []}).items():
            if only is not None and not fnmatchcase(name, only):
                continue
            if recordings is not None and name not in recordings.names:
                expected = f"one of {short_repr(recordings.names)}; rename it there"
                refuse(f"{shown}: the recording", name, expected)
            left = _without_stops(table.iloc[rows], recordings, name)
            segments_of[name] = left, shown
    labels = {}
    for name, (table, shown) in segments_of.items():
        length = _find_length(table, shown, name, lengths)
        labels[name] = _label_frames(table, shown, length, GAPS[gaps])
    return labels, is_file and len(labels) == 1


def check_overlaps(path):
    """Refuse what `read_segments` does of overlaps, before recordings are read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # which come with the labels
        for file in _find_files(path, None)[0]:
            checks.cut_overlaps(_read_file(file, None), one_line(file))


def _without_stops(table, recordings, name):
    """Table in frames that are left, if it has all frames of a file with stops."""
    if recordings is None or recordings.stops is None:
        return table
    i = recordings.names.index(name)
    stops = recordings.stops[i]
    if table["stop"].max() != recordings.lengths[i] + np.diff(stops[:, :2]).sum():
        return table
    first, stop = (frames_left(table[key], stops) for key in ("first", "stop"))
    return table.assign(first=first, stop=stop)[first < stop]


def _find_files(path, format):
    is_list = isinstance(path, (list, tuple))
    for file in path if is_list else [path]:
        if not isinstance(file, (str, PathLike)):
            refuse("path", file, "a file, a folder, or a list of files", TypeError)
    if is_list:
        if not path:
            raise ValueError("path is empty, expected at least one file.")
        return [Path(file) for file in path], False
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{one_line(path)} is no file and no folder.")
    return (_files_of_folder(path, format), False) if path.is_dir() else ([path], True)


def _files_of_folder(folder, format):
    readable = formats_that("read")
    if format in readable:
        readable = {format: readable[format]}
    suffixes = list(dict.fromkeys(entry.suffix for entry in readable.values()))
    lower = [suffix.lower() for suffix in suffixes]
    paths = [path for path in folder.glob("[!.]*") if path.suffix.lower() in lower]
    if not paths:
        expected = " or ".join(f"*{suffix}" for suffix in suffixes)
        raise FileNotFoundError(f"{one_line(folder)} has no file {expected}.")
    return sorted(paths, key=lambda path: path.name)


def _read_files(paths, format, names_of_rows):
    """Yield each file with its checked table; refuse a recording in several files."""
    pd = import_extra("pandas")
    files = {}
    for file in paths:
        table = _read_file(file, format)
        names = pd.Series(names_of_rows(table, file), table.index, dtype=object)
        table["recording"] = names
        for name in names.unique() if len(table) else [file.stem]:
            if name in files:
                both = f"{one_line(file)} and {one_line(files[name])} both have"
                problem = f"{both} a recording {short_repr(name)}"
                raise ValueError(f"{problem}, expected one of each.")
            files[name] = file
        yield file, table


def _read_file(path, format):
    """Return the checked table of a file, with actions as text and places of rows."""
    pd = import_extra("pandas")
    entry = find_format(path, format, "read")
    with errors_of_file(path):
        table = entry.read(path).reset_index(drop=True)
    # a file name need not be valid text
    shown = one_line(path).encode(errors="backslashreplace").decode()
    places = [f"{shown}, segment {i}" for i in range(len(table))]
    if "line" in table:
        places = [f"{shown}, line {line}" for line in table["line"]]
    table["place"] = places
    for key in {"action", "recording"} & set(table):
        # as objects, as pandas cannot hold all file names as text
        table[key] = pd.Series(list(map(_clean, table[key])), dtype=object)
    is_named = not all(map(checks.is_blank, table.get("recording", ())))
    kept = [*COLUMNS, "place"] if is_named else [*COLUMNS[1:], "place"]
    table = table[[key for key in kept if key in table]]
    table = checks.check_segments(table, shown).astype({"action": str})
    actions = table["action"]
    is_float = actions.str.fullmatch(r"-?[0-9]+\.0").all()
    if is_float and (actions == f"{BACKGROUND}.0").any():  # of integers and NaN once
        table["action"] = actions.str.removesuffix(".0")
    table.attrs["of_frames"] = entry.of_frames
    return table if is_named else table.assign(recording="")


def _clean(value):
    if not isinstance(value, str):
        return value
    text = value.strip()
    return text if not text or is_line(text) else one_line(text)


def _find_length(table, file, name, lengths):
    """Return the number of frames of a recording, which segments must not exceed."""
    length = int(table["stop"].max()) if len(table) else 0
    n_frames = lengths.get(name, length)
    if n_frames == 0:
        raise ValueError(f"{file}: no segment has a frame, expected some.")
    if table.attrs["of_frames"] and n_frames != length:
        text = f"it labels {length} frames, but {name!r} has {n_frames}"
        raise ValueError(f"{file}: {text}; expected a line for each of these.")
    if length > n_frames + 1:
        last = f"{file}: {checks.describe_in_file(table, table['stop'].argmax())}"
        raise ValueError(f"{last} ends at frame {length}, expected at most {n_frames}.")
    return n_frames


def _label_frames(table, file, length, gap):
    table = table.sort_values(["first", "stop"], kind="stable")
    has_frames = table["first"] < table["stop"].clip(upper=length)
    kept, left_out = table[has_frames], table[~has_frames]
    if len(left_out):
        warn_user(
            f"{file}: {len(left_out)} of {len(table)} segments have no frame, as they "
            f"are too short, and are left out: {checks.describe_in_file(left_out, 0)}."
        )
    starts, ends = kept["first"].to_numpy(), kept["stop"].to_numpy()
    labels = np.full(2 * len(kept) + 1, gap, dtype=object)  # gaps around segments
    labels[1::2] = kept["action"]
    cuts = np.column_stack([starts, np.minimum(ends, length)]).ravel()
    cuts = np.maximum.accumulate(cuts)  # for rounding of seconds
    counts = np.diff(np.r_[0, cuts, length])
    return repeat_labels(labels.astype(str), counts, f"{file}: ")


# ------------------------------------------------------------------------------ formats


def formats_that(can):
    """Return the formats that can "read" or "write", or hold "many" recordings."""
    return {name: entry for name, entry in FORMATS.items() if getattr(entry, can)}


def table_of(path):
    """Return the format of one file of all recordings, None for a folder."""
    suffix = None if Path(path).is_dir() else Path(path).suffix.lower()
    names = (
        name for name, entry in formats_that("many").items() if entry.suffix == suffix
    )
    return next(names, None)


def find_format(path, name, can):
    """Return a format by name, or by the suffix of a file, see `formats_that`."""
    formats, suffix = formats_that(can), Path(path).suffix
    if name is None:
        name = next(
            (key for key in formats if formats[key].suffix.lower() == suffix.lower()),
            suffix,  # for the error, without a name
        )
    if name not in formats:
        refuse(f"{one_line(path)}: format", name, f"one of {list(formats)}")
    return formats[name]
