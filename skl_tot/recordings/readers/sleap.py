"""Tracks that SLEAP exports for analysis: H5 and CSV."""

import json

import numpy as np

from skl_tot.extras import import_extra
from skl_tot.recordings.readers import (
    Reader,
    choose_animal,
    is_hdf5,
    table_of_points,
)

SUFFIXES = (".analysis.h5", ".h5", ".hdf5", ".analysis.csv", ".csv")
# Default for older files: arrays in MATLAB order.
DIMS = ("track", "xy", "node", "frame")


def recognises(path):
    """Whether a file has SLEAP's names of tracks."""
    if path.suffix.lower() == ".csv":
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            names = file.readline().strip().split(",")
        return {"frame_idx", "track"} <= set(names) and any(map(_is_x, names))
    if not is_hdf5(path):
        return False
    with import_extra("h5py").File(path) as file:
        return "tracks" in file and "node_names" in file


def read(path, animal):
    """Track of one animal; undetected points are missing."""
    is_text = path.suffix.lower() == ".csv"
    points, names = (_read_text if is_text else _read_hdf)(path, animal)
    name = path.name[: -len(next(own for own in SUFFIXES if path.match(f"*{own}")))]
    return {name: table_of_points(points, names)}, None


def _is_x(name):
    return name.endswith(".x")


def _read_hdf(path, animal):
    """Points (n_frames, n_points, 2) of an animal, and their names."""
    with import_extra("h5py").File(path) as file:
        tracks = file["tracks"]
        dims = json.loads(tracks.attrs["dims"]) if "dims" in tracks.attrs else DIMS
        order = [dims.index(dim) for dim in ("track", "frame", "node", "xy")]
        points = tracks[:].transpose(order)
        names = [name.decode() for name in file["node_names"][:]]
        animals = [name.decode() for name in file.get("track_names", [])]
    return points[choose_animal(animals or range(len(points)), animal)], names


def _read_text(path, animal):
    """Points and names of a table with instances as rows."""
    import pandas as pd

    table = pd.read_csv(path, encoding="utf-8-sig")
    tracks = table["track"].astype(object).where(table["track"].notna(), "no track")
    animals = list(dict.fromkeys(map(str, tracks)))
    table = table[tracks.astype(str) == animals[choose_animal(animals, animal)]]
    table = table.set_index("frame_idx")
    twice = table.index[table.index.duplicated()]
    if len(twice):
        raise ValueError(
            f"it has several animals in frame {twice[0]} of one track, expected a "
            "track for each."
        )
    table = table.reindex(range(table.index.max() + 1))  # frame 0 is the video's first
    names = [name.removesuffix(".x") for name in table.columns if _is_x(name)]
    axes = [table[[f"{name}.{axis}" for name in names]] for axis in "xy"]
    return np.stack([part.to_numpy(float) for part in axes], axis=2), names


READER = Reader(recognises, read, "a track of SLEAP", SUFFIXES, {"animal": None})
