"""Recordings in ``.npy`` files and memory maps, read on demand."""

import copy
import functools
import json
import os
import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skl_tot.recordings.clocks import agreed_rate, check_fps
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.disk import parse_json, read_text
from skl_tot.recordings.errors import is_number, one_line, refuse


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
def open_features(
    paths, names=None, *, fps=None, stride=1, transpose=False
) -> Recordings:
    """Open ``.npy`` files of features, which are read on demand.

    For data larger than the memory. A pickle holds only paths.

    Parameters
    ----------
    paths : array-like of str or path-like
        One ``.npy`` file per recording, with numbers of shape (n_frames, n_features).
    names : array-like of str, default=None
        Distinct names; None takes those of files, with parent folders if needed.
    fps : float, default=None
        Frames per second of the frames that are kept, if known.
    stride : int, default=1
        Keep frames 0, ``stride``, 2 ``stride``, … of each recording.
    transpose : bool, default=False
        Whether the files hold arrays of shape (n_features, n_frames).

    Returns
    -------
    recordings : Recordings
        Indexing its arrays returns numpy arrays; `numpy.asarray` reads a whole
        recording.

    Notes
    -----
    A missing or unsuitable file raises a ValueError when it is read. The last 128 files
    stay open; a changed file is opened again. A pipeline with ``memory`` does not see
    that files change.

    Examples
    --------
    >>> import numpy as np
    >>> import pathlib, tempfile
    >>> from skl_tot.recordings import open_features
    >>> folder = tempfile.TemporaryDirectory()
    >>> np.save(f"{folder.name}/a.npy", np.zeros((40, 8)))
    >>> takes = open_features(sorted(pathlib.Path(folder.name).glob("*.npy")), stride=2)
    >>> takes.names, takes[0].shape
    (['a'], (20, 8))
    >>> del takes
    >>> folder.cleanup()
    """
    arrays = open_arrays(paths, stride=stride, transpose=transpose)
    if names is None:
        names = _name_files([Path(array.path) for array in arrays])
    return Recordings(arrays, names, fps=fps)


def open_arrays(paths, *, stride=1, transpose=False):
    """List of a `FileArray` per path, which share the limit of open files."""
    if isinstance(paths, (set, frozenset, Mapping)):
        refuse("paths", paths, "a list, such as sorted(paths)", TypeError)
    maps = _Maps()
    arrays = []
    for i, path in enumerate(paths):
        path = os.path.abspath(path)  # parallel jobs may run in another folder
        if not path.endswith(".npy"):
            raise ValueError(f"paths[{i}] is {path!r}, expected a file *.npy.")
        arrays.append(FileArray(path, maps, stride, transpose))
    return arrays


def _name_files(paths):
    for n_parts in range(1, max((len(path.parts) for path in paths), default=1) + 1):
        names = ["/".join(path.with_suffix("").parts[-n_parts:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return names


class _Order(NamedTuple):
    """Memory order of an array, like its flags but without an open map."""

    c_contiguous: bool
    f_contiguous: bool


def _order(video):
    return _Order(video.flags.c_contiguous, video.flags.f_contiguous)


class _Maps:
    """Memory maps of the last files that were used; not pickled."""

    def __init__(self):
        # some systems allow a process 256 open files
        self.get = functools.lru_cache(128)(_open)

    def __reduce__(self):
        return _Maps, ()


class FileArray:
    """Frames (n_frames, n_features) of a ``.npy`` file, read on demand."""

    # Slices use ordinary reads: if a file is truncated, reading its map kills the
    # process, while an ordinary read returns fewer bytes.
    ndim = 2

    def __init__(self, path, maps, stride=1, transpose=False):
        self.path, self.stride, self.transpose = path, stride, transpose
        self.rows = slice(None)  # rows of the file in this array
        self.maps = maps
        # shape and order of the whole file, and the dtype read, once fixed
        self.first = self.read_as = None

    def fixed(self):
        """Return the frames as floats, and refuse files that change shape later."""
        twin = copy.copy(self)
        video = self._map()
        twin.first = video.shape, _order(video)
        is_float = video.dtype in (np.float32, np.float64)
        twin.read_as = video.dtype if is_float else np.dtype(np.float64)
        return twin

    def strided(self, stride):
        """Return every ``stride``-th frame, without reading."""
        twin = copy.copy(self)
        twin.stride = self.stride * stride
        return twin

    def part(self, rows):
        """Return the frames of a slice, without reading."""
        twin = copy.copy(self)
        chosen = range(*self.rows.indices(self._whole_shape()[0]))[rows]
        twin.rows = slice(chosen.start, chosen.stop, chosen.step)
        return twin

    @property
    def shape(self):
        """Numbers of frames and features."""
        n_frames, n_features = self._whole_shape()
        return len(range(*self.rows.indices(n_frames))), n_features

    @property
    def dtype(self):
        """Dtype of the frames read."""
        return self._map().dtype if self.read_as is None else self.read_as

    @property
    def flags(self):
        """Memory order of the file."""
        return _order(self._map()) if self.first is None else self.first[1]

    @property
    def itemsize(self):
        """Bytes per number."""
        return self.dtype.itemsize

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        flags, dtype = self.flags, self.dtype
        in_order = flags.c_contiguous or flags.f_contiguous
        is_block = isinstance(key, slice) and {self.rows.step, key.step} <= {None, 1}
        if in_order and is_block:
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
        """Take single frames, like an array."""
        return np.asarray(self._map())[self.rows].take(rows, **options)

    def _whole_shape(self):
        return self._map().shape if self.first is None else self.first[0]

    def _map(self, file=None):
        stamp = _stamp(self.path if file is None else file.fileno())
        video = self.maps.get(self.path, stamp, self.stride, self.transpose)
        if self.first is not None and video.shape != self.first[0]:
            change = f"its shape was {self.first[0]} and is now {video.shape}"
            raise ValueError(f"{self.path} changed in use: {change}; fit again.")
        return video

    def _read(self, start, stop):
        """Read frames of the rows that this array shows; an error names the file."""
        first = self.rows.start or 0
        try:
            with open(self.path, "rb", buffering=0) as file:
                return _read_rows(file, self._map(file), first + start, first + stop)
        except OSError as error:
            raise ValueError(f"{self.path} cannot be read: {error}") from error


def _read_rows(file, video, start, stop):
    """Read rows of a mapped array in C or Fortran order from its open file."""
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
    left = memoryview(array.reshape(-1).view(np.uint8))
    file.seek(position)
    while left:
        n_read = file.readinto(left)
        if not n_read:
            raise OSError("it was cut off meanwhile.")
        left = left[n_read:]


def read_features(path, *, mmap, transpose=False):
    """Read a recording (n_frames, n_features) from a ``.npy`` or text file."""
    try:
        with np.errstate(all="ignore"):  # sizes in a broken header
            video = _read_array(path, mmap)
    except Exception as error:  # a broken header raises many types
        raise ValueError(f"{path} cannot be read: {one_line(error)}") from error
    if video.ndim != 2 or 0 in video.shape or video.dtype.kind not in "fiu":
        content = f"{path} holds {video.dtype} of shape {video.shape}"
        raise ValueError(f"{content}, expected numbers of shape (frames, features).")
    return video.T if transpose else video


def _read_array(path, mmap):
    if os.path.exists(path) and not os.path.isfile(path):
        raise ValueError("it is no regular file.")
    if not str(path).endswith(".npy"):
        with warnings.catch_warnings():  # numpy warns of empty text files
            warnings.simplefilter("ignore", UserWarning)
            return np.loadtxt(path, ndmin=2)
    mapped = np.lib.format.open_memmap(path, mode="r")
    if mmap:
        return mapped
    del mapped  # it refuses a negative shape, which older numpys read
    with open(path, "rb") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _stamp(path):
    """Time of change and size of a file, by path or descriptor; None without one."""
    try:
        status = os.stat(path)
    except OSError:  # opening the file reports the reason
        return None
    return status.st_mtime_ns, status.st_size


def _open(path, stamp, stride, transpose):
    return read_features(path, mmap=True, transpose=transpose)[::stride]


# ------------------------------------------------------------------- rate of arrays

RATE_FILE = "recordings.json"


def write_rate(folder, fps):
    """Write the rate of all arrays in a folder."""
    text = json.dumps({"fps": fps}) + "\n"
    Path(folder, RATE_FILE).write_text(text, encoding="utf-8", newline="\n")


def read_rate(folder):
    """Frames per second of the arrays in a folder, or None."""
    path = Path(folder, RATE_FILE)
    if not path.is_file():
        return None
    content = parse_json(path, read_text(path))
    fps = content.get("fps") if isinstance(content, dict) else None
    if not is_number(fps):
        refuse(one_line(path), content, 'an object with a number, as {"fps": 10}')
    check_fps(fps, f"{one_line(path)}: fps")
    return float(fps)


def rate_of_arrays(paths, fps=None):
    """Rate in the folders of arrays, or else the given one."""
    for folder in dict.fromkeys(Path(path).parent for path in paths):
        fps = agreed_rate(fps, read_rate(folder), one_line(folder / RATE_FILE))
    return fps
