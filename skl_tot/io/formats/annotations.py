"""Documents of ELAN and Praat, and subtitles, through the libraries of others."""

import html
import math
import os

from skl_tot.io.formats import base
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.imports import import_extra


def write_elan(table, path):
    """Write an annotation document of ELAN."""
    document = import_extra("pympi").Elan.Eaf(author="")
    document.add_tier(base.TIER)
    document.remove_tier("default")
    for start, end, action in base.to_milliseconds(table):
        document.add_annotation(base.TIER, start, end, action)
    document.to_file(str(path))


def read_elan(path):
    """Read an annotation document of ELAN; times are those of its first media file."""
    pympi = import_extra("pympi")
    # the library would take a dash for the standard input
    document = pympi.Elan.Eaf(os.path.abspath(path), suppress_version_warning=True)
    unit = document.header.get("TIME_UNITS", "milliseconds")
    if unit != "milliseconds":
        refuse("TIME_UNITS", unit, "milliseconds", base.SegmentsError)
    media = [*document.media_descriptors, {}][0]
    origin = int(media.get("TIME_ORIGIN", 0))
    if origin:
        warn_user(
            f"time 0 of annotations is at {origin} ms of the media (TIME_ORIGIN), "
            "which is added to all times."
        )
    seconds = {
        slot: math.nan if time is None else (origin + time) / 1000
        for slot, time in document.timeslots.items()
    }
    tiers = []
    for name, (annotations, *_) in document.tiers.items():
        found = annotations.values()
        rows = [(text, seconds[start], seconds[end]) for start, end, text, _ in found]
        tiers.append((name, rows))
    return base.frame_of_times(base.pick_tier(tiers))


def write_textgrid(table, path):
    """Write a TextGrid of Praat."""
    textgrid = import_extra("praatio.textgrid")
    intervals, last = [], 0
    for start, end, action in base.to_milliseconds(table):
        if start < last or end < start:
            raise ValueError(
                f"A segment of {action!r} is from {start} to {end} ms, expected it to "
                f"start at {last} ms or later and to end after that, as intervals of a "
                "TextGrid do not overlap."
            )
        last = end
        intervals.append((start / 1000, end / 1000, action))
    grid = textgrid.Textgrid()
    grid.addTier(textgrid.IntervalTier(base.TIER, intervals, 0, intervals[-1][1]))
    grid.save(
        str(path), "long_textgrid", includeBlankSpaces=True, reportingMode="error"
    )


def read_textgrid(path):
    """Read the labelled intervals of a TextGrid of Praat that is saved as text."""
    textgrid = import_extra("praatio.textgrid")
    grid = textgrid.openTextgrid(str(path), True, reportingMode="silence")
    if grid.minTimestamp < 0:  # the library takes no signs of times
        refuse("xmin", grid.minTimestamp, "0 s or later", base.SegmentsError)
    tiers = []
    for tier in grid.tiers:
        if isinstance(tier, textgrid.PointTier):
            continue
        end = max((own.end for own in tier.entries), default=0)
        if end < tier.maxTimestamp:
            raise base.SegmentsError(
                f"the tier {tier.name!r} breaks off at {end} s, expected intervals up "
                f"to {tier.maxTimestamp} s."
            )
        rows = [(own.label, own.start, own.end) for own in tier.entries if own.label]
        tiers.append((tier.name, rows))
    return base.frame_of_times(base.pick_tier(tiers))


def write_webvtt(table, path):
    """Write subtitles for browsers."""
    webvtt = import_extra("webvtt")
    document = webvtt.WebVTT()

    def stamp(seconds):
        return str(webvtt.models.Timestamp.from_seconds(seconds))

    for start, end, action in base.to_milliseconds(table):
        # the library does not escape special characters
        text = html.escape(action, quote=False)
        caption = webvtt.Caption(stamp(start / 1000), stamp(end / 1000), text)
        document.captions.append(caption)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        document.write(file)


def read_webvtt(path):
    """Read subtitles for browsers; a cue that these skip is an error."""
    cues = import_extra("webvtt").read(str(path), strict=True)
    return base.frame_of_times(
        [(html.unescape(cue.text), cue.start, cue.end) for cue in cues]
    )


ELAN = base.timed(
    ".eaf", write_elan, read_elan, 'ELAN annotation document, tier "action"'
)
TEXTGRID = base.timed(
    ".TextGrid", write_textgrid, read_textgrid, 'Praat TextGrid, interval tier "action"'
)
WEBVTT = base.timed(
    ".vtt", write_webvtt, read_webvtt, "subtitles that browsers show over the video"
)
