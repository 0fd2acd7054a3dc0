"""Commands for labels and scores: predict, evaluate, subtasks."""

import contextlib
import os
from fnmatch import fnmatchcase
from pathlib import Path

from skl_tot.app.cli import arguments, inputs, outputs
from skl_tot.app.cli.outputs import stage
from skl_tot.progress import each


def add_predict(commands):
    """Add the command ``predict``."""
    parser = arguments.add_command(
        commands,
        predict,
        "label each frame with its action",
        "skl-tot predict model.skops features --out segments --fps 30",
        [arguments.reading_options()],
    )
    parser.add_argument("model", metavar="MODEL", help=arguments.MODEL_OR_REVIEW)
    parser.add_argument("data", metavar="DATA", help=arguments.DATA)
    text = """folder to write, a file per recording, in the format that it is named
    after, such as elan; or one file of all, such as all.csv; may be given repeatedly"""
    add = parser.add_argument
    add("--out", action="append", required=True, metavar="PATH", help=text)
    add("--format", help="format of the files of one --out, see below")
    add("--report", metavar="FILE", help="write the page of the command report, too")
    parser.make_epilog = _list_formats


def _list_formats():
    from skl_tot.io.files import formats_that

    lines = ["formats:"]
    for name, entry in formats_that("write").items():
        lines.append(f"  {name:<14}{entry.description}")
    lines[1] += " (default)"
    return "\n".join(lines)


def predict(options):
    """Write the segments of the recordings of a folder, and perhaps a report."""
    inputs.check_inputs(options.model, options.data)
    from skl_tot.io.files import FORMATS, table_of

    paths = [options.model, options.data]
    format_of = _find_formats(options, paths)
    if options.report is not None:
        paths += format_of
        outputs.check_output(options.report, "--report", paths, outputs.PAGE)
    opened = inputs.open_reviewed(options)
    recordings = opened.recordings
    remedy = "; one table of all, such as --out segments.csv, takes any name"
    for out, format in format_of.items():
        if recordings.fps is None and FORMATS[format].in_seconds:
            raise ValueError(f"--fps is missing, which --format {format} needs.")
        if table_of(out) is None:
            outputs.check_file_names(recordings.names, remedy)
    predictions = _predict_each(opened)
    with stage("predicting", "recording"):
        if len(format_of) > 1:
            predictions = list(predictions)
        for out, format in format_of.items():
            if table_of(out) is not None:
                _write_table(predictions, recordings, out, format)
            else:
                folders = opened.source.folder, options.data, out
                _write_folder(predictions, out, format, folders)
    number = outputs.count(len(recordings), "recording")
    shown = [
        out if format in (table_of(out), Path(out).name) else f"{out} ({format})"
        for out, format in format_of.items()
    ]
    print(f"Segments of {number} written to {', '.join(shown)}.")
    if options.report is not None:
        outputs.write_report(options.report, opened)
    outputs.print_stops(recordings)


def _find_formats(options, paths):
    from skl_tot.io.files import find_format, formats_that, table_of

    if options.format is not None and len(options.out) > 1:
        text = "--format is given with several --out, expected one"
        raise ValueError(f"{text}; or folders that are named after formats.")
    formats, format_of = formats_that("write"), {}
    for out in options.out:
        of_table, of_name = table_of(out), Path(out).name
        outputs.check_output(
            out,
            "--out",
            [*paths, *format_of],
            [entry.suffix for entry in formats.values() if entry.many],
            is_folder=of_table is None,
        )
        of_name = of_name if of_name in formats else next(iter(formats))
        format_of[out] = options.format or of_table or of_name
        find_format("--format", format_of[out], "write")
    return format_of


def _write_table(predictions, recordings, out, format):
    from skl_tot import io

    labels, *of_frames = map(list, zip(*predictions))
    labels = recordings.replace([of_one.arrays[0] for of_one in labels])
    confidence, boundaries = of_frames
    table = io.segments(labels, confidence=confidence, boundaries=boundaries)
    io.write_segments(table, out, format=format)


def _predict_each(opened):
    """Yield `Recordings` of one: labels, their confidence, intervals of boundaries."""
    from skl_tot.methods.pipelines import predict_with_confidence
    from skl_tot.recordings.errors import errors_of_recording

    for i, name in enumerate(each(opened.recordings.names)):
        with errors_of_recording(i, name):
            recording = opened.recordings[i : i + 1]
            prediction = predict_with_confidence(opened.model, recording)
            of_frames = [values[0] for values in prediction]
            if (told := opened.corrected[i]) is not None:
                from skl_tot.app.review.results import put_labels  # slow

                of_frames = put_labels(told, *of_frames)
            labels, *others = of_frames
            yield recording.replace([labels]), *others


def _write_folder(predictions, out, format, folders):
    from skl_tot import io
    from skl_tot.io.files import FORMATS
    from skl_tot.preprocessing.videos import videos_beside
    from skl_tot.recordings.errors import errors_of_recording
    from skl_tot.recordings.files import replaced_files
    from skl_tot.recordings.stops import with_stops

    videos = videos_beside(*folders)
    with replaced_files(out) as temporary:
        for labels, confidence, boundaries in predictions:
            (name,) = labels.names
            with errors_of_recording(0, name):
                # file names need not be valid text, while names in tables must be
                plain = labels.select([0])
                plain.names = ["0"]
                about = {"confidence": [confidence], "boundaries": [boundaries]}
                if format == "labels":  # a line for each frame of the file
                    plain, about = with_stops(plain), {}
                table = io.segments(plain, **about).drop(columns="recording")
                if name in videos:
                    with contextlib.suppress(ValueError):  # on another drive of Windows
                        table.attrs["video"] = os.path.relpath(videos[name], out)
                path = temporary / f"{name}{FORMATS[format].suffix}"
                io.write_segments(table, path, format=format)
        written = {path.name for path in temporary.iterdir()}
    n_shown = sum(Path(name).stem in videos for name in written)
    if format == "elan" and n_shown < len(written):
        text = f"{out} shows {n_shown} of {outputs.count(len(written), 'video')}"
        print(f"{text}; put them beside the recordings, under their names.")
    stale = {path.name for path in Path(out).glob(f"*{path.suffix}")} - written
    if stale:
        others = f"{outputs.count(len(stale), 'file')} of other recordings"
        print(f"{out} has {others}, too, such as {min(stale)}.")


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
    text = "read them like the recordings of this model"
    add("--like", metavar="MODEL", help=text)
    text = """match actions to labels over all recordings, in each activity or in each
    recording (default: all of these), or take them as labels, as for a model that
    learned labels"""
    scopes = ["auto", "all", "activity", "recording", "labels"]
    add("--scope", choices=scopes, default="auto", help=text)
    text = "labels of frames that do not count"
    add("--ignore", nargs="+", action="extend", default=[], metavar="LABEL", help=text)
    text = "label of frames without an action; scores are shown with and without it"
    add("--background", metavar="LABEL", help=text)


def evaluate(options):
    """Print the scores of predictions against ground truth, or corrected labels."""
    paths = options.data, *options.predictions, options.labels
    inputs.check_inputs(options.like, *paths)
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
    with stage("scoring"):
        report = segmentation_report(
            dict(zip(names, truth)),
            dict(zip(names, predicted)),
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
    truth = _read_truth(folder, options, model)
    for name in names:
        if name not in truth:
            text = f"no recording {name!r}, which predictions have"
            raise ValueError(f"{folder} has {text}.")
    if len(names) < len(truth):
        print(f"{len(names)} of {len(truth)} recordings of {folder} have predictions.")
    return [(*row, truth[row[0]]) for row in predicted]


def _read_activity(path, options):
    """Name, labels of frames, and activity of each recording in a folder or file."""
    import numpy as np

    from skl_tot import io
    from skl_tot.recordings.labels import BACKGROUND_NAME, NO_ACTIONS
    from skl_tot.recordings.names import labels_of_one_type

    table, activity = io.read_table(path), Path(path).stem
    try:
        labels_of = io.labels_from_segments(table)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} holds no labels of all frames: {error}") from error
    predicted = labels_of_one_type(list(labels_of.values()))
    if len(options.predictions) > 1 and options.scope != "labels":
        # each activity has a model, whose clusters are not those of others
        for i, labels in enumerate(predicted):
            is_background = np.isin(labels.astype(str), NO_ACTIONS)
            words = np.char.add(f"{activity} ", labels.astype(str))
            predicted[i] = np.where(is_background, BACKGROUND_NAME, words)
    only = options.only or "*"
    return [
        (name, labels, activity)
        for name, labels in zip(labels_of, predicted)
        if fnmatchcase(name, only)
    ]


def _read_truth(folder, options, model):
    source = inputs.Source(folder, options)
    recordings = source.open(model)
    if options.labels is None:
        labels = source.ground_truth(recordings)
    else:
        labels = inputs.read_labels_in_order(options, recordings, folder)
    if labels is None:
        text = f"{folder} has no folder groundTruth"
        raise FileNotFoundError(f"{text}; --labels FILE gives labels.")
    return dict(zip(recordings.names, labels))


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
