"""Labels of frames: sequences of one video or many, and their segments."""

import contextlib
import numbers
from collections.abc import Sequence

import numpy as np

from skl_tot.inputs.forms import n_dims


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
