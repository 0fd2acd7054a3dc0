"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.rates import MAX_FPS, MIN_FPS, check_fps

__all__ = ["MAX_FPS", "MIN_FPS", "check_fps"]
