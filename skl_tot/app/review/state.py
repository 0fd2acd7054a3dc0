"""State of each recording in a review, and its changes; all values are immutable."""

import itertools
from typing import NamedTuple

import numpy as np

from skl_tot.recordings.disk import is_line
from skl_tot.recordings.errors import refuse, short_repr
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, UNKNOWN_NAME


class Segments(NamedTuple):
    """Segments that cover all frames of a recording."""

    # Neighbours have different codes, except where a person cut or left a segment, and
    # at breaks of the recording.
    starts: np.ndarray  # first frames, of int; the first is 0
    codes: np.ndarray  # of actions, `BACKGROUND` or `UNLABELLED`
    by_hand: np.ndarray  # whether a person made the segment


class Stretch(NamedTuple):
    """Checked frames of a recording, from start to before end."""

    start: int
    end: int
    order: int  # position in the order of checks, from 1
    n_learned: int = 0  # checks that the predicting model had learned


class Entry(NamedTuple):
    """State of one recording."""

    n_frames: int
    breaks: np.ndarray  # first frames of new parts
    segments: Segments  # as shown
    predicted: Segments  # by the model, with later merges and splits
    confidence: np.ndarray  # (n_frames,) of the prediction
    n_learned: int = 0  # checks that the predicting model had learned
    checked: tuple = ()  # stretches in order of time, apart from each other
    seen: tuple = ()  # starts and ends of frames whose labels that model had learned
    changed: Segments | None = None  # as shown before a proposal of the model
    # predicted boundaries: first frames, and the least and greatest they may be
    edges: np.ndarray = np.empty((0, 3), int)


class State(NamedTuple):
    """State of all recordings."""

    model: int  # number of the model
    actions: tuple  # code of each action of the model
    names: dict  # by code
    entries: tuple  # of each recording; None if unread
    reading: int = 0  # number of the file of confidences
    n_learned: int = 0  # checks that the model has learned
    apart: tuple = ()  # pairs of actions that look alike, and are two


NO_NAMES = {BACKGROUND: BACKGROUND_NAME}
TRACKS = ("segments", "predicted", "changed")  # fields of an `Entry` that are Segments
GONE = -2  # code of a removed action in predictions
UNLABELLED = -3  # code of frames that neither a model nor a person has labelled
MOST_NEW = 9  # actions that are made at once, as there are so many digits
KNOWN = ("n_frames", "breaks", "confidence")  # fields of an `Entry` outside of its JSON


def tracks_of(entry):
    """Segments of an entry: as shown, predicted, and before a change, if any."""
    return [own for own in (getattr(entry, name) for name in TRACKS) if own is not None]


def blank(n_frames, breaks):
    """Entry of a recording without any label, and without doubt."""
    labels, by_hand = np.full(n_frames, UNLABELLED), np.zeros(n_frames, bool)
    segments = segments_of(labels, breaks, by_hand)
    return Entry(n_frames, breaks, segments, segments, np.ones(n_frames, np.float16))


def is_blank(entry):
    """Whether some frames of a recording have no label."""
    return UNLABELLED in entry.segments.codes


def shows(entry, code):
    """Whether a segment has a code."""
    return any(code in own.codes for own in tracks_of(entry))


def segments_of(labels, edges, by_hand):
    """Segments of labels, which also end at edges; people made those by hand."""
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


def frames_checked(entry):
    """Whether each frame (n_frames,) is checked."""
    return _is_in(entry.checked, entry.n_frames)


def _is_in(spans, n_frames):
    found = np.zeros(n_frames, bool)
    for start, end, *_ in spans:
        found[start:end] = True
    return found


def frames_known(entry):
    """Whether a person gave or checked the label of each frame (n_frames,)."""
    told = frames_by_hand(entry.segments, entry.n_frames) | frames_checked(entry)
    return told & (labels_of(entry.segments, entry.n_frames) != UNLABELLED)


def is_checked(entry, start=0, end=None):
    """Whether all frames of a recording, or from start to before end, are checked."""
    end = entry.n_frames if end is None else end
    return not without([(start, end)], entry.checked)


def without(spans, others):
    """Spans (start, end, more) without the frames of other ones."""
    for start, end, *_ in others:
        parts = []
        for first, last, *rest in spans:
            parts += (first, min(last, start), *rest), (max(first, end), last, *rest)
        spans = [part for part in parts if part[0] < part[1]]
    return spans


def part_of(segments, start, end):
    """Segments between two frames, counted from the first one."""
    first, last = np.searchsorted(segments.starts, [start, end - 1], "right")
    starts, *rest = (own[first - 1 : last] for own in segments)
    return Segments(np.maximum(starts - start, 0), *rest)


def words_of(entry, names):
    """Name (n_frames,) of the shown label of each frame."""
    names = names | {UNLABELLED: UNKNOWN_NAME}
    words = np.array([names[code] for code in entry.segments.codes.tolist()])
    return labels_of(entry.segments._replace(codes=words), entry.n_frames)


def confidence_of(entry):
    """Confidence (n_frames,) of the shown labels: 1 for labels from a person."""
    if not entry.checked and not entry.segments.by_hand.any():
        return entry.confidence
    one = entry.confidence.dtype.type(1)
    return np.where(frames_known(entry), one, entry.confidence)


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
        near = " and ".join(map(str, starts[max(k, 1) : k + 2])) or "none"
        raise ValueError(f"no boundary is at frame {frame}, the next are {near}.")
    if frame in entry.breaks:
        raise ValueError(f"frame {frame} begins a part of the recording; it stays.")
    if to == frame:
        return entry
    first, end = starts[k - 1], np.append(starts, entry.n_frames)[k + 1]
    if not first < to < end:
        expected = f"a frame from {first + 1} to {end - 1}, between other boundaries"
        refuse("to", to, f"{expected}; relabel makes one segment of two")
    starts, codes, by_hand = map(np.copy, entry.segments)
    starts[k], by_hand[k - 1 : k + 1] = to, codes[k - 1 : k + 1] != UNLABELLED
    checked = _moved(entry.checked, frame, to)
    return entry._replace(segments=Segments(starts, codes, by_hand), checked=checked)


def _moved(stretches, frame, to):
    """Stretches whose starts and ends go with a boundary, in order and apart."""
    found, last = [], 0
    for own in stretches:
        start, end = (to if place == frame else place for place in own[:2])
        own = own._replace(start=max(start, last), end=end)
        if own.start < own.end:
            found.append(own)
            last = own.end
    return tuple(found)


def cut(entry, frame):
    """Cut a segment at a frame; both parts keep the action."""
    k = _place(entry, frame)
    starts, codes, by_hand = map(np.copy, entry.segments)
    if starts[k] == frame:
        raise ValueError(f"frame {frame} is a boundary, expected one within a segment.")
    by_hand[k] = codes[k] != UNLABELLED
    pairs = (starts, frame), (codes, codes[k]), (by_hand, by_hand[k])
    parts = Segments(*(np.insert(own, k + 1, value) for own, value in pairs))
    return entry._replace(segments=parts)


def assign(entry, start, end, code):
    """Give frames from a start to before an end an action; join equal neighbours."""
    start = _check_frame(entry, start, "start")
    end = _check_end(entry, start, end)
    own, n = entry.segments, entry.n_frames
    labels, by_hand = labels_of(own, n), frames_by_hand(own, n)
    labels[start:end], by_hand[start:end] = code, True
    edges = np.array([start, end % n])
    kept = own.starts[(own.starts < start) | (own.starts > end)]
    starts = np.union1d(np.concatenate([kept, entry.breaks.astype(int)]), edges)
    found = Segments(starts, labels[starts], by_hand[starts])
    at = np.searchsorted(starts, edges)
    is_same = found.codes[at] == found.codes[at - 1]
    return _joined(entry, found, at[(at > 0) & is_same])


def bounds_of(entry):
    """Intervals (n, 3) of shown boundaries that no person gave, as in ``edges``."""
    known, at = frames_known(entry), entry.segments.starts
    at = at[~(known[at] | known[at - 1])]
    return entry.edges[np.isin(entry.edges[:, 0], at)]


def share_blank(entry, start, end):
    """Share of frames to check that have no label, which may not be all."""
    start, end = _check_frame(entry, start, "start"), _check_end(entry, start, end)
    share = np.mean(labels_of(entry.segments, entry.n_frames)[start:end] == UNLABELLED)
    if share == 1:
        text = f"no frame from {start} to {end - 1} has a label, expected some to check"
        raise ValueError(f"{text}; press a digit, or hold it while it plays.")
    return share


def check(entry, start, end, order):
    """Mark frames with labels as checked, and keep changes by learning in them."""
    start, end = _check_frame(entry, start, "start"), _check_end(entry, start, end)
    starts, codes, _ = entry.segments
    spans = np.stack([starts, np.append(starts[1:], entry.n_frames)], axis=1)
    others = [*entry.checked, *spans[codes == UNLABELLED].tolist()]
    new = without([(start, end, order, entry.n_learned)], others)
    stretches = sorted([*entry.checked, *(Stretch(*own) for own in new)])
    entry = entry._replace(checked=tuple(stretches))
    if not new or entry.changed is None:
        return entry
    before = _mixed(entry, entry.segments, entry.changed, frames_checked(entry))
    is_same = is_checked(entry) or _are_equal(entry, entry.segments, before)
    return entry._replace(changed=None if is_same else before)


def uncheck(entry, start, end):
    """Remove the mark of checked frames."""
    start, end = _check_frame(entry, start, "start"), _check_end(entry, start, end)
    left = without(entry.checked, [(start, end)])
    return entry._replace(checked=tuple(Stretch(*own) for own in left))


def propose(entry, predicted, confidence, edges, n_learned):
    """Show the prediction of another model, except where people gave or checked it."""
    shown, known, is_kept = entry.segments, frames_known(entry), frames_checked(entry)
    found = _mixed(entry, shown, predicted, known)
    before = shown if entry.changed is None else entry.changed
    # the prediction before a check stays, to be compared with the checked labels
    predicted = _mixed(entry, entry.predicted, predicted, is_kept)
    learned = np.where(is_kept, _is_in(entry.seen, entry.n_frames), known)
    ends = np.flatnonzero(np.diff(learned, prepend=False, append=False))
    seen = tuple(map(tuple, ends.reshape(-1, 2).tolist()))
    new = {"predicted": predicted, "confidence": confidence, "n_learned": n_learned}
    new |= {"edges": edges, "segments": found, "changed": before, "seen": seen}
    if is_blank(entry):  # there is nothing to take back
        new["changed"] = None
    elif _are_equal(entry, found, before):
        new |= {"segments": shown if before is shown else found, "changed": None}
    return entry._replace(**new)


def _are_equal(entry, *pair):
    return np.array_equal(*(labels_of(own, entry.n_frames) for own in pair))


def _mixed(entry, one, other, is_one):
    """Segments of one track in some frames (n_frames,), and of another in the rest."""
    labels, by_hand, edges = [], [], [entry.breaks]
    for own, is_own in ((one, is_one), (other, ~is_one)):
        labels.append(labels_of(own, entry.n_frames))
        by_hand.append(frames_by_hand(own, entry.n_frames))
        edges.append(own.starts[own.by_hand & is_own[own.starts]])
    labels, by_hand = (np.where(is_one, *own) for own in (labels, by_hand))
    return segments_of(labels, np.concatenate(edges), by_hand)


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
        codes = np.where(own.codes == action, into, own.codes)
        is_new = (own.codes[1:] != own.codes[:-1]) & (codes[1:] == codes[:-1])
        edges = np.flatnonzero(is_new) + 1
        if action in own.codes:
            entry = _joined(entry, own._replace(codes=codes), edges, name)
    return entry


def _joined(entry, segments, edges, name="segments"):
    """Join segments at edges but not at breaks; one part by hand makes all of it so."""
    kept = np.ones(len(segments.codes), bool)
    kept[edges] = np.isin(segments.starts[edges], entry.breaks)
    by_hand = np.logical_or.reduceat(segments.by_hand, np.flatnonzero(kept))
    joined = Segments(segments.starts[kept], segments.codes[kept], by_hand)
    return entry._replace(**{name: joined})


def _place(entry, frame):
    frame = _check_frame(entry, frame, "frame")
    return int(np.searchsorted(entry.segments.starts, frame, "right")) - 1


def _check_frame(entry, frame, name):
    if not _is_int(frame) or not 0 <= frame < entry.n_frames:
        refuse(name, frame, f"a frame from 0 to {entry.n_frames - 1}")
    return int(frame)


def _check_end(entry, start, end):
    if not _is_int(end) or not start < end <= entry.n_frames:
        refuse("end", end, f"a frame from {start + 1} to {entry.n_frames}, exclusive")
    return int(end)


# States


def find_recording(names, recording):
    """Find the number of a recording that is given by name or number."""
    if isinstance(recording, str) and recording in names:
        return names.index(recording)
    if not _is_int(recording) or not 0 <= recording < len(names):
        expected = f"a number from 0 to {len(names) - 1}, or one of {short_repr(names)}"
        refuse("recording", recording, expected)
    return int(recording)


def find_action(state, action):
    """Find the code of an action that is given by name or code."""
    codes = {name: code for code, name in state.names.items()}
    if isinstance(action, str) and action in codes:
        return codes[action]
    if _is_int(action) and action in state.names:
        return int(action)
    known = short_repr([name for name in codes if name != BACKGROUND_NAME])
    raise ValueError(f"there is no action {short_repr(action)}, only {known}.")


def found_or_new(state, action):
    """State and code of an action; a new name makes one, a new code those up to it."""
    code = free_code(state.names)
    if isinstance(action, str) and action not in state.names.values():
        return with_name(state, code, action), code
    if _is_int(action) and code <= action < code + MOST_NEW:
        return state._replace(names=with_new(state.names, action + 1 - code)), action
    return state, find_action(state, action)


def with_new(names, n):
    """Names with those of so many new actions, "action 0" and further ones."""
    words = (f"action {k}" for k in itertools.count())
    free = (word for word in words if word not in names.values())
    first = free_code(names)
    return names | dict(zip(range(first, first + n), free))


def check_count(n):
    """Refuse a number of results that is no integer from 0."""
    if not _is_int(n) or n < 0:
        refuse("n", n, "an integer from 0")


def _is_int(value):
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def unread(n):
    """State of n unread recordings."""
    return State(-1, (), {}, (None,) * n, -1)


def orders_of(entries):
    """Positions of all checks in their order."""
    return {own.order for entry in entries for own in entry.checked}


def with_entries(state, entries):
    """Replace some entries, by the numbers of their recordings."""
    found = (entries.get(i, entry) for i, entry in enumerate(state.entries))
    return state._replace(entries=tuple(found))


def with_name(state, code, name):
    """Name an action."""
    if code == BACKGROUND:
        raise ValueError(f"{BACKGROUND_NAME!r} is no action, expected one to rename.")
    is_name = isinstance(name, str) and is_line(name) and name == name.strip()
    if not is_name or name in (str(BACKGROUND), BACKGROUND_NAME):
        text = "text of one line without blanks around it"
        refuse("name", name, f"{text}, other than {BACKGROUND_NAME!r} and '-1'")
    if name in (own for other, own in state.names.items() if other != code):
        raise ValueError(f"{name!r} is another action; merge makes one of both.")
    return state._replace(names=state.names | {code: name})


def forget_unused(state):
    """Remove actions that neither the model nor a segment has."""
    used = {BACKGROUND, *state.actions}
    for entry in state.entries:
        for own in filter(None, (entry.segments, entry.changed)):
            used.update(own.codes.tolist())
    names, entries = {k: name for k, name in state.names.items() if k in used}, {}
    for i, entry in enumerate(state.entries):
        codes = entry.predicted.codes
        known = np.where(np.isin(codes, [UNLABELLED, *names]), codes, GONE)
        if (known != codes).any():
            entries[i] = entry._replace(predicted=entry.predicted._replace(codes=known))
    return with_entries(state._replace(names=names), entries)


def free_code(names):
    """Return the code of a new action."""
    return max(names) + 1


# Rows of a log


def effect(before, after):
    """Find the differences of two states, as JSON; files hold confidences."""
    found = _differing(before._replace(entries=()), after._replace(entries=()))
    pairs = enumerate(zip(before.entries, after.entries))
    changed = {i: _differing(*pair) for i, pair in pairs if pair[0] is not pair[1]}
    entries = {i: fields for i, fields in changed.items() if fields}
    return found | ({"entries": entries} if entries else {})


def _differing(old, new):
    found = {}
    for name, value in new._asdict().items():
        known = getattr(old, name, ())
        if name in KNOWN or value is known:
            continue
        if isinstance(value, Segments):
            found[name] = [own.tolist() for own in value]
        elif isinstance(value, np.ndarray):
            found[name] = value.tolist()
        elif value != known:
            found[name] = value
    return found


def restore(state, found, recordings, confidences):
    """Apply an `effect` to a state; ``confidences`` of all recordings may be None."""
    entries = list(state.entries)
    if "names" in found:
        found["names"] = {int(code): name for code, name in found["names"].items()}
    if "actions" in found:
        found["actions"] = tuple(found["actions"])
    if "apart" in found:
        found["apart"] = tuple(map(tuple, found["apart"]))
    for key, fields in found.pop("entries", {}).items():
        i, n_frames = int(key), int(recordings.lengths[int(key)])
        for name, make in (("checked", Stretch._make), ("seen", tuple)):
            if name in fields:
                fields[name] = tuple(map(make, fields[name]))
        for name in TRACKS:
            if fields.get(name) is not None:
                fields[name] = Segments(*map(np.array, fields[name]))
        if "edges" in fields:
            fields["edges"] = np.array(fields["edges"], int).reshape(-1, 3)
        if entries[i] is None:
            fields |= {"breaks": recordings.breaks_of(i), "confidence": None}
            entries[i] = Entry(n_frames, **fields)
        else:
            entries[i] = entries[i]._replace(**fields)
    if confidences is not None:
        pairs = zip(entries, confidences)
        entries = [entry._replace(confidence=own) for entry, own in pairs]
    return state._replace(entries=tuple(entries), **found)
