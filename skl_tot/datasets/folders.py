"""Recordings in the folder layout of the field."""

import os
import re
from fnmatch import fnmatchcase
from itertools import pairwise
from numbers import Integral
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, validate_params

from skl_tot.inputs.feature_files import FeatureFiles, read_features


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

        videos : FeatureFiles or list of ndarray of shape (n_frames_i, n_features)
            Features in the type of the file; float64 for ``.txt``. With ``mmap``, and
            if no file is ``.txt``, they are `FeatureFiles`, a sequence that opens a file
            when it is asked for.
        labels : list of ndarray of str of shape (n_frames_i,), or None
            Label of each frame; None without a folder ``groundTruth``.
        names : list of str
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
    >>> data.names, data.target_names, data.videos[0].shape
    (['P03_coffee'], ['pour', 'take_cup'], (2, 64))
    >>> folder.cleanup()
    """
    root = Path(root)
    folder, suffixes = root / "features", (".npy", ".txt")
    if not folder.is_dir() and any(root.glob("[!.]*.npy")):
        folder, suffixes = root, (".npy",)  # notes may lie beside them
    paths = _find_features(folder, activity, suffixes)
    if mmap and all(path.suffix == ".npy" for path in paths):
        videos = FeatureFiles(paths, transpose=transpose)
    else:
        videos = [read_features(p, mmap=mmap, transpose=transpose) for p in paths]
    shapes = [video.shape for video in videos]
    names = [path.stem for path in paths]
    target_names = _read_mapping(root)
    labels = None
    if (root / "groundTruth").is_dir():
        labels = [
            _read_labels(root / "groundTruth", path, shape, target_names)
            for path, shape in zip(paths, shapes)
        ]
        if target_names is None:
            target_names = np.unique(np.concatenate(labels)).tolist()
    if label_mapping is not None:
        labels, target_names = _map_labels(labels, names, Path(label_mapping))
    if split_label is not None:
        labels, target_names = _split_label(labels, target_names, split_label)
    if activity is not None and labels is not None:  # the mapping has all activities
        occurring = set(np.concatenate(labels).tolist())
        target_names = [label for label in target_names if label in occurring]
    if isinstance(videos, FeatureFiles):
        videos = FeatureFiles(paths, stride=stride, transpose=transpose)
    else:
        videos = [video[::stride] for video in videos]
    return Bunch(
        videos=videos,
        labels=None if labels is None else [video[::stride] for video in labels],
        names=names,
        target_names=target_names,
    )


def _find_features(folder, activity, suffixes):
    """Feature files sorted by video name, one for each video."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder, expected one of features.")
    paths = [p for p in folder.glob("[!.]*") if p.suffix in suffixes]
    paths.sort(key=lambda path: path.stem)
    if not paths:
        raise FileNotFoundError(f"{folder} has no file *.npy or *.txt.")
    n_found = len(paths)
    if activity is not None:
        is_pattern = any(character in activity for character in "*?[")
        pattern = activity if is_pattern else f"*{activity}*"
        paths = [path for path in paths if fnmatchcase(path.stem, pattern)]
    if not paths:
        raise FileNotFoundError(
            f"{folder} has {n_found} files, but none for activity={activity!r}."
        )
    for path, following in pairwise(paths):
        if path.stem == following.stem:
            raise ValueError(
                f"{folder} has {path.name} and {following.name}, expected one file "
                "for each video."
            )
    return paths


def _read_lines(path):
    """Lines of a text file without surrounding blanks, up to the last filled one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error
    return [line.strip() for line in text.rstrip().splitlines()]


def _read_mapping(root):
    """Labels in the order of their integers, or None if there is no mapping."""
    for path in (root / "mapping" / "mapping.txt", root / "mapping.txt"):
        if path.is_file():
            break
    else:
        return None
    numbers = {}
    for i, line in enumerate(_read_lines(path), start=1):
        match = re.fullmatch(r"(-?\d+)\s+(.+)", line)
        if match is None:
            raise ValueError(
                f"{path}, line {i}, is {line!r}, expected '<int> <label>'."
            )
        number, label = int(match[1]), match[2]
        if label in numbers or number in numbers.values():
            raise ValueError(
                f"{path}, line {i}, is {line!r}, expected each number and label once."
            )
        numbers[label] = number
    return sorted(numbers, key=numbers.get)


def _read_labels(folder, feature_path, shape, target_names):
    """Read string labels of one video, checked against its features and the mapping."""
    name = feature_path.stem
    paths = [p for p in (folder / f"{name}.txt", folder / name) if p.is_file()]
    if len(paths) != 1:
        error = ValueError if paths else FileNotFoundError
        raise error(
            f"{folder} has {len(paths)} of the files {name}.txt and {name}, expected 1."
        )
    path, labels = paths[0], _read_lines(paths[0])
    for i, label in enumerate(labels, start=1):
        if not label or (target_names is not None and label not in target_names):
            known = "a label" if target_names is None else f"one of {target_names}"
            raise ValueError(f"{path}, line {i}, is {label!r}, expected {known}.")
    if len(labels) != shape[0]:
        hint = ""
        if len(labels) == shape[1]:
            hint = " Are the features stored the other way round (transpose)?"
        raise ValueError(
            f"{path} has {len(labels)} labels, but {feature_path} has shape {shape}, "
            f"expected {shape[0]} labels.{hint}"
        )
    return np.array(labels)


def _map_labels(labels, names, path):
    """Labels after a mapping file, if there are any, and all that it maps to."""
    mapping = {}
    for i, line in enumerate(_read_lines(path), start=1):
        words = line.split()
        if len(words) != 2:
            raise ValueError(
                f"{path}, line {i}, is {line!r}, expected '<label> <label to use>'."
            )
        if words[0] in mapping:
            raise ValueError(f"{path}, line {i}, maps {words[0]!r} for a second time.")
        mapping[words[0]] = words[1]
    for name, video in zip(names, labels or []):
        for label in np.unique(video).tolist():
            if label not in mapping:
                raise ValueError(
                    f"{path} has no line for {label!r}, a label of {name}."
                )
    if labels is not None:
        labels = [np.array([mapping[label] for label in video]) for video in labels]
    return labels, list(dict.fromkeys(mapping.values()))


def _split_label(labels, target_names, label):
    """Rename the runs of a label with which videos start and end."""
    if labels is None:
        raise ValueError(f"split_label is {label!r}, but there is no groundTruth.")
    start_label, end_label = f"{label}_start", f"{label}_end"
    if label not in target_names or {start_label, end_label} & set(target_names):
        raise ValueError(
            f"split_label is {label!r}, expected one of {target_names} whose start and "
            "end are not labels yet."
        )
    split = []
    for video in labels:
        others = np.flatnonzero(video != label)
        start, end = (others[0], others[-1] + 1) if len(others) else [len(video)] * 2
        head = np.full(start, start_label)
        tail = np.full(len(video) - end, end_label)
        split.append(np.concatenate([head, video[start:end], tail]))
    occurring = np.unique(np.concatenate(split)).tolist()
    parts = [part for part in (start_label, label, end_label) if part in occurring]
    i = target_names.index(label)
    return split, target_names[:i] + parts + target_names[i + 1 :]
