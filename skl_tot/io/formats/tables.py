"""Tables with a row of names, of this package, of spreadsheets, BORIS and ELAN."""

import csv
import io
import re

from skl_tot.io.formats.base import SegmentsError, read_text
from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.text import find_separator

# Names of columns, in lower case and with spaces for underscores.
ACTIONS = ("action", "label", "behavior", "behaviour", "annotation", "activity")
RECORDINGS = ("observation id", "recording", "video")
FRAMES = [("start frame", "end frame"), ("start frame", "stop frame")]
PLAIN = [("start", "end"), ("start", "stop")]
SECONDS = [
    ("start time", "end time"),
    ("start time", "stop time"),
    ("start (s)", "stop (s)"),
    ("start (s)", "end (s)"),
    ("begin time - ss.msec", "end time - ss.msec"),
]
EXPECTED = "expected a row of names with action or label, start and end"
TIMES = ["start", "end", "start_time", "end_time"]


def read_cells(path):
    """Read a table with a row of names above it, whatever is between its cells."""
    import pandas as pd

    text = io.StringIO(read_text(path), newline=None)
    header = text.readline()
    delimiter = find_separator(header)
    # other than the reader of pandas, this one knows the lines
    reader = csv.reader(
        io.StringIO(header + text.read()), delimiter=delimiter, strict=True
    )
    names = next(reader, [])
    keys = find_keys(names)
    rows, lines = [], []
    for row in reader:
        if any(cell.strip() for cell in row):
            if any(cell.strip() for cell in row[len(names) :]):
                raise SegmentsError(
                    f"there are {len(row)} cells, expected {len(names)}.",
                    reader.line_num,
                )
            rows.append([*row, *[None] * (len(names) - len(row))][: len(names)])
            lines.append(reader.line_num)
    cells = pd.DataFrame(rows, columns=range(len(names)), dtype=object)
    return _as_table(cells, names, keys, delimiter).assign(line=lines)


def find_keys(names):
    """Return the key of each column that has one, by the number of the column.

    Plain ``start`` and ``end`` are frames beside ``action``, as `write_segments` has
    them, and else seconds.
    """
    places = {}
    for i, name in enumerate(names):
        places.setdefault(re.sub(r"[\s_]+", " ", name).strip().casefold(), []).append(i)
    action = _first(ACTIONS, places)
    is_ours = action == "action"
    frames = _first_pair(FRAMES + (PLAIN if is_ours else []), places)
    seconds = _first_pair(SECONDS if is_ours else PLAIN + SECONDS, places)
    if action is None or not (frames or seconds):
        raise SegmentsError(f"columns are {short_repr(names)}, {EXPECTED}.", 1)
    found = {action: "action", _first(RECORDINGS, places): "recording"}
    found.update(zip(frames or (), ("start", "end")))
    found.update(zip(seconds or (), ("start_time", "end_time")))
    if is_ours:
        found["confidence"] = "confidence"
    keys = {}
    for name, key in found.items():
        if len(places.get(name, ())) > 1:
            raise SegmentsError(f"several columns are called {name!r}, {EXPECTED}.", 1)
        for i in places.get(name, ()):
            keys[i] = key
    return keys


def _first(names, places):
    """First of some names that a column has, or None."""
    return next((name for name in names if name in places), None)


def _first_pair(pairs, places):
    """First of some pairs of names that columns have, or None."""
    return next((pair for pair in pairs if set(pair) <= places.keys()), None)


def _as_table(cells, names, keys, delimiter):
    """Return the columns that have a key, with decimal points."""
    table = cells[list(keys)].rename(columns=keys)
    kinds = [i for i, name in enumerate(names) if _is_kind(name)]
    if kinds and "end_time" in table:
        # an event of BORIS without duration ends where it starts
        is_point = cells[kinds[0]].map(lambda cell: str(cell).strip().casefold())
        is_point = is_point == "point"
        table["end_time"] = table["end_time"].mask(is_point, table["start_time"])
    if delimiter != ",":  # of languages that write 1,5
        for key in table.columns.intersection(TIMES):
            table[key] = table[key].map(_with_point)
    return table


def _is_kind(name):
    return name.strip().casefold() == "behavior type"


def _with_point(cell):
    return cell and re.sub("^([^.,]*),([^.,]*)$", r"\1.\2", cell)
