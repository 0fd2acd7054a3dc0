"""Aggregated events of BORIS, which hold the times of segments; `tables` reads them."""

import csv

from skl_tot.io.records import group_by_recording, mean_rate
from skl_tot.io.time_formats import to_milliseconds

# As version 8 of BORIS exports them.
COLUMNS = (
    "Observation id",
    "Observation date",
    "Description",
    "Observation type",
    "Source",
    "Time offset (s)",
    "Coding duration",
    "Media duration (s)",
    "FPS (frame/s)",
    "Subject",
    "Observation duration by subject by observation",
    "Behavior",
    "Behavioral category",
    "Modifiers",
    "Behavior type",
    "Start (s)",
    "Stop (s)",
    "Duration (s)",
    "Media file name",
    "Image index start",
    "Image index stop",
    "Image file path start",
    "Image file path stop",
    "Comment start",
    "Comment stop",
)


def write_boris(path, records):
    """Write aggregated events, one state a segment; unknown cells are blank."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        for name, own in group_by_recording(records, path).items():
            for event in _as_events(own):
                writer.writerow({"Observation id": name} | event)


def _as_events(records):
    """Cells of the segments of a recording."""
    rate = round(mean_rate(records), 3)
    events = []
    for start, end, action in to_milliseconds(records):
        event = {
            "FPS (frame/s)": rate,
            "Subject": "No focal subject",
            "Behavior": action,
            "Behavior type": "STATE",
            "Start (s)": _seconds(start),
            "Stop (s)": _seconds(end),
            "Duration (s)": _seconds(end - start),
        }
        events.append(event)
    return events


def _seconds(milliseconds):
    """Seconds with three decimals.

    >>> _seconds(1050)
    '1.050'
    """
    return f"{milliseconds / 1000:.3f}"
