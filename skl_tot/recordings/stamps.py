"""Times and numbers as text: durations, dates, decimal commas."""

import contextlib

import numpy as np

# 1.5 or 1,5, and 1,234 or 1,234,567.8
DECIMAL = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?"
GROUPED = r"(?=.*\d)(?:[+-]?[1-9]\d{0,2}(?:,\d{3})*(?:\.\d*)?|[+-]?0?(?:\.\d*)?)"
# 1:02:03.5 or 02:03,5, perhaps after days
DURATION = r"(?:\d+ days?,? )?\d+:\d{1,2}(?::\d{1,2})?(?:[.,]\d*)?"
SHORT = r"\d+:\d{1,2}"
# with the year first, or last
ISO = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{8}T.*"
DATE = r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?!\d)"
MONTHS = r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
# Share of cells in one format from which the others count as slips.
MOSTLY = 0.5


def read_numbers(text):
    """Numbers of a Series of text as floats; None if a cell is no number.

    A comma is a decimal sign or a thousands separator, whichever all cells allow.
    Missing and blank cells are NaN.

    >>> import pandas as pd
    >>> read_numbers(pd.Series(["0", "0,5", "1,25"])).tolist()
    [0.0, 0.5, 1.25]
    >>> read_numbers(pd.Series(["0", "20,000", "1,040,000"])).tolist()
    [0.0, 20000.0, 1040000.0]
    >>> read_numbers(pd.Series(["0", "half"]))
    """
    import pandas as pd

    text = text.str.strip()
    text = text.mask(text == "")
    cells = text.dropna()
    with_comma = cells[cells.str.contains(",")]
    if len(with_comma) and cells.str.fullmatch(GROUPED).all():
        has_others = len(with_comma) < len(cells)  # 5 beside 1,234: decimal commas
        if not has_others and with_comma.str.fullmatch(DECIMAL).all():
            example = with_comma.iloc[0]
            raise ValueError(
                f"{example!r} may be {example.replace(',', '')} or "
                f"{example.replace(',', '.')}; expected decimals with a point, or "
                "numbers without a comma."
            )
        text = text.str.replace(",", "")
    elif not cells.str.fullmatch(DECIMAL).all():
        return None
    elif len(with_comma) and cells.str.contains(".", regex=False).any():
        return None  # ambiguous sign
    numbers = text.str.replace(",", ".")
    return pd.to_numeric(numbers, errors="coerce").to_numpy(float, na_value=np.nan)


def read_times(text, unit=1.0):
    """Seconds of a Series of text: numbers in a unit, durations, or dates.

    Dates count from the first one. Errors give the cell and its row.
    """
    text = text.str.strip()
    text = text.mask(text == "")
    numbers = read_numbers(text)
    if numbers is not None:
        return numbers * unit
    cells = text.dropna()
    for pattern, read in FORMS.items():
        is_fit = cells.str.fullmatch(pattern)
        if is_fit.all() and read is not None:
            return read(text)
        if is_fit.mean() > MOSTLY:
            row = int(np.argmax(text.notna() & ~text.str.fullmatch(pattern, na=True)))
            raise ValueError(
                f"{text.iloc[row]!r} in row {row} is no time in the format of others."
            )
    return _read_words(text)


def _read_durations(text):
    """Seconds of 1:02:03.5, 02:03.5 or 2 days 01:02:03."""
    import pandas as pd

    short = text[text.str.fullmatch(SHORT, na=False)]
    if len(short):
        raise ValueError(
            f"{short.iloc[0]!r} may be minutes and seconds, or hours and minutes; "
            "expected hours:minutes:seconds."
        )
    text = text.str.replace("(days?),", r"\1", regex=True).str.replace(",", ".")
    text = text.str.replace(rf"^({SHORT}\.)", r"0:\1", regex=True)
    return pd.to_timedelta(text).dt.total_seconds().to_numpy(float)


def _read_iso(text):
    """Seconds since the first of dates that start with the year."""
    import pandas as pd

    text = text.str.replace(r"(:\d{2}),(\d)", r"\1.\2", regex=True)
    has_half = text.str.contains(r"(?i)[ap]m$", na=False).all()
    form = "%Y-%m-%d %I:%M:%S %p" if has_half else "ISO8601"
    return since_first(pd.to_datetime(text, utc=True, format=form))


def _read_dates(text):
    """Seconds since the first of dates that end with the year."""
    text = text.str.replace(r"\b(\d)(?=[./-])", r"0\1", regex=True)
    text = text.str.replace(r"^(.{6})(\d\d)(?!\d)", r"\g<1>20\2", regex=True)
    is_dotted = text.str.match(r"\d+\.", na=True).all()  # starts with the day
    found = []
    for order in (r"\3-\2-\1",) if is_dotted else (r"\3-\2-\1", r"\3-\1-\2"):
        with contextlib.suppress(ValueError):
            found.append(_read_iso(text.str.replace(DATE, order, regex=True)))
    if not found:
        raise ValueError(f"{text.iloc[0]!r} and others are no dates of a calendar.")
    forward = [times for times in found if (np.diff(times) > 0).all()] or found
    if not np.array_equal(forward[0], forward[-1], equal_nan=True):
        raise ValueError(
            f"{text.iloc[0]!r} may start with the day or the month; expected dates "
            "that start with the year."
        )
    return forward[0]


def _read_words(text):
    """Seconds since the first of dates with month names."""
    import pandas as pd

    dates = text.where(text.str.contains(MONTHS, na=False))
    dates = pd.to_datetime(dates, utc=True, format="mixed", errors="coerce")
    bad = np.flatnonzero(dates.isna() & text.notna())
    if bad.size:
        raise ValueError(f"{text.iloc[bad[0]]!r} in row {bad[0]} is no time.")
    return since_first(dates)


def since_first(stamps):
    """Seconds since the first of a Series of dates."""
    return (stamps - stamps.iloc[0]).dt.total_seconds().to_numpy(float)


# Readers by format of a cell, after numbers.
FORMS = {
    DECIMAL: None,
    DURATION: _read_durations,
    ISO: _read_iso,
    rf"{DATE}.*": _read_dates,
}
