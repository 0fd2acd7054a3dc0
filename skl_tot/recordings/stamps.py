"""Times and numbers that are written as text: durations, dates, decimal commas."""

import numpy as np

# 1.5 or 1,5, and 1,234 or 1,234,567.8
DECIMAL = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?"
GROUPED = r"[+-]?[1-9]\d{0,2}(?:,\d{3})*(?:\.\d*)?|[+-]?0?(?:\.\d*)?"
TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)(?: ?([AaPp])\.?[Mm]\.?)?"
DURATION = rf"(?:(\d+) days?,? )?{TIME}"
# with the year first, or last
ISO = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{8}T.*"
DATE = rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}})(?:[ T]{TIME})?"
MONTHS = r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
# Share of cells of one form from which on others are slips.
MOSTLY = 0.5


def read_numbers(text):
    """Numbers of a Series of text, floats; None if some are none.

    A comma is that of decimals, or else parts thousands, whichever all cells allow.
    Cells that are missing or blank are NaN.

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
        has_others = len(with_comma) < len(cells)  # 5 beside 1,234: decimals vary
        if not has_others and with_comma.str.fullmatch(DECIMAL).all():
            example = with_comma.iloc[0]
            plain = example.replace(",", "")
            raise ValueError(
                f"{example!r} may be {plain} or {example.replace(',', '.')}; expected "
                "decimals with a point, or numbers without a comma."
            )
        text = text.str.replace(",", "")
    elif not cells.str.fullmatch(DECIMAL).all():
        return None
    elif with_comma.size and cells.str.contains(".", regex=False).any():
        return None  # either may be the sign
    numbers = text.str.replace(",", ".")
    return pd.to_numeric(numbers, errors="coerce").to_numpy(float, na_value=np.nan)


def read_times(text, unit=1.0):
    """Seconds of a Series of text: numbers of a unit, durations, or dates.

    Dates are since the first one. Errors say what is no time, and in which row.
    """
    text = text.str.strip()
    text = text.mask(text == "")
    cells = text.dropna()
    numbers = read_numbers(text)
    if numbers is not None:
        return numbers * unit
    for pattern, read in FORMS.items():
        is_fit = cells.str.fullmatch(pattern)
        if is_fit.all() and read is not None:
            return read(text)
        if is_fit.mean() > MOSTLY:
            row = int(np.argmax(text.notna() & ~text.str.fullmatch(pattern, na=True)))
            raise ValueError(f"{text.iloc[row]!r} in row {row} is no time as others.")
    return _read_words(text)


def _read_durations(text):
    """Seconds of 1:02:03.5, 02:03.5 or 2 days 01:02:03."""
    parts = text.str.extract(DURATION)
    is_short = parts[1].isna() & ~parts[3].str.contains("[.,]", na=True)
    if is_short.any():
        raise ValueError(
            f"{text[is_short].iloc[0]!r} may be minutes and seconds, or hours and "
            "minutes; expected hours:minutes:seconds."
        )
    return 86400 * _numbers(parts[0]) + _seconds_of(parts.iloc[:, 1:])


def _seconds_of(parts):
    """Seconds of hours, minutes, seconds and half of the day, a frame of text."""
    hours, minutes, seconds, half = (parts[name].fillna("") for name in parts)
    hour, half = _numbers(hours), half.str.lower().to_numpy(object)
    hour = np.where((half != "") & (hour == 12), 0, hour)
    total = 3600 * hour + 60 * _numbers(minutes) + _numbers(seconds)
    return np.where(minutes == "", np.nan, total + np.where(half == "p", 43200, 0))


def _numbers(text):
    """Numbers of plain text, 0 where there is none."""
    return text.fillna("").replace("", "0").str.replace(",", ".").to_numpy(float)


def _read_iso(text):
    """Seconds since the first of dates that start with the year."""
    import pandas as pd

    points = text.str.replace(r"(:\d{2}),(\d)", r"\1.\2", regex=True)
    return since_first(pd.to_datetime(points, utc=True, format="ISO8601"))


def _read_dates(text):
    """Seconds since the first of dates that end with the year, by what they allow."""
    import pandas as pd

    parts = text.str.extract(DATE)
    time = parts.iloc[:, 4:].copy()
    is_short = time[4].isna()  # hours and minutes, as of a day
    time.loc[is_short, [4, 5, 6]] = time.loc[is_short, [5, 6, 4]].to_numpy()
    seconds = np.nan_to_num(_seconds_of(time))
    year = parts[3].where(parts[3].str.len() != 2, "20" + parts[3])
    found = []
    for day, month in ((0, 2), (2, 0)):
        names = {"year": year, "month": parts[month], "day": parts[day]}
        dates = pd.to_datetime(pd.DataFrame(names), errors="coerce")
        if not (dates.isna() & text.notna()).any():
            found.append(since_first(dates) + seconds - seconds[0])
        if (parts[1].dropna() == ".").all():  # the day is first
            break
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
    """Seconds since the first of dates with names of months."""
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


# What reads cells of which form.
FORMS = {
    DECIMAL: None,  # which `read_numbers` has tried
    DURATION: _read_durations,
    ISO: _read_iso,
    DATE: _read_dates,
}
