"""Workbooks of Excel: sheets with a table each."""

import io
import re
from datetime import date
from pathlib import Path

import numpy as np

from skl_tot.io.formats import base
from skl_tot.recordings.clocks import clock_text
from skl_tot.recordings.errors import import_extra, one_line, refuse

MAX_ROWS = 2**20 - 1  # of a sheet, beside its header
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d{1,6})?)?")


def write_workbook(tables, path):
    """Write tables by the names of their sheets; clock times become dates."""
    book = import_extra("openpyxl").Workbook(write_only=True)
    for title, table in tables.items():
        if len(table) > MAX_ROWS:
            expected = f"at most {MAX_ROWS} for .xlsx; .csv and .parquet take more"
            refuse(f"the number of rows of {title}", len(table), expected)
        sheet = book.create_sheet(title)
        sheet.append([_cell(sheet, name) for name in table.columns])
        clocks = [str(name).endswith("_clock") for name in table.columns]
        for row in table.astype(object).itertuples(index=False, name=None):
            cells = zip(row, clocks)
            sheet.append([_cell(sheet, value, is_clock) for value, is_clock in cells])
    content = io.BytesIO()  # on a full disk, openpyxl leaves an error to its end
    book.save(content)
    Path(path).write_bytes(content.getvalue())


def _cell(sheet, value, is_clock=False):
    """Cell of a value: a number, a date, text, or nothing for one that is missing."""
    if not isinstance(value, str):
        value = getattr(value, "item", lambda: value)()  # of a type of numpy
        if value in (np.inf, -np.inf):  # no number of Excel
            return str(value)
        return None if value is None or value != value else value
    cell = import_extra("openpyxl.cell").WriteOnlyCell(sheet)
    if is_clock and DATE.fullmatch(value):
        cell.value = np.datetime64(value, "us").item()
        cell.number_format = "yyyy-mm-dd hh:mm:ss.000"
    elif value:
        cell.value = value
        cell.data_type = "s"  # text, even if it starts with =
    return cell


def read_sheet(path):
    """Read the header of the first sheet, as text, and its rows; dates become text."""
    openpyxl = import_extra("openpyxl")
    with open(path, "rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # which a file can declare at any size
        rows = []
        for row in sheet.iter_rows(values_only=True):
            if len(rows) > MAX_ROWS:  # which a file of few can pretend
                raise base.SegmentsError("there are more rows than Excel has.")
            rows.append([_plain(value) for value in row])
    width = max(map(len, rows), default=0)
    header, *rows = [row + [None] * (width - len(row)) for row in rows] or [[]]
    return ["" if name is None else one_line(name) for name in header], rows


def _plain(value):
    if not isinstance(value, date):
        return value
    return clock_text(np.datetime64(value), 0).removesuffix(" 00:00:00.000")
