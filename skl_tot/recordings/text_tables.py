"""Delimited text: the line that names the columns, and other lines that are no rows."""

import csv
import gzip
import io
import itertools
import re
import warnings
from typing import NamedTuple

from skl_tot.recordings.clocks import PLAIN, TIME, UNITS
from skl_tot.recordings.errors import refuse, repeated

# Lines that determine the decimal sign; lines among which the header is; rows that show
# which columns have numbers.
N_PROBES, N_FIRST, N_SHOWN = 1000, 200, 20
THOUSANDS = re.compile(r" *[+-]?[1-9]\d{0,2},\d{3} *")
DECIMALS = re.compile(r" *[+-]?\d*([.,])\d+(e[+-]?\d+)? *", re.IGNORECASE)
# Cells without a value, as pandas defines them.
MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None"]
MISSING += ["<NA>", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN"]
# Cells that are no names of columns, beside numbers.
NO_NAMES = {*MISSING, "-", "inf", "-inf", "Inf", "-Inf"}
# Share of cells without numbers above which a column is text.
MOSTLY = 0.5
SIGNS = ("#", "%", "//", ";")  # starts of lines above the header that are no rows
_ATOM = r"(?:[mkcnuµμM]?(?:s|m|g|V|A|N|Nm|Pa|Hz|rad|T|W|l|L|K)|sec|min|h|G|deg|px|bpm"
_ATOM += r"|rpm|mmHg|°C?|%|a\.?u\.?)(?:\^?-?\d|[²³])?"
UNIT = re.compile(rf"[\[(]?{_ATOM}(?:[/*·. ]{_ATOM})*[\])]?")
REMEDY = "header=LINE (--header LINE) says which line names the columns"


class _Row(NamedTuple):
    """Cells of a line, its number from 0, and its sign if it starts with one."""

    cells: list
    line: int
    sign: str


class Head(NamedTuple):
    """Names and line of a header, the line of the first row, and lines around it."""

    names: list
    line: int
    end: int
    separator: str
    above: list
    units: list


def read_text_table(path, keys, header=None, comment=None):
    """Table of a file of delimited text, and its `Head`; columns ``keys`` are text."""
    import pandas as pd

    with _open(path) as file:
        lines = list(itertools.islice(file, (header or 0) + N_PROBES))
        if any("\0" in line for line in lines):
            raise ValueError("it has NUL characters, expected cells of text.")
        separators = "\t" if ".tsv" in path.name.lower() else ""
        head = _find_head(lines, separators, header, comment)
        rows = lines[head.end :]
        rows += itertools.islice((row for row in file if "," in row), N_PROBES)
    rows = [row for row in rows if not is_comment(row, comment)]
    with _open(path) as file, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lost values
        for _ in range(head.end):
            file.readline()
        text = file
        if comment is not None:
            kept = (line for line in file if not is_comment(line, comment))
            text = io.StringIO("".join(kept))
        try:
            table = pd.read_csv(
                text,
                sep=head.separator,
                header=None,
                names=head.names,
                index_col=False,  # else long rows would make the first column an index
                decimal=_find_decimal(rows, head.separator),
                dtype=dict.fromkeys(keys, str),  # 007 is not 7, and NA may be a name
                keep_default_na=False,
                na_values={name: MISSING for name in head.names if name not in keys},
                skipinitialspace=True,
                low_memory=False,
            )
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            found = f"rows have more cells than the header in line {head.line + 1}"
            raise ValueError(f"{found}; {REMEDY}.") from None
        except pd.errors.EmptyDataError:
            table = pd.DataFrame(columns=head.names)
    return table, head


def _open(path):
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    return opened(path, "rt", encoding="utf-8-sig")


def is_comment(line, comment):
    """Whether a line starts with the sign of comments, None for no such sign."""
    return comment is not None and line.lstrip().startswith(comment)


def _find_decimal(rows, separator):
    """Decimal sign in the numbers of some rows; a point if both occur."""
    if separator == ",":
        return "."
    signs, unsure = set(), []
    for cells in itertools.zip_longest(*csv.reader(rows, delimiter=separator)):
        filled = [cell for cell in cells if cell and cell.strip()]
        found = [match for cell in filled if (match := DECIMALS.fullmatch(cell))]
        signs.update(match[1] for match in found)
        commas = [match[0] for match in found if match[1] == ","]
        if all(map(THOUSANDS.fullmatch, commas)) and len(commas) < len(filled):
            unsure += commas
    if signs != {","}:
        return "."
    if unsure:
        found = f"{unsure[0].strip()!r} may have thousands or decimals"
        raise ValueError(f"{found}; expected decimals with a point.")
    return ","


# ---------------------------------------------------------------------- the header


def _find_head(lines, separators, header, comment):
    """Find the header among the first lines, or take the given one."""
    first, text = 0, "".join(lines)
    if header is not None:
        first, text = header - 1, "".join(lines[header - 1 : header])
        if not text.strip():
            refuse("header (--header)", header, "the number of a line with names")
    present = "".join(own for own in ",;\t" if own in text)
    found = []
    for separator in separators or present or ",":
        rows = list(_rows(lines, first, separator, comment, header is not None))
        numeric = _numeric_columns([row.cells for row in rows if not row.sign])
        places = _places_of_names(rows, numeric) if header is None else [0]
        if not places:  # the first row, if other separators are no better
            places = [k for k, row in enumerate(rows) if not row.sign][:1] or [0]
            numeric = []
        n_cells = len(rows[places[0]].cells) if rows else 0
        found.append((bool(numeric), n_cells, separator, rows, numeric, places))
    *_, separator, rows, numeric, places = max(found, key=lambda own: own[:2])
    _check_sign(comment, separator)
    if not rows:
        raise ValueError("its first line is empty, expected names of the columns.")
    if len(places) > 1:
        both = " and ".join(str(rows[place].line + 1) for place in places[:2])
        raise ValueError(f"its lines {both} may both name the columns; {REMEDY}.")
    return _head_of(rows, separator, numeric, places[0], lines, header)


def _check_sign(comment, separator):
    sign = "#" if comment is None else comment.strip()
    if re.fullmatch(r"[+-]?\d*[.,]?\d*", sign) or sign[0] == separator:
        expected = "a sign that starts no number and separates no cells, as '#'"
        refuse("comment (--comment)", comment, expected)


def _rows(lines, first, separator, comment, is_asked):
    """Yield the first rows with text, from a line on, without asked comments."""
    for number, line in enumerate(lines[first : first + N_FIRST], start=first):
        reader = csv.reader([line], delimiter=separator, skipinitialspace=True)
        cells = [cell.strip() for cell in next(reader, [])]
        is_header = is_asked and number == first
        sign = comment if is_comment(line, comment) else ""
        if not any(cells) or (sign and not is_header):
            continue
        signs = (own for own in SIGNS if own != separator and is_comment(line, own))
        yield _Row(cells, number, sign or next(signs, ""))


def _numeric_columns(rows):
    """Columns in which most cells of some rows far down are numbers."""
    shown = rows[len(rows) // 2 :][-N_SHOWN:]
    columns = []
    for k, cells in enumerate(itertools.zip_longest(*shown, fillvalue="")):
        filled = [cell for cell in cells if cell not in NO_NAMES]
        if sum(map(_is_number, filled)) > MOSTLY * len(filled):
            columns.append(k)
    return columns


def _is_number(cell):
    return bool(PLAIN.fullmatch(cell.replace(",", ".")))


def _is_text(cell):
    return not (cell in NO_NAMES or _is_number(cell))


def _places_of_names(rows, numeric):
    """Places of rows that may name the columns, above the first row of numbers."""
    places: list = []
    for place, row in enumerate(rows if numeric else []):
        cells = [*row.cells, *[""] * (numeric[-1] + 1)]
        texts = [_is_text(cells[k]) for k in numeric]
        n_numbers = sum(_is_number(cells[k]) for k in numeric)
        if row.sign:
            continue
        if not any(texts) and n_numbers > MOSTLY * len(numeric):
            before = rows[place - 1]
            is_below = place and before.sign and len(before.cells) == len(row.cells)
            return places or [place - 1] * bool(is_below)  # as numpy writes names
        is_index = len(numeric) > 1 and numeric[0] == 0  # has no name
        if all(texts[is_index:]) and not (places and _has_units(row.cells)):
            places.append(place)
    return places


def _has_units(cells):
    filled = [cell for cell in cells if cell not in NO_NAMES]
    return bool(filled) and all(map(UNIT.fullmatch, filled))


def _has_values(row, *rows):
    """Whether the cells of a row are numbers, times, or words of rows below it."""
    below = itertools.zip_longest(*(own.cells for own in rows))
    for cell, others in itertools.zip_longest(row.cells, below, fillvalue=""):
        is_word = _is_text(cell) and not TIME.fullmatch(cell)
        if is_word and cell not in others:
            return False
    return True


def _head_of(rows, separator, numeric, place, lines, header):
    """Header in a row, with the lines around it that are no rows."""
    row, units = rows[place], []
    first = row.cells[0].removeprefix(row.sign).strip()
    names = [first or row.cells[0], *row.cells[1:]]
    names = [name or f"Unnamed: {k}" for k, name in enumerate(names)]
    above = [own.line for own in rows[:place]]
    if repeated(names) and row.line:
        groups = next(csv.reader([lines[row.line - 1]], delimiter=separator), [])
        if len(groups) > 1:
            names = _with_groups(names, groups)
            above = [line for line in above if line != row.line - 1]
    _check_names(names, rows[place:] if header or not numeric else [], row.line + 1)
    end = row.line + 1
    for below in rows[place + 1 : place + 2]:
        cells = [*below.cells, *[""] * len(names)]
        is_text = header is not None and all(_is_text(cells[k]) for k in numeric)
        if numeric and (_has_units(below.cells) or is_text):
            end, units = below.line + 1, below.cells
            names = list(map(_with_unit, names, cells))
    above = [lines[line].strip() for line in above]
    return Head(names, row.line, end, separator, above, units)


def _with_groups(names, groups):
    """Put the name of its group, in the line above, before each name."""
    padded = [own.strip() for own in groups] + [""] * len(names)
    filled = itertools.accumulate(padded, lambda last, own: own or last)
    return [f"{own} {name}".strip() for own, name in zip(filled, names)]


def _with_unit(name, unit):
    """Add a unit of time to a name, as the clock may need it."""
    unit = unit.strip("[]()")
    return f"{name} ({unit})" if unit in UNITS and unit != "s" else name


def _check_names(names, rows, line):
    """Refuse a header of values, as ``rows`` below it have, or with two equal names."""
    is_counted = names == [str(i) for i in range(len(names))]  # pandas' default names
    if rows and _has_values(*rows) and not is_counted:
        refuse(f"its line {line}", names, f"names of the columns: {REMEDY}")
    for name in repeated(names)[:1]:
        raise ValueError(f"it has two columns {name!r} in line {line}, expected one.")
