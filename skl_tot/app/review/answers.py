"""State of a review, read and changed in turn, and answers: labels, cycles, hints."""

import threading
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from skl_tot.app.review.history import History
from skl_tot.app.review.results import measure
from skl_tot.app.review.teaching import with_names_of
from skl_tot.app.web import DOUBTFUL
from skl_tot.corrections.suggestions import (
    alike_actions,
    count_clusters,
    describe_signals,
    propose,
)
from skl_tot.methods import pipelines
from skl_tot.progress import watched
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import import_extra, is_int, refuse
from skl_tot.recordings.labels import BACKGROUND, UNKNOWN_NAME
from skl_tot.recordings.names import Actions
from skl_tot.recordings.segment_table import table_of_labels
from skl_tot.statistics.actions import (
    cut_cycles,
    describe_equal_parts,
    repeated_cycles,
    without_idle,
)
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.deviations import compare_bouts

SURE = 0.7  # mean confidence from which a model tells an action from others


class Answers:
    """Answers about the state of a review; the base of `Review`, which changes it."""

    recordings: Recordings
    _history: History
    _model: Any  # until the recordings are read
    clusterings: Any  # `Clusterings`, or None in a review that began with a model
    _restore: Any  # function that gives values the form of the recordings

    def __init__(self):
        self._lock, self._work = threading.RLock(), None
        self._cycles = None  # as they were found last
        self._pairs = None, []  # number of the model, and its actions that are alike
        self._signals = [], None  # units, and means of their features

    @property
    def state(self):
        """Segments, names and other data; immutable, and replaced at each change."""
        return self._history.state

    @property
    def ready(self):
        """Whether all recordings are read, see `open`."""
        return self._history.number > 0

    @property
    def undoable(self):
        """Description of the next `undo`, or None."""
        return self._history.next_of("undo")

    @property
    def redoable(self):
        """Description of the next `redo`, or None."""
        return self._history.next_of("redo")

    @property
    def model(self):
        """The current model, with the current names of actions; None before any."""
        state = self.state  # once, as another thread may replace it
        if not state.model:  # its row is written after reading, if there is one
            return self._model
        return with_names_of(self._history.model(state.model), state)

    def _read_state(self):
        if not self.ready:
            raise RuntimeError("the recordings are not read, call open() before.")
        return self.state

    # Changes, one at a time

    @contextmanager
    def _acting(self):
        """Allow one change of the state at a time; yield the state."""
        with self._lock:
            self._refuse_others()
            yield self._read_state()

    @contextmanager
    def _working(self, work, progress=None):
        """Refuse other actions during slow work, and tell of its steps."""
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
            with watched(tell):
                yield
        finally:
            self._work = None

    def _refuse_others(self):
        if self._work is not None:
            work, done, total = self._work
            text = f"the review is still {work}, {done} of {total}"
            raise RuntimeError(f"{text}; wait until then.")

    # Labels and their accuracy

    @property
    def actions(self):
        """Names of the actions."""
        return [name for code, name in self.state.names.items() if code != BACKGROUND]

    def labels(self):
        """Return the name of each frame, as recordings are; "" where unlabelled."""
        state = self._read_state()
        return self._restore([entry.words(state.names) for entry in state.entries])

    def table(self):
        """Return segments as `skl_tot.io.segments` does; ``confidence`` is 1."""
        state = self._read_state()
        entries = state.entries
        words = [entry.words(state.names) for entry in entries]
        labels = self.recordings.replace(words)
        cuts = [entry.shown_starts()[1:] for entry in entries]
        confidences = [entry.shown_confidence().astype(float) for entry in entries]
        has_edges = any(len(entry.edges) for entry in entries)
        bounds = [entry.shown_edges() for entry in entries] if has_edges else None
        table = table_of_labels(labels, confidences, cuts, bounds)
        return table[table["action"] != UNKNOWN_NAME].reset_index(drop=True)

    @property
    def cycles(self):
        """Table of the cycles, with frames; None without cycles."""
        return self._find_cycles().table

    @property
    def equal_parts(self):
        """Sentence on how equal parts of the recordings agree; None with cycles."""
        return self._find_cycles().equal_parts

    def _find_cycles(self):
        state = self._read_state()
        if any(entry.is_blank for entry in state.entries):
            return FoundCycles(state.model, state.names, [], None, None)
        if self._cycles is None or not self._cycles.are_of(state):
            is_cyclic = self.model is not None and pipelines.is_cyclic(
                pipelines.last_step(self.model)
            )
            self._cycles = find_cycles(state, state.actions if is_cyclic else None)
        return self._cycles

    def units(self):
        """List number of recording, first frame and end of each cycle, or recording."""
        table = self.cycles
        if table is None:
            lengths = self.recordings.lengths.tolist()
            return [(i, 0, n_frames) for i, n_frames in enumerate(lengths)]
        columns = table[["recording", "start", "end"]]
        return list(columns.itertuples(index=False, name=None))

    def next(self, n=5):
        """List the next recordings to check, or cycles if they repeat their actions.

        Parameters
        ----------
        n : int, default=5
            Maximum number of results.

        Returns
        -------
        suggestions : list of dict
            Unchecked ones, in the order of `skl_tot.corrections.recordings_to_label`.
            Each has "recording" (the number), "start" and "end" (exclusive) in frames,
            "reason" (words, or ""), and "unsure" (the share of its frames whose action
            has a probability below a half).
        """
        check_count(n)
        state, units = self._read_state(), self.units()
        if self._signals[0] != units:
            arrays = [getattr(array, "iloc", array) for array in self.recordings.arrays]
            parts = [arrays[i][start:end] for i, start, end in units]
            self._signals = units, describe_signals(parts)
        clusters = self.clusterings.clusters if self.clusterings else []
        return suggest(state, units, self._signals[1], clusters, n)

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
        check_count(n)
        state = self._read_state()
        return choose_examples(state.entries, state.names.code(action), n)

    def suggest_merges(self):
        """List dicts of `corrections.alike_actions` that nothing contradicts.

        That is neither `keep_apart`, nor labels of people that have both actions, nor
        the model, by a mean confidence of 0.7 or more in both.
        """
        state = self._read_state()
        if self._pairs[0] != state.model:
            self._pairs = state.model, find_alike(self.recordings, state.entries)
        people = labelled_actions(self.model, state)
        pairs = [pair for pair in self._pairs[1] if pair["actions"] not in state.apart]
        pairs = [pair for pair in pairs if not people.issuperset(pair["actions"])]
        return [pair for pair in pairs if set(pair["actions"]) <= state.names.keys()]

    def accuracy(self):
        """Tell how much of the predictions was right, by the labels that are checked.

        Returns
        -------
        accuracy : dict or None
            Once all is checked: "frames", the share of those new to the model that were
            right, and "sentences". None before, and if no frame was new.
        """
        return measure(self._read_state().entries)


def check_count(n):
    """Refuse a number of results that is no integer from 0."""
    if not is_int(n) or n < 0:
        refuse("n", n, "an integer from 0")


class FoundCycles(NamedTuple):
    """Cycles, and the segments that have them."""

    model: int  # its number
    names: Actions  # idle, by its name, is in no cycle
    segments: list  # of each recording
    table: Any  # of `compare_bouts`; None without cycles
    equal_parts: str | None  # see `Answers.equal_parts`

    def are_of(self, state):
        """Whether they are those of a state."""
        pairs = zip(self.segments, state.entries)
        is_same = all(segments is entry.segments for segments, entry in pairs)
        return (state.model, state.names) == (self.model, self.names) and is_same


def find_cycles(state, circle):
    """`FoundCycles` of a state, recordings as numbers, in frames."""
    # `circle` lists the codes of a cyclic model's actions in order; None finds cycles.
    entries, segments = state.entries, [entry.segments for entry in state.entries]
    breaks = [entry.breaks for entry in entries]
    bouts = collect_bouts(Recordings([x.labels() for x in segments], breaks=breaks))
    equal_parts = describe_equal_parts(bouts) if bouts.actions else None
    found = repeated_cycles(bouts, state.names, circle)
    if found is None:
        return FoundCycles(state.model, state.names, segments, None, equal_parts)
    table, cycles = found
    start = first_checked(entries)
    if circle is None and start in cycles.actions:  # cycles stay those of people
        table, cycles = cut_cycles(without_idle(bouts, state.names), start)
    table = table.round().astype({"recording": int, "start": int, "end": int})
    table = table.join(compare_bouts(cycles, in_cycles=True).drop(columns="recording"))
    return FoundCycles(state.model, state.names, segments, table, None)


def first_checked(entries):
    """Code that the first checked stretch within a recording begins with, or None."""
    for entry in entries:
        for start, end, *_ in entry.checked:
            if (start, end) != (0, entry.n_frames):
                return entry.segments.part(start, end).codes[0].item()
    return None


def suggest(state, units, signals, clusters, n):
    """Units (recording, start, end) to check next, see `Answers.next`."""
    # ``clusters`` are those of recordings, which cycles are not
    entries = state.entries
    counts = list(clusters) if len(units) == len(entries) else []
    if not counts and not any(entry.is_blank for entry in entries):
        # shown labels have current names, predictions of checked recordings do not
        tracks = [entries[i].segments.part(start, end) for i, start, end in units]
        counts = [count_clusters([track.labels() for track in tracks])]
    checked = [k for k, (i, *span) in enumerate(units) if entries[i].is_done(*span)]
    confidences = [entry.shown_confidence() for entry in entries]
    suggestions = []
    for k, reason in propose(counts, signals, checked, n):
        i, start, end = units[k]
        unsure = float((confidences[i][start:end] < DOUBTFUL).mean())
        suggestion = {"recording": i, "start": start, "end": end}
        suggestions.append(suggestion | {"reason": reason, "unsure": unsure})
    return suggestions


def choose_examples(entries, action, n):
    """List up to n typical and n doubtful bouts of a code, see `Answers.examples`."""
    rows = []
    for i, entry in enumerate(entries):
        segments, is_known = entry.segments, entry.frames_known()
        is_action = entry.predicted.labels() == action
        sure = np.where(is_action, entry.confidence, 0).astype(float)
        for k in np.flatnonzero(segments.codes == action):
            start, end = segments.starts[k], segments.ends[k]
            rows.append((i, start, end, sure[start:end].mean(), is_known[start]))
    keys = ["recording", "start", "end", "confidence"]
    pd = import_extra("pandas")
    bouts = pd.DataFrame(rows, columns=[*keys, "known"])
    # if two digits of confidence are equal, the most usual length is first
    lengths = (bouts["end"] - bouts["start"]).astype(float)
    unlike = np.abs(np.log(lengths / lengths.median()))
    order = np.lexsort([unlike, -bouts["confidence"].astype(float).round(2)])
    typical = bouts.iloc[order].groupby("recording").head(2).head(n)
    others = bouts.drop(typical.index)
    others = others[others["known"].eq(False)]  # of no rows, too
    doubtful = others.sort_values("confidence", kind="stable").head(n)
    kinds = {"typical": typical[keys], "doubtful": doubtful[keys]}
    return [
        {"kind": kind} | row
        for kind, table in kinds.items()
        for row in table.to_dict("records")
    ]


def find_alike(recordings, entries):
    """List pairs of codes, see `alike_actions`, by evenly spaced frames of entries."""
    n_values = int(recordings.lengths.sum()) * recordings.n_features
    step = -(-n_values // 2**24)  # of so many values at most
    frames, paths = [], []
    for array, entry in zip(recordings.arrays, entries):
        values = np.asarray(getattr(array, "iloc", array)[::step], dtype=float)
        if np.isfinite(values).all():
            frames.append(values)
            paths.append(np.maximum(entry.segments.labels()[::step], BACKGROUND))
    pairs = alike_actions(frames, paths) if frames else []
    confidences = np.concatenate([entry.confidence for entry in entries])
    codes = np.concatenate([entry.segments.labels() for entry in entries])
    sure = import_extra("pandas").Series(confidences, dtype=float).groupby(codes).mean()
    return [pair for pair in pairs if sure[list(pair["actions"])].min() < SURE]


def labelled_actions(model, state):
    """Codes of actions that people labelled, here or before the model was learned."""
    known = [entry.segments.labels()[entry.frames_known()] for entry in state.entries]
    codes = set(np.concatenate(known).tolist())
    segmenter = model and pipelines.segmenter_of(model)
    if segmenter and segmenter.is_taught:
        words = set(segmenter.actions_.tolist()) - {*segmenter.unlabelled_actions_}
        codes.update(state.names.codes(words))
    return codes
