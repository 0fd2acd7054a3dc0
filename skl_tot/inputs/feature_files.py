"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.files import (
    FloatRows,
    as_floats,
    open_arrays,
    part_of,
    read_features,
)


def FeatureFiles(paths, *, stride=1, transpose=False):
    """Videos in ``.npy`` files, which are opened as they are asked for."""
    return open_arrays(paths, stride=stride, transpose=transpose)


__all__ = ["FeatureFiles", "FloatRows", "as_floats", "part_of", "read_features"]
