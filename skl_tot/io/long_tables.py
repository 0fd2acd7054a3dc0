"""One file of the segments of all recordings."""

from collections.abc import Mapping
from pathlib import Path

from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.text_files import is_line
from skl_tot.io.formats import FORMATS, find_format, write_records
from skl_tot.io.segments import join_records, segments


def write_table(labels, path, *, fps=None, confidence=None, format=None):
    """Write the segments of all recordings into one table.

    A row is a segment: ``recording``, ``action``; ``start``, ``end`` (the first frame
    after it) and ``duration`` in frames; with a rate or a clock, ``start_time``,
    ``end_time`` and ``duration_time`` in seconds; with ``confidence``, ``confidence``.

    Parameters
    ----------
    labels : array-like of shape (n_frames,), or sequence, dict or `Recordings` of such
        Label of each frame of each recording, integers or strings. Recordings without
        names are called by their number, "0", "1", ….
    path : str or path-like
        File to write, such as ``.csv`` or ``.parquet``. It is whole or not there: an
        error leaves what was.
    fps : float, default=None
        Frames per second, to give times as well; `Recordings` with a rate know it.
    confidence : array-like of shape (n_frames,), or as many as there are, default=None
        Probability of the label of each frame, in the form of ``labels``.
    format : str, default=None
        "csv", "parquet", "json", "boris", "labelstudio" or another of `FORMATS` that
        holds several recordings; None goes by the suffix of ``path``.

    Raises
    ------
    ImportError
        If the library for a format is missing; the extra ``tables`` has that for
        Parquet.
    OSError
        If the file cannot be written.
    TypeError, ValueError
        As of `segments` and of `write_segments`, or if the name of a recording is no
        text of one line.

    See Also
    --------
    read_segments : Reads the labels again.
    write_segments : One file for each recording.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import read_segments, write_table
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "all.csv")
    >>> write_table({"a": ["cut", "cut", "mix"], "b": ["mix"]}, path, fps=10)
    >>> print(path.read_text().strip())
    recording,action,start,end,duration,start_time,end_time,duration_time
    a,cut,0,2,2,0.0,0.2,0.2
    a,mix,2,3,1,0.2,0.3,0.1
    b,mix,0,1,1,0.0,0.1,0.1
    >>> read_segments(path)["a"].tolist()
    ['cut', 'cut', 'mix']
    >>> folder.cleanup()
    """
    entry = find_format(path, format, table_formats())
    recordings = segments(labels, fps, confidence=confidence)
    if not isinstance(recordings, Mapping):
        is_single = isinstance(recordings[0], Mapping)
        videos = [recordings] if is_single else recordings
        recordings = {str(i): video for i, video in enumerate(videos)}
    for name in recordings:
        if not is_line(name) or name != name.strip():
            raise ValueError(
                f"A recording is called {short_repr(name)}, expected text of one line "
                "without blanks around it."
            )
    write_records(join_records(recordings.items(), "recording"), path, entry)


def table_formats():
    """Those of the table of formats whose files can hold several recordings."""
    return {name: entry for name, entry in FORMATS.items() if entry.many}


def table_of(path):
    """Name of the format of a path that is to be one file of all, None of a folder.

    >>> table_of("all.csv"), table_of("all.eaf"), table_of("all")
    ('csv', None, None)
    """
    if Path(path).is_dir():
        return None
    suffix = Path(path).suffix.lower()
    names = (name for name, entry in table_formats().items() if entry.suffix == suffix)
    return next(names, None)
