"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.xarrays import clock_rate, flatten, has_time

__all__ = ["clock_rate", "flatten", "has_time"]
