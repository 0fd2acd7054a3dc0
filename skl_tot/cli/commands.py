"""What the commands of the command line do."""

import os
import sys
from pathlib import Path

import numpy as np
from sklearn.base import clone

from skl_tot.cli import corrections, folders
from skl_tot.cli.terminal import (
    errors_of_file,
    has_bars,
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
from skl_tot.inputs.videos import check_videos
from skl_tot.io.atomic import check_target, replaced, replaced_files, write_array
from skl_tot.io.formats import FORMATS, write_segments
from skl_tot.io.segments import segments
from skl_tot.metrics.reports import segmentation_report

SCORERS = {
    "label-free": "label_free_scorer",
    "mof": "mof_scorer",
    "f1": "segment_f1_scorer",
}


def fit(
    folder,
    transpose,
    n_actions,
    method,
    settings,
    pipeline,
    out,
    labels,
    fps,
    gaps,
):
    """Fit a model to a folder of videos, some perhaps with labels, and save it."""
    from skl_tot.cli.models import make_model
    from skl_tot.io.models import save_model
    from skl_tot.segmenters.pipelines import segmenter_of

    corrections.check_alone(labels, fps, gaps)
    data = load_action_dataset(folder, transpose=transpose)
    model = make_model(n_actions, method, settings, pipeline)
    check_target(out)
    segmenter = segmenter_of(model)
    y = None
    if labels is not None:
        if "guidance" in dict(settings):
            raise ValueError("--set has guidance, expected --labels alone.")
        segmenter.set_params(guidance="labels")
        y = corrections.read_labels(labels, data, folder, fps, gaps)
    verbose = getattr(segmenter, "verbose", None)  # some methods have no bar
    if verbose is not None and has_bars():
        segmenter.verbose = 1
    with names_in_errors(data.video_names):
        model.fit(data.videos, y)
    if verbose is not None:
        segmenter.verbose = verbose  # the bar was of this terminal
    save_model(model, out)
    if y is not None:
        print(corrections.describe_labels(y))
    print(f"Fitted to {len(data.videos)} videos, written to {out}.")


def refine(model, folder, transpose, labels, fps, gaps, out):
    """Teach a model the labels of some videos and save it."""
    from skl_tot.io.models import load_model, save_model
    from skl_tot.segmenters.pipelines import (
        output_labels,
        segmenter_of,
        transform_before,
    )

    check_target(out)
    model, data = load_model(model), load_action_dataset(folder, transpose=transpose)
    y = corrections.read_labels(labels, data, folder, fps, gaps)
    segmenter = segmenter_of(model)
    had_names = output_labels(segmenter).dtype.kind == "U"
    guidance = segmenter.guidance
    with names_in_errors(data.video_names):
        videos = transform_before(model, data.videos)
        before = segmenter.predict(videos)
        segmenter.set_params(guidance="labels").guide(videos, y)
        segmenter.set_params(guidance=guidance)
        after = segmenter.predict(videos)
    save_model(model, out)
    print(corrections.describe_labels(y))
    print(corrections.describe_changes(before, after, y, had_names))
    print(f"Written to {out}.")


def edit(model, merge, split, rename, features, transpose, out):
    """Merge, split and rename the actions of a model and save it."""
    from skl_tot.io.models import load_model, save_model
    from skl_tot.segmenters.pipelines import (
        output_labels,
        segmenter_of,
        transform_before,
    )

    check_target(out)
    if not (merge or split or rename):
        raise ValueError("nothing to do, expected --merge, --split or --rename.")
    renamed = dict(corrections.split_name(text) for text in rename)
    model = load_model(model)
    segmenter = segmenter_of(model)
    videos = None
    if features is not None:
        data = load_action_dataset(features, transpose=transpose)
        videos = transform_before(model, data.videos)

    def label_of(text):
        return corrections.label_of(text, output_labels(segmenter))

    for texts in merge:
        segmenter.merge([label_of(text) for text in texts])
    for text in split:
        segmenter.split(label_of(text), videos)
    if renamed:
        segmenter.rename({label_of(old): new for old, new in renamed.items()})
    save_model(model, out)
    labels = ", ".join(map(str, output_labels(segmenter).tolist()))
    print(f"Actions: {labels}.\nWritten to {out}.")


def predict(model, folder, transpose, out, format, fps, names):
    """Write the segments of the videos of a folder."""
    from skl_tot.io.models import load_model
    from skl_tot.segmenters.pipelines import (
        output_labels,
        predict_with_confidence,
        segmenter_of,
    )

    model, data = load_model(model), load_action_dataset(folder, transpose=transpose)
    names = names and read_names(names)
    words = _words_of_actions(output_labels(segmenter_of(model)), names)
    format = format or next(iter(FORMATS))
    if fps is None and FORMATS[format].needs_fps:
        raise ValueError(f"--fps is missing, which --format {format} needs.")
    folders.check_other_folder(out, folder)
    with replaced_files(out) as temporary:
        for i, name in enumerate(progress(data.video_names, "video")):
            path = temporary / f"{name}{FORMATS[format].suffix}"
            with errors_of_file(name):
                found = predict_with_confidence(model, data.videos[i : i + 1], words)
                (labels,), (confidence,) = found
                records = segments(labels, fps, confidence=confidence)
                write_segments(records, path, format=format)
    print(f"Segments of {len(data.videos)} videos written to {out}.")


def _words_of_actions(labels, names):
    """Words for the labels of a model; None for numbers without names."""
    if labels.dtype.kind == "U":
        return name_all_actions(labels, names)
    if not names:
        return None
    check_names(names, labels)
    return name_actions(labels, names)


def evaluate(folder, transpose, predictions, scope, ignore, background, labels, fps):
    """Print the scores of predictions against ground truth, or corrected labels."""
    corrections.check_alone(labels, fps)
    names, predicted = folders.read_predictions(predictions)
    if labels is None:
        truth = folders.read_ground_truth(folder, names, transpose)
    else:
        data = load_action_dataset(folder, transpose=transpose)
        data.labels = corrections.read_labels(labels, data, folder, fps, None)
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


def search(
    folder,
    transpose,
    n_actions,
    method,
    settings,
    pipeline,
    grid,
    scoring,
    folds,
    n_jobs,
    out,
):
    """Print the scores of all candidates, and save the best, fitted to all videos."""
    from sklearn.model_selection import GridSearchCV, KFold

    from skl_tot import metrics
    from skl_tot.cli.models import each_once, make_model
    from skl_tot.io.models import save_model
    from skl_tot.segmenters.pipelines import segmenter_of

    data = load_action_dataset(folder, transpose=transpose)
    _check_scoring(scoring, folds, data, folder)
    axes = each_once(grid, "--grid")
    if ("n_actions" in axes) == (n_actions is not None):
        raise ValueError("Expected either --n-actions or n_actions among --grid.")
    start = axes.get("n_actions", [n_actions])[0]
    model = make_model(start, method, settings, pipeline)
    if out:
        check_target(out)
    with names_in_errors(data.video_names):  # in a fold, their numbers are others
        check_videos(clone(segmenter_of(model)), data.videos, reset=True)
    prefix = f"{model.steps[-1][0]}__" if pipeline else ""
    searched = GridSearchCV(
        model,
        {f"{prefix}{name}": values for name, values in axes.items()},
        scoring=getattr(metrics, SCORERS[scoring]),
        cv=KFold(folds),
        n_jobs=n_jobs,
        refit=bool(out),
        verbose=2 if sys.stdout and sys.stdout.isatty() else 0,  # it prints there
        error_score="raise",
    ).fit(data.videos, data.labels)
    _print_candidates(searched.cv_results_, list(axes), prefix, scoring)
    if out:
        save_model(searched.best_estimator_, out)
        print(f"The first, fitted to all {len(data.videos)} videos, written to {out}.")


def _check_scoring(scoring, folds, data, folder):
    """Refuse videos that lack what a score needs."""
    if scoring != "label-free" and data.labels is None:
        raise ValueError(
            f"{folder} has no groundTruth, which --scoring {scoring} needs."
        )
    if scoring == "label-free" and len(data.videos) < 2 * folds:
        raise ValueError(
            f"--folds is {folds}, but {folder} has {len(data.videos)} videos, expected "
            "two for each fold."
        )


def _print_candidates(results, names, prefix, scoring):
    """Print a row of values and score for each candidate, the best first."""
    print("".join(f"{name:>14}" for name in names) + f"{scoring:>16}")
    for i in np.argsort(results["rank_test_score"], kind="stable"):
        values = [results["params"][i][f"{prefix}{name}"] for name in names]
        row = "".join(f"{value!s:>14}" for value in values)
        mean, std = results["mean_test_score"][i], results["std_test_score"][i]
        print(f"{row}{mean:9.3f} +- {std:.3f}")


def plot(predictions, out, ground_truth, transpose, fps, names):
    """Draw the timelines of predictions."""
    _check_picture(out)
    names = names and read_names(names)
    videos, predicted = folders.read_predictions(predictions)
    if names and predicted[0].dtype.kind == "U":
        raise ValueError(f"--names is given, but {predictions} has names already.")
    truth = None
    if ground_truth:
        truth = folders.read_ground_truth(ground_truth, videos, transpose)
    order = None
    if names:
        order = None if truth else _words_by_number(predicted, names)
        predicted = name_actions(predicted, names)
    options = {"fps": fps, "video_names": printable(videos), "target_names": order}
    with names_in_errors(videos):
        _draw(out, truth, predicted, **options)
    print(f"Timelines of {len(videos)} videos drawn in {out}.")


def _words_by_number(labels, names):
    """Words that actions are shown by, those of names at the place of their number.

    So actions have the colours that they have without names.
    """
    numbers = sorted(distinct_labels(labels) | names.keys())
    places = [*range(min(max(0, *numbers) + 1, 1000)), *numbers]
    return [names.get(number, str(number)) for number in dict.fromkeys(places)]


def features(videos, out, fps, backbone, weights, device):
    """Compute features of video files, one .npy file for each."""
    from skl_tot.preprocessing.frame_features import FrameFeatures

    repeated = folders.find_repeated(Path(video).stem for video in videos)
    if repeated is not None:
        raise ValueError(f"Several videos are called {repeated!r}, expected one.")
    weights = weights if weights == "DEFAULT" else os.path.abspath(weights)
    extractor = FrameFeatures(backbone, fps=fps, weights=weights, device=device)
    with replaced_files(out) as temporary:
        for video in progress(videos, "video"):
            array = extractor.fit_transform(video)
            write_array(temporary / f"{Path(video).stem}.npy", array)
    print(f"Features of {len(videos)} videos written to {out}.")


def report(model, folder, transpose, out, videos, fps, names):
    """Write the page about a model and its videos."""
    from skl_tot.io.models import load_model
    from skl_tot.report.page import write_report

    if videos is not None and fps is None:
        raise ValueError("--fps is missing, which --videos needs.")
    names = names and read_names(names)
    model, data = load_model(model), load_action_dataset(folder, transpose=transpose)
    if videos is not None:
        videos = [folders.find_video_file(videos, name) for name in data.video_names]
    write_report(
        model,
        data.videos,
        out,
        y_true=data.labels,
        video_names=printable(data.video_names),
        action_names=names,
        fps=fps,
        video_files=videos,
    )
    print(f"Report written to {out}.")


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
