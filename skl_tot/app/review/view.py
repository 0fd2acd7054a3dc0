"""State of a review for pages, as plain data: rows, signals, and the rest."""

from functools import cached_property

import numpy as np

from skl_tot.app.review.signals import Signals
from skl_tot.app.review.state import confidence_of, labels_of
from skl_tot.app.web.rows import (
    count_bins,
    count_digits,
    describe_looks,
    describe_row,
    describe_segments,
    read_clock,
    spread,
)
from skl_tot.io import writable_formats

N_NEXT = 20  # recordings to check next
N_DIGITS = 3  # of standardised signals


class View:
    """State of a `Review` for pages."""

    def __init__(self, review):
        self.review, recordings = review, review.recordings
        self.fps, self.digits = recordings.fps, count_digits(recordings.fps)
        self._bins = count_bins(len(recordings))
        formats = writable_formats().items()
        self.formats = [k for k, own in formats if self.fps or not own.in_seconds]
        self._rows, self._ranks = {}, [0] * len(recordings)

    @cached_property
    def _signals(self):
        names = getattr(self.review.model, "feature_names_in_", None)
        return Signals(self.review.recordings, names)

    @property
    def feature_names(self):
        """Names of the features."""
        return self._signals.names

    def rank(self):
        """Rank recordings by how unusual they are; slow for many."""
        from skl_tot.statistics import deviations

        entries = self.review.state.entries
        labels = [labels_of(entry.segments, entry.n_frames) for entry in entries]
        recordings = self.review.recordings
        order = deviations(recordings.replace(labels))["recording"].tolist()
        ranks = {name: len(order) - k for k, name in enumerate(order)}
        self._ranks = [ranks[name] for name in recordings.names]

    def clock(self, i):
        """Return starts and ends of the frames of a recording, for pages."""
        return read_clock(self.review.recordings, i, self.digits)

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
        own = _ends_of(entry.segments, entry.n_frames)
        name = self.review.recordings.names[i]
        row = describe_row(name, own, clock, confidence_of(entry), self._bins)
        row["hand"] = spread(entry.segments.by_hand.astype(int), own, clock, 0)
        row["checked"], row["changed"] = bool(entry.checked), entry.changed is not None
        row["video"], row["deviation"] = bool(videos and videos[i]), rank
        if entry.changed is not None:
            before = _ends_of(entry.changed, entry.n_frames)
            row["before"] = describe_segments(before, clock)
        return row

    def everything(self):
        """Return the complete state of a page."""
        n = len(self.review.recordings)
        rows = [self.row(i) for i in range(n)]
        own = {"fps": self.fps, "digits": self.digits, "formats": self.formats}
        return own | {"rows": rows} | self.standing()

    def changes(self, before):
        """Rows that differ from those of a state, by number, and the rest."""
        rows = {}
        for i, old in enumerate(before.entries):
            known = self._rows.get(i, (None, None))[1]  # the rank may differ
            if old is not self.review.state.entries[i] or self.row(i) is not known:
                rows[i] = self.row(i)
        return {"rows": rows} | self.standing()

    def standing(self):
        """Return the state beside the rows."""
        review = self.review
        found = {"names": review.state.names, "ready": review.ready}
        found["looks"] = describe_looks(found["names"])
        if review.ready:
            entries = review.state.entries
            found["checked"] = sum(bool(entry.checked) for entry in entries)
            found["learned"] = review.state.n_learned
            found["accuracy"] = review.accuracy()
            found["next"] = review.next(N_NEXT)
            found["undo"], found["redo"] = review.undoable, review.redoable
        return found

    def signals(self, i, start, end, n_bins, names=None):
        """Least and largest values of features between two times of a recording."""
        entry, clock = self.review.state.entries[i], self.clock(i)
        if entry is None:
            raise ValueError("the recording is not read yet.")
        if start >= end:
            raise ValueError(f"to is {end:g}, expected a time after {start:g}.")
        if names is None:
            path = labels_of(entry.segments, entry.n_frames)
            names = self._signals.choose(i, path, entry.breaks)
        edges = np.linspace(start, end, n_bins + 1)
        starts = np.searchsorted(clock.ends, edges[:-1], "right")
        ends = np.searchsorted(clock.starts, edges[1:], "left")
        shown = []
        for name, values in zip(names, self._signals.bins(i, names, starts, ends)):
            low, high = map(_with_gaps, values)
            shown.append({"name": name, "low": low, "high": high})
        found = {"features": self.feature_names, "shown": shown}
        return found | {"from": start, "to": end}


def _ends_of(segments, n_frames):
    """Codes, first frames and exclusive ends of segments."""
    ends = np.append(segments.starts[1:], n_frames)
    return segments.codes, segments.starts, ends


def _with_gaps(values):
    """List of numbers, None for NaN."""
    rounded = np.round(values.astype(float), N_DIGITS).tolist()
    return [None if value != value else value for value in rounded]
