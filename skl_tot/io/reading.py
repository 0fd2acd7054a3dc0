"""Labels of frames from files of segments, such as people have corrected."""

import itertools
import numbers
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from skl_tot.inputs.clocks import agreed_rate
from skl_tot.inputs.errors import one_line, short_repr, warn_user
from skl_tot.inputs.guidance import UNKNOWN_NAME
from skl_tot.inputs.labels import BACKGROUND_NAME
from skl_tot.inputs.rates import check_fps
from skl_tot.io.formats import read_rows, readable_formats
from skl_tot.io.rows import as_segment, is_int, is_stale, parse_line
from skl_tot.io.segments import MAX_FRAMES

GAPS = {"unknown": UNKNOWN_NAME, "background": BACKGROUND_NAME}


def read_segments(
    path, *, fps=None, n_frames=None, gaps="unknown", format=None, recordings=None
):
    r"""Read segments, such as people have corrected, as labels of frames.

    =================  ================================================  ===============
    ``format``         suffix                                            times in
    =================  ================================================  ===============
    ``"csv"``          ``.csv``, a table with a row of names             see below
    ``"parquet"``      ``.parquet``, the same table                      see below
    ``"json"``         ``.json``, a list of objects                      frames, seconds
    ``"labels"``       ``.txt``, one label a line for each frame
    ``"elan"``         ``.eaf``                                          milliseconds
    ``"webvtt"``       ``.vtt``                                          seconds
    ``"textgrid"``     ``.TextGrid``                                     seconds
    ``"boris"``        ``.tsv``, such as aggregated events of BORIS      see below
    ``"nwb"``          ``.nwb``                                          seconds
    ``"labelstudio"``  ``.json``, tasks of Label Studio                  frames
    =================  ================================================  ===============

    Others of `FORMATS` are read as they say. What `write_segments` writes comes back
    label by label, in formats of milliseconds up to 1000 frames per second.

    Cells of a table are separated by commas, semicolons or tabs. Columns are found by
    their names, in any case: ``action``, ``label``, ``behavior`` or ``annotation``;
    ``start_frame`` and ``end_frame``, in frames; ``start`` and ``end`` (or ``stop``),
    in frames beside ``action``, as `write_segments` writes them, and else in seconds;
    ``start_time`` and ``end_time``, ``Start (s)`` and ``Stop (s)`` of BORIS, or ``Begin
    Time - ss.msec`` and ``End Time - ss.msec`` of ELAN, in seconds. ``video``,
    ``recording`` or ``Observation id`` says which recording a row is of. Other columns,
    such as durations and modifiers, do not count.

    Of an ELAN document, a TextGrid or a file of NWB, the tier or table "action" is
    read, or the only one with intervals. Of a task of Label Studio, its one annotation
    is read, or its prediction if it has none; the name is ``recording`` of its data, or
    that of its video.

    Parameters
    ----------
    path : str, path-like or list of such
        A file, a folder of files, or files.
    fps : float, default=None
        Frames per second, for times in seconds. Each boundary is at the nearest frame.
    n_frames : int or dict of int, default=None
        Frames of the recording, or of each by its name. None is up to the end of the
        last segment. What ends one frame later is cut, as times are rounded.
    gaps : {"unknown", "background"}, default="unknown"
        Label of frames without a segment: ``""`` or ``"background"``.
    format : str, default=None
        One of the above; None goes by the suffix of each file.
    recordings : Recordings, default=None
        What the segments are of, found by name: their clocks or rate say which frames
        times in seconds are, in place of ``fps``, and ``n_frames`` are theirs.

    Returns
    -------
    labels : ndarray of str of shape (n_frames,), or dict of such
        Label of each frame, numbers as text, and ``"background"`` for -1. Of a folder,
        of a list, and of a file whose rows name several recordings, a dict from name
        to labels. The name is that of the file without suffix, or what the rows say if
        they name several.

    Raises
    ------
    OSError, TypeError, ValueError
        If a file cannot be read or holds something else, a segment has no label,
        overlaps another, ends before it starts, or is before the recording or beyond
        ``n_frames``, a name occurs twice or is none of ``recordings``, times are
        seconds and ``fps`` is missing, or ``fps`` or ``n_frames`` contradict
        ``recordings``.

    Warns
    -----
    UserWarning
        If segments are left out, as they are shorter than half a frame or points in
        time; or if times of a table in frames and in seconds disagree, of which those
        in frames are read.

    See Also
    --------
    write_segments, write_table : Write what is read here.
    segments : Segments of labels.

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
    """Segments and file of each recording by its name, and whether it is only one.

    Clocks and rates are those of ``recordings``, if there are any.
    """
    paths, is_one = _find_files(path, format)
    fps, edges = _find_clocks(fps, recordings)
    found = {}
    for each in paths:
        for name, segments in _read_file(each, fps, format, edges).items():
            if name in found:
                raise ValueError(
                    f"{one_line(each)} and {one_line(found[name][1])} both have a "
                    f"recording {short_repr(name)}, expected one file of each."
                )
            found[name] = segments, each
    return found, is_one and len(found) == 1


def _check_known(found, names):
    """Refuse segments of other recordings than those of some names."""
    for name, (_, path) in found.items():
        if name not in names:
            raise ValueError(
                f"{one_line(path)}: there is no recording {short_repr(name)}, expected "
                f"one of {short_repr(names)}."
            )


def _find_clocks(fps, recordings):
    """Frames per second, and edges of the frames of recordings that have clocks."""
    if recordings is None:
        return fps, None
    edges = {}
    for i, name in enumerate(recordings.names):
        edges[name] = None if recordings.times is None else recordings.edges(i)
    return agreed_rate(fps, recordings.fps, "the recordings"), edges


def label_recordings(found, n_frames, gaps):
    """Labels of recordings of `read_by_recording`, by their names."""
    labels = {}
    for name, (recording, file) in found.items():
        length = _find_length(recording, one_line(file), name, n_frames)
        labels[name] = _label_frames(recording, one_line(file), length, GAPS[gaps])
    return labels


def _check_n_frames(n_frames):
    """Refuse what are no numbers of frames."""
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
    """Files to read, and whether it is only one that was asked for."""
    if isinstance(path, (list, tuple)):
        if not path:
            raise ValueError("path is empty, expected at least one file.")
        return [Path(file) for file in path], False
    path = Path(path)
    return (_files_of_folder(path, format), False) if path.is_dir() else ([path], True)


def _files_of_folder(folder, format):
    """Files of segments, in the order of their names."""
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


def _read_file(path, fps, format, edges):
    """Segments of each recording of a file, of which there is one of its name or many.

    ``edges`` are those of frames, by the names of all recordings that there can be.
    """
    rows = read_rows(path, format)
    names = _names_of_rows(rows, path, edges)
    found = {} if rows else {path.stem: []}
    stale = []
    for i, (row, name) in enumerate(zip(rows, names)):
        place = _place_of_row(row, i)
        where = f"{one_line(path)}, {place}"
        clock = edges and edges.get(name)
        segment = as_segment(row, place, where, fps, clock)
        found.setdefault(name, []).append(segment)
        if is_stale(row, segment, fps, clock):
            stale.append(where)
    if stale:
        warn_user(
            f"{stale[0]}: times in seconds are not those in frames at {fps:g} frames "
            f"per second, as in {len(stale)} of {len(rows)} segments; those in frames "
            "are read."
        )
    return found


def _place_of_row(row, i):
    """Where row i is in its file, for errors."""
    return f"line {row['line']}" if is_int(row.get("line")) else f"segment {i}"


def _names_of_rows(rows, path, edges):
    """Names of the recordings of rows: that of the file, if they name one or none.

    If there can be no recording of that name, it is the one that they name.
    """
    names = []
    for i, row in enumerate(rows):
        where = f"{one_line(path)}, {_place_of_row(row, i)}"
        names.append(parse_line(row.get("recording", ""), "recording", where))
    if len(set(names)) <= 1:
        is_known = edges is not None and path.stem not in edges and names[:1] != [""]
        return names if is_known else [path.stem] * len(rows)
    if "" in names:
        raise ValueError(
            f"{one_line(path)}: some rows name their recording, some do not, expected "
            "all or none to do so."
        )
    return names


def _find_length(found, where, name, n_frames):
    """Frames of a recording, in which its segments have to lie."""
    if isinstance(n_frames, Mapping):
        if name not in n_frames:
            raise ValueError(
                f"n_frames has no {short_repr(name)}, which {where} has, expected a "
                "number for each recording."
            )
        n_frames = n_frames[name]
    length = max((segment.stop for segment in found), default=0)
    if n_frames is None and length == 0:
        raise ValueError(
            f"{where}: no segment has a frame, expected some, or n_frames."
        )
    if n_frames is not None and length > n_frames + 1:
        last = max(found, key=lambda segment: segment.stop)
        raise ValueError(
            f"{where}: {last} ends after {last.stop} frames, expected at most "
            f"n_frames, {n_frames}."
        )
    return length if n_frames is None else int(n_frames)


def _label_frames(found, where, length, gap):
    """Label of each frame of a recording."""
    kept, left_out = [], []
    for segment in sorted(found, key=lambda segment: (segment.first, segment.stop)):
        has_frames = segment.first < min(segment.stop, length)
        (kept if has_frames else left_out).append(segment)
    if left_out:
        warn_user(
            f"{where}: {len(left_out)} of {len(found)} segments have no frame, as they "
            f"are too short, and are left out: {left_out[0]}."
        )
    for one, other in itertools.pairwise(kept):
        if other.first < one.stop:
            raise ValueError(
                f"{where}: {one} and {other} overlap, expected one label at a time."
            )
    return _repeat(kept, where, length, gap)


def _repeat(kept, where, length, gap):
    """Labels of segments and of gaps between them, for each of their frames."""
    labels, cuts = [], []
    for segment in kept:
        labels += [gap, segment.label]
        cuts += [segment.first, min(segment.stop, length)]
    labels = np.array([*labels, gap], dtype=str)
    try:
        return np.repeat(labels, np.diff([0, *cuts, length]))
    except MemoryError as error:
        raise ValueError(
            f"{where}: {length} frames with labels of {labels.itemsize} bytes do not "
            "fit into memory."
        ) from error
