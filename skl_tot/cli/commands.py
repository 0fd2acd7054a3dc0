"""Commands that use a model, or what it has said."""

from pathlib import Path

import numpy as np

from skl_tot.cli import corrections, folders
from skl_tot.cli.terminal import (
    count,
    errors_of_file,
    names_in_errors,
    printable,
    progress,
)
from skl_tot.datasets.folders import load_action_dataset
from skl_tot.datasets.generated import make_activities
from skl_tot.inputs.guidance import UNKNOWN_NAME
from skl_tot.inputs.names import (
    check_names,
    distinct_labels,
    labels_of_one_type,
    name_actions,
    name_all_actions,
    read_names,
)
from skl_tot.io.atomic import check_target, replaced, replaced_files
from skl_tot.io.formats import FORMATS, write_segments
from skl_tot.io.long_tables import table_of, write_table
from skl_tot.io.segments import segments
from skl_tot.metrics.reports import segmentation_report


def predict(model, folder, out, format, names, **reading):
    """Write the segments of the videos of a folder."""
    from skl_tot.io.models import load_model
    from skl_tot.segmenters.pipelines import (
        predict_with_confidence,
        segmenter_of,
        shown_labels,
    )

    model = load_model(model)
    data = folders.open_recordings(folder, model, **reading)
    names = names and read_names(names)
    words = words_of_actions(shown_labels(segmenter_of(model)), names)
    table = table_of(out)
    format = format or table or next(iter(FORMATS))
    if data.videos.fps is None and FORMATS[format].needs_fps:
        raise ValueError(f"--fps is missing, which --format {format} needs.")
    folders.check_other_folder(out, folder)

    def predict_one(name):
        i = data.video_names.index(name)
        (labels,), (confidence,) = predict_with_confidence(
            model, data.videos[i : i + 1], words
        )
        return labels, confidence

    write = _write_folder if table is None else _write_table
    write(data.videos, predict_one, out, format)
    print(f"Segments of {count(len(data.videos), 'video')} written to {out}.")


def _write_table(videos, predict_one, out, format):
    """Write the segments of all videos into one file."""
    check_target(out)
    found = {}
    for name in progress(videos.names, "video"):
        with errors_of_file(name):
            found[name] = predict_one(name)
    labels = videos.replace([labels for labels, _ in found.values()])
    confidence = [confidence for _, confidence in found.values()]
    write_table(labels, out, confidence=confidence, format=format)


def _write_folder(videos, predict_one, out, format):
    """Write the segments of each video into a file of a folder."""
    folders.check_file_names(videos.names)
    with replaced_files(out) as temporary:
        for i, name in enumerate(progress(videos.names, "video")):
            path = temporary / f"{name}{FORMATS[format].suffix}"
            with errors_of_file(name):
                labels, confidence = predict_one(name)
                video = videos[i : i + 1].replace([labels])
                records = segments(video, confidence=[confidence])
                write_segments(records[name], path, format=format)


def words_of_actions(labels, names):
    """Words for the labels of a model; None for numbers without names."""
    if labels.dtype.kind == "U":
        return name_all_actions(labels, names)
    if not names:
        return None
    check_names(names, labels)
    return name_actions(labels, names)


def evaluate(folder, predictions, scope, ignore, background, labels, **reading):
    """Print the scores of predictions against ground truth, or corrected labels."""
    names, predicted = folders.read_predictions(predictions)
    if labels is None:
        data = folders.open_recordings(folder, **reading)
        truth = folders.labels_of_names(data, folder, names)
    else:
        data = folders.open_recordings(folder, **reading)
        data.labels = corrections.read_labels(labels, data, folder, None)
        names, predicted, truth = folders.pick_labelled(data, folder, names, predicted)
    asked = {*(ignore or []), *([background] if background else [])}
    unknown = asked - set(np.concatenate(truth).tolist())
    if unknown:
        raise ValueError(f"{labels or folder} has no frames of label {min(unknown)!r}.")
    if scope == "labels":
        alike = labels_of_one_type([*truth, *predicted])
        truth, predicted = alike[: len(truth)], alike[len(truth) :]
    if labels is not None:
        ignore = [*(ignore or []), UNKNOWN_NAME]
    options = {"scope": scope, "ignore_labels": ignore, "background": background}
    with names_in_errors(names):
        print(segmentation_report(truth, predicted, **options))


def plot(predictions, out, ground_truth, transpose, fps, names):
    """Draw the timelines of predictions."""
    _check_picture(out)
    names = names and read_names(names)
    videos, predicted = folders.read_predictions(predictions)
    if names and predicted[0].dtype.kind == "U":
        raise ValueError(f"--names is given, but {predictions} has names already.")
    truth = None
    if ground_truth:
        data = load_action_dataset(ground_truth, transpose=transpose)
        truth = folders.labels_of_names(data, ground_truth, videos)
    order = None
    if names:
        order = None if truth else _words_by_number(predicted, names)
        predicted = name_actions(predicted, names)
    options = {"fps": fps, "video_names": printable(videos), "target_names": order}
    with names_in_errors(videos):
        _draw(out, truth, predicted, **options)
    print(f"Timelines of {count(len(videos), 'video')} drawn in {out}.")


def _words_by_number(labels, names):
    """Words that actions are shown by, those of names at the place of their number.

    So actions have the colours that they have without names.
    """
    numbers = sorted(distinct_labels(labels) | names.keys())
    places = [*range(min(max(0, *numbers) + 1, 1000)), *numbers]
    return [names.get(number, str(number)) for number in dict.fromkeys(places)]


def report(model, folder, out, videos, summary, names, **reading):
    """Write the page about a model and its videos, and a summary if it is asked for."""
    from skl_tot.cli.summaries import write_summary
    from skl_tot.io.models import load_model
    from skl_tot.report.page import write_report
    from skl_tot.segmenters.pipelines import (
        predict_with_confidence,
        segmenter_of,
        shown_labels,
    )

    names = names and read_names(names)
    model = load_model(model)
    if summary is not None:
        check_target(summary, is_folder=True)
        folders.check_other_folder(summary, folder)
        if Path(summary).resolve() == Path(out).resolve():
            raise ValueError(f"--summary is {summary}, as --out is; expected a folder.")
    data = folders.open_recordings(folder, model, **reading)
    if videos is not None and data.videos.fps is None:
        raise ValueError("--fps is missing, which --videos needs.")
    if videos is not None:
        videos = [folders.find_video_file(videos, name) for name in data.video_names]
    write_report(
        model,
        data.videos,
        out,
        y_true=data.labels,
        video_names=printable(data.video_names),
        action_names=names,
        video_files=videos,
    )
    print(f"Report written to {out}.")
    if summary is not None:
        words = words_of_actions(shown_labels(segmenter_of(model)), names)
        labels, _ = predict_with_confidence(model, data.videos, words)
        write_summary(data.videos.replace(labels), summary)


def demo(out, n_videos, n_actions, seed):
    """Fit a generated activity, print the report and draw the timelines."""
    from skl_tot.segmenters.temporal_ot import TemporalOTSegmenter

    _check_picture(out)
    videos, labels = make_activities(n_videos, n_actions, random_state=seed)
    model = TemporalOTSegmenter(n_actions, random_state=seed)
    predicted = model.fit_predict(videos)
    print(segmentation_report(labels, predicted))
    _draw(out, labels, predicted)
    print(f"Timelines drawn in {out}.")


def _check_picture(path):
    """Refuse a file that no picture can be written to."""
    check_target(path)
    if not Path(path).suffix:
        raise ValueError(
            f"{path} has no suffix, expected a picture such as {path}.png."
        )


def _draw(path, y_true, y_pred, **options):
    """Draw timelines into a file."""
    from skl_tot.display.timelines import SegmentationDisplay

    display = SegmentationDisplay.from_predictions(y_true, y_pred, **options)
    with replaced(path) as temporary:
        display.figure_.savefig(temporary, dpi=150, bbox_inches="tight")
