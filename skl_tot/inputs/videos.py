"""Checks of videos."""

import contextlib

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from skl_tot.inputs.blocks import row_blocks
from skl_tot.inputs.errors import errors_of_video, one_line
from skl_tot.inputs.feature_files import FeatureFiles, FloatRows, FloatVideos, as_floats
from skl_tot.inputs.forms import n_dims, split_videos


def check_videos(estimator, X, *, reset):
    """Validate videos as scikit-learn does 2-D arrays; `reset` in a fit. Gives floats.

    Also gives the form, for `mirror_form`. What is on disk is not loaded whole.
    """
    videos, form = split_videos(X)
    is_lazy = isinstance(videos, FeatureFiles)
    checked = []
    for i in range(len(videos)):
        with errors_of_video(None if form == "single" else i), _short_errors():
            video = _validate(estimator, _check_video(videos[i]), reset and i == 0)
        if not is_lazy:
            checked.append(video)
    return FloatVideos(videos) if is_lazy else checked, form


@contextlib.contextmanager
def _short_errors():
    """Make errors a TypeError or a ValueError, of one line."""
    try:
        yield
    except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(_first_line(str(error))) from None


def _validate(estimator, video, reset):
    """Validate a video as scikit-learn does; what must be converted stays on disk."""
    types = [np.float64, np.float32]
    on_disk = isinstance(video, np.memmap) and video.size
    floats = as_floats(video) if on_disk else video
    if not isinstance(floats, FloatRows):
        return validate_data(estimator, video, reset=reset, dtype=types)
    for rows in row_blocks(floats):
        first = reset and rows.start == 0
        validate_data(estimator, video[rows], reset=first, dtype=types)
    return floats


def _check_video(video):
    """Refuse what scikit-learn would let pass or explain in many lines."""
    if hasattr(video, "detach"):
        video = _tensor_to_array(video)
    if np.ma.isMaskedArray(video):
        raise TypeError("masked arrays lose their mask here; fill or drop the frames.")
    if hasattr(video, "iloc"):
        if 0 in video.shape:
            raise ValueError(f"Found a data frame of shape {video.shape}.")
    elif not sparse.issparse(video):
        _check_array(video)
    return video


def _tensor_to_array(tensor):
    """Make a torch tensor a numpy array, which knows no bfloat16."""
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.element_size() < 4:
        tensor = tensor.float()
    return tensor.numpy()


def _check_array(video):
    """Refuse lists and arrays that are not 2-D or hold no numbers."""
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


def _first_line(message):
    """First line of a message; all of it where the first only announces a list."""
    if message.startswith("The feature names"):
        return one_line(message)
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
