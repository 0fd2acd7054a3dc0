"""Recordings with their names, rate, clocks and layout, read on demand."""

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np

from skl_tot.recordings.clocks import check_breaks, check_fps, check_starts, find_breaks
from skl_tot.recordings.errors import (
    RecordingError,
    errors_of_recording,
    listed,
    refuse,
    repeated,
    short_repr,
)
from skl_tot.recordings.signals import thinned

# Size of a block. It bounds the memory and does not change the result.
BLOCK_BYTES = 2**22


def row_blocks(array, width=0):
    """Yield slices of rows of at most `BLOCK_BYTES`; a memmap is not read whole."""
    width = max(width, array.shape[1])
    n_rows = max(1, BLOCK_BYTES // (array.dtype.itemsize * width))
    for start in range(0, len(array), n_rows):
        yield slice(start, start + n_rows)


class Recordings(Sequence):
    """Arrays of many recordings, with their names, rate, clocks, dates and breaks.

    Outputs of estimators for it are `Recordings`, too. `read_recordings` makes one from
    files.

    Parameters
    ----------
    arrays : sequence of array-like of shape (n_frames_i, ...)
        One per recording: features, labels or anything with a row per frame.
    names : sequence of str, default=None
        Distinct names; None means "0", "1", ….
    fps : float, default=None
        Frames per second of all recordings; None if there is no clock.
    times : sequence of ndarray of shape (n_frames_i,), default=None
        Seconds of each frame on the recording's own clock; needs ``fps``. None means
        i / ``fps``.
    breaks : sequence of array-like of int, "auto" or None, default="auto"
        For each recording the first frames (never 0) of new parts. Segments end there,
        and the last frame before a break lasts 1 / ``fps``. "auto" takes steps of
        ``times`` above 10 usual steps and 1 s. None means none.
    starts : sequence of datetime64, default=None
        For each recording the date and wall-clock time of time 0, in the time zone of
        its file, or NaT. None means that none is known.

    Attributes
    ----------
    arrays, names, fps, times, breaks, starts
        As given; times, breaks and starts as arrays, starts in milliseconds.
    stops : list or None
        What `without_stops` cut out.
    read_options : dict or None
        Options of `read_recordings`; a model keeps them as ``read_options_``.

    Raises
    ------
    KeyError, IndexError
        If there is no such recording.
    TypeError, ValueError
        If lengths differ, a name occurs twice, or anything is not as described above.

    Examples
    --------
    >>> from skl_tot.recordings import Recordings
    >>> takes = Recordings([[[0.0], [1.0]], [[2.0]]], ["a", "b"], fps=10)
    >>> labels = takes.replace([[0, 1], [1]])
    >>> dict(labels.items())
    {'a': [0, 1], 'b': [1]}
    >>> labels.edges(0).tolist()
    [0.0, 0.1, 0.2]
    """

    __module__ = "skl_tot.recordings"  # the public place, also in pickles

    # Internal: the layout of the user's input (`as_recordings`), the statistics of
    # `standardize`, and numbers of the recordings that parts are from.
    layout: Any = None
    origins: Any = None
    means: Any = None
    scales: Any = None
    read_options: Any = None
    stops: Any = None
    unequal: Any = ()  # names of recordings as read, and words on a column of each

    def __init__(
        self, arrays, names=None, *, fps=None, times=None, breaks="auto", starts=None
    ):
        _check_list("arrays", arrays)
        if names is None:
            names = list(map(str, range(len(arrays))))
        else:
            _check_list("names", names, len(arrays))
            names = list(names)
            _check_names(names)
        if fps is not None:
            check_fps(fps)
        elif times is not None:
            raise ValueError("fps is None, expected the rate of the times.")
        self.arrays, self.names = arrays, names
        self.fps = None if fps is None else float(fps)
        self.times = None if times is None else _check_clocks(times, arrays, names)
        if isinstance(breaks, str) and breaks == "auto":
            breaks = None if times is None else find_breaks(self.times, names)
        self.breaks = None if breaks is None else _check_breaks(breaks, arrays, names)
        self.starts = None if starts is None else check_starts(starts, len(arrays))

    def __len__(self):
        return len(self.arrays)

    def __getitem__(self, key):
        if isinstance(key, tuple) and key[1:] == (...,):  # scikit-learn indexes so
            key = key[0]
        if isinstance(key, str):
            if key not in self.names:
                raise KeyError(f"there is no recording {key!r}.")
            key = self.names.index(key)
        if isinstance(key, Integral):
            is_plain = self.means is None
            return self.arrays[key] if is_plain else self.read(key, slice(None))
        indices = np.arange(len(self))[key]
        if indices.ndim != 1:
            raise IndexError(f"recordings have one dimension, got {short_repr(key)}.")
        return self.select(indices)

    def __contains__(self, key):
        return key in self.names if isinstance(key, str) else super().__contains__(key)

    @property
    def shape(self) -> tuple[int]:
        """Number of recordings, as a tuple; scikit-learn then selects by arrays."""
        return (len(self),)

    def __array__(self, dtype=None, copy=None):
        remedy = "index them, or put a transformer into a FramewiseTransformer"
        raise TypeError(f"{self!r} are not one array; {remedy}.")

    def __repr__(self):
        rate = "" if self.fps is None else f" at {self.fps:g} frames per second"
        return f"{type(self).__name__} of {len(self)}{rate}"

    def items(self) -> Iterator:
        """Iterate over pairs of name and array."""
        return zip(self.names, self.arrays)

    def replace(self, arrays) -> "Recordings":
        """Replace the arrays, as features by labels, and keep all else.

        Values of a dict by name come into the order of the recordings.
        """
        if isinstance(arrays, Mapping):
            lacking = [name for name in self.names if name not in arrays]
            if lacking:
                raise KeyError(f"the dict has no {listed(lacking)}.")
            arrays = [arrays[name] for name in self.names]
        clock = {"fps": self.fps, "times": self.times}
        replaced = type(self)(arrays, self.names, breaks=None, **clock)
        for name in ("breaks", "starts", "stops", "unequal", "read_options", "layout"):
            setattr(replaced, name, getattr(self, name))
        return replaced

    def edges(self, i) -> np.ndarray | None:
        """Return the times at which frames of recording ``i`` begin, and its end.

        They are in seconds, (n_frames + 1,); None without a rate. The last frame lasts
        1 / ``fps``. See `ends` for recordings with breaks.
        """
        if self.times is not None:
            return np.append(self.times[i], self.times[i][-1] + 1 / self.fps)
        frames = np.arange(len(self.arrays[i]) + 1)
        return None if self.fps is None else frames / self.fps

    def ends(self, i) -> np.ndarray | None:
        """Return the times at which frames of recording ``i`` end.

        They are in seconds, (n_frames,); None without a rate. A frame ends where the
        next one begins; the last frame of a part lasts 1 / ``fps``.
        """
        edges = self.edges(i)
        if edges is None:
            return None
        ends = edges[1:].copy()
        last = self.breaks_of(i) - 1
        ends[last] = np.minimum(ends[last], edges[last] + 1 / self.fps)
        return ends

    def breaks_of(self, i) -> np.ndarray:
        """List the frames of recording ``i`` at which a new part begins, ascending."""
        return np.empty(0, np.intp) if self.breaks is None else self.breaks[i]

    def select(self, indices) -> "Recordings":
        """Select recordings by a 1-D array of indices, without reading files."""
        kept = np.asarray(indices).tolist()
        selected = copy.copy(self)
        vars(selected).pop("lengths", None)
        selected.arrays = [self.arrays[i] for i in kept]
        selected.names = [self.names[i] for i in kept]
        for name in ("times", "breaks", "stops"):
            values = getattr(self, name)
            if values is not None:
                setattr(selected, name, [values[i] for i in kept])
        if self.starts is not None:
            selected.starts = self.starts[kept]
        if self.layout is None:
            _check_names(selected.names)
        else:
            selected.layout = self.layout.select(kept)
        if self.means is not None and len(self.means) == len(self) > 1:
            selected.means, selected.scales = self.means[kept], self.scales[kept]
        return selected

    # Internal methods.

    @cached_property
    def lengths(self):
        """Numbers of frames, an array of int."""
        return np.array(list(map(len, self.arrays)))

    @property
    def n_features(self):
        """Number of features."""
        return self.arrays[0].shape[1]

    @property
    def is_single(self):
        """Whether the user gave one array without a list."""
        return self.layout is not None and self.layout.is_single

    @property
    def is_named(self):
        """Whether the user gave names."""
        return self.layout is not None and self.layout.names is not None

    def restore(self, outputs):
        """Bring outputs, one per recording, into the form of the user's input."""
        # for results of calls: a list, an array, or rows of a table
        is_list = self.layout is None or self.layout.join is None
        return outputs if is_list else self.layout.join(outputs)

    def store(self, outputs):
        """Return outputs as fitted attributes: a dict if there are names."""
        # unlike `restore`, also of the recordings in a table
        if self.is_named:
            return dict(zip(self.layout.names, outputs))
        return self.restore(outputs)

    def errors(self, i):
        """Add the recording to errors of a block."""
        number, layout = i if self.origins is None else self.origins[i], self.layout
        if layout is not None and layout.is_single:
            return contextlib.nullcontext()
        names = None if layout is None else layout.names
        return errors_of_recording(number, names and names[number])

    @contextlib.contextmanager
    def named_errors(self):
        """Add the name of the recording to errors that have only its number."""
        try:
            yield
        except RecordingError as error:
            if self.is_named and error.name is None:
                error.name = self.layout.names[error.recording]
            raise

    def plain(self):
        """Return frames, rate and breaks without names and layout, not standardised."""
        breaks = [self.breaks_of(i) for i in range(len(self))]
        return Recordings(list(self.arrays), fps=self.fps, breaks=breaks)

    def standardize(self, scaler=None, per_video=False):
        """Return the same recordings, standardised."""
        twin = copy.copy(self)
        twin.means = twin.scales = None
        if scaler is not None:
            twin.means, twin.scales = scaler.mean_[None], scaler.scale_[None]
        elif per_video:
            scalers = [fit_scaler(self, only=i) for i in range(len(self))]
            twin.means = np.array([scaler.mean_ for scaler in scalers])
            twin.scales = np.array([scaler.scale_ for scaler in scalers])
        return twin

    def blocks(self, i=None):
        """Yield blocks of rows of a recording or of all, standardised if requested."""
        for k in range(len(self)) if i is None else [i]:
            for rows in row_blocks(self.arrays[k]):
                yield self.read(k, rows)

    def read(self, i, rows):
        """Read frames of one recording by a slice or indices, in its dtype."""
        with self.errors(i):
            frames = self.arrays[i][rows]
        if self.means is None:
            return frames
        number = i if self.origins is None else self.origins[i]
        row = number % len(self.means)  # one row for all, or one for each
        # a view is of the recording, which stays
        out = frames if frames.flags.owndata else None
        out = np.subtract(frames, self.means[row].astype(frames.dtype), out=out)
        out /= self.scales[row].astype(frames.dtype)
        return out


# Of `predict` and the like: an array for one recording, else one for each.
FrameArrays = np.ndarray | list | Recordings


def fit_scaler(recordings, scaler=None, only=None):
    """Fit a scaler to recordings, or a sample, starting from a copy of ``scaler``."""
    from sklearn.preprocessing import StandardScaler  # commands do not wait for it

    scaler = StandardScaler() if scaler is None else copy.deepcopy(scaler)
    recordings = thinned(recordings).videos if only is None else recordings
    # in blocks, as scikit-learn's temporary arrays have the size of its input
    for frames in recordings.blocks(only):
        with np.errstate(over="ignore", invalid="ignore"):
            scaler.partial_fit(frames)
    check_scaler(scaler)
    return scaler


def check_scaler(scaler):
    """Refuse variances that are not finite."""
    if not np.isfinite(scaler.var_).all():
        column = int(np.argmin(np.isfinite(scaler.var_)))
        raise ValueError(f"Feature {column} of X is too large to be standardised.")


def _check_list(name, values, n_recordings=None):
    if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__len__"):
        refuse(name, values, "a list with an item for each recording", TypeError)
    if n_recordings is not None and len(values) != n_recordings:
        raise ValueError(f"{name} has {len(values)}, expected {n_recordings}.")


def _check_names(names):
    for name in names:
        if not isinstance(name, str):
            refuse("a name", name, "text", TypeError)
    for name in repeated(names)[:1]:
        raise ValueError(f"names has {name!r} twice, expected distinct names.")


def _check_clocks(times, arrays, names):
    _check_list("times", times, len(arrays))
    for name, clock in zip(names, times):
        if np.asarray(clock).dtype.kind not in "iuf":
            refuse(f"times of {name!r}", clock, "seconds; starts has dates", TypeError)
    times = [np.asarray(clock, dtype=float) for clock in times]
    for name, clock, array in zip(names, times, arrays):
        if clock.shape != (len(array),):
            refuse(f"the shape of times of {name!r}", clock.shape, f"({len(array)},)")
        if not (np.isfinite(clock).all() and (np.diff(clock) > 0).all()):
            raise ValueError(f"times of {name!r} do not go forward.")
    return times


def _check_breaks(breaks, arrays, names):
    _check_list("breaks", breaks, len(arrays))
    return [
        check_breaks(frames, len(array), f"breaks of {name!r}")
        for name, frames, array in zip(names, breaks, arrays)
    ]
