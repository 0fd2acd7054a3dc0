"""Which numbers of frames per second there may be."""

from numbers import Real

from skl_tot.inputs.errors import short_repr

# Frames per second beyond which times are of no use, or no numbers.
MIN_FPS, MAX_FPS = 1e-6, 1e6


def check_fps(fps, name="fps"):
    """Refuse a number of frames per second that gives no time; None is allowed."""
    if fps is None:
        return
    if not (isinstance(fps, Real) and MIN_FPS <= fps <= MAX_FPS):
        raise ValueError(
            f"{name} is {short_repr(fps)}, expected a positive number from "
            f"{MIN_FPS:g} to {MAX_FPS:g}, or None."
        )
