"""One video or many: the form of input, and output that takes it."""

import contextlib
import os
from collections.abc import Sequence

import numpy as np
from scipy import sparse

from skl_tot.inputs.dimensions import n_dims
from skl_tot.inputs.errors import VideoError, errors_of_video, warn_user
from skl_tot.inputs.feature_files import FeatureFiles
from skl_tot.inputs.labelled_arrays import flatten, has_time
from skl_tot.inputs.named import Named, has_names, split_named

PATH_TYPES = (str, bytes, os.PathLike)
EXPECTED = (
    "expected a 2-D array (frames, features) as one video, "
    "or a list, dict or 3-D array of them as many"
)


def split_videos(X):
    """Tell one video from many: a sequence of unchecked videos, and the form of ``X``.

    The form, for `mirror_form`, is "single", "list", "stacked" (3-D), "object", or, of
    recordings with names, an object that has them.
    """
    if has_time(X):
        return [flatten(X)], "single"
    if has_names(X):
        if len(X) == 0:
            raise ValueError(f"X is an empty {type(X).__name__}, but {EXPECTED}.")
        videos, form = split_named(X)
    elif isinstance(X, FeatureFiles) or not _is_array(X):
        videos, form = _split_sequence(X)
    else:
        videos, form = _split_array(X)
    return _flattened(videos), form


def _flattened(videos):
    """Videos of which those of xarray are tables."""
    if not isinstance(videos, (list, tuple)) or not any(map(has_time, videos)):
        return videos
    return [flatten(video) if has_time(video) else video for video in videos]


def _is_array(X):
    if isinstance(X, (str, bytes)):  # those of numpy have dimensions, too
        return False
    return hasattr(X, "ndim") or hasattr(X, "__array__") or sparse.issparse(X)


def _split_sequence(X):
    if isinstance(X, PATH_TYPES) or not isinstance(X, Sequence):
        raise TypeError(f"X is a {type(X).__name__}, but {EXPECTED}.{_hint(X)}")
    if len(X) == 0:
        raise ValueError(f"X is an empty {type(X).__name__}, but {EXPECTED}.")
    first = X[0]  # once, as it may be read from disk
    if isinstance(first, PATH_TYPES):
        raise TypeError(f"X is a list of {type(first).__name__}.{_hint(first)}")
    is_many = has_time(first) or n_dims(first) >= 2
    return (X, "list") if is_many else ([X], "single")


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
    if n_features in (2, 3):
        warn_user(
            f"X has shape {tuple(shape)} and is taken as {n_videos} videos of "
            f"{n_frames} frames. If it is one track of {n_frames} points in "
            f"{n_features} dimensions, give X.reshape(len(X), -1); list(X) says that "
            "these are videos."
        )


def mirror_form(outputs, form):
    """Give outputs, one for each video, the form that `split_videos` found."""
    if isinstance(form, Named):
        return form.join(outputs)
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


def keep_outputs(outputs, form):
    """Give what an estimator keeps of outputs: a dict, of recordings with names."""
    if isinstance(form, Named):
        return dict(zip(form.names, outputs))
    return mirror_form(outputs, form)


def mirror_kept(kept, X):
    """Give what `keep_outputs` made of outputs of X the form of X."""
    if not isinstance(kept, dict):
        return kept
    return mirror_form(list(kept.values()), split_named(X)[1])


@contextlib.contextmanager
def named_errors(form):
    """Give errors that have the number of a video its name, if it has one."""
    try:
        yield
    except VideoError as error:
        if isinstance(form, Named) and error.name is None:
            error.name = form.names[error.video]
        raise


def errors_in(form, i):
    """Give errors of a block the number and the name of video i, if there are many."""
    if isinstance(form, Named):
        return errors_of_video(i, form.names[i])
    return errors_of_video(None if form == "single" else i)
