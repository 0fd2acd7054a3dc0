"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.clocks import is_clock, rate_of, unit_of

__all__ = [
    "is_clock",
    "rate_of",
    "unit_of",
]
