"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.errors import import_extra

__all__ = ["import_extra"]
