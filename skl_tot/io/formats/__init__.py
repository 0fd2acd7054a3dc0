"""Formats of segment files, by name."""

from pathlib import Path

from skl_tot.io.formats import annotations, tables
from skl_tot.io.formats.base import Format
from skl_tot.recordings.errors import one_line, refuse

# If formats share a suffix, the first one is its default.
FORMATS: dict[str, Format] = {**tables.FORMATS, **annotations.FORMATS}


def readable_formats():
    """Return the formats with a reader."""
    return {name: entry for name, entry in FORMATS.items() if entry.read}


def writable_formats():
    """Return the formats with a writer."""
    return {name: entry for name, entry in FORMATS.items() if entry.write}


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
    suffix = Path(path).suffix
    if name is None:
        name = next(
            (key for key in formats if formats[key].suffix.lower() == suffix.lower()),
            suffix,  # for the error, without a name
        )
    if name not in formats:
        refuse(f"{one_line(path)}: format", name, f"one of {list(formats)}")
    return formats[name]
