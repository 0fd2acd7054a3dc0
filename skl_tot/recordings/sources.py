"""Files of a path, and `READERS`, the table of all readers by kind."""

import os
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from skl_tot.progress import each
from skl_tot.recordings.clocks import agreed_rate
from skl_tot.recordings.errors import (
    errors_of_file,
    listed,
    one_line,
    refuse,
    repeated,
)
from skl_tot.recordings.files import is_pattern, natural_key
from skl_tot.recordings.readers import Reader, archives, lerobot, poses

# The first that recognises a file reads it; archives take the files of no other.
READERS: dict[str, Reader] = {
    "deeplabcut": poses.DEEPLABCUT,
    "lerobot": lerobot.READER,
    "movement": poses.MOVEMENT,
    "sleap": poses.SLEAP,
    "archives": archives.READER,
}
# Suffixes of the files that are read without a reader, by content.
KINDS = {
    ".npy": "arrays",
    ".csv": "text",
    ".tsv": "text",
    ".parquet": "Parquet",
}
# Remedies for other kinds of files that may hold features.
REMEDIES = {
    **dict.fromkeys(["*.csv", "*.tsv", "*.parquet"], "skl_tot.read_recordings"),
    **dict.fromkeys(["*.mp4", "*.avi", "*.mov", "*.mkv"], "skl-tot features"),
    "*.slp": "SLEAP, then export it for analysis (H5 or CSV)",
    "*.xlsx": "pandas.read_excel, then DataFrame.to_csv",
    "*.gz": "gunzip first",
    "*.npz": "numpy.load, then numpy.save",
    "*.txt": "numpy.loadtxt, then numpy.save",
}


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
    is_list = isinstance(path, (list, tuple))
    for file in path if is_list else []:
        if not isinstance(file, (str, os.PathLike)):
            refuse("a file in path", file, "text or a path", TypeError)
    files = list(map(Path, path)) if is_list else [Path(path)]
    if not files:
        raise ValueError("path is an empty list, expected files.")
    for file in repeated(map(os.path.abspath, files))[:1]:
        raise ValueError(f"path has {one_line(file)} twice, expected each file once.")
    if len(files) == 1 and not is_table:
        for name, reader in READERS.items():
            if reader.is_root and reader.recognises(files[0]):
                return Source(name, files, path)
    folder, pattern = files[0], "*"
    if is_pattern(folder):
        folder, pattern = folder.parent, folder.name
    is_folder = not is_list and folder.is_dir()
    if is_folder:
        kinds = _kinds_in_folder(folder, pattern, is_table)
    else:
        kinds = {file: _kind_of(file, is_table) for file in files}
    kind, files = _check_kinds(kinds, is_table), list(kinds)
    if kind in READERS:
        if READERS[kind].has_copies:
            files = _one_of_each(files, READERS[kind].suffixes)
        return Source(kind, files, path)
    if is_folder:
        order = str if kind == "arrays" else natural_key
        files = sorted(files, key=lambda file: order(file.stem))
    return Source("arrays" if kind == "arrays" else "tables", files, path)


def _kinds_in_folder(folder, pattern, is_table):
    files = sorted(file for file in folder.glob("[!.]*") if not file.is_dir())
    names = matching([file.name for file in files], pattern, folder)
    kinds = {folder / name: _kind_of(folder / name, is_table) for name in names}
    kinds = {file: kind for file, kind in kinds.items() if kind is not None}
    if not kinds:
        content = f"{_expected_files(is_table)}, {describe_folder(folder)}"
        raise FileNotFoundError(f"{one_line(folder)} has no file {content}.")
    return kinds


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
    if path.is_file() and not is_table:
        for key, reader in READERS.items():
            with errors_of_file(path):
                if name.endswith(reader.suffixes) and reader.recognises(path):
                    return key
    return KINDS.get(path.suffix.lower())


def _expected_files(is_table):
    suffixes = list(KINDS)
    for reader in READERS.values() if not is_table else ():
        # ".analysis.h5" is an .h5, too
        suffixes += [suffix for suffix in reader.suffixes if suffix.count(".") == 1]
    return f"*{', *'.join(dict.fromkeys(suffixes))}"


def _check_kinds(kinds, is_table):
    (first, kind_of_first), *_ = kinds.items()
    for path, kind in kinds.items():
        shown, expected = one_line(path), _expected_files(is_table)
        if not path.is_file():
            place = f"{shown} is no folder or file"
            raise FileNotFoundError(f"{place}, expected {expected}.")
        if kind is None:
            expected += _find_remedy(f"*{path.suffix.lower()}")
            raise ValueError(f"{shown} is no file that is read, expected {expected}.")
        if kind != kind_of_first:
            raise ValueError(f"{one_line(first)} and {shown} are of two kinds.")
    return kind_of_first


def _one_of_each(files, suffixes):
    """Files without second copies of the same content in another format."""
    best = {}
    for path in files:
        name = path.name.lower()
        rank = next(k for k, end in enumerate(suffixes) if name.endswith(end))
        key = path.parent, path.name[: -len(suffixes[rank])]
        best[key] = min(best.get(key, (rank, path)), (rank, path))
    return [path for _, path in best.values()]


def describe_folder(folder):
    """Describe the content of a folder without features, with a remedy."""
    kinds: Counter = Counter()
    for path in folder.glob("[!.]*"):
        kinds["folders" if path.is_dir() else f"*{path.suffix.lower()}"] += 1
    if not kinds:
        return "it is empty"
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4))
    folders = sorted(one_line(path) for path in folder.glob("[!.]*") if path.is_dir())
    one = f"; read one of them, such as {folders[0]}" if folders else ""
    return f"but {counts}{next(filter(None, map(_find_remedy, kinds)), one)}"


def _find_remedy(kind):
    return f": read {kind} by {REMEDIES[kind]}" if kind in REMEDIES else ""


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
        of_reader["animal"] = of_reader["animal"] or poses.ALL
    return tables, fps, of_reader
