"""Labels that people have corrected: reading them, and what they change."""

from pathlib import Path

import numpy as np

from skl_tot.inputs.errors import one_line, short_repr
from skl_tot.inputs.guidance import UNKNOWN_NAME
from skl_tot.inputs.labels import find_segments
from skl_tot.io.reading import label_recordings, read_by_recording
from skl_tot.metrics.matching import match_labels


def read_labels(path, data, folder, gaps):
    """Labels of the recordings of a folder, None of those without a file.

    Parameters
    ----------
    path : str
        Folder of corrected files, or a file of several recordings.
    data : Bunch
        The recordings, from `open_recordings`, whose clocks or rate times are of.
    folder : str
        Where they are, for errors.
    gaps : str or None
        As of `read_segments`; None is "unknown".
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path} is no folder, expected one of labels.")
    found, _ = read_by_recording(path, None, None, data.videos)
    numbers = {name: i for i, name in enumerate(data.video_names)}
    n_frames = {}
    for name, (_, file) in found.items():
        if name not in numbers:
            raise ValueError(
                f"{one_line(file)} has labels of {short_repr(name)}, expected a "
                f"recording of {folder}, such as {short_repr(data.video_names[0])}."
            )
        n_frames[name] = len(data.videos[numbers[name]])
    labels = label_recordings(found, n_frames, gaps or "unknown")
    if not any((own != UNKNOWN_NAME).any() for own in labels.values()):
        raise ValueError(f"{path} has no labelled frame, expected some.")
    return [labels.get(name) for name in data.video_names]


def check_alone(labels, gaps):
    """Refuse what is of labels where there are none."""
    if labels is None and gaps is not None:
        raise ValueError("--gaps is given without --labels, which it is of.")


def split_name(text):
    """Split "ACTION=NAME" of --rename."""
    old, sign, new = text.partition("=")
    if not (sign and old and new.strip()):
        raise ValueError(f"--rename has {text!r}, expected ACTION=NAME.")
    return old, new


def label_of(text, labels):
    """Label that a word of the command line stands for."""
    is_number = labels.dtype.kind != "U" and text.lstrip("-").isdigit()
    return int(text) if is_number else text


def describe_labels(y):
    """Say in a few words what is labelled."""
    labelled = [own[own != UNKNOWN_NAME] for own in y if own is not None]
    labelled = [own for own in labelled if len(own)]
    n_labels = len(np.unique(np.concatenate(labelled)))
    return (
        f"{sum(map(len, labelled))} frames of {len(labelled)} of {len(y)} videos are "
        f"labelled, with {n_labels} labels."
    )


def describe_changes(before, after, y, by_name):
    """Say how many frames, and segments, without a given label have changed theirs.

    Parameters
    ----------
    before, after : list of ndarray of shape (n_frames_i,)
        Labels from ``predict``.
    y : list of (ndarray of str of shape (n_frames_i,) or None)
        Labels that were given.
    by_name : bool
        Whether equal labels are of one action; else actions are matched.
    """
    match = None if by_name else match_labels(after, before)
    n_frames = n_changed = n_segments = n_other = 0
    for old, new, given in zip(before, after, y):
        changed = _translated(old, match) != new.astype(object)
        is_free = np.full(len(new), True) if given is None else given == UNKNOWN_NAME
        n_frames += is_free.sum()
        n_changed += changed[is_free].sum()
        if is_free.all():
            _, starts, ends = find_segments(old)
            most = 2 * np.add.reduceat(changed.astype(int), starts) > ends - starts
            n_segments += len(most)
            n_other += most.sum()
    return (
        f"Changed elsewhere: {_share(n_changed, n_frames)} frames without a label, "
        f"{_share(n_other, n_segments)} segments of videos without one."
    )


def _translated(labels, match):
    """Labels, as objects, by what they are matched to, None where that is nothing."""
    if match is None:
        return labels.astype(object)
    distinct, places = np.unique(labels, return_inverse=True)
    words = np.empty(len(distinct), object)
    words[:] = [match[label] for label in distinct.tolist()]
    return words[places]


def _share(n, total):
    """Count and share, as "3 of 40 (7.5%)"."""
    return f"{n} of {total} ({100 * n / max(total, 1):.1f}%)"
