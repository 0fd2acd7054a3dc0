"""A review: actions of a person on the segments of recordings."""

from functools import partial
from pathlib import Path

from skl_tot import SemiSupervisedSegmenter, corrections
from skl_tot.app import web
from skl_tot.app.review import history, results, teaching
from skl_tot.app.review.answers import Answers
from skl_tot.app.review.entry import Entry
from skl_tot.progress import each
from skl_tot.recordings.errors import errors_of_recording, refuse, short_repr
from skl_tot.recordings.labels import BACKGROUND
from skl_tot.recordings.layouts import as_recordings


class Review(Answers):
    """Check a model's results for recordings, correct them, and teach the model.

    All changes can be undone. With a folder, each change is on the disk before it takes
    effect, and the next review with the same folder continues from there.

    A change returns a sentence that describes it. If an argument is not valid, a file
    cannot be written, or a package is missing, a method raises `TypeError`,
    `ValueError`, `OSError` or `ImportError`, and nothing has changed.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one. It is not changed. None goes on
        with that of ``out``, or begins without any: nothing is labelled, and `learn`
        fits a `SemiSupervisedSegmenter`, as one at the end of a pipeline does.
    recordings : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many, as for ``model.predict``.
    out : str or path-like, default=None
        Folder of the log and the results; created if missing. None keeps all in memory.
    labels : sequence or dict, default=None
        Labels from people, as for `SemiSupervisedSegmenter`. Recordings with labels of
        all frames count as checked.
    video_files : sequence, default=None
        Video file of each recording, or None.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.app.review import Review
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> review = Review(MallowSegmenter(3).fit(videos), videos).open()
    >>> review.rename("action 1", "pour")
    "'action 1' is called 'pour'"
    >>> review.undo()
    "undone: 'action 1' is called 'pour'"
    """

    __module__ = "skl_tot.app.review"

    def __init__(self, model, recordings, out=None, *, labels=None, video_files=None):
        super().__init__()
        videos = as_recordings(recordings)
        self._restore = videos.restore
        self.recordings = videos.replace(videos.arrays)
        self.recordings.layout = None  # so models return lists
        self.out = None if out is None else Path(out)
        self.video_files = video_files
        learner = SemiSupervisedSegmenter(random_state=0)
        if teaching.is_learner(model):
            learner, model = model or learner, None
        words_of_each = None
        if labels is not None:
            words_of_each, words = teaching.read_words(labels, videos, model)
        self.note = teaching.describe_numbers(model)
        state, model = teaching.first_state(model, len(videos))
        if labels is not None:
            state = state._replace(names=state.names.add(sorted(words)))
        self._about = history.describe_beginning(
            self.recordings, model, words_of_each, learner
        )
        self._model = model  # until the recordings are read
        self._words = words_of_each or [None] * len(videos)
        self.clusterings = None
        self._history = history.History(state, self.recordings, self.out)
        try:
            self._history.restore(self._about)
            if self.ready:
                changes = self._about, self.recordings, self.model
                teaching.go_on(self._history, *changes, self.out / teaching.CLUSTERINGS)
        except BaseException:
            self.close()
            raise
        if "model" not in self._history.about:
            folder = self.out and self.out / teaching.CLUSTERINGS
            self.clusterings = teaching.Clusterings(learner, self.recordings, folder)

    def open(self, progress=None):
        """Read the recordings, unless already done.

        Parameters
        ----------
        progress : callable, default=None
            Called with the work, such as "reading", recordings done, and their total.
        """
        if self.ready:
            return self
        with self._working("reading", progress):
            for i in each(range(len(self.recordings))):
                state = self.state
                told = teaching.tell_words(self._words[i], state.names, i + 1)
                of_recording = self._model, self.recordings, i, state, told
                entry = teaching.first_entry(*of_recording)
                self._history.state = state.with_entries({i: entry})
            self._history.commit("started", self.state, self._model, about=self._about)
        return self

    # Edits of one recording

    def relabel(self, recording, frame, action):
        """Change the action of the segment at a frame; join it with equal neighbours.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        frame : int
            A frame of the segment.
        action : str or int
            Name or code of an action, a new name, or "background".
        """
        with self._acting() as state:
            state, code = state.find_or_add(action)
            i, entry = self._edit(state, recording, Entry.relabel, frame, code)
            said = f"the segment at {self._time(i, frame)} is {state.names[code]!r}"
            return self._commit_entry(said, state, i, entry)

    def assign(self, recording, start, end, action):
        """Give frames an action, whatever segments they had; join equal neighbours.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        start, end : int
            The first frame, and the frame after the last.
        action : str or int
            Name or code of an action, a new name, or "background".
        """
        with self._acting() as state:
            state, code = state.find_or_add(action)
            i, entry = self._edit(state, recording, Entry.assign, start, end, code)
            said = f"{self._span(i, start, end)} is {state.names[code]!r}"
            return self._commit_entry(said, state, i, entry)

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
        """
        with self._acting() as state:
            i, entry = self._edit(state, recording, Entry.move, frame, to)
            said = f"the boundary at {self._time(i, frame)} is at {self._time(i, to)}"
            return self._commit_entry(said, state, i, entry)

    def cut(self, recording, frame):
        """Cut a segment at a frame; both parts keep the action.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        frame : int
            First frame of the second part.
        """
        with self._acting() as state:
            i, entry = self._edit(state, recording, Entry.cut, frame)
            said = f"a segment is cut at {self._time(i, frame)}"
            return self._commit_entry(said, state, i, entry)

    def check(self, recording, start=0, end=None, checked=True):
        """Mark the segments of a recording, or of a stretch of it, as checked or not.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        start, end : int, default=0, None
            First frame of the stretch, and the frame after its last; None is the end
            of the recording. They go with a boundary that `move` moves.
        checked : bool, default=True
            New state.
        """
        with self._acting() as state:
            order = 1 + max(state.checks(), default=0) if checked else None
            i, entry = self._edit(state, recording, Entry.check, start, end, order)
            end = entry.n_frames if end is None else end
            share = entry.blank_share(start, end) if checked else 0
            said = "checked" if checked else "not checked"
            if (start, end) != (0, entry.n_frames):
                said = f"{self._span(i, start, end)} is {said}"
            if share:
                said += f", without the {max(share, 0.01):.0%} that has no label yet"
            return self._commit_entry(said, state, i, entry)

    # Edits of actions

    def rename(self, action, name):
        """Rename an action everywhere.

        Parameters
        ----------
        action : str or int
            Name or code of an action.
        name : str
            New name, not used by another action.
        """
        with self._acting() as state:
            code = state.names.code(action)
            said = f"{state.names[code]!r} is called {name!r}"
            after = state._replace(names=state.names.rename(code, name))
            return self._history.commit(said, after)

    def merge(self, action, into):
        """Merge an action into another one, with `skl_tot.corrections.merge`.

        Parameters
        ----------
        action, into : str or int
            Names or codes of the action, and of the one to keep.
        """
        with self._acting() as state:
            action, into = map(state.names.code, (action, into))
            word, other = state.names[action], state.names[into]
            if action in (into, BACKGROUND):
                text = f"{word!r} cannot become {other!r}"
                raise ValueError(f"{text}, expected an action, and another one.")
            after, model = teaching.merge_actions(state, self.model, action, into)
            return self._history.commit(f"{word!r} is {other!r}", after, model)

    def keep_apart(self, action, other):
        """Say that two actions that look alike are not one; see `suggest_merges`.

        Parameters
        ----------
        action, other : str or int
            Names or codes of both.
        """
        with self._acting() as state:
            pair = tuple(sorted(map(state.names.code, (action, other))))
            if pair[0] == pair[1] or BACKGROUND in pair:
                refuse("other", other, "an action, other than the first one")
            said = " and ".join(repr(state.names[code]) for code in pair)
            after = state._replace(apart=tuple(sorted({*state.apart, pair})))
            return self._history.commit(f"{said} are two actions", after)

    def split(self, action, progress=None):
        """Split an action in two, with `skl_tot.corrections.split`.

        Frames get the half by the new model, or of the nearest frame of the segment.

        Parameters
        ----------
        action : str or int
            Name or code of an action.
        progress : callable, default=None
            Called with the work, such as "reading", recordings done, and their total.
        """
        with self._working("splitting", progress):
            state, code = self.state, self.state.names.code(action)
            if code not in state.actions:
                text = f"the model does not know {state.names[code]!r}"
                raise ValueError(f"{text}, expected one that it finds; let it learn.")
            of_review = state, self.model, code, self.recordings
            after, model, halves = teaching.split_action(*of_review)
            first, second = (after.names[half] for half in halves)
            said = f"{state.names[code]!r} is {first!r} and {second!r}"
            return self._history.commit(said, after, model)

    # The model

    def learn(self, progress=None):
        """Teach the model the labels of people, and apply it to unchecked recordings.

        It learns checked frames, and other segments made by hand, by
        `skl_tot.corrections.refine`; without a model at the beginning, by
        `SemiSupervisedSegmenter` from fits without labels, for which it waits. Other
        frames show the new predictions, until `keep` or `take_back`.

        Parameters
        ----------
        progress : callable, default=None
            Called with the work, such as "reading", recordings done, and their total.
        """
        with self._working("learning", progress):
            is_old = teaching.digest_labels(self.state) == self.state.taught
            if is_old and (not self.clusterings or self.clusterings.made(self.model)):
                return "nothing is new since the model learned: check or correct more"
            learner = partial(corrections.refine, self.model)
            if self.clusterings is not None:
                say = progress or (lambda *_: None)
                learner = partial(self.clusterings.teach, tell=say)
            of_review = self.recordings, self.state
            after, model, n_changed = teaching.learn(learner, *of_review)
            n_unchecked = sum(not entry.is_checked() for entry in after.entries)
            n_recordings = count_recordings(n_unchecked)
            said = f"learned, and changed {n_changed} of {n_recordings}"
            return self._history.commit(said, after, model)

    def take_proposal(self, recording, progress=None):
        """Show the segments of a fit in a recording without labels of people.

        In a review that began without a model, until it has learned. Its actions are
        new ones, to be named and merged.

        Parameters
        ----------
        recording : str or int
            Name or number of a recording.
        progress : callable, default=None
            Called with the work, such as "reading", recordings done, and their total.
        """
        with self._working("choosing", progress):
            state = self.state
            i = history.find_recording(self.recordings.names, recording)
            name = self.recordings.names[i]
            if self.clusterings is None or state.n_learned:
                text = "the review began with a model, or has learned"
                raise ValueError(f"{text}, expected one that shows no predictions yet.")
            if state.entries[i].frames_known().any():
                text = f"{short_repr(name)}, which has labels of people"
                raise ValueError(f"recording is {text}; undo them, or choose another.")
            model = self.model
            if not state.model:
                state, model = self.clusterings.first_model(state)
            entry = teaching.first_entry(model, self.recordings, i, state)
            said = f"{name}: the segments are those of a fit"
            new_model = None if state.model else model
            return self._history.commit(said, state.with_entries({i: entry}), new_model)

    def keep(self, recording=None):
        """Accept the changes of the last learning.

        Parameters
        ----------
        recording : str or int, default=None
            Name or number of a recording; None means all.
        """
        return self._decide("kept", recording)

    def take_back(self, recording=None):
        """Revert the changes of the last learning, and the model with the last of them.

        Parameters
        ----------
        recording : str or int, default=None
            Name or number of a recording; None means all.
        """
        return self._decide("taken back", recording)

    def _decide(self, word, recording):
        """Keep changes of a recording (None: of all), or take them back, by a word."""
        with self._acting() as state:
            chosen = range(len(state.entries))
            if recording is not None:
                chosen = [history.find_recording(self.recordings.names, recording)]
            after, n_changed = state.decide(chosen, is_kept=word == "kept")
            if n_changed and word == "taken back":
                after = self._history.unlearn(after)
            said = f"changes of {count_recordings(n_changed)} are {word}"
            return self._history.commit(said, after)

    # Steps back

    def undo(self):
        """Undo the last action."""
        with self._acting():
            return self._history.step("undo")

    def redo(self):
        """Redo the last undone action."""
        with self._acting():
            return self._history.step("redo")

    # Files

    def save(self):
        """Write ``segments.csv`` and ``model.skops`` into ``out``."""
        self._history.log.check_place()
        results.save(self)

    def export(self, format="csv"):
        """Write all results into ``out``.

        These are ``segments.csv``; ``labels``, a folder with a file per recording;
        ``model.skops``; ``recordings.csv``, with checks and accuracy; ``report.html``.
        The format "excel" adds ``segments.xlsx``.

        Parameters
        ----------
        format : str, default="csv"
            Name of a format of ``skl_tot.io.FORMATS``.
        """
        with self._working("exporting"):
            self._history.log.check_place()
            return results.export(self, format)

    def close(self):
        """Release the folder; no action is possible afterwards."""
        if self.clusterings is not None:
            self.clusterings.close()
        self._history.log.close()

    # Shared parts of actions

    def _edit(self, state, recording, edit, *values):
        i = history.find_recording(self.recordings.names, recording)
        with errors_of_recording(i, self.recordings.names[i]):
            return i, edit(state.entries[i], *values)

    def _commit_entry(self, said, state, i, entry):
        said = f"{self.recordings.names[i]}: {said}"
        return self._history.commit(said, state.with_entries({i: entry}))

    def _time(self, i, frame):
        return web.describe_time(self.recordings, i, frame)

    def _span(self, i, start, end):
        return f"{self._time(i, start)} to {self._time(i, end)}"


def count_recordings(n):
    """Say how many recordings."""
    return f"{n} recording" + "s" * (n != 1)
