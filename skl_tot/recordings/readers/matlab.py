"""Arrays in MATLAB files up to version 7."""

import struct
import zlib

import numpy as np

from skl_tot.recordings.errors import refuse, short_repr
from skl_tot.recordings.readers import Reader, check_size

COMPRESSED = 15  # kind of a variable


def recognises(path):
    """Whether a file has the suffix; version 4 files have no signature."""
    return path.suffix.lower() == ".mat"


def read(path, variable=None, transpose=None):
    """Read an array as one recording, or a cell array as many."""
    from scipy import io

    try:
        check_size(path, _n_bytes(path) / 8, "its arrays")
        content = io.loadmat(path)
    except NotImplementedError:
        expected = "version 7, which save(..., '-v7') writes"
        raise ValueError(f"it is of MATLAB 7.3, expected {expected}.") from None
    found = {name: own for name, own in content.items() if _is_array(name, own)}
    if not found:
        raise ValueError("it has no array of numbers in rows, nor cells of them.")
    if variable is None and len(found) == 1:
        (variable,) = found
    if variable not in found:
        expected = "one of its arrays, as by variable=... (--read variable=...): "
        refuse("variable", variable, expected + short_repr(list(found)))
    array = found[variable]
    if array.dtype != object:
        return {path.stem: _table_of(array, variable, transpose)}, None
    tables = {}
    for k, own in enumerate(array.ravel()):
        tables[f"{path.stem} {k}"] = _table_of(own, variable, transpose)
    return tables, None


def _n_bytes(path):
    """Bytes of the variables of a file of version 5 to 7, decompressed."""
    n_bytes = 0
    with open(path, "rb") as file:
        mark = file.read(128)[126:]
        order = {b"IM": "<", b"MI": ">"}.get(mark)
        while order and len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            following = file.tell() + size
            if kind == COMPRESSED:  # scipy would decompress more to tell the shape
                tag = zlib.decompressobj().decompress(file.read(min(size, 1024)), 8)
                size = struct.unpack(f"{order}II", tag.ljust(8, b"\0"))[1]
            n_bytes += size
            file.seek(following)
    return n_bytes


def _is_array(name, value):
    """Whether a variable is a numeric array, or a cell array of these."""
    if name.startswith("__") or not isinstance(value, np.ndarray) or value.size < 2:
        return False
    if value.dtype == object:
        return all(_is_array(name, own) for own in value.ravel())
    return value.dtype.kind in "fiub" and value.ndim == 2


def _table_of(array, name, transpose):
    """Table of an array with frames as rows."""
    import pandas as pd

    if transpose is None and array.shape[0] < array.shape[1]:
        raise ValueError(
            f"{name} has {array.shape[0]} rows and {array.shape[1]} columns; expected "
            "transpose=True (--read transpose=True) if columns are frames, else False."
        )
    array = array.T if transpose else array
    columns = [f"{name} {k}" for k in range(array.shape[1])]
    return pd.DataFrame(array, columns=columns)


READER = Reader(recognises, read, "a file of MATLAB", (".mat",))
