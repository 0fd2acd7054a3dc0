"""Segments of the rows that readers of files give: labels, times and frames."""

import math
import numbers
import re
from dataclasses import dataclass

import numpy as np

from skl_tot.inputs.errors import one_line, short_repr
from skl_tot.inputs.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.inputs.text_files import is_line
from skl_tot.io.segments import MAX_FRAMES

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
CLOCK = re.compile(r"(?:([0-9]{1,9}):)?([0-9]{1,9}):([0-9]{1,2}(?:\.[0-9]*)?)")
UNITS = {"frames": ("start", "end"), "s": ("start_time", "end_time")}


@dataclass(frozen=True)
class Segment:
    """A segment as it is in a file, and its frames."""

    label: str
    start: float
    end: float
    unit: str
    place: str
    first: int
    stop: int

    def __str__(self):
        times = f"from {self.start:.10g} to {self.end:.10g} {self.unit}"
        return f"{short_repr(self.label)} {times} ({self.place})"


def is_int(value):
    """Whether a value is an integer of Python other than a boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def parse_line(value, what, where):
    """Text of one line, of text or an integer; blank text stays blank."""
    text = str(value).strip() if is_int(value) or isinstance(value, str) else None
    if text and not is_line(text):  # an annotation of two lines, say
        text = one_line(text)
    if text is None or (text and not is_line(text)):
        raise ValueError(f"{where}: the {what} is {short_repr(value)}, expected text.")
    return text


def as_segment(row, place, where, fps, edges=None):
    """Segment of a record, if its label and times are ones.

    ``edges`` is when each frame of the recording begins, on its clock if it has one.
    """
    label = parse_line(row.get("action"), "label", where)
    if not label:
        raise ValueError(f"{where}: the label is blank, expected text.")
    label = BACKGROUND_NAME if label == str(BACKGROUND) else label
    unit = "frames" if row.keys() >= set(UNITS["frames"]) else "s"
    if unit == "s" and fps is None:
        raise ValueError(
            f"{where}: times are seconds and fps is None, expected frames per second."
        )
    start, end = (_parse_time(row, key, unit, where) for key in UNITS[unit])
    if end < start:
        raise ValueError(
            f"{where}: {short_repr(label)} is from {start:.10g} to {end:.10g} {unit}, "
            "expected it to end after its start."
        )
    first, stop = start, end
    if unit == "s":
        first, stop = (frame_at(seconds, fps, edges) for seconds in (start, end))
    if stop > MAX_FRAMES:
        raise ValueError(
            f"{where}: {short_repr(label)} ends at {end:.10g} {unit}, expected at most "
            f"{MAX_FRAMES} frames."
        )
    if round(first) < 0:
        raise ValueError(
            f"{where}: {short_repr(label)} starts at {start:.10g} s, expected "
            f"{edges[0]:.10g} s or later, where the clock of the recording starts."
        )
    return Segment(label, start, end, unit, place, round(first), round(stop))


def frame_at(seconds, fps, edges=None):
    """Frame at a time, with the fraction of it that is over.

    Before and after a clock, its frames go on at the rate.

    >>> frame_at(0.25, 10.0)
    2.5
    >>> clock = np.array([1.0, 1.5, 2.5, 3.0])
    >>> [frame_at(seconds, 2.0, clock) for seconds in (0.5, 1.5, 2.0, 4.0)]
    [-1.0, 1.0, 1.5, 5.0]
    """
    if edges is None:
        return seconds * fps
    n_frames = len(edges) - 1
    if seconds < edges[0]:
        return float((seconds - edges[0]) * fps)
    if seconds >= edges[n_frames]:
        return float(n_frames + (seconds - edges[n_frames]) * fps)
    i = int(np.searchsorted(edges, seconds, "right")) - 1
    return float(i + (seconds - edges[i]) / (edges[i + 1] - edges[i]))


def _parse_time(row, key, unit, where):
    """Frame or seconds of a record, a number or text; as 1:02:03.5 too."""
    value = row.get(key)
    number = _parse_number(value)
    whole = unit == "s" or number.is_integer()
    if not (math.isfinite(number) and number >= 0 and whole):
        expected = "0 or more seconds"
        if unit == "frames":
            expected = "0 or more whole frames (start_time and end_time are seconds)"
        raise ValueError(f"{where}: {key} is {short_repr(value)}, expected {expected}.")
    return number


def _parse_number(value):
    """Float of a number or text, nan if it is none."""
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, numbers.Real):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    text = value.strip() if isinstance(value, str) else ""
    clock = CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups("0")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    return float(text) if NUMBER.fullmatch(text) else math.nan


def is_stale(row, segment, fps, edges=None):
    """Whether seconds beside frames, if there are any, are of other frames."""
    if segment.unit == "s" or fps is None:
        return False
    start, end = (_parse_number(row.get(key)) for key in UNITS["s"])
    if math.isnan(start + end):
        return False
    start, end = frame_at(start, fps, edges), frame_at(end, fps, edges)
    return abs(start - segment.start) > 1 or abs(end - segment.end) > 1
