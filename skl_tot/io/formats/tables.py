"""Tables with a row per segment and names of columns, and labels of frames, as text."""

import csv
import io
import re
from pathlib import Path

import numpy as np

from skl_tot.io.formats.base import Format, SegmentsError, check_rows, read_any_text
from skl_tot.recordings import segment_table
from skl_tot.recordings.disk import find_separator, split_lines
from skl_tot.recordings.errors import one_line, short_repr, warn_user
from skl_tot.recordings.imports import import_extra

# Column names in lower case, with spaces for underscores; the first that is there.
BORIS = ["behavior", "behaviour", "code"]
ACTIONS = [(name,) for name in ["action", "label", *BORIS, "annotation", "activity"]]
RECORDINGS = [("observation id",), ("recording",), ("video",)]
KINDS = [("behavior type",), ("status",)]
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


def write_csv(table, path):
    """Write a table, one segment per row."""
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def read_csv(path):
    """Read a table with a header line and any separator."""
    text = read_any_text(path)
    delimiter = find_separator(text.partition("\n")[0])
    # unlike pandas, the csv module gives line numbers
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    names = next(reader, [])
    table = table_of_rows(names, ((reader.line_num, row) for row in reader))
    if delimiter != ",":  # decimal commas
        for key in table.columns.intersection([*TIMES, *segment_table.BOUNDS]):
            table[key] = table[key].str.replace(
                "^([^.,]*),([^.,]*)$", r"\1.\2", regex=True
            )
    return as_segments(table, path)


def write_parquet(table, path):
    """Write a table, one segment per row."""
    import_extra("pyarrow")
    with open(path, "wb") as file:  # pyarrow refuses names that are no valid text
        table.to_parquet(file, engine="pyarrow", index=False)


def read_parquet(path):
    """Read the columns of a table that describe its segments."""
    import pandas as pd

    parquet = import_extra("pyarrow.parquet")
    with open(path, "rb") as file:
        table = parquet.ParquetFile(file)
        names = table.schema_arrow.names
        keys = {names[i]: key for i, key in find_keys(names).items()}
        check_rows(table.metadata.num_rows)
        columns = table.read(columns=list(keys)).to_pydict()
    columns = {
        key: pd.Series(columns[name], dtype=object) for name, key in keys.items()
    }
    return as_segments(pd.DataFrame(columns), path)


def table_of_rows(names, lines):
    """Return the columns with a key, from pairs of line number and cells."""
    import pandas as pd

    keys = find_keys(names)
    rows, numbers = [], []
    for number, row in lines:
        if all(map(_is_empty, row)):
            continue
        if not all(map(_is_empty, row[len(names) :])):
            found = f"there are {len(row)} cells"
            raise SegmentsError(f"{found}, expected {len(names)}.", number)
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
    """Return the key of each known column, by column number."""
    plain = [re.sub(r"[\s_]+", " ", name).strip().casefold() for name in names]

    def first(options):
        return next((own for own in options if set(own) <= set(plain)), ())

    action = "".join(first(ACTIONS))
    is_ours, is_boris = action == "action", action in BORIS
    frames = first(FRAMES + (PLAIN if is_ours else []))
    seconds = first(SECONDS if is_ours else PLAIN + SECONDS)
    found = {action: "action"} | dict.fromkeys(first(RECORDINGS), "recording")
    found |= dict(zip(frames, ("start", "end")))
    found |= dict(zip(seconds, ("start_time", "end_time")))
    if is_ours:
        ours = ("confidence", *segment_table.BOUNDS, *segment_table.DATES)
        found |= {name.replace("_", " "): name for name in ours}
    if is_boris:
        found |= dict.fromkeys(first(KINDS), "kind") | {"subject": "subject"}
        if not (frames or seconds):
            found["time"] = "time"
    keys = {i: found[name] for i, name in enumerate(plain) if name in found}
    if not (action and set(TIMES) & set(keys.values())):
        raise SegmentsError(f"columns are {short_repr(names)}, {EXPECTED}.", 1)
    for name in found:
        if plain.count(name) > 1:
            raise SegmentsError(f"several columns are called {name!r}, {EXPECTED}.", 1)
    return keys


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
    import pandas as pd

    rows, started = [], {}
    for event in table.to_dict("records"):
        kind, action = event.get("kind"), event["action"]
        key = tuple(map(event.get, ("recording", "subject", "action", "modifiers")))
        is_open = key in started
        if kind == ("start" if is_open else "stop"):
            found = f"{short_repr(action)} has a {kind} too many"
            expected = "expected each start before its stop"
            raise SegmentsError(f"{found}, {expected}.", event.get("line"))
        if is_open or kind == "point":
            start = started.pop(key) if is_open else event
            times = {"start_time": start["time"], "end_time": event["time"]}
            rows.append(event | times)
        else:
            started[key] = event
    for event in started.values():
        action = short_repr(event["action"])
        raise SegmentsError(f"{action} starts and does not stop.", event.get("line"))
    return pd.DataFrame(rows, columns=[*table.columns, "start_time", "end_time"])


def _name_by_subject(table):
    subjects = [str(subject or "").strip() for subject in table["subject"]]
    if len(set(subjects)) > 1:
        names = table["recording"] if "recording" in table else [""] * len(table)
        pairs = zip(names, subjects)
        table["recording"] = ["/".join(filter(None, pair)) for pair in pairs]


def write_labels(table, path):
    """Write one label per line for each frame."""
    own = table.drop(columns="recording", errors="ignore")
    labels = segment_table.labels_from_segments(own).astype(str)
    Path(path).write_text("\n".join(labels) + "\n", encoding="utf-8", newline="\n")


def read_frame_labels(path):
    """Read one label per line for each frame."""
    lines = split_lines(read_any_text(path).rstrip())
    labels = [line.strip() for line in lines]
    for i, label in enumerate(labels, start=1):
        if not label:
            raise SegmentsError("there is nothing, expected the label of a frame.", i)
        if "\t" in label:
            found = "there is a tab, expected the label of a frame"
            raise SegmentsError(f"{found}; format='csv' reads tables with names.", i)
    return segment_table.segments(np.array(labels))


CSV = Format(".csv", write_csv, read_csv, "table, one segment a row", many=True)
PARQUET = Format(
    ".parquet",
    write_parquet,
    read_parquet,
    "the same table, for data frames",
    many=True,
    extra="files",
)
LABELS = Format(
    ".txt",
    write_labels,
    read_frame_labels,
    "one label a line for each frame, as MS-TCN reads",
)
