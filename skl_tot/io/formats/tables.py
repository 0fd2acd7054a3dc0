"""`FORMATS` of rows of segments or events, as text and workbooks, and of labels."""

import csv
import io
import re
import warnings
import zipfile
from datetime import date, time, timedelta
from pathlib import Path, PureWindowsPath

import numpy as np

from skl_tot.io import formats
from skl_tot.recordings import segment_table
from skl_tot.recordings.clocks import DATES, clock_text
from skl_tot.recordings.errors import (
    import_extra,
    is_int,
    one_line,
    refuse,
    repeated,
    short_repr,
    warn_user,
)
from skl_tot.recordings.files import find_separator, read_text, split_lines
from skl_tot.recordings.segment_checks import BOUNDS, FRAMES, SECONDS

# Of workbooks.
MAX_ROWS = 2**20 - 1  # of a sheet, beside its header
MAX_WIDTH = 60  # characters of a column
MOST_TEXT = 2**15 - 1  # characters of a cell
GENERAL = "General"  # format of cells without another one
MAX_COLUMNS = 1000
# Most bytes of parts that unpack to over a multiple of their size, which is up to 23
# for equal rows.
MOST_SMALL, MOST_PACKED = 2**20, 50
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d{1,6})?)?")
# Names of columns in lower case, with spaces for underscores. The first that is there
# counts.
BORIS_ACTIONS = ["behavior", "behaviour", "code"]
ACTIONS = ["action", "label", *BORIS_ACTIONS, "annotation", "activity"]
COLUMNS = {
    "recording": ["observation id", "recording", "video"],
    "start": ["start frame"],
    "end": ["end frame", "stop frame"],
    "start_time": ["start time", "start (s)", "begin time - ss.msec"],
    "end_time": ["end time", "stop time", "stop (s)", "end (s)", "end time - ss.msec"],
}
EXTRA_COLUMNS = ("confidence", *BOUNDS, *DATES)
BORIS_COLUMNS = {"kind": ["behavior type", "status"], "subject": ["subject"]}
BORIS_COLUMNS |= {"media": ["media file name", "media file"]}
EXPECTED = "expected a row of names with action or label, start and end"


def write_csv(table, path, float_format=None):
    """Write any table, such as one with a segment per row."""
    table.to_csv(
        path,
        index=False,
        float_format=float_format,
        lineterminator="\n",
        encoding="utf-8",
    )


def write_excel(table, path):
    """Write a workbook with a sheet of segments, one a row."""
    # more digits of a confidence tell nothing, and are long to look at
    write_workbook({"segments": table.round({"confidence": 4})}, path)


def write_boris(table, path):
    """Write one row for the start and one for the stop of each segment."""
    pd = import_extra("pandas")
    if table["action"].map(is_int).all():
        warn_user(
            "BORIS finds behaviours by their names, but these actions are numbers; "
            "name them in a review, or by rename of skl_tot.corrections."
        )
    rows = [
        (time / 1000, None, action, None, None)
        for start, end, action in formats.to_milliseconds(table)
        for time in (start, end)
    ]
    columns = ["time", "subject", "code", "modifier", "comment"]
    write_workbook({"events": pd.DataFrame(rows, columns=columns)}, path)


def read_any(path):
    """Read rows of segments or events, of a text table or a workbook."""
    names, rows, separator = read_rows(path)
    keys = find_keys(names)
    cells = cells_of_rows(names, rows)
    table = cells[list(keys)].rename(columns=keys).assign(line=cells.index)
    if separator != ",":  # decimal commas
        numbers = [*FRAMES, *SECONDS, *BOUNDS, "time", "confidence"]
        for key in table.columns.intersection(numbers):
            texts = table[key].str
            table[key] = texts.replace("^([^.,]*),([^.,]*)$", r"\1.\2", regex=True)
    is_modifier = [name.casefold().startswith("modif") for name in names]
    if any(is_modifier) and "subject" in table:
        texts = cells.loc[:, is_modifier].fillna("").astype(str).to_numpy()
        table["modifiers"] = [" ".join(row).strip() for row in texts]
    return as_segments(table, path)


def read_rows(path):
    """Names of columns, rows with their line numbers, and separator of any table."""
    if Path(path).suffix.lower().startswith(".xls"):
        names, rows = read_sheet(path)
        return names, enumerate(rows, start=2), ","
    text = read_text(path)
    separator = find_separator(text.partition("\n")[0])
    # unlike pandas, the csv module gives line numbers
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    names = next(reader, [])
    return names, ((reader.line_num, row) for row in reader), separator


def cells_of_rows(names, rows):
    """Return the rows that have cells, by the numbers of lines and columns."""
    pd = import_extra("pandas")
    n_columns, filled = len(names), {}
    for line, row in rows:
        is_filled = [cell is not None and bool(str(cell).strip()) for cell in row]
        if any(is_filled[n_columns:]):
            raise ValueError(f"line {line}: {len(row)} cells, expected {n_columns}.")
        if any(is_filled):
            filled[line] = [*row, *[None] * n_columns][:n_columns]
    columns = range(n_columns)
    return pd.DataFrame.from_dict(filled, dtype=object, orient="index", columns=columns)


def find_keys(names):
    """Find the key of each column, by number; "start" of an "action" is in frames."""
    plain = [re.sub(r"[\s_]+", " ", name).strip().casefold() for name in names]
    action = next((name for name in ACTIONS if name in plain), None)
    columns: dict = {"action": [action], **COLUMNS}
    if action == "action":  # as this package writes it: start and end are in frames
        columns["start"] = [*columns["start"], "start"]
        columns["end"] = [*columns["end"], "end", "stop"]
        columns |= {name: [name.replace("_", " ")] for name in EXTRA_COLUMNS}
    else:
        columns["start_time"] = ["start", *columns["start_time"]]
        columns["end_time"] = ["end", "stop", *columns["end_time"]]
    if action in BORIS_ACTIONS:
        columns |= BORIS_COLUMNS | {"time": ["time"]}
    keys = {}
    for key, candidates in columns.items():
        name = next((name for name in candidates if name in plain), None)
        if name is not None:
            keys[plain.index(name)] = key
            if plain.count(name) > 1:
                several = f"several columns are called {name!r}"
                raise ValueError(f"line 1: {several}, {EXPECTED}.")
    times = (FRAMES, SECONDS, ("time",))
    if action is None or not any(set(pair) <= set(keys.values()) for pair in times):
        raise ValueError(f"line 1: columns are {short_repr(names)}, {EXPECTED}.")
    return keys


def as_segments(table, path):
    """Return a row per segment, from a table with keys."""
    if "kind" in table:
        table["kind"] = [str(kind).strip().casefold() for kind in table["kind"]]
    if "time" in table and "end_time" not in table:
        table = _pair_events(table)
    elif {"kind", "end_time"} <= set(table):
        # an event without duration ends where it starts
        is_point = table["kind"] == "point"
        table["end_time"] = table["end_time"].mask(is_point, table["start_time"])
    if "subject" in table:
        _name_by_subject(table)
    if {"recording", "media"} <= set(table):
        table.attrs["media"] = _media_of(table)
    n_modified = (table["modifiers"] != "").sum() if "modifiers" in table else 0
    if n_modified:
        warn_user(
            f"{one_line(path)}: modifiers of {n_modified} of {len(table)} segments do "
            f"not count, such as {short_repr(table['modifiers'].max())}."
        )
    return table


def _pair_events(table):
    """Return a row per pair of start and stop, or point, of a table of events."""
    pd = import_extra("pandas")
    rows, started = [], {}
    for event in table.to_dict("records"):
        kind, action = event.get("kind"), short_repr(event["action"])
        key = tuple(map(event.get, ("recording", "subject", "action", "modifiers")))
        is_open = key in started
        if kind == ("start" if is_open else "stop"):
            raise ValueError(f"line {event['line']}: {action} has a {kind} too many.")
        if is_open or kind == "point":
            start = started.pop(key) if is_open else event
            times = {"start_time": start["time"], "end_time": event["time"]}
            rows.append(event | times)
        else:
            started[key] = event
    for event in started.values():
        action = short_repr(event["action"])
        raise ValueError(f"line {event['line']}: {action} starts and does not stop.")
    return pd.DataFrame(rows, columns=[*table.columns, "start_time", "end_time"])


def _name_by_subject(table):
    subjects = [str(subject or "").strip() for subject in table["subject"]]
    if len(set(subjects)) > 1:
        names = table["recording"] if "recording" in table else [""] * len(table)
        pairs = zip(names, subjects)
        table["recording"] = ["/".join(filter(None, pair)) for pair in pairs]


def _media_of(table):
    """Name of the media file of each observation that has one of its own."""
    files_of = table.fillna("").groupby("recording")["media"].unique()
    media = {k: PureWindowsPath(*x).stem for k, x in files_of.items() if len(x) == 1}
    shared = repeated(media.values())  # as of two people who coded one video
    return {name: stem for name, stem in media.items() if stem not in shared}


def write_labels(table, path):
    """Write one label per line for each frame."""
    table = table.drop(columns="recording", errors="ignore")
    labels = segment_table.labels_from_segments(table).astype(str)
    Path(path).write_text("\n".join(labels) + "\n", encoding="utf-8", newline="\n")


def read_frame_labels(path):
    """Read one label per line for each frame."""
    lines = split_lines(read_text(path).rstrip())
    labels = [line.strip() for line in lines]
    for number, label in enumerate(labels, start=1):
        if not label or "\t" in label:
            expected = "the label of a frame; format='csv' reads tables"
            refuse(f"line {number}", label, expected)
    return segment_table.segments(np.array(labels))


# ---------------------------------------------------------------------------- workbooks


def write_workbook(tables, path):
    """Write tables by the names of their sheets; clock times become dates."""
    book = import_extra("openpyxl").Workbook(write_only=True)
    for title, table in tables.items():
        if len(table) > MAX_ROWS:
            expected = f"at most {MAX_ROWS} for .xlsx; .csv takes more"
            refuse(f"the number of rows of {title}", len(table), expected)
        _write_sheet(book.create_sheet(title), table)
    content = io.BytesIO()  # on a full disk, openpyxl leaves an error to its end
    book.save(content)
    Path(path).write_bytes(content.getvalue())


def _write_sheet(sheet, table):
    """Write a table below a bold head that stays in view, in columns wide enough."""
    font = import_extra("openpyxl.styles").Font(name="Calibri", size=11, bold=True)
    letter_of = import_extra("openpyxl.utils").get_column_letter
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{letter_of(len(table.columns))}{len(table) + 1}"
    # on paper, all columns of a row are on one page, below the head
    sheet.print_title_rows, sheet.page_setup.orientation = "1:1", "landscape"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    head, forms = [], []
    for number, (name, column) in enumerate(table.items(), start=1):
        forms.append(_format_of(name, column))
        if column.dtype.kind == "f":
            column = column.round(3)
        width = max(len(str(x)) for x in [name, *column])
        if width > MOST_TEXT:
            refuse(f"a number of characters in {name!r}", width, f"up to {MOST_TEXT}")
        sheet.column_dimensions[letter_of(number)].width = min(width, MAX_WIDTH) + 5
        head.append(_cell(sheet, str(name)))
        head[-1].font = font
    sheet.append(head)
    for row in table.astype(object).itertuples(index=False, name=None):
        sheet.append([_cell(sheet, *pair) for pair in zip(row, forms)])


def _format_of(name, column):
    # as many decimals as its values need, or three; "_)" is a space before the text of
    # the next column
    if str(name).endswith("_clock"):
        texts, form = column, "yyyy-mm-dd hh:mm:ss."
    elif column.dtype.kind == "f":
        texts, form = [f"{x:.3f}".rstrip("0") for x in column.dropna()], "0."
    else:
        return "0_)" if column.dtype.kind == "i" else GENERAL
    n_digits = max((len(str(x).partition(".")[2]) for x in texts), default=0)
    return (form + "0" * min(n_digits, 3)).rstrip(".") + "_)"


def _cell(sheet, value, format=GENERAL):
    cell = import_extra("openpyxl.cell").WriteOnlyCell(sheet)
    if not isinstance(value, str):
        value = getattr(value, "item", lambda: value)()  # of a type of numpy
        if value in (np.inf, -np.inf):  # no number of Excel
            return str(value)
        if value is None or value != value:
            return None
        # without errors of sums of floats, as in CSV files
        cell.value = float(f"{value:.13g}") if isinstance(value, float) else value
        cell.number_format = format
    elif format != GENERAL and DATE.fullmatch(value):
        cell.value = np.datetime64(value, "us").item()
        cell.number_format = format
    elif value:
        cell.value = value
        cell.data_type = "s"  # text, even if it starts with =
    return cell


def read_sheet(path):
    """Read the header of the first visible sheet, as text, and its rows."""
    _check_archive(path)
    excel = import_extra("openpyxl.reader.excel")
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and lists
        reader = excel.ExcelReader(file, read_only=True, data_only=True)
        reader.read_chartsheet = lambda *_: None  # fails without a chart
        reader.read()
        visible = [x for x in reader.wb.worksheets if x.sheet_state == "visible"]
        if not visible:
            raise ValueError("there is no visible sheet of cells; show one.")
        visible[0].reset_dimensions()  # which a file can declare at any size
        header = list(next(visible[0].iter_rows(values_only=True), ()))
        while header and header[-1] is None:
            header.pop()
        if len(header) > MAX_COLUMNS:  # each row can pretend to have as many
            raise ValueError(f"there are over {MAX_COLUMNS} columns.")
        rows = []
        for row in visible[0].iter_rows(2, max_col=max(len(header), 1)):
            if len(rows) == MAX_ROWS:  # which a file of few can pretend
                raise ValueError("there are more rows than Excel has.")
            rows.append([None if x.value is None else _plain(x) for x in row])
    return ["" if name is None else one_line(name) for name in header], rows


def _check_archive(path):
    """Refuse an archive with parts that unpack to far more than spreadsheets do."""
    # part by part, as a picture of noise beside it would hide a bomb in the whole
    with zipfile.ZipFile(path) as archive:
        sizes = [(part.file_size, part.compress_size) for part in archive.infolist()]
    n_bytes = sum(size for size, packed in sizes if size > MOST_PACKED * packed)
    if n_bytes > MOST_SMALL:
        expected = f"at most {MOST_PACKED} times the size of the file; save it again"
        raise ValueError(f"it unpacks to {n_bytes} bytes, expected {expected}.")


def _plain(cell):
    """Value of a cell; dates and times of a day become text, durations seconds."""
    value = cell.value
    if cell.data_type == "e":  # #N/A or another error in place of a value
        return None
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, time):
        return str(value)
    if isinstance(value, date):
        return clock_text(np.datetime64(value), 0).removesuffix(" 00:00:00.000")
    return value


FORMATS = {
    "csv": formats.Format(
        ".csv", write_csv, read_any, "table, one segment a row", many=True
    ),
    "boris": formats.Format(
        ".tsv", None, read_any, "events that BORIS exports", in_seconds=True, many=True
    ),
    "excel": formats.Format(
        ".xlsx", write_excel, read_any, "the same table, for Excel", many=True
    ),
    "boris_events": formats.timed(
        ".xlsx",
        write_boris,
        read_any,
        "events for BORIS: a row for each start and stop",
    ),
    "labels": formats.Format(
        ".txt",
        write_labels,
        read_frame_labels,
        "one label a line for each frame, as MS-TCN reads",
        of_frames=True,
    ),
}
