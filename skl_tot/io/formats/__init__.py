"""Formats of segment files: the type `Format`, tiers and times."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skl_tot.recordings.errors import import_extra, refuse
from skl_tot.recordings.files import text_of_name

TIER = "action"  # name of the tier in written files


@dataclass(frozen=True)
class Format:
    """Description of a file format, with its writer and reader.

    An entry of `FORMATS` is available in `write_segments`, `read_segments` and the
    command line.

    Parameters
    ----------
    suffix : str
        Suffix of the files, with a dot. The first format of a suffix is its default.
    write : callable, default=None
        Called with a table from `segments`, with at least one row, and a path. None if
        such files cannot be written.
    read : callable, default=None
        Called with a path; returns a data frame with ``action``, and ``start`` and
        ``end`` in frames or ``start_time`` and ``end_time`` in seconds; optionally
        ``line``, for errors, and ``recording``. None if such files cannot be read.
    description : str, default=""
        A few words for help and documentation.
    in_seconds : bool, default=False
        Whether files hold only seconds: writing needs times, and frames a rate.
    many : bool, default=False
        Whether one file can hold several recordings, named in ``recording``.
    of_frames : bool, default=False
        Whether files have a label for each frame, as many as the recording has.

    Examples
    --------
    >>> from skl_tot.io import FORMATS, Format
    >>> def write_ends(table, path):
    ...     table[["end", "action"]].to_csv(path, sep=" ", header=False, index=False)
    >>> FORMATS["ends"] = Format(".ends", write_ends, description="end and action")
    >>> del FORMATS["ends"]
    """

    suffix: str
    write: Callable | None = None
    read: Callable | None = None
    description: str = ""
    in_seconds: bool = False
    many: bool = False
    of_frames: bool = False


def timed(suffix, write, read, description):
    """Return a format of times in seconds, of one recording."""
    return Format(suffix, write, read, description, in_seconds=True)


def pick_tier(tiers):
    """Table of the tier with a name, or the only one, from pairs of name and rows."""
    pd = import_extra("pandas")
    filled = [tier for tier in tiers if tier[1]]
    named = [tier for tier in tiers if tier[0] == TIER]
    candidates = named or filled or tiers
    if len(candidates) != 1:
        names = [name for name, _ in candidates]
        expected = f"one, or one called {TIER!r}"
        refuse("the list of tiers of intervals", names, expected)
    columns = ["action", "start_time", "end_time"]
    return pd.DataFrame(candidates[0][1], columns=columns, dtype=object)


def to_milliseconds(table):
    """Return start, end and text of each segment of a table with times."""
    segments = []
    times = np.round(1000 * table[["start_time", "end_time"]].to_numpy()).tolist()
    for (start, end), action in zip(times, map(str, table["action"])):
        start, end = int(start), int(end)  # Python integers do not overflow
        if start < 0:
            refuse(f"the start of {action!r} in ms", start, "0 or later")
        if end == start:
            raise ValueError(f"{action!r} at {start} ms is shorter than 1 ms.")
        segments.append((start, end, action))
    return segments


def shown_name(path):
    """File name without suffix as valid text."""
    return text_of_name(Path(path).stem)


def mean_rate(table):
    """Return the frames per second of a recording, None without times."""
    if "start_time" not in table:
        return None
    seconds = float((table["end_time"] - table["start_time"]).sum())  # without breaks
    return float((table["end"] - table["start"]).sum()) / seconds if seconds else None
