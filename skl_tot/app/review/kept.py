"""Labels of people in a review, for commands that take its folder or its model."""

import contextlib

import numpy as np

from skl_tot import io
from skl_tot.app.review import find_review, history, teaching
from skl_tot.app.review.accuracy import measure
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import one_line, short_repr
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, UNKNOWN_NAME


class Kept:
    """Model of a path, and the labels of people if the path is of a review."""

    def __init__(self, path):
        folder, self.entries = find_review(path), {}  # with digests, by recording
        if folder is None:
            self.model = io.load_model(path)
            return
        about = history.beginning_of(folder)
        if about is None:
            text = f"{one_line(folder)} has a review that has not begun"
            raise ValueError(f"{text}; open it again, so that it reads its recordings.")
        history.check_beginning(about, {}, one_line(folder))
        names, lengths, digests = zip(*about["recordings"])
        frames = Recordings([np.empty((n, 0)) for n in lengths], names)
        changes = history.History(None, frames, folder)
        with contextlib.closing(changes.log):
            changes.restore({})
            self.state = changes.state
            model = changes.model(self.state.model)
        self.model = teaching.with_names_of(model, self.state)
        self.entries = dict(zip(names, zip(digests, self.state.entries)))

    def labels(self, videos, words=None):
        """Labels of people for recordings, and the accuracy of the rest; print which.

        The labels are names (n_frames,) for each recording, "" for other frames, or
        None; ``words`` name the actions of the model. Recordings are those of the
        review if names and digests are. The accuracy is that of all of the review.
        """
        told, others, n_same = [None] * len(videos), [], 0
        if not self.entries:
            return told, None
        names, places = self.state.names, {k: i for i, k in enumerate(videos.names)}
        if words is not None:
            shown = dict(zip(teaching.actions_of(self.model), words.tolist()))
            names = {code: shown.get(name, name) for code, name in names.items()}
        for name, (digest, entry) in self.entries.items():
            labels, i = teaching.known_words(entry, names), places.get(name)
            if i is not None and history.digest_of(videos, i) == digest:
                told[i], n_same = labels, n_same + 1
            elif i is not None and labels is not None:
                others.append(name)
        _print_kept(told)
        if others:
            text = "Predicted, as the frames are not those that people labelled"
            print(f"{text}: {short_repr(others)}.")
        if not n_same == len(told) == len(self.entries):
            return told, None
        return told, measure(self.state.entries, self.state.n_learned)


def put_labels(told, labels, confidence, boundaries):
    """Labels of a recording, their confidence and intervals, with those of people."""
    known, at = told != UNKNOWN_NAME, boundaries[:, 0]
    labels, confidence = np.where(known, told, labels), np.where(known, 1, confidence)
    return labels, confidence, boundaries[~(known[at] | known[at - 1])]


def segments_of(folder):
    """Table of the segments that a review shows, as it wrote them; print whose."""
    kept, file, shown, told = Kept(folder), folder / "segments.csv", [], []
    for name, (_, entry) in kept.entries.items():
        starts, codes, _ = entry.segments
        words = [kept.state.names[code] for code in codes.tolist()]
        shown += zip([name] * len(words), words, starts.tolist())
        told.append(teaching.known_words(entry, kept.state.names))
    written = []
    if file.exists():
        table, background = io.read_table(file), str(BACKGROUND)
        words = table["action"].astype(str)
        words = words.replace(background, BACKGROUND_NAME)
        written = list(zip(table["recording"], words, table["start"]))
    if written != shown:
        text = f"{one_line(file)} lacks the last changes of the review"
        raise ValueError(f"{text}; open the review again, which writes it.")
    _print_kept(told)
    return table


def _print_kept(told):
    n_kept = sum(labels is not None for labels in told)
    print(f"Labels of people in {n_kept} of {len(told)} recordings are kept.")
