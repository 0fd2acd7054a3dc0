"""Tracks that SLEAP exports for analysis: H5 and CSV."""

import json

import numpy as np

from skl_tot.recordings.errors import import_extra, refuse, repeated
from skl_tot.recordings.readers import base

SUFFIXES = (".analysis.h5", ".h5", ".hdf5", ".analysis.csv", ".csv")
# Default for older files: arrays in MATLAB order.
DIMS = ("track", "xy", "node", "frame")


def recognises(path):
    """Whether a file has SLEAP's tracks."""
    if path.suffix.lower() == ".csv":
        cells = base.first_cells(path)
        has_points = any(cell.endswith(".x") for cell in cells)
        return has_points and {"frame_idx", "track"} <= set(cells)
    if not base.is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return "tracks" in file and "node_names" in file


def read(path, animal=None):
    """Tracks of one animal or of all; undetected points are missing."""
    is_text = path.suffix.lower() == ".csv"
    tracks = (_read_text if is_text else _read_hdf)(path, animal)
    suffix = next(suffix for suffix in SUFFIXES if path.match(f"*{suffix}"))
    return {path.name[: -len(suffix)]: base.table_of_animals(tracks)}, None


def _read_hdf(path, animal):
    """Points (n_frames, n_points, 2) and their names, by animal."""
    with import_extra("h5py").File(path) as file:
        tracks = base.inside(file, "tracks")
        dims = json.loads(tracks.attrs["dims"]) if "dims" in tracks.attrs else DIMS
        names = base.words_inside(path, file, "node_names")
        if sorted(map(str, dims)) != sorted(DIMS):
            refuse("its dims", dims, f"the names {list(DIMS)} in some order")
        n_animals = tracks.shape[dims.index("track")]
        animals = [f"track_{k}" for k in range(n_animals)]  # as SLEAP calls them
        if "track_names" in file:
            animals = base.words_inside(path, file, "track_names") or animals
        if len(animals) != n_animals:
            raise ValueError(f"it has {len(animals)} names of {n_animals} tracks.")
        chosen = base.choose_animals(animals, animal)
        base.check_size(path, tracks.size * len(chosen) / n_animals, "tracks")
        dims_of_one = [dim for dim in dims if dim != "track"]
        axes = [dims_of_one.index(dim) for dim in ("frame", "node", "xy")]
        points_of = {}
        for name in chosen:
            index = animals.index(name)
            key = tuple(index if dim == "track" else slice(None) for dim in dims)
            points = base.read_inside(path, file, "tracks", key)
            points_of[name] = points.transpose(axes), names
    return points_of


def _read_text(path, animal):
    """Points and their names by animal, of a table with instances as rows."""
    import pandas as pd

    from skl_tot.recordings.text_tables import read_text_table  # slow

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
    chosen = base.choose_animals(list(dict.fromkeys(table["track"])), animal)
    table = table[table["track"].isin(chosen)].set_index(["frame_idx", "track"])
    for frame, _ in repeated(table.index)[:1]:
        raise ValueError(f"it has several animals in frame {frame} of one track.")
    table = base.fill_frames(path, table.unstack(), first=0)  # the video's first
    tracks = {}
    for track in chosen:
        columns = [(f"{name}.{axis}", track) for name in names for axis in "xy"]
        for column, _ in set(columns) - set(table.columns):
            raise ValueError(f"it has no column {column!r}, expected one.")
        points = table[columns].to_numpy(float).reshape(len(table), len(names), 2)
        tracks[track] = points, names
    return tracks


READER = base.Reader(recognises, read, SUFFIXES, has_copies=True)
