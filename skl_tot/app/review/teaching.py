"""Models of a review: names, predictions, learning."""

from copy import copy

import numpy as np

from skl_tot import corrections
from skl_tot.app.review import state as states
from skl_tot.app.review.state import TRACKS, Entry
from skl_tot.app.web import DOUBTFUL
from skl_tot.corrections.editing import names_of_parts
from skl_tot.corrections.questions import order_with_gains
from skl_tot.methods.pipelines import (
    decode_recordings,
    path_boundaries,
    path_confidence,
    segmenter_of,
    shown_labels,
    with_last,
)
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import errors_of_recording
from skl_tot.recordings.labels import (
    BACKGROUND,
    UNKNOWN,
    UNKNOWN_NAME,
    arrange_each,
    read_labels,
)
from skl_tot.recordings.names import default_names
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.deviations import compare_bouts, cut_cycles

# Frames that a model learns from: all with labels; others up to this total, at least
# the second number, as they only determine the spread of frames.
TAUGHT = 100_000, 20_000


def with_words(model):
    """Fitted model with distinct text names of actions, without ``labels_``."""
    segmenter = copy(segmenter_of(model))
    vars(segmenter).pop("labels_", None)  # not needed
    words, shown = [], shown_labels(segmenter).tolist()
    for word in default_names(shown, "action").values():
        words.append(word if word not in words else f"{word} ({len(words)})")
    return corrections.rename(with_last(model, segmenter), words)


def actions_of(model):
    """Names of the actions of a model, as a list."""
    return segmenter_of(model).actions_.tolist()


def with_names_of(model, state):
    """Model with the names of a state."""
    words = [state.names[code] for code in state.actions]
    return model if words == actions_of(model) else corrections.rename(model, words)


def add_codes(names, words):
    """Codes of words, and the names with new ones added."""
    names, codes = dict(names), []
    known = {name: code for code, name in names.items()}
    for word in words:
        if word not in known:
            known[word] = states.free_code(names)
            names[known[word]] = word
        codes.append(known[word])
    return tuple(codes), names


def predict_recording(model, recordings, i, codes):
    """Predict a recording: segments in codes, confidence, boundaries, and `Decoded`."""
    with errors_of_recording(i, recordings.names[i]):
        (decoded,) = decode_recordings(model, recordings.select([i]))
        n_frames = len(recordings.arrays[i])
        if len(decoded.path) != n_frames:
            text = f"the model labels {len(decoded.path)} of {n_frames} frames"
            raise ValueError(f"{text}, expected a label for each.")
    path = np.array([*codes, BACKGROUND])[decoded.path]
    breaks = recordings.breaks_of(i)
    segments = states.segments_of(path, breaks, np.zeros(n_frames, bool))
    edges = path_boundaries(model, decoded, breaks)
    return segments, path_confidence(decoded).astype(np.float16), edges, decoded


def find_cycles(entries, circle):
    """Table of cycles of recordings by number, in frames; None if nothing repeats."""
    labels = [states.labels_of(entry.segments, entry.n_frames) for entry in entries]
    bouts = collect_bouts(Recordings(labels, breaks=[e.breaks for e in entries]))
    if not bouts.actions:
        return None
    table, own = cut_cycles(bouts, circle)
    if len(table) <= len(entries):
        return None
    start = first_checked(entries)
    if circle is None and start in bouts.actions:  # cycles stay those of people
        table, own = cut_cycles(bouts, start)
    table = table.round().astype({"recording": int, "start": int, "end": int})
    return table.join(compare_bouts(own)[["score", "deviates"]])


def first_checked(entries):
    """Find the action that the first checked stretch of a recording begins with."""
    for entry in entries:
        for start, end, *_ in entry.checked:
            if (start, end) != (0, entry.n_frames):
                return states.part_of(entry.segments, start, end).codes[0].item()
    return None


def suggest(state, units, signals, n):
    """Units (recording, start, end) to check next, see `Review.next`."""
    # shown labels have current names, predictions of checked recordings do not
    entries = state.entries
    n_codes = 2 + max(0, *(entry.segments.codes.max() for entry in entries))
    with_labels = not any(map(states.is_blank, entries))  # else by signals alone
    sure = [states.confidence_of(entry) for entry in entries]
    counts, checked, doubts = [], [], []
    for k, (i, start, end) in enumerate(units):
        own = states.part_of(entries[i].segments, start, end)
        lengths = np.diff(own.starts, append=end - start) * with_labels
        codes = np.maximum(own.codes, BACKGROUND) + 1
        counts.append(np.bincount(codes, lengths, n_codes)[1:])
        if states.is_checked(entries[i], start, end):
            checked.append(k)
        elif state.n_learned:
            doubts.append((k, 1 - float(sure[i][start:end].mean(dtype=float))))
    doubts = sorted(doubts, key=lambda pair: -pair[1])[:n]
    found = []
    for k, gain in doubts or order_with_gains(counts, signals, checked, n):
        i, start, end = units[k]
        row = {"recording": i, "start": start, "end": end, "information": gain}
        row["unsure"] = float((sure[i][start:end] < DOUBTFUL).mean())
        found.append(row)
    return found


def known_words(entry, names):
    """Names (n_frames,) of labels from people, "" for others; None without any."""
    known = states.frames_known(entry)
    if not known.any():
        return None
    return np.where(known, states.words_of(entry, names), UNKNOWN_NAME)


def teach(learner, recordings, state):
    """Model by a function of recordings, all labelled and some others, and labels."""
    words = [known_words(entry, state.names) for entry in state.entries]
    is_known = np.array([own is not None for own in words])
    if not is_known.any():
        text = "no recording is checked and no segment is made by hand"
        raise ValueError(f"{text}, expected some to learn from.")
    chosen = sample(recordings.lengths, is_known)
    known = recordings.select(chosen), [words[i] for i in chosen]
    return with_words(learner(*known))


def sample(lengths, is_known):
    """Numbers of recordings with labels and of spaced others, for `TAUGHT` frames."""
    others = np.flatnonzero(~is_known)
    n_frames = max(TAUGHT[0] - lengths[is_known].sum(), TAUGHT[1])
    n = min(len(others), int(n_frames / lengths[others].mean())) if len(others) else 0
    places = np.linspace(0, len(others) - 1, n).round().astype(int)
    return np.union1d(np.flatnonzero(is_known), others[places])


def merged(state, model, action, into):
    """State and model (or None) after a merge of two actions."""
    names = dict(state.names)
    word, other = names.pop(action), names[into]
    actions, found = list(state.actions), None
    if action in actions and into in actions:
        found = corrections.merge(model, [other, word])
        actions, _ = add_codes(names, actions_of(found))
    elif action in actions and into == BACKGROUND:
        text = f"the model finds {word!r} and no background"
        raise ValueError(f"{text}; relabel segments of it, and let the model learn.")
    elif action in actions:
        actions[actions.index(action)] = into
    entries = tuple(states.replace_code(entry, action, into) for entry in state.entries)
    return state._replace(names=names, actions=tuple(actions), entries=entries), found


def halved(state, model, action, recordings):
    """State without entries, and model, after a split of an action."""
    word, k = state.names[action], state.actions.index(action)
    chosen = np.flatnonzero([states.shows(entry, action) for entry in state.entries])
    chosen = chosen[sample(recordings.lengths[chosen], np.zeros(len(chosen), bool))]
    found = corrections.split(model, word, recordings.select(chosen))
    words = list(state.names.values())
    place, other = words.index(word), states.free_code(state.names)
    halves = names_of_parts(np.array(words), place, 2)[place : place + 2].tolist()
    names = state.names | dict(zip([action, other], halves))
    actions = (*state.actions[: k + 1], other, *state.actions[k + 1 :])
    after = state._replace(names=names, actions=actions)
    return after, with_names_of(found, after)


def predict_halves(entry, recordings, i, model, codes, k):
    """Entry whose frames of ``codes[0]`` have the half of the model, ``k`` or next."""
    n_actions = segmenter_of(model).n_actions_
    *_, decoded = predict_recording(model, recordings, i, range(n_actions))
    own = decoded.posterior[:, k : k + 2]
    path = np.where(np.isin(decoded.path, (k, k + 1)), decoded.path - k, UNKNOWN)
    changed, confidence = {}, entry.confidence
    for name, track in zip(TRACKS, states.tracks_of(entry)):
        halves = fill_halves(track, codes[0], path, own)
        changed[name] = states.divide(track, codes[0], np.array(codes)[halves])
        if name == "predicted":
            is_own = states.labels_of(track, entry.n_frames) == codes[0]
            found = own[np.arange(len(own)), halves].clip(0, 1)
            confidence = np.where(is_own, found, confidence).astype(np.float16)
    return entry._replace(**changed, confidence=confidence)


def fill_halves(track, action, path, posterior):
    """Half of frames: of the path, or nearest in the segment, or likelier in it."""
    halves = np.maximum(path, 0)
    ends, is_own = np.append(track.starts[1:], len(path)), track.codes == action
    for start, end in zip(track.starts[is_own], ends[is_own]):
        known = start + np.flatnonzero(path[start:end] != UNKNOWN)
        if len(known):
            middles = (known[1:] + known[:-1]) / 2
            nearest = np.searchsorted(middles, np.arange(start, end))
            halves[start:end] = path[known[nearest]]
        else:
            halves[start:end] = posterior[start:end].sum(axis=0).argmax()
    return halves


def known_words_of(labels, recordings):
    """Names (n_frames,) by recording, "" for unknown, and all; numbers as in models."""
    y = arrange_each(labels, recordings, "labels", of_some=True)
    values, classes = read_labels(y, recordings)
    is_number = [str(label).isdecimal() for label in classes.tolist()]
    words = [f"action {x}" if n else x for x, n in zip(classes.tolist(), is_number)]
    known = np.array([*words, UNKNOWN_NAME])  # the last one for code -1
    return [known[own] for own in values], words


def first_entry(model, recordings, i, state, words):
    """Predict a recording; ``words`` (n_frames,) has known labels, or is None."""
    breaks, n = recordings.breaks_of(i), len(recordings.arrays[i])
    entry = states.blank(n, breaks)
    if model is not None:
        segments, confidence, edges, _ = predict_recording(
            model, recordings, i, state.actions
        )
        known = breaks, segments, segments, confidence, state.n_learned
        entry = Entry(n, *known, edges=edges)
    if words is None:
        return entry
    own, places = np.unique(words, return_inverse=True)
    codes, _ = add_codes(state.names, own.tolist())
    known = words != UNKNOWN_NAME
    shown = states.labels_of(entry.segments, n)
    labels = np.where(known, np.array(codes)[places], shown)
    entry = entry._replace(segments=states.segments_of(labels, breaks, known))
    if not known.all():
        return entry
    return entry._replace(checked=(states.Stretch(0, n, i + 1),), seen=((0, n),))
