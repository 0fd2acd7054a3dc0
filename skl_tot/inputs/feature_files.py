"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.files import (
    FloatRows,
    as_floats,
    part_of,
    read_features,
)

__all__ = ["FloatRows", "as_floats", "part_of", "read_features"]
