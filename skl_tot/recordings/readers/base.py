"""Readers of files, and their shared parts: HDF5, tracks of points."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skl_tot.recordings.errors import (
    import_extra,
    refuse,
    repeated,
    short_repr,
    warn_user,
)

ALL = "all"  # a model that read all animals remembers this


@dataclass(frozen=True)
class Reader:
    """Reader of the files of one program."""

    recognises: Callable  # takes a path, of one of ``suffixes`` or a root folder
    # takes a path and options, returns data frames by recording, and the rate or None
    read: Callable
    suffixes: tuple = ()
    is_root: bool = False  # a folder is one data set
    has_copies: bool = False  # the program writes the same in a file of each suffix

    @property
    def options(self):
        """Options of ``read``, with their defaults."""
        _, *parameters = inspect.signature(self.read).parameters.values()
        return {parameter.name: parameter.default for parameter in parameters}


def first_cells(path):
    """Cells of the first line of a CSV file."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return file.readline(2**16).rstrip("\n").split(",")


# ----------------------------------------------------------------------------- HDF5


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
    """Object of an HDF5 group, which it has not outside the file."""
    h5py = import_extra("h5py")
    link = group.get(name, getlink=True)
    item = None if isinstance(link, h5py.ExternalLink) else group.get(name)
    if item is None:
        raise ValueError(f"it has no {name!r} of its own, expected data in the file.")
    if item.file.filename != group.file.filename:  # a link to an external link
        raise ValueError(f"{name!r} leads to {item.file.filename}, expected this file.")
    return item


def read_inside(path, group, name, key=()):
    """Values of an HDF5 dataset, or a part of it, of no more than the file can hold."""
    return read_data(path, inside(group, name), name, key)


def read_data(path, data, name, key=()):
    """Values of an HDF5 dataset that `inside` returned, see `read_inside`."""
    if data.external or data.is_virtual:
        raise ValueError(f"{name!r} is in another file, expected data in this one.")
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


# --------------------------------------------------------------------------- tracks


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
