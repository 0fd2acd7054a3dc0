"""Records of segments as they come from files: the values of their keys."""

import codecs
import math
import numbers
import operator
import re
from pathlib import Path

from skl_tot.inputs.errors import short_repr

FRAMES = ("start", "end", "duration")
NUMBERS = ("start_time", "end_time", "duration_time", "confidence")


class SegmentsError(ValueError):
    """What a file holds is wrong, in one line that does not name it; and its line."""

    def __init__(self, reason, line=None):
        super().__init__(reason if line is None else f"line {line}: {reason}")


def read_text(path):
    """Text of a file in UTF-8, or in UTF-16 if its first bytes say so.

    Praat and spreadsheets write the second where there are other letters than ASCII's.
    """
    content = Path(path).read_bytes()
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.object[: error.start]
        raise SegmentsError(
            f"this is no text in {error.encoding.upper()} ({error.reason}), expected "
            "UTF-8, or UTF-16 with its mark.",
            place.count(b"\n") + 1,
        ) from error


def parse_records(records):
    """Give values of text or JSON their types; actions become text.

    >>> parse_records([{"action": 3, "start": "0", "end": "2", "confidence": "1"}])
    [{'action': '3', 'start': 0, 'end': 2, 'confidence': 1.0}]
    """
    return [_parse_record(record) for record in records]


def group_by_recording(records, path):
    """Put records under the names of their recordings, or else of their file.

    >>> group_by_recording([{"start": 0}, {"recording": "b"}], "take.csv")
    {'take': [{'start': 0}], 'b': [{'recording': 'b'}]}
    """
    recordings = {}
    for record in records:
        name = record.get("recording", Path(path).stem)
        recordings.setdefault(name, []).append(record)
    return recordings


def mean_rate(records):
    """Frames per second of a recording, None if its records have no times.

    >>> mean_rate([{"start": 0, "end": 3, "start_time": 1.0, "end_time": 1.5}])
    6.0
    """
    if "start_time" not in records[0]:
        return None
    seconds = records[-1]["end_time"] - records[0]["start_time"]
    n_frames = records[-1]["end"] - records[0]["start"]
    return n_frames / seconds if seconds else None


def check_same_keys(records):
    """Refuse records of which some know more than others, where a table has columns."""
    for i, record in enumerate(records):
        if record.keys() != records[0].keys():
            raise ValueError(
                f"Segment {i} has the keys {short_repr(list(record))}, expected those "
                f"of the first, {short_repr(list(records[0]))}."
            )


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
