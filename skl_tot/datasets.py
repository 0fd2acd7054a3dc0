"""Generated activities, and recordings in the field's folder layout."""

import re
from numbers import Integral, Real
from pathlib import Path

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skl_tot.recordings.errors import refuse, short_repr
from skl_tot.recordings.files import read_text, split_lines
from skl_tot.recordings.names import distinct_labels
from skl_tot.recordings.read import read_recordings

__all__ = [
    "load_action_dataset",
    "make_activities",
    "read_ground_truth",
]


@validate_params(
    {
        "n_videos": [Interval(Integral, 1, None, closed="left")],
        "n_actions": [Interval(Integral, 1, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "mean_length": [Interval(Real, 1, 1e9, closed="both")],
        "unevenness": [Interval(Real, 0, 10, closed="both")],
        "missing": [Interval(Real, 0, 1, closed="left")],
        "order": [StrOptions({"strict", "free"})],
        "alike": ["boolean"],
        "noise": [Interval(Real, 0, 1e6, closed="both")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_activities(
    n_videos=20,
    n_actions=5,
    *,
    n_features=16,
    mean_length=200,
    unevenness=0.3,
    missing=0.0,
    order="strict",
    alike=False,
    noise=1.0,
    random_state=None,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Generate recordings of one activity: the same actions, by default in one order.

    A frame is the prototype of its action plus a drift plus white noise. Prototypes are
    standard normal in each feature. The drift, of standard deviation 0.3, is half a
    turn around an ellipse that is random in each recording.

    Parameters
    ----------
    n_videos : int, default=20
        Number of recordings.
    n_actions : int, default=5
        Number of actions. Their labels are 0, 1, …, in order of time if there is one.
    n_features : int, default=16
        Number of features of a frame.
    mean_length : float, default=200
        Mean number of frames of a recording with all actions, up to 1e9.
    unevenness : float, default=0.3
        Standard deviation of the logarithm of the actions' mean durations, up to 10.
        Half of it is that of one action's duration over the recordings. With 0, all
        segments are equally long.
    missing : float, default=0.0
        Probability in [0, 1) that an action is left out of a recording. A recording
        without any action gets one at random.
    order : {"strict", "free"}, default="strict"
        Whether recordings show the actions in one order, or as many segments of random
        actions.
    alike : bool, default=False
        Whether action k has the prototype of action ``n_actions - 1 - k``, like a way
        there and back. Only time distinguishes the two.
    noise : float, default=1.0
        Standard deviation of the white noise in each feature, up to 1e6.
    random_state : int, RandomState instance or None, default=None
        Seed or generator. An int gives the same data in every call.

    Returns
    -------
    videos : list of ndarray of shape (n_frames_i, n_features)
        Features, float32.
    labels : list of ndarray of shape (n_frames_i,)
        Action of each frame, int. Every segment has at least one frame.

    Examples
    --------
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(3, n_actions=2, mean_length=6, unevenness=0)
    >>> videos[0].shape, labels[0]
    ((6, 16), array([0, 0, 0, 1, 1, 1]))
    """
    if mean_length < n_actions:
        text = "but every action takes at least one frame"
        raise ValueError(f"{mean_length=} is below {n_actions=}, {text}.")
    rng = check_random_state(random_state)
    prototypes = rng.normal(size=(n_actions, n_features))
    if alike:
        steps = np.arange(n_actions)
        prototypes = prototypes[np.minimum(steps, steps[::-1])]
    steps, durations = _draw_segments(
        rng, (n_videos, n_actions), mean_length, unevenness, order
    )
    present = rng.uniform(size=durations.shape) >= missing
    rescued = rng.randint(n_actions, size=n_videos)
    empty = ~present.any(axis=1)
    present[empty, rescued[empty]] = True

    labels = list(map(np.repeat, steps, durations * present))
    videos = []
    for actions in labels:
        angle = np.linspace(0, np.pi, len(actions))
        axes = rng.normal(scale=0.3, size=(2, n_features))
        drift = np.column_stack([np.cos(angle), np.sin(angle)]) @ axes
        frames = prototypes[actions] + drift
        frames += rng.normal(scale=noise, size=frames.shape)
        videos.append(frames.astype(np.float32))
    return videos, labels


def _draw_segments(rng, shape, mean_length, unevenness, order):
    """Actions of the segments of each recording, and their frames, of equal shapes."""
    n_actions = shape[1]
    shares = np.exp(rng.normal(scale=unevenness, size=n_actions))
    shares /= shares.sum()
    jitter = unevenness / 2
    # shifted so that the mean of the factors is 1
    factors = np.exp(rng.normal(-(jitter**2) / 2, jitter, size=shape))
    steps = np.broadcast_to(np.arange(n_actions), shape)
    if order == "free" and n_actions > 1:  # neighbouring segments differ
        moves = rng.randint(1, n_actions, size=shape)
        moves[:, 0] = rng.randint(n_actions, size=shape[0])
        steps = moves.cumsum(axis=1) % n_actions
    durations = np.maximum(np.rint(mean_length * shares[steps] * factors), 1)
    return steps, durations.astype(int)


def load_action_dataset(root, only=None, *, transpose=False) -> Bunch:
    r"""Load features and labels from the folder layout common in action segmentation.

    ===========================  ====================================================
    ``features/<video>.npy``     array of shape (n_frames, n_features); or other files
                                 of `read_recordings`
    ``groundTruth/<video>.txt``  one label per line and frame; with or without
                                 ``.txt``; the folder is optional
    ``mapping/mapping.txt``      ``<int> <label>`` per line; or ``mapping.txt``;
                                 optional
    ===========================  ====================================================

    Parameters
    ----------
    root : str or path-like
        Folder that holds ``features``, or else the files of features themselves.
    only : str, default=None
        Shell pattern of the whole names of the recordings to load, as in
        ``"P0[3-5]_*_coffee"``, for data sets of several activities.
    transpose : bool, default=False
        Whether the files hold features as (n_features, n_frames), as in many data sets.

    Returns
    -------
    data : Bunch
        Dictionary with these attributes.

        videos : list of array-like of shape (n_frames_i, n_features)
            Features as of `read_recordings`, which reads ``.npy`` files on demand.
        labels : list of ndarray of str of shape (n_frames_i,), or None
            Label of each frame; None without a folder ``groundTruth``.
        video_names : list of str
            Names of the recordings, sorted; ``videos`` and ``labels`` have this order.
        target_names : list of str, or None
            Labels by the integers of the mapping; without one, or with ``only``, the
            labels that occur; None without either.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing, or files do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> import pathlib, tempfile
    >>> from skl_tot.datasets import load_action_dataset
    >>> folder = tempfile.TemporaryDirectory()
    >>> root = pathlib.Path(folder.name)
    >>> (root / "features").mkdir()
    >>> (root / "groundTruth").mkdir()
    >>> np.save(root / "features" / "P03_coffee.npy", np.zeros((2, 64)))
    >>> _ = (root / "groundTruth" / "P03_coffee.txt").write_text("take_cup\npour")
    >>> load_action_dataset(root).labels[0].tolist()
    ['take_cup', 'pour']
    >>> folder.cleanup()
    """
    root = Path(root)
    folder = root / "features" if (root / "features").is_dir() else root
    recordings = read_recordings(folder, only=only, transpose=transpose)
    labels, target_names = read_ground_truth(root, recordings)
    if only is not None and labels is not None:  # the mapping has all activities
        occurring = distinct_labels(labels)
        target_names = [label for label in target_names if label in occurring]
    return Bunch(
        videos=recordings.arrays,
        labels=labels,
        video_names=recordings.names,
        target_names=target_names,
    )


def read_ground_truth(root, recordings) -> tuple:
    """Labels of each recording and all labels; None without files."""
    shapes = [video.shape for video in recordings.arrays]  # fails without features
    target_names = _read_mapping(root)
    folder = root / "groundTruth"
    if not folder.is_dir():
        return None, target_names
    labels = []
    for name, shape in zip(recordings.names, shapes):
        labels.append(_read_labels(folder, name, shape, target_names))
    if target_names is None:
        target_names = sorted(distinct_labels(labels))
    return labels, target_names


def _read_mapping(root):
    """Labels in the order of their integers, or None without a mapping."""
    paths = [root / "mapping" / "mapping.txt", root / "mapping.txt"]
    path = next(filter(Path.is_file, paths), None)
    if path is None:
        return None
    numbers = {}
    for i, line in enumerate(map(str.strip, split_lines(read_text(path))), start=1):
        where = f"{path}, line {i}, is {short_repr(line)}"
        match = re.fullmatch(r"(-?\d{1,18})\s+(.+)", line)
        if match:
            number, label = int(match[1]), match[2]
            if label in numbers or number in numbers.values():
                raise ValueError(f"{where}, expected each number and label once.")
            numbers[label] = number
        elif line:
            raise ValueError(f"{where}, expected '<int> <label>'.")
    return sorted(numbers, key=numbers.get)


def _read_labels(folder, name, shape, target_names):
    paths = [path for path in (folder / f"{name}.txt", folder / name) if path.is_file()]
    if len(paths) != 1:
        error = ValueError if paths else FileNotFoundError
        number = f"{len(paths)} of the files {name}.txt and {name}"
        raise error(f"{folder} has {number}, expected 1.")
    path = paths[0]
    labels = [line.strip() for line in split_lines(read_text(path).rstrip())]
    for i, label in enumerate(labels, start=1):
        if not label or (target_names is not None and label not in target_names):
            expected = "a label" if target_names is None else f"one of {target_names}"
            refuse(f"{path}, line {i},", label, expected)
    if len(labels) != shape[0]:
        hint = " Cut both to the shorter."
        if len(labels) == shape[1]:
            hint = " Are the features stored the other way round (transpose)?"
        raise ValueError(
            f"{path} has {len(labels)} labels, but the features have shape {shape}, "
            f"expected {shape[0]} labels.{hint}"
        )
    return np.array(labels)
