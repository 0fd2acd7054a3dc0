"""Checks of what decoders are given."""

import contextlib

import numpy as np
from scipy import sparse

from skl_tot.inputs.errors import short_repr


def check_log_likelihood(values):
    """Array (n_frames, n_actions) of finite float64, or an error of one line."""
    if np.ma.isMaskedArray(values) or sparse.issparse(values):
        raise TypeError(
            f"log_likelihood is a {type(values).__name__}, expected an array (frames, "
            "actions)."
        )
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError("log_likelihood is no table of numbers.") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"log_likelihood is of type {array.dtype}, expected numbers.")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"log_likelihood has shape {array.shape}, expected (frames, actions)."
        )
    with np.errstate(all="ignore"):  # what is out of reach is infinite, and refused
        array = array.astype(np.float64, copy=False)
    # nan is in no range; sums of more may overflow
    if not -1e150 < array.min() <= array.max() < 1e150:
        raise ValueError("log_likelihood has values that are not finite, or too large.")
    return array


def check_transcript(transcript, n_actions):
    """Refuse a transcript of other actions, or of none."""
    actions = np.array(0)
    if not sparse.issparse(transcript):
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            actions = np.asarray(transcript)
    known = actions.dtype.kind in "iu" and np.isin(actions, np.arange(n_actions)).all()
    if actions.ndim != 1 or len(actions) == 0 or not known:
        raise ValueError(
            f"transcript is {short_repr(transcript)}, expected actions from 0 to "
            f"{n_actions - 1}."
        )
    return actions.astype(np.intp)
