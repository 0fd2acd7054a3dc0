"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.moments import ActionMoments

__all__ = [
    "ActionMoments",
]
