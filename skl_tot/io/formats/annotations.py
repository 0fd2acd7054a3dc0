"""Documents of ELAN, Praat and NWB, and subtitles, through the libraries of others."""

import datetime
import html
import math
import os

import skl_tot
from skl_tot.io.formats import base
from skl_tot.recordings.errors import refuse, warn_user
from skl_tot.recordings.imports import import_extra

COLUMNS = {"label", "start_time", "stop_time"}  # of NWB
# a session of NWB needs a date, unknown here
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


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
            found = f"A segment of {action!r} is from {start} to {end} ms"
            raise ValueError(f"{found}, expected a start from {last} ms, then the end.")
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
            found = f"the tier {tier.name!r} breaks off at {end} s"
            expected = f"expected intervals up to {tier.maxTimestamp} s"
            raise base.SegmentsError(f"{found}, {expected}.")
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


def write_nwb(table, path):
    """Write a session with an ethogram in its behaviour module."""
    pynwb = import_extra("pynwb")
    ethogram = import_extra("ndx_ethogram")
    bouts = ethogram.EthogramBouts(
        name=base.TIER,
        description="Segments, one after the other, each of one action.",
        labeling_method="automated",
        source_software=f"skl-tot {skl_tot.__version__}",
    )
    if "confidence" in table:
        bouts.add_column("confidence", "Mean probability of the action in its frames.")
    for row in table.to_dict("records"):
        known = {key: row[key] for key in ("start_time", "confidence") if key in row}
        bouts.add_row(label=str(row["action"]), stop_time=row["end_time"], **known)
    session = pynwb.NWBFile("Segments of actions.", base.shown_name(path), START)
    module = session.create_processing_module("behavior", "Segments of actions.")
    module.add(bouts)
    with pynwb.NWBHDF5IO(str(path), "w") as file:
        file.write(session)


def read_nwb(path):
    """Read the labelled intervals called "action", or the only ones."""
    h5py = import_extra("h5py")
    tiers = []

    def visit(name, group):
        if isinstance(group, h5py.Group) and group.keys() >= COLUMNS:
            tiers.append((name.rpartition("/")[2], _read_table(group)))

    with open(path, "rb") as content, h5py.File(content, "r") as file:
        file.visititems(visit)
    return base.frame_of_times(base.pick_tier(tiers))


def _read_table(group):
    base.check_rows(max(group[name].size for name in COLUMNS))
    labels = group["label"].asstr()[:].tolist()
    starts, ends = group["start_time"][:].tolist(), group["stop_time"][:].tolist()
    return list(zip(labels, starts, ends, strict=True))


ELAN = base.timed(
    ".eaf", write_elan, read_elan, 'ELAN annotation document, tier "action"'
)
TEXTGRID = base.timed(
    ".TextGrid", write_textgrid, read_textgrid, 'Praat TextGrid, interval tier "action"'
)
WEBVTT = base.timed(
    ".vtt", write_webvtt, read_webvtt, "subtitles that browsers show over the video"
)
NWB = base.timed(
    ".nwb", write_nwb, read_nwb, "Neurodata Without Borders, with an ethogram"
)
