"""Readers of other programs' files: a module each, with a ``READER``."""

import contextlib
import importlib
import pkgutil
from pathlib import Path

from skl_tot.recordings.errors import one_line
from skl_tot.recordings.rates import is_same
from skl_tot.recordings.readers.base import Reader
from skl_tot.recordings.sources import KINDS


def _find_readers():
    """Return the readers of the modules in this folder by name."""
    readers = {}
    for module in pkgutil.iter_modules(__path__):
        found = importlib.import_module(f"{__name__}.{module.name}")
        if hasattr(found, "READER"):
            readers[module.name] = found.READER
    return readers


READERS: dict[str, Reader] = _find_readers()


def find_reader(path):
    """Find the reader of a folder, a file, or a list of files.

    Returns a name of `READERS` and the paths; None for arrays and tables.
    """
    paths = [Path(one) for one in path] if isinstance(path, (list, tuple)) else [path]
    if len(paths) == 1:
        for name, reader in READERS.items():
            if reader.is_root and reader.recognises(Path(paths[0])):
                return name, [Path(paths[0])]
        if Path(paths[0]).is_dir():
            found = Path(paths[0]).glob("[!.]*")
            paths = sorted(own for own in found if own.is_file())
    names = {Path(own): _name_of_reader(Path(own)) for own in paths}
    known = {own: name for own, name in names.items() if name is not None}
    if not known:
        return None
    first, name = next(iter(known.items()))
    for own, other in names.items():
        if other != name and (other is not None or _is_table(own)):
            what = (
                "a table or an array" if other is None else READERS[other].description
            )
            raise ValueError(
                f"{one_line(own)} is {what}, but {one_line(first)} is "
                f"{READERS[name].description}; expected one kind, put them into "
                "folders of their own."
            )
    return name, _one_of_each(known, READERS[name].suffixes)


def _name_of_reader(path):
    """Name of the reader that recognises a file, or None."""
    for name, reader in READERS.items():
        is_named = path.name.lower().endswith(reader.suffixes)
        if not (reader.suffixes and is_named and path.is_file()):
            continue
        with _named_errors(path):
            if reader.recognises(path):
                return name
    return None


def _is_table(path):
    """Whether `read_recordings` reads a file without a reader."""
    return path.name.lower().endswith(tuple(KINDS))


def _one_of_each(paths, suffixes):
    """Files without second copies of the same content in another format."""
    found = {}
    for path in paths:
        suffix = next(own for own in suffixes if path.name.lower().endswith(own))
        key = path.parent, path.name[: -len(suffix)]
        found.setdefault(key, []).append((suffix, path))
    return [
        min(own, key=lambda pair: suffixes.index(pair[0]))[1] for own in found.values()
    ]


@contextlib.contextmanager
def _named_errors(path):
    """Add the file to any error of a reader."""
    try:
        yield
    except ImportError:
        raise
    except Exception as error:
        raise ValueError(f"{one_line(path)}: {one_line(error)}") from error


def read_by(name, paths, options, fps=None):
    """Read files by a reader of `READERS`, into a data frame per recording.

    Returns a dict by name, the frames per second or None, and the reader's options.
    """
    reader = READERS[name]
    unknown = sorted(set(options) - set(reader.options))
    if unknown:
        expected = f"one of {list(reader.options)}" if reader.options else "none"
        raise ValueError(
            f"{unknown[0]} (--read {unknown[0]}=...) is no option of the reader of "
            f"{reader.description}, expected {expected}."
        )
    options = reader.options | options
    tables, places = {}, {}
    for path in paths:
        with _named_errors(path):
            found, rate = reader.read(path, **options)
        if not is_same(rate, fps):
            raise ValueError(
                f"{one_line(path)} says {rate:g} frames per second, expected {fps:g} "
                "as given (--fps) or as in other files."
            )
        fps = fps if rate is None else rate
        for recording, table in found.items():
            if recording in tables:
                raise ValueError(
                    f"{one_line(places[recording])} and {one_line(path)} are both of "
                    f"{recording!r}, expected one file for each recording; move one."
                )
            tables[recording], places[recording] = table, path
    return tables, fps, options
