"""Models of a review: their words, what they read, what they are taught."""

from copy import copy

import numpy as np

from skl_tot.corrections import merge, refine, rename, split
from skl_tot.corrections.editing import with_last
from skl_tot.corrections.names import names_of_halves
from skl_tot.corrections.questions import order_to_review
from skl_tot.meta.known_labels import read_labels
from skl_tot.methods.pipelines import (
    path_confidence,
    read_videos,
    segmenter_of,
    shown_labels,
)
from skl_tot.recordings.errors import errors_of_recording
from skl_tot.recordings.labels import BACKGROUND, UNKNOWN, UNKNOWN_NAME
from skl_tot.recordings.matching import arrange_each
from skl_tot.recordings.names import default_names
from skl_tot.review.state import (
    TRACKS,
    Entry,
    divide,
    frames_by_hand,
    free_code,
    labels_of,
    replace_code,
    segments_of,
    shows,
    tracks_of,
    words_of,
)

# Frames of recordings that a model learns from: those with labels, and of the others so
# many in all, or at least the second number, as they say only how frames are spread.
TAUGHT = 100_000, 20_000


def with_words(model):
    """Fitted model whose actions are called by distinct text, without ``labels_``."""
    segmenter = copy(segmenter_of(model))
    vars(segmenter).pop("labels_", None)  # of all frames, which are not needed
    words = []
    for word in default_names(shown_labels(segmenter).tolist(), "action").values():
        words.append(word if word not in words else f"{word} ({len(words)})")
    return rename(with_last(model, segmenter), words)


def actions_of(model):
    """Names of the actions of a model, as a list."""
    return segmenter_of(model).actions_.tolist()


def in_words(model, state):
    """Model whose actions have the names of a state."""
    words = [state.names[code] for code in state.actions]
    return model if words == actions_of(model) else rename(model, words)


def add_codes(names, words):
    """Codes of words, and the names with those that are new.

    >>> add_codes({-1: "background", 0: "cut"}, ["pour", "cut"])
    ((1, 0), {-1: 'background', 0: 'cut', 1: 'pour'})
    """
    names, codes = dict(names), []
    known = {name: code for code, name in names.items()}
    for word in words:
        if word not in known:
            known[word] = free_code(names)
            names[known[word]] = word
        codes.append(known[word])
    return tuple(codes), names


def read(model, recordings, i, codes):
    """Read a recording: its segments, in codes of actions, and what was read."""
    with errors_of_recording(i, recordings.names[i]):
        (reading,) = read_videos(model, recordings.select([i]))
        n_frames = len(recordings.arrays[i])
        if len(reading.path) != n_frames:
            raise ValueError(
                f"the model labels {len(reading.path)} of {n_frames} frames, expected "
                "a label for each."
            )
    path = np.array([*codes, BACKGROUND])[reading.path]
    segments = segments_of(path, recordings.breaks_of(i), np.zeros(n_frames, bool))
    return segments, path_confidence(reading).astype(np.float16), reading


def order(entries, signals, n):
    """Numbers of recordings to check next, see `order_to_review`."""
    # what is shown is in the words of now, predictions of what is checked are not
    n_codes = 2 + max(entry.segments.codes.max() for entry in entries)
    counts = []
    for entry in entries:
        lengths = np.diff(entry.segments.starts, append=entry.n_frames)
        counts.append(np.bincount(entry.segments.codes + 1, lengths, n_codes)[1:])
    checked = [i for i, entry in enumerate(entries) if entry.checked]
    return order_to_review(counts, signals, checked, n)


def known_words(entry, names):
    """Names (n_frames,) of what people say, "" of the rest; None if that is all."""
    if not (entry.checked or entry.segments.by_hand.any()):
        return None
    words = words_of(entry, names)
    if entry.checked:
        return words
    return np.where(frames_by_hand(entry.segments, entry.n_frames), words, UNKNOWN_NAME)


def teach(model, recordings, state):
    """Model that has learned what people say, as `skl_tot.corrections.refine` does.

    It sees the recordings with labels, and some others, see `sample`.
    """
    words = [known_words(entry, state.names) for entry in state.entries]
    is_known = np.array([own is not None for own in words])
    if not is_known.any():
        raise ValueError(
            "no recording is checked and no segment is made by hand, expected some to "
            "learn from."
        )
    chosen = sample(recordings.lengths, is_known)
    words = [words[i] for i in chosen]
    return with_words(refine(model, recordings.select(chosen), words))


def sample(lengths, is_known):
    """Numbers of recordings that are known and of others, evenly, for `TAUGHT` frames.

    >>> sample(np.full(9, 20_000), np.arange(9) == 4).tolist()
    [0, 2, 4, 6, 8]
    """
    others = np.flatnonzero(~is_known)
    n_frames = max(TAUGHT[0] - lengths[is_known].sum(), TAUGHT[1])
    n = min(len(others), int(n_frames / lengths[others].mean())) if len(others) else 0
    places = np.linspace(0, len(others) - 1, n).round().astype(int)
    return np.union1d(np.flatnonzero(is_known), others[places])


def merged(state, model, action, into):
    """State and model, or None, after an action has become another one."""
    names = dict(state.names)
    word, other = names.pop(action), names[into]
    actions, found = list(state.actions), None
    if action in actions and into in actions:
        found = merge(model, [other, word])
        actions, _ = add_codes(names, actions_of(found))
    elif action in actions and into == BACKGROUND:
        raise ValueError(
            f"the model finds {word!r} and no background; relabel segments of it, and "
            "let the model learn."
        )
    elif action in actions:
        actions[actions.index(action)] = into
    entries = tuple(replace_code(entry, action, into) for entry in state.entries)
    after = state._replace(names=names, actions=tuple(actions), entries=entries)
    return after, found


def halved(state, model, action, recordings):
    """State, but for its entries, and model after an action has become two."""
    word, k = state.names[action], state.actions.index(action)
    chosen = np.flatnonzero([shows(entry, action) for entry in state.entries])
    chosen = chosen[sample(recordings.lengths[chosen], np.zeros(len(chosen), bool))]
    found = split(model, word, recordings.select(chosen))
    words = list(state.names.values())
    place, other = words.index(word), free_code(state.names)
    halves = names_of_halves(np.array(words), place, 2)[place : place + 2].tolist()
    names = state.names | dict(zip([action, other], halves))
    actions = (*state.actions[: k + 1], other, *state.actions[k + 1 :])
    after = state._replace(names=names, actions=actions)
    return after, in_words(found, after)


def read_halves(entry, recordings, i, model, codes, k):
    """Entry whose frames of ``codes[0]`` have the half of it that the model reads.

    Halves are the actions ``k`` and ``k + 1`` of the model.
    """
    _, _, reading = read(model, recordings, i, range(segmenter_of(model).n_actions_))
    own = reading.posterior[:, k : k + 2]
    path = np.where(np.isin(reading.path, (k, k + 1)), reading.path - k, UNKNOWN)
    changed, confidence = {}, entry.confidence
    for name, track in zip(TRACKS, tracks_of(entry)):
        halves = fill_halves(track, codes[0], path, own)
        changed[name] = divide(track, codes[0], np.array(codes)[halves])
        if name == "predicted":
            is_own = labels_of(track, entry.n_frames) == codes[0]
            found = own[np.arange(len(own)), halves].clip(0, 1)
            confidence = np.where(is_own, found, confidence).astype(np.float16)
    return entry._replace(**changed, confidence=confidence)


def fill_halves(track, action, path, posterior):
    """Half (n_frames,), 0 or 1, of the frames of segments of an action.

    It is that of ``path``, or else the nearest in the segment, or else the likelier one
    of all frames of the segment.

    >>> from skl_tot.review.state import Segments
    >>> track = Segments(np.array([0, 4]), np.array([7, 7]), np.zeros(2, bool))
    >>> path, posterior = np.array([-1, 0, -1, 1, -1]), np.array([[0.25, 0.75]] * 5)
    >>> fill_halves(track, 7, path, posterior).tolist()
    [0, 0, 0, 1, 1]
    """
    halves = np.maximum(path, 0)
    ends = np.append(track.starts[1:], len(path))
    for start, end in zip(
        track.starts[track.codes == action], ends[track.codes == action]
    ):
        known = start + np.flatnonzero(path[start:end] != UNKNOWN)
        if len(known):
            nearest = np.searchsorted(
                (known[1:] + known[:-1]) / 2, np.arange(start, end)
            )
            halves[start:end] = path[known[nearest]]
        else:
            halves[start:end] = posterior[start:end].sum(axis=0).argmax()
    return halves


def known_words_of(labels, recordings):
    """Names (n_frames,), by recording, of what labels of people say, "" of unknown.

    Numbers are called as those of models are.
    """
    y = arrange_each(labels, recordings, "labels", of_some=True)
    values, classes = read_labels(y, recordings, int(recordings.lengths.sum()))
    is_number = [str(label).isdecimal() for label in classes.tolist()]
    words = [f"action {x}" if n else x for x, n in zip(classes.tolist(), is_number)]
    words = np.array([*words, UNKNOWN_NAME])  # the last is of code -1
    return [words[own] for own in values]


def first_entry(model, recordings, i, state, words):
    """Read a recording, of which ``words`` (n_frames,) say what is known, or None."""
    segments, confidence, _ = read(model, recordings, i, state.actions)
    breaks, n = recordings.breaks_of(i), len(confidence)
    entry = Entry(n, breaks, segments, segments, confidence, state.n_learned)
    if words is None:
        return entry
    own, places = np.unique(words, return_inverse=True)
    codes, _ = add_codes(state.names, own.tolist())
    known = words != UNKNOWN_NAME
    labels = np.where(known, np.array(codes)[places], labels_of(segments, n))
    is_all = bool(known.all())
    shown = segments_of(labels, breaks, known)
    return entry._replace(segments=shown, checked=(i + 1) * is_all, seen=is_all)
