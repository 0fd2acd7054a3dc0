"""Checks of recordings for estimators."""

import contextlib
import warnings

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from skl_tot.recordings import errors
from skl_tot.recordings.columns import is_like_label
from skl_tot.recordings.container import row_blocks
from skl_tot.recordings.files import FileArray
from skl_tot.recordings.layouts import as_recordings, n_dims
from skl_tot.recordings.signals import spread_indices

HINT = (
    " Are these (features, frames)? Expected (frames, features): transpose them; "
    "files are read so with transpose=True."
)


def check_recordings(estimator, X, *, reset, find_clocks=False):
    """Validate recordings as scikit-learn does arrays; `reset` is True in a fit."""
    recordings = as_recordings(X)
    checked, first, grows = [], None, np.array(find_clocks)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(len(recordings.arrays)):
            with recordings.errors(i):
                video = _checked(estimator, recordings.arrays[i], first, reset)
                first = first or video.shape
                if grows.any():  # of columns that grow from probe to probe
                    probes = spread_indices(len(video), 64)
                    steps = np.diff(video[probes], axis=0)
                    grows = grows & (steps > 0).all(axis=0) & (len(probes) >= 8)
            checked.append(video)
        names = getattr(estimator, "feature_names_in_", ()) if reset else ()
        for name in filter(is_like_label, names):
            remedy = "if it holds labels, they are learned as features; drop it"
            errors.warn_user(f"Column {name!r} of X is called as labels: {remedy}.")
        if grows.any():
            _warn_of_clocks(grows, getattr(estimator, "feature_names_in_", None))
    texts = dict.fromkeys(
        (str(warning.message), warning.category)
        for warning in caught
        if warning.category is not RuntimeWarning  # of sums of huge float32 in checks
    )
    for text, category in texts:  # once, not once per recording
        errors.warn_user(text, category)
    recordings.arrays = checked
    return recordings


def _checked(estimator, video, first, reset):
    """Validate a recording of several; ``first`` is the shape of the first, or None."""
    finite = "allow-nan" if get_tags(estimator).input_tags.allow_nan else True
    checks = {"dtype": [np.float64, np.float32], "ensure_all_finite": finite}
    try:
        is_plain = type(video) is np.ndarray and video.ndim == 2
        if not (is_plain and video.dtype.kind in "fiub"):
            video = _checked_type(video)
        try:
            validate = _validate_file if isinstance(video, FileArray) else validate_data
            return validate(estimator, video, reset=reset and first is None, **checks)
        except ValueError as error:
            raise ValueError(_explain(error, estimator, video, first)) from None
    except errors.RecordingError:
        raise
    except (TypeError, ValueError, ArithmeticError, RuntimeError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(_first_line(str(error))) from None


def _validate_file(estimator, video, reset, **checks):
    """Validate a file as scikit-learn does arrays; it is converted while reading."""
    floats = video.as_floats()
    for rows in row_blocks(floats):
        first = reset and rows.start == 0
        validate_data(estimator, floats[rows], reset=first, **checks)
        if get_config()["assume_finite"]:  # no need to read the rest
            break
    return floats


def _explain(error, estimator, video, first):
    text = str(error)
    no_numbers = ("could not convert", "setting an array element")
    if hasattr(video, "columns") and text.startswith(no_numbers):
        return _describe_text(video) or text
    if text.startswith("Input") and ("NaN" in text or "infinity" in text):
        return _describe_gaps(video, refuses_nan="NaN" in text)
    width = getattr(estimator, "n_features_in_", None)
    if looks_turned(np.shape(video), first, width):
        return f"{text.rstrip()}{HINT}"
    if first is not None and "features, but" in text:
        of_first = "as the first recording has; only=PATTERN takes some recordings"
        return f"{text.rstrip('.')}, {of_first}."
    return text


def _describe_text(frame):
    for name, values in zip(frame.columns, np.asarray(frame, dtype=object).T):
        for value in values:
            with contextlib.suppress(TypeError, ValueError):
                float(value)
                continue
            if hasattr(value, "__len__"):
                shown = errors.short_repr(value)
                return f"column {name!r} holds {shown}, expected numbers; drop it."
    return None


def _describe_gaps(video, refuses_nan):
    """Describe the first infinite or refused value, and the share of all."""
    first, n_gaps = None, 0
    for start, block in blocks_of(video):
        gaps = np.argwhere(~np.isfinite(block) if refuses_nan else np.isinf(block))
        if first is None and len(gaps):
            frame, column = gaps[0]
            kind = "NaN" if np.isnan(block[frame, column]) else "infinity"
            name = repr(video.columns[column]) if hasattr(video, "columns") else column
            first = f"{kind} in frame {start + frame}, column {name}"
        n_gaps += len(gaps)
    share = n_gaps / np.prod(np.shape(video))
    remedy = "skl_tot.preprocessing.GapFiller(None) fills all gaps."
    if kind == "infinity":  # which a `GapFiller` refuses, too
        remedy = f"make it NaN: {remedy}"
    return f"Input X contains {first}, and in {share:.2%} of all values; {remedy}"


def blocks_of(video):
    """Yield the first row and the floats of each block of a recording."""
    video = _checked_type(video)
    if hasattr(video, "iloc"):
        video = video.to_numpy(float, na_value=np.nan)  # for dtypes with pandas.NA
    if not isinstance(video, (np.memmap, FileArray)):
        video = np.asarray(video, dtype=float)
    for rows in row_blocks(video):
        yield rows.start, np.asarray(video[rows], dtype=float)


def _checked_type(video):
    if hasattr(video, "detach"):  # a torch tensor
        video = video.detach().cpu().numpy()
    if np.ma.isMaskedArray(video):
        raise TypeError("masked arrays lose their mask here; fill or drop the frames.")
    if hasattr(video, "iloc"):
        _check_frame(video)
    elif not (sparse.issparse(video) or isinstance(video, FileArray)):
        _check_array(video)
    return video


def _check_frame(frame):
    if 0 in frame.shape:
        raise ValueError(f"Found a data frame of shape {frame.shape}.")
    if getattr(frame.index, "nlevels", 1) > 1:
        said = "a data frame of many has an index of several levels"
        raise ValueError(f"{said}; give it by itself, or its droplevel(0).")
    for name, dtype in zip(getattr(frame, "columns", []), getattr(frame, "dtypes", [])):
        if getattr(dtype, "kind", "f") in "cUSTVMm":
            raise ValueError(f"column {name!r} holds {dtype}, expected numbers.")


def _check_array(video):
    try:
        ndim = n_dims(video)
        kind = getattr(video, "dtype", np.asarray(video).dtype).kind
    except (ValueError, TypeError, AttributeError, IndexError):
        text = "expected a 2-D array (frames, features), got lists of unequal lengths."
        raise ValueError(text) from None
    if ndim != 2:  # in words that scikit-learn's checks know
        raise ValueError(
            f"Expected 2D array, got {ndim}D array of shape {np.shape(video)} instead. "
            "Reshape your data: of a track of points, video.reshape(len(video), -1)."
        )
    if kind == "c":  # in words that scikit-learn's checks know
        raise ValueError("Complex data not supported, expected real numbers.")
    if kind in "USTVMm":
        raise ValueError("X holds text, dates or records, expected numbers.")


def _first_line(message):
    """First line of a message, or all of it if that line announces a list."""
    first = message.partition("\n")[0].rstrip()
    if first.startswith("The feature names") or first.endswith(":"):
        return errors.one_line(message)
    return first


def _warn_of_clocks(grows, names):
    columns = np.flatnonzero(grows).tolist()
    if names is not None:
        columns = [str(names[k]) for k in columns]
    errors.warn_user(
        f"Columns {columns} of X grow steadily in every recording, as a clock does, "
        "and would be learned as features; drop them, or say which is the clock: "
        "in files by time=COLUMN, in memory by an index of timedeltas or dates, or by "
        "the rate of Recordings."
    )


def looks_turned(shape, first, width):
    """Whether rows seem to be features, by the columns of a fit (None without one)."""
    if len(shape) != 2 or width is None or shape[1] == width:
        return False
    if shape[0] == width:
        return True
    is_wide = first is not None and first[1] > first[0] == shape[0]
    return is_wide and shape[1] > shape[0]


@contextlib.contextmanager
def unchanged_on_error(estimator):
    """Restore the attributes of an estimator if the block fails or is interrupted."""
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
