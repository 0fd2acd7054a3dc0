"""A review: actions of a person on the segments of recordings."""

import operator
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from sklearn.frozen import FrozenEstimator

from skl_tot import SemiSupervisedSegmenter, corrections
from skl_tot.app import web
from skl_tot.app.review import offers, teaching
from skl_tot.app.review import state as states
from skl_tot.app.review.accuracy import measure
from skl_tot.app.review.clusterings import Clusterings
from skl_tot.app.review.history import History, describe_beginning, export, save
from skl_tot.corrections.questions import describe_signals
from skl_tot.methods.pipelines import (
    is_cyclic,
    last_step,
    segmenter_of,
    transform_before,
    with_last,
)
from skl_tot.recordings.errors import errors_of_recording, refuse, short_repr
from skl_tot.recordings.labels import BACKGROUND, UNKNOWN_NAME
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.segment_table import table_of_labels
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.bouts import values_of_recordings


@with_shared_texts
class Review:
    """Check a model's results for recordings, correct them, and teach the model.

    All changes can be undone. With a folder, each change is on the disk before it takes
    effect, and the next review with the same folder continues from there.

    Parameters
    ----------
    model : estimator
        Fitted segmenter, or pipeline that ends in one. It is not changed. None goes on
        with that of ``out``, or begins without any: nothing is labelled, and `learn`
        fits a `SemiSupervisedSegmenter`.
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
        videos, self.groups = as_recordings(recordings), {}  # arguments of the report
        for what, values in {"groups": groups, "subject": subject}.items():
            if values is not None:
                self.groups[what] = values_of_recordings(values, videos.names, what)
        self._restore = videos.restore
        self.recordings = videos.replace(videos.arrays)
        self.recordings.layout = None  # so models return lists
        self.out = None if out is None else Path(out)
        self.video_files = video_files
        codes, names, given = (), states.NO_NAMES, None
        n_learned = 0
        if model is not None:
            n_learned = int(last_step(model).is_taught)
            model = teaching.with_words(model)
            codes, names = teaching.add_codes(names, teaching.actions_of(model))
        if labels is not None:
            given, words = teaching.known_words_of(labels, videos)
            _, names = teaching.add_codes(names, sorted(words))
        state = states.State(0, codes, names, (None,) * len(videos), -1, n_learned)
        self._lock, self._doing, self.clusterings = threading.RLock(), None, None
        self._alike: tuple = None, []  # number of the model, pairs
        self._cycles: tuple = None, (), None  # number of the model, segments, table
        self._signals: tuple = [], None  # units, and means of their features
        self._about = describe_beginning(self.recordings, model, given)
        self._model, self._given = model, given or [None] * len(videos)  # until read
        self._history = History(state, self.recordings, self.out)
        try:
            self._history.restore(self._about)
        except BaseException:
            self.close()
            raise
        if "model" not in self._history.about:
            folder = self.out and self.out / "clusterings"
            self.clusterings = Clusterings(self.recordings, folder)

    @property
    def state(self):
        """Segments, names and other data; immutable, and replaced at each change."""
        return self._history.state

    @property
    def ready(self):
        """Whether all recordings are read, see `open`."""
        return self.state.reading >= 0

    def open(self, progress=None):
        """Read the recordings, unless already done.

        Parameters
        ----------
        {shared: progress}

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
        history, n = self._history, len(self.recordings)
        with self._long("reading", progress) as (_, told):
            for i in told(range(n)):
                known = self._model, self.recordings, i, self.state, self._given[i]
                entry = teaching.first_entry(*known)
                history.state = states.with_entries(self.state, {i: entry})
            own = {"before": states.unread(n), "about": self._about}
            history.commit("started", self.state, self._model, **own)
        return self

    # Actions of a person

    def rename(self, action, name):
        """Rename an action everywhere.

        {shared: of_action}
        name : str
            New name, not used by another action.

        {shared: said}
        """
        with self._short() as state:
            code = states.find_action(state, action)
            said = f"{state.names[code]!r} is called {name!r}"
            return self._history.commit(said, states.with_name(state, code, name))

    def relabel(self, recording, frame, action):
        """Change the action of the segment at a frame; join it with equal neighbours.

        {shared: of_recording}
        frame : int
            A frame of the segment.
        action : str or int
            Name or code of an action, a new name, or "background".

        {shared: said}
        """
        with self._short() as state:
            state, code = states.found_or_new(state, action)
            said = "the segment at ", frame, f" is {state.names[code]!r}"
            return self._edit(said, recording, states.relabel, frame, code, state=state)

    def assign(self, recording, start, end, action):
        """Give frames an action, whatever segments they had; join equal neighbours.

        {shared: of_recording}
        start, end : int
            The first frame, and the frame after the last.
        action : str or int
            Name or code of an action, a new name, or "background".

        {shared: said}
        """
        with self._short() as state:
            state, code = states.found_or_new(state, action)
            said = start, " to ", end, f" is {state.names[code]!r}"
            change = states.assign, start, end, code
            return self._edit(said, recording, *change, state=state)

    def move(self, recording, frame, to):
        """Move the boundary at a frame.

        {shared: of_recording}
        frame : int
            First frame of a segment.
        to : int
            New first frame, between the neighbouring boundaries.

        {shared: said}
        """
        with self._short():
            said = "the boundary at ", frame, " is at ", to
            return self._edit(said, recording, states.move, frame, to)

    def cut(self, recording, frame):
        """Cut a segment at a frame; both parts keep the action.

        {shared: of_recording}
        frame : int
            First frame of the second part.

        {shared: said}
        """
        with self._short():
            said = "a segment is cut at ", frame
            return self._edit(said, recording, states.cut, frame)

    def merge(self, action, into):
        """Merge an action into another one, with `skl_tot.corrections.merge`.

        {shared: of_action}
        into : str or int
            Name or code of the action to keep.

        {shared: said}
        """
        with self._short() as state:
            action, into = (states.find_action(state, own) for own in (action, into))
            word, other = state.names[action], state.names[into]
            if action in (into, BACKGROUND):
                text = f"{word!r} cannot become {other!r}"
                raise ValueError(f"{text}, expected an action, and another one.")
            said = f"{word!r} is {other!r}"
            found = teaching.merged(state, self.model, action, into)
            return self._history.commit(said, *found)

    def keep_apart(self, action, other):
        """Say that two actions that look alike are not one; see `suggest_merges`.

        {shared: of_action}
        other : str or int
            Name or code of the other one.

        {shared: said}
        """
        with self._short() as state:
            pair = sorted(states.find_action(state, own) for own in (action, other))
            if pair[0] == pair[1] or BACKGROUND in pair:
                refuse("other", other, "an action, other than the first one")
            said = " and ".join(repr(state.names[code]) for code in pair)
            after = state._replace(apart=tuple(sorted({*state.apart, tuple(pair)})))
            return self._history.commit(f"{said} are two actions", after)

    def split(self, action, progress=None):
        """Split an action in two, with `skl_tot.corrections.split`.

        Frames get the half by the new model, or of the nearest frame of the segment.

        {shared: of_action}
        {shared: progress}

        {shared: said}
        """
        with self._long("splitting", progress) as (_, told):
            state, code = self.state, states.find_action(self.state, action)
            if code not in state.actions:
                text = f"the model does not know {state.names[code]!r}"
                raise ValueError(f"{text}, expected one that it finds; let it learn.")
            after, model = teaching.halved(state, self.model, code, self.recordings)
            k, entries = state.actions.index(code), {}
            halves = after.actions[k : k + 2]
            shown = [i for i, e in enumerate(state.entries) if states.shows(e, code)]
            for i in told(shown):
                own = state.entries[i], self.recordings, i, model, halves, k
                entries[i] = teaching.predict_halves(*own)
            one, other = (after.names[half] for half in halves)
            said = f"{state.names[code]!r} is {one!r} and {other!r}"
            after = states.with_entries(after, entries)
            return self._history.commit(said, after, model)

    def learn(self, progress=None):
        """Teach the model the labels of people, and apply it to unchecked recordings.

        It learns checked frames, and other segments made by hand, by
        `skl_tot.corrections.refine`; without a model at the beginning, by
        `SemiSupervisedSegmenter` from fits without labels, for which it waits. Other
        frames show the new predictions, until `keep` or `take_back`.

        Parameters
        ----------
        {shared: progress}

        {shared: said}
        """
        with self._long("learning", progress) as (tell, told):
            state = self.state
            pairs = enumerate(state.entries)
            rest = [i for i, entry in pairs if not states.is_checked(entry)]
            n_learned = max(1, len(states.orders_of(state.entries)))
            entries = {}
            tell(0, len(rest))
            learner = partial(corrections.refine, self.model)
            if self.clusterings is not None:
                learner = partial(self._learn_from_fits, progress or (lambda *_: None))
            model = teaching.teach(learner, self.recordings, state)
            codes, names = teaching.add_codes(state.names, teaching.actions_of(model))
            for i in told(rest):
                *found, _ = teaching.predict_recording(model, self.recordings, i, codes)
                known = state.entries[i], *found, n_learned
                entries[i] = states.propose(*known)
            pairs = ((state.entries[i], entry) for i, entry in entries.items())
            n = sum(states.is_blank(a) or b.changed is not None for a, b in pairs)
            said = f"learned, and changed {n} of {_count(len(rest))}"
            after = state._replace(actions=codes, names=names, n_learned=n_learned)
            after = states.forget_unused(states.with_entries(after, entries))
            return self._history.commit(said, after, model)

    def _learn_from_fits(self, progress, X, y):
        fits = self.clusterings.wait(partial(progress, "waiting"))
        progress("learning")
        frozen = [FrozenEstimator(own) for own in fits]
        return SemiSupervisedSegmenter(frozen or None, random_state=0).fit(X, y)

    def take_proposal(self, recording, progress=None):
        """Show the segments of a fit in a recording without labels of people.

        In a review that began without a model, until it has learned. Its actions are
        new ones, to be named and merged.

        {shared: of_recording}
        {shared: progress}

        {shared: said}
        """
        with self._long("choosing", progress):
            state, names, model = self.state, self.recordings.names, None
            i = states.find_recording(names, recording)
            if self.clusterings is None or state.n_learned:
                text = "the review began with a model, or has learned"
                raise ValueError(f"{text}, expected one that shows no predictions yet.")
            if states.frames_known(state.entries[i]).any():
                text = f"{short_repr(names[i])}, which has labels of people"
                raise ValueError(f"recording is {text}; undo them, or choose another.")
            if not state.model and not self.clusterings.fitted:
                raise ValueError("no fit is done yet, expected one; wait for it.")
            if not state.model:
                model = teaching.with_words(self.clusterings.fitted[0])
                words = states.with_new(state.names, len(model.actions_))
                codes = tuple(code for code in words if code not in state.names)
                state = state._replace(actions=codes, names=words)
            known = model or self.model, self.recordings, i, state, None
            after = states.with_entries(state, {i: teaching.first_entry(*known)})
            said = f"{names[i]}: the segments are those of a fit"
            return self._history.commit(said, after, model)

    def use_alternative(self, alternative, progress=None):
        """Take another of ``alternatives``, until the model has learned.

        Its actions get the names and colours of those with most common frames. Checked
        recordings and segments made by hand do not change.

        Parameters
        ----------
        alternative : str or int
            Name, or number in ``alternatives``.
        {shared: progress}

        {shared: said}
        """
        with self._long("choosing", progress) as (_, told):
            names = [own.name for own in self.alternatives]
            if not names:
                text = "has no alternatives, or has learned labels"
                raise ValueError(f"the model {text}, expected a vote with several.")
            chosen = segmenter_of(self.model).alternative(alternative)
            name = chosen.alternatives_[0].name
            said = f"the alternative is {name!r}"
            if name == names[0]:
                return said
            model = teaching.with_words(with_last(self.model, chosen))
            codes, videos = range(segmenter_of(model).n_actions_), self.recordings
            places = told(range(len(videos)))
            predict = teaching.predict_recording
            found = [predict(model, videos, i, codes)[:3] for i in places]
            after = offers.with_predictions(self.state, found, len(codes))
            return self._history.commit(said, after, model)

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
        with self._short() as state:
            i = states.find_recording(self.recordings.names, recording)
            n = state.entries[i].n_frames
            end = n if end is None else end
            word = "checked" if checked else "not checked"
            said = [start, " to ", end, f" is {word}"]
            said = [word] if (start, end) == (0, n) else said
            if not checked:
                return self._edit(said, i, states.uncheck, start, end)
            with errors_of_recording(i, self.recordings.names[i]):
                share = states.share_blank(state.entries[i], start, end)
            if share:
                said.append(f", but {share:.0%} of it is not labelled, and stays so")
            order = 1 + max(states.orders_of(state.entries), default=0)
            return self._edit(said, i, states.check, start, end, order)

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
        with self._short() as state:
            chosen = range(len(state.entries))
            if recording is not None:
                chosen = [states.find_recording(self.recordings.names, recording)]
            found = {i: state.entries[i] for i in chosen if state.entries[i].changed}
            for i, entry in found.items():
                shown = entry.segments if word == "kept" else entry.changed
                found[i] = entry._replace(segments=shown, changed=None)
            said = f"changes of {_count(len(found))} are {word}"
            return self._history.commit(said, states.with_entries(state, found))

    def undo(self):
        """Undo the last action.

        {shared: said}
        """
        with self._short():
            return self._history.step("undo")

    def redo(self):
        """Redo the last undone action.

        {shared: said}
        """
        with self._short():
            return self._history.step("redo")

    @property
    def undoable(self):
        """Description of the next `undo`, or None."""
        return self._history.next_of("undo")

    @property
    def redoable(self):
        """Description of the next `redo`, or None."""
        return self._history.next_of("redo")

    # Results

    @property
    def alternatives(self):
        """Alternatives of a vote (`AutoSegmenter`), the own one first; else empty."""
        if not self.state.model:
            return []
        found = getattr(segmenter_of(self.model), "alternatives_", [])
        return found if len(found) > 1 and not self.state.n_learned else []

    @property
    def actions(self):
        """Names of the actions."""
        return [name for code, name in self.state.names.items() if code != BACKGROUND]

    @property
    def model(self):
        """The current model, with the current names of actions; None before any."""
        state = self.state  # once, as another thread may replace it
        if not state.model:  # its row is written after reading, if there is one
            return self._model
        return teaching.with_names_of(self._history.model(state.model), state)

    def labels(self):
        """Return the current label of each frame.

        Returns
        -------
        labels : ndarray of str of shape (n_frames,), or sequence or dict of these
            Name of the action of each frame, in the form of the recordings; "" where
            nothing is labelled.
        """
        return self._restore(_words(self._known()))

    def table(self):
        """Return the current segments as a table.

        Returns
        -------
        table : DataFrame
            As from `skl_tot.io.segments`, without frames that have no label;
            ``confidence`` is 1 for segments of people.
        """
        state = self._known()
        entries, labels = state.entries, self.recordings.replace(_words(state))
        cuts = [entry.segments.starts[1:] for entry in entries]
        confidences = [states.confidence_of(e).astype(float) for e in entries]
        has_edges = any(len(entry.edges) for entry in entries)
        bounds = [states.bounds_of(entry) for entry in entries] if has_edges else None
        table = table_of_labels(labels, confidences, cuts, bounds)
        return table[table["action"] != UNKNOWN_NAME].reset_index(drop=True)

    @property
    def cycles(self):
        """Table of the cycles, with frames; None without cycles."""
        state, (model, known, table) = self._known(), self._cycles
        if any(map(states.is_blank, state.entries)):
            return None
        segments = [entry.segments for entry in state.entries]
        is_same = table is None or not any(map(operator.is_not, segments, known))
        if model != state.model or not is_same:  # which takes time for many recordings
            circle = state.actions if is_cyclic(last_step(self.model)) else None
            table = teaching.find_cycles(state.entries, circle)
            self._cycles = state.model, segments, table
        return table

    def units(self):
        """List the cycles, or the recordings if there are no cycles.

        Returns
        -------
        units : list of tuple
            Number of the recording, first frame, and the frame after the last.
        """
        if self.cycles is None:
            lengths = self.recordings.lengths.tolist()
            return [(i, 0, n_frames) for i, n_frames in enumerate(lengths)]
        table = self.cycles[["recording", "start", "end"]]
        return list(table.itertuples(index=False, name=None))

    def next(self, n=5):
        """List the next recordings to check, or cycles if they repeat their actions.

        Parameters
        ----------
        n : int, default=5
            Maximum number of results.

        Returns
        -------
        found : list of dict
            Unchecked ones; first those that others resemble most, or after learning
            those with the most doubt. Each has "recording" (the number), "start" and
            "end" (exclusive) in frames, "information" (as in
            `skl_tot.corrections.most_informative`; after learning, 1 minus the mean
            probability of the shown actions), and "unsure" (the share of its frames
            whose action has a probability below a half).
        """
        states.check_count(n)
        units = self.units()
        if self._signals[0] != units:
            arrays = [getattr(own, "iloc", own) for own in self.recordings.arrays]
            parts = [arrays[i][start:end] for i, start, end in units]
            self._signals = units, describe_signals(parts)
        return teaching.suggest(self.state, units, self._signals[1], n)

    def examples(self, action, n=5):
        """List typical and doubtful bouts of an action.

        Parameters
        ----------
        action : str or int
            Name or code of an action.
        n : int, default=5
            Maximum number of each kind.

        Returns
        -------
        bouts : list of dict
            "kind", "recording" (the number), "start" and "end" (exclusive) in frames,
            and "confidence", the mean of the model's probability of the action. First
            the "typical" bouts: with the highest confidence and then the usual
            duration, at most two of a recording. Then the "doubtful" ones: with the
            least confidence, without those that people made or checked.
        """
        states.check_count(n)
        state = self._known()
        code = states.find_action(state, action)
        return offers.choose_examples(state.entries, code, n)

    def rank_alternatives(self):
        """Compare ``alternatives`` with labels of people.

        Returns
        -------
        scores : dict of str to float
            Share of labelled frames that each has right, by name, best first, see
            `AutoSegmenter.rank_alternatives`. Empty without labels or alternatives.
        """
        state, model = self._known(), self.model
        words = [teaching.known_words(entry, state.names) for entry in state.entries]
        labelled = [i for i, own in enumerate(words) if own is not None]
        if not labelled or not self.alternatives:
            return {}
        frames = transform_before(model, self.recordings.select(labelled))
        known = frames, [words[i] for i in labelled]
        return segmenter_of(model).rank_alternatives(*known)

    def suggest_merges(self):
        """List pairs of actions that look alike, by `corrections.alike_actions`.

        Returns
        -------
        pairs : list of dict
            "actions", two codes, and "score", without pairs of `keep_apart`.
        """
        state = self._known()
        if self._alike[0] != state.model:
            found = offers.find_alike(self.recordings, state.entries)
            self._alike = state.model, found
        found = [own for own in self._alike[1] if own["actions"] not in state.apart]
        return [own for own in found if set(own["actions"]) <= state.names.keys()]

    def accuracy(self):
        """Estimate the accuracy in unchecked recordings.

        Returns
        -------
        accuracy : dict or None
            "frames" and "segments", dicts of the correct "share" and its interval of
            90 %, "low" to "high"; "history", the accuracy in the checks of each model;
            "sentences". None without a checked stretch that was new to the model.
        """
        state = self._known()
        return measure(state.entries, state.n_learned)

    def save(self):
        """Write ``segments.csv`` and ``model.skops`` into ``out``."""
        self._history.log.check_place()
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

        {shared: said}
        ImportError
            If a package of the format or of the report is missing.
        """
        with self._long("exporting"):
            self._history.log.check_place()
            return export(self, format)

    def close(self):
        """Release the folder; no action is possible afterwards."""
        if self.clusterings is not None:
            self.clusterings.close()
        self._history.log.close()

    # Shared parts of actions

    def _known(self):
        """Return the state, if all recordings are read."""
        if not self.ready:
            raise RuntimeError("the recordings are not read, call open() before.")
        return self.state

    def _edit(self, said, recording, change, *args, state=None):
        state, names = state or self.state, self.recordings.names
        i = states.find_recording(names, recording)
        with errors_of_recording(i, names[i]):
            entry = change(state.entries[i], *args)
        after = states.with_entries(state, {i: entry})
        at = partial(web.describe_time, self.recordings, i)
        text = "".join(own if isinstance(own, str) else at(own) for own in said)
        return self._history.commit(f"{names[i]}: {text}", after)

    @contextmanager
    def _short(self):
        """Allow one change of the state at a time; yield the state."""
        with self._lock:
            self._refuse_others()
            yield self._known()

    def _refuse_others(self):
        if self._doing is not None:
            doing, done, total = self._doing
            text = f"the review is still {doing}, {done} of {total}"
            raise RuntimeError(f"{text}; wait until then.")

    @contextmanager
    def _long(self, doing, progress=None):
        """Refuse other actions during slow work; yield functions that tell progress."""
        with self._lock:
            self._refuse_others()
            if doing != "reading":
                self._known()
            self._doing = doing, 0, len(self.recordings)

        def tell(done, total):
            self._doing = doing, done, total
            if progress is not None:
                progress(*self._doing)

        def told(items):
            for done, item in enumerate(items, start=1):
                yield item
                tell(done, len(items))

        try:
            yield tell, told
        finally:
            self._doing = None


def _count(n):
    return f"{n} recording" + "s" * (n != 1)


def _words(state):
    return [states.words_of(entry, state.names) for entry in state.entries]
