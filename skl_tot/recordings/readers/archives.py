"""Arrays in files of several: MATLAB files up to version 7, and HDF5."""

import contextlib
import json
from itertools import accumulate, chain

import numpy as np

from skl_tot.recordings import readers
from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.columns import is_clock
from skl_tot.recordings.errors import (
    import_extra,
    refuse,
    short_repr,
    warn_user,
)
from skl_tot.recordings.files import natural_key

RATES = ("fps", "sampling_rate", "sample_rate", "sampling_frequency", "control_freq")
# Starts of names of arrays that are features only if they are asked for.
ASIDES = ("action", "reward", "done")
SHAPE = "numbers of shape (frames,) or (frames, features)"
MOST_COLUMNS = 10**5
ONE = "variable=NAME (--read variable=NAME) takes one"


def read(path, variable=None, transpose=None):
    """Tables of a file by recording, and rate or None."""
    if path.suffix.lower() == ".mat":
        return _read_matlab(path, variable, transpose), None
    if not readers.is_hdf5(path):
        raise ValueError("it is empty, damaged or of another kind; write it again.")
    arrays_of, asides, rates = _read_hdf5(path, variable)
    for rate in rates:
        check_fps(rate, "its rate")
    if len(rates) > 1:
        refuse("the rates of its recordings", sorted(rates), "one")
    if list(arrays_of) == [""]:
        arrays_of = _divide(path, arrays_of[""])
    tables = {}
    for recording, features in arrays_of.items():
        if transpose:
            features = {name: values.T for name, values in features.items()}
        if features:
            tables[recording] = _table_of(recording, features, asides)
    if len(tables) < len(arrays_of):
        shown = short_repr([name for name in arrays_of if name not in tables])
        warn_user(f"{shown} of {path.name} have no features, {SHAPE}: left out.")
    return tables, min(rates, default=None)


def _divide(path, features):
    """Arrays by recording: those of a file are features of one, or each is one."""
    shapes = [values.shape for values in features.values()]
    is_equal = len({shape[0] for shape in shapes}) == 1
    is_alike = len({shape[1:] for shape in shapes}) == 1
    shown = short_repr(dict(zip(features, shapes)))
    if len(shapes) > 1 and is_equal and is_alike and shapes[0][1:]:
        raise ValueError(
            f"its arrays have one shape, {shown}: put those of a recording into a "
            f"group, or each into a file; {ONE}."
        )
    if not is_equal and not is_alike:
        raise ValueError(f"its arrays differ in shape, {shown}: {ONE}.")
    if not is_equal:
        return {name: {"feature": values} for name, values in features.items()}
    if len(shapes) > 1:
        warn_user(f"Arrays {list(features)} are features of one recording; {ONE}.")
    return {path.stem: features}


def _table_of(recording, features, asides=()):
    """Make a data frame of the arrays of a recording, a column for each feature."""
    pd = import_extra("pandas")
    lengths = {name: len(values) for name, values in features.items()}
    if len(set(lengths.values())) > 1:
        refuse(f"the numbers of frames of {recording!r}", lengths, f"equal ones; {ONE}")
    columns: dict = {}
    for name, array in features.items():
        values = readers.native(array)
        if len(values) < values.shape[-1] > MOST_COLUMNS:  # which take minutes
            remedy = "frames in rows; transpose=True (--transpose) turns them"
            refuse(f"the shape of {name!r}", values.shape, remedy)
        parts = {name: values}
        if values.shape[1:] == (1,) and is_clock(name):
            parts = {name: values[:, 0]}
        elif values.ndim > 1:
            parts = {f"{name} {k}": column for k, column in enumerate(values.T)}
        for column in parts.keys() & columns:
            raise ValueError(f"{recording!r} has two columns {column!r}, expected one.")
        columns |= parts
    table = pd.DataFrame(columns)
    if not all(name.startswith(asides) for name in features):
        table.attrs["asides"] = asides
    return table


def _is_feature(array):
    shape = array.shape or ()  # None without a value
    is_filled = len(shape) in (1, 2) and 0 not in shape
    return is_filled and array.dtype.kind in "fiub"


def _check_chosen(arrays_of, names, variable, others):
    if not any(arrays_of.values()):
        called = "" if variable is None else f" called {variable!r} (variable)"
        present = short_repr(sorted(names))
        raise ValueError(f"it has no {SHAPE}{called}, but {present}.")
    if others and variable is None:
        shown = short_repr(sorted(set(others)))
        warn_user(f"Arrays {shown} are left out, as features are {SHAPE}.")


# ----------------------------------------------------------------------------- HDF5


def _read_hdf5(path, variable):
    """Arrays of each group with features, names of asides, and rates."""
    arrays_of, others, asides = {}, [], ASIDES
    with import_extra("h5py").File(path) as file:
        links, groups, arrays = _walk(file)
        rates = set().union(*(_rates_of(group.attrs) for group in groups))
        paths = (accumulate(name.split("/"), "{}/{}".format) for name in arrays)
        lost = links.difference(*paths)
        divided = _divide_groups(arrays, path.stem)
        is_robot = any(x.startswith("obs/") for x in chain(*divided.values()))
        for recording, inside in divided.items():
            if is_robot:  # observations, and commands beside them
                commands = [name for name in inside if "/" not in name]
                chosen = [*commands, *(x for x in inside if x.startswith("obs/"))]
                inside = {name.removeprefix("obs/"): inside[name] for name in chosen}
                asides = tuple(dict.fromkeys([*asides, *commands]))
            others += [name for name in inside if not _is_feature(inside[name])]
            features = {}
            for name, array in inside.items():
                if _is_feature(array) and variable in (None, name):
                    rates |= _rates_of(array.attrs)
                    features[name] = readers.read_data(path, array, name)
            is_filled = variable is not None or not set(features) <= set(asides)
            arrays_of[recording] = features if is_filled or not is_robot else {}
        _check_chosen(arrays_of, links, variable, others)
    if lost:  # a group that has two names shows its arrays under one of them
        shown = short_repr(sorted(lost, key=lambda name: (name.count("/"), name)))
        warn_user(f"{shown} of {path.name} are links or empty, and left out.")
    return arrays_of, asides if variable is None else (), rates


def _walk(file):
    """Paths of all links, groups, and arrays by path, of an HDF5 file."""
    h5py = import_extra("h5py")
    links, groups, arrays = set(), {file: ""}, {}
    queue = [file]
    # each group once, by its shortest path, as links can make paths endless
    for group in queue:
        for name in group:
            path = groups[group] + name
            links.add(path)
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            item = group[name]
            if isinstance(item, h5py.Dataset):
                arrays[path] = item
            elif isinstance(item, h5py.Group) and item not in groups:
                groups[item] = f"{path}/"
                queue.append(item)
    return links, queue, dict(sorted(arrays.items()))


def _divide_groups(arrays, stem):
    """Arrays of each recording by their paths in it, from those of a file by path."""
    groups: dict = {}
    for path, array in arrays.items():
        name, _, inside = path.partition("/")
        if inside:
            groups.setdefault(name, {})[inside] = array
    if _is_recording(arrays) or not groups:
        return {stem if "obs" in groups else "": arrays}
    if "data" not in groups and len(groups) > 1:
        return {name: groups[name] for name in sorted(groups, key=natural_key)}
    name = "data" if "data" in groups else next(iter(groups))
    others = groups.keys() - {name, "mask"}
    if others:
        shown = short_repr(sorted(others))
        warn_user(f"Groups {shown} are left out, as 'data' has the recordings.")
    if _is_recording(groups[name]):
        return {"" if name == "data" else name: groups[name]}
    return _divide_groups(groups[name], stem)


def _is_recording(arrays):
    """Whether arrays by path are features of one recording, and not of several."""
    is_robot = any(path.startswith("obs/") for path in arrays)
    return is_robot or any(_is_feature(arrays[x]) for x in arrays if "/" not in x)


def _rates_of(attributes):
    rates = set()
    for name in attributes.keys() & set(RATES):
        try:
            rates.add(float(np.reshape(attributes[name], ())))
        except (TypeError, ValueError):
            refuse(f"its {name}", attributes[name], "a number of frames per second")
    # robomimic's
    with contextlib.suppress(KeyError, RecursionError, TypeError, ValueError):
        settings = json.loads(attributes["env_args"])["env_kwargs"]
        rates.add(float(settings["control_freq"]))
    return rates


# --------------------------------------------------------------------------- MATLAB


def _read_matlab(path, variable, transpose):
    from scipy import io

    try:
        n_values = sum(np.prod(shape, dtype=float) for _, shape, _ in io.whosmat(path))
        readers.check_size(path, n_values, "its arrays")
        content = io.loadmat(path)
    except NotImplementedError:
        expected = "version 7, which save(..., '-v7') writes"
        raise ValueError(f"it is of MATLAB 7.3, expected {expected}.") from None
    names = [name for name, value in content.items() if _is_matrix(name, value)]
    if not names:
        raise ValueError("it has no array of numbers in rows, nor cells of them.")
    if variable is None and len(names) == 1:
        (variable,) = names
    if variable not in names:
        expected = "one of its arrays, as by variable=... (--read variable=...): "
        refuse("variable", variable, expected + short_repr(names))
    matrices = {path.stem: content[variable]}
    if content[variable].dtype == object:
        cells = enumerate(content[variable].ravel())
        matrices = {f"{path.stem} {k}": matrix for k, matrix in cells}
    tables = {}
    for name, matrix in matrices.items():
        if transpose is None and matrix.shape[0] < matrix.shape[1]:
            expected = "transpose=True (--read transpose=True) if columns are frames"
            refuse(f"the shape of {variable}", matrix.shape, f"{expected}, else False")
        tables[name] = _table_of(name, {variable: matrix.T if transpose else matrix})
    return tables


def _is_matrix(name, value):
    if name.startswith("__") or not isinstance(value, np.ndarray) or value.size < 2:
        return False
    if value.dtype == object:
        return all(_is_matrix(name, cell) for cell in value.ravel())
    return value.dtype.kind in "fiub" and value.ndim == 2


# files that no other reader recognises
READER = readers.Reader(bool, read, (".mat", ".h5", ".hdf5"))
