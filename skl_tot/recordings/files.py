"""Files: text and names, writing all or nothing, and arrays that are read on demand."""

import codecs
import contextlib
import copy
import csv
import functools
import glob
import json
import os
import re
import secrets
import shutil
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from skl_tot.recordings.clocks import agreed_rate, check_fps
from skl_tot.recordings.errors import errors_of_file, is_number, one_line, refuse


def read_text(path):
    """Text of a file in UTF-8, or in UTF-16 by its byte order mark."""
    content = Path(path).read_bytes()
    # spreadsheets write UTF-16 for text beyond ASCII
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        place = f"{one_line(path)} is no text in {error.encoding.upper()}, line {line}"
        raise ValueError(f"{place}; save it as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_lines(text):
    """Lines of text of `read_text`, split not at form feeds and others."""
    return text.removesuffix("\n").split("\n")


def find_separator(header):
    """Find which of comma, semicolon and tab gives most cells; a comma if none."""
    n_cells = {}
    for separator in ",;\t":
        try:
            cells = next(csv.reader([header], delimiter=separator), [])
        except csv.Error as error:  # a cell of many characters
            raise ValueError(f"its first line is no header: {error}.") from error
        n_cells[separator] = len(cells)
    return max(n_cells, key=n_cells.get)


def parse_json(path, text):
    """Content of JSON text from ``path``."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # numbers and depth as well
        said = f"{one_line(path)} is no JSON ({one_line(error)}); write it again."
        raise ValueError(said) from error


def is_line(text):
    """Whether text is one line, not blank, of characters that files can hold."""
    # control characters, unassigned ones, surrogates, and line separators
    refused = {"Cc", "Cn", "Cs", "Zl", "Zp"}
    return bool(text.strip()) and refused.isdisjoint(map(unicodedata.category, text))


def is_file_name(text):
    """Whether text, with a suffix, is a valid file name on all systems."""
    refused = set('/\\<>:"|?*') | set(map(chr, range(32)))
    is_plain = bool(text.strip()) and text[0] != "." and not set(text) & refused
    # devices of Windows, also with a suffix
    devices = r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9¹²³]) *(\.|$)"
    return is_plain and re.match(devices, text, re.IGNORECASE) is None


def text_of_name(name):
    r"""File name as text; invalid bytes become ``\xff``."""
    try:
        return os.fsencode(name).decode(errors="backslashreplace")
    except UnicodeEncodeError:  # no file name on this system
        return name.encode(errors="backslashreplace").decode()


def natural_key(name):
    """Sort key of a name, with "take 2" before "take 10"."""
    parts = re.findall(r"(\D*)(\d*)", name)
    return [(text, int(number or -1)) for text, number in parts], name


def find_same_files(names):
    """Two names that differ only in case, one file on Windows; None if none do."""
    seen = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            return seen[key], name
        seen[key] = name
    return None


# ------------------------------------------------------------------ files written whole

IS_WINDOWS = os.name == "nt"


def is_pattern(path):
    """Whether a path is a shell pattern of the names of files in a folder."""
    return glob.has_magic(os.path.basename(path)) and not os.path.lexists(path)


@contextlib.contextmanager
def replaced(path):
    """Write to a temporary file, and rename it to ``path`` after success."""
    path = Path(os.path.realpath(path))  # follow a link
    check_target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _folder_in(path.parent) as folder:
        temporary = folder / path.name
        with _named_errors(temporary, path):
            yield temporary
        _move(temporary, path)


@contextlib.contextmanager
def replaced_files(folder):
    """Write files to a temporary folder, and move them to ``folder`` after success."""
    folder = Path(folder)
    check_target(folder, is_folder=True)
    place = folder if folder.is_dir() else folder.parent
    place.mkdir(parents=True, exist_ok=True)
    with _folder_in(place) as temporary:
        with _named_errors(temporary, folder):
            yield temporary
        paths = list(temporary.iterdir())
        folder.mkdir(exist_ok=True)
        for path in paths:
            check_target(folder / path.name)
        for path in paths:
            _move(path, folder / path.name)


@contextlib.contextmanager
def _folder_in(place):
    # folders of `tempfile` belong to one user on Windows, and moved files keep that
    folder = Path(place, f".skl-tot-{secrets.token_hex(8)}")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def check_target(path, is_folder=False):
    """Raise an error before the work if a file or folder cannot be written."""
    path = Path(path)
    place = path if is_folder and path.is_dir() else path.parent
    place = next(x for x in (place, *place.parents) if x.exists())  # others are made
    if not place.is_dir():
        raise FileExistsError(f"{place} is no folder, cannot write {path}.")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"{place} is not writable, cannot write {path}.")
    is_expected = path.is_dir() if is_folder else path.is_file()
    if path.exists() and not is_expected:
        kind = "folder" if is_folder else "file"
        raise FileExistsError(f"{path} is there, and no {kind}.")
    if IS_WINDOWS and path.is_file():
        with _no_other_program(path), open(path, "r+b"):
            pass


def write_array(path, array):
    """Write a ``.npy`` file; an error gives the reason."""
    with open(path, "wb") as file:  # numpy's error gives only the bytes written
        np.save(SimpleNamespace(write=file.write), array)


def _move(path, target):
    with _no_other_program(target):
        os.replace(path, target)


@contextlib.contextmanager
def _no_other_program(path):
    try:
        yield
    except PermissionError as error:
        raise PermissionError(
            f"{path} cannot be replaced, as another program has it open or it is "
            "read-only; close it there, or write elsewhere."
        ) from error


@contextlib.contextmanager
def _named_errors(temporary, path):
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            name = str(error.filename or temporary)
            error.filename = name.replace(str(temporary), str(path))
        raise


# --------------------------------------------------------------------- arrays on demand


def open_arrays(paths, transpose=False):
    """List of a `FileArray` per path, which share the limit of open files."""
    maps = _Maps()
    # absolute, as parallel jobs may run in another folder
    return [FileArray(os.path.abspath(path), maps, transpose) for path in paths]


class _Maps:
    """Memory maps of the last files that were used; not pickled."""

    def __init__(self):
        # some systems allow a process 256 open files
        self.get = functools.lru_cache(128)(map_file)

    def __reduce__(self):
        return _Maps, ()


class FileArray:
    """Frames (n_frames, n_features) of a ``.npy`` file, read on demand."""

    # Slices use ordinary reads: if a file is truncated, reading its map kills the
    # process, while an ordinary read returns fewer bytes.
    ndim = 2

    def __init__(self, path, maps, transpose):
        self.path, self.transpose = path, transpose
        self.rows = slice(None)  # rows of the file in this array
        self.maps = maps
        # shape of the whole file, and the dtype read, once fixed
        self.first_shape = self.read_as = None

    def as_floats(self):
        """Return the frames as floats, and refuse files that change shape later."""
        twin = copy.copy(self)
        video = self._map()
        twin.first_shape = video.shape
        is_float = video.dtype in (np.float32, np.float64)
        twin.read_as = video.dtype if is_float else np.dtype(np.float64)
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

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, key):
        dtype = self.dtype
        if isinstance(key, slice) and {self.rows.step, key.step} <= {None, 1}:
            start, stop, _ = key.indices(len(self))
            frames = self._read(start, max(start, stop))
        else:
            frames = np.asarray(self._map())[self.rows][key]
        return frames.astype(dtype, copy=False)

    def __array__(self, dtype=None, copy=None):
        return self[:].astype(self.dtype if dtype is None else dtype, copy=False)

    def __repr__(self):
        return f"{type(self).__name__}({self.path!r})"

    def _whole_shape(self):
        return self._map().shape if self.first_shape is None else self.first_shape

    def _map(self, file=None):
        stamp = _stamp(self.path if file is None else file.fileno())
        video = self.maps.get(self.path, stamp, self.transpose)
        if self.first_shape not in (None, video.shape):
            change = f"its shape was {self.first_shape} and is now {video.shape}"
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


def _stamp(path):
    """Time of change and size of a file, by path or descriptor; None without one."""
    try:
        status = os.stat(path)
    except OSError:  # opening the file reports the reason
        return None
    return status.st_mtime_ns, status.st_size


def map_file(path, stamp, transpose):
    """Map the numbers (n_frames, n_features) of a ``.npy`` file as it is at a stamp."""
    with errors_of_file(path), np.errstate(all="ignore"):  # sizes in a broken header
        if os.path.exists(path) and not os.path.isfile(path):
            raise ValueError("it is no regular file.")
        video = np.lib.format.open_memmap(path, mode="r")
    if video.ndim != 2 or 0 in video.shape or video.dtype.kind not in "fiu":
        content = f"{path} holds {video.dtype} of shape {video.shape}"
        raise ValueError(f"{content}, expected numbers of shape (frames, features).")
    return video.T if transpose else video


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
