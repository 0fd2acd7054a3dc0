"""Commands for labels and scores: predict, watch, evaluate, subtasks."""

import contextlib
import csv
import os
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from skl_tot.app.cli import arguments, inputs, outputs
from skl_tot.app.cli.stages import stage
from skl_tot.progress import each


def add_predict(commands):
    """Add the command ``predict``."""
    parser = arguments.add_command(
        commands,
        predict,
        "label each frame with its action",
        "skl-tot predict model.skops features --out segments --fps 30",
        [arguments.names_option(), arguments.reading_options()],
    )
    parser.add_argument("model", metavar="MODEL", help=arguments.MODEL_OR_REVIEW)
    parser.add_argument("data", metavar="DATA", help=arguments.DATA)
    text = "folder to write, a file per recording; or one file of all, such as all.csv"
    parser.add_argument("--out", required=True, metavar="PATH", help=text)
    parser.add_argument("--format", help="format of the files, see below")
    parser.make_epilog = _list_formats


def _list_formats():
    from skl_tot.io.formats import writable_formats

    lines = ["formats:"]
    for name, entry in writable_formats().items():
        lines.append(f"  {name:<12}{entry.description}")
    lines[1] += " (default)"
    return "\n".join(lines)


def predict(options):
    """Write the segments of the recordings of a folder."""
    inputs.check_inputs(options.data, options.names, model=options.model)
    from skl_tot import io
    from skl_tot.io.formats import find_format, table_of, writable_formats

    table_format, formats = table_of(options.out), writable_formats()
    outputs.check_output(
        options.out,
        "--out",
        [options.model, options.data, options.names],
        [entry.suffix for entry in formats.values() if entry.many],
        is_folder=table_format is None,
    )
    format = options.format or table_format or next(iter(formats))
    entry = find_format("--format", format, formats)
    names = inputs.read_names(options.names)
    source = inputs.Source(options.data, options)
    reviewed = inputs.load_reviewed(options.model)
    recordings = source.open(reviewed.model)
    words = inputs.shown_names(reviewed.model, names)
    if recordings.fps is None and entry.in_seconds:
        raise ValueError(f"--fps is missing, which --format {format} needs.")
    labels_of_people, _ = reviewed.labels(recordings, words)
    predictions = _predict_each(reviewed.model, recordings, words, labels_of_people)
    with stage("predicting", "recording"):
        if table_format is None:
            names = recordings.names
            _write_folder(predictions, names, options.out, format, entry.suffix)
        else:
            labels, *of_frames = map(list, zip(*predictions))
            labels = recordings.replace([of_one.arrays[0] for of_one in labels])
            confidence, boundaries = of_frames
            table = io.segments(labels, confidence=confidence, boundaries=boundaries)
            io.write_segments(table, options.out, format=format)
    number = outputs.count(len(recordings), "recording")
    print(f"Segments of {number} written to {options.out}.")
    outputs.print_stops(recordings)


def _predict_each(model, recordings, words, labels_of_people):
    """Yield `Recordings` of one: labels, their confidence, intervals of boundaries."""
    from skl_tot.app.review.results import put_labels
    from skl_tot.methods.pipelines import predict_with_confidence
    from skl_tot.recordings.errors import errors_of_recording

    for i, name in enumerate(each(recordings.names)):
        with errors_of_recording(i, name):
            recording = recordings[i : i + 1]
            prediction = predict_with_confidence(model, recording, words)
            labels, confidence, boundaries = (values[0] for values in prediction)
            if labels_of_people[i] is not None:
                labels, confidence, boundaries = put_labels(
                    labels_of_people[i], labels, confidence, boundaries
                )
            yield recording.replace([labels]), confidence, boundaries


def _write_folder(predictions, names, out, format, suffix):
    """Write a file for each of the predictions of `_predict_each`."""
    from skl_tot import io
    from skl_tot.recordings.disk import replaced_files
    from skl_tot.recordings.errors import errors_of_recording
    from skl_tot.recordings.stops import with_stops

    remedy = "; one table of all, such as --out segments.csv, takes any name"
    outputs.check_file_names(names, remedy)
    with replaced_files(out) as temporary:
        for labels, confidence, boundaries in predictions:
            (name,) = labels.names
            with errors_of_recording(0, name):
                # file names need not be valid text, while names in tables must be
                plain = labels.select([0])
                plain.names = ["0"]
                if format == "labels":  # a line for each frame of the file
                    table = io.segments(with_stops(plain))
                else:
                    table = io.segments(
                        plain, confidence=[confidence], boundaries=[boundaries]
                    )
                table = table.drop(columns="recording")
                io.write_segments(table, temporary / f"{name}{suffix}", format=format)


def add_watch(commands):
    """Add the command ``watch``."""
    summary = "print the segments of a recording while it grows"
    example = "skl-tot watch model.skops growing.csv --follow --lag 1"
    parents = [arguments.names_option()]
    add = arguments.add_command(commands, watch, summary, example, parents).add_argument
    add("model", metavar="MODEL", help=arguments.MODEL)
    text = "CSV file with a header and a row per frame (default: -, standard input)"
    add("file", metavar="FILE", nargs="?", default="-", help=text)
    text = "delay of labels, beside half of the widest window of steps (default: 1)"
    add("--lag", type=arguments.not_negative, default=1, metavar="SECONDS", help=text)
    text = "frames per second (default: the model's)"
    add("--fps", type=arguments.positive, metavar="RATE", help=text)
    text = "wait for further rows at the end of the file, until interrupted"
    add("--follow", action="store_true", help=text)
    text = "features (default: those of the model, or all but a clock)"
    add("--columns", nargs="+", action="extend", metavar="COLUMN", help=text)


def watch(options):
    """Print the segments of a growing table, one line per closed segment."""
    file = None if options.file == "-" else options.file
    inputs.check_inputs(file, options.names, model=options.model)
    names = inputs.read_names(options.names)
    from skl_tot import OnlinePrediction
    from skl_tot.io.growing_files import GrowingTable
    from skl_tot.io.models import load_model
    from skl_tot.methods.pipelines import segmenter_of, steps_of
    from skl_tot.recordings.clocks import longest_bridged

    model = load_model(options.model)
    fps = _rate_of(segmenter_of(model), options.fps)
    reading = segmenter_of(model).read_options_ or {}
    columns = options.columns
    if columns is None and hasattr(model, "feature_names_in_"):
        columns = model.feature_names_in_.tolist()
    _print_as_files_are()
    online = OnlinePrediction(model, lag=round(options.lag * fps))
    name = file or "standard input"
    _, first = steps_of(model)[0]
    table = GrowingTable(
        name,
        first.n_features_in_,
        columns,
        fps,
        reading.get("time") if reading.get("reader") == "tables" else None,
        (reading.get("header"), reading.get("comment")),
    )
    words = inputs.shown_names(model, names)
    longest = longest_bridged(fps, reading.get("bridge"))
    printer = SegmentPrinter(segmenter_of(model).actions_, words, table, longest)
    for lines in _lines_of(file, name, options.follow):
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
        sys.stdout.reconfigure(
            encoding="utf-8", errors="backslashreplace", newline="\n"
        )


def _rate_of(segmenter, fps):
    """Return the rate of a stream: that of the fit, or the given one."""
    from skl_tot.recordings.clocks import is_same
    from skl_tot.recordings.errors import refuse

    rate = segmenter.fps_
    if rate is None and fps is None:
        raise ValueError("--fps is missing, which --lag and times need.")
    if not is_same(fps, rate):
        refuse("--fps", fps, f"{rate:g} as in the fit of the model, or none")
    return fps if rate is None else rate


def _lines_of(file, name, follow):
    """Yield the lines of a file or of standard input, until it ends or Ctrl-C."""
    from skl_tot.io.growing_files import read_lines

    stream = sys.stdin.buffer if file is None else open(file, "rb")  # noqa: SIM115
    with stream, contextlib.suppress(KeyboardInterrupt):  # while it waits for lines
        yield from read_lines(stream, name, follow=follow and file is not None)


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
        for label, of_frame in zip(labels.tolist(), probabilities):
            code = self.codes.get(label)  # None is background
            action, confidence = self.background, 1.0
            if code is not None:
                action = self.words[code]
                confidence = min(of_frame[self.words == action].sum(), 1.0)
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


def add_evaluate(commands):
    """Add the command ``evaluate``."""
    parser = arguments.add_command(
        commands,
        evaluate,
        "compare segments with ground truth",
        "skl-tot evaluate breakfast segments --background SIL",
        [arguments.labels_options(gaps=False), arguments.reading_options()],
    )
    add = parser.add_argument
    add("data", metavar="DATA", help="folder with groundTruth")
    text = "from predict; several are of one activity each, called by their names"
    add("predictions", nargs="+", metavar="PREDICTIONS", help=text)
    add("--like", metavar="MODEL", help=arguments.LIKE)
    text = """match actions to labels over all recordings, in each activity or in each
    recording (default: all of these), or take them as labels, as for a model that
    learned labels"""
    add("--scope", choices=["all", "activity", "recording", "labels"], help=text)
    text = "labels of frames that do not count"
    add("--ignore", nargs="+", action="extend", default=[], metavar="LABEL", help=text)
    text = "label of frames without an action; scores are shown with and without it"
    add("--background", metavar="LABEL", help=text)


def evaluate(options):
    """Print the scores of predictions against ground truth, or corrected labels."""
    paths = options.data, *options.predictions, options.labels
    inputs.check_inputs(*paths, model=options.like)
    from skl_tot.metrics.reports import segmentation_report
    from skl_tot.recordings.labels import UNKNOWN_NAME
    from skl_tot.recordings.names import distinct_labels, labels_of_one_type

    names, predicted, activities, truth = _read_results(options)
    asked = {*options.ignore, *filter(None, [options.background])}
    missing = asked - distinct_labels(truth)
    if missing:
        folder = options.labels or options.data
        raise ValueError(f"{folder} has no frames of label {min(missing)!r}.")
    if options.scope == "labels":
        alike = labels_of_one_type([*truth, *predicted])
        truth, predicted = alike[: len(truth)], alike[len(truth) :]
    with outputs.names_in_errors(names), stage("scoring"):
        report = segmentation_report(
            truth,
            predicted,
            scope=options.scope,
            activities=activities if len(set(activities)) > 1 else None,
            ignore_labels=[*options.ignore, UNKNOWN_NAME],
            background=options.background,
        )
    print(report)


def _read_results(options):
    """Names of recordings, with predictions, activity and labels of each."""
    rows, model = [], inputs.load_model(options.like)
    for folder, paths in _paths_by_folder(options).items():
        rows += _read_folder(folder, paths, options, model)
    labelled = [row for row in rows if row[-1] is not None]
    for name, path, _, labels in labelled:
        if len(path) != len(labels):
            text = f"{name} has predictions of {len(path)} frames"
            remedy = "--like MODEL reads it as predict did"
            raise ValueError(f"{text}, expected {len(labels)}; {remedy}.")
    if n_without := len(rows) - len(labelled):
        print(f"{n_without} of {len(rows)} recordings have no labels, left out.")
    if not any((labels != "").any() for *_, labels in labelled):
        raise ValueError("No recording with predictions has labels, expected some.")
    return map(list, zip(*labelled))


def _paths_by_folder(options):
    """Paths of predictions by the folder of their data: DATA, or one of an activity."""
    from skl_tot.recordings.errors import refuse, repeated

    names = [Path(path).stem for path in options.predictions]
    if repeated(names):
        refuse("PREDICTIONS", options.predictions, "different names")
    if options.scope == "activity" and len(names) < 2:
        refuse("PREDICTIONS", options.predictions, "one of each activity for --scope")
    paths_of: dict = {}
    for name, path in zip(names, options.predictions):
        folder = Path(options.data, name)
        is_of_one = len(names) > 1 and folder.is_dir()
        paths_of.setdefault(folder if is_of_one else options.data, []).append(path)
    return paths_of


def _read_folder(folder, paths, options, model):
    """Name, predictions, activity and labels, or None, of each recording of paths."""
    from skl_tot.recordings.errors import repeated

    predicted = [row for path in paths for row in _read_activity(path, options)]
    names = [name for name, *_ in predicted]
    for name in repeated(names)[:1]:
        text = f"{' and '.join(paths)} have {name!r} twice, expected once"
        raise ValueError(f"{text}.")
    labels = _read_truth(folder, options, model)
    truth = inputs.labels_of_names(labels, folder, names)
    return [(*row, of_row) for row, of_row in zip(predicted, truth)]


def _read_activity(path, options):
    """Name, predictions and activity of each recording of a path."""
    import numpy as np

    from skl_tot.recordings.labels import BACKGROUND, BACKGROUND_NAME

    names, predicted = inputs.read_predictions(path)
    activity = Path(path).stem
    if len(options.predictions) > 1 and options.scope != "labels":
        # each activity has a model, whose clusters are not those of others
        for i, labels in enumerate(predicted):
            is_background = np.isin(
                labels.astype(str), [BACKGROUND_NAME, str(BACKGROUND)]
            )
            words = np.char.add(f"{activity} ", labels.astype(str))
            predicted[i] = np.where(is_background, BACKGROUND_NAME, words)
    only = options.only or "*"
    return [
        (name, labels, activity)
        for name, labels in zip(names, predicted)
        if fnmatchcase(name, only)
    ]


def _read_truth(folder, options, model):
    """Labels of the recordings of a folder by name, None without."""
    source = inputs.Source(folder, options)
    recordings = source.open(model)
    if options.labels is None:
        labels = source.ground_truth(recordings)
    else:
        labels = inputs.read_labels_in_order(options, recordings, folder)
    return labels and dict(zip(recordings.names, labels))


def add_subtasks(commands):
    """Add the command ``subtasks``."""
    summary = "write segments into a LeRobot data set, as subtasks"
    example = "skl-tot subtasks pick_cubes segments.csv --out pick_cubes_labelled"
    add = arguments.add_command(commands, subtasks, summary, example).add_argument
    add("root", metavar="ROOT", help="root folder of the data set; it is not changed")
    add("segments", metavar="SEGMENTS", help=arguments.SEGMENTS)
    text = "folder to write, with data and meta"
    add("--out", required=True, metavar="FOLDER", help=text)


def subtasks(options):
    """Write a copy of a robot data set in which each frame has its subtask."""
    inputs.check_inputs(options.root, options.segments)
    sources = [options.root, options.segments]
    outputs.check_output(options.out, "--out", sources, is_folder=True)
    from skl_tot import io

    segments = inputs.read_segments(options.segments)
    with stage("writing"):
        words = io.write_subtasks(segments, options.root, options.out)
    text = f"Data and meta written to {options.out}"
    print(f"{text}, with subtasks {', '.join(words)}.")
