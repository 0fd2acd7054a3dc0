"""Events of BORIS: exported ones, and spreadsheets for import into an observation."""

from skl_tot.io.formats import base
from skl_tot.io.formats.tables import as_segments, read_csv, table_of_rows
from skl_tot.recordings.imports import import_extra


def write_events(table, path):
    """Write one row for the start and one for the stop of each segment."""
    book = import_extra("openpyxl").Workbook(write_only=True)
    cell = import_extra("openpyxl.cell").WriteOnlyCell
    sheet = book.create_sheet("events")
    sheet.append(["time", "subject", "code", "modifier", "comment"])
    for start, end, action in base.to_milliseconds(table):
        for time in (start, end):
            code = cell(sheet, action)
            code.data_type = "s"  # text, even if it starts with =
            sheet.append([time / 1000, None, code, None, None])
    with open(path, "wb") as file:
        book.save(file)


def read_events(path):
    """Read the first sheet: events, or any table of segments."""
    openpyxl = import_extra("openpyxl")
    with open(path, "rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        base.check_rows(sheet.max_row or 0)
        rows = list(sheet.iter_rows(values_only=True))
    names = ["" if name is None else str(name) for name in (rows or [()])[0]]
    return as_segments(table_of_rows(names, enumerate(rows[1:], start=2)), path)


EXPORTED = base.Format(
    ".tsv", None, read_csv, "events that BORIS exports", in_seconds=True, many=True
)
EVENTS = base.timed(
    ".xlsx",
    write_events,
    read_events,
    "events for BORIS to import: a row for each start and stop",
)
