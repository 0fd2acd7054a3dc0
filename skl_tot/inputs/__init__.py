"""Moves to `skl_tot.recordings`."""
