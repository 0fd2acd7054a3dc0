"""Readers of other programs' files: the type `Reader`, and HDF5 files."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

from skl_tot.recordings.errors import import_extra, refuse


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
