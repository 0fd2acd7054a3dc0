"""A review: what a person does with the segments of recordings, step by step."""

import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from skl_tot.io.segment_table import table_of_labels
from skl_tot.recordings.errors import errors_of_recording, short_repr
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME
from skl_tot.recordings.layouts import as_recordings
from skl_tot.review import models
from skl_tot.review import state as states
from skl_tot.review.state import Entry, State


class Review:
    """Look at what a model finds in recordings, correct it, and teach the model.

    All changes can be undone. With a folder, each is on the disk before it counts, and
    the next review with the same folder goes on from there.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one. It stays as it is. None goes on
        with that of ``out``.
    recordings : array-like of shape (n_frames, n_features), or sequence of such
        One recording or many, as for ``model.predict``.
    out : str or path-like, default=None
        Folder of the log and the results, which is made if it is missing. None keeps
        all in memory.
    labels : sequence or dict, default=None
        Labels of people, as `GuidedSegmenter` takes them. Recordings with labels of all
        frames count as checked.
    video_files : sequence, default=None
        The video of each recording, or None.

    Attributes
    ----------
    state : State
        Segments, names and what else is known; it never changes but is replaced.
    ready : bool
        Whether all recordings have been read, see `open`.

    Examples
    --------
    >>> from skl_tot import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.review import Review
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> review = Review(MallowSegmenter(3).fit(videos), videos).open()
    >>> review.rename("action 1", "pour")
    "'action 1' is called 'pour'"
    >>> review.actions
    ['action 0', 'pour', 'action 2']
    >>> review.undo()
    "undone: 'action 1' is called 'pour'"
    """

    __module__ = "skl_tot.review"

    def __init__(self, model, recordings, out=None, *, labels=None, video_files=None):
        videos = as_recordings(recordings)
        self._restore = videos.restore
        self.recordings = videos.replace(videos.arrays)
        self.recordings.layout = None  # models give lists
        self.out = None if out is None else Path(out)
        self.video_files = video_files
        self._models = {0: models.with_words(model)}
        self._lock, self._doing = threading.RLock(), None
        self._done, self._undone = [], []
        self.state = State(
            0, (), {BACKGROUND: BACKGROUND_NAME}, (None,) * len(videos), -1
        )

    @property
    def ready(self):
        """Whether all recordings have been read."""
        return self.state.reading >= 0

    def open(self, progress=None):
        """Read the recordings, unless that has been done.

        Parameters
        ----------
        progress : callable, default=None
            Called with what is done ("reading"), how many recordings are, of how many,
            and a dict of new entries by number.

        Returns
        -------
        self : Review
            This review.

        Raises
        ------
        TypeError, ValueError
            If the model cannot read a recording.
        """
        if self.ready:
            return self
        with self._long("reading") as tell:
            model = self._models[0]
            codes, names = models.add_codes(self.state.names, models.actions_of(model))
            self.state = self.state._replace(actions=codes, names=names)
            for i in range(len(self.recordings)):
                segments, confidence, _ = models.read(model, self.recordings, i, codes)
                breaks, n_frames = self.recordings.breaks_of(i), len(confidence)
                entry = Entry(n_frames, breaks, segments, segments, confidence)
                self.state = states.with_entries(self.state, {i: entry})
                tell(progress, i + 1, len(self.recordings), {i: entry})
            self.state = self.state._replace(reading=0)
        return self

    # Actions of a person

    def rename(self, action, name):
        """Call an action by another name, everywhere.

        Parameters
        ----------
        action : str or int
            Name or code of an action.
        name : str
            New name, of no other action.

        Returns
        -------
        said : str
            What was done, in one sentence.

        Raises
        ------
        ValueError
            If there is no such action, or the name is taken or no line of text. Nothing
            is changed then.
        """
        with self._short():
            code = self._code(action)
            said = f"{self.state.names[code]!r} is called {name!r}"
            return self._commit(said, states.with_name(self.state, code, name))

    def relabel(self, recording, frame, action):
        """Give the segment with a frame another action.

        It joins neighbours that show the same.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        frame : int
            A frame of the segment.
        action : str or int
            Name or code of an action, a new name, or "background".

        Returns
        -------
        said : str
            What was done, in one sentence.

        Raises
        ------
        ValueError
            If there is no such recording, frame or action. Nothing is changed then.
        """
        with self._short():
            names, code = self.state.names, self._code(action, missing=None)
            state = self.state
            if code is None:
                code = states.free_code(names)
                state = states.with_name(state, code, action)
            said = f"the segment at frame {frame} is {state.names[code]!r}"
            return self._edit(said, recording, states.relabel, frame, code, state=state)

    def move(self, recording, frame, to):
        """Move the boundary at a frame to another one.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        frame : int
            First frame of a segment.
        to : int
            Where it begins instead, between the boundaries beside.

        Returns
        -------
        said : str
            What was done, in one sentence.

        Raises
        ------
        ValueError
            If there is no such boundary, or no room for it there. Nothing is changed
            then.
        """
        with self._short():
            said = f"the boundary at frame {frame} is at {to}"
            return self._edit(said, recording, states.move, frame, to)

    def cut(self, recording, frame):
        """Begin another segment, of the same action, at a frame.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        frame : int
            First frame of the second part.

        Returns
        -------
        said : str
            What was done, in one sentence.

        Raises
        ------
        ValueError
            If the frame is a boundary. Nothing is changed then.
        """
        with self._short():
            said = f"a segment is cut at frame {frame}"
            return self._edit(said, recording, states.cut, frame)

    def check(self, recording, checked=True):
        """Say that the segments of a recording are right, or that they are not yet.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        checked : bool, default=True
            Whether they are.

        Returns
        -------
        said : str
            What was done, in one sentence.
        """
        with self._short():
            place = 1 + max(entry.checked for entry in self.state.entries)

            def change(entry):
                if not checked:
                    return entry._replace(checked=0)
                return entry._replace(checked=entry.checked or place, changed=None)

            said = "checked" if checked else "not checked any more"
            return self._edit(said, recording, change)

    def keep(self, recording=None):
        """Keep what the model has changed where it learned.

        Parameters
        ----------
        recording : str or int, default=None
            Name or number of a recording; None is all.

        Returns
        -------
        said : str
            What was done, in one sentence.
        """
        return self._decide("kept", recording, lambda e: e._replace(changed=None))

    def take_back(self, recording=None):
        """Take back what the model has changed where it learned.

        Parameters
        ----------
        recording : str or int, default=None
            Name or number of a recording; None is all.

        Returns
        -------
        said : str
            What was done, in one sentence.
        """
        return self._decide(
            "taken back",
            recording,
            lambda e: e._replace(segments=e.changed, changed=None),
        )

    def _decide(self, word, recording, change):
        with self._short():
            entries = dict(enumerate(self.state.entries))
            chosen = entries if recording is None else [self._index(recording)]
            found = {i: change(entries[i]) for i in chosen if entries[i].changed}
            said = f"changes of {len(found)} recordings are {word}"
            return self._commit(said, states.with_entries(self.state, found))

    def undo(self):
        """Undo the last action that is not undone.

        Returns
        -------
        said : str
            What was done, in one sentence.

        Raises
        ------
        ValueError
            If there is none. Nothing is changed then.
        """
        with self._short():
            return self._step(self._done, self._undone, "undo")

    def redo(self):
        """Do again what was undone last.

        Returns
        -------
        said : str
            What was done, in one sentence.

        Raises
        ------
        ValueError
            If there is nothing. Nothing is changed then.
        """
        with self._short():
            return self._step(self._undone, self._done, "redo")

    @property
    def undoable(self):
        """What `undo` would undo, or None."""
        return self._done[-1][0] if self._done else None

    @property
    def redoable(self):
        """What `redo` would do again, or None."""
        return self._undone[-1][0] if self._undone else None

    # Results

    @property
    def actions(self):
        """Names of the actions."""
        return [name for code, name in self.state.names.items() if code != BACKGROUND]

    @property
    def model(self):
        """The model of now, whose actions have the names of now."""
        return models.in_words(self._models[self.state.model], self.state)

    def labels(self):
        """List what is shown, frame by frame.

        Returns
        -------
        labels : ndarray of str of shape (n_frames,), or sequence or dict of such
            Name of the action of each frame, in the form of the recordings.
        """
        return self._restore(list(map(self._words, self.state.entries)))

    def table(self):
        """List the segments that are shown.

        Returns
        -------
        table : DataFrame
            As of `skl_tot.io.segments`, with ``recording`` and ``confidence``, which is
            1 where a person made or checked a segment.
        """
        entries = self.state.entries
        labels = self.recordings.replace(list(map(self._words, entries)))
        cuts = [entry.segments.starts[1:] for entry in entries]
        confidences = [states.confidence_of(e).astype(float) for e in entries]
        return table_of_labels(labels, confidences, cuts)

    def next(self, n=5):
        """List the recordings to check next.

        Parameters
        ----------
        n : int, default=5
            How many to list at most.

        Returns
        -------
        numbers : list of int
            Those that tell most first, of recordings that are not checked.
        """
        doubts = {
            i: entry.confidence.mean(dtype=float)
            for i, entry in enumerate(self.state.entries)
            if not entry.checked
        }
        return sorted(doubts, key=doubts.get)[:n]

    def accuracy(self):
        """Say how much is right in the recordings that are not checked.

        Returns
        -------
        accuracy : Accuracy or None
            None if nothing is known of it.
        """

    # What actions share

    def _words(self, entry):
        words = np.array([self.state.names[k] for k in entry.segments.codes.tolist()])
        return states.labels_of(entry.segments._replace(codes=words), entry.n_frames)

    def _index(self, recording):
        """Find the number of a recording."""
        names = self.recordings.names
        if isinstance(recording, str) and recording in names:
            return names.index(recording)
        is_int = isinstance(recording, (int, np.integer))
        if not is_int or isinstance(recording, bool) or not 0 <= recording < len(names):
            raise ValueError(
                f"recording is {short_repr(recording)}, expected a number from 0 to "
                f"{len(names) - 1}, or one of {short_repr(names)}."
            )
        return int(recording)

    def _code(self, action, **missing):
        """Find the code of an action by its name or code."""
        names = self.state.names
        codes = {name: code for code, name in names.items()} | {c: c for c in names}
        is_key = isinstance(action, (str, int, np.integer)) and action is not True
        if is_key and action in codes:
            return codes[action]
        if missing and isinstance(action, str):
            return missing["missing"]
        raise ValueError(
            f"there is no action {short_repr(action)}, only {short_repr(self.actions)}."
        )

    def _edit(self, said, recording, change, *args, state=None):
        """Change the entry of one recording."""
        state, i = state or self.state, self._index(recording)
        name = self.recordings.names[i]
        with errors_of_recording(i, name):
            entry = change(state.entries[i], *args)
        return self._commit(f"{name}: {said}", states.with_entries(state, {i: entry}))

    def _commit(self, said, after):
        """Put another state in place, once it is written."""
        found = states.effect(self.state, after)
        if found:
            self._write({"said": said, "effect": found})
            self._done.append((said, self.state))
            self._undone.clear()
            self.state = after
        return said

    def _step(self, these, others, word):
        """Go to the last of some states, and back to this one from there."""
        if not these:
            raise ValueError(f"there is nothing to {word}.")
        said, state = these[-1]
        self._write({word: said})
        others.append((these.pop()[0], self.state))
        self.state = state
        return f"{word}ne: {said}"

    def _write(self, line):
        """Add a line to the log."""

    @contextmanager
    def _short(self):
        """Let one action at a time change the state."""
        with self._lock:
            if self._doing is not None:
                doing, done, total = self._doing
                raise RuntimeError(
                    f"the review is still {doing}, {done} of {total}; wait until then."
                )
            if not self.ready:
                raise RuntimeError("the recordings are not read, call open() before.")
            yield

    @contextmanager
    def _long(self, doing):
        """Refuse other actions while one takes long; gives what tells of progress."""
        with self._lock:
            if self._doing is not None:
                with self._short():
                    pass
            self._doing = doing, 0, len(self.recordings)

        def tell(progress, done, total, entries):
            self._doing = doing, done, total
            if progress is not None:
                progress(doing, done, total, entries)

        try:
            yield tell
        finally:
            self._doing = None


__test__ = {"Review": Review}
