"""Files of recordings: which are read, remedies for others, and their rate."""

import json
import re
from collections import Counter
from pathlib import Path

from skl_tot.recordings.errors import one_line, short_repr
from skl_tot.recordings.rates import check_fps, is_same
from skl_tot.recordings.text import parse_json, read_text

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
