"""Tables of segments, of this package, of spreadsheets, BORIS and ELAN."""

import csv
import io
import re

from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.text_files import find_separator
from skl_tot.io.records import SegmentsError, read_text

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
TIMES = {"start", "end", "start_time", "end_time"}
KEYS = TIMES | {"action", "recording", "line"}


def read_table(path):
    """Read a table with a row of names above it, whatever is between its cells."""
    text = io.StringIO(read_text(path), newline=None)
    header = text.readline()
    delimiter = find_separator(header)
    rows = csv.reader(
        io.StringIO(header + text.read()), delimiter=delimiter, strict=True
    )
    names = next(rows, [])
    keys = find_keys(names)
    records = []
    for row in rows:
        if any(cell.strip() for cell in row):
            record = _end_point(_as_record(row, names, keys, rows.line_num))
            if delimiter != ",":  # of languages that write 1,5
                for key in TIMES & record.keys():
                    record[key] = re.sub("^([^.,]*),([^.,]*)$", r"\1.\2", record[key])
            records.append(record)
    return records


def find_keys(names):
    """Key of each column that has one of its own, by the number of the column.

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


def _as_record(row, names, keys, line):
    """Cells of a row by their key, or by the name of their column."""
    if any(cell.strip() for cell in row[len(names) :]):
        raise SegmentsError(f"there are {len(row)} cells, expected {len(names)}.", line)
    record = {}
    for i, (name, cell) in enumerate(zip(names, row)):
        if i in keys or name not in KEYS:
            record[keys.get(i, name)] = cell
    return record | {"line": line}


def _end_point(record):
    """Let an event of BORIS without duration end where it starts."""
    kinds = [record[n] for n in record if n.strip().casefold() == "behavior type"]
    if kinds and kinds[0].strip().casefold() == "point" and "start_time" in record:
        record["end_time"] = record["start_time"]
    return record
