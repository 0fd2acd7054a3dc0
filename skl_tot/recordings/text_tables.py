"""Delimited text: the line that names the columns, and other lines that are no rows."""

import csv
import itertools
import re
import warnings
from collections import Counter
from typing import NamedTuple

from sklearn.utils.fixes import parse_version

from skl_tot.recordings.clocks import PLAIN, TIME
from skl_tot.recordings.columns import UNIT, UNITS
from skl_tot.recordings.errors import import_extra, refuse, repeated

# Lines that determine header and decimal sign: at the start, and below as many rows.
N_PROBES = 1000
# Cells without a value, as pandas defines them.
MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None"]
MISSING += ["<NA>", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN"]
REMEDY = "header=LINE (--header LINE) says which line names the columns"


class Head(NamedTuple):
    """Names and line of a header, the line of the first row, and lines around it."""

    names: list
    line: int
    end: int
    separator: str
    above: list
    units: list


def read_text_table(path, keys, header=None):
    """Table of a file of delimited text, and its `Head`; columns ``keys`` are text."""
    with open(path, encoding="utf-8-sig") as file:
        lines = list(itertools.islice(file, (header or 0) + N_PROBES))
        if any("\0" in line for line in lines):
            raise ValueError("it has NUL characters, expected cells of text.")
        separators = "\t" if path.suffix.lower() == ".tsv" else "\t;,"
        head = _find_head(lines, separators, header)
        rows = lines[head.end :]
        rows += itertools.islice((row for row in file if "," in row), N_PROBES)
    decimal = _find_decimal(rows, head.separator)
    with open(path, encoding="utf-8-sig") as file:
        for _ in range(head.end):
            file.readline()
        return _read_rows(file, head, keys, decimal), head


def _read_rows(file, head, keys, decimal):
    """Read the rows below a header as a data frame; columns ``keys`` are text."""
    pd = import_extra("pandas")
    # before version 3.1, the default is off by one unit in the last place
    is_exact = parse_version(pd.__version__) >= parse_version("3.1")
    precision = {} if is_exact else {"float_precision": "round_trip"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # lost values
            return pd.read_csv(
                file,
                sep=head.separator,
                header=None,
                names=head.names,
                index_col=False,  # else long rows would make the first column an index
                decimal=decimal,
                dtype=dict.fromkeys(keys, str),  # 007 is not 7, and NA may be a name
                keep_default_na=False,
                na_values={name: MISSING for name in head.names if name not in keys},
                skipinitialspace=True,
                skip_blank_lines=len(head.names) > 1,  # else they are empty cells
                low_memory=False,
                **precision,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning):
        shown = f"rows have more cells than the header in line {head.line + 1}"
        raise ValueError(f"{shown}; {REMEDY}.") from None
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=head.names)


def _find_decimal(rows, separator):
    """Decimal sign in the numbers of some rows; a point if both occur."""
    if separator == ",":
        return "."
    thousands = re.compile(r" *[+-]?[1-9]\d{0,2},\d{3} *")
    pattern = re.compile(r" *[+-]?\d*([.,])\d+(e[+-]?\d+)? *", re.IGNORECASE)
    signs, ambiguous, doubtful, is_clear = set(), [], [], False
    for cells in itertools.zip_longest(*csv.reader(rows, delimiter=separator)):
        filled = [cell for cell in cells if cell and cell.strip()]
        decimals = [match for cell in filled if (match := pattern.fullmatch(cell))]
        signs.update(match[1] for match in decimals)
        commas = [match[0] for match in decimals if match[1] == ","]
        if not all(map(thousands.fullmatch, commas)):
            is_clear = True
        elif len(commas) < len(filled):
            ambiguous += commas
        else:  # decimals, if another column has some
            doubtful += commas
    if signs != {","}:
        return "."
    for cell in ambiguous or ([] if is_clear else doubtful):
        shown = f"{cell.strip()!r} may have thousands or decimals"
        raise ValueError(f"{shown}; expected decimals with a point.")
    return ","


# ---------------------------------------------------------------------- the header


class _Row(NamedTuple):
    """Cells of a line, its number from 0, and whether it starts with a sign."""

    cells: list
    line: int
    has_sign: bool


def _find_head(lines, separators, header):
    """Header among the first lines, or in line ``header``, by the best separator."""
    if header is not None and not "".join(lines[header - 1 : header]).strip():
        refuse("header (--header)", header, "the number of a line with names")
    choices = []
    text = "".join(lines)
    for separator in [sign for sign in separators if sign in text] or [","]:
        rows = _rows(lines, separator, header)
        if not rows:
            raise ValueError("its first line is empty, expected names of the columns.")
        n_cells, place = _find_names(rows) if header is None else (1, 0)
        n_names = 0 if place is None else len(rows[place].cells)
        # one name of rows of one cell may be a line that has another separator
        choices.append((n_names if n_names > 1 else 0, n_cells, separator, rows, place))
    *_, separator, rows, place = max(choices, key=lambda choice: choice[:2])
    if place is None:
        place = next((k for k, row in enumerate(rows) if not row.has_sign), 0)
    return _head_of(rows, place, separator, lines, is_given=header is not None)


def _rows(lines, separator, header):
    """Rows with text, from the header on if it is given."""
    rows = []
    first = 0 if header is None else header - 1
    signs = ("#", "%", "//", *(() if separator == ";" else ";"))
    for number, line in enumerate(lines[first:], start=first):
        reader = csv.reader([line], delimiter=separator, skipinitialspace=True)
        cells = [cell.strip() for cell in next(reader, [])]
        if any(cells):
            rows.append(_Row(cells, number, line.lstrip().startswith(signs)))
    return rows


def _find_names(rows):
    """Usual number of cells, and place of the row that names the columns, or None."""
    # It has as many cells as most rows, and stands above the first row with a number.
    n_cells = Counter(len(row.cells) for row in rows[-20:]).most_common(1)[0][0]
    for place, row in enumerate(rows):
        if row.has_sign or len(row.cells) < n_cells:
            continue
        if any(map(_is_number, row.cells)):
            before = rows[place - 1]
            has_names = place and before.has_sign and len(before.cells) == n_cells
            return n_cells, place - 1 if has_names else None  # as numpy writes names
        if all(row.cells[1:n_cells]):  # an index has no name
            return n_cells, place
    return n_cells, None


def _is_number(cell):
    return bool(PLAIN.fullmatch(cell.replace(",", ".")))


def _is_text(cell):
    return not (_is_number(cell) or TIME.fullmatch(cell) or cell in [*MISSING, "-"])


def _head_of(rows, place, separator, lines, is_given):
    """Header in a row, with the lines around it that are no rows."""
    row, units = rows[place], []
    names = [re.sub(r"^(#|%|//) *(?=.)", "", row.cells[0]), *row.cells[1:]]
    names = [name or f"Unnamed: {k}" for k, name in enumerate(names)]
    above = [other.line for other in rows[:place]]
    if repeated(names) and row.line:
        groups = next(csv.reader([lines[row.line - 1]], delimiter=separator), [])
        if len(groups) > 1:
            names = _with_groups(names, groups)
            above = [line for line in above if line != row.line - 1]
    end = row.line + 1
    _check_names(names, end, is_given)
    if len(rows) > place + 2 and _has_units(*rows[place + 1 : place + 3]):
        end, units = rows[place + 1].line + 1, rows[place + 1].cells
        names = list(map(_with_unit, names, [*units, *[""] * len(names)]))
        _check_names(names, end, is_given)
    above = [lines[line].strip() for line in above]
    return Head(names, row.line, end, separator, above, units)


def _has_units(row, below):
    """Whether a row has words or nothing where the row below it has numbers."""
    pairs = itertools.zip_longest(row.cells, below.cells, fillvalue="")
    above = [cell for cell, number in pairs if _is_number(number)]
    return any(above) and all(_is_text(cell) for cell in above if cell)


def _with_groups(names, groups):
    """Put the name of its group, in the line above, before each name."""
    padded = [group.strip() for group in groups] + [""] * len(names)
    filled = itertools.accumulate(padded, lambda last, group: group or last)
    return [f"{group} {name}".strip() for group, name in zip(filled, names)]


def _with_unit(name, unit):
    """Add a unit of time to a name, as the clock may need it."""
    unit = unit.strip("[]()")
    has_unit = UNIT.fullmatch(name.lower()) or unit not in UNITS or unit == "s"
    return name if has_unit else f"{name} ({unit})"


def _check_names(names, line, is_given):
    n_numbers = sum(map(_is_number, names))
    is_counted = names == [str(i) for i in range(len(names))]  # pandas' default names
    if n_numbers > is_given * (len(names) - 1) and not is_counted:
        refuse(f"its line {line}", names, f"names of the columns: {REMEDY}")
    for name in repeated(names)[:1]:
        raise ValueError(f"it has two columns {name!r} in line {line}, expected one.")
