"""State of a review for pages, as plain data: rows, signals, and the rest."""

from functools import cached_property, lru_cache

import numpy as np

from skl_tot.app import web
from skl_tot.app.report.findings import N_COMPARED
from skl_tot.app.review import offers
from skl_tot.app.review import state as states
from skl_tot.app.review.state import UNLABELLED
from skl_tot.corrections.questions import find_typical, mean_and_spread
from skl_tot.io.formats import writable_formats
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import Segments, find_segments
from skl_tot.statistics.deviations import deviations
from skl_tot.statistics.features import TellingSample, check_feature_names

N_NEXT = 20  # recordings to check next
N_DIGITS = 3  # of standardised signals
MOST_BINS, MOST_SHOWN = 4000, 64  # of signals, and features at once
N_SHOWN = 6  # chosen features
MOST_RANKED = 64  # features; beyond, only their spread is compared
MOST_FRAMES = 20_000  # of a recording, to choose features
MOST_KEPT = 4  # cached choices of features


class View:
    """State of a `Review` for pages."""

    def __init__(self, review):
        self.review, recordings = review, review.recordings
        self.names = recordings.names
        self.fps, self.digits = recordings.fps, web.count_digits(recordings.fps)
        self._doubts = web.count_doubts(len(recordings))
        formats = writable_formats().items()
        formats = [(k, own) for k, own in formats if self.fps or not own.in_seconds]
        self.formats = [[k, f"{own.description} ({own.suffix})"] for k, own in formats]
        self._alternatives = None, None
        self._rows, self._ranks, self._odd = {}, [0] * len(recordings), set()

    @cached_property
    def curves(self):
        """Features of the recordings."""
        columns = getattr(self.review.recordings.arrays[0], "columns", None)
        names = getattr(self.review.model, "feature_names_in_", columns)
        return Signals(self.review.recordings, names)

    def rank(self):
        """Rank recordings by how unusual they are; slow for many."""
        entries = self.review.state.entries
        if any(map(states.is_blank, entries)):
            return
        labels = [states.labels_of(entry.segments, entry.n_frames) for entry in entries]
        table = deviations(self.review.recordings.replace(labels))
        order = [self.names.index(name) for name in table["recording"]]
        self._ranks = [len(order) - order.index(i) for i in range(len(order))]
        self._odd = {(i, 0.0) for i, odd in zip(order, table["deviates"]) if odd}

    def find(self, recording):
        """Return the number of a recording that is read."""
        i = states.find_recording(self.names, recording)
        if self.review.state.entries[i] is None:
            raise ValueError("the recording is not read yet.")
        return i

    def clock(self, i):
        """Return starts and ends of the frames of a recording, for pages."""
        return web.read_clock(self.review.recordings, i, self.digits)

    def row(self, i):
        """Row of a recording; None if unread."""
        entry, rank = self.review.state.entries[i], self._ranks[i]
        if entry is None:
            return None
        known = self._rows.get(i)
        if known is None or known[0] is not entry or known[1]["deviation"] != rank:
            self._rows[i] = known = entry, self._make_row(i, entry, rank)
        return known[1]

    def _make_row(self, i, entry, rank):
        clock, videos = self.clock(i), self.review.video_files
        own, name = _with_ends(entry.segments, entry.n_frames), self.names[i]
        sure = states.confidence_of(entry)
        row = web.describe_row(name, own, clock, sure, self._doubts)
        row["hand"] = web.spread(entry.segments.by_hand.astype(int), own, clock, 0)
        row["interval"] = _intervals(entry, own, clock)
        row["checked"] = states.is_checked(entry)
        row["changed"] = entry.changed is not None
        if not np.isnat(date := web.read_date(self.review.recordings, i)):
            row["clock"] = str(date)
        row["stretches"] = [_times(clock, *own[:2]) for own in entry.checked]
        row["video"], row["deviation"] = bool(videos and videos[i]), rank
        if entry.changed is not None:
            before = _with_ends(entry.changed, entry.n_frames)
            row["before"] = web.describe_segments(before, clock)
        return row

    def cycles(self):
        """List recording, start, end and rank of each cycle, and if it is checked."""
        table, entries = self.review.cycles, self.review.state.entries
        if table is None:
            return []
        ranks, found = table["score"].rank(method="first").astype(int), []
        clocks = [self.clock(i) for i in range(len(entries))]
        self._odd = set()
        keys = (table[key] for key in ("recording", "start", "end", "deviates"))
        for i, start, end, odd, rank in zip(*keys, ranks):
            times = _times(clocks[i], start, end)
            found.append([i, *times, rank, states.is_checked(entries[i], start, end)])
            self._odd |= {(i, times[0])} if odd else set()
        return found

    def everything(self):
        """Return the complete state of a page."""
        n = len(self.review.recordings)
        own = {"fps": self.fps, "digits": self.digits, "formats": self.formats}
        return own | {"rows": [self.row(i) for i in range(n)]} | self.summary()

    def changes(self, before):
        """Rows that differ from those of a state, by number, and the rest."""
        rows = {}
        for i, old in enumerate(before.entries):
            known = self._rows.get(i, (None, None))[1]  # the rank may differ
            if old is not self.review.state.entries[i] or self.row(i) is not known:
                rows[i] = self.row(i)
        return {"rows": rows} | self.summary()

    def summary(self):
        """Return all of the state except the rows."""
        review = self.review
        state, fits = review.state, review.clusterings
        found = {"names": state.names, "ready": review.ready}
        found["fits"] = fits and fits.counts
        words = states.with_new(state.names, states.MOST_NEW)  # for digits without one
        found["appearance"] = web.describe_appearance(words)
        found["words"] = words | {UNLABELLED: "not labelled"}
        if review.ready:
            entries, units = review.state.entries, review.units()
            known = [states.is_checked(entries[i], *part) for i, *part in units]
            found["checked"], found["units"] = sum(known), len(units)
            found["checks"] = len(states.orders_of(entries))
            found["learned"] = review.state.n_learned
            found["alternatives"] = [own.name for own in review.alternatives]
            found["alike"] = f"{review.state.model} {len(review.state.apart)}"
            found["accuracy"] = review.accuracy()
            found["cycles"], found["next"] = self.cycles(), review.next(N_NEXT)
            for own in self._put_times(found["next"]):
                own["unusual"] = (own["recording"], own["from"]) in self._odd
            found["undo"], found["redo"] = review.undoable, review.redoable
        return found

    def examples(self, action):
        """Typical and doubtful bouts of an action, in times."""
        return {"bouts": self._put_times(self.review.examples(action))}

    def _put_times(self, parts):
        """Replace "start" and "end" of parts of recordings by times "from" and "to"."""
        for own in parts:
            times = self.clock(own["recording"]), own.pop("start"), own.pop("end")
            own["from"], own["to"] = _times(*times)
        return parts

    def alike(self):
        """Pairs of actions that look alike; others if the text "alike" is another."""
        return {"pairs": self.review.suggest_merges()}

    @cached_property
    def _typical(self):
        signals = map(mean_and_spread, self.review.recordings.arrays)
        return find_typical(list(signals), N_COMPARED)

    def alternatives(self):
        """Rows of typical recordings by each alternative, and how they differ."""
        state = self.review.state
        if self._alternatives[0] is not state:
            self._alternatives = state, self._compare()
        return self._alternatives[1]

    def _compare(self):
        found = offers.compare_alternatives(self.review, self._typical)
        names = self.review.state.names
        new = {k for own in found for path in own["paths"] for k in path.tolist()}
        names = names | dict.fromkeys(sorted(new - names.keys()), "another action")
        for own in found:
            own["rows"] = []
            for i, path in zip(self._typical, own.pop("paths")):
                segments = find_segments(path, self.review.recordings.breaks_of(i))
                known = segments, self.clock(i), np.ones(len(path))
                own["rows"].append(web.describe_row(self.names[i], *known, 1))
        appearance = web.describe_appearance(names)
        return {"alternatives": found, "names": names, "appearance": appearance}

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
            path = states.labels_of(entry.segments, entry.n_frames)
            names = self.curves.choose(i, path, entry.breaks)
        edges = np.linspace(start, end, n_bins + 1)
        starts = np.searchsorted(clock.ends, edges[:-1], "right")
        ends = np.searchsorted(clock.starts, edges[1:], "left")
        found = {"features": self.curves.names, "shown": [], "from": start, "to": end}
        for name, values in zip(names, self.curves.bins(i, names, starts, ends)):
            low, high = map(_with_gaps, values)
            found["shown"].append({"name": name, "low": low, "high": high})
        return found


def _intervals(entry, segments, clock):
    """Least and greatest start of each segment in times, None where it is unknown."""
    known = states.bounds_of(entry)
    times = np.stack([clock.starts[known[:, 1]], clock.starts[known[:, 2]]], axis=1)
    found = dict(zip(known[:, 0].tolist(), times.tolist()))
    own = [found.get(start) for start in segments[1].tolist()]
    places = web.spread(np.arange(len(own)), segments, clock, -1)
    return [own[k] if k >= 0 else None for k in places]


def _times(clock, start, end):
    return [clock.starts[start].item(), clock.ends[end - 1].item()]


def _with_ends(segments, n_frames):
    ends = np.append(segments.starts[1:], n_frames)
    return Segments(segments.codes, segments.starts, ends)


def _with_gaps(values):
    rounded = np.round(values.astype(float), N_DIGITS).tolist()
    return [None if value != value else value for value in rounded]


class Signals:
    """Standardised features of recordings; a recording is read on demand."""

    def __init__(self, recordings, names=None):
        arrays = list(recordings.arrays)
        for i, own in enumerate(arrays):
            if not hasattr(type(own), "itemsize"):  # a data frame or a list
                arrays[i] = np.asarray(own)
        self.recordings = recordings.replace(arrays)
        self.names = check_feature_names(names, recordings.n_features)
        self._chosen, self._read = {}, lru_cache(MOST_KEPT)(self._read_columns)

    def choose(self, i, path, breaks):
        """Names of the features that tell the codes of a path best, or vary most."""
        if i not in self._chosen:
            step = len(path) // MOST_FRAMES + 1
            frames = self.recordings.read(i, slice(None, None, step)).astype(float)
            spread = frames.std(axis=0)
            scores = np.zeros_like(spread)
            if len(scores) <= MOST_RANKED and np.isfinite(spread).all():
                sample = TellingSample()
                sample.add(frames, path[::step], np.unique(-(breaks // -step)))
                best = sample.table().groupby("feature")["score"].max()
                scores = best.reindex(check_feature_names(None, len(scores))).fillna(0)
            order = np.lexsort([-np.nan_to_num(spread, nan=-1), -scores])
            self._chosen[i] = [self.names[k] for k in order[:N_SHOWN]]
        return self._chosen[i]

    def bins(self, i, names, starts, ends):
        """Least and largest values in bins from starts to before ends, NaN for none."""
        edges = np.column_stack([starts, np.maximum(starts, ends)]).ravel()
        found = []
        for values in self._read(i, tuple(map(self.names.index, names))):
            low = np.fmin.reduceat(values, edges)[::2]
            high = np.fmax.reduceat(values, edges)[::2]
            low[starts >= ends] = high[starts >= ends] = np.nan
            found.append((low, high))
        return found

    def _read_columns(self, i, columns):
        """Read standardised columns of a recording, each with NaN at its end."""
        parts = [frames[:, columns] for frames in self.recordings.blocks(i)]
        found = []
        for values in np.concatenate(parts).T:
            is_known = np.isfinite(values)
            own = values[is_known] if is_known.any() else np.zeros(1)
            mean, std = own.mean(dtype=float), own.std(dtype=float)
            scaled = (values.astype(float) - mean) / (std or 1)
            kind = np.result_type(values, np.float32)
            found.append(np.append(scaled, np.nan).astype(kind))
        return found
