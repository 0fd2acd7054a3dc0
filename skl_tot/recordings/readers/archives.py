"""Arrays in files of several: MATLAB files up to version 7, .npz and HDF5."""

import contextlib
import json
import math
import struct
import zipfile
import zlib

import numpy as np

from skl_tot.recordings import readers
from skl_tot.recordings.clocks import check_fps, is_clock
from skl_tot.recordings.errors import (
    import_extra,
    refuse,
    repeated,
    short_repr,
    warn_user,
)

COMPRESSED = 15  # kind of a variable of MATLAB
DEEPEST = 5  # level of groups
RATES = ("fps", "sampling_rate", "sample_rate", "sampling_frequency", "control_freq")
# Starts of names of arrays that are features only if they are asked for.
ASIDES = ("action", "reward", "done")
SHAPE = "numbers of shape (frames,) or (frames, features)"
ONE = "variable=NAME (--read variable=NAME) takes one"
EACH = "arrays='recordings' (--read arrays=recordings) makes each a recording"
JOINED = "arrays='features' (--read arrays=features) joins them to one"


def read(path, variable=None, transpose=None, arrays=None):
    """Read arrays as recordings or as features, or groups of arrays as recordings."""
    if arrays not in (None, "recordings", "features"):
        refuse("arrays", arrays, "'recordings' or 'features'")
    if path.suffix.lower() == ".mat":
        return _read_matlab(path, variable, transpose), None
    is_npz = path.suffix.lower() == ".npz"
    if not (zipfile.is_zipfile if is_npz else readers.is_hdf5)(path):
        raise ValueError("it is empty, damaged or of another kind; write it again.")
    found, asides, rate = (_read_npz if is_npz else _read_hdf5)(path, variable)
    check_fps(rate, "its rate")
    if list(found) == [""]:
        found = _divide(path, found[""], arrays)
    tables = {}
    for name, own in found.items():
        turned = {key: values.T if transpose else values for key, values in own.items()}
        tables[name] = _table_of(name, turned, asides)
    return tables, rate


def _divide(path, found, arrays):
    """Arrays of a file, as features of one recording or each as a recording."""
    shapes = {name: values.shape for name, values in found.items()}
    is_equal = len({shape[0] for shape in shapes.values()}) == 1
    is_alike = len({shape[1:] for shape in shapes.values()}) == 1
    shown = ", ".join(f"{name} {shape}" for name, shape in shapes.items())[:200]
    if arrays is None and len(found) > 1:
        if is_equal and is_alike and len(next(iter(shapes.values()))) > 1:
            raise ValueError(f"it has arrays of one shape, {shown}: {EACH}; {JOINED}.")
        arrays = "features" if is_equal else "recordings"
        if is_equal:
            warn_user(f"Arrays {list(found)} are features of one recording; {ONE}.")
    if not {"recordings": is_alike, "features": is_equal}.get(arrays, True):
        raise ValueError(f"its arrays differ in shape, {shown}: {ONE}.")
    if arrays == "recordings":
        return {name: {"feature": values} for name, values in found.items()}
    return {path.stem: found}


def _table_of(recording, arrays, asides=()):
    import pandas as pd

    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        refuse(f"the numbers of frames of {recording!r}", lengths, f"equal ones; {ONE}")
    columns: dict = {}
    for name, values in arrays.items():
        parts = {name: values}
        if values.shape[1:] == (1,) and is_clock(name):
            parts = {name: values[:, 0]}
        elif values.ndim > 1:
            parts = {f"{name} {k}": own for k, own in enumerate(values.T)}
        for own in parts.keys() & columns:
            raise ValueError(f"{recording!r} has two columns {own!r}, expected one.")
        columns |= parts
    table = pd.DataFrame(columns)
    if not all(name.startswith(asides) for name in arrays):
        table.attrs["asides"] = asides
    return table


def _is_feature(shape, kind):
    return kind in "fiub" and len(shape) in (1, 2) and 0 not in shape


def _check_found(found, known, variable, others):
    if not any(found.values()):
        what = "" if variable is None else f" called {variable!r} (variable)"
        raise ValueError(f"it has no {SHAPE}{what}, but {short_repr(sorted(known))}.")
    if others and variable is None:
        shown = short_repr(sorted(set(others)))
        warn_user(f"Arrays {shown} are left out, as features are {SHAPE}.")


# ----------------------------------------------------------------------------- .npz


def _read_npz(path, variable):
    """Arrays of an archive, without pickles, and the rate."""
    found, rate, others = {}, None, []
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for name in repeated(own.filename for own in members):
            raise ValueError(f"it has two arrays {name!r}, expected one.")
        n_bytes = sum(own.file_size for own in members)
        readers.check_size(path, n_bytes / 8, "its arrays")
        for member in members:
            name = member.filename.removesuffix(".npy")
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                header = f"read_array_header_{version[0]}_{version[1]}"
                shape, _, dtype = getattr(np.lib.format, header)(file)
            size = math.prod(shape)
            if size * dtype.itemsize > member.file_size:
                raise ValueError(f"{name} has shape {shape}, but fewer numbers.")
            is_rate = name in RATES and size == 1 and dtype.kind in "fiu"
            if is_rate or (_is_feature(shape, dtype.kind) and variable in (None, name)):
                with archive.open(member) as file:
                    values = np.lib.format.read_array(file, allow_pickle=False)
                rate = float(values.ravel()[0]) if is_rate else rate
                found |= {} if is_rate else {name: values}
            else:
                others.append(name)
    names = [own.filename.removesuffix(".npy") for own in members]
    _check_found({"": found}, names, variable, others)
    return {"": found}, ASIDES, rate


# ----------------------------------------------------------------------------- HDF5


def _read_hdf5(path, variable):
    """Arrays of each group with features, names of other ones, and the rate."""
    found, known, others, asides, n_values = {}, [], [], ASIDES, 0
    with import_extra("h5py").File(path) as file:
        home, parts = _parts_of(file, path.stem)
        names = list(home)
        rates = {_rate_of(own.attrs) for own in (file, home, *parts.values())} - {None}
        for rate in rates:
            check_fps(rate, "its rate")
        if len(rates) > 1:
            refuse("the rates of its recordings", sorted(rates), "one")
        for recording, group in parts.items():
            data = dict(_walk(group))
            if "obs" in group:  # observations of a robot
                asides = tuple(name for name in data if "/" not in name)
                kept = [*asides, *(name for name in data if name.startswith("obs/"))]
                data = {name.removeprefix("obs/"): data[name] for name in kept}
            known += data
            fit = [x for x in data if _is_feature(data[x].shape, data[x].dtype.kind)]
            others += data.keys() - fit
            fit = fit if variable is None else [x for x in fit if x == variable]
            n_values += sum(data[name].size for name in fit)
            readers.check_size(path, n_values, "its arrays")
            own = {name: readers.read_data(path, data[name], name) for name in fit}
            found |= {recording: own} if own else {}
    _check_found(found, known or names, variable, others)
    return found, asides if variable is None else (), min(rates, default=None)


def _parts_of(home, stem, depth=0):
    """Group that has the recordings, and the group of each by its name."""
    groups = {name: own for name, own in _members(home) if not hasattr(own, "shape")}
    if _is_recording(home) or not groups:
        return home, {stem if "obs" in home else "": home}
    chosen = [name for name in groups if name == "data" or len(groups) == 1]
    for name in chosen:
        if depth < DEEPEST and not _is_recording(groups[name]):
            return _parts_of(groups[name], stem, depth + 1)
    names = sorted(chosen or groups, key=readers.natural_key)
    return home, {"" if name == "data" else name: groups[name] for name in names}


def _members(group):
    for name in group:
        yield name, readers.inside(group, name)


def _is_recording(group):
    """Whether a group has features of one recording, and not groups of several."""
    arrays = [own for _, own in _members(group) if hasattr(own, "shape")]
    is_any = any(_is_feature(own.shape, own.dtype.kind) for own in arrays)
    return "obs" in group or is_any


def _walk(group, prefix="", depth=0):
    if depth > DEEPEST:
        raise ValueError(f"its groups are deeper than {DEEPEST}, as {prefix!r}.")
    for name, own in _members(group):
        if hasattr(own, "shape"):
            yield prefix + name, own
        else:
            yield from _walk(own, f"{prefix}{name}/", depth + 1)


def _rate_of(attributes):
    for name in RATES:
        if name in attributes:
            try:
                return float(np.reshape(attributes[name], ()))
            except (TypeError, ValueError):
                refuse(f"its {name}", attributes[name], "a number of frames per second")
    with contextlib.suppress(KeyError, TypeError, ValueError):  # robomimic's
        return float(json.loads(attributes["env_args"])["env_kwargs"]["control_freq"])
    return None


# --------------------------------------------------------------------------- MATLAB


def _read_matlab(path, variable, transpose):
    """Read an array as one recording, or a cell array as many."""
    from scipy import io

    try:
        readers.check_size(path, _n_bytes(path) / 8, "its arrays")
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
    cells = {path.stem: array}
    if array.dtype == object:
        cells = {f"{path.stem} {k}": own for k, own in enumerate(array.ravel())}
    for own in cells.values():
        if transpose is None and own.shape[0] < own.shape[1]:
            expected = "transpose=True (--read transpose=True) if columns are frames"
            refuse(f"the shape of {variable}", own.shape, f"{expected}, else False")
    return {
        name: _table_of(name, {variable: own.T if transpose else own})
        for name, own in cells.items()
    }


def _n_bytes(path):
    """Bytes of the variables of a file of version 5 to 7, decompressed."""
    n_bytes = 0
    with open(path, "rb") as file:
        order = {b"IM": "<", b"MI": ">"}.get(file.read(128)[126:])
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
    if name.startswith("__") or not isinstance(value, np.ndarray) or value.size < 2:
        return False
    if value.dtype == object:
        return all(_is_array(name, own) for own in value.ravel())
    return value.dtype.kind in "fiub" and value.ndim == 2


SUFFIXES = (".mat", ".npz", ".h5", ".hdf5")
READER = readers.Reader(bool, read, "a file of arrays", SUFFIXES, is_general=True)
