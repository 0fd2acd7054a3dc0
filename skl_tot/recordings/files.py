"""Recordings in ``.npy`` files and memory maps, read as they are asked for."""

import copy
import functools
import os
import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import one_line

# Some systems let a process have 256 files open.
MAX_OPEN = 128
FLOATS = (np.float32, np.float64)


@validate_params(
    {
        "paths": ["array-like"],
        "names": ["array-like", None],
        "fps": [Real, None],
        "stride": [Interval(Integral, 1, None, closed="left")],
        "transpose": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def open_features(paths, names=None, *, fps=None, stride=1, transpose=False):
    """Open ``.npy`` files of features, which are read as they are asked for.

    For data that does not fit into memory. Selections, such as the folds of a
    cross-validation, are not read before they are used. Nothing but the paths goes into
    a pickle, so that parallel jobs open the files themselves.

    Parameters
    ----------
    paths : array-like of str or path-like
        One ``.npy`` file for each recording, of numbers of shape (n_frames,
        n_features).
    names : array-like of str, default=None
        Distinct names; None takes those of the files, with as many of their folders as
        make them differ.
    fps : float, default=None
        Frames per second that are kept, if it is known.
    stride : int, default=1
        Keep frames 0, ``stride``, 2 ``stride``, … of each recording.
    transpose : bool, default=False
        Whether the files hold arrays of shape (n_features, n_frames).

    Returns
    -------
    recordings : Recordings
        Its arrays have a shape, a dtype and a length, and give numpy arrays when they
        are indexed; `numpy.asarray` reads one.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not valid, or a path is not one of a ``.npy`` file.

    Notes
    -----
    A missing or unsuitable file is a ValueError when it is asked for. The last 128
    files stay open for as long as there is one of the arrays; one that was written anew
    is opened anew. As a pickle holds paths, a pipeline with ``memory`` does not notice
    when files change.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skl_tot.recordings import open_features
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name, n_frames in [("a", 40), ("b", 50), ("c", 60)]:
    ...     np.save(f"{folder.name}/{name}.npy", np.zeros((n_frames, 8)))
    >>> takes = open_features(sorted(pathlib.Path(folder.name).glob("*.npy")), stride=2)
    >>> takes
    Recordings of 3
    >>> takes["a"].shape
    (20, 8)
    >>> [len(array) for array in takes[[2, 1]]]
    [30, 25]
    >>> del takes
    >>> folder.cleanup()
    """
    arrays = open_arrays(paths, stride=stride, transpose=transpose)
    if names is None:
        names = _name_files([Path(array.path) for array in arrays])
    return Recordings(arrays, names, fps=fps)


def open_arrays(paths, *, stride=1, transpose=False):
    """List of a `FileArray` for each path, which have few files open together."""
    if isinstance(paths, (set, frozenset, Mapping)):
        raise TypeError(
            f"paths is a {type(paths).__name__}, which has no order; expected a list, "
            "such as sorted(paths)."
        )
    maps = _Maps()
    arrays = []
    for i, path in enumerate(paths):
        path = os.path.abspath(path)  # parallel jobs may work in another folder
        if not path.endswith(".npy"):
            raise ValueError(f"paths[{i}] is {path!r}, expected a file *.npy.")
        arrays.append(FileArray(path, maps, stride, transpose))
    return arrays


def _name_files(paths):
    """Distinct names of files, with their folders where the last parts are the same."""
    for n_parts in range(1, max((len(path.parts) for path in paths), default=1) + 1):
        names = ["/".join(path.with_suffix("").parts[-n_parts:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return names


class _Order(NamedTuple):
    """What is asked for of the flags of an array, which would keep a map open."""

    c_contiguous: bool
    f_contiguous: bool


def _order(video):
    return _Order(video.flags.c_contiguous, video.flags.f_contiguous)


class _Maps:
    """Memory maps of the last files that were asked for; a pickle holds none."""

    def __init__(self):
        self.get = functools.lru_cache(MAX_OPEN)(_open)

    def __reduce__(self):
        return _Maps, ()


class FileArray:
    """Frames (n_frames, n_features) of a ``.npy`` file, read as they are asked for.

    Slices are not read through a map: a process that reads a map of a file which is cut
    off meanwhile is killed; an ordinary read gives less than was asked for.
    """

    ndim = 2

    def __init__(self, path, maps, stride=1, transpose=False):
        self.path, self.stride, self.transpose = path, stride, transpose
        self.rows = slice(None)  # of the file that this array has
        self.maps = maps
        # shape and order of the whole, and type of what is read, if they are fixed
        self.first = self.read_as = None

    def fixed(self):
        """Give the same frames as floats, and refuse files of another shape from now.

        float32 and float64 stay, other types become float64.
        """
        twin = copy.copy(self)
        video = self._map()
        twin.first = video.shape, _order(video)
        twin.read_as = video.dtype if video.dtype in FLOATS else np.dtype(np.float64)
        return twin

    def strided(self, stride):
        """Give every so many of the frames, which stay on disk."""
        twin = copy.copy(self)
        twin.stride = self.stride * stride
        return twin

    def part(self, start, stop):
        """Frames from one to another, which stay on disk."""
        twin = copy.copy(self)
        first = self.rows.indices(self._whole_shape()[0])[0]
        twin.rows = slice(first + start, first + min(stop, len(self)))
        return twin

    @property
    def shape(self):
        """Frames and features."""
        n_frames, n_features = self._whole_shape()
        return len(range(*self.rows.indices(n_frames))), n_features

    @property
    def dtype(self):
        """Type of what is read."""
        return self._map().dtype if self.read_as is None else self.read_as

    @property
    def flags(self):
        """Order in which the file has the numbers."""
        return _order(self._map()) if self.first is None else self.first[1]

    @property
    def itemsize(self):
        """Bytes of a number."""
        return self.dtype.itemsize

    @property
    def size(self):
        """Count of the numbers."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self):
        """Bytes of all numbers."""
        return self.size * self.itemsize

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        flags, dtype = self.flags, self.dtype
        in_order = flags.c_contiguous or flags.f_contiguous
        if in_order and isinstance(key, slice) and key.step in (None, 1):
            start, stop, _ = key.indices(len(self))
            frames = self._read(start, max(start, stop))
        else:
            frames = np.asarray(self._map())[self.rows][key]
        return frames.astype(dtype, copy=False)

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def __repr__(self):
        return f"{type(self).__name__}({self.path!r})"

    def take(self, rows, **options):
        """Take single frames, as an array does."""
        return np.asarray(self._map())[self.rows].take(rows, **options)

    def _whole_shape(self):
        """Shape of the file, that it had first or has now."""
        return self._map().shape if self.first is None else self.first[0]

    def _map(self, file=None):
        """Map the file, or that version of it which is open."""
        stamp = _stamp(self.path if file is None else file.fileno())
        video = self.maps.get(self.path, stamp, self.stride, self.transpose)
        if self.first is not None and video.shape != self.first[0]:
            raise ValueError(
                f"{self.path} changed while it was in use: it had shape "
                f"{self.first[0]} and now has {video.shape}."
            )
        return video

    def _read(self, start, stop):
        """Frames of the file as it is now, in the type that they have there."""
        first = self.rows.start or 0
        try:
            with open(self.path, "rb", buffering=0) as file:
                return _read_rows(file, self._map(file), first + start, first + stop)
        except OSError as error:
            raise ValueError(f"{self.path} cannot be read: {error}") from error


class FloatRows:
    """A memory map of neither float type, that becomes float64 as it is read."""

    dtype, itemsize = np.dtype(np.float64), 8

    def __init__(self, video):
        self.video, self.shape, self.size = video, video.shape, video.size

    def __len__(self):
        return len(self.video)

    def __getitem__(self, rows):
        return self.video[rows].astype(self.dtype)

    def __array__(self, dtype=None, copy=None):
        return self.video.astype(self.dtype if dtype is None else dtype)

    def part(self, start, stop):
        """Rows from one to another, which stay on disk."""
        return FloatRows(self.video[start:stop])


# Types of what is read as it is asked for.
LAZY = (FileArray, FloatRows)


def as_floats(video):
    """Make a file or a map an array of float32 or float64, without reading it."""
    if isinstance(video, FileArray):
        return video.fixed()
    video = np.asarray(video)  # indexing a memmap itself is slower
    return video if video.dtype in FLOATS else FloatRows(video)


def part_of(video, start, stop):
    """Rows of a video from one frame to another; those on disk stay there."""
    return video.part(start, stop) if isinstance(video, LAZY) else video[start:stop]


def _read_rows(file, video, start, stop):
    """Rows of a mapped video that lie in its file one after the other, or as columns.

    ``file`` is open and not buffered.
    """
    n_frames, width = video.shape
    if video.flags.c_contiguous:
        rows = np.empty((stop - start, width), video.dtype)
        _fill(rows, file, video.offset + start * width * video.itemsize)
        return rows
    columns = np.empty((width, stop - start), video.dtype)
    for i, column in enumerate(columns):
        _fill(column, file, video.offset + (i * n_frames + start) * video.itemsize)
    return columns.T


def _fill(array, file, position):
    """Read an array from a place of a file."""
    left = memoryview(array.reshape(-1).view(np.uint8))
    file.seek(position)
    while left:
        n_read = file.readinto(left)
        if not n_read:
            raise OSError("it was cut off meanwhile.")
        left = left[n_read:]


def read_features(path, *, mmap, transpose=False):
    """Read a video (n_frames, n_features) of a file ``.npy``, or of text.

    With `mmap` a ``.npy`` file is mapped, read-only.
    """
    try:
        with np.errstate(all="ignore"):  # sizes of what is not there
            video = _read_array(path, mmap)
    except Exception as error:  # whatever a broken header makes of its reader
        raise ValueError(f"{path} cannot be read: {one_line(error)}") from error
    if video.ndim != 2 or 0 in video.shape or video.dtype.kind not in "fiu":
        raise ValueError(
            f"{path} holds {video.dtype} of shape {video.shape}, expected numbers of "
            "shape (frames, features)."
        )
    return video.T if transpose else video


def _read_array(path, mmap):
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError("it is no regular file.")
    if not str(path).endswith(".npy"):
        with warnings.catch_warnings():  # what an empty file holds has no good shape
            warnings.simplefilter("ignore", UserWarning)
            return np.loadtxt(path, ndmin=2)
    if mmap:
        return np.lib.format.open_memmap(path, mode="r")
    with open(path, "rb") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _stamp(path):
    """Tell versions of a file apart; `path` may be the number of an open file."""
    try:
        status = os.stat(path)
    except OSError:  # opening it says what is wrong
        return None
    return status.st_mtime_ns, status.st_size


def _open(path, stamp, stride, transpose):
    """Map one file; its stamp is there to be remembered."""
    return read_features(path, mmap=True, transpose=transpose)[::stride]
