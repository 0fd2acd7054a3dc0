"""Videos in files, opened as they are asked for."""

import functools
import os
import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval, validate_params

from skl_tot.inputs.errors import (
    VideoError,
    VideoValueError,
    errors_of_video,
    one_line,
    short_repr,
)

# Some systems let a process have 256 files open.
MAX_OPEN = 128


class FeatureFiles(Sequence):
    """Videos in ``.npy`` files, which are opened as they are asked for.

    A sequence of memory-mapped arrays for data that does not fit into memory. Indexed
    with an int it gives one video; with a slice, or a list or array of indices or of
    booleans, the videos of that selection, again as `FeatureFiles`: the folds of a
    cross-validation are not read before they are used. Nothing but the paths goes into
    a pickle, so that parallel jobs open the files themselves.

    Parameters
    ----------
    paths : array-like of str or path-like
        One ``.npy`` file for each video, of numbers of shape (n_frames, n_features).
    stride : int, default=1
        Keep frames 0, ``stride``, 2 ``stride``, … of each video.
    transpose : bool, default=False
        Whether the files hold arrays of shape (n_features, n_frames).

    Attributes
    ----------
    paths : list of str
        Absolute paths.
    shape : tuple of int
        ``(n_videos,)``. With it, scikit-learn selects videos by arrays of indices; of
        a sequence without, it makes a list.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not valid, or a path is not one of a ``.npy`` file.

    Notes
    -----
    A missing or unsuitable file is a ValueError when it is asked for. The last 128
    files stay open, those of selections included, for as long as there is one of these
    objects; one that was written anew is opened anew. As a pickle holds paths, a
    pipeline with ``memory`` does not notice when files change.

    `numpy.asarray` refuses to load all videos into one array.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skl_tot.datasets import FeatureFiles
    >>> folder = tempfile.TemporaryDirectory()
    >>> for name, n_frames in [("a", 40), ("b", 50), ("c", 60)]:
    ...     np.save(f"{folder.name}/{name}.npy", np.zeros((n_frames, 8)))
    >>> videos = FeatureFiles(sorted(pathlib.Path(folder.name).glob("*.npy")), stride=2)
    >>> videos
    FeatureFiles of 3 videos
    >>> videos[0].shape
    (20, 8)
    >>> [len(video) for video in videos[[2, 1]]]
    [30, 25]
    >>> del videos
    >>> folder.cleanup()
    """

    __module__ = "skl_tot.datasets"  # where users import it from, and so do pickles

    @validate_params(
        {
            "paths": ["array-like"],
            "stride": [Interval(Integral, 1, None, closed="left")],
            "transpose": ["boolean"],
        },
        prefer_skip_nested_validation=True,
    )
    def __init__(self, paths, *, stride=1, transpose=False):
        if isinstance(paths, (set, frozenset, Mapping)):
            raise TypeError(
                f"paths is a {type(paths).__name__}, which has no order; expected a "
                "list, such as sorted(paths)."
            )
        # absolute, as parallel jobs may work in another folder
        self.paths = [os.path.abspath(path) for path in paths]
        for i, path in enumerate(self.paths):
            if not path.endswith(".npy"):
                raise ValueError(f"paths[{i}] is {path!r}, expected a file *.npy.")
        self.stride = stride
        self.transpose = transpose
        self._open = functools.lru_cache(MAX_OPEN)(_open)

    def __len__(self):
        return len(self.paths)

    @property
    def shape(self):
        """Number of videos, as a tuple."""
        return (len(self),)

    def __getitem__(self, key):
        if isinstance(key, tuple) and key[1:] == (...,):  # as scikit-learn asks
            key = key[0]
        if isinstance(key, Integral):
            return self._map(key)
        indices = np.arange(len(self))[key]
        if indices.ndim != 1:
            raise IndexError(
                f"{type(self).__name__} have one dimension, got {short_repr(key)}."
            )
        subset = object.__new__(type(self))
        # the files that are open are shared, so that there are never more of them
        vars(subset).update(vars(self), paths=[self.paths[i] for i in indices])
        return subset

    def _map(self, i, file=None):
        """Map a file, or that version of it which is open."""
        path = self.paths[i]
        stamp = _stamp(path if file is None else file.fileno())
        return self._open(path, stamp, self.stride, self.transpose)

    def __repr__(self):
        return f"{type(self).__name__} of {len(self)} videos"

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            f"{self!r} are not one array, and would be loaded to make them one; index "
            "them, or apply a transformer with FramewiseTransformer."
        )

    def __getstate__(self):
        state = vars(self).copy()
        del state["_open"]
        return state

    def __setstate__(self, state):
        vars(self).update(state, _open=functools.lru_cache(MAX_OPEN)(_open))


class FloatRows:
    """A video on disk, of neither float type, that becomes float64 as it is read."""

    dtype, itemsize = np.dtype(np.float64), 8

    def __init__(self, video):
        self.video, self.shape, self.size = video, video.shape, video.size

    def __len__(self):
        return len(self.video)

    def __getitem__(self, rows):
        return self.video[rows].astype(self.dtype)

    def __array__(self, dtype=None, copy=None):
        return self.video.astype(self.dtype if dtype is None else dtype)


class FileRows(FloatRows):
    """A video of `FeatureFiles` as floats, whose blocks are not read through the map.

    A process that reads a map of a file which is cut off meanwhile is killed; an
    ordinary read gives less than was asked for.
    """

    ndim = 2

    def __init__(self, videos, i, video):
        super().__init__(video)
        self.videos, self.i, self.flags = videos, i, video.flags
        if video.dtype in (np.float32, np.float64):
            self.dtype, self.itemsize = video.dtype, video.itemsize

    def __getitem__(self, rows):
        flags = self.flags
        if isinstance(rows, slice) and (flags.c_contiguous or flags.f_contiguous):
            frames = self._read(*rows.indices(len(self))[:2])
        else:
            frames = np.asarray(self.videos.open(self.i))[rows]
        return frames.astype(self.dtype, copy=False)

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def take(self, rows, **options):
        """Take single frames, as an array does."""
        return np.asarray(self.video).take(rows, **options)

    def _read(self, start, stop):
        """Frames of the file as it is now, in the type that they have there."""
        path = self.videos.files.paths[self.i]
        try:
            with open(path, "rb", buffering=0) as file:
                video = self.videos.open(self.i, file)
                return _read_rows(file, video, start, stop)
        except OSError as error:
            reason = f"{path} cannot be read: {error}"
            raise VideoValueError(reason, self.i) from error


class FilePart(FileRows):
    """Rows of `FileRows` from one frame to another, which stay on disk."""

    def __init__(self, whole, start, stop):
        super().__init__(whole.videos, whole.i, whole.video[start:stop])
        self.whole, self.start = whole, start

    def __getitem__(self, rows):
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            rows = slice(self.start + start, self.start + stop)
        else:
            rows = self.start + np.asarray(rows)
        try:
            return self.whole[rows]
        except VideoError as error:  # the number is that of the whole
            raise ValueError(error.reason) from error


def part_of(video, start, stop):
    """Rows of a video from one frame to another; those on disk stay there."""
    if isinstance(video, FileRows):
        return FilePart(video, start, stop)
    if isinstance(video, FloatRows):
        return FloatRows(video.video[start:stop])
    return video[start:stop]


class FloatVideos(Sequence):
    """Videos of `FeatureFiles` as floats, opened as they are asked for.

    A file may be written anew meanwhile, but not in another shape than it had first.
    """

    def __init__(self, files):
        self.files, self.shapes = files, {}

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        return FileRows(self, i, self.open(i))

    def open(self, i, file=None):
        """Map a video, or that version of its file which is open."""
        with errors_of_video(i):
            video = self.files._map(i, file)
        shape = self.shapes.setdefault(i, video.shape)
        if video.shape != shape:
            reason = (
                f"{self.files.paths[i]} changed while it was in use: it had shape "
                f"{shape} and now has {video.shape}."
            )
            raise VideoValueError(reason, i)
        return video


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


def as_floats(video):
    """Make a memmap an array of float32 or float64, without reading it."""
    video = np.asarray(video)  # indexing a memmap itself is slower
    return video if video.dtype in (np.float32, np.float64) else FloatRows(video)


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
    """Tell versions of a file apart: the end of a map may be cut off by another.

    It is of a path or of the number of an open file.
    """
    try:
        status = os.stat(path)
    except OSError:  # opening it says what is wrong
        return None
    return status.st_mtime_ns, status.st_size


def _open(path, stamp, stride, transpose):
    """Map one file; its stamp is there to be remembered."""
    return read_features(path, mmap=True, transpose=transpose)[::stride]
