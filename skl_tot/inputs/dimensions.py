"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.layouts import n_dims

__all__ = ["n_dims"]
