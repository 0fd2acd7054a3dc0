"""What files of all formats share: how a format is described, text, tiers, times."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.text import text_of_name

TIER = "action"  # as the writers call it
# A small file can say that it has more rows than there is memory.
MAX_ROWS = 10**7


@dataclass(frozen=True)
class Format:
    r"""How files of one kind are written and read.

    One that is added to `FORMATS` is known to `write_segments`, `read_segments` and the
    command line. In the package, it is the ``FORMAT`` of a module in `io/formats`.

    Parameters
    ----------
    suffix : str
        End of the names of the files, with its dot. Of formats with the same one, a
        file is of the first unless the format is given.
    write : callable, default=None
        Called with a table of `segments`, of at least one row, and a path to write.
        None if such files are not written.
    read : callable, default=None
        Called with a path, returns a data frame with ``action``, and ``start`` and
        ``end`` in frames or ``start_time`` and ``end_time`` in seconds, as text or
        numbers; it need not check them. ``line``, where it has one, is for errors, and
        ``recording`` for files of several. None if such files are not read.
    description : str, default=""
        A few words for help and documentation.
    in_seconds : bool, default=False
        Whether files hold times in seconds, and no frames: ``write`` needs segments
        with times, and ``read`` gives no frames without a rate.
    many : bool, default=False
        Whether one file can hold several recordings, whose names are in ``recording``.
    extra : str, default=""
        Extra of the package that has the library for it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skl_tot.io import FORMATS, Format, segments, write_segments
    >>> def write_ends(table, path):
    ...     table[["end", "action"]].to_csv(path, sep=" ", header=False, index=False)
    >>> FORMATS["ends"] = Format(".ends", write_ends, None, "end and action")
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
    description: str = ""
    in_seconds: bool = False
    many: bool = False
    extra: str = ""


class SegmentsError(ValueError):
    """What a file holds is wrong, in one line that does not name it; and its line."""

    def __init__(self, reason, line=None):
        super().__init__(reason if line is None else f"line {line}: {reason}")


def read_text(path):
    """Return the text of a file in UTF-8, or in UTF-16 if its first bytes say so.

    Praat and spreadsheets write the second where there are other letters than ASCII's.
    Lines end in a line feed, whatever they end in there.
    """
    content = Path(path).read_bytes()
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.object[: error.start]
        raise SegmentsError(
            f"this is no text in {error.encoding.upper()} ({error.reason}), expected "
            "UTF-8, or UTF-16 with its mark.",
            place.count(b"\n") + 1,
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_rows(n_rows):
    """Refuse a file that says that it has more rows than there may be."""
    if n_rows > MAX_ROWS:
        raise SegmentsError(f"there are {n_rows} rows, expected at most {MAX_ROWS}.")


def pick_tier(tiers):
    """Return the rows of the tier of actions: the one called so, or the only one."""
    filled = [tier for tier in tiers if tier[1]]
    named = [tier for tier in tiers if tier[0] == TIER]
    chosen = named or filled or tiers
    if len(chosen) != 1:
        raise SegmentsError(
            f"tiers of intervals are {short_repr([name for name, _ in chosen])}, "
            f"expected one, or one called {TIER!r}."
        )
    return chosen[0][1]


def frame_of_times(rows):
    """Return a data frame of rows of action, start and end in seconds, and line."""
    import pandas as pd

    columns = ["action", "start_time", "end_time", "line"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def to_milliseconds(table):
    """Return start, end and text of each segment of a table with times."""
    times = np.round(1000 * table[["start_time", "end_time"]].to_numpy())
    timed = []
    for own, action in zip(times.tolist(), map(str, table["action"])):
        start, end = map(int, own)  # of any size
        if start < 0:
            raise ValueError(
                f"A segment of {action!r} is from {start} to {end} ms, expected it to "
                "start at 0 ms or later."
            )
        if end == start:
            raise ValueError(
                f"A segment of {action!r} at {start} ms is shorter than 1 ms."
            )
        timed.append((start, end, action))
    return timed


def shown_name(path):
    r"""Name of a file without suffix, as text, which it need not be.

    >>> shown_name("folder/caf\udce9.csv")
    'caf\\xe9'
    """
    return text_of_name(Path(path).stem)


def split_recordings(table, path):
    """Return the table of each recording by its name, or by that of the file.

    >>> import pandas as pd
    >>> list(split_recordings(pd.DataFrame({"start": [0]}), "take.csv"))
    ['take']
    """
    if "recording" not in table:
        return {shown_name(path): table}
    return dict(iter(table.groupby("recording", sort=False)))


def mean_rate(table):
    """Return frames per second of a recording, None if it has no times.

    >>> import pandas as pd
    >>> columns = ["start", "end", "start_time", "end_time"]
    >>> mean_rate(pd.DataFrame([[0, 3, 1.0, 1.5]], columns=columns))
    6.0
    """
    if "start_time" not in table:
        return None
    seconds = float((table["end_time"] - table["start_time"]).sum())  # without breaks
    return float((table["end"] - table["start"]).sum()) / seconds if seconds else None
