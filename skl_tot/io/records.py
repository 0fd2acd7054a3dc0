"""Records of segments as they come from files: the values of their keys."""

import math
import numbers
import operator
import re

from skl_tot.inputs.errors import short_repr

FRAMES = ("start", "end", "duration")
NUMBERS = ("start_time", "end_time", "duration_time", "confidence")


def parse_records(records):
    """Give values of text or JSON their types; actions become text.

    >>> parse_records([{"action": 3, "start": "0", "end": "2", "confidence": "1"}])
    [{'action': '3', 'start': 0, 'end': 2, 'confidence': 1.0}]
    """
    return [_parse_record(record) for record in records]


def check_finite(record, i):
    """Refuse a time or confidence of segment i that is no number, infinite or nan."""
    for key in NUMBERS:
        value = record.get(key, 0.0)
        if not (isinstance(value, numbers.Real) and _is_finite(value)):
            raise ValueError(
                f"Segment {i} has {key} {short_repr(value)}, expected a finite number."
            )


def _is_finite(number):
    """Whether a number is a float other than infinity and nan, or fits into one."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def integers_if_all(records):
    """Make actions integers if all of them are the text of one that fits 64 bits."""
    for record in records:
        if not re.fullmatch("0|-?[1-9][0-9]{0,17}", record["action"]):
            return records
    return [record | {"action": int(record["action"])} for record in records]


def _parse_record(record):
    return {key: _parse_value(key, value) for key, value in record.items()}


def _parse_value(key, value):
    if key in FRAMES:
        return _parse_whole(value)
    return _parse_number(value) if key in NUMBERS else _parse_text(value)


def _parse_whole(value):
    """Integer of text or JSON, which may not have decimals."""
    if isinstance(value, bool):
        raise TypeError(f"expected a number of frames, got {value!r}")
    return int(value) if isinstance(value, str) else operator.index(value)


def _parse_number(value):
    """Float of text or JSON, which may be neither infinite nor nan."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {value!r}")
    return number


def _parse_text(value):
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise TypeError(f"expected text or an integer, got {value!r}")
    return str(value)
