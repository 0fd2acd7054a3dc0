"""Base of readers of other programs' files, and functions for tracked points."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from skl_tot.extras import import_extra
from skl_tot.recordings.errors import short_repr

# Likelihood below which a tracked point is missing.
LIKELIHOOD = 0.6


@dataclass(frozen=True)
class Reader:
    """Reader of the files of one program.

    ``recognises`` takes a path: a file with one of ``suffixes`` or, with ``is_root``, a
    folder or its content. ``read`` takes a path and the ``options``, and returns a dict
    of data frames by recording name, and the frames per second or None.
    """

    recognises: Callable
    read: Callable
    description: str
    suffixes: tuple = ()
    options: dict = field(default_factory=dict)  # defaults
    is_root: bool = False


def is_hdf5(path):
    """Whether a file is HDF5, by its content."""
    return bool(import_extra("h5py").is_hdf5(path))


def table_of_points(points, names):
    """Convert a track (n_frames, n_points, d) to a table with "nose x", "nose y", …."""
    import pandas as pd

    axes = "xyz"[: points.shape[2]]
    columns = [f"{name} {axis}" for name in names for axis in axes]
    return pd.DataFrame(points.reshape(len(points), -1), columns=columns)


def check_likelihood(likelihood):
    """Refuse a likelihood outside of 0 to 1."""
    is_number = isinstance(likelihood, (int, float)) and not isinstance(
        likelihood, bool
    )
    if likelihood is not None and not (is_number and 0 <= likelihood <= 1):
        raise ValueError(
            f"likelihood is {short_repr(likelihood)}, expected a number from 0 to 1, "
            "or None."
        )


def without_unlikely(points, likelihoods, least):
    """Points (..., n_points, d), NaN where the likelihood (..., n_points) is low."""
    if least is None:
        return points
    return np.where((likelihoods >= least)[..., None], points, np.nan)


def choose_animal(animals, animal):
    """Index of the requested animal, or of the only one."""
    animals = list(map(str, animals))
    if animal is None and len(animals) == 1:
        return 0
    if animal is not None and str(animal) in animals:
        return animals.index(str(animal))
    if animal is None:
        raise ValueError(
            f"it has {len(animals)} animals, expected one of them, as by "
            f"animal={animals[0]!r} (--read animal={animals[0]}): {', '.join(animals)}."
        )
    raise ValueError(
        f"it has no animal {short_repr(animal)}, expected one of {', '.join(animals)}."
    )
