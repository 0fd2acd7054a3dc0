"""Commands for labels and scores: predict, watch, evaluate, subtasks."""

import contextlib
import csv
import os
import sys

from skl_tot.app.cli import registry, shared

COLUMNS = "confidence", "boundaries"  # of predictions, in tables of segments
ONE_TABLE = "; one table of all, such as --out segments.csv, takes any name"


def _list_formats():
    from skl_tot.io.formats import writable_formats

    lines = ["formats:"]
    for name, entry in writable_formats().items():
        lines.append(f"  {name:<12}{entry.description}")
    lines[1] += " (default)"
    return "\n".join(lines)


@registry.command(
    """
    label each frame with its action

    --out PATH: folder to write, one file per recording; or one file of all, such as
        all.csv [required]
    --format FORMAT: format of the files, see below
    """,
    "skl-tot predict model.skops features --out segments --fps 30",
    registry.MODEL_OR_REVIEW,
    registry.RECORDINGS,
    registry.NAMES,
    make_epilog=_list_formats,
)
def predict(model, source, out, format, names):
    """Write the segments of the recordings of a folder."""
    from skl_tot import io
    from skl_tot.io.formats import find_format, table_of, writable_formats

    table, formats = table_of(out), writable_formats()
    format = format or table or next(iter(formats))
    entry = find_format("--format", format, formats)
    from skl_tot.app.review.results import ReviewedModel, put_labels
    from skl_tot.methods.pipelines import predict_with_confidence
    from skl_tot.recordings.errors import errors_of_recording

    reviewed = ReviewedModel(model)
    model = reviewed.model
    data = source.open(model)
    words = shared.shown_names(model, names)
    if data.videos.fps is None and entry.in_seconds:
        raise ValueError(f"--fps is missing, which --format {format} needs.")
    told, _ = reviewed.labels(data.videos, words)

    def predictions():
        """Yield each recording's labels, and other columns of its segments."""
        for i, name in enumerate(shared.progress(data.video_names, "video")):
            with errors_of_recording(i, name):
                video = data.videos[i : i + 1]
                one = [x for (x,) in predict_with_confidence(model, video, words)]
                if told[i] is not None:
                    one = put_labels(told[i], *one)
                labels, *columns = ([values] for values in one)
                yield video.replace(labels), dict(zip(COLUMNS, columns))

    if table is None:
        _write_folder(data.videos, predictions(), out, format, entry.suffix)
    else:
        labels, known = zip(*predictions())
        labels = data.videos.replace([own for (own,) in labels])
        columns = {key: [own[key][0] for own in known] for key in COLUMNS}
        table = io.segments(labels, **columns)
        io.write_segments(table, out, format=format)
    number = shared.count(len(data.videos), "recording")
    print(f"Segments of {number} written to {out}.")
    shared.print_stops(data.videos)


def _write_folder(videos, predictions, out, format, suffix):
    from skl_tot import io
    from skl_tot.recordings.disk import replaced_files
    from skl_tot.recordings.errors import errors_of_recording
    from skl_tot.recordings.stops import with_stops

    shared.check_file_names(videos.names, ONE_TABLE)
    with replaced_files(out) as temporary:
        for video, columns in predictions:
            (name,) = video.names
            with errors_of_recording(0, name):
                path = temporary / f"{name}{suffix}"
                # file names need not be valid text, while names in tables must be
                plain = video.select([0])
                plain.names = ["0"]
                if format == "labels":  # a line for each frame of the file
                    plain, columns = with_stops(plain), {}
                table = io.segments(plain, **columns)
                io.write_segments(table.drop(columns="recording"), path, format=format)


@registry.command(
    """
    print the segments of a recording while it grows

    FILE: CSV file with a header line and a row per frame [default: -, the standard
        input]
    --lag SECONDS: delay of the labels, in addition to half of the widest window of the
        pipeline [default: 1]
    --fps RATE: frames per second (default: the model's)
    --follow: wait for further rows at the end of the file, until interrupted
    --columns COLUMN...: feature columns (default: those of the model, or all but a
        clock)
    """,
    "skl-tot watch model.skops growing.csv --follow --lag 1",
    registry.MODEL,
    registry.NAMES,
)
def watch(model, file, lag, fps, follow, columns, names):
    """Print the segments of a growing table, one line per closed segment."""
    from skl_tot import OnlinePrediction
    from skl_tot.io.growing_files import GrowingTable
    from skl_tot.io.models import load_model
    from skl_tot.meta.online import model_of_stream
    from skl_tot.methods.pipelines import segmenter_of, steps_of
    from skl_tot.recordings.clocks import longest_bridged

    known = load_model(model)
    read_options = segmenter_of(known).read_options_ or {}
    model = model_of_stream(known)
    segmenter = segmenter_of(model)
    _print_as_files_are()
    labels = segmenter.actions_
    fps = _rate_of(segmenter_of(known), fps)
    online = OnlinePrediction(model, lag=round(lag * fps))
    name = "standard input" if file == "-" else file
    _, first = steps_of(model)[0]
    if columns is None and hasattr(known, "feature_names_in_"):
        columns = known.feature_names_in_.tolist()
    clock = read_options.get("time") if read_options.get("reader") == "tables" else None
    others = read_options.get("header"), read_options.get("comment")
    table = GrowingTable(name, first.n_features_in_, columns, fps, clock, others)
    words = shared.shown_names(model, names)
    longest = longest_bridged(fps, read_options.get("bridge"))
    printer = SegmentPrinter(labels, words, table, longest)
    for lines in _lines_of(file, follow):
        frames = table.read(lines)
        if len(frames):
            printer.add(*online.push(frames))
    printer.add(*online.finish())
    printer.close()


def _print_as_files_are():
    """Print UTF-8 into a file or a pipe, unless another encoding is asked for."""
    # on Windows, Python takes that of the console, which `read_table` does not read
    is_file = hasattr(sys.stdout, "reconfigure") and not sys.stdout.isatty()
    if is_file and not os.environ.get("PYTHONIOENCODING"):
        options = {"errors": "backslashreplace", "newline": "\n"}
        sys.stdout.reconfigure(encoding="utf-8", **options)


def _rate_of(segmenter, fps):
    from skl_tot.recordings.clocks import is_same
    from skl_tot.recordings.errors import refuse

    known = segmenter.fps_
    if known is None and fps is None:
        raise ValueError("--fps is missing, which --lag and times need.")
    if not is_same(fps, known):
        refuse("--fps", fps, f"{known:g} as in the fit of the model, or none")
    return fps if known is None else known


def _lines_of(file, follow):
    """Yield the lines of a file or of standard input, until it ends or Ctrl-C."""
    from skl_tot.io.growing_files import read_lines

    opened = sys.stdin.buffer if file == "-" else open(file, "rb")  # noqa: SIM115
    name = "standard input" if file == "-" else file
    with opened, contextlib.suppress(KeyboardInterrupt):  # while it waits for lines
        yield from read_lines(opened, name, follow=follow and file != "-")


class SegmentPrinter:
    """Prints a line for each segment of labels that arrive over time."""

    # `words` are the names of `labels`, or None; actions of one name are merged;
    # `table.times` is a growing list of frame times, empty without a clock; a step
    # above `longest` seconds is a break

    def __init__(self, labels, words, table, longest):
        from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME

        self.words = labels if words is None else words
        self.codes = {label: code for code, label in enumerate(labels.tolist())}
        has_words = self.words.dtype.kind == "U"
        self.background = BACKGROUND_NAME if has_words else BACKGROUND
        self.table, self.times, self.longest = table, table.times, longest
        self.writer = None
        self.action, self.start, self.end, self.total = None, 0, 0, 0.0

    def add(self, labels, probabilities):
        """Add labels (n_frames,) and their probabilities (n_frames, n_actions)."""
        if self.writer is None:  # once the first frames tell whether there are dates
            self.writer = csv.writer(sys.stdout, lineterminator="\n")
            names = ["start_time", "end_time", "action", "confidence"]
            names += ["start_clock", "end_clock"] if self.table.has_dates else []
            self.writer.writerow(names)
        for label, own in zip(labels.tolist(), probabilities):
            code = self.codes.get(label)  # None is background
            action, confidence = self.background, 1.0
            if code is not None:
                action = self.words[code]
                confidence = min(own[self.words == action].sum(), 1.0)
            if action != self.action or self._is_break(self.end):
                self.close()
                self.action, self.start, self.total = action, self.end, 0.0
            self.end += 1
            self.total += confidence
        sys.stdout.flush()

    def _is_break(self, frame):
        inside = 0 < frame < len(self.times)
        return inside and self.times[frame] - self.times[frame - 1] > self.longest

    def _find_times(self):
        if not self.times:
            return self.start / self.table.fps, self.end / self.table.fps
        end = self.times[self.end - 1] + 1 / self.table.fps
        if self.end < len(self.times) and not self._is_break(self.end):
            end = self.times[self.end]
        return self.times[self.start], end

    def close(self):
        """Print the open segment, if any."""
        from skl_tot.recordings.clocks import clock_text

        if self.end > self.start:
            start, end = self._find_times()
            confidence = self.total / (self.end - self.start)
            row = [f"{start:.3f}", f"{end:.3f}", self.action, f"{confidence:.3f}"]
            if self.table.has_dates:
                row += [clock_text(self.table.start, time) for time in (start, end)]
            self.writer.writerow(row)
        sys.stdout.flush()


@registry.command(
    """
    compare segments with ground truth

    --scope {activity,video,labels}: match actions to labels over all recordings or in
        each one, or take them as labels, as for a model that learned labels
        [default: activity]
    --ignore LABEL...: labels of frames that do not count
    --background LABEL: label of frames without an action
    """,
    "skl-tot evaluate breakfast segments --ignore SIL",
    registry.recordings_of("DATA: folder with groundTruth" + registry.LIKE),
    registry.PREDICTIONS,
    registry.labels_of_people(gaps=False),
    ignore={"default": []},
)
def evaluate(source, predictions, scope, ignore, background, labels):
    """Print the scores of predictions against ground truth, or corrected labels."""
    from skl_tot.metrics.reports import segmentation_report
    from skl_tot.recordings.labels import UNKNOWN_NAME
    from skl_tot.recordings.names import distinct_labels, labels_of_one_type

    names, predicted = shared.read_predictions(predictions)
    data = source.open()
    if labels is not None:
        data.labels = labels.read(data, source.data)
    truth = shared.labels_of_names(data, source.data, names)
    if labels is not None:
        names, predicted, truth = _pick_labelled(data, names, predicted, truth)
    asked = {*ignore, *([] if background is None else [background])}
    unknown = asked - distinct_labels(truth)
    if unknown:
        where = source.data if labels is None else labels.labels
        raise ValueError(f"{where} has no frames of label {min(unknown)!r}.")
    if scope == "labels":
        alike = labels_of_one_type([*truth, *predicted])
        truth, predicted = alike[: len(truth)], alike[len(truth) :]
    if labels is not None:
        ignore = [*ignore, UNKNOWN_NAME]
    options = {"scope": scope, "ignore_labels": ignore, "background": background}
    with shared.names_in_errors(names):
        print(segmentation_report(truth, predicted, **options))


def _pick_labelled(data, names, predicted, truth):
    """Names, predictions and labels of the recordings that have labels."""
    from skl_tot.recordings.labels import UNKNOWN_NAME

    n_without = sum(own is None for own in data.labels)
    if n_without:
        print(f"{n_without} of {len(data.labels)} recordings have no labels, left out.")
    found = [each for each in zip(names, predicted, truth) if each[2] is not None]
    if not any((own != UNKNOWN_NAME).any() for _, _, own in found):
        raise ValueError("No recording with predictions has labels, expected some.")
    return map(list, zip(*found))


@registry.command(
    """
    write segments into a LeRobot data set, as subtasks

    ROOT: root folder of the data set; it is not changed
    SEGMENTS: folder from predict or one table of all recordings, perhaps corrected, or
        folder of a review
    --out FOLDER: folder to write, with data and meta [required]
    """,
    "skl-tot subtasks pick_cubes segments.csv --out pick_cubes_labelled",
)
def subtasks(root, segments, out):
    """Write a copy of a robot data set in which each frame has its subtask."""
    from skl_tot import io

    words = io.write_subtasks(shared.read_table(segments), root, out)
    print(f"Data and meta written to {out}, with subtasks {', '.join(words)}.")
