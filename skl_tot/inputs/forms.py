"""One video or many: the form of input, and output that takes it."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from skl_tot.inputs.errors import warn_user
from skl_tot.inputs.feature_files import FeatureFiles

PATH_TYPES = (str, bytes, os.PathLike)
MAX_DIMS = 32  # more are no array of anything
EXPECTED = (
    "expected a 2-D array (frames, features) as one video, "
    "or a list or 3-D array of them as many"
)


def n_dims(value):
    """Count the dimensions of anything array-like, without copying an array."""
    for depth in range(MAX_DIMS):
        if sparse.issparse(value):
            return depth + 2
        if hasattr(value, "ndim"):
            return depth + value.ndim
        try:
            return depth + np.asarray(value).ndim
        except (ValueError, RuntimeError):  # ragged lists have no ndim of their own
            value = value[0]
    raise ValueError(f"Expected an array, got more than {MAX_DIMS} nested sequences.")


def split_videos(X):
    """Tell one video from many: a sequence of unchecked videos, and the form of ``X``.

    The form, for `mirror_form`, is "single", "list", "stacked" (3-D) or "object".
    """
    if isinstance(X, FeatureFiles) or not _is_array(X):
        return _split_sequence(X)
    return _split_array(X)


def _is_array(X):
    if isinstance(X, (str, bytes)):  # those of numpy have dimensions, too
        return False
    return hasattr(X, "ndim") or hasattr(X, "__array__") or sparse.issparse(X)


def _split_sequence(X):
    if isinstance(X, Mapping):
        raise TypeError(
            f"X is a {type(X).__name__}, but {EXPECTED}: list(X.values()) is."
        )
    if isinstance(X, PATH_TYPES) or not isinstance(X, Sequence):
        raise TypeError(f"X is a {type(X).__name__}, but {EXPECTED}.{_hint(X)}")
    if len(X) == 0:
        raise ValueError(f"X is an empty {type(X).__name__}, but {EXPECTED}.")
    first = X[0]  # once, as it may be read from disk
    if isinstance(first, PATH_TYPES):
        raise TypeError(f"X is a list of {type(first).__name__}.{_hint(first)}")
    return (X, "list") if n_dims(first) >= 2 else ([X], "single")


def _hint(path):
    """Say what reads paths, if this is one."""
    if not isinstance(path, PATH_TYPES):
        return ""
    return (
        " skl_tot.datasets.FeatureFiles(paths) opens .npy files of features, "
        "skl_tot.preprocessing.FrameFeatures makes features of video files."
    )


def _split_array(X):
    ndim = n_dims(X)
    if ndim > 3:
        raise ValueError(f"X has {ndim} dimensions, but {EXPECTED}.")
    if ndim == 3:
        if len(X) == 0:
            raise ValueError(f"X has shape {tuple(X.shape)}, but {EXPECTED}.")
        _warn_of_tracks(X.shape)
        return X, "stacked"
    if ndim == 1 and hasattr(X, "iloc"):  # a series, whose index need not count from 0
        X = X.to_numpy()
    if ndim == 1 and getattr(X, "dtype", "") == np.dtype(object):
        if len(X) == 0:
            raise ValueError(f"X is an empty object array, but {EXPECTED}.")
        if n_dims(X[0]) >= 2:
            return X, "object"
    return [X], "single"


def _warn_of_tracks(shape):
    """Warn of a 3-D array that looks like one pose track rather than many videos."""
    n_videos, n_frames, n_features = shape
    if n_features in (2, 3) and n_videos > n_frames:
        warn_user(
            f"X has shape {tuple(shape)} and is taken as {n_videos} videos of "
            f"{n_frames} frames. If it is one track of {n_frames} points in "
            f"{n_features} dimensions, give X.reshape(len(X), -1).",
        )


def mirror_form(outputs, form):
    """Give outputs, one for each video, the form that `split_videos` found."""
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
