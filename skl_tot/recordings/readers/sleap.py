"""Tracks that SLEAP exports for analysis: H5 and CSV."""

import json

import numpy as np

from skl_tot.recordings import readers
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.imports import import_extra

SUFFIXES = (".analysis.h5", ".h5", ".hdf5", ".analysis.csv", ".csv")
# Default for older files: arrays in MATLAB order.
DIMS = ("track", "xy", "node", "frame")


def recognises(path):
    """Whether an H5 file has SLEAP's tracks."""
    if not readers.is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return "tracks" in file and "node_names" in file


def read(path, animal=None):
    """Track of one animal; undetected points are missing."""
    is_text = path.suffix.lower() == ".csv"
    points, names = (_read_text if is_text else _read_hdf)(path, animal)
    name = path.name[: -len(next(own for own in SUFFIXES if path.match(f"*{own}")))]
    return {name: readers.table_of_points(points, names)}, None


def _read_hdf(path, animal):
    """Points (n_frames, n_points, 2) of an animal, and their names."""
    with import_extra("h5py").File(path) as file:
        tracks = readers.inside(file, "tracks")
        dims = json.loads(tracks.attrs["dims"]) if "dims" in tracks.attrs else DIMS
        names = readers.words_inside(path, file, "node_names")
        animals = []
        if "track_names" in file:
            animals = readers.words_inside(path, file, "track_names")
        n_animals = tracks.shape[dims.index("track")]
        own = readers.choose_animal(animals or range(n_animals), animal)
        key = tuple(own if dim == "track" else slice(None) for dim in dims)
        points = readers.read_inside(path, file, "tracks", key)
    rest = [dim for dim in dims if dim != "track"]
    return points.transpose([rest.index(dim) for dim in ("frame", "node", "xy")]), names


def _read_text(path, animal):
    """Points and names of a table with instances as rows."""
    import pandas as pd

    header = pd.read_csv(path, encoding="utf-8-sig", header=None, nrows=1, dtype=str)
    table = pd.read_csv(path, encoding="utf-8-sig")
    names = [str(name) for name in header.iloc[0] if str(name).endswith(".x")]
    names = [name.removesuffix(".x") for name in names]
    frames = pd.to_numeric(table["frame_idx"], errors="coerce")
    is_frame = (frames >= 0) & (frames % 1 == 0)
    if not is_frame.all():
        row = int(np.argmin(is_frame))
        value = table["frame_idx"].tolist()[row]
        refuse(f"its frame_idx in row {row}", value, "a frame from 0")
    table["frame_idx"] = frames.astype(np.int64)
    tracks = table["track"].astype(object).where(table["track"].notna(), "no track")
    animals = list(dict.fromkeys(map(str, tracks)))
    table = table[tracks.astype(str) == animals[readers.choose_animal(animals, animal)]]
    table = table.set_index("frame_idx").sort_index()
    twice = table.index[table.index.duplicated()]
    if len(twice):
        raise ValueError(f"it has several animals in frame {twice[0]} of one track.")
    table = readers.fill_frames(path, table, first=0)  # the video's first
    axes = [table[[f"{name}.{axis}" for name in names]] for axis in "xy"]
    return np.stack([part.to_numpy(float) for part in axes], axis=2), names


HEADER = r"(?=(.*,)?frame_idx(,|$))(?=(.*,)?track(,|$)).*\.x(,|$)"
READER = readers.Reader(recognises, read, "a track of SLEAP", SUFFIXES, HEADER)
