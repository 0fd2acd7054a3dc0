"""Frames per second: valid values and comparison."""

from numbers import Real

from skl_tot.recordings.errors import short_repr

# Range of frames per second that give useful times.
MIN_FPS, MAX_FPS = 1e-6, 1e6
# Relative difference below which two rates are equal.
SAME = 0.01


def check_fps(fps, name="fps"):
    """Refuse an invalid number of frames per second; None is allowed."""
    if fps is None:
        return
    if not (isinstance(fps, Real) and MIN_FPS <= fps <= MAX_FPS):
        raise ValueError(
            f"{name} is {short_repr(fps)}, expected a positive number from "
            f"{MIN_FPS:g} to {MAX_FPS:g}, or None."
        )


def is_same(rate, other):
    """Whether two rates are equal, or one is unknown.

    >>> is_same(30.0, 29.97), is_same(30.0, 29.0), is_same(None, 25.0)
    (True, False, True)
    """
    return rate is None or other is None or abs(rate - other) <= SAME * other


def agreed_rate(fps, own, whose):
    """Given rate, or the rate of recordings if they agree; ``whose`` names these.

    >>> agreed_rate(None, 25.0, "the labels"), agreed_rate(10, None, "the labels")
    (25.0, 10)
    """
    if not is_same(fps, own):
        raise ValueError(
            f"fps is {fps:g}, expected {own:g} frames per second as {whose} have, or "
            "None."
        )
    return fps if own is None else own


def check_rate(estimator, rate):
    """Rate of recordings, or of the fit; refuse a rate other than that of the fit."""
    fps = estimator.fps_
    if not is_same(rate, fps):
        raise ValueError(
            f"X has {rate:g} frames per second, but the model was fitted to {fps:g}; "
            f"read_recordings(..., resample={fps:g}) makes them the same."
        )
    return rate if fps is None else fps
