"""One recording of a review: its segments, and edits of them; all is immutable."""

from typing import NamedTuple

import numpy as np

from skl_tot.recordings.errors import is_int, refuse
from skl_tot.recordings.labels import UNKNOWN_NAME, Segments

GONE = -2  # code of a removed action in predictions
UNLABELLED = -3  # code of frames that neither a model nor a person has labelled


class Track(NamedTuple):
    """Segments that cover all frames of a recording, or of a part of it."""

    # Neighbours have different codes, except where a person cut or left a segment, and
    # at breaks of the recording.
    starts: np.ndarray  # first frames, of int; the first is 0
    codes: np.ndarray  # of actions, `BACKGROUND`, `UNLABELLED` or `GONE`
    by_hand: np.ndarray  # whether a person made the segment
    n_frames: int

    @property
    def ends(self):
        """The frame after the last one of each segment."""
        return np.append(self.starts[1:], self.n_frames)

    def spread(self, values):
        """Give each frame (n_frames,) the value of its segment."""
        return np.repeat(values, self.ends - self.starts)

    def labels(self):
        """Code (n_frames,) of each frame."""
        return self.spread(self.codes)

    def runs(self):
        """Segments without hands, as other modules have them."""
        return Segments(self.codes, self.starts, self.ends)

    def find(self, frame):
        """Find the number of the segment at a frame."""
        return int(np.searchsorted(self.starts, frame, "right")) - 1

    def part(self, start, end):
        """Segments from a frame to before another one, counted from the first."""
        kept = slice(self.find(start), self.find(end - 1) + 1)
        starts = np.maximum(self.starts[kept] - start, 0)
        return Track(starts, self.codes[kept], self.by_hand[kept], end - start)

    def divide(self, action, codes):
        """Give frames of an action other codes (n_frames,)."""
        labels = self.labels()
        labels = np.where(labels == action, codes, labels)
        is_start = np.diff(labels, prepend=labels[0]) != 0
        starts = np.union1d(self.starts, np.flatnonzero(is_start))
        sources = np.searchsorted(self.starts, starts, "right") - 1
        return Track(starts, labels[starts], self.by_hand[sources], self.n_frames)


def find_track(labels, by_hand, edges):
    """Find runs of equal labels and hands (n_frames,), which also end at edges."""
    is_start = np.r_[True, (labels[1:] != labels[:-1]) | (by_hand[1:] != by_hand[:-1])]
    is_start[edges.astype(int)] = True
    starts = np.flatnonzero(is_start)
    return Track(starts, labels[starts], by_hand[starts], len(labels))


class Prediction(NamedTuple):
    """Prediction of a model for a recording."""

    segments: Track
    confidence: np.ndarray  # (n_frames,)
    edges: np.ndarray  # boundaries, and the least and greatest frames they may be at


class Stretch(NamedTuple):
    """Checked frames of a recording, from start to before end."""

    start: int
    end: int
    order: int  # position in the order of checks, from 1


class Entry(NamedTuple):
    """State of one recording; edits return another one."""

    breaks: np.ndarray  # first frames of new parts
    segments: Track  # as shown
    predicted: Track  # by the model, with later merges and splits
    confidence: np.ndarray  # (n_frames,) of the prediction
    checked: tuple = ()  # stretches in order of time, apart from each other
    seen: tuple = ()  # starts and ends of frames whose labels that model had learned
    changed: Track | None = None  # as shown before a proposal of the model
    # predicted boundaries: first frames, and the least and greatest they may be
    edges: np.ndarray = np.empty((0, 3), int)
    in_stops: tuple = ()  # `runs_of` rows of `told` of frames in stops, for later

    # Facts about the labels

    @property
    def n_frames(self):
        """Number of frames of the recording."""
        return self.segments.n_frames

    @property
    def is_blank(self):
        """Whether some frames have no label."""
        return UNLABELLED in self.segments.codes

    def tracks(self):
        """Tracks by the fields that have them."""
        tracks = {name: getattr(self, name) for name in TRACKS}
        return {name: track for name, track in tracks.items() if track is not None}

    def shows(self, code):
        """Whether a segment of any track has a code."""
        return any(code in track.codes for track in self.tracks().values())

    def frames_checked(self):
        """Whether each frame (n_frames,) is checked."""
        return mark_frames(self.checked, self.n_frames)

    def frames_known(self):
        """Whether a person gave or checked the label of each frame (n_frames,)."""
        is_told = self.segments.spread(self.segments.by_hand) | self.frames_checked()
        return is_told & (self.segments.labels() != UNLABELLED)

    def is_taken_back(self):
        """Whether frames show labels of neither the model nor people."""
        is_other = self.segments.labels() != self.predicted.labels()
        return bool((is_other & ~self.frames_known()).any())

    def is_checked(self):
        """Whether all frames are checked."""
        return not subtract([(0, self.n_frames)], self.checked)

    def is_done(self, start, end):
        """Whether nine tenths from start to before end are checked, or more."""
        # the rest may have had no label, or be of the cycle beside it
        return self.frames_checked()[start:end].mean() >= 0.9

    def words(self, names):
        """Name (n_frames,) of the shown label of each frame; names are by code."""
        names = names | {UNLABELLED: UNKNOWN_NAME}
        words = np.array([names[code] for code in self.segments.codes.tolist()])
        return self.segments.spread(words)

    def known_words(self, names):
        """Names (n_frames,) of labels from people, "" for others; None without any."""
        is_known = self.frames_known()
        return np.where(is_known, self.words(names), "") if is_known.any() else None

    def told(self):
        """Labels by people (n_frames, 3): code, by hand, and order of a check."""
        # the order is 0 unless checked; code `UNLABELLED` is unknown
        told = np.zeros((self.n_frames, 3), int)
        told[:, 0] = np.where(self.frames_known(), self.segments.labels(), UNLABELLED)
        told[:, 1] = self.segments.spread(self.segments.by_hand)
        for start, end, order in self.checked:
            told[start:end, 2] = order
        return told

    def told_in_stops(self):
        """Rows as of `told` of frames in stops; one for all if nobody told any."""
        rows = [run[2:] for run in self.in_stops] or [(UNLABELLED, 0, 0)]
        return np.repeat(
            rows, [end - start for start, end, *_ in self.in_stops] or 1, 0
        )

    def shown_confidence(self):
        """Confidence (n_frames,) of the shown labels: 1 for labels from a person."""
        if not self.checked and not self.segments.by_hand.any():
            return self.confidence
        certain = self.confidence.dtype.type(1)
        return np.where(self.frames_known(), certain, self.confidence)

    def shown_starts(self):
        """Return starts of segments; parts by a person and by a model may be one."""
        starts, codes, by_hand, _ = self.segments
        is_inside = (codes[1:] == codes[:-1]) & (by_hand[1:] != by_hand[:-1])
        is_inside &= ~np.isin(starts[1:], self.breaks)
        return np.delete(starts, 1 + np.flatnonzero(is_inside))

    def shown_edges(self):
        """Rows of ``edges`` of shown boundaries that no person gave."""
        is_known, starts = self.frames_known(), self.segments.starts
        starts = starts[~(is_known[starts] | is_known[starts - 1])]
        return self.edges[np.isin(self.edges[:, 0], starts)]

    # Edits by a person

    def relabel(self, frame, code):
        """Change the action of the segment at a frame; join equal neighbours."""
        k = self.segments.find(self._check_frame(frame, "frame"))
        return self.assign(self.segments.starts[k], self.segments.ends[k], code)

    def assign(self, start, end, code):
        """Give frames from start to before end an action; join equal neighbours."""
        start = self._check_frame(start, "start")
        end = self._check_end(start, end)
        labels = self.segments.labels()
        by_hand = self.segments.spread(self.segments.by_hand)
        labels[start:end], by_hand[start:end] = code, True
        starts = self.segments.starts
        outside = starts[(starts < start) | (starts > end)]
        ends = np.array([start, end % self.n_frames])
        starts = np.union1d(np.concatenate([outside, self.breaks.astype(int)]), ends)
        segments = Track(starts, labels[starts], by_hand[starts], self.n_frames)
        numbers = np.searchsorted(starts, ends)
        is_same = segments.codes[numbers] == segments.codes[numbers - 1]
        segments = self._join(segments, numbers[(numbers > 0) & is_same])
        return self._replace(segments=segments)

    def move(self, frame, to):
        """Move the boundary at a frame, and ends of checked stretches there."""
        starts, codes, by_hand, _ = self.segments
        k = self.segments.find(self._check_frame(frame, "frame"))
        to = self._check_frame(to, "to")
        if frame == 0 or starts[k] != frame:
            near = " and ".join(map(str, starts[max(k, 1) : k + 2])) or "none"
            raise ValueError(f"no boundary is at frame {frame}, the next are {near}.")
        if frame in self.breaks:
            raise ValueError(f"frame {frame} begins a part of the recording; it stays.")
        if to == frame:
            return self
        first, end = starts[k - 1], self.segments.ends[k]
        if not first < to < end:
            between = f"{first + 1} to {end - 1}, between other boundaries"
            refuse("to", to, f"a frame from {between}; relabel makes one of two")
        starts, by_hand = starts.copy(), by_hand.copy()
        starts[k] = to
        by_hand[k - 1 : k + 1] = codes[k - 1 : k + 1] != UNLABELLED
        segments = Track(starts, codes, by_hand, self.n_frames)
        checked = move_ends(self.checked, frame, to)
        return self._replace(segments=segments, checked=checked)

    def cut(self, frame):
        """Cut a segment at a frame; both parts keep the action."""
        starts, codes, by_hand, n_frames = self.segments
        k = self.segments.find(self._check_frame(frame, "frame"))
        if starts[k] == frame:
            text = f"frame {frame} is a boundary"
            raise ValueError(f"{text}, expected one within a segment.")
        by_hand = by_hand.copy()
        by_hand[k] = codes[k] != UNLABELLED
        starts = np.insert(starts, k + 1, frame)
        codes = np.insert(codes, k, codes[k])
        by_hand = np.insert(by_hand, k, by_hand[k])
        return self._replace(segments=Track(starts, codes, by_hand, n_frames))

    def blank_share(self, start, end):
        """Share of frames to check that have no label, which may not be all."""
        share = np.mean(self.segments.labels()[start:end] == UNLABELLED)
        if share == 1:
            text = f"no frame from {start} to {end - 1} has a label, expected some"
            raise ValueError(f"{text}; press a digit, or hold it while it plays.")
        return share

    def check(self, start, end, order):
        """Mark labelled frames as checked, or not; keep changes by learning in them."""
        # `order` is that of the check, None to remove marks
        start = self._check_frame(start, "start")
        end = self._check_end(start, end)
        if order is None:
            spans = subtract(self.checked, [(start, end)])
            return self._replace(checked=tuple(Stretch(*span) for span in spans))
        self.blank_share(start, end)  # refuses frames without labels
        spans = np.stack([self.segments.starts, self.segments.ends], axis=1)
        blank = spans[self.segments.codes == UNLABELLED].tolist()
        new = subtract([(start, end, order)], [*self.checked, *blank])
        stretches = sorted([*self.checked, *(Stretch(*span) for span in new)])
        entry = self._replace(checked=tuple(stretches))
        if not new or self.changed is None:
            return entry
        before = self._mix(self.segments, self.changed, entry.frames_checked())
        is_same = entry.is_checked() or have_equal_labels(self.segments, before)
        return entry._replace(changed=None if is_same else before)

    # Changes by a model, and by other stops

    def with_told(self, told):
        """Show labels by people, see `told`, which the model counts as seen."""
        labels = np.where(told[:, 0] != UNLABELLED, told[:, 0], self.segments.labels())
        segments = find_track(labels, told[:, 1] == 1, self.breaks)
        checked = tuple(Stretch(*run) for run in runs_of(told[:, 2:]) if run[2])
        seen = tuple(stretch[:2] for stretch in checked)
        return self._replace(segments=segments, checked=checked, seen=seen)

    def propose(self, prediction):
        """Show another prediction, except where people gave or checked labels."""
        is_known, is_checked = self.frames_known(), self.frames_checked()
        is_seen = np.where(is_checked, mark_frames(self.seen, self.n_frames), is_known)
        segments = self._mix(self.segments, prediction.segments, is_known)
        before = self.segments if self.changed is None else self.changed
        if self.is_blank:  # there is nothing to take back
            before = None
        elif have_equal_labels(segments, before):
            segments = self.segments if self.changed is None else segments
            before = None
        return self._replace(
            segments=segments,
            # the prediction before a check stays, to be compared with checked labels
            predicted=self._mix(self.predicted, prediction.segments, is_checked),
            confidence=prediction.confidence,
            seen=tuple(run[:2] for run in runs_of(is_seen[:, None]) if run[2]),
            changed=before,
            edges=prediction.edges,
        )

    def replace_action(self, action, into):
        """Replace an action by another one in all tracks, and join equal neighbours."""
        tracks = self.tracks()
        for name, track in tracks.items():
            codes = np.where(track.codes == action, into, track.codes)
            is_new = (track.codes[1:] != track.codes[:-1]) & (codes[1:] == codes[:-1])
            if action in track.codes:
                numbers = np.flatnonzero(is_new) + 1
                tracks[name] = self._join(track._replace(codes=codes), numbers)
        in_stops = tuple(
            (start, end, into if code == action else code, *rest)
            for start, end, code, *rest in self.in_stops
        )
        return self._replace(**tracks, in_stops=in_stops)

    def forget_codes(self, kept_codes):
        """Mark all other predicted codes as gone, also background and unlabelled."""
        predicted = self.predicted.codes
        kept = np.where(np.isin(predicted, kept_codes), predicted, GONE)
        if (kept == predicted).all():
            return self
        return self._replace(predicted=self.predicted._replace(codes=kept))

    # Parts of edits

    def _mix(self, one, other, is_one):
        """Segments of a track in some frames (n_frames,), and of another elsewhere."""
        labels = np.where(is_one, one.labels(), other.labels())
        hands = [track.spread(track.by_hand) for track in (one, other)]
        kept = one.starts[one.by_hand & is_one[one.starts]]
        others = other.starts[other.by_hand & ~is_one[other.starts]]
        edges = np.concatenate([self.breaks, kept, others])
        return find_track(labels, np.where(is_one, *hands), edges)

    def _join(self, segments, numbers):
        """Join some segments to those before, but not at breaks; any hand counts."""
        is_kept = np.ones(len(segments.codes), bool)
        is_kept[numbers] = np.isin(segments.starts[numbers], self.breaks)
        by_hand = np.logical_or.reduceat(segments.by_hand, np.flatnonzero(is_kept))
        starts, codes = segments.starts[is_kept], segments.codes[is_kept]
        return Track(starts, codes, by_hand, self.n_frames)

    def _check_frame(self, frame, name):
        if not is_int(frame) or not 0 <= frame < self.n_frames:
            refuse(name, frame, f"a frame from 0 to {self.n_frames - 1}")
        return int(frame)

    def _check_end(self, start, end):
        if end is None:
            return self.n_frames
        if not is_int(end) or not start < end <= self.n_frames:
            expected = f"a frame from {start + 1} to {self.n_frames}, exclusive"
            refuse("end", end, expected)
        return int(end)


TRACKS = ("segments", "predicted", "changed")  # fields of an `Entry` that are tracks


def blank_entry(n_frames, breaks):
    """Entry of a recording without any label, and without doubt."""
    labels, by_hand = np.full(n_frames, UNLABELLED), np.zeros(n_frames, bool)
    segments = find_track(labels, by_hand, breaks)
    return Entry(breaks, segments, segments, np.ones(n_frames, np.float16))


def mark_frames(spans, n_frames):
    """Whether each frame (n_frames,) is in one of some spans (start, end, more)."""
    is_in = np.zeros(n_frames, bool)
    for start, end, *_ in spans:
        is_in[start:end] = True
    return is_in


def runs_of(rows):
    """Find runs of equal rows of an array: tuples of start, end and the values."""
    starts = np.r_[0, 1 + np.flatnonzero(np.diff(rows, axis=0).any(axis=1))]
    starts = starts[: len(rows)].tolist()  # none of no row
    spans = zip(starts, [*starts[1:], len(rows)])
    return tuple((*span, *rows[span[0]].tolist()) for span in spans)


def subtract(spans, others):
    """Spans (start, end, more) without the frames of other ones."""
    for start, end, *_ in others:
        parts = []
        for first, last, *more in spans:
            parts += (first, min(last, start), *more), (max(first, end), last, *more)
        spans = [part for part in parts if part[0] < part[1]]
    return spans


def move_ends(stretches, frame, to):
    """Stretches whose starts and ends go with a boundary, in order and apart."""
    moved, last = [], 0
    for stretch in stretches:
        start, end = (to if edge == frame else edge for edge in stretch[:2])
        start = max(start, last)
        if start < end:
            moved.append(stretch._replace(start=start, end=end))
            last = end
    return tuple(moved)


def have_equal_labels(*tracks):
    """Whether two tracks have equal labels of frames."""
    return np.array_equal(*(track.labels() for track in tracks))
