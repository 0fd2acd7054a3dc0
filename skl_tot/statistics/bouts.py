"""Bouts of actions, which all statistics are of."""

from typing import NamedTuple

import numpy as np

from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME

NO_ACTIONS = (BACKGROUND, BACKGROUND_NAME)


class Bouts(NamedTuple):
    """Bouts of all recordings, by recording and in order of time.

    Attributes
    ----------
    names : list
        Names of the recordings.
    actions : list
        Actions that occur, sorted.
    recordings : ndarray of int of shape (n_bouts,)
        Index to ``names`` for each bout.
    codes : ndarray of int of shape (n_bouts,)
        Index to ``actions`` for each bout.
    starts, ends : ndarray of float of shape (n_bouts,)
        Times, in ``unit``.
    origins, lengths : ndarray of float of shape (n_recordings,)
        When recordings start, and how long they are.
    frame : float
        How long a frame is, 0 if that is not known.
    unit : {"s", "frames"}
        Unit of times.
    """

    names: list
    actions: list
    recordings: np.ndarray
    codes: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    origins: np.ndarray
    lengths: np.ndarray
    frame: float
    unit: str

    @property
    def durations(self):
        """Duration of each bout."""
        return self.ends - self.starts

    def of_recording(self, i):
        """Give the indices of the bouts of a recording."""
        return np.flatnonzero(self.recordings == i)

    def name_codes(self, codes):
        """Tuple of the actions of some codes."""
        return tuple(self.actions[code] for code in codes)


def make_bouts(names, recordings, actions, starts, ends, *rest):
    """Bouts of segments, of which background is none."""
    is_action = ~np.isin(actions, NO_ACTIONS[actions.dtype.kind == "U"])
    kept = recordings[is_action], starts[is_action], ends[is_action]
    found, codes = np.unique(actions[is_action], return_inverse=True)
    return Bouts(list(names), found.tolist(), kept[0], codes, *kept[1:], *rest)
