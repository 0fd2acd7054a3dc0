"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.layouts import is_table, rows_of_recordings

__all__ = ["is_table", "rows_of_recordings"]
