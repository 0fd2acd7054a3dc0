"""Checks of videos."""

import contextlib

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from skl_tot.inputs.blocks import row_blocks
from skl_tot.inputs.feature_files import FeatureFiles, FloatRows, FloatVideos, as_floats
from skl_tot.inputs.forms import n_dims, split_videos


def check_videos(estimator, X, *, reset):
    """Validate every video of ``X`` as scikit-learn validates a 2-D array.

    Parameters
    ----------
    estimator : estimator
        Its ``n_features_in_`` and ``feature_names_in_`` are set from the first video
        with ``reset=True``, and every other video is held against them.
    X : array-like or sequence of array-like
        See `split_videos`.
    reset : bool
        Whether this is a fit.

    Returns
    -------
    videos : sequence of ndarray or FloatRows of shape (n_frames_i, n_features)
        float32 or float64. Memmaps are neither copied nor loaded whole, those of other
        real types are `FloatRows`, and `FeatureFiles` are opened again when they are
        asked for. Other real types in memory become float64.
    form : str
        For `mirror_form`.

    Raises
    ------
    TypeError, ValueError
        In one line, naming the video unless there is only one.
    """
    videos, form = split_videos(X)
    is_lazy = isinstance(videos, FeatureFiles)
    checked = []
    for i in range(len(videos)):
        try:
            video = _validate(estimator, _check_video(videos[i]), reset and i == 0)
        except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            prefix = "" if form == "single" else f"Video {i}: "
            raise kind(prefix + _one_line(str(error))) from None
        if not is_lazy:
            checked.append(video)
    return FloatVideos(videos) if is_lazy else checked, form


def _validate(estimator, video, reset):
    """Validate a video as scikit-learn does; what must be converted stays on disk."""
    types = [np.float64, np.float32]
    if isinstance(video, np.memmap) and video.size:
        floats = as_floats(video)
        if isinstance(floats, FloatRows):
            for rows in row_blocks(floats):
                first = reset and rows.start == 0
                validate_data(estimator, video[rows], reset=first, dtype=types)
            return floats
    return validate_data(estimator, video, reset=reset, dtype=types)


def _check_video(video):
    """Refuse what scikit-learn would let pass or explain in many lines."""
    if hasattr(video, "detach"):  # a torch tensor
        video = video.detach().cpu()
        # numpy knows no bfloat16
        small = video.is_floating_point() and video.element_size() < 4
        video = (video.float() if small else video).numpy()
    if np.ma.isMaskedArray(video):
        raise TypeError("masked arrays lose their mask here; fill or drop the frames.")
    if hasattr(video, "iloc"):
        if 0 in video.shape:
            raise ValueError(f"Found a data frame of shape {video.shape}.")
    elif not sparse.issparse(video):
        try:
            ndim = n_dims(video)
            kind = getattr(video, "dtype", np.asarray(video).dtype).kind
        except (ValueError, TypeError, AttributeError, IndexError):
            raise ValueError(
                "expected a 2-D array (frames, features), got a nested sequence of "
                "unequal lengths."
            ) from None
        if ndim != 2:
            raise ValueError(
                f"Expected 2D array, got {ndim}D array instead. Reshape your data: "
                "rows are frames, columns are features."
            )
        if kind in "USVMm":
            raise ValueError("X holds text, dates or records, expected numbers.")
    return video


def _one_line(message):
    """First line of a message; all of it where the first only announces a list."""
    if message.startswith("The feature names"):
        return " ".join(message.split())
    return message.partition("\n")[0]


@contextlib.contextmanager
def unchanged_on_error(estimator):
    """Give an estimator its attributes back if the block fails or is interrupted."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
