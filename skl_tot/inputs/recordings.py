"""Recordings with their names, their rate of frames and their clocks."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np

from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.rates import check_fps


class Recordings(Sequence):
    """Arrays of many recordings, with their names, rate of frames and clocks.

    A list of arrays that knows more. Estimators take it as many videos, and what they
    give of it is one again, of the same names, rate and clocks: features go in, labels
    come out. `read_recordings` makes one of files.

    Parameters
    ----------
    arrays : sequence of array-like of shape (n_frames_i, ...)
        One for each recording: features, labels, anything with a row for each frame.
    names : sequence of str, default=None
        Distinct names; None means "0", "1", ….
    fps : float, default=None
        Frames per second of all recordings; None if there is no clock.
    times : sequence of ndarray of shape (n_frames_i,), default=None
        When each frame was taken, in seconds on the recording's own clock; needs
        ``fps``. None means i / ``fps``.

    Attributes
    ----------
    arrays : sequence
        As given.
    names : list of str
        As given.
    fps : float or None
        As given.
    times : list of ndarray, or None
        As given.

    Raises
    ------
    KeyError, IndexError
        If there is no such recording.
    TypeError, ValueError
        If numbers of arrays, names and clocks disagree, a name occurs twice, ``fps`` is
        no rate, or a clock is not of the frames or does not go forward.

    Examples
    --------
    >>> from skl_tot.io import Recordings
    >>> takes = Recordings([[[0.0], [1.0]], [[2.0]]], ["a", "b"], fps=10)
    >>> takes
    Recordings of 2 at 10 frames per second
    >>> takes["b"]
    [[2.0]]
    >>> labels = takes.replace([[0, 1], [1]])
    >>> dict(labels.items())
    {'a': [0, 1], 'b': [1]}
    >>> labels.edges(0).tolist()
    [0.0, 0.1, 0.2]
    """

    __module__ = "skl_tot.io"  # where users import it from, and so do pickles

    def __init__(self, arrays, names=None, *, fps=None, times=None):
        names = list(map(str, range(len(arrays)))) if names is None else list(names)
        _check_names(names, len(arrays))
        check_fps(fps)
        if times is not None and fps is None:
            raise ValueError("fps is None, expected the rate of the times.")
        self.arrays, self.names = arrays, names
        self.fps = None if fps is None else float(fps)
        self.times = None if times is None else _check_clocks(times, arrays, names)

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, key):
        if isinstance(key, str):
            if key not in self.names:
                raise KeyError(f"there is no recording {key!r}.")
            return self.arrays[self.names.index(key)]
        if isinstance(key, Integral):
            return self.arrays[key]
        return self._select(np.arange(len(self))[key])

    def __contains__(self, key):
        return key in self.names if isinstance(key, str) else super().__contains__(key)

    def _select(self, indices):
        """Take recordings of some indices; those in files stay there."""
        if indices.ndim != 1:
            raise IndexError("recordings have one dimension.")
        kept = indices.tolist()
        if hasattr(self.arrays, "paths"):
            arrays = self.arrays[indices]
        else:
            arrays = [self.arrays[i] for i in kept]
        times = None if self.times is None else [self.times[i] for i in kept]
        names = [self.names[i] for i in kept]
        return type(self)(arrays, names, fps=self.fps, times=times)

    @property
    def shape(self):
        """Number of recordings, as a tuple; so that scikit-learn selects by arrays."""
        return (len(self),)

    def __array__(self, dtype=None, copy=None):
        raise TypeError(f"{self!r} are not one array; index them.")

    def __array_function__(self, function, types, args, kwargs):
        # what `sklearn.model_selection.cross_val_predict` does to those of folds
        if function is np.concatenate:
            return _concatenate(*args, **kwargs)
        return NotImplemented

    def __repr__(self):
        rate = "" if self.fps is None else f" at {self.fps:g} frames per second"
        return f"{type(self).__name__} of {len(self)}{rate}"

    def items(self):
        """Give pairs of name and array.

        Returns
        -------
        pairs : zip
            In order.
        """
        return zip(self.names, self.arrays)

    def replace(self, arrays):
        """Put other arrays in place of these, such as labels in place of features.

        Parameters
        ----------
        arrays : sequence
            One for each recording, with as many rows as it has frames.

        Returns
        -------
        recordings : Recordings
            Of the same names, rate and clocks.
        """
        return type(self)(arrays, self.names, fps=self.fps, times=self.times)

    def edges(self, i):
        """When each frame of a recording begins, and when the last one ends.

        Parameters
        ----------
        i : int
            Index of the recording.

        Returns
        -------
        edges : ndarray of shape (n_frames + 1,), or None
            In seconds; None without a rate. On a clock, the last frame lasts as long as
            the rate says.
        """
        return frame_edges(
            len(self.arrays[i]), self.fps, None if self.times is None else self.times[i]
        )


def _concatenate(parts, axis=0):
    """Put recordings one after the other."""
    if axis != 0 or not all(isinstance(part, Recordings) for part in parts):
        return NotImplemented
    first = parts[0]
    arrays, names, times = [], [], []
    for part in parts:
        if part.fps != first.fps or (part.times is None) != (first.times is None):
            raise ValueError("recordings have other rates or clocks than the first.")
        arrays.extend(part.arrays)
        names.extend(part.names)
        times.extend(part.times or [])
    return type(first)(arrays, names, fps=first.fps, times=times or None)


def frame_edges(n_frames, fps, times=None):
    """When frames begin, and when the last ends: (n_frames + 1,), None without a rate.

    >>> frame_edges(2, 10.0).tolist()
    [0.0, 0.1, 0.2]
    """
    if times is not None:
        return np.append(times, times[-1] + 1 / fps)
    return None if fps is None else np.arange(n_frames + 1) / fps


def _check_names(names, n_recordings):
    """Refuse names that are not of these recordings, or not distinct text."""
    if len(names) != n_recordings:
        raise ValueError(f"names has {len(names)}, expected {n_recordings}.")
    seen = set()
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"names has {short_repr(name)}, expected text.")
        if name in seen:
            raise ValueError(f"names has {name!r} twice, expected distinct names.")
        seen.add(name)


def _check_clocks(times, arrays, names):
    """Clocks as arrays of seconds that go forward, one time for each frame."""
    times = [np.asarray(clock, dtype=float) for clock in times]
    if len(times) != len(arrays):
        raise ValueError(f"times has {len(times)} clocks, expected {len(arrays)}.")
    for name, clock, array in zip(names, times, arrays):
        if clock.shape != (len(array),):
            raise ValueError(
                f"times of {name!r} has shape {clock.shape}, expected ({len(array)},)."
            )
        if not (np.isfinite(clock).all() and (np.diff(clock) > 0).all()):
            raise ValueError(f"times of {name!r} do not go forward.")
    return times


__test__ = {"Recordings": Recordings}
