"""Formats of segment files: one module each, with a ``FORMAT``."""

import importlib
import pkgutil
from pathlib import Path

from skl_tot.io.formats.base import Format
from skl_tot.recordings.errors import one_line, short_repr

DEFAULT = "csv"


def _find_formats():
    """Return the formats of the modules in this folder, the default first."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    formats = {}
    for name in sorted(names, key=lambda name: (name != DEFAULT, name)):
        module = importlib.import_module(f"{__name__}.{name}")
        if hasattr(module, "FORMAT"):
            formats[name] = module.FORMAT
    return formats


FORMATS: dict[str, Format] = _find_formats()


def readable_formats():
    """Return the formats with a reader."""
    return {name: entry for name, entry in FORMATS.items() if entry.read}


def writable_formats():
    """Return the formats with a writer."""
    return {name: entry for name, entry in FORMATS.items() if entry.write}


def frame_formats():
    """Return the formats with frames."""
    formats = readable_formats()
    return {name: formats[name] for name in formats if not formats[name].in_seconds}


def table_formats():
    """Return the formats for several recordings in one file."""
    return {name: entry for name, entry in FORMATS.items() if entry.many}


def table_of(path):
    """Return the format of one file of all recordings, None for a folder.

    >>> table_of("all.csv"), table_of("all.eaf"), table_of("all")
    ('csv', None, None)
    """
    if Path(path).is_dir():
        return None
    suffix = Path(path).suffix.lower()
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
        raise ValueError(
            f"{one_line(path)}: format is {short_repr(name)}, expected one of "
            f"{list(formats)}."
        )
    return formats[name]


def describe_formats():
    """Return the table of formats in Markdown, for the documentation.

    >>> print(describe_formats().splitlines()[2])
    | `csv` | `.csv` | table, one segment a row | frames | several |  |
    """
    lines = ["| format | suffix | content | times in | recordings | extra |"]
    lines.append("|" + " --- |" * 6)
    for name, entry in FORMATS.items():
        times = "seconds" if entry.in_seconds else "frames"
        number = "several" if entry.many else "one"
        extra = f"`{entry.extra}`" if entry.extra else ""
        cells = [f"`{name}`", f"`{entry.suffix}`", entry.description, times]
        lines.append(f"| {' | '.join([*cells, number, extra])} |")
    return "\n".join(lines)
