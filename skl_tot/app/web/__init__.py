"""Timelines in a browser, for reports and reviews: their data, and files of pages."""

import json
import math
import re
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from skl_tot.recordings.clocks import clock_text

MOST_DOUBTS = 4000  # doubtful parts of a recording
LONG = 120  # seconds of a recording from which times have minutes
DOUBTFUL = 0.5  # confidence below which a prediction is doubtful
BREAK = -2  # code of time without frames


class Clock(NamedTuple):
    """Start and end of the frames of a recording, since the first, and its breaks."""

    starts: np.ndarray
    ends: np.ndarray
    breaks: np.ndarray


def read_clock(recordings, i):
    """Clock of a recording in seconds, or in frames without a rate."""
    n_frames, breaks = len(recordings.arrays[i]), recordings.breaks_of(i)
    if recordings.fps is None:
        frames = np.arange(n_frames + 1)
        return Clock(frames[:-1], frames[1:], breaks)
    starts, ends = recordings.edges(i)[:-1], recordings.ends(i)
    n_digits = 1 + count_digits(recordings.fps)
    starts, ends = np.round([starts - starts[0], ends - starts[0]], n_digits)
    return Clock(starts, ends, breaks)


def read_date(recordings, i):
    """Date and time of the first frame of a recording, NaT for unknown."""
    if recordings.starts is None or recordings.fps is None:
        return np.datetime64("NaT", "ms")
    first = np.round(1000 * recordings.edges(i)[0])
    return recordings.starts[i] + first.astype("m8[ms]")


def describe_time(recordings, i, frame):
    """Start of a frame of a recording, or its end, in words as pages have it."""
    if recordings.fps is None:
        return f"frame {frame}"
    clock, digits = read_clock(recordings, i), count_digits(recordings.fps)
    time = float(clock.starts[frame] if frame < len(clock.starts) else clock.ends[-1])
    if not np.isnat(date := read_date(recordings, i)):
        return clock_text(date, time, digits).partition(" ")[2]
    if clock.ends[-1] < LONG:
        return f"{time:.{digits}f} s"
    return in_minutes(time, digits)


def in_minutes(time, digits):
    """Time in minutes and seconds, from an hour on with hours, as "1:02:03.4"."""
    minutes, seconds = divmod(round(time, digits), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{minutes}:{seconds:0{digits + 3}.{digits}f}"
    return f"{hours}:{text:0>{digits + 6}}" if hours else text


def count_digits(fps):
    """Return the decimals that distinguish the times of frames, at least 2."""
    return 2 + max(0, math.ceil(math.log10((fps or 1) / 100)))


def count_doubts(n_recordings):
    """Return the most doubtful parts of a recording, up to 50,000 of all."""
    return min(MOST_DOUBTS, max(1, 50_000 // n_recordings))


def describe_row(name, segments, clock, confidence, n_doubts=MOST_DOUBTS):
    """Row of a recording from its `Segments`, which cover all frames."""
    return {
        "name": str(name),
        "end": clock.ends[-1].item(),
        "confidence": round(float(confidence.mean(dtype=float)), 4),
        "prediction": describe_segments(segments, clock, confidence),
        "doubt": describe_doubt(confidence, clock, n_doubts),
    }


def describe_segments(segments, clock, confidence=None):
    """List starts, codes and, if given, mean confidences of segments and breaks."""
    starts, ends, pauses = _find_pauses(segments, clock)
    described = {"start": np.insert(starts, pauses + 1, ends[pauses]).tolist()}
    described["code"] = np.insert(segments.labels, pauses + 1, BREAK).tolist()
    if confidence is not None:
        means = np.round(segments.means(confidence), 2)
        described["confidence"] = spread(means, segments, clock, 1)
    return described


def spread(values, segments, clock, filler):
    """Values of segments as a list, with a filler for each break between them."""
    return np.insert(values, _find_pauses(segments, clock)[-1] + 1, filler).tolist()


def _find_pauses(segments, clock):
    starts, ends = clock.starts[segments.starts], clock.ends[segments.ends - 1]
    return starts, ends, np.flatnonzero(starts[1:] > ends[:-1])


def describe_doubt(confidence, clock, most):
    """List starts and ends of parts of a confidence below `DOUBTFUL`, the longest."""
    is_low = confidence < DOUBTFUL
    edges = np.flatnonzero(np.diff(is_low, prepend=False, append=False))
    firsts, ends = edges.reshape(-1, 2).T
    kept = np.sort(np.argsort(firsts - ends, kind="stable")[:most])
    starts, ends = clock.starts[firsts[kept]], clock.ends[ends[kept] - 1]
    return {"start": starts.tolist(), "end": ends.tolist()}


def page_file(room, name):
    """Text of a file of a page."""
    return files(f"skl_tot.app.{room}").joinpath(name).read_text(encoding="utf-8")


def page_files(room, suffixes):
    """Names of the files of a room that end in some suffixes."""
    names = (file.name for file in files(f"skl_tot.app.{room}").iterdir())
    return [name for name in names if name.endswith(tuple(suffixes))]


def joined(*names):
    """Join JavaScript modules, such as "web/timelines.js", without their imports."""
    texts = [page_file(*name.split("/")) for name in names]
    imports = re.compile(r'^import [^;]* from "\./[^"]*";\n', re.MULTILINE)
    return "".join(imports.sub("", text) for text in texts)


def as_json(values):
    """JSON that is safe inside of an HTML element."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
