"""States of a review, and the log that has each change before it takes effect."""

import contextlib
import hashlib
import itertools
import json
import os
import re
import sqlite3
from pathlib import Path
from typing import NamedTuple

import joblib  # type: ignore[import-untyped]
import numpy as np

from skl_tot import io
from skl_tot.app.review import NAME
from skl_tot.app.review.entry import UNLABELLED, Entry, Stretch, Track
from skl_tot.methods.pipelines import last_step, steps_of, with_last
from skl_tot.recordings.errors import is_int, one_line, refuse, short_repr
from skl_tot.recordings.names import Actions

RESULTS = ("segments.csv", "segments.xlsx", "labels", "model.skops")
RESULTS += ("recordings.csv", "report.html")
MODELS = "review.models"  # folder of their files
FLOAT = np.dtype("<f2")  # of confidences
MOST_NEW = 9  # actions that are made at once, as there are so many digits


class OtherReview(ValueError):
    """A folder has the review of other recordings, labels or models."""


class State(NamedTuple):
    """State of all recordings; changes return another one."""

    model: int  # number of the row that brought the model, 0 for none
    actions: tuple  # code of each action of the model
    names: Actions  # by code
    entries: tuple  # of each recording; None if unread
    n_learned: int = 0  # checks that the model has learned
    apart: tuple = ()  # pairs of actions that look alike, and are two
    taught: str = ""  # digest of the labels that the model learned here

    def find_or_add(self, action):
        """State and code of an action; a new code makes all those up to it."""
        names, code = self.names, self.names.free_code
        if isinstance(action, str) and action not in names.values():
            return self._replace(names=names.rename(code, action)), code
        if is_int(action) and code <= action < code + MOST_NEW:
            return self._replace(names=names.add_unnamed(action + 1 - code)), action
        return self, names.code(action)

    def with_entries(self, entries):
        """State with some entries replaced, a dict by number of the recording."""
        after = list(self.entries)  # thousands are replaced one by one
        for i, entry in entries.items():
            after[i] = entry
        return self._replace(entries=tuple(after))

    def decide(self, recordings, is_kept):
        """State with changes of some recordings kept or taken back; how many."""
        entries = {i: self.entries[i] for i in recordings if self.entries[i].changed}
        for i, entry in entries.items():
            segments = entry.segments if is_kept else entry.changed
            entries[i] = entry._replace(segments=segments, changed=None)
        return self.with_entries(entries), len(entries)

    def shows_again(self, older):
        """Whether frames without labels of people have the older actions."""
        for old, entry in zip(older.entries, self.entries):
            is_other = old.segments.labels() != entry.segments.labels()
            if (is_other & ~entry.frames_known()).any():
                return False
        return set(older.actions) <= set(self.names)

    def with_model_of(self, older):
        """State with the model of an older state and its predictions."""
        of_model = ("predicted", "confidence", "edges", "seen")
        entries = [
            entry._replace(**{name: getattr(old, name) for name in of_model})
            for old, entry in zip(older.entries, self.entries)
        ]
        names = ("model", "actions", "n_learned", "taught")
        values = {name: getattr(older, name) for name in names}
        return self._replace(**values, entries=tuple(entries)).forget_unused()

    def checks(self):
        """Positions of all checks in their order."""
        return {stretch.order for entry in self.entries for stretch in entry.checked}

    def forget_unused(self):
        """Remove actions that neither the model nor a segment has."""
        used = set(self.actions)
        for entry in self.entries:
            for track in filter(None, (entry.segments, entry.changed)):
                used.update(track.codes.tolist())
            used.update(code for _, _, code, *_ in entry.in_stops)
        names = Actions(pair for pair in self.names.items() if pair[0] in used)
        kept = [UNLABELLED, *names]
        entries = tuple(entry.forget_codes(kept) for entry in self.entries)
        return self._replace(names=names, entries=entries)


def find_recording(names, recording):
    """Find the number of a recording that is given by name or number."""
    if isinstance(recording, str) and recording in names:
        return names.index(recording)
    if not is_int(recording) or not 0 <= recording < len(names):
        expected = f"a number from 0 to {len(names) - 1}, or one of {short_repr(names)}"
        refuse("recording", recording, expected)
    return int(recording)


# States in rows of the log


def changed_fields(before, after):
    """Fields of an entry or a state that differ from those before, or from None."""
    fields = {}
    # recordings have the breaks, the log has confidences beside, entries come by number
    for name in {*after._fields} - {"breaks", "confidence", "entries"}:
        value, old = getattr(after, name), getattr(before, name, ())
        is_array = isinstance(value, (Track, np.ndarray))
        if value is not old and (is_array or value != old):
            fields[name] = value
    return fields


def changed_state(before, after):
    """Fields of a state that differ from those before, its entries by their numbers."""
    olds = [None] * len(after.entries) if before is None else before.entries
    pairs = enumerate(zip(olds, after.entries))
    changed = {i: changed_fields(*pair) for i, pair in pairs if pair[0] is not pair[1]}
    entries = {i: fields for i, fields in changed.items() if fields}
    return changed_fields(before, after) | ({"entries": entries} if entries else {})


def restored_state(before, fields, recordings):
    """Apply fields of a row, as JSON has them, to the state before, or to None."""
    state, entries = before, {}
    if before is None:
        state = State(0, (), Actions(), (None,) * len(recordings))
    for text, values in fields.pop("entries", {}).items():
        i = int(text)
        entry = state.entries[i] or Entry(recordings.breaks_of(i), None, None, None)
        values = {key: from_json(key, value) for key, value in values.items()}
        entries[i] = entry._replace(**values)
    fields = {name: from_json(name, value) for name, value in fields.items()}
    return state._replace(**fields).with_entries(entries)


def from_json(name, value):
    """Value of a field of an entry or a state, from lists and dicts."""
    match name:
        case "segments" | "predicted" | "changed" if value is not None:
            starts, codes, by_hand, n_frames = value
            return Track(np.array(starts), np.array(codes), np.array(by_hand), n_frames)
        case "checked":
            return tuple(Stretch(*stretch) for stretch in value)
        case "edges":
            return np.array(value, int).reshape(-1, 3)
        case "names":
            return Actions((int(code), word) for code, word in value.items())
        case "seen" | "apart" | "in_stops":
            return tuple(map(tuple, value))
        case "actions":
            return tuple(value)
    return value


class Log:
    """Rows of a review in an SQLite file that one process at a time has open."""

    # Without a folder it keeps nothing. After `append` a row is on the disk, or nothing
    # has changed. SQLite locks the file itself. No other code of this process may open
    # the file, as closing it would unlock it.
    _connection: sqlite3.Connection | None = None

    def __init__(self, folder):
        self.path = None if folder is None else Path(folder, NAME)
        if folder is None:
            return
        results = [name for name in RESULTS if Path(folder, name).exists()]
        if results and not self.path.exists():
            text = f"{folder} has {results[0]}, but not of a review"
            raise FileExistsError(f"{text}; expected another folder as out.")
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=0, isolation_level=None, check_same_thread=False
            )
            self._begin()
            self._file = os.stat(self.path)
        except sqlite3.Error as error:
            self.close()
            raise self._explain(error) from error

    def _begin(self):
        script, execute = self._connection.executescript, self._connection.execute
        script("PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL")
        script("BEGIN EXCLUSIVE; COMMIT")
        columns = "number INTEGER PRIMARY KEY, line TEXT, confidences BLOB"
        execute(f"CREATE TABLE IF NOT EXISTS log ({columns})")
        if execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("its pages are damaged")

    def _explain(self, error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code == sqlite3.SQLITE_BUSY:
            text = f"{self.path} belongs to a review that is open; close it before"
            return FileExistsError(f"{text}, by Ctrl + C in its window or close().")
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            text = f"{self.path} cannot be written ({one_line(error)})"
            remedy = "if the disk is full, free space and try again"
            return OSError(f"{text}, nothing is changed; {remedy}.")
        text = f"{self.path} cannot be used ({one_line(error)}), expected a log of a "
        text += "review, or give another folder as out."
        is_other = code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
        return ValueError(text) if is_other else OSError(text)

    def rows(self):
        """List the text and the bytes of confidences of each row."""
        if self.path is None:
            return []
        query = "SELECT line, confidences FROM log ORDER BY number"
        return self._connection.execute(query).fetchall()

    def append(self, number, row, confidences=None):
        """Add a row with a number; after an error, nothing has changed."""
        if self.path is None:
            return
        line = json.dumps(row, default=np.ndarray.tolist)
        try:
            # an interrupted call may have left a row that it never reported
            insert = "INSERT OR REPLACE INTO log VALUES (?, ?, ?)"
            self._connection.execute(insert, (number, line, confidences))
        except sqlite3.Error as error:
            raise self._explain(error) from error

    def check_place(self):
        """Refuse to go on if the log is closed, removed or replaced."""
        if self.path is None:
            return
        if self._connection is None:
            raise ValueError("the review is closed.")
        with contextlib.suppress(OSError):
            if os.path.samestat(os.stat(self.path), self._file):
                return
        text = f"{self.path} was removed or replaced, nothing is changed"
        raise FileNotFoundError(f"{text}; put it back and try again.")

    def close(self):
        """Release the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __del__(self):
        self.close()


class History:
    """States of a review; changes are in the log before they take effect."""

    def __init__(self, state, recordings, folder):
        self.state, self.number = state, 0  # of the last row
        self._recordings, self._folder = recordings, folder
        done, undone = [], []  # descriptions of actions, and the states before
        self._stacks = {"undo": (done, undone), "redo": (undone, done)}
        self._models = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.log = Log(folder)

    def restore(self, about):
        """Continue from the end of the log; a new one begins with ``about``."""
        self.about = about
        rows = self.log.rows()
        self.number = find_beginning(rows)
        for line, confidences in rows[self.number :]:
            self.number += 1
            try:
                self._replay(json.loads(line), confidences, about)
            except OtherReview:
                raise
            except Exception as error:
                place = f"{self.log.path}, row {self.number}"
                text = f"is damaged ({type(error).__name__}: {one_line(error)})"
                remedy = "put a copy of the file here, or give another folder as out"
                raise ValueError(f"{place}, {text}; {remedy}.") from error

    def _replay(self, row, confidences, about):
        if "about" in row:
            self.about = row["about"]
            check_beginning(self.about, about, self._folder)
            self.state = None
        if "effect" not in row:
            (word,) = row
            self._swap(word)
            return
        state = restored_state(self.state, row["effect"], self._recordings)
        if confidences is not None:
            ends = np.cumsum([entry.n_frames for entry in state.entries])
            values = np.split(np.frombuffer(confidences, FLOAT, ends[-1]), ends[:-1])
            pairs = zip(state.entries, values)
            entries = (entry._replace(confidence=part) for entry, part in pairs)
            state = state._replace(entries=tuple(entries))
        self._put(row["said"], state, "about" in row)

    def commit(self, said, after, model=None, **more):
        """Replace the state after it is written, with the model if it is new."""
        before, number = self.state, self.number + 1
        if "about" in more:  # all begins here
            self.about, before = more["about"], None
        if model is not None:
            after = after._replace(model=number)
        effect = changed_state(before, after)
        if not effect:
            return said
        self.log.check_place()
        if model is not None:
            self._keep_model(model, number)
        row = {"said": said, "effect": effect} | more
        self.log.append(number, row, new_confidences(before, after))
        self.number = number
        self._put(said, after, "about" in more)
        return said

    def _keep_model(self, model, number):
        if self._folder is not None:
            path = self._folder / MODELS / f"{number}.skops"
            path.parent.mkdir(exist_ok=True)
            io.save_model(model, path)
        self._models[number] = model

    def _put(self, said, after, is_first):
        """Replace the state, and put the old one on the stack, unless all begins."""
        done, undone = self._stacks["undo"]
        undone.clear()
        if is_first:
            done.clear()
        else:
            done.append((said, self.state))
        self.state = after

    def step(self, word):
        """Undo or redo, after writing it."""
        said = self.next_of(word)
        if said is None:
            raise ValueError(f"there is nothing to {word}.")
        self.log.check_place()
        self.log.append(self.number + 1, {word: said})
        self.number += 1
        self._swap(word)
        return f"{word}ne: {said}"

    def unlearn(self, state):
        """State with the last older model, if it shows the predictions of it again."""
        newer = state
        for _, older in reversed(self._stacks["undo"][0]):
            if 0 < older.model != newer.model and state.shows_again(older):
                return state.with_model_of(older)
            newer = older
        return state

    def _swap(self, word):
        source, target = self._stacks[word]
        said, state = source.pop()
        target.append((said, self.state))
        self.state = state

    def next_of(self, word):
        """Return the description of the next "undo" or "redo", or None."""
        source, _ = self._stacks[word]
        return source[-1][0] if source else None

    def model(self, number):
        """Return the model that a row brought."""
        if number not in self._models:
            path = self._folder / MODELS / f"{number}.skops"
            self._models[number] = io.load_model(path)
        return self._models[number]


def new_confidences(before, after):
    """Bytes of the confidences of all recordings; None if they are those before."""
    if before is not None:
        pairs = zip(before.entries, after.entries)
        if all(old.confidence is new.confidence for old, new in pairs):
            return None
    values = [entry.confidence for entry in after.entries]
    return np.concatenate(values).astype(FLOAT).tobytes()


# Beginnings: recordings, model, steps and labels that identify a review


def describe_beginning(recordings, model, labels, learner):
    """Describe the start of a review, as JSON that identifies it."""
    rows = []  # names, frames of files, stops, and digests without these
    for i, stops in enumerate(stops_of(recordings)):
        n_frames = len(recordings.arrays[i]) + sum(end - start for start, end in stops)
        rows.append([recordings.names[i], n_frames, stops, digest_of(recordings, i)])
    steps = [one_line(step) for _, step in steps_of(learner)[:-1]]
    pauses = (recordings.read_options or {}).get("pauses")
    about = {"recordings": rows, "steps": steps, "pauses": pauses}
    if model is not None:
        about |= {"model": joblib.hash(model), "settings": settings_of(model)}
    if labels is not None:
        about["labels"] = list(map(joblib.hash, labels))
    return about


def stops_of(recordings):
    """First frame and end of each stop of each recording, as lists of lists."""
    stops = recordings.stops or [[]] * len(recordings)
    return [np.reshape(x, (-1, 4))[:, :2].astype(int).tolist() for x in stops]


def digest_of(recordings, i):
    """Digest of all frames of a recording, its clock and breaks, in float64."""
    array, clock = recordings.arrays[i], (recordings.edges(i), recordings.breaks_of(i))
    rows, width = getattr(array, "iloc", array), np.size(array[:1])
    digest = hashlib.blake2b(b"%d" % width, digest_size=16)
    step = max(1, 2**19 // max(1, width))  # so many values at once, to save memory
    blocks = (rows[k : k + step] for k in range(0, len(array), step))
    for values in (*blocks, *clock):
        digest.update(np.ascontiguousarray([] if values is None else values, "<f8"))
    return digest.hexdigest()


def settings_of(model):
    """Text of the settings of a model other than defaults, without a guide."""
    if last_step(model).is_taught:  # labels are checked separately
        model = with_last(model, last_step(model).estimator)
    return re.sub(" at 0x[0-9A-Fa-f]+", "", one_line(model))  # of functions


def check_beginning(about, expected, folder):
    """Refuse the log of another review; model and labels are optional."""
    for key, value in expected.items():
        # a model has its steps; if it is to learn, others may follow
        may_change = key == "pauses" or (key == "steps" and "model" not in about)
        if about.get(key) == value or may_change:
            continue
        shown = f" {about.get(key)}, got {value}"
        shown = shown if key in ("settings", "steps") else ""
        if key == "recordings":
            pairs = itertools.zip_longest(about[key], value, fillvalue=[])
            pairs = [(x, y) for x, y in pairs if x != y]
            # without other stops, a recording has other frames
            odd = [y or x for x, y in pairs if x[:2] != y[:2] or x[2] == y[2]]
            if not odd:
                continue
            shown = f", as {short_repr(odd[0][0])} shows"
        if key == "labels" and key in about:
            # those of recordings with other stops are of other frames
            rows = zip(about["recordings"], expected["recordings"], about[key], value)
            if all(x == y for one, other, x, y in rows if one == other):
                continue
        text = f"{folder} has a review of other {key}{shown}"
        raise OtherReview(f"{text}; expected the same, or another folder as out.")


def find_beginning(rows):
    """Find the number of the last row of a log with which all begins."""
    numbers = [k for k, (line, _) in enumerate(rows) if '"about":' in line]
    return numbers[-1] if numbers else 0


def beginning_of(folder):
    """Return the description of the start of a review; None before it."""
    if not Path(folder, NAME).is_file():
        return None
    with contextlib.closing(Log(folder)) as log:
        rows = log.rows()
    return json.loads(rows[find_beginning(rows)][0])["about"] if rows else None
