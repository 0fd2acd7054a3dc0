"""Recordings from files of arrays and tables."""

import os
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skl_tot.recordings import clocks, readers
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import one_line, refuse, short_repr
from skl_tot.recordings.files import open_features
from skl_tot.recordings.stops import without_stops
from skl_tot.recordings.tables import features_of_tables, read_tables

# Options that a model remembers of tables; ``columns`` includes ``without``.
OF_TABLES = ("by", "time", "columns", "resample", "bridge", "header", "comment")
# Options that may be absent from the remembered ones.
FREE = ("by", "columns", "resample", "bridge", "transpose", "header", "comment")
FREE += ("pauses",)
# Options that select recordings of a file.
CHOICES = ("animal", "task", "variable")


# Texts about gaps.
RESAMPLED = f"bridged, with NaN if longer than {clocks.BRIDGED} usual steps"
LONGEST = "bridge=SECONDS (--bridge SECONDS) sets the longest gap that is bridged"


def remembered(like):
    """Return the reading options of a model, as in ``Recordings.reading``."""
    model = like.steps[-1][1] if hasattr(like, "steps") else like
    reading = getattr(model, "reading", getattr(model, "reading_", None))
    if isinstance(reading, Mapping):
        return dict(reading)
    if not (hasattr(model, "fps") or hasattr(model, "fps_")):
        refuse("like", like, "Recordings, or a fitted model", TypeError)
    names = getattr(like, "feature_names_in_", None)
    columns = None if names is None else list(map(str, names))
    rate = getattr(model, "fps", getattr(model, "fps_", None))
    return {"reader": None, "columns": columns, "fps": rate}


def with_remembered(given, own, names):
    """Complete given options, among ``names``, with the `remembered` ones, ``own``."""
    own = {name: own[name] for name in names if name in own}
    for name, value in given.items():
        known = value if name in CHOICES else own.get(name, value)
        if value != known and not (name in FREE and known is None):
            expected = f"{short_repr(known)}, as in the recordings of the model"
            refuse(f"{name} ({flag_of(name)})", value, expected)
    return own | given


def flag_of(name):
    """Command line form of an option of `read_recordings`."""
    is_own = name in (*OF_TABLES, "without", "transpose", "pauses")
    return f"--{name}".replace("_", "-") if is_own else f"--read {name}"


@validate_params(
    {
        "path": [str, os.PathLike, list, tuple],
        "by": [str, list, tuple, None],
        "time": [str, "boolean", None],
        "columns": [list, tuple, "array-like", None],
        "without": [list, tuple, "array-like", None],
        "fps": [Real, None],
        "resample": [Real, None],
        "bridge": [Real, None],
        "header": [Interval(Integral, 1, 2**31, closed="both"), None],
        "comment": [str, None],
        "pauses": [Real, None],
    },
    prefer_skip_nested_validation=True,
)
def read_recordings(
    path,
    *,
    by=None,
    time=None,
    columns=None,
    without=None,
    fps=None,
    resample=None,
    bridge=None,
    header=None,
    comment=None,
    pauses=None,
    like=None,
    **options,
):
    r"""Read recordings from a folder of files, or from one table.

    =============================  ==================================================
    folder of ``.npy``             a recording per file, (n_frames, n_features), read
                                   on demand; option ``transpose`` for
                                   (n_features, n_frames)
    folder of CSV or Parquet       a recording per file, a row per frame, a column per
                                   feature; with ``by``, the files form one table
    one file of CSV or Parquet     with ``by`` a long table of many recordings, else
                                   one recording
    tracks of DeepLabCut (CSV,     a recording per file, or a folder of files; options
    H5), SLEAP (analysis H5,       ``animal`` (name of one of several, default all) and
    CSV) and movement (NetCDF)     ``likelihood`` (points below it are missing; default
                                   0.6 for DeepLabCut, None (all points) for
                                   movement); columns "nose x", "nose y", …, or
                                   "nose x mouse1", … of several animals
    root folder of LeRobot         a recording per episode, versions 2 and 3, or
                                   Parquet files; without ``next.*`` and ``*_index``;
                                   option ``task``, the text of one task
    ``.edf``, ``.bdf``             a recording per file, with the signals of the most
                                   frequent rate (extra ``files``)
    ``.mat`` up to version 7       an array, or a cell array of recordings; options
                                   ``variable``, its name, and ``transpose``
    =============================  ==================================================

    Recordings have the names of their files, and that order. Recordings of a long table
    have the names in ``by``, in order of appearance. Hidden files and other files are
    ignored.

    Parameters
    ----------
    path : str, path-like, or list of these
        Folder, file, or files in order.
    by : str or list of str, default=None
        Column of a long table that names the recording of each row, or several columns,
        as ``["subject", "trial"]`` for names like "s1/3". Numbers become text.
    time : str or False, default=None
        Clock column, which is no feature: seconds, or the unit at the end of its name
        (``time_ms``, ``Time (ms)``; s, ms, us, ns, min, h). Dates and text such as
        ``12:00:01.5`` become seconds since the first frame. None takes a column called
        time, timestamp or seconds; or t if it grows; else datetime or unix_time, in any
        case, with or without a unit. False takes none.
    columns : list of str, default=None
        Feature columns in this order. ``"state 0"`` is a part of a column of lists;
        ``"nose"`` stands for "nose x" and "nose y". None keeps all numbers except the
        clock, and drops text, constants and counters of frames, with a warning.
    without : list of str, default=None
        Columns that are no features, with names as in ``columns``.
    fps : float, default=None
        Frames per second of files without a clock. It must agree with a clock, and with
        a ``recordings.json`` beside ``.npy`` files, which ``skl-tot features`` writes:
        ``{"fps": 10.0}``.
    resample : float, default=None
        Target frames per second: linear interpolation on the clock of each recording,
        from its first to its last time, without smoothing. Values are NaN next to
        missing ones, and in bridged gaps longer than 3.5 usual steps.
    bridge : float, default=None
        Seconds. A longer step of a clock is a break, where a new part of the recording
        begins (``breaks`` of `Recordings`); its time belongs to no action. The frame
        before a shorter gap lasts through it. Each part is resampled separately. None
        takes 10 usual steps, and at least 1 s; infinity bridges all.
    header : int, default=None
        Number of the line of text tables that names the columns; the first line is 1.
        Lines above it are no rows. None finds the line, see Notes.
    comment : str, default=None
        Start of lines that are no rows, anywhere in text tables, such as "#".
    pauses : float, default=None
        Least duration of a stop, in seconds if there is a rate. Frames of stops, in
        which no feature moves, are cut out by `without_stops`.
    like : fitted model, pipeline or Recordings, default=None
        Source of options that are not given, and of clock, features and rate. A
        recording that lacks one of these is an error, and so is a contradicting option.
    **options
        Options of readers, see above.

    Returns
    -------
    recordings : Recordings
        Tables are data frames (n_frames_i, n_features), float32 if all numbers are,
        else float64, with the column names. Missing values are NaN, booleans are 0 and
        1. Columns of lists of equal length become ``name 0``, ``name 1``, …. ``.npy``
        files are read on demand. With a clock, ``times`` come from the files; with
        dates, they count from the first, which ``starts`` keeps in the time zone of the
        file. ``fps`` is the median over recordings of

        .. math:: 1 / \operatorname{mean} \{t_{i+1} - t_i \le 1.5 \,
            \operatorname{median}_j (t_{j+1} - t_j)\}.

    Raises
    ------
    FileNotFoundError
        If no readable file exists; the error lists the files that exist.
    ImportError
        If the package for a kind of file is not installed (extra ``files``).
    TypeError, ValueError
        If a file cannot be read, recordings have different columns, a column holds no
        numbers, a clock does not grow, or rates differ by more than 1 %: among
        recordings without ``resample``, from ``fps``, or from ``like``.

    Warns
    -----
    UserWarning
        If several animals are read without ``animal="all"``; if columns are dropped; if
        a clock has gaps (steps above 1.5 medians) and ``bridge`` is None, or less than
        0.1 frames per second; if a column ``by`` of ``like`` is missing.

    Notes
    -----
    Cells of text are separated by commas, semicolons or tabs, whichever the header has
    most. The header is the line that has a name for each column of numbers. Lines above
    it that have fewer cells, or start with #, %, // or ;, are no rows, and neither is a
    line of units below it; a warning says so. Two lines that may be the header are an
    error. Names that occur twice get those of the line above, as "LASI X".

    Decimal commas are allowed if commas separate no cells. An ambiguous time or number
    is an error. Tables are in natural order, "take 2" before "take 10".

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.recordings import read_recordings
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "takes.csv"
    >>> _ = path.write_text("take,time,x\na,0.0,5\na,0.1,6\nb,0.0,7\nb,0.1,9\n")
    >>> takes = read_recordings(path, by="take")
    >>> takes, takes.names
    (Recordings of 2 at 10 frames per second, ['a', 'b'])
    >>> takes["b"]
         x
    0  7.0
    1  9.0
    >>> folder.cleanup()
    """
    clocks.check_fps(fps, "fps (--fps)")
    _check_values(time, resample, bridge, header, comment, pauses)
    own = {} if like is None else remembered(like)
    given = {"time": time, "resample": resample, "bridge": bridge}
    given |= {"header": header, "comment": comment}
    for name, names in (("by", by), ("columns", columns), ("without", without)):
        given[name] = _checked_names(name, names)
    given = {name: value for name, value in given.items() if value is not None}
    asked = {} if pauses is None else {"pauses": pauses}
    pauses = with_remembered(asked, own, ["pauses"]).get("pauses")
    found = readers.find_source(path, "by" in given or own.get("by") is not None)
    reader, first = found.reader, one_line(found.files[0])
    is_alike = own.get("reader") in (reader, None)
    _check_options(options, found)
    is_text = reader == "tables" and found.files[0].suffix.lower() != ".parquet"
    for name in ("header", "comment"):
        if name in given and not is_text:
            expected = f"none, as {first} is no text"
            refuse(f"{name} ({flag_of(name)})", given[name], expected)
    if reader == "arrays":
        options = with_remembered(options, own, ["transpose"] if is_alike else [])
        recordings = _open_arrays(found.files, given, fps, **options)
    else:
        # the result may have other columns than the remembered ones; compared below
        names = [name for name in OF_TABLES if is_alike or name == "columns"]
        names = [name for name in names if name != "columns" or columns is None]
        given = with_remembered(given, own, names)
        if reader in readers.READERS:
            options = with_remembered(options, own, readers.READERS[reader].options)
            tables, fps, options = readers.read_by(reader, found.files, options, fps)
        else:
            by = given.get("by")
            lines = {name: given.get(name) for name in ("header", "comment")}
            is_asked = by != own.get("by")
            tables = read_tables(found.files, by, is_asked, bool(own), **lines)
        recordings = _from_tables(tables, given, fps, own, first)
        with_remembered({"columns": recordings.reading["columns"]}, own, ["columns"])
    if own.get("time") and recordings.times is None:
        known = f"but the recordings of the model have the clock {own['time']!r}"
        raise ValueError(f"{first} has no clock, {known}; expected one.")
    rate, place = recordings.fps, one_line(found.path)
    recordings.fps = clocks.check_rate(rate, own.get("fps"), place)
    absent = dict.fromkeys((*OF_TABLES, "without"))
    read_as = {"reader": reader, "fps": recordings.fps, "pauses": pauses, **options}
    recordings.reading = absent | recordings.reading | read_as
    return recordings if pauses is None else without_stops(recordings, pauses)


def _check_values(time, resample, bridge, header, comment, pauses):
    """Refuse values of options that no recordings can have, before they are read."""
    if time is True:
        refuse("time", time, "the name of a column, False or None")
    clocks.check_fps(resample, "resample (--resample)")
    for name, value in (("bridge", bridge), ("pauses", pauses)):
        if value is not None and (isinstance(value, bool) or not value > 0):
            refuse(f"{name} (--{name})", value, "a positive number of seconds")
    if isinstance(header, bool):
        refuse("header (--header)", header, "the number of a line")
    if comment is not None and not comment.strip():
        refuse("comment (--comment)", comment, "a sign such as '#'")


def _checked_names(option, names):
    """Return names of columns as a list, or a single one of ``by``; None stays."""
    if names is None or isinstance(names, str):
        return names
    names = list(names)
    if not names or not all(isinstance(name, str) for name in names):
        refuse(option, names, "names of columns", TypeError)
    if len(set(names)) < len(names):
        refuse(option, names, "each name once")
    return names[0] if option == "by" and len(names) == 1 else names


def _check_options(options, found):
    known = ["transpose"] if found.reader == "arrays" else []
    if found.reader in readers.READERS:
        known = list(readers.READERS[found.reader].options)
    for name in sorted(set(options) - set(known)):
        said = f"{name} ({flag_of(name)}) is no option for files of {found.reader}"
        raise TypeError(f"{said}, {one_line(found.path)}; expected {known or 'none'}.")


def _open_arrays(files, given, fps, transpose=None):
    for name, value in given.items():
        if value is not False:
            expected = f"none, as {one_line(files[0])} is an array"
            refuse(f"{name} ({flag_of(name)})", value, expected)
    fps = readers.rate_of_arrays(files, fps)
    names = list(map(readers.stem, files))
    recordings = open_features(files, names, fps=fps, transpose=bool(transpose))
    recordings.reading = given | {"time": False}
    return recordings


@np.errstate(invalid="ignore")  # the fit refuses infinity
def _from_tables(tables, given, fps, own, path):
    resample, bridge = given.get("resample"), given.get("bridge")
    times: Any = None
    breaks: Any = None
    names, starts = list(tables), None
    clock = clocks.find_clock(tables, given.get("time"))
    for name, value in (("resample", resample), ("bridge", bridge)):
        if clock is None and value is not None:
            expected = f"a clock in {path}, as by time (--time)"
            refuse(f"{name} ({flag_of(name)})", value, expected)
    if clock is not None:
        is_asked = clock != own.get("time")
        times, starts = clocks.read_clocks(tables, clock, is_asked)
    chosen = given.get("columns"), given.get("without")
    frames = features_of_tables(tables, *chosen, clock)
    if times is not None:
        breaks = clocks.find_breaks(times, names, bridge)
        fps = clocks.common_rate(times, names, fps, resample)
        bridged = clocks.LASTING if resample is None else RESAMPLED
        if bridge is None:
            clocks.warn_of_gaps(times, names, breaks, LONGEST, bridged)
    if resample is not None:
        fps = float(resample)
        for i, frame in enumerate(frames):
            parts = frame.to_numpy(), times[i], fps, breaks[i]
            array, times[i], breaks[i] = clocks.resample_frames(*parts)
            frames[i] = type(frame)(array, columns=frame.columns)
    about = {"fps": fps, "times": times, "breaks": breaks, "starts": starts}
    recordings = Recordings(frames, names, **about)
    columns = list(frames[0].columns)
    recordings.reading = given | {"time": clock or False, "columns": columns}
    return recordings
