"""Tables of recordings: reading and splitting."""

import csv
import gzip
import itertools
import re
import warnings

import numpy as np

from skl_tot.extras import import_extra
from skl_tot.recordings.errors import one_line, short_repr, warn_user
from skl_tot.recordings.stamps import GROUPED
from skl_tot.recordings.text import find_separator

# Rows that determine the decimal sign, numbers with one, and ambiguous numbers.
N_PROBES = 1000
DECIMALS = re.compile(r" *[+-]?\d*([.,])\d+(e[+-]?\d+)? *", re.IGNORECASE)
# Cells without a value, as pandas defines them.
MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None"]
MISSING += ["<NA>", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN"]
THOUSANDS = re.compile(r" *[+-]?[1-9]\d{0,2},\d{3} *")


def read_tables(paths, names, by, is_asked=True):
    """Read files into a data frame per recording, or split them by columns ``by``.

    Returns a dict by name, in order. Without ``is_asked``, a file that lacks ``by`` is
    one recording.
    """
    import pandas as pd

    if by is None:
        _check_distinct(paths, names)
    keys = [by] if isinstance(by, str) else by or []
    read = [_read_table(path, keys) for path in paths]
    if by is not None and not is_asked and not any(map(set(keys).intersection, read)):
        warn_user(
            f"{one_line(paths[0])} has no column {keys[0]!r}, which names the "
            "recordings of the model; each file is taken as one recording."
        )
        by = None
        _check_distinct(paths, names)
    if by is None:
        return dict(zip(names, read))
    for path, table in zip(paths, read):
        for key in keys:
            if key not in table.columns:
                raise ValueError(
                    f"{one_line(path)} has no column {key!r} that names recordings "
                    f"(by, --by), expected one of {short_repr(list(table.columns))}."
                )
    for (path, table), (other_path, other) in itertools.pairwise(zip(paths, read)):
        if set(table.columns) != set(other.columns):
            odd = sorted(set(table.columns) ^ set(other.columns))
            raise ValueError(
                f"{one_line(path)} and {one_line(other_path)} are not of one table, "
                f"as only one has column {odd[0]!r}."
            )
    if len(read) == 1:
        return _split(read[0], keys)
    return _split(pd.concat(read, ignore_index=True), keys)


def _check_distinct(paths, names):
    """Refuse two files with one name."""
    seen = {}
    for path, name in zip(paths, names):
        if name in seen:
            raise ValueError(
                f"{one_line(seen[name])} and {one_line(path)} are both {name!r}, "
                "expected one file for each recording."
            )
        seen[name] = path


def _read_table(path, keys):
    """Read a file with distinct column names."""
    import pandas as pd

    read = _read_parquet if path.suffix.lower() == ".parquet" else _read_text
    try:
        table = read(path, keys)
    except ImportError:
        raise
    except UnicodeDecodeError:
        raise ValueError(
            f"{one_line(path)} is no text in UTF-8; save it as such, as spreadsheets "
            "do with 'CSV UTF-8'."
        ) from None
    except pd.errors.ParserWarning:
        raise ValueError(
            f"{one_line(path)} cannot be read: rows have more cells than its first "
            "line, which has to name the columns."
        ) from None
    except Exception as error:  # a broken file raises many types
        raise ValueError(
            f"{one_line(path)} cannot be read: {one_line(error)}"
        ) from None
    table.columns = [str(name).strip() for name in table.columns]
    for name in table.columns[table.columns.duplicated()]:
        raise ValueError(f"{one_line(path)} has two columns {name!r}, expected one.")
    if len(table) == 0:
        raise ValueError(f"{one_line(path)} has no rows, expected one for each frame.")
    return table


def _read_parquet(path, keys):
    """Read a Parquet file, with its row index among the columns."""
    import pandas as pd

    import_extra("pyarrow")
    table = pd.read_parquet(path, engine="pyarrow")
    is_plain = isinstance(table.index, pd.RangeIndex) and table.index.name is None
    return table if is_plain else table.reset_index()


def _read_text(path, keys):
    """Read delimited text with one header line."""
    import pandas as pd

    separator, decimal, names = _find_dialect(path)
    as_text = {name: str for name in names if name.strip() in keys}  # 007 is not 7
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lost values
        return pd.read_csv(
            path,
            sep=separator,
            decimal=decimal,
            skipinitialspace=True,
            encoding="utf-8-sig",
            index_col=False,  # else long rows make the first column an index
            low_memory=False,  # one type per column
            dtype=as_text,
            keep_default_na=False,  # NA may be a name
            na_values={name: MISSING for name in names if name not in as_text},
        )


def _find_dialect(path):
    """Separator, decimal sign and column names of a file, from its first lines."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        header, rows = file.readline(), list(itertools.islice(file, N_PROBES))
    if not header.strip():
        raise ValueError("its first line is empty, expected names of the columns.")
    if ".tsv" in [suffix.lower() for suffix in path.suffixes]:
        separator = "\t"
    else:
        separator = find_separator(header)
    names = next(csv.reader([header], delimiter=separator, skipinitialspace=True))
    _check_names([name.strip() for name in names])
    return separator, _find_decimal(rows, separator), names


def _find_decimal(rows, separator):
    """Decimal sign in the numbers of some rows; a point if ambiguous.

    1,234 and 5,678 have decimals, unless commas separate; 0 and 20,000 have thousands.
    """
    signs, thousands = set(), []
    for cells in itertools.zip_longest(*csv.reader(rows, delimiter=separator)):
        numbers = [match for cell in cells if (match := DECIMALS.fullmatch(cell or ""))]
        unsure = [match for match in numbers if THOUSANDS.fullmatch(match[0])]
        if separator == "," or len(unsure) < len(list(filter(None, cells))):
            numbers = [match for match in numbers if match not in unsure]
            words = filter(None, (cell and cell.strip() for cell in cells))
            if all(re.fullmatch(GROUPED, word) for word in words):
                thousands += [match[0] for match in unsure]
        signs.update(match[1] for match in numbers)
    if signs == {","} and thousands and separator != ",":
        raise ValueError(
            f"{thousands[0]!r} seems to have thousands, but other numbers have commas "
            "of decimals; expected one of them."
        )
    return "," if signs == {","} else "."


def _check_names(names):
    """Refuse a first line without names, or with two equal ones."""
    if names[0] == "scorer":
        raise ValueError(
            "it is a track of DeepLabCut, which must stay unchanged: *.csv with "
            "commas, without by (--by)."
        )
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ValueError(f"it has two columns {name!r}, expected one.")
    is_counted = names == [str(i) for i in range(len(names))]  # pandas' default names
    if not is_counted and all(map(_is_number, names)):
        raise ValueError(
            f"its first line is {short_repr(names)}, expected names of the columns."
        )


def _is_number(text):
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _split(table, keys):
    """Rows of each recording, in order of appearance.

    Several columns give names like an index of several levels.
    """
    texts = [_names_in(table[key]) for key in keys]
    names, n_recordings = texts[0], len(set(zip(*texts)))
    for text in texts[1:]:
        names = names + "/" + text
    if len(set(names)) < n_recordings:
        raise ValueError(
            f"the columns {short_repr(keys)} give two recordings the same name, as one "
            "has a slash; expected names without."
        )
    parts = table.drop(columns=keys).groupby(names, sort=False)
    return {name: part.reset_index(drop=True) for name, part in parts}


def _names_in(column):
    """Text of a column of recording names, an array of objects."""
    import pandas as pd

    if pd.api.types.is_string_dtype(column):
        column = column.str.strip()
    missing = np.flatnonzero(column.isna() | (column == ""))
    if missing.size:
        raise ValueError(
            f"column {column.name!r} is empty in row {missing[0]}, expected a "
            "recording's name."
        )
    if column.dtype.kind == "f" and (column == np.trunc(column)).all():
        column = column.astype(np.int64)
    return column.astype(str).to_numpy(dtype=object)
