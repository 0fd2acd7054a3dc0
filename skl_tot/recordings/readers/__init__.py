"""Which files are read, and readers of other programs' files: a module each."""

import contextlib
import importlib
import json
import pkgutil
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from skl_tot.extras import import_extra
from skl_tot.recordings.clocks import check_fps, is_same
from skl_tot.recordings.disk import parse_json, read_text
from skl_tot.recordings.errors import one_line, short_repr

# Suffixes of the files that are read, by content.
KINDS = {
    ".npy": "arrays",
    ".csv": "text",
    ".tsv": "text",
    ".csv.gz": "text",
    ".tsv.gz": "text",
    ".parquet": "Parquet",
}
RATE_FILE = "recordings.json"
EXPECTED = "*.npy, *.csv, *.tsv (or these as *.gz) or *.parquet"
# Readers of other kinds of files that may hold features.
REMEDIES = {
    "*.csv": "skl_tot.recordings.read_recordings",
    "*.tsv": "skl_tot.recordings.read_recordings",
    "*.parquet": "skl_tot.recordings.read_recordings",
    "*.npz": "numpy.load, then numpy.save",
    "*.h5": "h5py.File, then numpy.save",
    "*.hdf5": "h5py.File, then numpy.save",
    "*.slp": "SLEAP, then export it for analysis (H5 or CSV)",
    "*.xlsx": "pandas.read_excel, then DataFrame.to_csv",
    "*.mp4": "skl-tot features",
    "*.avi": "skl-tot features",
    "*.mov": "skl-tot features",
    "*.mkv": "skl-tot features",
}


def find_files(path):
    """Return the files to read in order, and their kind in `KINDS`."""
    if isinstance(path, (list, tuple)):
        paths = [Path(one) for one in path]
        if not paths:
            raise ValueError("path is an empty list, expected files.")
    elif Path(path).is_dir():
        found = [own for own in Path(path).glob("[!.]*") if not own.is_dir()]
        paths = sorted(filter(_kind, found), key=_order)
        if not paths:
            raise FileNotFoundError(
                f"{one_line(path)} has no file {EXPECTED}, "
                f"{describe_folder(Path(path))}."
            )
    else:
        paths = [Path(path)]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(
                f"{one_line(path)} is no folder or file, expected {EXPECTED}."
            )
        if _kind(path) is None:
            remedy = find_remedy(f"*{path.suffix.lower()}")
            raise ValueError(
                f"{one_line(path)} is not a file that is read, expected "
                f"{EXPECTED}{remedy}."
            )
    kinds = sorted({_kind(path) for path in paths})
    if len(kinds) > 1:
        raise ValueError(
            f"{one_line(paths[0].parent)} has files of {' and of '.join(kinds)}, "
            "expected one kind; put them into folders of their own, or give a list."
        )
    return paths, kinds[0]


def _order(path):
    """Sort key of a file in a folder: natural order for tables."""
    name = stem(path)
    if _kind(path) == "arrays":
        return [(name, -1)], name
    parts = re.findall(r"(\D*)(\d*)", name)
    return [(text, int(number or -1)) for text, number in parts], name


def _suffix(path):
    """Suffix of a file among those that are read, or None."""
    name = path.name.lower()
    return next((ending for ending in KINDS if name.endswith(ending)), None)


def _kind(path):
    return KINDS.get(_suffix(path))


def stem(path):
    """Name of a file without its suffix."""
    return path.name[: -len(_suffix(path))]


def describe_folder(folder):
    """Describe the content of a folder without features, with a remedy."""
    kinds = Counter()
    for path in folder.glob("[!.]*"):
        kinds["folders" if path.is_dir() else f"*{path.suffix.lower()}"] += 1
    if not kinds:
        return "it is empty"
    found = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    remedies = (find_remedy(kind) for kind in kinds)
    return f"but {found}{next(filter(None, remedies), '')}"


def find_remedy(kind):
    """Remedy for files such as ``*.mat``, after a colon; empty if unknown.

    >>> find_remedy("*.npz")
    ': read *.npz by numpy.load, then numpy.save'
    """
    return f": read {kind} by {REMEDIES[kind]}" if kind in REMEDIES else ""


def write_rate(folder, fps):
    """Write the rate of all arrays in a folder."""
    text = json.dumps({"fps": fps}) + "\n"
    Path(folder, RATE_FILE).write_text(text, encoding="utf-8", newline="\n")


def read_rate(folder):
    """Frames per second of the arrays in a folder, or None."""
    path = Path(folder, RATE_FILE)
    if not path.is_file():
        return None
    content = parse_json(path, read_text(path))
    fps = content.get("fps") if isinstance(content, dict) else None
    if isinstance(fps, bool) or not isinstance(fps, (int, float)):
        raise ValueError(
            f"{one_line(path)} is {short_repr(content)}, expected an object with a "
            'number, as {"fps": 10}.'
        )
    check_fps(fps, f"{one_line(path)}: fps")
    return float(fps)


def rate_of_arrays(paths, fps=None):
    """Rate in the folders of arrays, or else the given one."""
    for folder in dict.fromkeys(Path(path).parent for path in paths):
        rate = read_rate(folder)
        if rate is None:
            continue
        if not is_same(rate, fps):
            raise ValueError(
                f"{one_line(folder / RATE_FILE)} says {rate:g} frames per second, "
                f"expected {fps:g} as given (--fps) or as beside other files."
            )
        fps = rate
    return fps


# Likelihood below which a tracked point is missing.
LIKELIHOOD = 0.6


@dataclass(frozen=True)
class Reader:
    """Reader of the files of one program.

    ``recognises`` takes a path: a file with one of ``suffixes`` or, with ``is_root``, a
    folder or its content. ``read`` takes a path and the ``options``, and returns a dict
    of data frames by recording name, and the frames per second or None.
    """

    recognises: Callable
    read: Callable
    description: str
    suffixes: tuple = ()
    options: dict = field(default_factory=dict)  # defaults
    is_root: bool = False


def is_hdf5(path):
    """Whether a file is HDF5, by its content."""
    return bool(import_extra("h5py").is_hdf5(path))


def table_of_points(points, names):
    """Convert a track (n_frames, n_points, d) to a table with "nose x", "nose y", …."""
    import pandas as pd

    axes = "xyz"[: points.shape[2]]
    columns = [f"{name} {axis}" for name in names for axis in axes]
    return pd.DataFrame(points.reshape(len(points), -1), columns=columns)


def check_likelihood(likelihood):
    """Refuse a likelihood outside of 0 to 1."""
    is_number = isinstance(likelihood, (int, float)) and not isinstance(
        likelihood, bool
    )
    if likelihood is not None and not (is_number and 0 <= likelihood <= 1):
        raise ValueError(
            f"likelihood is {short_repr(likelihood)}, expected a number from 0 to 1, "
            "or None."
        )


def without_unlikely(points, likelihoods, least):
    """Points (..., n_points, d), NaN where the likelihood (..., n_points) is low."""
    if least is None:
        return points
    return np.where((likelihoods >= least)[..., None], points, np.nan)


def choose_animal(animals, animal):
    """Index of the requested animal, or of the only one."""
    animals = list(map(str, animals))
    if animal is None and len(animals) == 1:
        return 0
    if animal is not None and str(animal) in animals:
        return animals.index(str(animal))
    if animal is None:
        raise ValueError(
            f"it has {len(animals)} animals, expected one of them, as by "
            f"animal={animals[0]!r} (--read animal={animals[0]}): {', '.join(animals)}."
        )
    raise ValueError(
        f"it has no animal {short_repr(animal)}, expected one of {', '.join(animals)}."
    )


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
