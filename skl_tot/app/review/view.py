"""State of a review for pages, as plain data: rows, signals, and the rest."""

from functools import cached_property, lru_cache, partial

import numpy as np

from skl_tot.app import web
from skl_tot.app.report.sections import list_reasons
from skl_tot.app.review.entry import UNLABELLED
from skl_tot.app.review.history import MOST_NEW, find_recording
from skl_tot.display.palette import style_of
from skl_tot.io.files import formats_that
from skl_tot.recordings.clocks import duration_text
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND
from skl_tot.statistics.deviations import deviations
from skl_tot.statistics.features import TellingSample, check_feature_names

MOST_BINS, MOST_SHOWN = 4000, 64  # of signals, and features at once


class View:
    """State of a `Review` for pages: rows of recordings, and the rest."""

    def __init__(self, review):
        self.review, recordings = review, review.recordings
        self.names = recordings.names
        self.fps, self.digits = recordings.fps, web.count_digits(recordings.fps)
        self._rows = {}
        self._deviations = [{"deviation": 0, "unusual": []}] * len(recordings)
        self._cycles = None  # table of the review that pages have
        self._unusual = {}  # reasons by number of recording and time in it

    def rank(self):
        """Rank recordings by how unusual they are; slow for many."""
        entries = self.review.state.entries
        if any(entry.is_blank for entry in entries):
            return
        labels = [entry.segments.labels() for entry in entries]
        table = deviations(self.review.recordings.replace(labels))
        length, self._unusual = partial(duration_text, is_timed=bool(self.fps)), {}
        for rank, row in enumerate(table[::-1].to_dict("records"), start=1):
            i = self.names.index(row["recording"])
            reasons = list_reasons(row, length) if row["deviates"] else []
            self._deviations[i] = {"deviation": rank, "unusual": reasons}
            self._unusual[i, 0.0] = reasons

    def find(self, recording):
        """Return the number of a recording that is read."""
        i = find_recording(self.names, recording)
        if self.review.state.entries[i] is None:
            raise ValueError("the recording is not read yet.")
        return i

    def clock(self, i):
        """Return starts and ends of the frames of a recording, for pages."""
        return web.read_clock(self.review.recordings, i)

    # The state of a page

    def everything(self):
        """Return the complete state of a page."""
        formats = [
            [name, f"{entry.description} ({entry.suffix})"]
            for name, entry in formats_that("write").items()
            if self.fps or not entry.in_seconds
        ]
        state = {"fps": self.fps, "digits": self.digits, "formats": formats}
        state["rows"] = [self.row(i) for i in range(len(self.names))]
        state |= {"ready": self.review.ready, "note": self.review.note}
        state |= self._describe_steps() | self._describe_actions()
        return state | (self._describe_work() if self.review.ready else {})

    def changes(self, before):
        """Rows that differ from those of a state, by number, and the rest that does."""
        state, rows, is_checked = self.review.state, {}, False
        for i, (old, new) in enumerate(zip(before.entries, state.entries)):
            shown = self._rows.get(i, (None, None))[1]  # the rank may differ
            if old is not new or self.row(i) is not shown:
                rows[i] = self.row(i)
                is_checked |= bool(old.checked or new.checked)
        changes = {"rows": rows, **self._describe_steps()}
        changes["equalParts"] = self.review.equal_parts
        if state.names != before.names:
            changes |= self._describe_actions()
        is_other = state.model != before.model or state.n_learned != before.n_learned
        if is_checked or is_other or self.review.cycles is not self._cycles:
            changes |= self._describe_work()
        return changes

    def _describe_steps(self):
        review, fits = self.review, self.review.clusterings
        return {
            "undo": review.undoable,
            "redo": review.redoable,
            "alike": f"{review.state.model} {len(review.state.apart)}",
            "fits": fits and fits.counts,
        }

    def _describe_actions(self):
        names = self.review.state.names
        words = names.add_unnamed(MOST_NEW)  # for digits without an action
        return {
            "names": names,
            "words": words | {UNLABELLED: "not labelled"},
            "appearance": describe_appearance(words),
        }

    def _describe_work(self):
        """Return progress of checks and learning, the accuracy, and suggestions."""
        review, state, units = self.review, self.review.state, self.review.units()
        n_checked = sum(state.entries[i].is_done(*span) for i, *span in units)
        self._cycles = review.cycles
        cycles = self._describe_cycles()
        suggestions = self._with_times(review.next(8))  # of the list and its key
        for row in suggestions:
            row["unusual"] = self._unusual.get((row["recording"], row["from"]), [])
        return {
            "checked": int(n_checked),
            "units": len(units),
            "checks": len(state.checks()),
            "learned": state.n_learned,
            "accuracy": review.accuracy(),
            "equalParts": review.equal_parts,
            "cycles": cycles,
            "next": suggestions,
        }

    def _describe_cycles(self):
        if self._cycles is None:
            return []
        entries = self.review.state.entries
        clocks = [self.clock(i) for i in range(len(entries))]
        ranks = self._cycles["score"].rank(method="first").astype(int)
        rows, self._unusual = [], {}
        for row, rank in zip(self._cycles.to_dict("records"), ranks):
            i, start, end = row["recording"], row["start"], row["end"]
            times = times_of(clocks[i], start, end)
            reasons = list_reasons(row, self._length) if row["deviates"] else []
            self._unusual[i, times[0]] = reasons
            is_checked = bool(entries[i].is_done(start, end))
            rows.append([i, *times, rank, is_checked, reasons])
        return rows

    def _length(self, n_frames):
        return duration_text(n_frames / (self.fps or 1), bool(self.fps))

    # Rows of recordings

    def row(self, i):
        """Row of a recording, made anew if it or its deviation has changed."""
        entry, deviation = self.review.state.entries[i], self._deviations[i]
        if entry is None:
            return None
        made_from, row = self._rows.get(i, (None, None))
        if made_from is not entry or not deviation.items() <= row.items():
            row = self._describe_row(i, entry) | deviation
            self._rows[i] = entry, row
        return row

    def _describe_row(self, i, entry):
        clock, videos = self.clock(i), self.review.video_files
        runs = entry.segments.runs()
        n_doubts = web.count_doubts(len(self.names))
        confidence = entry.shown_confidence()
        row = web.describe_row(self.names[i], runs, clock, confidence, n_doubts)
        row["hand"] = web.spread(entry.segments.by_hand.astype(int), runs, clock, 0)
        row["interval"] = describe_intervals(entry, runs, clock)
        row["checked"] = entry.is_checked()
        row["stretches"] = [times_of(clock, *stretch[:2]) for stretch in entry.checked]
        row["changed"] = entry.changed is not None
        if entry.changed is not None:
            row["before"] = web.describe_segments(entry.changed.runs(), clock)
        if not np.isnat(date := web.read_date(self.review.recordings, i)):
            row["clock"] = str(date)
        row["video"] = bool(videos and videos[i])
        return row

    # Questions

    def examples(self, action):
        """Typical and doubtful bouts of an action, in times."""
        return {"bouts": self._with_times(self.review.examples(action))}

    def _with_times(self, parts):
        for part in parts:
            clock = self.clock(part["recording"])
            times = times_of(clock, part.pop("start"), part.pop("end"))
            part["from"], part["to"] = times
        return parts

    def alike(self):
        """Pairs of actions that look alike; others if the text "alike" is another."""
        return {"pairs": self.review.suggest_merges()}

    @cached_property
    def curves(self):
        """Features of the recordings."""
        columns = getattr(self.review.recordings.arrays[0], "columns", None)
        names = getattr(self.review.model, "feature_names_in_", columns)
        return Signals(self.review.recordings, names)

    def signals(self, i, start, end, n_bins, names=None):
        """Least and largest values of features between two times of a recording."""
        entry, clock = self.review.state.entries[i], self.clock(i)
        if not isinstance(n_bins, int) or not 0 < n_bins <= MOST_BINS:
            refuse("n", n_bins, f"a number from 1 to {MOST_BINS}")
        if names is not None and len(names) > MOST_SHOWN:
            refuse("features", names, f"up to {MOST_SHOWN}")
        if start >= end:
            refuse("to", end, f"a time after {start:g}")
        if names is None:
            names = self.curves.choose(i, entry.segments.labels(), entry.breaks)
        edges = np.linspace(start, end, n_bins + 1)
        starts = np.searchsorted(clock.ends, edges[:-1], "right")
        ends = np.searchsorted(clock.starts, edges[1:], "left")
        shown = []
        for name, bins in zip(names, self.curves.bins(i, names, starts, ends)):
            low, high = map(with_gaps, bins)
            shown.append({"name": name, "low": low, "high": high})
        return {"features": self.curves.names, "shown": shown, "from": start, "to": end}


def describe_appearance(codes):
    """Fill, ink and hatch of each code that is an action."""
    return {code: style_of(code)._asdict() for code in codes if code != BACKGROUND}


def describe_intervals(entry, runs, clock):
    """Least and greatest start of each segment; None for starts by people, breaks."""
    edges = entry.shown_edges()
    times = np.stack([clock.starts[edges[:, 1]], clock.starts[edges[:, 2]]], axis=1)
    interval_of = dict(zip(edges[:, 0].tolist(), times.tolist()))
    intervals = [interval_of.get(start) for start in entry.segments.starts.tolist()]
    numbers = web.spread(np.arange(len(intervals)), runs, clock, -1)
    return [intervals[k] if k >= 0 else None for k in numbers]


def times_of(clock, start, end):
    """Return times of a start, and of the end before a frame."""
    return [clock.starts[start].item(), clock.ends[end - 1].item()]


def with_gaps(values):
    """List values for pages, with six digits, and None for NaN."""
    return [float(f"{x:.6g}") if np.isfinite(x) else None for x in values.tolist()]


class Signals:
    """Features of recordings; a recording is read on demand."""

    def __init__(self, recordings, names=None):
        arrays = list(recordings.arrays)
        for i, array in enumerate(arrays):
            if not hasattr(type(array), "dtype"):  # a data frame or a list
                arrays[i] = np.asarray(array)
        self.recordings = recordings.replace(arrays)
        self.names = check_feature_names(names, self.recordings.n_features)
        # four choices of features, as one may go back to another recording
        self._chosen, self._read = {}, lru_cache(4)(self._read_columns)

    def choose(self, i, path, breaks):
        """Names of the six features that tell codes of a path best, or vary most."""
        if i not in self._chosen:
            step = len(path) // 20_000 + 1  # of frames, so that it takes no second
            frames = self.recordings.read(i, slice(None, None, step)).astype(float)
            spread = frames.std(axis=0)
            scores = np.zeros_like(spread)
            if len(scores) <= MOST_SHOWN and np.isfinite(spread).all():
                sample = TellingSample()
                sample.add(frames, path[::step], np.unique(-(breaks // -step)))
                best = sample.table().groupby("feature")["score"].max()
                scores = best.reindex(check_feature_names(None, len(scores))).fillna(0)
            order = np.lexsort([-np.nan_to_num(spread, nan=-1), -scores])
            self._chosen[i] = [self.names[k] for k in order[:6]]
        return self._chosen[i]

    def bins(self, i, names, starts, ends):
        """Least and largest values in bins from starts to before ends, NaN for none."""
        edges = np.column_stack([starts, np.maximum(starts, ends)]).ravel()
        bins = []
        for values in self._read(i, tuple(map(self.names.index, names))):
            low = np.fmin.reduceat(values, edges)[::2]
            high = np.fmax.reduceat(values, edges)[::2]
            low[starts >= ends] = high[starts >= ends] = np.nan
            bins.append((low, high))
        return bins

    def _read_columns(self, i, columns):
        parts = [frames[:, columns] for frames in self.recordings.blocks(i)]
        values = np.concatenate(parts).T
        values = values.astype(np.result_type(values, np.float32))
        return np.pad(values, [(0, 0), (0, 1)], constant_values=np.nan)
