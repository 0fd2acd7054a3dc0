"""Workbooks of Excel: sheets with a table each."""

import io
import re
import warnings
import zipfile
from datetime import date, time, timedelta
from pathlib import Path

import numpy as np

from skl_tot.io.formats import base
from skl_tot.recordings.clocks import clock_text
from skl_tot.recordings.errors import import_extra, one_line, refuse

MAX_ROWS = 2**20 - 1  # of a sheet, beside its header
MAX_WIDTH = 60  # characters of a column
MOST_TEXT = 2**15 - 1  # characters of a cell
GENERAL = "General"  # format of cells without another one
MAX_COLUMNS = 1000
# Most bytes of parts that unpack to over a multiple of their size, which is up to 23
# for equal rows.
MOST_SMALL, MOST_PACKED = 2**20, 50
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d{1,6})?)?")


def write_workbook(tables, path):
    """Write tables by the names of their sheets; clock times become dates."""
    book = import_extra("openpyxl").Workbook(write_only=True)
    for title, table in tables.items():
        if len(table) > MAX_ROWS:
            expected = f"at most {MAX_ROWS} for .xlsx; .csv and .parquet take more"
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
    # on paper, all columns of a row are on one page, below the head
    sheet.print_title_rows, sheet.page_setup.orientation = "1:1", "landscape"
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_setup.fitToHeight = 0
    head, formats = [], []
    for number, (name, column) in enumerate(table.items(), start=1):
        formats.append(_format_of(name, column))
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
        sheet.append([_cell(sheet, *pair) for pair in zip(row, formats)])


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
    _check_size(path)
    excel = import_extra("openpyxl.reader.excel")
    with open(path, "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and lists
        reader = excel.ExcelReader(file, read_only=True, data_only=True)
        reader.read_chartsheet = lambda *_: None  # fails without a chart
        reader.read()
        visible = [x for x in reader.wb.worksheets if x.sheet_state == "visible"]
        if not visible:
            raise base.SegmentsError("there is no visible sheet of cells; show one.")
        visible[0].reset_dimensions()  # which a file can declare at any size
        header = list(next(visible[0].iter_rows(values_only=True), ()))
        while header and header[-1] is None:
            header.pop()
        if len(header) > MAX_COLUMNS:  # each row can pretend to have as many
            raise base.SegmentsError(f"there are over {MAX_COLUMNS} columns.")
        rows = []
        for row in visible[0].iter_rows(2, max_col=max(len(header), 1)):
            if len(rows) == MAX_ROWS:  # which a file of few can pretend
                raise base.SegmentsError("there are more rows than Excel has.")
            rows.append([None if x.value is None else _plain(x) for x in row])
    return ["" if name is None else one_line(name) for name in header], rows


def _check_size(path):
    """Refuse an archive with parts that unpack to far more than spreadsheets do."""
    # part by part, as a picture of noise beside it would hide a bomb in the whole
    with zipfile.ZipFile(path) as archive:
        sizes = [(part.file_size, part.compress_size) for part in archive.infolist()]
    n_bytes = sum(size for size, packed in sizes if size > MOST_PACKED * packed)
    if n_bytes > MOST_SMALL:
        expected = f"at most {MOST_PACKED} times the size of the file; save it again"
        raise base.SegmentsError(f"it unpacks to {n_bytes} bytes, expected {expected}.")


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
