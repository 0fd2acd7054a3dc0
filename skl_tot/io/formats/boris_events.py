"""Spreadsheets of events for import into a BORIS observation."""

from skl_tot.extras import import_extra
from skl_tot.io.formats.base import Format, SegmentsError, check_rows, to_milliseconds
from skl_tot.io.formats.tables import as_segments, table_of_rows

COLUMNS = ["time", "subject", "code", "modifier", "comment"]


def write_events(table, path):
    """Write one row for the start and one for the stop of each segment."""
    book = import_extra("openpyxl").Workbook(write_only=True)
    cell = import_extra("openpyxl.cell").WriteOnlyCell
    sheet = book.create_sheet("events")
    sheet.append(COLUMNS)
    for start, end, action in to_milliseconds(table):
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
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            check_rows(sheet.max_row or 0)
            rows = list(sheet.iter_rows(values_only=True))
        except SegmentsError:
            raise
        except Exception as error:  # other content raises many types
            raise SegmentsError(f"this is no spreadsheet, {error}") from error
    names = ["" if name is None else str(name) for name in (rows or [()])[0]]
    return as_segments(table_of_rows(names, enumerate(rows[1:], start=2)), path)


FORMAT = Format(
    ".xlsx",
    write_events,
    read_events,
    "events for BORIS to import: a row for each start and stop",
    in_seconds=True,
    extra="files",
)
