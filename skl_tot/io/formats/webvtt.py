"""Subtitles that browsers show over a video."""

import html
import re

from skl_tot.extras import import_extra
from skl_tot.io.formats.base import (
    Format,
    SegmentsError,
    frame_of_times,
    read_text,
    to_milliseconds,
)
from skl_tot.recordings.disk import split_lines
from skl_tot.recordings.errors import short_repr

NO_CUES = ("NOTE", "STYLE", "REGION")
MINUTES = re.compile(r"(?:.*:)?([0-9]+):([0-9]+)(?:\.[0-9]*)?")


def write_webvtt(table, path):
    """Write subtitles for browsers."""
    webvtt = import_extra("webvtt")
    document = webvtt.WebVTT()
    for start, end, action in to_milliseconds(table):
        # the library does not escape special characters
        text = html.escape(action, quote=False)
        caption = webvtt.Caption(_format_time(start), _format_time(end), text)
        document.captions.append(caption)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        document.write(file)


def _format_time(milliseconds):
    """Return hours, minutes, seconds and milliseconds.

    >>> _format_time(3723004)
    '01:02:03.004'
    """
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"


def read_webvtt(path):
    """Read subtitles for browsers."""
    lines = split_lines(read_text(path))
    if not lines or not re.match(r"WEBVTT(\s|$)", lines[0]):
        raise SegmentsError("found no WEBVTT, expected it to start so.", 1)
    cues = []
    for start, block in _blocks(lines)[1:]:
        if block[0].split()[0] not in NO_CUES or "-->" in block[0]:
            cues.append(_read_cue(block, start))
    return frame_of_times(cues)


def _blocks(lines):
    """Split at blank lines: number of the first line, and the lines."""
    blocks, is_open = [], False
    for i, line in enumerate(lines, start=1):
        if line.strip() and not is_open:
            blocks.append((i, []))
        is_open = bool(line.strip())
        if is_open:
            blocks[-1][1].append(line)
    return blocks


def _read_cue(block, line):
    """Read a cue: optional name, times, text."""
    if "-->" not in block[0]:
        block, line = block[1:], line + 1
    match = re.match(r"\s*(\S+?)\s*-->\s*(\S+)", block[0]) if block else None
    if match is None:
        found = short_repr(block[0].strip() if block else "")
        raise SegmentsError(f"found {found}, expected 'start --> end'.", line)
    for time in match.groups():
        parts = MINUTES.fullmatch(time)
        if parts and max(map(int, parts.groups())) > 59:  # browsers skip such cues
            raise SegmentsError(
                f"the time is {short_repr(time)}, expected minutes and seconds below "
                "60.",
                line,
            )
    text = " ".join(part.strip() for part in block[1:])
    action = html.unescape(re.sub("<[^>]*>", "", text))
    return action, match[1], match[2], line


DESCRIPTION = "subtitles that browsers show over the video"
FORMAT = Format(".vtt", write_webvtt, read_webvtt, DESCRIPTION, True, extra="files")
