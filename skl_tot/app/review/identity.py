"""Identity of a review: its recordings, model, steps and labels."""

import hashlib
import itertools
import re

import joblib  # type: ignore[import-untyped]
import numpy as np

from skl_tot.methods.pipelines import last_step, steps_of, with_last
from skl_tot.recordings.errors import one_line, short_repr


class OtherReview(ValueError):
    """A folder has the review of other recordings, labels or models."""


def describe_beginning(recordings, model, labels, learner):
    """Describe the start of a review, as JSON that identifies it."""
    rows = []  # names, frames of files, stops, and digests without these
    for i, stops in enumerate(stops_of(recordings)):
        n_frames = len(recordings.arrays[i]) + sum(end - start for start, end in stops)
        rows.append([recordings.names[i], n_frames, stops, digest_of(recordings, i)])
    steps = [one_line(step) for _, step in steps_of(learner)[:-1]]
    pauses = (recordings.read_options or {}).get("pauses")
    about = {"recordings": rows, "steps": steps, "pauses": pauses}
    if model is not None:
        about |= {"model": joblib.hash(model), "settings": settings_of(model)}
    if labels is not None:
        about["labels"] = list(map(joblib.hash, labels))
    return about


def stops_of(recordings):
    """First frame and end of each stop of each recording, as lists of lists."""
    stops = recordings.stops or [[]] * len(recordings)
    return [np.reshape(x, (-1, 4))[:, :2].astype(int).tolist() for x in stops]


def digest_of(recordings, i):
    """Digest of all frames of a recording, its clock and breaks, in float64."""
    array, clock = recordings.arrays[i], (recordings.edges(i), recordings.breaks_of(i))
    rows, width = getattr(array, "iloc", array), np.size(array[:1])
    digest = hashlib.blake2b(b"%d" % width, digest_size=16)
    step = max(1, 2**19 // max(1, width))  # so many values at once, to save memory
    blocks = (rows[k : k + step] for k in range(0, len(array), step))
    for values in (*blocks, *clock):
        digest.update(np.ascontiguousarray([] if values is None else values, "<f8"))
    return digest.hexdigest()


def settings_of(model):
    """Text of the settings of a model other than defaults, without a guide."""
    if last_step(model).is_taught:  # labels are checked separately
        model = with_last(model, last_step(model).estimator)
    return re.sub(" at 0x[0-9A-Fa-f]+", "", one_line(model))  # of functions


def check_beginning(about, expected, folder):
    """Refuse the log of another review; model and labels are optional."""
    for key, value in expected.items():
        # a model has its steps; if it is to learn, others may follow
        may_change = key == "pauses" or (key == "steps" and "model" not in about)
        if about.get(key) == value or may_change:
            continue
        shown = f" {about.get(key)}, got {value}"
        shown = shown if key in ("settings", "steps") else ""
        if key == "recordings":
            pairs = itertools.zip_longest(about[key], value, fillvalue=[])
            pairs = [(x, y) for x, y in pairs if x != y]
            # without other stops, a recording has other frames
            odd = [y or x for x, y in pairs if x[:2] != y[:2] or x[2] == y[2]]
            if not odd:
                continue
            shown = f", as {short_repr(odd[0][0])} shows"
        if key == "labels" and key in about:
            # those of recordings with other stops are of other frames
            rows = zip(about["recordings"], expected["recordings"], about[key], value)
            if all(x == y for one, other, x, y in rows if one == other):
                continue
        text = f"{folder} has a review of other {key}{shown}"
        raise OtherReview(f"{text}; expected the same, or another folder as out.")
