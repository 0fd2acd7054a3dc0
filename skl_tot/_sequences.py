"""Checks of ragged input, and output that takes its form."""

import contextlib
import numbers
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.utils.validation import validate_data

from skl_tot._video_files import FloatRows, FloatVideos, VideoFiles, as_floats

# Size of the blocks in which a whole video is read: bounds the memory, not the result.
BLOCK_BYTES = 2**22
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
    is_array = is_array and not isinstance(X, VideoFiles)
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


def row_blocks(video, width=0):
    """Cut a video into blocks of rows, so that it need never be in memory whole.

    Parameters
    ----------
    video : ndarray or FloatRows of shape (n_frames, n_features)
        A memmap is not read.
    width : int, default=0
        Columns of the widest array that a block is made into, if wider than the video.

    Yields
    ------
    rows : slice
        Up to ``BLOCK_BYTES`` of rows, and at least one.
    """
    width = max(width, video.shape[1])
    n_rows = max(1, BLOCK_BYTES // (video.itemsize * width))
    for start in range(0, len(video), n_rows):
        yield slice(start, start + n_rows)


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
        real types are `FloatRows`, and `VideoFiles` are opened again when they are
        asked for. Other real types in memory become float64.
    form : str
        For `mirror_form`.

    Raises
    ------
    TypeError, ValueError
        In one line, naming the video unless there is only one.
    """
    videos, form = split_videos(X)
    is_lazy = isinstance(videos, VideoFiles)
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


def split_label_sequences(y, name="y"):
    """Label sequences as a list of 1-D arrays.

    Parameters
    ----------
    y : array-like of shape (n_frames,), or a sequence of such
        Integer or string labels of one video or of many.
    name : str, default="y"
        What to call it in errors.

    Returns
    -------
    sequences : list of ndarray of shape (n_frames_i,)
        One for each video.
    is_single : bool
        Whether ``y`` was one sequence.

    Raises
    ------
    TypeError
        If ``y`` is not a sequence or its labels are neither integers nor strings.
    ValueError
        If ``y`` is empty or a sequence is not 1-D.
    """
    if hasattr(y, "iloc"):
        y = y.to_numpy()
    is_sequence = isinstance(y, Sequence) or getattr(y, "ndim", 0) > 0
    if isinstance(y, (str, bytes)) or not is_sequence:
        raise TypeError(
            f"{name} is a {type(y).__name__}, expected one sequence of labels or a "
            "list of them."
        )
    if len(y) == 0:
        raise ValueError(f"{name} is empty, expected one label for each frame.")
    first = y[0]
    is_single = isinstance(first, (str, bytes, numbers.Number)) or n_dims(first) == 0
    sequences = []
    for i, sequence in enumerate([y] if is_single else y):
        if hasattr(sequence, "detach"):
            sequence = sequence.detach().cpu()
        where = name if is_single else f"{name}[{i}]"
        if n_dims(sequence) != 1:
            raise ValueError(
                f"{where} has {n_dims(sequence)} dimensions, expected 1 (frames)."
            )
        sequences.append(_check_labels(sequence, where))
    if len({sequence.dtype.kind for sequence in sequences if len(sequence)}) > 1:
        raise TypeError(f"{name} has text in some videos and integers in others.")
    return sequences, is_single


def check_transcripts(transcripts, n_videos, form, n_actions):
    """Validate the known orders of actions.

    Parameters
    ----------
    transcripts : sequence of int, or sequence of such
        Actions of one video or of many.
    n_videos : int
        Number of videos.
    form : str
        From `split_videos`.
    n_actions : int
        Number of actions K.

    Returns
    -------
    transcripts : list of ndarray of int
        One for each video.

    Raises
    ------
    TypeError, ValueError
        In one line, naming the video.
    """
    if hasattr(transcripts, "__len__") and len(transcripts) == 0:
        raise ValueError("transcripts is empty, expected the actions of each video.")
    sequences, _ = split_label_sequences(transcripts, "transcripts")
    if len(sequences) != n_videos:
        raise ValueError(
            f"transcripts has {len(sequences)} sequences, expected {n_videos}, one for "
            "each video."
        )
    for i, sequence in enumerate(sequences):
        if len(sequence) == 0 or not np.isin(sequence, np.arange(n_actions)).all():
            where = "" if form == "single" else f"Video {i}: "
            raise ValueError(
                f"{where}the transcript is {sequence.tolist()}, expected actions from "
                f"0 to {n_actions - 1}."
            )
    return sequences


def _check_labels(labels, where):
    """Text or integers; floats only if they are whole numbers."""
    labels = np.asarray(labels, dtype=None if hasattr(labels, "dtype") else object)
    if labels.dtype == object:
        if all(isinstance(label, str) for label in labels):
            return labels.astype(str)
        if all(isinstance(label, numbers.Integral) for label in labels):
            return labels.astype(np.intp)
        with contextlib.suppress(TypeError, ValueError):
            labels = labels.astype(float)
    if labels.dtype.kind in "US":
        return labels.astype(str)
    whole = labels.dtype.kind == "f" and np.array_equal(labels, np.trunc(labels))
    if labels.dtype.kind in "iub" or (whole and np.abs(labels).max(initial=0) < 2**53):
        return labels.astype(np.intp)
    raise TypeError(
        f"{where} has labels of type {labels.dtype}, expected integers or strings."
    )


def name_labels(labels, target_names):
    """Name labels for people.

    Parameters
    ----------
    labels : list of int or list of str
        Distinct labels, sorted.
    target_names : dict or sequence of str, or None
        Names of some labels as ``{label: name}``, or of all as a sequence in which
        integer ``i`` is ``target_names[i]``. Of string labels a sequence gives the
        order only. None leaves labels as they are.

    Returns
    -------
    names : dict
        The name of each label, in the order in which to show them.

    Raises
    ------
    ValueError
        If a label has no name or a name repeats.
    """
    if target_names is None or isinstance(target_names, dict):
        names = {label: (target_names or {}).get(label, label) for label in labels}
    else:
        is_text = isinstance(labels[0], str)
        keys = target_names if is_text else range(len(target_names))
        names = {k: name for k, name in zip(keys, target_names) if k in labels}
    unknown = [label for label in labels if label not in names]
    if unknown or len(set(names.values())) < len(names):
        raise ValueError(
            f"target_names gives {list(names.values())}, expected a name of its own "
            f"for each of {labels}."
        )
    return names


def background_labels(clusters, classes, background):
    """Tell which labels mean background.

    Parameters
    ----------
    clusters, classes : collection of label
        Labels of predictions and of ground truth.
    background : label or None
        Class that predicted background stands for; None means "background" or -1.

    Returns
    -------
    cluster, background : label or None
        That of predictions, and the class, None if there is none.
    """
    cluster = "background" if "background" in clusters else -1
    if background is None and cluster in clusters:
        background = next((x for x in ("background", -1) if x in classes), None)
    return cluster, background


def find_segments(labels):
    """Find the runs of equal labels of one video.

    Parameters
    ----------
    labels : ndarray of shape (n_frames,)
        Label of each frame.

    Returns
    -------
    labels : ndarray of shape (n_segments,)
        Label of each run, in order of time.
    starts, ends : ndarray of shape (n_segments,)
        First frame of each run, and the one after its last.
    """
    cuts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1], True])
    return labels[cuts[:-1]], cuts[:-1], cuts[1:]


def check_fps(fps):
    """Refuse a number of frames per second that gives no time.

    Parameters
    ----------
    fps : float or None
        Frames per second.

    Raises
    ------
    ValueError
        If it is not positive.
    """
    if fps is not None and not (isinstance(fps, numbers.Real) and fps > 0):
        raise ValueError(f"fps is {fps!r}, expected a positive number or None.")
