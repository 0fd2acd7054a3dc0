"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.labels import UNKNOWN, UNKNOWN_NAME

__all__ = ["UNKNOWN", "UNKNOWN_NAME"]
