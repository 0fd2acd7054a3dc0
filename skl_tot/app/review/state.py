"""State of each recording in a review, and its changes by actions.

All values are immutable: an operation takes a state, or the entry of a recording, and
returns a new one, which shares unchanged parts.
"""

from typing import NamedTuple

import numpy as np

from skl_tot.recordings import BACKGROUND, BACKGROUND_NAME, is_line, short_repr


class Segments(NamedTuple):
    """Segments that cover all frames of a recording.

    Neighbours have different codes, except where a person cut or left a segment, and at
    breaks of the recording.
    """

    starts: np.ndarray  # first frames, of int; the first is 0
    codes: np.ndarray  # of actions, or `BACKGROUND`
    by_hand: np.ndarray  # whether a person made the segment


class Entry(NamedTuple):
    """State of one recording."""

    n_frames: int
    breaks: np.ndarray  # first frames of new parts
    segments: Segments  # as shown
    predicted: Segments  # by the model, with later merges and splits
    confidence: np.ndarray  # (n_frames,) of the prediction
    n_learned: int = 0  # recordings that the predicting model had learned
    checked: int = 0  # position in the order of checks, from 1; 0 if unchecked
    seen: bool = False  # whether that model had learned labels of this recording
    changed: Segments | None = None  # as shown before a proposal of the model


class State(NamedTuple):
    """State of all recordings."""

    model: int  # number of the model
    actions: tuple  # code of each action of the model
    names: dict  # by code
    entries: tuple  # of each recording; None if unread
    reading: int = 0  # number of the file of confidences
    n_learned: int = 0  # recordings that the model has learned


TRACKS = ("segments", "predicted", "changed")  # fields of an `Entry` that are Segments
GONE = -2  # code of a removed action in predictions


def tracks_of(entry):
    """Segments of an entry: as shown, predicted, and before a change, if any."""
    return [own for own in (getattr(entry, name) for name in TRACKS) if own is not None]


def shows(entry, code):
    """Whether a segment has a code."""
    return any(code in own.codes for own in tracks_of(entry))


def segments_of(labels, edges, by_hand):
    """Segments of labels (n_frames,), which also end at edges.

    ``by_hand`` (n_frames,) marks frames whose label a person made.
    """
    is_start = np.r_[True, (labels[1:] != labels[:-1]) | (by_hand[1:] != by_hand[:-1])]
    is_start[edges.astype(int)] = True
    starts = np.flatnonzero(is_start)
    return Segments(starts, labels[starts], by_hand[starts])


def labels_of(segments, n_frames):
    """Code (n_frames,) of each frame."""
    return np.repeat(segments.codes, np.diff(segments.starts, append=n_frames))


def frames_by_hand(segments, n_frames):
    """Whether a person made the label of each frame (n_frames,)."""
    return np.repeat(segments.by_hand, np.diff(segments.starts, append=n_frames))


def words_of(entry, names):
    """Name (n_frames,) of the shown label of each frame."""
    words = np.array([names[code] for code in entry.segments.codes.tolist()])
    return labels_of(entry.segments._replace(codes=words), entry.n_frames)


def confidence_of(entry):
    """Confidence (n_frames,) of the shown labels: 1 for labels from a person."""
    if entry.checked:
        return np.ones_like(entry.confidence)
    by_hand = frames_by_hand(entry.segments, entry.n_frames)
    return np.where(by_hand, entry.confidence.dtype.type(1), entry.confidence)


# Segments of one recording


def relabel(entry, frame, code):
    """Change the action of the segment at a frame; join equal neighbours."""
    k = _place(entry, frame)
    starts, codes, by_hand = map(np.copy, entry.segments)
    codes[k], by_hand[k] = code, True
    edges = [e for e in (k, k + 1) if 0 < e < len(codes) and codes[e - 1] == codes[e]]
    return _joined(entry, Segments(starts, codes, by_hand), edges)


def move(entry, frame, to):
    """Move the boundary at a frame, between its neighbours."""
    k, to = _place(entry, frame), _check_frame(entry, to, "to")
    starts = entry.segments.starts
    if frame == 0 or starts[k] != frame:
        raise ValueError(
            f"no boundary is at frame {frame}, the next are {_near(starts, k)}."
        )
    if frame in entry.breaks:
        raise ValueError(
            f"frame {frame} begins a part of the recording, expected a boundary."
        )
    if to == frame:
        return entry
    first, end = starts[k - 1], np.append(starts, entry.n_frames)[k + 1]
    if not first < to < end:
        raise ValueError(
            f"to is {to}, expected a frame from {first + 1} to {end - 1}, between the "
            "neighbouring boundaries; relabel makes one segment of two."
        )
    starts, codes, by_hand = map(np.copy, entry.segments)
    starts[k], by_hand[k - 1 : k + 1] = to, True
    return entry._replace(segments=Segments(starts, codes, by_hand))


def cut(entry, frame):
    """Cut a segment at a frame; both parts keep the action."""
    k = _place(entry, frame)
    starts, codes, by_hand = map(np.copy, entry.segments)
    if starts[k] == frame:
        raise ValueError(f"frame {frame} is a boundary, expected one within a segment.")
    by_hand[k] = True
    parts = Segments(
        np.insert(starts, k + 1, frame),
        np.insert(codes, k + 1, codes[k]),
        np.insert(by_hand, k + 1, True),
    )
    return entry._replace(segments=parts)


def propose(entry, predicted, confidence, n_learned):
    """Show the prediction of another model, except for segments made by hand."""
    shown, n = entry.segments, entry.n_frames
    known = frames_by_hand(shown, n)
    labels = np.where(known, labels_of(shown, n), labels_of(predicted, n))
    edges = np.r_[entry.breaks, shown.starts[shown.by_hand]]
    found = segments_of(labels, edges, known)
    before = shown if entry.changed is None else entry.changed
    is_same = np.array_equal(labels, labels_of(before, n))
    return entry._replace(
        segments=shown if is_same and before is shown else found,
        changed=None if is_same else before,
        predicted=predicted,
        confidence=confidence,
        n_learned=n_learned,
        seen=bool(known.any()),
    )


def divide(segments, action, labels):
    """Give frames of an action the codes in ``labels`` (n_frames,)."""
    found = labels_of(segments, len(labels))
    found = np.where(found == action, labels, found)
    starts = np.union1d(segments.starts, np.flatnonzero(found[1:] != found[:-1]) + 1)
    place = np.searchsorted(segments.starts, starts, "right") - 1
    return Segments(starts, found[starts], segments.by_hand[place])


def replace_code(entry, action, into):
    """Replace an action by another one, and join equal neighbours."""
    for name, own in zip(TRACKS, tracks_of(entry)):
        if action not in own.codes:
            continue
        codes = np.where(own.codes == action, into, own.codes)
        is_new = (own.codes[1:] != own.codes[:-1]) & (codes[1:] == codes[:-1])
        edges = np.flatnonzero(is_new) + 1
        entry = _joined(entry, own._replace(codes=codes), edges, name)
    return entry


def _joined(entry, segments, edges, name="segments"):
    """Join segments at edges, which are numbers of segments, but not at breaks.

    A joined segment counts as by hand if a part does.
    """
    kept = np.ones(len(segments.codes), bool)
    kept[edges] = np.isin(segments.starts[edges], entry.breaks)
    by_hand = np.logical_or.reduceat(segments.by_hand, np.flatnonzero(kept))
    joined = Segments(segments.starts[kept], segments.codes[kept], by_hand)
    return entry._replace(**{name: joined})


def _place(entry, frame):
    """Index of the segment with a frame."""
    frame = _check_frame(entry, frame, "frame")
    return int(np.searchsorted(entry.segments.starts, frame, "right")) - 1


def _check_frame(entry, frame, name):
    is_int = isinstance(frame, (int, np.integer)) and not isinstance(frame, bool)
    if not is_int or not 0 <= frame < entry.n_frames:
        raise ValueError(
            f"{name} is {short_repr(frame)}, expected a frame from 0 to "
            f"{entry.n_frames - 1}."
        )
    return int(frame)


def _near(starts, k):
    """Show the boundaries around a segment."""
    return " and ".join(str(own) for own in starts[max(k, 1) : k + 2]) or "none"


# States


def unread(n):
    """State of n unread recordings."""
    return State(-1, (), {}, (None,) * n, -1)


def with_entries(state, entries):
    """Replace some entries, by the numbers of their recordings."""
    found = list(state.entries)
    for i, entry in entries.items():
        found[i] = entry
    return state._replace(entries=tuple(found))


def with_name(state, code, name):
    """Name an action."""
    if code == BACKGROUND:
        raise ValueError(f"{BACKGROUND_NAME!r} is no action, expected one to rename.")
    is_name = isinstance(name, str) and is_line(name) and name == name.strip()
    if not is_name or name in (str(BACKGROUND), BACKGROUND_NAME):
        raise ValueError(
            f"name is {short_repr(name)}, expected text of one line without blanks "
            f"around it, other than {BACKGROUND_NAME!r} and '-1'."
        )
    if name in (own for other, own in state.names.items() if other != code):
        raise ValueError(f"{name!r} is another action; merge makes one of both.")
    return state._replace(names=state.names | {code: name})


def forget_unused(state):
    """Remove actions that neither the model nor a segment has."""
    used = {BACKGROUND, *state.actions}
    for entry in state.entries:
        for own in filter(None, (entry.segments, entry.changed)):
            used.update(own.codes.tolist())
    names = {code: name for code, name in state.names.items() if code in used}
    entries = []
    for entry in state.entries:
        codes = entry.predicted.codes
        is_known = np.isin(codes, list(names))
        if not is_known.all():
            predicted = entry.predicted._replace(codes=np.where(is_known, codes, GONE))
            entry = entry._replace(predicted=predicted)
        entries.append(entry)
    return state._replace(names=names, entries=tuple(entries))


def free_code(names):
    """Return the code of a new action."""
    return max(names) + 1


# Lines of a log


def effect(before, after):
    """Find the differences of two states, as JSON; files hold confidences."""
    found = _differing(before._replace(entries=()), after._replace(entries=()))
    pairs = enumerate(zip(before.entries, after.entries))
    entries = {i: _differing(old, new) for i, (old, new) in pairs if old is not new}
    entries = {i: fields for i, fields in entries.items() if fields}
    return found | ({"entries": entries} if entries else {})


def _differing(old, new):
    """Different fields of two tuples, as JSON."""
    found = {}
    for name, value in new._asdict().items():
        known, is_track = getattr(old, name, ()), isinstance(value, Segments)
        if name in ("confidence", "breaks") or value is known:
            continue
        if is_track or value != known:
            found[name] = [own.tolist() for own in value] if is_track else value
    return found


def restore(state, found, breaks, confidences):
    """Apply an `effect` to a state.

    ``breaks`` are by recording; ``confidences`` reads those of all by a number.
    """
    entries = list(state.entries)
    for i, fields in found.pop("entries", {}).items():
        for name in TRACKS:
            if fields.get(name) is not None:
                starts, codes, by_hand = map(np.array, fields[name])
                fields[name] = Segments(starts, codes, by_hand)
        i = int(i)
        if entries[i] is None:
            entries[i] = Entry(breaks=breaks[i], confidence=None, **fields)
        else:
            entries[i] = entries[i]._replace(**fields)
    if "names" in found:
        found["names"] = {int(code): name for code, name in found["names"].items()}
    if "actions" in found:
        found["actions"] = tuple(found["actions"])
    if "reading" in found:
        pairs = zip(entries, confidences(found["reading"]))
        entries = [entry._replace(confidence=own) for entry, own in pairs]
    return state._replace(entries=tuple(entries), **found)
