"""Aggregated events of BORIS."""

from skl_tot.io.formats.base import Format, mean_rate, split_recordings, to_milliseconds
from skl_tot.io.formats.tables import read_cells

# Columns of BORIS version 8.
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


def write_boris(table, path):
    """Write aggregated events, one state per segment; unknown cells are blank."""
    import pandas as pd

    events = []
    for name, own in split_recordings(table, path).items():
        rate = round(mean_rate(own), 3)
        for start, end, action in to_milliseconds(own):
            event = {
                "Observation id": name,
                "FPS (frame/s)": rate,
                "Subject": "No focal subject",
                "Behavior": action,
                "Behavior type": "STATE",
                "Start (s)": _seconds(start),
                "Stop (s)": _seconds(end),
                "Duration (s)": _seconds(end - start),
            }
            events.append(event)
    events = pd.DataFrame(events, columns=COLUMNS)
    events.to_csv(path, sep="\t", index=False, lineterminator="\n", encoding="utf-8")


def _seconds(milliseconds):
    """Return seconds with three decimals.

    >>> _seconds(1050)
    '1.050'
    """
    return f"{milliseconds / 1000:.3f}"


FORMAT = Format(
    ".tsv", write_boris, read_cells, "aggregated events of BORIS", True, many=True
)
