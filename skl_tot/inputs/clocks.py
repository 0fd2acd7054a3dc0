"""The rate that recordings come with, and that of a model."""

from collections.abc import Mapping

from skl_tot.inputs.labelled_arrays import clock_rate, has_time
from skl_tot.inputs.recordings import Recordings

# Share of a rate by which another may differ and be the same.
SAME = 0.01


def rate_of(X):
    """Frames per second of videos, if they say so: `Recordings`, or clocks of xarray.

    Raises
    ------
    ValueError
        If several differ.
    """
    if has_time(X):
        return clock_rate(X)
    rates = [X.fps] if isinstance(X, Recordings) else []
    rates += [clock_rate(video) for video in _in_memory(X) if has_time(video)]
    rates = [rate for rate in rates if rate is not None]
    for rate in rates:
        if not is_same(rate, rates[0]):
            raise ValueError(
                f"X has videos of {rates[0]:g} and of {rate:g} frames per second, "
                "expected one rate; resample them."
            )
    return rates[0] if rates else None


def _in_memory(X):
    """Videos, if looking at them reads no files."""
    if isinstance(X, Recordings):
        X = X.arrays
    if isinstance(X, Mapping):
        X = list(X.values())
    is_sequence = isinstance(X, (list, tuple)) and len(X) > 0
    return X if is_sequence and has_time(X[0]) else []


def is_same(rate, other):
    """Whether two rates are the same, or one is not known.

    >>> is_same(30.0, 29.97), is_same(30.0, 29.0), is_same(None, 25.0)
    (True, False, True)
    """
    return rate is None or other is None or abs(rate - other) <= SAME * other


def agreed_rate(fps, own, whose):
    """Rate that is given, or that ``whose`` recordings have, if they agree.

    >>> agreed_rate(None, 25.0, "the labels"), agreed_rate(10, None, "the labels")
    (25.0, 10)
    """
    if not is_same(fps, own):
        raise ValueError(
            f"fps is {fps:g}, expected {own:g} frames per second as {whose} have, or "
            "None."
        )
    return fps if own is None else own


def check_rate(estimator, X):
    """Refuse videos of another rate than those of the fit; give the known rate."""
    fps = getattr(estimator, "fps_", None)  # models of before had none
    rate = rate_of(X)
    if not is_same(rate, fps):
        raise ValueError(
            f"X has {rate:g} frames per second, but the model was fitted to {fps:g}; "
            f"read_recordings(..., resample={fps:g}) makes them the same."
        )
    return rate if fps is None else fps
