"""Poses of DeepLabCut, SLEAP, and movement, whose NetCDF is HDF5."""

import io
import itertools
import json
import pickle
from functools import partial

import numpy as np

from skl_tot.recordings import readers
from skl_tot.recordings.clocks import check_fps, rate_of
from skl_tot.recordings.errors import (
    import_extra,
    refuse,
    repeated,
    short_repr,
    warn_user,
)

ALL = "all"  # a model that read all animals remembers this


def table_of_points(points, names, axes="xyz"):
    """Convert a track (n_frames, n_points, d) to a table with "nose x", "nose y", …."""
    pd = import_extra("pandas")
    for name in repeated(names)[:1]:
        raise ValueError(f"it has two points {short_repr(name)}, expected one.")
    if points.shape[1] != len(names):
        raise ValueError(f"it has {len(names)} names of {points.shape[1]} points.")
    axes = axes[: points.shape[2]]
    columns = [f"{name} {axis}" for name in names for axis in axes]
    return pd.DataFrame(points.reshape(len(points), -1), columns=columns)


def fill_frames(path, table, first=None):
    """Rows of all frames of a table by its index; frames that it lacks are NaN."""
    first, last = table.index[0] if first is None else first, table.index[-1]
    n_frames = int(last) - int(first) + 1
    if n_frames == len(table):
        return table
    readers.check_size(
        path, n_frames * table.shape[1], f"its track of {n_frames} frames"
    )
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
            f"animal={chosen[-1]!r} (--read animal={chosen[-1]}) reads one."
        )
    return chosen


def table_of_animals(tracks):
    """Table of points and their names by animal: "nose x m1" if there are several."""
    pd = import_extra("pandas")
    tables = {name: table_of_points(*track) for name, track in tracks.items()}
    if len(tables) == 1:
        return next(iter(tables.values()))
    named = [table.add_suffix(f" {name}") for name, table in tables.items()]
    return pd.concat(named, axis=1)


# ----------------------------------------------------------------------------- movement

DIMS = ("individuals", "time", "keypoints", "space")


def is_movement(path):
    """Whether a file has positions of keypoints of individuals."""
    if not readers.is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return "position" in file and "individuals" in file and "keypoints" in file


def read_movement(path, animal=None, likelihood=None):
    """Tracks of one animal or of all, and their rate."""
    check_likelihood(likelihood)
    with import_extra("h5py").File(path) as file:
        animals = readers.words_inside(path, file, "individuals")
        keypoints = readers.words_inside(path, file, "keypoints")
        space = readers.words_inside(path, file, "space")
        if sorted(space) != sorted(set(space) & set("xyz")):
            refuse("its space", space, "x, y and z, or some of them")
        tracks = {}
        for name in choose_animals(animals, animal):
            index = animals.index(name)
            points = _read_ordered(path, file, "position", DIMS, index)
            if "confidence" in file:
                sure = _read_ordered(path, file, "confidence", DIMS[:-1], index)
                points = without_unlikely(points, sure, likelihood)
            tracks[name] = points[..., np.argsort(space)], keypoints, sorted(space)
        rate = _rate_of_movement(file.attrs, readers.read_inside(path, file, "time"))
    return {path.stem: table_of_animals(tracks)}, rate


def _rate_of_movement(attributes, times):
    """Rate of times in seconds, or in frames of the rate ``fps``; None if unknown."""
    fps = attributes.get("fps")
    try:
        rate = None if fps is None else float(np.reshape(fps, ()))
    except (TypeError, ValueError):
        refuse("its fps", fps, "a number")
    check_fps(rate, "its fps")
    if len(times) < 2:
        return rate
    steps = np.diff(times)
    # frames may be left out, which the attribute does not say
    if not (steps.min() > 0 and np.allclose(steps, steps[0], rtol=0.01, atol=0)):
        expected = "equal steps; interpolate them, or write each part to a file"
        refuse("the step of its time", f"{steps.min():g} to {steps.max():g}", expected)
    is_in_frames = attributes.get("time_unit") == "frames"
    return rate and (rate / steps[0] if is_in_frames else rate_of(times))


def _read_ordered(path, file, name, dims, index):
    """Array of one individual, with its other dimensions in the given order."""
    scales = [dim[0].name for dim in readers.inside(file, name).dims]
    dims_of_file = [scale.rpartition("/")[2] for scale in scales]
    key = tuple(index if dim == DIMS[0] else slice(None) for dim in dims_of_file)
    dims_of_file.remove(DIMS[0])
    values = readers.read_inside(path, file, name, key)
    return values.transpose([dims_of_file.index(dim) for dim in dims[1:]])


MOVEMENT = readers.Reader(is_movement, read_movement, (".nc",))


# -------------------------------------------------------------------------------- SLEAP

SLEAP_SUFFIXES = (".analysis.h5", ".h5", ".hdf5", ".analysis.csv", ".csv")
# Default for older files: arrays in MATLAB order.
AXES = ("track", "xy", "node", "frame")


def is_sleap(path):
    """Whether a file has SLEAP's tracks."""
    if path.suffix.lower() == ".csv":
        cells = readers.first_cells(path)
        has_points = any(cell.endswith(".x") for cell in cells)
        return has_points and {"frame_idx", "track"} <= set(cells)
    if not readers.is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return "tracks" in file and "node_names" in file


def read_sleap(path, animal=None):
    """Tracks of one animal or of all; undetected points are missing."""
    is_text = path.suffix.lower() == ".csv"
    tracks = (_read_sleap_text if is_text else _read_sleap_hdf)(path, animal)
    suffix = next(suffix for suffix in SLEAP_SUFFIXES if path.match(f"*{suffix}"))
    return {path.name[: -len(suffix)]: table_of_animals(tracks)}, None


def _read_sleap_hdf(path, animal):
    """Points (n_frames, n_points, 2) and their names, by animal."""
    with import_extra("h5py").File(path) as file:
        tracks = readers.inside(file, "tracks")
        dims = json.loads(tracks.attrs["dims"]) if "dims" in tracks.attrs else AXES
        names = readers.words_inside(path, file, "node_names")
        if sorted(map(str, dims)) != sorted(AXES):
            refuse("its dims", dims, f"the names {list(AXES)} in some order")
        n_animals = tracks.shape[dims.index("track")]
        animals = [f"track_{k}" for k in range(n_animals)]  # as SLEAP calls them
        if "track_names" in file:
            animals = readers.words_inside(path, file, "track_names") or animals
        if len(animals) != n_animals:
            raise ValueError(f"it has {len(animals)} names of {n_animals} tracks.")
        chosen = choose_animals(animals, animal)
        dims_of_one = [dim for dim in dims if dim != "track"]
        axes = [dims_of_one.index(dim) for dim in ("frame", "node", "xy")]
        points_of = {}
        for name in chosen:
            index = animals.index(name)
            key = tuple(index if dim == "track" else slice(None) for dim in dims)
            points = readers.read_inside(path, file, "tracks", key)
            points_of[name] = points.transpose(axes), names
    return points_of


def _read_sleap_text(path, animal):
    """Points and their names by animal, of a table with instances as rows."""
    from skl_tot.recordings.text_tables import read_text_table  # slow

    pd = import_extra("pandas")
    table, head = read_text_table(path, ["track"], header=1)
    names = [name.removesuffix(".x") for name in head.names if name.endswith(".x")]
    frames = pd.to_numeric(table["frame_idx"], errors="coerce")
    is_frame = (frames >= 0) & (frames < 2**53) & (frames % 1 == 0)
    if not is_frame.all():
        row = int(np.argmin(is_frame))
        value = table["frame_idx"].tolist()[row]
        refuse(f"its frame_idx in row {row}", value, "a frame from 0")
    table["frame_idx"] = frames.astype(np.int64)
    table["track"] = table["track"].replace("", "no track")
    chosen = choose_animals(list(dict.fromkeys(table["track"])), animal)
    table = table[table["track"].isin(chosen)].set_index(["frame_idx", "track"])
    for frame, _ in repeated(table.index)[:1]:
        raise ValueError(f"it has several animals in frame {frame} of one track.")
    table = fill_frames(path, table.unstack(), first=0)  # the video's first
    tracks = {}
    for track in chosen:
        columns = [(f"{name}.{axis}", track) for name in names for axis in "xy"]
        for column, _ in set(columns) - set(table.columns):
            raise ValueError(f"it has no column {column!r}, expected one.")
        points = table[columns].to_numpy(float).reshape(len(table), len(names), 2)
        tracks[track] = points, names
    return tracks


SLEAP = readers.Reader(is_sleap, read_sleap, SLEAP_SUFFIXES, has_copies=True)


# --------------------------------------------------------------------------- DeepLabCut

# First cells of the header lines; the line of animals is optional.
LEVELS = ("scorer", "individuals", "bodyparts", "coords")


def is_deeplabcut(path):
    """Whether a file has a table with header lines."""
    if path.suffix.lower() == ".csv":
        return readers.first_cells(path)[0] == LEVELS[0]
    if not readers.is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return _find_group(file) is not None


def read_deeplabcut(path, animal=None, likelihood=0.6):
    """Tracks of one animal or of all; points with a low likelihood are missing."""
    check_likelihood(likelihood)
    table = (
        _read_deeplabcut_text(path)
        if path.suffix.lower() == ".csv"
        else _read_deeplabcut_hdf(path)
    )
    for name in repeated(table.columns)[:1]:
        raise ValueError(f"it has two columns {'/'.join(name)!r}, expected one.")
    if table.empty:
        raise ValueError("it has no frames, expected some.")
    if table.index.dtype.kind not in "iu":
        expected = "tracks, with a number for each frame, not labels for training"
        refuse("a row", table.index[0], expected)
    if not (np.diff(table.index) >= 1).all():
        raise ValueError("its frames are not in order, expected numbers that go up.")
    table = fill_frames(path, table)  # frames without an animal may be absent
    scorer = str(table.columns[0][0])
    table = table.droplevel(0, axis=1)
    tracks = {"": table}
    if table.columns.nlevels == 3:
        animals = list(dict.fromkeys(table.columns.get_level_values(0)))
        chosen = choose_animals(animals, animal)
        tracks = {name: table.xs(name, axis=1, level=0) for name in chosen}
    elif animal not in (None, ALL):
        raise ValueError(f"animal is {animal!r}, but it has one without a name.")
    points_of = {name: _points_of(track, likelihood) for name, track in tracks.items()}
    video, is_named, _ = path.stem.partition(scorer)  # DeepLabCut's file names
    name = video if is_named and video and scorer.startswith("D") else path.stem
    return {name: table_of_animals(points_of)}, None


def _points_of(table, likelihood):
    """Points (n_frames, n_points, d) and names from a table with two header lines."""
    pd = import_extra("pandas")
    names = list(dict.fromkeys(table.columns.get_level_values(0)))
    coords = list(dict.fromkeys(table.columns.get_level_values(1)))
    axes = ["x", "y", "z"] if "z" in coords else ["x", "y"]
    columns = list(itertools.product(names, axes))
    for column in columns:
        if column not in table.columns:
            raise ValueError(f"it has no column {'/'.join(column)!r}, expected one.")
    for column in table.select_dtypes(exclude="number"):
        cells = table[column].astype("string").dropna()
        for frame in cells.index[pd.to_numeric(cells, errors="coerce").isna()][:1]:
            where = f"{'/'.join(column)!r} in frame {frame}"
            refuse(where, cells[frame], "a number, or an empty cell")
    points = table[columns].to_numpy(float).reshape(len(table), len(names), -1)
    if "likelihood" in coords:
        likelihoods = table.xs("likelihood", axis=1, level=1)[names].to_numpy(float)
        points = without_unlikely(points, likelihoods, likelihood)
    return points, names


def _read_deeplabcut_text(path):
    """Read a CSV table, with the header lines as levels of its columns."""
    pd = import_extra("pandas")
    with open(path, encoding="utf-8-sig") as file:
        first = [file.readline().partition(",")[0].strip() for _ in LEVELS]
    levels = [cell for cell in first if cell in LEVELS]
    if levels not in (list(LEVELS), [LEVELS[0], *LEVELS[2:]]):
        refuse("its header", levels, f"rows of {', '.join(LEVELS)}")
    read_csv = partial(pd.read_csv, path, header=None, encoding="utf-8-sig")
    # pandas would change names that are blank or equal, and take a first frame
    # without points for names of the index
    names = read_csv(nrows=len(levels), dtype=str, keep_default_na=False)
    names = pd.MultiIndex.from_arrays(names.to_numpy()[:, 1:])
    try:  # longer rows below are errors of pandas, which name the line
        table = read_csv(skiprows=len(levels), index_col=0)
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=names)
    if table.shape[1] != len(names):
        line = f"the number of cells in line {len(levels) + 1}"
        refuse(line, table.shape[1] + 1, f"{len(names) + 1} as in the header")
    return table.set_axis(names, axis=1)


def _find_group(file):
    """Group of an H5 file that has a data frame with header lines, or None."""
    for group in (readers.inside(file, name) for name in file):
        kind = group.attrs.get("pandas_type", b"")
        kind = kind.decode() if isinstance(kind, bytes) else str(kind)
        if kind == "frame_table" and "table" in group:
            return group
        if kind == "frame" and "axis0_level0" in group:
            return group
    return None


def _read_deeplabcut_hdf(path):
    """Table of a pandas H5 file, in either form; pickles run no code."""
    pd = import_extra("pandas")
    with import_extra("h5py").File(path) as file:
        group = _find_group(file)
        if "table" in group:
            rows = readers.read_inside(path, group, "table")
            (_, names), *_ = _unpickle(group.attrs["non_index_axes"])
            values, index = rows["values_block_0"], rows["index"]
        else:
            levels = []
            for k in range(int(group.attrs["axis0_nlevels"])):
                words = readers.words_inside(path, group, f"axis0_level{k}")
                codes = readers.read_inside(path, group, f"axis0_label{k}")
                levels.append([words[code] for code in codes])
            names = list(zip(*levels))
            values = readers.read_inside(path, group, "block0_values")
            index = readers.read_inside(path, group, "axis1")
    columns = pd.MultiIndex.from_tuples([tuple(map(str, name)) for name in names])
    return pd.DataFrame(values, index, columns)


class _Plain(pickle.Unpickler):
    """Reads lists, tuples and text, and refuses anything that could run code."""

    def find_class(self, module, name):
        raise ValueError(f"it asks for {module}.{name}, expected lists of text.")


def _unpickle(attribute):
    """Content of an attribute in which pandas stores names."""
    content = attribute if isinstance(attribute, bytes) else attribute.tobytes()
    return _Plain(io.BytesIO(content)).load()


DEEPLABCUT = readers.Reader(
    is_deeplabcut, read_deeplabcut, (".h5", ".hdf5", ".csv"), has_copies=True
)
