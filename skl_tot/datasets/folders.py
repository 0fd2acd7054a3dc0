"""Recordings in the folder layout of the field."""

import os
from fnmatch import fnmatchcase
from itertools import pairwise
from numbers import Integral
from operator import attrgetter
from pathlib import Path

from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, validate_params

from skl_tot.datasets.label_files import map_labels, read_labels
from skl_tot.datasets.splitting import split_ends
from skl_tot.recordings.errors import one_line
from skl_tot.recordings.files import FileArray, open_arrays, read_features
from skl_tot.recordings.names import distinct_labels, read_numbered_names
from skl_tot.recordings.reading import describe_folder


@validate_params(
    {
        "root": [str, os.PathLike],
        "activity": [str, None],
        "mmap": ["boolean"],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "transpose": ["boolean"],
        "label_mapping": [str, os.PathLike, None],
        "split_label": [str, None],
    },
    prefer_skip_nested_validation=True,
)
def load_action_dataset(
    root,
    activity=None,
    mmap=True,
    *,
    stride=1,
    transpose=False,
    label_mapping=None,
    split_label=None,
):
    r"""Load features and labels from the folder layout common in action segmentation.

    ===========================  ====================================================
    ``features/<video>.npy``     array of shape (n_frames, n_features)
    ``features/<video>.txt``     or numbers separated by spaces, one line a frame
    ``groundTruth/<video>.txt``  one label a line, one line a frame; with or without
                                 ``.txt``; the folder may be missing
    ``mapping/mapping.txt``      ``<int> <label>`` a line; or ``mapping.txt``; may be
                                 missing
    ===========================  ====================================================

    Parameters
    ----------
    root : str or path-like
        Folder that holds ``features``; or, without such a folder, the ``.npy`` files
        of features themselves.
    activity : str, default=None
        Load only videos whose name contains this text, as data sets of several
        activities have the activity in the file names. With any of ``*?[`` it is a
        shell pattern for the whole name, as in ``"P0[3-5]_*_coffee"``. None loads all.
    mmap : bool, default=True
        Whether to map ``.npy`` files into memory, read-only, rather than read them.
    stride : int, default=1
        Keep frames 0, ``stride``, 2 ``stride``, … of features and labels.
    transpose : bool, default=False
        Whether the files hold features as (n_features, n_frames), as those of many
        data sets do.
    label_mapping : str or path-like, default=None
        File with ``<label in groundTruth> <label to use>`` a line, such as a coarser
        granularity.
    split_label : str, default=None
        Label, such as Breakfast's "SIL", that means something else at the start of a
        video and at the end: its run there becomes ``<label>_start`` and
        ``<label>_end``. A video of nothing else is all start. Runs in between keep the
        label. It is a label after ``label_mapping``.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes.

        videos : list of array-like of shape (n_frames_i, n_features)
            Features in the type of the file; float64 for ``.txt``. With ``mmap``, and
            if no file is ``.txt``, they are read as they are asked for, as those of
            `skl_tot.recordings.open_features`.
        labels : list of ndarray of str of shape (n_frames_i,), or None
            Label of each frame; None without a folder ``groundTruth``.
        video_names : list of str
            Names of the videos, sorted; ``videos`` and ``labels`` have this order.
        target_names : list of str, or None
            All labels by the integers of the mapping; without a mapping, those that
            occur, sorted; None with neither mapping nor labels. With ``label_mapping``,
            the labels to use, in the order of that file. In place of ``split_label``
            are those of its start, itself and its end that occur in the files loaded.
            With ``activity``, only labels that occur, as the mapping may be of several.

    Raises
    ------
    FileNotFoundError
        If the folder of features or a video's ground truth is missing, or no video is
        left to load.
    ValueError
        If a file does not hold what it should, two files stand for one video, a label
        is not in the mapping or in ``label_mapping``, features and labels differ in
        length, or there is no ``split_label`` to split.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skl_tot.datasets import load_action_dataset
    >>> folder = tempfile.TemporaryDirectory()
    >>> root = pathlib.Path(folder.name)
    >>> (root / "features").mkdir()
    >>> (root / "groundTruth").mkdir()
    >>> np.save(root / "features" / "P03_coffee.npy", np.zeros((2, 64)))
    >>> _ = (root / "groundTruth" / "P03_coffee.txt").write_text("take_cup\npour")
    >>> data = load_action_dataset(root, activity="coffee", mmap=False)
    >>> data.video_names, data.target_names, data.videos[0].shape
    (['P03_coffee'], ['pour', 'take_cup'], (2, 64))
    >>> folder.cleanup()
    """
    root = Path(root)
    paths = _find_features(root, activity)
    videos = _open_features(paths, mmap, transpose)
    labels, target_names = read_ground_truth(root, paths, videos)
    if label_mapping is not None:
        labels, target_names = map_labels(labels, paths, Path(label_mapping))
    if split_label is not None:
        labels, target_names = split_ends(labels, target_names, split_label)
    if activity is not None and labels is not None:  # the mapping has all activities
        occurring = distinct_labels(labels)
        target_names = [label for label in target_names if label in occurring]
    return Bunch(
        videos=_every(stride, videos),
        labels=None if labels is None else _every(stride, labels),
        video_names=[path.stem for path in paths],
        target_names=target_names,
    )


def _find_features(root, activity):
    """Feature files sorted by video name, one for each video."""
    if not root.is_dir():
        raise FileNotFoundError(
            f"{one_line(root)} is no folder, expected one of features."
        )
    folder = root / "features"
    expected = "file *.npy or *.txt"
    if folder.is_dir():
        found = [*folder.glob("[!.]*.npy"), *folder.glob("[!.]*.txt")]
    else:
        folder, expected = root, "folder features and no file *.npy"
        found = list(root.glob("[!.]*.npy"))  # not .txt: notes may lie beside them
    if not found:
        raise FileNotFoundError(
            f"{folder} has no {expected}, {describe_folder(folder)}."
        )
    paths = found if activity is None else _of_activity(found, activity)
    if not paths:
        raise FileNotFoundError(
            f"{folder} has {len(found)} files, but none for activity={activity!r}."
        )
    paths.sort(key=attrgetter("stem"))
    _check_stems(paths)
    return paths


def _check_stems(paths):
    """Refuse two files, which are neighbours, for one video."""
    for path, following in pairwise(paths):
        if path.stem == following.stem:
            raise ValueError(
                f"{path.parent} has {path.name} and {following.name}, expected one "
                "file for each video."
            )


def _of_activity(paths, activity):
    """Paths of which the name has this text, or is as the pattern says."""
    is_pattern = set(activity) & set("*?[")
    pattern = activity if is_pattern else f"*{activity}*"
    return [path for path in paths if fnmatchcase(path.stem, pattern)]


def _open_features(paths, mmap, transpose):
    """Videos of all frames, opened as they are asked for if they may be."""
    if mmap and all(path.suffix == ".npy" for path in paths):
        return open_arrays(paths, transpose=transpose)
    return [read_features(path, mmap=mmap, transpose=transpose) for path in paths]


def _every(stride, videos):
    """Keep one frame in so many of the features, or of the labels, of each video."""
    kept = []
    for video in videos:
        is_file = isinstance(video, FileArray)
        kept.append(video.strided(stride) if is_file else video[::stride])
    return kept


def read_ground_truth(root, paths, videos):
    """Labels of each video and all labels; None for what there is no file of.

    Ground truth has the names of ``paths``, whose files need not be of arrays.
    """
    shapes = [video.shape for video in videos]  # each file has to hold features
    target_names = _read_mapping(root)
    if not (root / "groundTruth").is_dir():
        return None, target_names
    labels = read_labels(root / "groundTruth", paths, shapes, target_names)
    if target_names is None:
        target_names = sorted(distinct_labels(labels))
    return labels, target_names


def _read_mapping(root):
    """Labels in the order of their integers, or None if there is no mapping."""
    for path in (root / "mapping" / "mapping.txt", root / "mapping.txt"):
        if path.is_file():
            break
    else:
        return None
    numbers = {}
    for number, label, where in read_numbered_names(path, "label"):
        if label in numbers or number in numbers.values():
            raise ValueError(f"{where}, expected each number and label once.")
        numbers[label] = number
    return sorted(numbers, key=numbers.get)
