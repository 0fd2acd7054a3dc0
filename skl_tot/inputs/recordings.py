"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.container import Recordings, frame_edges

__all__ = ["Recordings", "frame_edges"]
