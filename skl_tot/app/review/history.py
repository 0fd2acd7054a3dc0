"""Files of a review: a log, which has each change first, and results."""

import contextlib
import hashlib
import itertools
import json
import os
import re
import sqlite3
import tempfile
import zlib
from pathlib import Path

import joblib  # type: ignore[import-untyped]
import numpy as np
import pandas as pd

from skl_tot import io
from skl_tot.app.report import write_report
from skl_tot.app.review import NAME
from skl_tot.app.review import state as states
from skl_tot.app.review.accuracy import right_shares
from skl_tot.app.review.teaching import known_words
from skl_tot.io.formats import find_format, writable_formats
from skl_tot.methods.pipelines import last_step, with_last
from skl_tot.recordings.disk import (
    find_same_files,
    is_file_name,
    replaced,
    replaced_files,
)
from skl_tot.recordings.errors import one_line, short_repr
from skl_tot.recordings.stops import with_stops

RESULTS = ("segments.csv", "labels", "model.skops", "recordings.csv", "report.html")
FLOAT = np.dtype("<f2")  # of confidences
BLOCK = 2**19  # values that are hashed at once
SETUP = """PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; BEGIN EXCLUSIVE;
CREATE TABLE IF NOT EXISTS log
(number INTEGER PRIMARY KEY, line TEXT, model BLOB, confidences BLOB, "check" INTEGER);
COMMIT"""
ALL = 'SELECT number, line, model, confidences, "check" FROM log ORDER BY number'
# An interrupted call may have left a row that it never reported.
ADD = "INSERT OR REPLACE INTO log VALUES (?, CAST(? AS TEXT), ?, ?, ?)"


class OtherReview(ValueError):
    """A folder has the review of other recordings, labels or models."""


class Log:
    """Numbered rows in an SQLite file that one process at a time has open."""

    # A row has a line (a dict), and perhaps a model and confidences. After `append` it
    # is on the disk, or nothing has changed. Without a folder, rows are only counted.
    # SQLite locks the file itself. No other code of this process may open the file, as
    # closing it would unlock it.
    _connection: sqlite3.Connection | None = None

    def __init__(self, folder):
        self.number = self._check = 0
        self.path = None if folder is None else Path(folder, NAME)
        if folder is None:
            return
        others = [name for name in RESULTS if Path(folder, name).exists()]
        if others and not self.path.exists():
            text = f"{folder} has {others[0]}, but not of a review"
            raise FileExistsError(f"{text}; expected another folder as out.")
        try:
            options = {"isolation_level": None, "check_same_thread": False}
            self._connection = sqlite3.connect(self.path, timeout=0, **options)
            self._connection.text_factory = bytes
            self._connection.executescript(SETUP)
            self._file = os.stat(self.path)
        except sqlite3.Error as error:
            self.close()
            raise self._explained(error) from error

    def _explained(self, error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        is_other = code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
        kind = ValueError if is_other else OSError
        text = f"cannot be used ({one_line(error)}), expected a log of a review"
        if code == sqlite3.SQLITE_BUSY:
            kind, text = FileExistsError, "belongs to a review that is open; close it"
        return kind(f"{self.path} {text}, or give another folder as out.")

    def rows(self):
        """Yield the line and the bytes of confidences of each row, after a check."""
        try:
            for *row, check in self._connection.execute(ALL) if self.path else ():
                self._check = check_value(self._check, *row)
                if (row[0], check) != (self.number + 1, self._check):
                    raise ValueError("its check value differs")
                line = json.loads(row[1])
                self.number += 1
                yield line, row[3]
        except Exception as error:
            raise self.damaged(self.number + 1, error) from error

    def damaged(self, number, error):
        """Error that names the log and a row."""
        problem = f"is damaged ({type(error).__name__}: {one_line(error)})"
        remedy = "put a copy of the file here, or give another folder as out"
        return ValueError(f"{self.path}, row {number}, {problem}; {remedy}.")

    def append(self, line, model=None, confidences=None):
        """Add a row; after an error, nothing has changed."""
        if self.path is not None:
            self.check_place()
            data = json.dumps(line, separators=(",", ":")).encode()
            model = None if model is None else _bytes_of(model)
            if confidences is not None:
                confidences = np.concatenate(confidences).astype(FLOAT).tobytes()
            row = self.number + 1, data, model, confidences
            check = check_value(self._check, *row)
            try:
                self._connection.execute(ADD, (*row, check))
            except sqlite3.Error as error:
                text = f"{self.path} cannot be written ({one_line(error)})"
                again = "nothing is changed; repair it and try again."
                raise OSError(f"{text}, {again}") from error
            self._check = check
        self.number += 1

    def check_place(self):
        """Refuse to go on if the log is closed, removed or replaced."""
        if self.path is not None and self._connection is None:
            raise ValueError("the review is closed.")
        with contextlib.suppress(OSError):
            if self.path is None or os.path.samestat(os.stat(self.path), self._file):
                return
        text = f"{self.path} was removed or replaced, nothing is changed"
        raise FileNotFoundError(f"{text}; put it back and try again.")

    def model(self, number):
        """Return the model of a row."""
        text = "SELECT model FROM log WHERE number = ?"
        ((content,),) = self._connection.execute(text, [number])
        return _model_of(content)

    def close(self):
        """Release the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self):
        self.close()


def check_value(check, number, *parts):
    """Check value of a row, from that of the row before."""
    for part in (b"%d" % number, *parts):
        own = part or b""
        check = zlib.crc32(own, zlib.crc32(b"%d:" % len(own), check))
    return check


def _bytes_of(model):
    with tempfile.TemporaryDirectory() as folder:
        io.save_model(model, Path(folder, "model.skops"))
        return Path(folder, "model.skops").read_bytes()


def _model_of(content):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.skops").write_bytes(content)
        return io.load_model(Path(folder, "model.skops"))


def describe_beginning(recordings, model, labels):
    """Describe the start of a review, as JSON that identifies it."""
    sizes = enumerate(zip(recordings.names, recordings.lengths.tolist()))
    found = {"recordings": [[*size, digest_of(recordings, i)] for i, size in sizes]}
    if model is not None:
        found |= {"model": joblib.hash(model), "settings": settings_of(model)}
    return found | ({} if labels is None else {"labels": joblib.hash(labels)})


def digest_of(recordings, i):
    """Digest of all frames of a recording, its clock and breaks, in float64."""
    array, clock = recordings.arrays[i], (recordings.edges(i), recordings.breaks_of(i))
    rows, width = getattr(array, "iloc", array), np.size(array[:1])
    digest = hashlib.blake2b(b"%d" % width, digest_size=16)
    step = max(1, BLOCK // max(1, width))
    blocks = (rows[k : k + step] for k in range(0, len(array), step))
    for values in (*blocks, *clock):
        digest.update(np.ascontiguousarray([] if values is None else values, "<f8"))
    return digest.hexdigest()


def settings_of(model):
    """Text of the settings of a model other than defaults, without a guide."""
    if last_step(model).is_taught:  # labels are checked separately
        model = with_last(model, last_step(model).estimator)
    return re.sub(" at 0x[0-9A-Fa-f]+", "", one_line(model))  # of functions


def check_beginning(found, expected, folder):
    """Refuse the log of another review; model and labels are optional."""
    if isinstance(found["recordings"], str):
        text = f"{folder} has a review of an earlier version"
        raise OtherReview(f"{text}; expected another folder as out.")
    for key, value in expected.items():
        if found.get(key) != value:
            shown = f" {found.get(key)}, got {value}" if key == "settings" else ""
            if key == "recordings":
                pairs = itertools.zip_longest(found[key], value)
                name = next((now or then)[0] for then, now in pairs if then != now)
                shown = f", as {short_repr(name)} shows"
            text = f"{folder} has a review of other {key}{shown}"
            raise OtherReview(f"{text}; expected the same, or another folder as out.")


def beginning_of(folder):
    """Return the description of the start of a review; None before it."""
    if not Path(folder, NAME).is_file():
        return None
    with contextlib.closing(Log(folder)) as log:
        line, _ = next(log.rows(), (None, None))
    return line and line["about"]


def has_begun(model, folder):
    """Whether a folder has a review, which has to be of the settings of a model."""
    about = beginning_of(folder)
    if about is not None:
        check_beginning(about, {"settings": settings_of(model)}, one_line(folder))
    return about is not None


class History:
    """States of a review; changes are in the log before they take effect."""

    def __init__(self, state, recordings, folder):
        self.state, self._recordings = state, recordings
        done, undone = [], []  # descriptions of actions, and the states before
        self._stacks = {"undo": (done, undone), "redo": (undone, done)}
        self._models = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.log = Log(folder)

    def restore(self, about):
        """Continue from the end of the log; a new one begins with ``about``."""
        self.about = about
        for line, confidences in self.log.rows():
            try:
                if self.log.number == 1:
                    self.about = line["about"]
                    check_beginning(self.about, about, self.log.path.parent)
                    self.state = states.unread(len(self._recordings))
                self._follow(line, confidences)
            except OtherReview:
                raise
            except Exception as error:
                raise self.log.damaged(self.log.number, error) from error

    def _follow(self, line, confidences):
        if "effect" not in line:
            (word,) = line
            self._swap(word)
            return
        if confidences is not None:
            ends = np.cumsum(self._recordings.lengths)
            values = np.frombuffer(confidences, FLOAT, ends[-1])
            confidences = np.split(values, ends[:-1])
        recordings = self._recordings
        after = states.restore(self.state, line["effect"], recordings, confidences)
        self._put(line["said"], after)

    def commit(self, said, after, model=None, *, before=None, **more):
        """Replace the state after it is written, with the model if it is new."""
        before, own = before or self.state, {}
        number, pairs = self.log.number + 1, zip(before.entries, after.entries)
        if any(a is None or a.confidence is not b.confidence for a, b in pairs):
            own["confidences"] = [entry.confidence for entry in after.entries]
            after = after._replace(reading=number)
        if model is not None:
            after, own["model"] = after._replace(model=number), model
        found = states.effect(before, after)
        if found:
            self.log.append({"said": said, "effect": found} | more, **own)
            if model is not None:
                self._models[self.log.number] = model
            self._put(said, after)
        return said

    def _put(self, said, after):
        """Replace the state, and put the old one on the stack, unless at the start."""
        if self.log.number > 1:
            done, undone = self._stacks["undo"]
            done.append((said, self.state))
            undone.clear()
        self.state = after

    def step(self, word):
        """Undo or redo, after writing it."""
        said = self.next_of(word)
        if said is None:
            raise ValueError(f"there is nothing to {word}.")
        self.log.append({word: said})
        self._swap(word)
        return f"{word}ne: {said}"

    def _swap(self, word):
        these, others = self._stacks[word]
        said, state = these.pop()
        others.append((said, self.state))
        self.state = state

    def next_of(self, word):
        """Return the description of the next "undo" or "redo", or None."""
        these, _ = self._stacks[word]
        return these[-1][0] if these else None

    def model(self, number):
        """Return the model with a number."""
        if number not in self._models:
            self._models[number] = self.log.model(number)
        return self._models[number]


# Results; each file is written completely or not at all


def save(review):
    """Write the segments and the model, if there are any."""
    folder, table = _folder(review), review.table()
    table = table if len(table) else None
    if table is None:
        (folder / "segments.csv").unlink(missing_ok=True)
    else:
        io.write_segments(table, folder / "segments.csv")
    if review.model is None:
        (folder / "model.skops").unlink(missing_ok=True)
    else:
        io.save_model(review.model, folder / "model.skops")


def export(review, format):
    """Write all results, with labels in a format; describe the action."""
    folder = _folder(review)
    entry = find_format("labels", format, writable_formats())
    if entry.in_seconds and review.recordings.fps is None:
        raise ValueError(f"format is {format!r}, which needs a rate of the recordings.")
    table = review.table()
    if table.empty:
        raise ValueError("no frame is labelled, expected some to export.")
    if format == "labels":  # a line for each frame of the file
        if any(map(states.is_blank, review.state.entries)):
            text = "format is 'labels', which needs a label of each frame"
            raise ValueError(f"{text}; let it learn, or choose another format.")
        words = list(io.labels_from_segments(table).values())
        table = io.segments(with_stops(review.recordings.replace(words)))
    _write_labels(table, folder / "labels", format, entry)
    save(review)
    with replaced(folder / "recordings.csv") as temporary:
        table = describe_recordings(review)
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")
    if review.model is None:
        return f"the labels are in {folder}, without a model and a report: let it learn"
    told = [known_words(entry, review.state.names) for entry in review.state.entries]
    told = None if all(own is None for own in told) else told
    found = {"corrected": told, "accuracy": review.accuracy()} | review.groups
    write_report(review.model, review.recordings, folder / "report.html", **found)
    return f"the results are in {folder}"


def _folder(review):
    if review.out is None:
        raise ValueError("out is None, expected a folder of the review to write into.")
    return review.out


def _write_labels(table, folder, format, entry):
    # If a name is no valid file name, or two names are one on Windows and macOS, one
    # file has all recordings, if the format allows it.
    tables = dict(list(table.groupby("recording", sort=False)))
    others = [name for name in tables if not is_file_name(name)]
    others += find_same_files(tables) or ()
    if others and not entry.many:
        name = f"recording {short_repr(others[0])} can have no file of that name"
        each = f"{format!r} has one for each; expected a format with one for all."
        raise ValueError(f"{name}, and {each}")
    if others:
        tables = {"all": table}
    with replaced_files(folder) as temporary:
        for name, own in tables.items():
            own = own.drop(columns=[] if own is table else "recording")
            io.write_segments(own, temporary / f"{name}{entry.suffix}", format=format)


def describe_recordings(review):
    """Table of the state of each recording, and of its accuracy before."""
    rows = []
    for name, entry in zip(review.recordings.names, review.state.entries):
        row = {"recording": name, "n_frames": entry.n_frames}
        is_labelled = entry.segments.codes != states.UNLABELLED
        row["n_segments"] = int(is_labelled.sum())
        row["checked_frames"] = int(states.frames_checked(entry).sum())
        row["checked"] = states.is_checked(entry)
        row |= right_shares(entry)
        rows.append(row)
    return pd.DataFrame(rows)
