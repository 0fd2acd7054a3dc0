"""Cuts between cycles: of paths, and those that are given."""

import contextlib

import numpy as np

from skl_tot.recordings.errors import RecordingError, errors_of_recording, short_repr


def cuts_of_path(path, n_actions):
    """Cut a path through actions in a circle where a new cycle begins.

    That is where the number of the action falls. What is before the first such place,
    and after the last, is a cycle if it shows half of the actions or more. Cuts are the
    first frame of each cycle, and the end of the last.

    >>> cuts_of_path(np.array([2, 2, 0, 1, 2, 0, 2, 0, 1]), 3)
    array([2, 5, 7, 9])
    """
    cuts = np.flatnonzero(np.diff(path) < 0) + 1
    if len(cuts) == 0:
        return np.array([0, len(path)])
    if 2 * len(np.unique(path[: cuts[0]])) >= n_actions:
        cuts = np.append(0, cuts)
    if 2 * len(np.unique(path[cuts[-1] :])) >= n_actions:
        cuts = np.append(cuts, len(path))
    return cuts


def check_cuts(cuts, lengths):
    """Give cuts as an array for each recording, of these lengths, or refuse them."""
    if isinstance(cuts, (str, bytes)) or not hasattr(cuts, "__len__"):
        raise TypeError(
            f"cuts is {short_repr(cuts)}, expected frames at which cycles begin, of "
            "each recording."
        )
    cuts = cuts.tolist() if hasattr(cuts, "tolist") else cuts  # of arrays and series
    is_flat = len(cuts) > 0 and not hasattr(cuts[0], "__len__")
    cuts = [cuts] if is_flat and len(lengths) == 1 else cuts
    if len(cuts) != len(lengths):
        raise ValueError(
            f"cuts is of {len(cuts)} recordings, expected {len(lengths)}, as X has so "
            "many."
        )
    checked = []
    for i, (own, length) in enumerate(zip(cuts, lengths.tolist())):
        with errors_of_recording(i if len(lengths) > 1 else None):
            checked.append(_check_cuts(own, length))
    return checked


def _check_cuts(cuts, n_frames):
    """Cuts of one recording as an array, which increases, from 0 to its length."""
    try:
        array = np.asarray(cuts if hasattr(cuts, "__len__") else [])
    except ValueError:  # nested lists of unequal lengths
        array = np.array([])
    if array.ndim != 1 or len(array) < 2 or array.dtype.kind not in "iu":
        raise ValueError(
            f"cuts are {short_repr(cuts)}, expected two frames or more, as integers."
        )
    array = array.astype(np.intp)
    if (np.diff(array) <= 0).any():
        place = int(np.argmax(np.diff(array) <= 0))
        raise ValueError(
            f"cuts have {array[place + 1]} after {array[place]}, expected frames that "
            "increase."
        )
    if array[0] < 0 or array[-1] > n_frames:
        wrong = array[0] if array[0] < 0 else array[-1]
        raise ValueError(
            f"cuts have {wrong}, expected frames from 0 to {n_frames}, the end."
        )
    return array


@contextlib.contextmanager
def errors_of_cycles(cuts):
    """Give errors that have the number of a cycle that of its recording, and frames."""
    try:
        yield
    except RecordingError as error:
        counts = np.cumsum([len(own) - 1 for own in cuts])
        video = int(np.searchsorted(counts, error.recording, side="right"))
        place = error.recording - counts[video]  # from the last cut of its recording
        start, end = cuts[video][place - 1], cuts[video][place]
        raise type(error)(f"frames {start} to {end}: {error.reason}", video) from error
