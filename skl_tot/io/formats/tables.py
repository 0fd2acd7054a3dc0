"""Tables with a header line, from this package, spreadsheets, BORIS and ELAN."""

import csv
import io
import re

from skl_tot.io.formats.base import SegmentsError, read_text
from skl_tot.recordings.disk import find_separator
from skl_tot.recordings.errors import one_line, short_repr, warn_user

# Column names in lower case, with spaces for underscores.
BORIS = ("behavior", "behaviour", "code")
ACTIONS = ("action", "label", *BORIS, "annotation", "activity")
RECORDINGS = ("observation id", "recording", "video")
KINDS = ("behavior type", "status")
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
TIMES = ["start", "end", "start_time", "end_time", "time"]


def read_cells(path):
    """Read a table with a header line and any separator."""
    text = io.StringIO(read_text(path))
    header = text.readline()
    delimiter = find_separator(header)
    # unlike pandas, the csv module gives line numbers
    reader = csv.reader(
        io.StringIO(header + text.read()), delimiter=delimiter, strict=True
    )
    names = next(reader, [])
    lines = ((reader.line_num, row) for row in reader)
    table = table_of_rows(names, lines)
    if delimiter != ",":  # decimal commas
        for key in table.columns.intersection(TIMES):
            table[key] = table[key].map(_with_point)
    return as_segments(table, path)


def table_of_rows(names, lines):
    """Return the columns with a key, from pairs of line number and cells.

    ``modifiers`` are BORIS' columns, joined as one text.
    """
    import pandas as pd

    keys = find_keys(names)
    rows, numbers = [], []
    for number, row in lines:
        if all(map(_is_empty, row)):
            continue
        if not all(map(_is_empty, row[len(names) :])):
            raise SegmentsError(
                f"there are {len(row)} cells, expected {len(names)}.", number
            )
        rows.append([*row, *[None] * (len(names) - len(row))][: len(names)])
        numbers.append(number)
    cells = pd.DataFrame(rows, columns=range(len(names)), dtype=object)
    table = cells[list(keys)].rename(columns=keys).assign(line=numbers)
    extra = [i for i, name in enumerate(names) if name.casefold().startswith("modif")]
    if extra and "subject" in table:
        own = cells[extra].fillna("").astype(str).to_numpy()
        table["modifiers"] = [" ".join(row).strip() for row in own]
    return table


def _is_empty(cell):
    return cell is None or not str(cell).strip()


def find_keys(names):
    """Return the key of each known column, by column number.

    ``start`` and ``end`` are frames beside ``action``, as in `write_segments`, else
    seconds. BORIS tables may have a row for each start and stop with a ``time``;
    ``kind`` distinguishes them.
    """
    places = {}
    for i, name in enumerate(names):
        places.setdefault(re.sub(r"[\s_]+", " ", name).strip().casefold(), []).append(i)
    action = _first(ACTIONS, places)
    is_ours, is_boris = action == "action", action in BORIS
    frames = _first_pair(FRAMES + (PLAIN if is_ours else []), places)
    seconds = _first_pair(SECONDS if is_ours else PLAIN + SECONDS, places)
    has_events = is_boris and "time" in places
    if action is None or not (frames or seconds or has_events):
        raise SegmentsError(f"columns are {short_repr(names)}, {EXPECTED}.", 1)
    found = {action: "action", _first(RECORDINGS, places): "recording"}
    found.update(zip(frames or (), ("start", "end")))
    found.update(zip(seconds or (), ("start_time", "end_time")))
    if is_ours:
        found["confidence"] = "confidence"
    if is_boris:
        found |= {_first(KINDS, places): "kind", "subject": "subject"}
    if has_events and not (frames or seconds):
        found["time"] = "time"
    keys = {}
    for name, key in found.items():
        if len(places.get(name, ())) > 1:
            raise SegmentsError(f"several columns are called {name!r}, {EXPECTED}.", 1)
        for i in places.get(name, ()):
            keys[i] = key
    return keys


def _first(names, places):
    """Return the first name that is a column, or None."""
    return next((name for name in names if name in places), None)


def _first_pair(pairs, places):
    """Return the first pair of names that are columns, or None."""
    return next((pair for pair in pairs if set(pair) <= places.keys()), None)


def as_segments(table, path):
    """Return a row per segment, from a table with keys."""
    if "kind" in table:
        table["kind"] = [str(kind).strip().casefold() for kind in table["kind"]]
    if "time" in table:
        table = _pair_events(table)
    elif {"kind", "end_time"} <= set(table):
        # an event without duration ends where it starts
        is_point = table["kind"] == "point"
        table["end_time"] = table["end_time"].mask(is_point, table["start_time"])
    if "subject" in table:
        _name_by_subject(table)
    n_modified = (table["modifiers"] != "").sum() if "modifiers" in table else 0
    if n_modified:
        warn_user(
            f"{one_line(path)}: modifiers of {n_modified} of {len(table)} segments do "
            f"not count, such as {short_repr(table['modifiers'].max())}."
        )
    return table


def _pair_events(table):
    """Pair events that start and stop an action into segments."""
    import pandas as pd

    rows, started = [], {}
    for event in table.to_dict("records"):
        kind, action = event.get("kind"), event["action"]
        key = tuple(map(event.get, ("recording", "subject", "action", "modifiers")))
        is_open = key in started
        if kind == ("start" if is_open else "stop"):
            raise SegmentsError(
                f"{short_repr(action)} has a {kind} too many, expected each start "
                "before its stop.",
                event.get("line"),
            )
        if is_open or kind == "point":
            times = {"start_time": event["time"], "end_time": event["time"]}
            if is_open:
                times["start_time"] = started.pop(key)["time"]
            rows.append(event | times)
        else:
            started[key] = event
    for event in started.values():
        raise SegmentsError(
            f"{short_repr(event['action'])} starts and does not stop.",
            event.get("line"),
        )
    return pd.DataFrame(rows, columns=[*table.columns, "start_time", "end_time"])


def _name_by_subject(table):
    """Name a recording after each subject of an observation, if there are several."""
    subjects = [str(subject or "").strip() for subject in table["subject"]]
    if len(set(subjects)) > 1:
        names = table["recording"] if "recording" in table else [""] * len(table)
        pairs = zip(names, subjects)
        table["recording"] = ["/".join(filter(None, pair)) for pair in pairs]


def _with_point(cell):
    return cell and re.sub("^([^.,]*),([^.,]*)$", r"\1.\2", cell)
