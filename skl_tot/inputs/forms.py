"""One video or many: the form of input, and output that takes it."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from skl_tot.inputs.feature_files import FeatureFiles

EXPECTED = (
    "expected a 2-D array (frames, features) as one video, "
    "or a list or 3-D array of them as many"
)


def n_dims(value):
    """Count the dimensions of anything array-like, without copying an array."""
    if sparse.issparse(value):
        return 2
    if hasattr(value, "ndim"):
        return value.ndim
    try:
        return np.asarray(value).ndim
    except (ValueError, RuntimeError):  # ragged lists have no ndim of their own
        return 1 + n_dims(value[0])


def split_videos(X):
    """Tell one video from many by the number of dimensions of ``X[0]``.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_features), or a sequence of such
        One video, or many as a list, tuple, other sequence, 1-D object array or 3-D
        array.

    Returns
    -------
    videos : sequence of array-like
        The videos, unchecked.
    form : {"single", "list", "stacked", "object"}
        What `mirror_form` needs to give the output the form of the input.

    Raises
    ------
    TypeError
        If ``X`` is neither an array nor a sequence (a generator, dict, string, …).
    ValueError
        If ``X`` is an empty sequence or has more than three dimensions.
    """
    is_array = hasattr(X, "ndim") or hasattr(X, "__array__") or sparse.issparse(X)
    is_array = is_array and not isinstance(X, FeatureFiles)
    if isinstance(X, (str, bytes)) or not (is_array or isinstance(X, Sequence)):
        raise TypeError(f"X is a {type(X).__name__}, but {EXPECTED}.")
    if not is_array:
        if len(X) == 0:
            raise ValueError(f"X is an empty {type(X).__name__}, but {EXPECTED}.")
        return (X, "list") if n_dims(X[0]) >= 2 else ([X], "single")
    ndim = n_dims(X)
    if ndim == 1 and hasattr(X, "iloc"):  # a series, whose index need not count from 0
        X = X.to_numpy()
    if ndim > 3:
        raise ValueError(f"X has {ndim} dimensions, but {EXPECTED}.")
    if ndim == 3:
        if len(X) == 0:
            raise ValueError(f"X has shape {tuple(X.shape)}, but {EXPECTED}.")
        return X, "stacked"
    if ndim == 1 and getattr(X, "dtype", "") == np.dtype(object):
        if len(X) == 0:
            raise ValueError(f"X is an empty object array, but {EXPECTED}.")
        if n_dims(X[0]) >= 2:
            return X, "object"
    return [X], "single"


def mirror_form(outputs, form):
    """Give a list of per-video outputs the form that `split_videos` found.

    Parameters
    ----------
    outputs : list of ndarray
        One output for each video.
    form : {"single", "list", "stacked", "object"}
        From `split_videos`.

    Returns
    -------
    outputs : ndarray or list of ndarray
        One array for one video, a list for a list, a stacked array for a 3-D array,
        and an object array for an object array.
    """
    if form == "single":
        return outputs[0]
    if form == "stacked":
        return np.stack(outputs)
    if form == "object":
        array = np.empty(len(outputs), dtype=object)
        for i, output in enumerate(outputs):
            array[i] = output
        return array
    return outputs
