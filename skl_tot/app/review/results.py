"""Results of a review: how much is right, files, and labels that commands keep."""

import contextlib

import numpy as np

from skl_tot import io
from skl_tot.app.report.page import read_model, write_page
from skl_tot.app.review.entry import UNLABELLED, mark_frames
from skl_tot.app.review.history import History, beginning_of, digest_of
from skl_tot.app.review.teaching import with_names_of
from skl_tot.io.files import find_format
from skl_tot.io.formats.tables import write_csv
from skl_tot.recordings import files
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import import_extra, one_line, short_repr
from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME, UNKNOWN_NAME
from skl_tot.recordings.stops import with_stops

# How much is right. People check proposals and doubtful places, no sample of the rest:
# a share is told once all is checked.


def are_right(entry):
    """Whether frames are as predicted, of those checked that were new to the model."""
    predicted, is_new = entry.predicted.labels(), entry.frames_checked()
    is_new &= ~mark_frames(entry.seen, entry.n_frames) & (predicted != UNLABELLED)
    return (predicted == entry.segments.labels())[is_new]


def measure(entries):
    """Share of new frames that was predicted right; None until all is checked."""
    is_right = np.concatenate(list(map(are_right, entries)))
    if not len(is_right) or not all(entry.is_checked() for entry in entries):
        return None
    share = float(is_right.mean())
    text = f"The models had predicted {100 * share:.0f} % of the frames right."
    return {"frames": share, "sentences": [f"All is checked. {text}"]}


# Files; each is written completely or not at all


def save(review):
    """Write the segments and the model, if there are any."""
    folder, table = folder_of(review), review.table()
    if table.empty:
        (folder / "segments.csv").unlink(missing_ok=True)
    else:
        io.write_segments(table, folder / "segments.csv")
    if review.model is None:
        (folder / "model.skops").unlink(missing_ok=True)
    else:
        io.save_model(review.model, folder / "model.skops")


def export(review, format):
    """Write all results, with labels in a format; describe the action."""
    folder = folder_of(review)
    file_format = find_format("labels", format, "write")
    if file_format.in_seconds and review.recordings.fps is None:
        raise ValueError(f"format is {format!r}, which needs a rate of the recordings.")
    table = review.table()
    if table.empty:
        raise ValueError("no frame is labelled, expected some to export.")
    if format == "labels":  # a line for each frame of the file
        table = table_with_stops(review, table)
    write_labels(table, folder / "labels", format, file_format)
    if format == "excel":
        io.write_segments(table, folder / "segments.xlsx")
    save(review)
    with files.replaced(folder / "recordings.csv") as temporary:
        write_csv(describe_recordings(review), temporary)
    if review.model is None:
        return f"the labels are in {folder}, without a model and a report: let it learn"
    words = [entry.known_words(review.state.names) for entry in review.state.entries]
    content = read_model(
        review.model,
        review.recordings,
        corrected=None if all(labels is None for labels in words) else words,
        accuracy=review.accuracy(),
        numbers=review.state.names.by_name(),
    )
    write_page(content, folder / "report.html")
    return f"the results are in {folder}"


def table_with_stops(review, table):
    """Table of segments that has the stops that were cut out of the recordings, too."""
    if any(entry.is_blank for entry in review.state.entries):
        text = "format is 'labels', which needs a label of each frame"
        raise ValueError(f"{text}; let it learn, or choose another format.")
    words = list(io.labels_from_segments(table).values())
    return io.segments(with_stops(review.recordings.replace(words)))


def folder_of(review):
    """Folder of a review that has one."""
    if review.out is None:
        raise ValueError("out is None, expected a folder of the review to write into.")
    return review.out


def write_labels(table, folder, format, file_format):
    """Write a file for each recording, or one for all if names are no file names."""
    tables = dict(list(table.groupby("recording", sort=False)))
    others = [name for name in tables if not files.is_file_name(name)]
    others += files.find_same_files(tables) or ()  # one file on Windows and macOS
    if others and not file_format.many:
        name = f"recording {short_repr(others[0])} can have no file of that name"
        each = f"{format!r} has one for each; expected a format with one for all."
        raise ValueError(f"{name}, and {each}")
    with files.replaced_files(folder) as temporary:
        if others:
            path = temporary / f"all{file_format.suffix}"
            io.write_segments(table, path, format=format)
            return
        for name, rows in tables.items():
            path = temporary / f"{name}{file_format.suffix}"
            io.write_segments(rows.drop(columns="recording"), path, format=format)


def describe_recordings(review):
    """Table of the state of each recording, and of its accuracy before."""
    rows = []
    for name, entry in zip(review.recordings.names, review.state.entries):
        is_right = are_right(entry)
        rows.append(
            {
                "recording": name,
                "n_frames": entry.n_frames,
                "n_segments": int((entry.segments.codes != UNLABELLED).sum()),
                "checked_frames": int(entry.frames_checked().sum()),
                "checked": entry.is_checked(),
                "right_frames": is_right.mean() if len(is_right) else None,
            }
        )
    return import_extra("pandas").DataFrame(rows)


# Commands that take the folder of a review, or its model


class ReviewedModel:
    """Model of the folder of a review, and the labels of people."""

    def __init__(self, folder):
        about = beginning_of(folder)
        if about is None:
            text = f"{one_line(folder)} has a review that has not begun"
            raise ValueError(f"{text}; open it again, so that it reads its recordings.")
        names, _, _, digests = zip(*about["recordings"])
        frames = Recordings([np.empty((0, 0))] * len(names), names)
        history = History(None, frames, folder)
        with contextlib.closing(history.log):
            history.restore({})
            self.state = history.state
            self._model = None
            if self.state.model:
                self._model = with_names_of(history.model(self.state.model), self.state)
        # with digests, by recording
        self.entries = dict(zip(names, zip(digests, self.state.entries)))

    @property
    def model(self):
        """The model, with the names of the review."""
        if self._model is None:
            raise ValueError("the review has no model, expected one; let it learn.")
        return self._model

    def labels(self, videos):
        """List names of frames by people, or None; and the accuracy, or None."""
        # Recordings are those of the review if names and digests are.
        labels_of_each, others, n_same = [None] * len(videos), [], 0
        taken_back = []
        numbers = {name: i for i, name in enumerate(videos.names)}
        for name, (digest, entry) in self.entries.items():
            labels, i = entry.known_words(self.state.names), numbers.get(name)
            if i is not None and digest_of(videos, i) == digest:
                labels_of_each[i], n_same = labels, n_same + 1
                taken_back += [name] if entry.is_taken_back() else []
            elif i is not None and labels is not None:
                others.append(name)
        print_kept(labels_of_each)
        if others:
            text = "Predicted, as the frames are not those that people labelled"
            print(f"{text}: {short_repr(others)}.")
        if taken_back:
            text = "Predicted by the last model, unlike on the page, as changes were"
            print(f"{text} taken back: {short_repr(taken_back)}; check these there.")
        if not n_same == len(videos) == len(self.entries):
            return labels_of_each, None
        return labels_of_each, measure(self.state.entries)

    def numbers(self):
        """Return the number of the colour of each name, as in the review."""
        return self.state.names.by_name()


def put_labels(told, labels, confidence, boundaries):
    """Labels (n_frames,), confidence and boundaries, with names by people."""
    # `told` has "" in other frames; boundaries are those of `path_boundaries`
    is_told, edges = told != UNKNOWN_NAME, boundaries[:, 0]
    labels = np.where(is_told, told, labels)
    confidence = np.where(is_told, 1, confidence)
    return labels, confidence, boundaries[~(is_told[edges] | is_told[edges - 1])]


def reviewed_segments(folder):
    """Table of the segments that a review shows, as it wrote them."""
    # prints how many recordings have labels of people
    reviewed, file, shown = ReviewedModel(folder), folder / "segments.csv", []
    labels_of_each, written = [], []
    names = reviewed.state.names
    for recording, (_, entry) in reviewed.entries.items():
        starts = entry.shown_starts()
        for start, code in zip(starts.tolist(), entry.segments.labels()[starts]):
            if code != UNLABELLED:
                shown.append((recording, names[int(code)], start))
        labels_of_each.append(entry.known_words(names))
    if file.exists():
        table = io.read_table(file)
        words = table["action"].astype(str).replace(str(BACKGROUND), BACKGROUND_NAME)
        written = list(zip(table["recording"], words, table["start"]))
    if written != shown:
        text = f"{one_line(file)} lacks the last changes of the review"
        raise ValueError(f"{text}; open the review again, which writes it.")
    print_kept(labels_of_each)
    return table


def print_kept(labels_of_each):
    """Print how many recordings have labels of people."""
    n = len(labels_of_each)
    n_kept = sum(labels is not None for labels in labels_of_each)
    if n_kept:
        print(f"Labels of people in {n_kept} of {n} recordings are kept.")
