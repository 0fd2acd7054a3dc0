"""Which files are read, and readers of other programs' files: a module each."""

import contextlib
import importlib
import inspect
import json
import math
import pkgutil
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skl_tot.progress import each
from skl_tot.recordings.clocks import agreed_rate, check_fps
from skl_tot.recordings.disk import is_pattern, parse_json, read_text
from skl_tot.recordings.errors import (
    import_extra,
    is_number,
    listed,
    one_line,
    refuse,
    repeated,
    short_repr,
    warn_user,
)

# Suffixes of the files that are read without a reader, by content.
KINDS = {
    ".npy": "arrays",
    ".csv": "text",
    ".tsv": "text",
    ".csv.gz": "text",
    ".tsv.gz": "text",
    ".parquet": "Parquet",
}
RATE_FILE = "recordings.json"
# Remedies for other kinds of files that may hold features.
REMEDIES = {
    **dict.fromkeys(["*.csv", "*.tsv", "*.parquet"], "skl_tot.read_recordings"),
    **dict.fromkeys(["*.mp4", "*.avi", "*.mov", "*.mkv"], "skl-tot features"),
    "*.slp": "SLEAP, then export it for analysis (H5 or CSV)",
    "*.xlsx": "pandas.read_excel, then DataFrame.to_csv",
    "*.txt": "numpy.loadtxt, then numpy.save",
}
ALL = "all"  # a model that read all animals remembers this


@dataclass(frozen=True)
class Reader:
    """Reader of the files of one program."""

    recognises: Callable  # takes a path, of one of ``suffixes`` or a root folder
    # takes a path and options, returns data frames by recording, and the rate or None
    read: Callable
    suffixes: tuple = ()
    header: str | None = None  # pattern of the first line of CSV files
    is_root: bool = False
    is_general: bool = False  # after all others

    @property
    def options(self):
        """Options of ``read``, with their defaults."""
        _, *parameters = inspect.signature(self.read).parameters.values()
        return {parameter.name: parameter.default for parameter in parameters}


class Source(NamedTuple):
    """Files of ``path``; ``reader`` is one of `READERS`, "arrays" or "tables"."""

    reader: str
    files: list
    path: Any

    @property
    def first(self):
        """First file, for messages."""
        return one_line(self.files[0])


def find_source(path, is_table=False):
    """Find the files of a folder, a file or a list, and their reader."""
    if isinstance(path, Source):
        is_other = is_table and path.reader in READERS
        return find_source(path.path, is_table) if is_other else path
    is_list = isinstance(path, (list, tuple))
    files = list(map(Path, path)) if is_list else [Path(path)]
    if not files:
        raise ValueError("path is an empty list, expected files.")
    for name, reader in READERS.items():
        is_root = reader.is_root and len(files) == 1 and not is_table
        if is_root and reader.recognises(files[0]):
            return Source(name, files, path)
    folder, pattern = files[0], "*"
    if is_pattern(folder):
        folder, pattern = folder.parent, folder.name
    is_folder = not is_list and folder.is_dir()
    if is_folder:
        files = sorted(file for file in folder.glob("[!.]*") if not file.is_dir())
        names = matching([file.name for file in files], pattern, folder)
        files = [folder / name for name in names]
    kinds = {file: _kind_of(file, is_table) for file in files}
    if is_folder:
        kinds = {file: kind for file, kind in kinds.items() if kind is not None}
        if not kinds:
            content = f"{expected_files(is_table)}, {describe_folder(folder)}"
            raise FileNotFoundError(f"{one_line(path)} has no file {content}.")
    kind = _check_kinds(kinds, expected_files(is_table))
    files = list(kinds)
    if kind in READERS:
        if not READERS[kind].is_general:  # programs write both H5 and CSV
            files = _one_of_each(files, READERS[kind].suffixes)
        return Source(kind, files, path)
    if is_folder:
        order = str if kind == "arrays" else natural_key
        files = sorted(files, key=lambda file: order(stem(file)))
    return Source("arrays" if kind == "arrays" else "tables", files, path)


def matching(names, pattern, place):
    """Names that a shell pattern matches; refuse a pattern without any."""
    matched = [name for name in names if fnmatchcase(name, pattern)]
    if names and not matched:
        expected = f"one that matches names, such as {listed(names)}"
        text = f"The pattern {pattern!r} matches nothing in {one_line(place)}"
        raise FileNotFoundError(f"{text}, expected {expected}.")
    return matched


def _kind_of(path, is_table):
    """Name of the reader of a file, or else its kind in `KINDS`, or None."""
    name = path.name.lower()
    readers = READERS if path.is_file() and not is_table else {}
    if name.endswith(".csv") and readers:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            header = file.readline(2**16)
        for key, reader in readers.items():
            if reader.header is not None and re.match(reader.header, header):
                return key
    else:
        for key, reader in readers.items():
            with errors_of_file(path):
                if name.endswith(reader.suffixes) and reader.recognises(path):
                    return key
    return next((KINDS[suffix] for suffix in KINDS if name.endswith(suffix)), None)


def expected_files(is_table):
    """Name the suffixes that are read; those of `READERS` if it is no table."""
    suffixes = list(KINDS)
    if is_table:
        return f"*{', *'.join(suffixes[:-1])} or *{suffixes[-1]}"
    for reader in READERS.values():
        # ".analysis.h5" is an .h5, too
        suffixes += [suffix for suffix in reader.suffixes if suffix.count(".") == 1]
    return f"*{', *'.join(dict.fromkeys(suffixes))}, with the content of their kind"


def _check_kinds(kinds, files_expected):
    """Return the kind of all files; refuse others, and files of several kinds."""
    for path, kind in kinds.items():
        shown = one_line(path)
        if not path.is_file():
            expected = f"is no folder or file, expected {files_expected}"
            raise FileNotFoundError(f"{shown} {expected}.")
        if kind is None:
            expected = files_expected + find_remedy(f"*{path.suffix.lower()}")
            raise ValueError(f"{shown} is no file that is read, expected {expected}.")
    (first, kind), *others = kinds.items()
    for path, other in others:
        if other != kind:
            both = f"{one_line(first)} and {one_line(path)}"
            raise ValueError(f"{both} are of two kinds, expected one kind of files.")
    return kind


def _one_of_each(files, suffixes):
    """Files without second copies of the same content in another format."""
    best = {}
    for path in files:
        name = path.name.lower()
        rank = next(k for k, end in enumerate(suffixes) if name.endswith(end))
        key = path.parent, path.name[: -len(suffixes[rank])]
        best[key] = min(best.get(key, (rank, path)), (rank, path))
    return [path for _, path in best.values()]


def natural_key(name):
    """Sort key of a name, with "take 2" before "take 10"."""
    parts = re.findall(r"(\D*)(\d*)", name)
    return [(text, int(number or -1)) for text, number in parts], name


def stem(path):
    """Name of a file without its suffix in `KINDS`."""
    suffix = next(suffix for suffix in KINDS if path.name.lower().endswith(suffix))
    return path.name[: -len(suffix)]


def describe_folder(folder):
    """Describe the content of a folder without features, with a remedy."""
    kinds: Counter = Counter()
    for path in folder.glob("[!.]*"):
        kinds["folders" if path.is_dir() else f"*{path.suffix.lower()}"] += 1
    if not kinds:
        return "it is empty"
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    return f"but {counts}{next(filter(None, map(find_remedy, kinds)), '')}"


def find_remedy(kind):
    """Remedy for files such as ``*.mat``, after a colon; empty if unknown."""
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
    if not is_number(fps):
        refuse(one_line(path), content, 'an object with a number, as {"fps": 10}')
    check_fps(fps, f"{one_line(path)}: fps")
    return float(fps)


def rate_of_arrays(paths, fps=None):
    """Rate in the folders of arrays, or else the given one."""
    for folder in dict.fromkeys(Path(path).parent for path in paths):
        fps = agreed_rate(fps, read_rate(folder), one_line(folder / RATE_FILE))
    return fps


def read_by(source, options, fps=None):
    """Read a `Source` into data frames by recording; also return rate and options."""
    # Options may be of other readers, too.
    reader = READERS[source.reader]
    of_reader = {key: options.get(key, value) for key, value in reader.options.items()}
    triples = []
    for path in each(source.files):
        with errors_of_file(path):
            tables_of_file, rate = reader.read(path, **of_reader)
        fps = agreed_rate(fps, rate, one_line(path))
        triples += [(path, name, table) for name, table in tables_of_file.items()]
    tables: dict = {}
    files: dict = {}
    twice = repeated(name for _, name, _ in triples)
    for path, name, table in triples:
        if twice and not path.name.startswith(name):  # a name inside the file
            name = f"{path.stem} {name}"
        if name in tables:
            both = f"{one_line(files[name])} and {one_line(path)} are both of {name!r}"
            raise ValueError(f"{both}, expected one file for each recording; move one.")
        tables[name], files[name] = table, path
    if "animal" in of_reader:
        of_reader["animal"] = of_reader["animal"] or ALL
    return tables, fps, of_reader


@contextlib.contextmanager
def errors_of_file(path):
    """Name a file in the errors of the block."""
    try:
        yield
    except ImportError:
        raise
    except Exception as error:  # a broken file raises many types
        reason = one_line(error) or f"it cannot be read ({type(error).__name__})."
        if isinstance(error, UnicodeDecodeError):
            reason = "it is no text in UTF-8; save it as 'CSV UTF-8'."
        raise ValueError(f"{one_line(path)}: {reason}") from error


# ------------------------------------------------------------ shared by several readers


def check_size(path, n_values, what):
    """Refuse a table of 64-bit numbers that is far larger than its file."""
    # some bytes, and more than any compression of measurements saves
    most = 2**24 + 200 * path.stat().st_size
    if 8 * n_values > most:
        expected = f"at most {1e-6 * most:.0f} MB for a file of this size"
        refuse(f"the size of {what}", f"{8e-6 * n_values:.0f} MB", expected)


def is_hdf5(path):
    """Whether a file is HDF5, by its content."""
    return bool(import_extra("h5py").is_hdf5(path))


def inside(group, name):
    """Object of an HDF5 group, which neither it nor its data have outside the file."""
    h5py = import_extra("h5py")
    link = group.get(name, getlink=True)
    item = None if isinstance(link, h5py.ExternalLink) else group.get(name)
    is_data = isinstance(item, h5py.Dataset)
    if item is None or (is_data and (item.external or item.is_virtual)):
        raise ValueError(f"it has no {name!r} of its own, expected data in the file.")
    if item.file.filename != group.file.filename:  # a link to an external link
        raise ValueError(f"{name!r} leads to {item.file.filename}, expected this file.")
    return item


def read_inside(path, group, name, key=()):
    """Values of an HDF5 dataset, or a part of it, of no more than the file can hold."""
    return read_data(path, inside(group, name), name, key)


def read_data(path, data, name, key=()):
    """Values of an HDF5 dataset that `inside` returned, see `read_inside`."""
    keys = key or (slice(None),) * data.ndim
    lengths = [n for n, part in zip(data.shape, keys) if isinstance(part, slice)]
    # a chunk is decompressed whole, even for a part of it
    n_values = max(math.prod(lengths), math.prod(data.chunks or (0,)))
    # in values of 64 bits
    check_size(path, n_values * data.dtype.itemsize / 8, name)
    return native(data[key])


def native(values):
    """Array in the order of bytes of this machine, which pandas needs."""
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def words_inside(path, group, name):
    """Text in an HDF5 dataset."""
    words = read_inside(path, group, name).tolist()
    return [word.decode() if isinstance(word, bytes) else str(word) for word in words]


def table_of_points(points, names):
    """Convert a track (n_frames, n_points, d) to a table with "nose x", "nose y", …."""
    import pandas as pd

    for name in repeated(names)[:1]:
        raise ValueError(f"it has two points {short_repr(name)}, expected one.")
    if points.shape[1] != len(names):
        raise ValueError(f"it has {len(names)} names of {points.shape[1]} points.")
    axes = "xyz"[: points.shape[2]]
    columns = [f"{name} {axis}" for name in names for axis in axes]
    return pd.DataFrame(points.reshape(len(points), -1), columns=columns)


def fill_frames(path, table, first=None):
    """Rows of all frames of a table by its index; frames that it lacks are NaN."""
    first, last = table.index[0] if first is None else first, table.index[-1]
    n_frames = int(last) - int(first) + 1
    if n_frames == len(table):
        return table
    check_size(path, n_frames * table.shape[1], f"its track of {n_frames} frames")
    return table.reindex(range(first, last + 1))


def check_likelihood(likelihood):
    """Refuse a likelihood outside of 0 to 1."""
    is_number = isinstance(likelihood, (int, float)) and likelihood is not True
    if likelihood is not None and not (is_number and 0 <= likelihood <= 1):
        refuse("likelihood", likelihood, "a number from 0 to 1, or None")


def without_unlikely(points, likelihoods, least):
    """Points (..., n_points, d), NaN where the likelihood (..., n_points) is low."""
    if least is None:
        return points
    return np.where((likelihoods >= least)[..., None], points, np.nan)


def choose_animals(animals, animal):
    """Names of the animals to read: the requested one, or all."""
    for name in repeated(animals)[:1]:
        raise ValueError(f"it has two animals {short_repr(name)}, expected one.")
    if not animals:
        raise ValueError("it has no animal, expected one or more.")
    if animal not in (None, ALL):
        if str(animal) not in animals:
            refuse("animal", animal, f"one of {', '.join(animals)}")
        return [str(animal)]
    # of points of no animal, and of instances without a track
    chosen = [name for name in animals if name not in ("single", "no track")] or animals
    if animal is None and len(animals) > 1:
        others = [f", without {name!r}" for name in animals if name not in chosen]
        warn_user(
            f"Points of all animals are read, {', '.join(chosen)}{''.join(others)}; "
            f"animal={animals[-1]!r} (--read animal={animals[-1]}) reads one."
        )
    return chosen


def table_of_animals(tracks):
    """Table of points and their names by animal: "nose x m1" if there are several."""
    import pandas as pd

    tables = {name: table_of_points(*track) for name, track in tracks.items()}
    if len(tables) == 1:
        return next(iter(tables.values()))
    named = [table.add_suffix(f" {name}") for name, table in tables.items()]
    return pd.concat(named, axis=1)


# The modules in this folder, which use all of the above; a general one is the last.
_readers = [
    (module.name, importlib.import_module(f"{__name__}.{module.name}").READER)
    for module in pkgutil.iter_modules(__path__)
]
READERS: dict[str, Reader] = dict(sorted(_readers, key=lambda pair: pair[1].is_general))
