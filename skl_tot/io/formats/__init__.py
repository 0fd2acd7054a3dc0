"""Formats of segment files, by name."""

from pathlib import Path

from skl_tot.io.formats import annotations, boris, json, tables
from skl_tot.io.formats.base import Format
from skl_tot.recordings.errors import one_line, refuse

# If formats share a suffix, the first one is its default.
FORMATS: dict[str, Format] = {
    "csv": tables.CSV,
    "boris": boris.EXPORTED,
    "boris_events": boris.EVENTS,
    "elan": annotations.ELAN,
    "json": json.JSON,
    "labels": tables.LABELS,
    "labelstudio": json.LABEL_STUDIO,
    "nwb": annotations.NWB,
    "parquet": tables.PARQUET,
    "textgrid": annotations.TEXTGRID,
    "webvtt": annotations.WEBVTT,
}


def readable_formats():
    """Return the formats with a reader."""
    return {name: entry for name, entry in FORMATS.items() if entry.read}


def writable_formats():
    """Return the formats with a writer."""
    return {name: entry for name, entry in FORMATS.items() if entry.write}


def frame_formats():
    """Return the formats with frames and a reader."""
    found = readable_formats().items()
    return {name: entry for name, entry in found if not entry.in_seconds}


def table_formats():
    """Return the formats for several recordings in one file."""
    return {name: entry for name, entry in FORMATS.items() if entry.many}


def table_of(path):
    """Return the format of one file of all recordings, None for a folder."""
    suffix = None if Path(path).is_dir() else Path(path).suffix.lower()
    names = (name for name, entry in table_formats().items() if entry.suffix == suffix)
    return next(names, None)


def find_format(path, name, formats):
    """Return a format by name, or by the suffix of a file."""
    if name is None:
        name = Path(path).suffix  # for the error, without a name
        for other in reversed(formats):
            if formats[other].suffix.lower() == Path(path).suffix.lower():
                name = other
    if name not in formats:
        refuse(f"{one_line(path)}: format", name, f"one of {list(formats)}")
    return formats[name]
