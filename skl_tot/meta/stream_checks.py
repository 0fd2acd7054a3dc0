"""Checks of frames of a stream, and of its parameters."""

from collections.abc import Mapping
from numbers import Integral, Real

import numpy as np

from skl_tot.recordings.container import Recordings, row_blocks
from skl_tot.recordings.errors import short_repr


def check_stream(stream):
    """Return an iterable of frames or blocks, or raise an error."""
    if isinstance(stream, (Recordings, Mapping)):
        raise TypeError(
            f"stream is {short_repr(stream)}, expected frames of one recording; label "
            "each by a stream of its own."
        )
    if hasattr(stream, "columns"):
        return [stream]
    if isinstance(stream, np.ndarray) and stream.ndim == 2:
        return (stream[rows] for rows in row_blocks(stream))
    if isinstance(stream, (str, bytes)) or not hasattr(stream, "__iter__"):
        raise TypeError(f"stream is {short_repr(stream)}, expected frames, or blocks.")
    return stream


def check_frames(frames, model, n_seen):
    """Copy a block of frames (n_frames, n_features) of floats, or raise an error.

    One frame becomes a block. ``n_seen`` is the number of earlier frames.
    """
    _check_names(frames, model)
    try:
        array = np.asarray(frames)
    except ValueError:
        array = np.empty(0, object)  # ragged rows
    if array.dtype.kind not in "fiub" or np.ma.isMaskedArray(frames):
        raise TypeError(
            f"frames are {short_repr(frames)}, expected an array of floats."
        )
    array = np.atleast_2d(array) if array.ndim else array
    n_features = model.n_features_in_
    if array.ndim != 2 or array.shape[1] != n_features:
        raise ValueError(
            f"frames have the shape {np.shape(frames)}, expected (n_frames, "
            f"{n_features}), as in the fit, or ({n_features},) of one frame."
        )
    kind = array.dtype if array.dtype in (np.float32, np.float64) else np.float64
    array = array.astype(kind)  # a copy, as a camera may reuse its buffer
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        frame, column = bad[0]
        raise ValueError(
            f"frame {n_seen + frame} of the stream has {array[frame, column]} in "
            f"column {column}; fill gaps, or leave such frames out."
        )
    return array


def _check_names(frames, model):
    """Refuse a data frame with other columns than in the fit."""
    names = getattr(model, "feature_names_in_", None)
    if names is None or not hasattr(frames, "columns"):
        return
    if list(frames.columns) != names.tolist():
        raise ValueError(
            f"frames have the columns {short_repr(list(frames.columns))}, expected "
            f"those of the fit, {short_repr(names.tolist())}."
        )


def check_lag(lag):
    """Refuse an invalid lag."""
    if isinstance(lag, bool) or not isinstance(lag, Integral) or lag < 0:
        raise ValueError(
            f"lag is {short_repr(lag)}, expected a number of frames from 0."
        )
    return int(lag)


def check_n_frames(n_frames):
    """Refuse an invalid length of a recording."""
    is_number = isinstance(n_frames, Real) and not isinstance(n_frames, bool)
    if not is_number or not 1 <= n_frames <= 1e15:
        raise ValueError(
            f"n_frames is {short_repr(n_frames)}, expected a number of frames from 1."
        )
