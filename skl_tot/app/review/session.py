"""A review: actions of a person on the segments of recordings."""

import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from skl_tot.app.review import state as states
from skl_tot.app.review import teaching
from skl_tot.app.review.accuracy import measure
from skl_tot.app.review.log import Store, check_start, describe_start
from skl_tot.app.review.results import export, save
from skl_tot.app.review.state import State
from skl_tot.corrections import describe_signals
from skl_tot.io import table_of_labels
from skl_tot.recordings import (
    BACKGROUND,
    BACKGROUND_NAME,
    UNKNOWN_NAME,
    as_recordings,
    errors_of_recording,
    short_repr,
)


class Review:
    """Check a model's results for recordings, correct them, and teach the model.

    All changes can be undone. With a folder, each change is on the disk before it takes
    effect, and the next review with the same folder continues from there.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one. It is not changed. None takes
        that of ``out``.
    recordings : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many, as for ``model.predict``.
    out : str or path-like, default=None
        Folder of the log and the results; created if missing. None keeps all in memory.
    labels : sequence or dict, default=None
        Labels from people, as for `GuidedSegmenter`. Recordings with labels of all
        frames count as checked.
    video_files : sequence, default=None
        Video file of each recording, or None.

    Attributes
    ----------
    state : State
        Segments, names and other data; immutable, and replaced at each change.
    ready : bool
        Whether all recordings are read, see `open`.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.app.review import Review
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> review = Review(MallowSegmenter(3).fit(videos), videos).open()
    >>> review.rename("action 1", "pour")
    "'action 1' is called 'pour'"
    >>> review.actions
    ['action 0', 'pour', 'action 2']
    >>> review.undo()
    "undone: 'action 1' is called 'pour'"
    """

    __module__ = "skl_tot.app.review"

    def __init__(self, model, recordings, out=None, *, labels=None, video_files=None):
        videos = as_recordings(recordings)
        self._restore = videos.restore
        self.recordings = videos.replace(videos.arrays)
        self.recordings.layout = None  # so models return lists
        self.out = None if out is None else Path(out)
        self.video_files = video_files
        codes, names, self._given = (), {BACKGROUND: BACKGROUND_NAME}, None
        n_learned = 0
        if model is not None:
            n_learned = int(isinstance(teaching.actions_of(model)[0], str))  # taught
            model = teaching.with_words(model)
            codes, names = teaching.add_codes(names, teaching.actions_of(model))
        if labels is not None:
            self._given = teaching.known_words_of(labels, videos)
            words = set().union(*map(np.unique, self._given)) - {UNKNOWN_NAME}
            _, names = teaching.add_codes(names, sorted(map(str, words)))
        self.state = State(0, codes, names, (None,) * len(videos), -1, n_learned)
        self._lock, self._doing = threading.RLock(), None
        done, undone = [], []
        self._stacks = {"undo": (done, undone), "redo": (undone, done)}
        self._about = describe_start(self.recordings, model, self._given)
        self._model, self._signals = model, None
        self._store = Store(self.out, self.recordings.lengths)
        try:
            self._go_on()
        except BaseException:
            self.close()
            raise

    def _go_on(self):
        """Continue from the end of the log."""
        lines = self._store.lines
        if lines:
            check_start(lines[0], self._about, self.out)
            breaks = list(map(self.recordings.breaks_of, range(len(self.recordings))))
            for line in lines:
                if "effect" in line:
                    state = self.state if self.ready else states.unread(len(breaks))
                    found = line["effect"], breaks, self._store.confidences
                    self._put(line["said"], states.restore(state, *found))
                else:
                    self._swap(*line)
            del self._stacks["undo"][0][0]  # the start
            self._given = None
        elif self._model is None:
            raise ValueError("model is None, expected a fitted one for a new review.")

    @property
    def ready(self):
        """Whether all recordings are read."""
        return self.state.reading >= 0

    def open(self, progress=None):
        """Read the recordings, unless already done.

        Parameters
        ----------
        progress : callable, default=None
            Called with the work ("reading"), the number of recordings done, and their
            total.

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
            n = len(self.recordings)
            for i in range(n):
                words = None if self._given is None else self._given[i]
                known = self._model, self.recordings, i, self.state, words
                entry = teaching.first_entry(*known)
                self.state = states.with_entries(self.state, {i: entry})
                tell(progress, i + 1, n)
            start = self.state, self._model, states.unread(n)
            self._commit("started", *start, about=self._about)
            self._stacks["undo"][0].clear()
            self._given = None
        return self

    # Actions of a person

    def rename(self, action, name):
        """Rename an action everywhere.

        Parameters
        ----------
        action : str or int
            Name or code of an action.
        name : str
            New name, not used by another action.

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        ValueError
            If there is no such action, or the name is taken or not one line of text.
            Nothing changes then.
        """
        with self._short():
            code = self._code(action)
            said = f"{self.state.names[code]!r} is called {name!r}"
            return self._commit(said, states.with_name(self.state, code, name))

    def relabel(self, recording, frame, action):
        """Change the action of the segment at a frame.

        It joins neighbours with the same action.

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
            Description of the action, in one sentence.

        Raises
        ------
        ValueError
            If there is no such recording, frame or action. Nothing changes then.
        """
        with self._short():
            names, code = self.state.names, self._code(action, may_be_new=True)
            state = self.state
            if code is None:
                code = states.free_code(names)
                state = states.with_name(state, code, action)
            said = f"the segment at frame {frame} is {state.names[code]!r}"
            return self._edit(said, recording, states.relabel, frame, code, state=state)

    def move(self, recording, frame, to):
        """Move the boundary at a frame.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        frame : int
            First frame of a segment.
        to : int
            New first frame, between the neighbouring boundaries.

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        ValueError
            If there is no such boundary, or no room for it. Nothing changes then.
        """
        with self._short():
            said = f"the boundary at frame {frame} is at {to}"
            return self._edit(said, recording, states.move, frame, to)

    def cut(self, recording, frame):
        """Cut a segment at a frame; both parts keep the action.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        frame : int
            First frame of the second part.

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        ValueError
            If the frame is a boundary. Nothing changes then.
        """
        with self._short():
            said = f"a segment is cut at frame {frame}"
            return self._edit(said, recording, states.cut, frame)

    def merge(self, action, into):
        """Merge an action into another one.

        Parameters
        ----------
        action : str or int
            Name or code of the action to remove.
        into : str or int
            Name or code of the action to keep.

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        TypeError, ValueError
            If there is no such action, or `skl_tot.corrections.merge` refuses.
        """
        with self._short():
            action, into, names = self._code(action), self._code(into), self.state.names
            if action in (into, BACKGROUND):
                raise ValueError(
                    f"{names[action]!r} cannot become {names[into]!r}, expected an "
                    "action, and another one."
                )
            said = f"{names[action]!r} is {names[into]!r}"
            found = teaching.merged(self.state, self.model, action, into)
            return self._commit(said, *found)

    def split(self, action, progress=None):
        """Split an action in two, with `skl_tot.corrections.split`.

        Frames of its segments get the half by the new model, or else that of the
        nearest frame of the segment.

        Parameters
        ----------
        action : str or int
            Name or code of an action that the model knows.
        progress : callable, default=None
            As for `open`, with "splitting".

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        TypeError, ValueError
            If there is no such action, or `skl_tot.corrections.split` refuses.
        """
        with self._long("splitting") as tell:
            state, code = self.state, self._code(action)
            if code not in state.actions:
                raise ValueError(
                    f"the model does not know {state.names[code]!r}, expected an "
                    "action that it finds; let it learn before."
                )
            after, model = teaching.halved(state, self.model, code, self.recordings)
            k, entries = state.actions.index(code), {}
            halves = after.actions[k : k + 2]
            shown = [i for i, e in enumerate(state.entries) if states.shows(e, code)]
            for done, i in enumerate(shown, start=1):
                entries[i] = teaching.read_halves(
                    state.entries[i], self.recordings, i, model, halves, k
                )
                tell(progress, done, len(shown))
            one, other = (after.names[half] for half in halves)
            said = f"{state.names[code]!r} is {one!r} and {other!r}"
            return self._commit(said, states.with_entries(after, entries), model)

    def learn(self, progress=None):
        """Teach the model the labels of people, and apply it to unchecked recordings.

        It learns checked recordings, and segments made by hand in others, by
        `skl_tot.corrections.refine`. Unchecked recordings show the new predictions,
        except for segments made by hand, until `keep` or `take_back`.

        Parameters
        ----------
        progress : callable, default=None
            As for `open`, with "learning".

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        TypeError, ValueError
            If there are no labels to learn from, or the model cannot learn.
        """
        with self._long("learning") as tell:
            state = self.state
            rest = [i for i, e in enumerate(state.entries) if not e.checked]
            n_learned = len(state.entries) - len(rest)
            tell(progress, 0, len(rest))
            model = teaching.teach(self.model, self.recordings, state)
            found = teaching.add_codes(state.names, teaching.actions_of(model))
            (codes, names), entries = found, {}
            for done, i in enumerate(rest, start=1):
                predicted, sure, _ = teaching.read(model, self.recordings, i, codes)
                entry = state.entries[i]
                entries[i] = states.propose(entry, predicted, sure, n_learned)
                tell(progress, done, len(rest))
            n = sum(entry.changed is not None for entry in entries.values())
            said = f"learned from {_count(n_learned)}, changed {n} of {len(rest)}"
            after = state._replace(actions=codes, names=names, n_learned=n_learned)
            after = states.forget_unused(states.with_entries(after, entries))
            return self._commit(said, after, model)

    def check(self, recording, checked=True):
        """Mark the segments of a recording as checked or unchecked.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        checked : bool, default=True
            New state.

        Returns
        -------
        said : str
            Description of the action, in one sentence.
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
        """Accept the changes of the last learning.

        Parameters
        ----------
        recording : str or int, default=None
            Name or number of a recording; None means all.

        Returns
        -------
        said : str
            Description of the action, in one sentence.
        """
        return self._decide("kept", recording, lambda e: e._replace(changed=None))

    def take_back(self, recording=None):
        """Revert the changes of the last learning.

        Parameters
        ----------
        recording : str or int, default=None
            Name or number of a recording; None means all.

        Returns
        -------
        said : str
            Description of the action, in one sentence.
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
            said = f"changes of {_count(len(found))} are {word}"
            return self._commit(said, states.with_entries(self.state, found))

    def undo(self):
        """Undo the last action.

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        ValueError
            If there is no action to undo. Nothing changes then.
        """
        with self._short():
            return self._step("undo")

    def redo(self):
        """Redo the last undone action.

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        ValueError
            If there is no action to redo. Nothing changes then.
        """
        with self._short():
            return self._step("redo")

    @property
    def undoable(self):
        """Description of the next `undo`, or None."""
        return self._next_of("undo")

    @property
    def redoable(self):
        """Description of the next `redo`, or None."""
        return self._next_of("redo")

    # Results

    @property
    def actions(self):
        """Names of the actions."""
        return [name for code, name in self.state.names.items() if code != BACKGROUND]

    @property
    def model(self):
        """The current model, with the current names of actions."""
        state = self.state  # once, as another thread may replace it
        if state.reading < 0:  # its file is written after reading
            return self._model
        return teaching.in_words(self._store.model(state.model), state)

    def labels(self):
        """Return the current label of each frame.

        Returns
        -------
        labels : ndarray of str of shape (n_frames,), or sequence or dict of these
            Name of the action of each frame, in the form of the recordings.
        """
        return self._restore(_words(self._known()))

    def table(self):
        """Return the current segments as a table.

        Returns
        -------
        table : DataFrame
            As from `skl_tot.io.segments`, with ``recording`` and ``confidence``; the
            latter is 1 for segments made or checked by a person.
        """
        state = self._known()
        entries, labels = state.entries, self.recordings.replace(_words(state))
        cuts = [entry.segments.starts[1:] for entry in entries]
        confidences = [states.confidence_of(e).astype(float) for e in entries]
        return table_of_labels(labels, confidences, cuts)

    def next(self, n=5):
        """List the next recordings to check.

        Parameters
        ----------
        n : int, default=5
            Maximum number of results.

        Returns
        -------
        numbers : list of int
            Unchecked recordings; first those that others resemble most, by segments and
            signals.
        """
        state = self._known()
        if self._signals is None:
            self._signals = describe_signals(self.recordings.arrays)
        return teaching.order(state.entries, self._signals, n)

    def accuracy(self):
        """Estimate the accuracy in unchecked recordings.

        Returns
        -------
        accuracy : dict or None
            Correct shares of "frames" and "segments", each with "share", "low" and
            "high" (an interval of 90 %); "history", the accuracy at the checks of each
            model; "sentences", a description. None without a checked recording that was
            new to the model.
        """
        state = self._known()
        return measure(state.entries, state.n_learned)

    def save(self):
        """Write ``segments.csv`` and ``model.skops`` into ``out``."""
        save(self)

    def export(self, format="csv"):
        """Write all results into ``out``.

        These are ``segments.csv``, with all recordings; ``labels``, a folder with a
        file per recording, in a format of `skl_tot.io`; ``model.skops``;
        ``recordings.csv``, with checks and accuracy; ``report.html``.

        Parameters
        ----------
        format : str, default="csv"
            Name of a format of ``skl_tot.io.FORMATS``.

        Returns
        -------
        said : str
            Description of the action, in one sentence.

        Raises
        ------
        ImportError
            If a package of the format or of the report is missing.
        OSError
            If a file cannot be written.
        ValueError
            If there is no folder, or no such format, or it needs a rate.
        """
        with self._long("exporting"):
            return export(self, format)

    def close(self):
        """Release the folder; no action is possible afterwards."""
        self._store.close()

    # Shared parts of actions

    def _known(self):
        """Return the state, if all recordings are read."""
        if not self.ready:
            raise RuntimeError("the recordings are not read, call open() before.")
        return self.state

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

    def _code(self, action, may_be_new=False):
        """Find the code of an action by name or code; None for a new name."""
        names = self.state.names
        codes = {name: code for code, name in names.items()} | {c: c for c in names}
        is_key = isinstance(action, (str, int, np.integer))
        is_key &= not isinstance(action, bool)
        if is_key and action in codes:
            return codes[action]
        if may_be_new and isinstance(action, str):
            return None
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

    def _commit(self, said, after, model=None, before=None, **more):
        """Replace the state after writing it, with the model if it is new.

        After an error, nothing has changed.
        """
        before = before or self.state
        if model is not None:
            pairs = zip(before.entries, after.entries)
            is_new = any(
                a is None or a.confidence is not b.confidence for a, b in pairs
            )
            found = [e.confidence for e in after.entries] if is_new else None
            number = self._store.put(model, found)
            reading = number if is_new else after.reading
            after = after._replace(model=number, reading=reading)
        found = states.effect(before, after)
        if found:
            try:
                self._store.append({"said": said, "effect": found} | more)
            except BaseException:
                if model is not None:
                    self._store.drop(after.model)
                raise
            self._put(said, after)
        return said

    def _put(self, said, after):
        """Replace the state, and put the old one on the undo stack."""
        done, undone = self._stacks["undo"]
        done.append((said, self.state))
        undone.clear()
        self.state = after

    def _step(self, word):
        """Undo or redo, after writing it."""
        said = self._next_of(word)
        if said is None:
            raise ValueError(f"there is nothing to {word}.")
        self._store.append({word: said})
        self._swap(word)
        return f"{word}ne: {said}"

    def _swap(self, word):
        """Exchange the state with the last one of a stack."""
        these, others = self._stacks[word]
        said, state = these.pop()
        others.append((said, self.state))
        self.state = state

    def _next_of(self, word):
        """Return the description of the next undo or redo; None without one."""
        these, _ = self._stacks[word]
        return these[-1][0] if these else None

    @contextmanager
    def _short(self):
        """Allow one change of the state at a time."""
        with self._lock:
            self._refuse_others()
            self._known()
            yield

    def _refuse_others(self):
        """Refuse an action during slow work."""
        if self._doing is not None:
            doing, done, total = self._doing
            raise RuntimeError(
                f"the review is still {doing}, {done} of {total}; wait until then."
            )

    @contextmanager
    def _long(self, doing):
        """Refuse other actions during slow work; yield a callback for progress."""
        with self._lock:
            self._refuse_others()
            if doing != "reading":
                self._known()
            self._doing = doing, 0, len(self.recordings)

        def tell(progress, done, total):
            self._doing = doing, done, total
            if progress is not None:
                progress(doing, done, total)

        try:
            yield tell
        finally:
            self._doing = None


def _count(n):
    return f"{n} recording" + "s" * (n != 1)


def _words(state):
    """Names of the frames of the recordings of a state."""
    return [states.words_of(entry, state.names) for entry in state.entries]


__test__ = {"Review": Review}
