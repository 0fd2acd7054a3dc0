"""Delimited text: the line that names the columns, and other lines that are no rows."""

import contextlib
import csv
import gzip
import io
import itertools
import re
import warnings
from typing import NamedTuple

from skl_tot.recordings.clocks import PLAIN, TIME, UNITS
from skl_tot.recordings.errors import refuse, repeated

# Lines that determine the decimal sign; rows among which the header is; rows that show
# which columns have numbers.
N_PROBES, N_FIRST, N_SHOWN = 1000, 200, 20
LONGEST = 2**21  # characters of a line
MOST_BYTES, MOST_TIMES = 2**24, 100  # of compressed text: some, and times the file
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
SEPARATOR = re.compile(r'"?sep=([,;\t|:])"?\s*')  # first line of some exports
_ATOM = r"(?:[mkcnuµμM]?(?:s|m|g|V|A|N|Nm|Pa|Hz|rad|T|W|l|L|K)|sec|min|h|G|deg|px|bpm"
_ATOM += r"|rpm|mmHg|°C?|%|a\.?u\.?)(?:\^?-?\d|[²³])?"
UNIT = re.compile(rf"[\[(]?{_ATOM}(?:[/*·. ]{_ATOM})*[\])]?")
REMEDY = "header=LINE (--header LINE) says which line names the columns"


# As pandas reads text: long rows would make the first column an index, and NA may be a
# name of a recording.
OPTIONS = {"header": None, "index_col": False, "keep_default_na": False}
OPTIONS |= {"skipinitialspace": True, "low_memory": False}


class _Row(NamedTuple):
    """Cells of a row, its line from 0, the line after it, and its comment sign."""

    cells: list
    line: int
    end: int
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

    _check_size(path)
    with _open(path) as file:
        lines = list(itertools.islice(_bounded(file), (header or 0) + N_PROBES))
        separators = "\t" if ".tsv" in path.name.lower() else ""
        head = _find_head(lines, separators, header, comment)
        rows = lines[head.end :]
        rows += itertools.islice((row for row in file if "," in row), N_PROBES)
        rows = [row for row in rows if not is_comment(row, comment)]
    is_comma, kinds = head.separator == ",", dict.fromkeys(keys, str)  # 007 is not 7
    options = {"sep": head.separator, "names": head.names, "dtype": kinds} | OPTIONS
    options["decimal"] = "." if is_comma else _find_decimal(rows, head.separator)
    options["na_values"] = {name: MISSING for name in head.names if name not in keys}
    with _open(path) as opened, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lost values
        try:
            table = pd.read_csv(_from_line(opened, head.end, comment), **options)
        except (pd.errors.ParserError, pd.errors.ParserWarning):
            found = f"rows have more cells than the header in line {head.line + 1}"
            raise ValueError(f"{found}; {REMEDY}.") from None
        except pd.errors.EmptyDataError:
            table = pd.DataFrame(columns=head.names)
    return table, head


def _is_compressed(path):
    return path.suffix.lower() == ".gz"


def _check_size(path):
    """Refuse text that is larger than a compressed file of this size should make."""
    most, n_bytes = MOST_BYTES + MOST_TIMES * path.stat().st_size, 0
    if _is_compressed(path):
        with gzip.open(path) as file:
            while chunk := file.read(2**20):
                n_bytes += len(chunk)
                if n_bytes > most:
                    raise ValueError(f"its text has more than {1e-6 * most:.0f} MB.")


def _open(path):
    opened = gzip.open if _is_compressed(path) else open
    return opened(path, "rt", encoding="utf-8-sig", newline="")


def _bounded(file):
    for number in itertools.count(1):
        line = file.readline(LONGEST)
        if not line:
            return
        if "\0" in line or len(line) == LONGEST:
            what = "NUL characters" if "\0" in line else f"over {LONGEST} characters"
            raise ValueError(f"its line {number} has {what}, expected cells of text.")
        yield line


def _from_line(file, line, comment):
    """Text from a line on, without lines that start with the sign of comments."""
    for _ in range(line):
        file.readline()
    if comment is None:
        return file
    kept = (own for own in file if not is_comment(own, comment))
    return io.StringIO("".join(kept), newline="")


def is_comment(line, comment):
    """Whether a line starts with the sign of comments, None for no such sign."""
    return comment is not None and line.lstrip().startswith(comment)


def _find_decimal(rows, separator):
    """Decimal sign in the numbers of some rows; a point if both occur."""
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
    _check_sign(comment)
    asked = SEPARATOR.fullmatch(lines[0]) if lines and header != 1 else None
    first, text = int(bool(asked)), "".join(lines)
    if header is not None:
        first, text = header - 1, "".join(lines[header - 1 : header])
        if not text.strip():
            refuse("header (--header)", header, "the number of a line with names")
    known = "".join(own for own in ",;\t" if own in text)
    separators = asked[1] if asked else separators or known or ","
    found = []
    for separator in separators:
        rows = list(_rows(lines, first, separator, comment, header is not None))
        numeric = _numeric_columns([row.cells for row in rows if not row.sign])
        places = _candidates(rows, numeric) if header is None else [0][: len(rows)]
        if not places:  # the first row, if other separators are no better
            places = [k for k, row in enumerate(rows) if not row.sign][:1] or [0]
            numeric = []
        n_cells = len(rows[places[0]].cells) if rows else 0
        found.append((bool(numeric), n_cells, separator, rows, numeric, places))
    *_, separator, rows, numeric, places = max(found, key=lambda own: own[:2])
    if not rows:
        raise ValueError("its first line is empty, expected names of the columns.")
    if len(places) > 1:
        both = " and ".join(str(rows[place].line + 1) for place in places[:2])
        raise ValueError(f"its lines {both} may both name the columns; {REMEDY}.")
    _check_sign(comment, separator)
    return _head_of(rows, separator, numeric, places[0], lines, header)


def _check_sign(comment, separator=None):
    sign = "#" if comment is None else comment.strip()
    if re.fullmatch(r"[+-]?\d*[.,]?\d*", sign) or sign[0] == separator:
        expected = "a sign that starts no number and separates no cells, as '#'"
        refuse("comment (--comment)", comment, expected)


def _rows(lines, first, separator, comment, is_asked=False):
    """Yield the first rows with text, from a line on, without asked comments."""
    reader = csv.reader(lines[first:], delimiter=separator, skipinitialspace=True)
    line = first
    with contextlib.suppress(csv.Error):  # a cell of many characters
        for cells in itertools.islice(reader, N_FIRST):
            text, end = lines[line].lstrip(), first + reader.line_num
            signs = (own for own in SIGNS if text.startswith(own) and own != separator)
            is_sign = is_comment(text, comment)
            is_left_out = is_sign and not (is_asked and line == first)
            if any(map(str.strip, cells)) and not is_left_out:
                sign = comment if is_sign else next(signs, "")
                yield _Row(list(map(str.strip, cells)), line, end, sign)
            line = end


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


def _candidates(rows, numeric):
    """Places of rows that may name the columns; columns ``numeric`` have numbers."""
    found: list = []
    above: list = []  # a row with numbers
    for place, row in enumerate(rows if numeric else []):
        cells = [*row.cells, *[""] * (numeric[-1] + 1)]
        cells = [cells[k] for k in numeric]
        texts = list(map(_is_text, cells))
        if row.sign:
            continue
        if not any(texts) and sum(map(_is_number, cells)) > MOSTLY * len(cells):
            if found:
                break
            above = above or [place]
        elif all(texts[len(numeric) > 1 and numeric[0] == 0 :]):  # an index has no name
            found += [] if found and _has_units(row.cells) else [place]
    if found:
        return above + found
    for place in above:  # numpy writes the names after a sign
        row = rows[place - 1]
        if place and row.sign and len(row.cells) == len(rows[place].cells):
            return [place - 1]
    return []


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
    end = row.end
    for below in rows[place + 1 : place + 2]:
        cells = [*below.cells, *[""] * len(names)]
        is_text = header is not None and all(_is_text(cells[k]) for k in numeric)
        if numeric and (_has_units(below.cells) or is_text):
            end, units = below.end, below.cells
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
    if names[0] == "scorer":
        found = "it is a track of DeepLabCut, which must stay unchanged"
        raise ValueError(f"{found}: *.csv with commas, without by (--by).")
    is_counted = names == [str(i) for i in range(len(names))]  # pandas' default names
    if rows and _has_values(*rows) and not is_counted:
        refuse(f"its line {line}", names, f"names of the columns: {REMEDY}")
    for name in repeated(names)[:1]:
        raise ValueError(f"it has two columns {name!r} in line {line}, expected one.")
