"""A review: actions of a person on the segments of recordings."""

import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from skl_tot import SemiSupervisedSegmenter, corrections
from skl_tot.app import web
from skl_tot.app.review import history, results, teaching
from skl_tot.app.review.answers import Answers
from skl_tot.methods.pipelines import last_step, segmenter_of
from skl_tot.recordings.errors import errors_of_recording, refuse, short_repr
from skl_tot.recordings.labels import BACKGROUND
from skl_tot.recordings.layouts import as_recordings
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.bouts import groups_of_report


@with_shared_texts
class Review(Answers):
    """Check a model's results for recordings, correct them, and teach the model.

    All changes can be undone. With a folder, each change is on the disk before it takes
    effect, and the next review with the same folder continues from there.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one. It is not changed. None goes on
        with that of ``out``, or begins without any: nothing is labelled, and `learn`
        fits a `SemiSupervisedSegmenter`. An unfitted one without ``estimator``, at the
        end of a pipeline, does the same after the other steps.
    {shared: recordings, out}
    labels : sequence or dict, default=None
        Labels from people, as for `SemiSupervisedSegmenter`. Recordings with labels of
        all frames count as checked.
    video_files : sequence, default=None
        Video file of each recording, or None.
    groups, subject : dict, Series or sequence, default=None
        Group and subject of each recording, which the report of `export` compares.

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

    def __init__(
        self,
        model,
        recordings,
        out=None,
        *,
        labels=None,
        video_files=None,
        groups=None,
        subject=None,
    ):
        super().__init__()
        videos = as_recordings(recordings)
        self.groups = groups_of_report(groups, subject, videos.names)
        self._restore = videos.restore
        self.recordings = videos.replace(videos.arrays)
        self.recordings.layout = None  # so models return lists
        self.out = None if out is None else Path(out)
        self.video_files = video_files
        codes, names, words_of_each, n_learned = (), history.NO_NAMES, None, 0
        learner = SemiSupervisedSegmenter(random_state=0)
        if teaching.is_learner(model):
            learner, model = model or learner, None
        else:
            n_learned = int(last_step(model).is_taught)
            is_text = segmenter_of(model).actions_.dtype.kind == "U"
            model = teaching.with_words(model)
            words = teaching.actions_of(model)
            if is_text:  # in the order of other pictures, which sort them
                _, names = history.add_codes(names, sorted(words))
            codes, names = history.add_codes(names, words)
        if labels is not None:
            words_of_each, words = teaching.read_words(labels, videos)
            _, names = history.add_codes(names, sorted(words))
        self._about = history.describe_beginning(
            self.recordings, model, words_of_each, learner
        )
        self._model = model  # until the recordings are read
        self._words = words_of_each or [None] * len(videos)
        self._lock, self._work, self.clusterings = threading.RLock(), None, None
        state = history.State(0, codes, names, (None,) * len(videos), n_learned)
        self._history = history.History(state, self.recordings, self.out)
        try:
            self._history.restore(self._about)
        except BaseException:
            self.close()
            raise
        if "model" not in self._history.about:
            folder = self.out and self.out / "clusterings"
            self.clusterings = teaching.Clusterings(learner, self.recordings, folder)

    def open(self, progress=None):
        """Read the recordings, unless already done.

        {shared: of_progress}
        """
        if self.ready:
            return self
        with self._working("reading", progress) as tell:
            for i in counted(range(len(self.recordings)), tell):
                state = self.state
                entry = teaching.first_entry(
                    self._model, self.recordings, i, state, self._words[i]
                )
                self._history.state = state.with_entries({i: entry})
            self._history.commit("started", self.state, self._model, about=self._about)
        return self

    # Edits of one recording

    def relabel(self, recording, frame, action):
        """Change the action of the segment at a frame; join it with equal neighbours.

        {shared: of_recording}
        frame : int
            A frame of the segment.
        action : str or int
            Name or code of an action, a new name, or "background".

        {shared: said}
        """
        with self._acting() as state:
            state, code = state.find_or_add(action)
            with self._editing(recording) as i:
                entry = state.entries[i].relabel(frame, code)
            said = f"the segment at {self._time(i, frame)} is {state.names[code]!r}"
            return self._commit_entry(said, state, i, entry)

    def assign(self, recording, start, end, action):
        """Give frames an action, whatever segments they had; join equal neighbours.

        {shared: of_recording}
        start, end : int
            The first frame, and the frame after the last.
        action : str or int
            Name or code of an action, a new name, or "background".

        {shared: said}
        """
        with self._acting() as state:
            state, code = state.find_or_add(action)
            with self._editing(recording) as i:
                entry = state.entries[i].assign(start, end, code)
            said = f"{self._span(i, start, end)} is {state.names[code]!r}"
            return self._commit_entry(said, state, i, entry)

    def move(self, recording, frame, to):
        """Move the boundary at a frame.

        {shared: of_recording}
        frame : int
            First frame of a segment.
        to : int
            New first frame, between the neighbouring boundaries.

        {shared: said}
        """
        with self._acting() as state:
            with self._editing(recording) as i:
                entry = state.entries[i].move(frame, to)
            said = f"the boundary at {self._time(i, frame)} is at {self._time(i, to)}"
            return self._commit_entry(said, state, i, entry)

    def cut(self, recording, frame):
        """Cut a segment at a frame; both parts keep the action.

        {shared: of_recording}
        frame : int
            First frame of the second part.

        {shared: said}
        """
        with self._acting() as state:
            with self._editing(recording) as i:
                entry = state.entries[i].cut(frame)
            said = f"a segment is cut at {self._time(i, frame)}"
            return self._commit_entry(said, state, i, entry)

    def check(self, recording, start=0, end=None, checked=True):
        """Mark the segments of a recording, or of a stretch of it, as checked or not.

        {shared: of_recording}
        start, end : int, default=0, None
            First frame of the stretch, and the frame after its last; None is the end
            of the recording. They go with a boundary that `move` moves.
        checked : bool, default=True
            New state.

        {shared: said}
        """
        with self._acting() as state:
            share = 0
            with self._editing(recording) as i:
                entry = state.entries[i]
                end = entry.n_frames if end is None else end
                is_whole = (start, end) == (0, entry.n_frames)
                if checked:
                    share = entry.blank_share(start, end)
                    entry = entry.check(start, end, 1 + max(state.checks(), default=0))
                else:
                    entry = entry.uncheck(start, end)
            said = "checked" if checked else "not checked"
            if not is_whole:
                said = f"{self._span(i, start, end)} is {said}"
            if share:
                said += f", but {share:.0%} of it is not labelled, and stays so"
            return self._commit_entry(said, state, i, entry)

    # Edits of actions

    def rename(self, action, name):
        """Rename an action everywhere.

        {shared: of_action}
        name : str
            New name, not used by another action.

        {shared: said}
        """
        with self._acting() as state:
            code = state.find_action(action)
            said = f"{state.names[code]!r} is called {name!r}"
            return self._history.commit(said, state.rename(code, name))

    def merge(self, action, into):
        """Merge an action into another one, with `skl_tot.corrections.merge`.

        {shared: of_action}
        into : str or int
            Name or code of the action to keep.

        {shared: said}
        """
        with self._acting() as state:
            action, into = state.find_action(action), state.find_action(into)
            word, other = state.names[action], state.names[into]
            if action in (into, BACKGROUND):
                text = f"{word!r} cannot become {other!r}"
                raise ValueError(f"{text}, expected an action, and another one.")
            after, model = teaching.merge_actions(state, self.model, action, into)
            return self._history.commit(f"{word!r} is {other!r}", after, model)

    def keep_apart(self, action, other):
        """Say that two actions that look alike are not one; see `suggest_merges`.

        {shared: of_action}
        other : str or int
            Name or code of the other one.

        {shared: said}
        """
        with self._acting() as state:
            pair = tuple(sorted([state.find_action(action), state.find_action(other)]))
            if pair[0] == pair[1] or BACKGROUND in pair:
                refuse("other", other, "an action, other than the first one")
            said = " and ".join(repr(state.names[code]) for code in pair)
            after = state._replace(apart=tuple(sorted({*state.apart, pair})))
            return self._history.commit(f"{said} are two actions", after)

    def split(self, action, progress=None):
        """Split an action in two, with `skl_tot.corrections.split`.

        Frames get the half by the new model, or of the nearest frame of the segment.

        {shared: of_action, progress}

        {shared: said}
        """
        with self._working("splitting", progress) as tell:
            state, code = self.state, self.state.find_action(action)
            if code not in state.actions:
                text = f"the model does not know {state.names[code]!r}"
                raise ValueError(f"{text}, expected one that it finds; let it learn.")
            recordings, k, entries = self.recordings, state.actions.index(code), {}
            after, model = teaching.split_action(state, self.model, code, recordings)
            halves = after.actions[k : k + 2]
            shown = [i for i, entry in enumerate(state.entries) if entry.shows(code)]
            for i in counted(shown, tell):
                decoded = teaching.decode_recording(model, recordings, i)
                entry = state.entries[i]
                entries[i] = teaching.halve_entry(entry, decoded, k, halves)
            first, second = (after.names[half] for half in halves)
            said = f"{state.names[code]!r} is {first!r} and {second!r}"
            return self._history.commit(said, after.with_entries(entries), model)

    # The model

    def learn(self, progress=None):
        """Teach the model the labels of people, and apply it to unchecked recordings.

        It learns checked frames, and other segments made by hand, by
        `skl_tot.corrections.refine`; without a model at the beginning, by
        `SemiSupervisedSegmenter` from fits without labels, for which it waits. Other
        frames show the new predictions, until `keep` or `take_back`.

        {shared: of_progress}

        {shared: said}
        """
        with self._working("learning", progress) as tell:
            state, recordings = self.state, self.recordings
            unchecked = [i for i, e in enumerate(state.entries) if not e.is_checked()]
            n_learned = max(1, len(state.checks()))
            tell(0, len(unchecked))
            learner = partial(corrections.refine, self.model)
            if self.clusterings is not None:
                say = progress or (lambda *_: None)
                learner = partial(self.clusterings.teach, tell=say)
            model = teaching.teach(learner, recordings, state)
            codes, names = history.add_codes(state.names, teaching.actions_of(model))
            entries, n_changed = {}, 0
            for i in counted(unchecked, tell):
                prediction = teaching.predict_recording(model, recordings, i, codes)
                entry = state.entries[i].propose(prediction, n_learned)
                n_changed += state.entries[i].is_blank or entry.changed is not None
                entries[i] = entry
            n_recordings = count_recordings(len(unchecked))
            said = f"learned, and changed {n_changed} of {n_recordings}"
            after = state._replace(actions=codes, names=names, n_learned=n_learned)
            after = after.with_entries(entries).forget_unused()
            return self._history.commit(said, after, model)

    def take_proposal(self, recording, progress=None):
        """Show the segments of a fit in a recording without labels of people.

        In a review that began without a model, until it has learned. Its actions are
        new ones, to be named and merged.

        {shared: of_recording, progress}

        {shared: said}
        """
        with self._working("choosing", progress):
            state, names, model = self.state, self.recordings.names, None
            i = history.find_recording(names, recording)
            if self.clusterings is None or state.n_learned:
                text = "the review began with a model, or has learned"
                raise ValueError(f"{text}, expected one that shows no predictions yet.")
            if state.entries[i].frames_known().any():
                text = f"{short_repr(names[i])}, which has labels of people"
                raise ValueError(f"recording is {text}; undo them, or choose another.")
            if not state.model and not self.clusterings.fitted:
                raise ValueError("no fit is done yet, expected one; wait for it.")
            if not state.model:
                model = teaching.with_words(self.clusterings.fitted[0])
                words = history.add_names(state.names, len(teaching.actions_of(model)))
                codes = tuple(code for code in words if code not in state.names)
                state = state._replace(actions=codes, names=words)
            entry = teaching.first_entry(
                model or self.model, self.recordings, i, state, None
            )
            said = f"{names[i]}: the segments are those of a fit"
            return self._history.commit(said, state.with_entries({i: entry}), model)

    def keep(self, recording=None):
        """Accept the changes of the last learning.

        {shared: of_recordings}

        {shared: said}
        """
        return self._decide("kept", recording)

    def take_back(self, recording=None):
        """Revert the changes of the last learning.

        {shared: of_recordings}

        {shared: said}
        """
        return self._decide("taken back", recording)

    def _decide(self, word, recording):
        """Keep changes of a recording (None: of all), or take them back, by a word."""
        with self._acting() as state:
            chosen = range(len(state.entries))
            if recording is not None:
                chosen = [history.find_recording(self.recordings.names, recording)]
            entries = {i: state.entries[i] for i in chosen if state.entries[i].changed}
            for i, entry in entries.items():
                segments = entry.segments if word == "kept" else entry.changed
                entries[i] = entry._replace(segments=segments, changed=None)
            said = f"changes of {count_recordings(len(entries))} are {word}"
            return self._history.commit(said, state.with_entries(entries))

    # Steps back

    def undo(self):
        """Undo the last action.

        {shared: said}
        """
        with self._acting():
            return self._history.step("undo")

    def redo(self):
        """Redo the last undone action.

        {shared: said}
        """
        with self._acting():
            return self._history.step("redo")

    @property
    def undoable(self):
        """Description of the next `undo`, or None."""
        return self._history.next_of("undo")

    @property
    def redoable(self):
        """Description of the next `redo`, or None."""
        return self._history.next_of("redo")

    # Files

    def save(self):
        """Write ``segments.csv`` and ``model.skops`` into ``out``."""
        self._history.log.check_place()
        results.save(self)

    def export(self, format="csv"):
        """Write all results into ``out``.

        These are ``segments.csv``, with all recordings; ``labels``, a folder with a
        file per recording, in a format of `skl_tot.io`; ``model.skops``;
        ``recordings.csv``, with checks and accuracy; ``report.html``. The format
        "excel" adds ``segments.xlsx``, with sheets of segments and durations.

        Parameters
        ----------
        format : str, default="csv"
            Name of a format of ``skl_tot.io.FORMATS``.

        {shared: said}
        ImportError
            If a package of the format or of the report is missing.
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

    @contextmanager
    def _acting(self):
        """Allow one change of the state at a time; yield the state."""
        with self._lock:
            self._refuse_others()
            yield self._read_state()

    @contextmanager
    def _working(self, work, progress=None):
        """Refuse other actions during slow work; yield a function for its steps."""
        with self._lock:
            self._refuse_others()
            if work != "reading":
                self._read_state()
            self._work = work, 0, len(self.recordings)

        def tell(done, total):
            self._work = work, done, total
            if progress is not None:
                progress(*self._work)

        try:
            yield tell
        finally:
            self._work = None

    def _refuse_others(self):
        """Raise an error during slow work."""
        if self._work is not None:
            work, done, total = self._work
            text = f"the review is still {work}, {done} of {total}"
            raise RuntimeError(f"{text}; wait until then.")

    @contextmanager
    def _editing(self, recording):
        """Yield the number of a recording, which errors of an edit name."""
        i = history.find_recording(self.recordings.names, recording)
        with errors_of_recording(i, self.recordings.names[i]):
            yield i

    def _commit_entry(self, said, state, i, entry):
        """Replace entry i of a state, and return the sentence that says so."""
        said = f"{self.recordings.names[i]}: {said}"
        return self._history.commit(said, state.with_entries({i: entry}))

    def _time(self, i, frame):
        return web.describe_time(self.recordings, i, frame)

    def _span(self, i, start, end):
        return f"{self._time(i, start)} to {self._time(i, end)}"


def counted(items, tell):
    """Yield items, and tell after each how many are done."""
    for done, item in enumerate(items, start=1):
        yield item
        tell(done, len(items))


def count_recordings(n):
    """Say how many recordings."""
    return f"{n} recording" + "s" * (n != 1)
