"""Tracks of DeepLabCut and compatible programs: CSV, and pandas H5."""

import io
import itertools
import pickle
import pickletools
from functools import partial

import numpy as np

from skl_tot.recordings.errors import import_extra, refuse, repeated
from skl_tot.recordings.readers import base

# First cells of the header lines; the line of animals is optional.
LEVELS = ("scorer", "individuals", "bodyparts", "coords")


def recognises(path):
    """Whether a file has a table with header lines."""
    if path.suffix.lower() == ".csv":
        return base.first_cells(path)[0] == LEVELS[0]
    if not base.is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return _find_group(file) is not None


def read(path, animal=None, likelihood=0.6):
    """Tracks of one animal or of all; points with a low likelihood are missing."""
    base.check_likelihood(likelihood)
    table = _read_text(path) if path.suffix.lower() == ".csv" else _read_hdf(path)
    for name in repeated(table.columns)[:1]:
        raise ValueError(f"it has two columns {'/'.join(name)!r}, expected one.")
    if table.empty:
        raise ValueError("it has no frames, expected some.")
    if table.index.dtype.kind not in "iu":
        expected = "tracks, with a number for each frame, not labels for training"
        refuse("a row", table.index[0], expected)
    if not (np.diff(table.index) >= 1).all():
        raise ValueError("its frames are not in order, expected numbers that go up.")
    table = base.fill_frames(path, table)  # frames without an animal may be absent
    scorer = str(table.columns[0][0])
    table = table.droplevel(0, axis=1)
    tracks = {"": table}
    if table.columns.nlevels == 3:
        animals = list(dict.fromkeys(table.columns.get_level_values(0)))
        chosen = base.choose_animals(animals, animal)
        tracks = {name: table.xs(name, axis=1, level=0) for name in chosen}
    elif animal not in (None, base.ALL):
        raise ValueError(f"animal is {animal!r}, but it has one without a name.")
    points_of = {name: _points_of(track, likelihood) for name, track in tracks.items()}
    video, is_named, _ = path.stem.partition(scorer)  # DeepLabCut's file names
    name = video if is_named and video and scorer.startswith("D") else path.stem
    return {name: base.table_of_animals(points_of)}, None


def _points_of(table, likelihood):
    """Points (n_frames, n_points, d) and names from a table with two header lines."""
    names = list(dict.fromkeys(table.columns.get_level_values(0)))
    coords = list(dict.fromkeys(table.columns.get_level_values(1)))
    axes = ["x", "y", "z"] if "z" in coords else ["x", "y"]
    columns = list(itertools.product(names, axes))
    for column in columns:
        if column not in table.columns:
            raise ValueError(f"it has no column {'/'.join(column)!r}, expected one.")
    points = table[columns].to_numpy(float).reshape(len(table), len(names), -1)
    if "likelihood" in coords:
        likelihoods = table.xs("likelihood", axis=1, level=1)[names].to_numpy(float)
        points = base.without_unlikely(points, likelihoods, likelihood)
    return points, names


def _read_text(path):
    """Read a CSV table, with the header lines as levels of its columns."""
    import pandas as pd

    with open(path, encoding="utf-8-sig") as file:
        first = [file.readline().partition(",")[0].strip() for _ in LEVELS]
    levels = [cell for cell in first if cell in LEVELS]
    if levels not in (list(LEVELS), [LEVELS[0], *LEVELS[2:]]):
        refuse("its header", levels, f"rows of {', '.join(LEVELS)}")
    read_csv = partial(pd.read_csv, path, index_col=0, encoding="utf-8-sig")
    n_levels = len(levels)
    table = read_csv(header=list(range(n_levels)))
    # pandas changes names that are blank or equal
    names = read_csv(header=None, nrows=n_levels, dtype=str, keep_default_na=False)
    return table.set_axis(pd.MultiIndex.from_arrays(names.to_numpy()), axis=1)


# ------------------------------------------------------------------------ pandas H5


def _find_group(file):
    """Group of an H5 file that has a data frame with header lines, or None."""
    for group in (base.inside(file, name) for name in file):
        kind = group.attrs.get("pandas_type", b"")
        kind = kind.decode() if isinstance(kind, bytes) else str(kind)
        if kind == "frame_table" and "table" in group:
            return group
        if kind == "frame" and "axis0_level0" in group:
            return group
    return None


def _read_hdf(path):
    """Table of a pandas H5 file, in either form; pickles run no code."""
    import pandas as pd

    with import_extra("h5py").File(path) as file:
        group = _find_group(file)
        if "table" in group:
            rows = base.read_inside(path, group, "table")
            (_, names), *_ = _unpickle(group.attrs["non_index_axes"])
            values, index = rows["values_block_0"], rows["index"]
        else:
            levels = []
            for k in range(int(group.attrs["axis0_nlevels"])):
                words = base.words_inside(path, group, f"axis0_level{k}")
                codes = base.read_inside(path, group, f"axis0_label{k}")
                levels.append([words[code] for code in codes])
            names = list(zip(*levels))
            values = base.read_inside(path, group, "block0_values")
            index = base.read_inside(path, group, "axis1")
    columns = pd.MultiIndex.from_tuples([tuple(map(str, name)) for name in names])
    return pd.DataFrame(values, index, columns)


class _Plain(pickle.Unpickler):
    """Reads lists, tuples and text, and refuses anything that could run code."""

    def find_class(self, module, name):
        raise ValueError(f"it asks for {module}.{name}, expected lists of text.")


def _unpickle(attribute):
    """Content of an attribute in which pandas stores names."""
    content = attribute if isinstance(attribute, bytes) else attribute.tobytes()
    for code, place, _ in pickletools.genops(content):
        # memory is taken for all places up to one
        if code.name.endswith("PUT") and int(place) > len(content):
            raise ValueError(f"its names have place {place}, expected lists of text.")
    return _Plain(io.BytesIO(content)).load()


READER = base.Reader(recognises, read, (".h5", ".hdf5", ".csv"), has_copies=True)
