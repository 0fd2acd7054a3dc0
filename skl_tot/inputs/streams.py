"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.streams import (
    check_frames,
    check_lag,
    check_n_frames,
    check_stream,
)

__all__ = [
    "check_frames",
    "check_lag",
    "check_n_frames",
    "check_stream",
]
