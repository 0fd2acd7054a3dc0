"""Files of a review: each action is written to the log before it takes effect."""

import json
import os
from numbers import Number
from pathlib import Path

import filelock
import joblib  # type: ignore[import-untyped]
import numpy as np
from sklearn.base import clone

from skl_tot import GuidedSegmenter
from skl_tot.io import load_model, save_model
from skl_tot.methods import last_step
from skl_tot.recordings import replaced, write_array

NAME = "review.jsonl"
RESULTS = ("segments.csv", "labels", "model.skops", "recordings.csv", "report.html")


class Log:
    """Lines of JSON in a file that is open in one process at a time.

    After `append`, a line is on the disk, or the file is unchanged. An incomplete line
    of a killed process is removed.
    """

    _file: int | None = None

    def __init__(self, path):
        self.path = path
        # a file of its own, as Windows lets nobody read a file that is locked
        lock = f"{path}.lock"
        self._lock = filelock.FileLock(lock, timeout=0, thread_local=False)
        self._acquire()
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)  # Windows
        try:
            self._file = os.open(path, flags, 0o666)
            self.lines = self._read()
        except BaseException:
            self.close()
            raise

    def _acquire(self):
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise FileExistsError(
                f"{self.path} belongs to a review that is open; close that one, or "
                "give another folder as out."
            ) from error

    def _read(self):
        """Read complete lines; remove the rest."""
        with open(self._file, "rb", closefd=False) as file:
            content = file.read()
        *whole, _ = content.split(b"\n")
        lines = []
        for number, line in enumerate(whole, start=1):
            found = _parse(line)
            if found is None and number == len(whole) and b"\0" in line:
                break  # preallocated space
            if found is None:
                raise ValueError(
                    f"{self.path}, line {number}, is no object of JSON, expected a "
                    "file of a review; give another folder as out."
                )
            lines.append(found)
        self._size = sum(map(len, whole[: len(lines)])) + len(lines)
        os.ftruncate(self._file, self._size)
        return lines

    def append(self, line):
        """Add a line; after an error, the file is unchanged."""
        if self._file is None:
            raise ValueError("the review is closed.")
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        try:
            os.lseek(self._file, self._size, os.SEEK_SET)
            rest = data
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except BaseException as error:
            os.ftruncate(self._file, self._size)
            if not isinstance(error, OSError):
                raise
            said = f"{error.strerror}, nothing is changed; repair it and try again"
            raise OSError(error.errno, said, str(self.path)) from error
        self._size += len(data)

    def close(self):
        """Release the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._lock.release()

    def __del__(self):
        self.close()


def _parse(line):
    """Object of a line, or None."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class Store:
    """Storage of a review: its log, and models and confidences by number.

    They are files in a folder, or in memory without a folder. Files that a line of the
    log names are written before the line.
    """

    def __init__(self, folder, lengths):
        self._log, self._models, self._ends = None, {}, np.cumsum(lengths)[:-1]
        self.lines, self._next = [], 0
        if folder is not None:
            _refuse_files(folder)
            self._folder = folder / "models"
            self._folder.mkdir(parents=True, exist_ok=True)
            self._log = Log(folder / NAME)
            self.lines = self._log.lines
            numbers = [int(path.stem) for path in self._folder.glob("[0-9]*.*")]
            self._next = 1 + max(numbers, default=-1)

    def put(self, model, confidences=None):
        """Store a model and confidences (n_frames,) of recordings; return a number."""
        number, self._next = self._next, self._next + 1
        try:
            if self._log is not None:
                self._write(number, model, confidences)
        except BaseException:
            self.drop(number)
            raise
        self._models[number] = model
        return number

    def _write(self, number, model, confidences):
        save_model(model, self._path(number, "skops"))
        _sync(self._path(number, "skops"))
        if confidences is not None:
            with replaced(self._path(number, "npy")) as temporary:
                write_array(temporary, np.concatenate(confidences))
            _sync(self._path(number, "npy"))

    def drop(self, number):
        """Delete files that no line names."""
        self._models.pop(number, None)
        if self._log is not None:
            for suffix in ("skops", "npy"):
                self._path(number, suffix).unlink(missing_ok=True)

    def model(self, number):
        """Return the model with a number."""
        if number not in self._models:
            self._models[number] = load_model(self._path(number, "skops"))
        return self._models[number]

    def confidences(self, number):
        """Read the confidences (n_frames,) of each recording, by number."""
        found = np.load(self._path(number, "npy"), mmap_mode="r")
        return np.split(np.asarray(found), self._ends)

    def append(self, line):
        """Add a line to the log."""
        if self._log is not None:
            self._log.append(line)

    def close(self):
        """Release the folder."""
        if self._log is not None:
            self._log.close()

    def _path(self, number, suffix):
        return self._folder / f"{number:04}.{suffix}"


def first_line(folder):
    """First line of the log of a folder, a dict, or None without a review."""
    path = Path(folder, NAME)
    if not path.is_file():
        return None
    with open(path, "rb") as file:
        line = file.readline()
    return _parse(line) if line.endswith(b"\n") else None


def _refuse_files(folder):
    """Refuse a folder without a log but with files that results would replace."""
    found = [name for name in RESULTS if (folder / name).exists()]
    if found and not (folder / NAME).exists():
        raise FileExistsError(
            f"{folder} has {found[0]}, but not of a review; expected another folder as "
            "out."
        )


def _sync(path):
    """Wait until a file is on the disk."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def describe_start(recordings, model, labels):
    """Describe the start of a review, as JSON that identifies it."""
    rows = []
    for array in recordings.arrays:
        own = getattr(array, "iloc", array)
        rows += [np.asarray(own[k]) for k in (0, len(array) // 2, -1)]
    return {
        "names": recordings.names,
        "lengths": recordings.lengths.tolist(),
        "fps": recordings.fps,
        "content": joblib.hash((rows, recordings.times, recordings.breaks)),
        "model": None if model is None else joblib.hash(model),
        "settings": None if model is None else settings_of(model),
        "labels": None if labels is None else joblib.hash(labels),
    }


def settings_of(model):
    """Describe the settings of a model by name: a text, or a list with a hash."""
    segmenter = last_step(model)
    if isinstance(segmenter, GuidedSegmenter):  # labels are checked separately
        segmenter = segmenter.estimator
    found = {"method": type(segmenter).__name__} | segmenter.get_params(deep=False)
    found["steps"] = [step for _, step in getattr(model, "steps", [])[:-1]] or None
    for name, value in found.items():
        is_short = value is None or isinstance(value, str | Number)
        hashed = [] if is_short else [joblib.hash(clone(value, safe=False))]
        found[name] = hashed or str(value)
    return found


def check_settings(line, model, folder):
    """Refuse to continue a review that began with other settings of a fit."""
    before = (line.get("about") or {}).get("settings") or {}
    for name, value in settings_of(model).items():
        if before.get(name, value) != value:
            is_short = isinstance(before[name], str) and isinstance(value, str)
            began = f"{before[name]}, got {value}" if is_short else "another value"
            raise ValueError(
                f"The review in {folder} began with {name} of {began}; expected the "
                "same, or another folder as out."
            )


def check_start(line, expected, folder):
    """Refuse the log of another review; model and labels are optional."""
    found = line.get("about")
    for key, value in expected.items():
        is_given = value is not None or key not in ("model", "settings", "labels")
        if is_given and (found is None or found.get(key) != value):
            what = key if key in ("model", "labels") else "recordings"
            raise ValueError(
                f"{folder} has a review of other {what}, expected those of then, or "
                "another folder as out."
            )
