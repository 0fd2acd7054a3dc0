"""Recordings from files of arrays and tables."""

import os
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, Options, validate_params

from skl_tot.recordings import clocks, sources
from skl_tot.recordings.columns import find_clock, read_clocks
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import one_line, refuse, short_repr
from skl_tot.recordings.files import open_arrays, rate_of_arrays
from skl_tot.recordings.stops import FROZEN, without_stops
from skl_tot.recordings.tables import features_of_tables, read_tables

# Options of tables; text tables have header, too, and those of readers are beside them.
TABLE_OPTIONS = ("recording_column", "time", "columns", "without", "resample", "bridge")
# Options with a flag of their own at the command line; others are given by --read.
FLAGS = (*TABLE_OPTIONS, "header", "transpose", "pauses")
# Options that files of another kind than those of the model do not take from it.
OF_ONE_KIND = {*TABLE_OPTIONS, "header", "transpose"} - {"columns"}


def read_options_of(like):
    """Options of `read_recordings` that a model or recordings have."""
    model = like.steps[-1][1] if hasattr(like, "steps") else like
    read_as = getattr(model, "read_options", getattr(model, "read_options_", None))
    if isinstance(read_as, Mapping):
        return dict(read_as)
    if not (hasattr(model, "fps") or hasattr(model, "fps_")):
        refuse("like", like, "Recordings, or a fitted model", TypeError)
    names = getattr(like, "feature_names_in_", None)
    columns = None if names is None else list(map(str, names))
    fps = getattr(model, "fps", getattr(model, "fps_", None))
    return {"reader": None, "columns": columns, "fps": fps}


def _check_like(options, model_options):
    for name, value in options.items():
        # the first three choose among recordings
        if name in ("animal", "task", "variable") or name not in model_options:
            continue
        expected = model_options[name]
        # None leaves a choice to the files, but as likelihood it takes all points
        is_open = expected is None and name != "likelihood"
        if value != expected and not is_open:
            expected = f"{short_repr(expected)}, as in the recordings of the model"
            refuse(_with_flag(name), value, expected)


def _with_flag(name):
    flag = f"--{name.replace('_', '-')}" if name in FLAGS else f"--read {name}"
    return f"{name} ({flag})"


@validate_params(
    {
        "path": [str, os.PathLike, list, tuple],
        "only": [str, None],
        "recording_column": [str, list, tuple, Options(bool, {False}), None],
        "time": [str, Options(bool, {False}), None],
        "columns": [list, tuple, "array-like", None],
        "without": [list, tuple, "array-like", None],
        "fps": [Real, None],
        "resample": [Real, None],
        "bridge": [Interval(Real, 0, np.inf, closed="right"), None],
        "header": [Interval(Integral, 1, 2**31, closed="both"), None],
        "pauses": [Real, Options(str, {FROZEN}), None],
    },
    prefer_skip_nested_validation=True,
)
def read_recordings(
    path,
    *,
    only=None,
    recording_column=None,
    time=None,
    columns=None,
    without=None,
    fps=None,
    resample=None,
    bridge=None,
    header=None,
    pauses=None,
    like=None,
    **reader_options,
) -> Recordings:
    r"""Read recordings from a folder of files, or from one table.

    =============================  ==================================================
    folder of ``.npy``             a recording per file, (n_frames, n_features), read
                                   on demand; option ``transpose`` for
                                   (n_features, n_frames)
    folder of CSV or Parquet,      a recording per file, a row per frame, a column per
    or one file                    feature; with ``recording_column``, long tables of
                                   many recordings
    tracks of DeepLabCut (CSV,     a recording per file; columns "nose x", or "nose x
    H5), SLEAP (analysis H5,       mouse1" of several animals; options ``animal``
    CSV) and movement (NetCDF)     (default all) and ``likelihood`` (points below it are
                                   missing; default 0.6 for DeepLabCut, else None)
    root folder of LeRobot         a recording per episode, versions 2 and 3, or
                                   Parquet files; without ``next.*`` and ``*_index``;
                                   option ``task``, the text of one task
    ``.mat`` up to version 7       an array, or a cell array of recordings; options
                                   ``variable``, its name, and ``transpose``
    =============================  ==================================================

    Recordings have the names of their files, and that order. Other files are ignored.

    Parameters
    ----------
    path : str, path-like, or list of these
        Folder, file, or files in order; or a folder with a shell pattern of its files,
        as ``"features/*_coffee.npy"``.
    only : str, default=None
        Shell pattern of the whole names of the recordings to take, as ``"*_coffee"``.
    recording_column : str, list of str or False, default=None
        Column of a long table that names the recording of each row, or several columns,
        as ``["subject", "trial"]`` for names like "s1/3". Numbers become text. None
        takes a column with a usual name, as episode_index, recording or trial, if the
        rows of each name are neighbours; a doubtful case is an error. False takes none.
        Names that several files have get that of the file in front.
    time : str or False, default=None
        Clock column, which is no feature: seconds, or the unit at the end of its name
        (``time_ms``, ``Time (ms)``; s, ms, us, ns, min, h). Dates and text such as
        ``12:00:01.5`` become seconds since the first frame. None takes a column called
        time, timestamp or seconds; or t if it grows; else elapsed_time, datetime or
        unix_time, in any case, with or without a unit. False takes none.
    columns : list of str, default=None
        Feature columns in this order. ``"state 0"`` is a part of a column of lists;
        ``"nose"`` stands for "nose x" and "nose y". None keeps all numbers except the
        clock, and drops text, constants and counters of frames, with a warning.
    without : list of str, default=None
        Columns that are no features, with names as in ``columns``.
    fps : float, default=None
        Frames per second of files without a clock. It must agree with a clock, and with
        the ``recordings.json`` of ``skl-tot features`` beside ``.npy`` files.
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
        None finds the line, see Notes.
    pauses : float or "frozen", default=None
        Least duration of stops, in seconds, which `without_stops` cuts out, or only
        frozen values. `list_faults` lists both before.
    like : fitted model, pipeline or Recordings, default=None
        Source of options that are not given, and of clock, features and rate. A
        recording that lacks one of these is an error.
    **reader_options
        Options of readers, see above.

    Returns
    -------
    recordings : Recordings
        Tables are data frames (n_frames_i, n_features), float32 if all numbers are,
        else float64. Missing values are NaN, booleans are 0 and 1. Columns of lists
        become ``name 0``, ``name 1``, …. ``.npy`` files are read on demand: the
        last 128 stay open, and one that changes is an error, or opened again. With a
        clock, there are ``times``; with dates, they count from the first, which
        ``starts`` keeps in the time zone of the file. ``fps`` is the median of

        .. math:: 1 / \operatorname{mean} \{t_{i+1} - t_i \le 1.5 \,
            \operatorname{median}_j (t_{j+1} - t_j)\}.

    Raises
    ------
    FileNotFoundError, ImportError, TypeError, ValueError
        If no readable file exists, the extra ``files`` is missing, recordings have
        different columns, a clock does not grow, or rates differ by more than 1 %.

    Warns
    -----
    UserWarning
        If several animals are read without ``animal="all"``; if columns or lines are
        left out; if a clock has gaps and ``bridge`` is None, or an odd rate.

    Notes
    -----
    Cells of text are separated by commas, semicolons or tabs. The header is the first
    line that has a name for each column, without a number and without #, %, // or ; at
    its start. Lines above it are no rows, and neither is a line of units below it; a
    warning says so. Names that occur twice get those of the line above, as "LASI X".

    An ambiguous time or number is an error. Tables are in natural order, "take 2"
    before "take 10".

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.recordings import read_recordings
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "takes.csv"
    >>> _ = path.write_text("take,time,x\na,0.0,5\na,0.1,6\nb,0.0,7\nb,0.1,9\n")
    >>> takes = read_recordings(path, recording_column="take")
    >>> takes, takes.names
    (Recordings of 2 at 10 frames per second, ['a', 'b'])
    >>> takes["b"]["x"].tolist()
    [7.0, 9.0]
    >>> folder.cleanup()
    """
    clocks.check_fps(fps, "fps (--fps)")
    clocks.check_fps(resample, "resample (--resample)")
    given = {
        "recording_column": _checked_names("recording_column", recording_column),
        "time": time,
        "columns": _checked_names("columns", columns),
        "without": _checked_names("without", without),
        "resample": resample,
        "bridge": bridge,
        "header": header,
        "pauses": pauses,
    }
    given = {name: value for name, value in given.items() if value is not None}
    given |= reader_options  # None is a value of some of these
    model_options = {} if like is None else read_options_of(like)
    is_table = bool((model_options | given).get("recording_column"))
    source = sources.find_source(path, is_table)
    read_options = _merged(given, model_options, source)
    is_file_each = source.reader == "tables" and len(source.files) > 1 and not is_table
    if only is not None and (is_file_each or source.reader == "arrays"):
        file_of = {file.stem: file for file in source.files}
        names = sources.matching(list(file_of), only, source.path)
        source = source._replace(files=[file_of[name] for name in names])
        only = None
    if source.reader == "arrays":
        recordings = _open_arrays(source, read_options, fps)
    else:
        if source.reader == "tables":
            may_lack_column, may_warn = "recording_column" not in given, like is None
            tables, read_options["recording_column"] = read_tables(
                source.files, read_options, may_lack_column, may_warn
            )
        else:
            tables, fps, of_reader = sources.read_by(source, read_options, fps)
            read_options |= of_reader
        if only is not None:
            names = sources.matching(list(tables), only, source.path)
            tables = {name: tables[name] for name in names}
        recordings = _from_tables(tables, source, read_options, fps)
    _check_recordings_like(recordings, model_options, source)
    pauses = read_options.get("pauses")
    return recordings if pauses is None else without_stops(recordings, pauses)


def _checked_names(option, names):
    """Names of columns as a list; one ``recording_column`` as text; None stays."""
    if names is None or names is False or isinstance(names, str):
        return names
    names = list(names)
    if not names or not all(isinstance(name, str) for name in names):
        refuse(option, names, "names of columns", TypeError)
    if len(set(names)) < len(names):
        refuse(option, names, "each name once")
    return names[0] if option == "recording_column" and len(names) == 1 else names


def _options_of(source):
    if source.reader == "arrays":
        return ["transpose", "pauses"]
    names = [*TABLE_OPTIONS, "pauses"]
    if source.reader in sources.READERS:
        return names + list(sources.READERS[source.reader].options)
    is_text = source.files[0].suffix.lower() != ".parquet"
    return [*names, "header"] if is_text else names


def _merged(given, model_options, source):
    """Options of a call, completed by those of the model for files of this kind."""
    names = _options_of(source)
    for name, value in given.items():
        if name not in names and value is not False:
            expected = f"none; {source.first} has {', '.join(names)}"
            refuse(_with_flag(name), value, expected)
    if model_options.get("reader") not in (source.reader, None):
        names = [name for name in names if name not in OF_ONE_KIND]
    if "columns" in given:  # may stand for those of the model
        names.remove("columns")
    if given.get("transpose") not in (None, False, True):
        refuse("transpose", given["transpose"], "True or False")
    of_model = {name: model_options[name] for name in names if name in model_options}
    _check_like(given, of_model)
    return of_model | given


def _open_arrays(source, read_options, fps):
    fps = rate_of_arrays(source.files, fps)
    names = [file.stem for file in source.files]
    transpose = bool(read_options.get("transpose"))
    recordings = Recordings(open_arrays(source.files, transpose), names, fps=fps)
    recordings.read_options = {"time": False} | read_options
    return recordings


@np.errstate(invalid="ignore")  # the fit refuses infinity
def _from_tables(tables, source, read_options, fps):
    """Make recordings of data frames by name, which know their options of reading."""
    bridge, resample = read_options.get("bridge"), read_options.get("resample")
    names, starts = list(tables), None
    times: Any = None
    breaks: Any = None
    clock = find_clock(tables, read_options.get("time"))
    for name, value in (("resample", resample), ("bridge", bridge)):
        if clock is None and value is not None:
            expected = f"a clock in {source.first}, as by time (--time)"
            refuse(_with_flag(name), value, expected)
    if clock is not None:
        times, starts = read_clocks(tables, clock)
    columns, without = read_options.get("columns"), read_options.get("without")
    frames, unequal = features_of_tables(tables, columns, without, clock)
    if times is not None:
        breaks = clocks.find_breaks(times, names, bridge)
        fps = clocks.common_rate(times, names, fps, resample)
    if times is not None and bridge is None:
        advice = "bridge=SECONDS (--bridge SECONDS) sets the longest that is bridged"
        clocks.warn_of_gaps(times, names, breaks, advice)
    if resample is not None:
        fps = float(resample)
        for i, frame in enumerate(frames):
            values, times[i], breaks[i] = clocks.resample_frames(
                frame.to_numpy(), times[i], fps, breaks[i]
            )
            frames[i] = type(frame)(values, columns=frame.columns)
    recordings = Recordings(
        frames, names, fps=fps, times=times, breaks=breaks, starts=starts
    )
    recordings.unequal = unequal
    as_read = {"time": clock or False, "columns": list(frames[0].columns)}
    recordings.read_options = read_options | as_read
    recordings.read_options.pop("without", None)  # columns say it
    return recordings


def _check_recordings_like(recordings, model_options, source):
    """Refuse recordings that differ from those of the model; complete their options."""
    columns = recordings.read_options.get("columns")
    if columns is not None:
        # "nose" may stand for the columns "nose x" and "nose y" of the model
        _check_like({"columns": columns}, model_options)
    if model_options.get("time") and recordings.times is None:
        expected = f"the clock {model_options['time']!r}, as in those of the model"
        raise ValueError(f"{source.first} has no clock, expected {expected}.")
    place = one_line(source.path)
    recordings.fps = clocks.check_rate(recordings.fps, model_options.get("fps"), place)
    recordings.read_options |= {"reader": source.reader, "fps": recordings.fps}
