"""Models of a review: their words, what they read, what they are taught."""

from copy import copy

import numpy as np

from skl_tot.recordings.errors import errors_of_recording
from skl_tot.recordings.labels import BACKGROUND, UNKNOWN_NAME
from skl_tot.recordings.names import default_names
from skl_tot.review.state import free_code, labels_of, segments_of

# Frames that a model is taught with at most, beside those of recordings with labels:
# others say how frames are spread, for which some of very many do.
MAX_TAUGHT = 100_000


def with_words(model):
    """Fitted model whose actions are called by distinct text, without ``labels_``."""
    from skl_tot.corrections import rename
    from skl_tot.corrections.editing import with_last
    from skl_tot.methods.pipelines import segmenter_of, shown_labels

    segmenter = copy(segmenter_of(model))
    vars(segmenter).pop("labels_", None)  # of all frames, which are not needed
    words = []
    for word in default_names(shown_labels(segmenter).tolist(), "action").values():
        words.append(word if word not in words else f"{word} ({len(words)})")
    return rename(with_last(model, segmenter), words)


def actions_of(model):
    """Names of the actions of a model, as a list."""
    from skl_tot.methods.pipelines import segmenter_of

    return segmenter_of(model).actions_.tolist()


def in_words(model, state):
    """Model whose actions have the names of a state."""
    from skl_tot.corrections import rename

    words = [state.names[code] for code in state.actions]
    return model if words == actions_of(model) else rename(model, words)


def add_codes(names, words):
    """Codes of words, and the names with those that are new."""
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
    from skl_tot.methods.pipelines import path_confidence, read_videos

    with errors_of_recording(i, recordings.names[i]):
        (reading,) = read_videos(model, recordings.select([i]))
        n_frames = len(recordings.arrays[i])
        if len(reading.path) != n_frames:
            raise ValueError(
                f"the model labels {len(reading.path)} of {n_frames} frames, expected "
                "a label for each."
            )
    path = np.array([*codes, BACKGROUND])[reading.path]
    confidence = path_confidence(reading).astype(np.float16)
    segments = segments_of(path, recordings.breaks_of(i), np.zeros(n_frames, bool))
    return segments, confidence, reading


def known_words(entry, names):
    """Names (n_frames,) of what people say of a recording, "" where they do not."""
    words = np.array([names[code] for code in entry.segments.codes.tolist()])
    if not entry.checked:
        words = np.where(entry.segments.by_hand, words, UNKNOWN_NAME)
    return labels_of(entry.segments._replace(codes=words), entry.n_frames)


def teach(model, recordings, state):
    """Model that has learned what people say, as `skl_tot.corrections.refine` does.

    It sees the recordings with labels, and of the others as many, evenly, as have
    `MAX_TAUGHT` frames.
    """
    from skl_tot.corrections import refine

    entries = state.entries
    is_known = [bool(e.checked or e.segments.by_hand.any()) for e in entries]
    if not any(is_known):
        raise ValueError(
            "no recording is checked and no segment is made by hand, expected some to "
            "learn from."
        )
    chosen = sample(recordings.lengths, np.array(is_known))
    words = [
        known_words(entries[i], state.names) if is_known[i] else None for i in chosen
    ]
    return with_words(refine(model, recordings.select(chosen), words))


def sample(lengths, is_known):
    """Numbers of recordings that are known, and of others up to `MAX_TAUGHT` frames."""
    others = np.flatnonzero(~is_known)
    if len(others):
        n = min(len(others), int(MAX_TAUGHT / lengths[others].mean()))
        places = np.linspace(0, len(others) - 1, n).round().astype(int)
        others = others[places]
    return np.union1d(np.flatnonzero(is_known), others)
