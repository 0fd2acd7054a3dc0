"""What the commands of the command line do."""

import contextlib
import os
import re
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.base import clone

from skl_tot.datasets.folders import load_action_dataset
from skl_tot.datasets.generated import make_activities
from skl_tot.inputs.names import name_actions, read_names
from skl_tot.inputs.videos import check_videos
from skl_tot.io.atomic import check_target, replaced, replaced_files
from skl_tot.io.formats import FORMATS, read_segments, write_segments
from skl_tot.io.segments import labels_from_segments, segments
from skl_tot.metrics.scores import segmentation_report

SCORING = {"mof": "mof_scorer", "f1": "segment_f1_scorer"}


def fit(folder, transpose, n_actions, method, settings, pipeline, out):
    """Fit a model to a folder of videos and save it."""
    from skl_tot.io.models import save_model
    from skl_tot.segmenters.pipelines import segmenter_of

    data = load_action_dataset(folder, transpose=transpose)
    model = make_model(n_actions, method, settings, pipeline)
    check_target(out)
    segmenter = segmenter_of(model)
    verbose = segmenter.verbose
    if sys.stderr.isatty() and find_spec("tqdm"):
        segmenter.verbose = 1
    with _names_of_videos(data.names):
        model.fit(data.videos)
    segmenter.verbose = verbose  # the bar was of this terminal
    save_model(model, out)
    print(f"Fitted to {len(data.videos)} videos, written to {out}.")


def predict(model, folder, transpose, out, format, fps, names):
    """Write the segments of the videos of a folder."""
    from skl_tot.io.models import load_model
    from skl_tot.segmenters.pipelines import (
        check_names,
        predict_with_confidence,
        segmenter_of,
    )

    model, data = load_model(model), load_action_dataset(folder, transpose=transpose)
    names = names and read_names(names)
    words = None
    if names:
        check_names(names, segmenter_of(model))
        words = name_actions(range(segmenter_of(model)._n_fitted_actions), names)
    if fps is None and format in ("elan", "webvtt", "textgrid"):
        raise ValueError(f"--fps is missing, which --format {format} needs.")
    _check_other_folder(out, folder)
    with replaced_files(out) as temporary:
        for i, name in enumerate(_progress(data.names, "video")):
            path = temporary / f"{name}{FORMATS[format][0]}"
            with _names_of_videos([name], always=True):
                found = predict_with_confidence(model, [data.videos[i]], words)
                (labels,), (confidence,) = found
                labels = name_actions(labels, names) if names else labels
                records = segments(labels, fps, confidence=confidence)
                write_segments(path, records, format=format)
    print(f"Segments of {len(data.videos)} videos written to {out}.")


def evaluate(folder, transpose, predictions, scope, ignore, background):
    """Print the scores of predictions against the ground truth of a folder."""
    names, predicted = _read_predictions(predictions)
    truth = _ground_truth(folder, names, transpose)
    asked = {*(ignore or []), *([background] if background else [])}
    unknown = asked - set(np.concatenate(truth).tolist())
    if unknown:
        raise ValueError(f"{folder} has no frames of label {min(unknown)!r}.")
    options = {"scope": scope, "ignore_labels": ignore, "background": background}
    with _names_of_videos(names):
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
    from skl_tot.io.models import save_model
    from skl_tot.segmenters.pipelines import segmenter_of

    data = load_action_dataset(folder, transpose=transpose)
    if scoring != "label-free" and data.labels is None:
        raise ValueError(
            f"{folder} has no groundTruth, which --scoring {scoring} needs."
        )
    if scoring == "label-free" and len(data.videos) < 2 * folds:
        raise ValueError(
            f"--folds is {folds}, but {folder} has {len(data.videos)} videos, expected "
            "two for each fold."
        )
    axes = _once(grid, "--grid")
    if ("n_actions" in axes) == (n_actions is not None):
        raise ValueError("Expected either --n-actions or n_actions among --grid.")
    start = axes.get("n_actions", [n_actions])[0]
    model = make_model(start, method, settings, pipeline)
    if out:
        check_target(out)
    with _names_of_videos(data.names):  # in a fold, their numbers are others
        check_videos(clone(segmenter_of(model)), data.videos, reset=True)
    prefix = f"{model.steps[-1][0]}__" if pipeline else ""
    searched = GridSearchCV(
        model,
        {f"{prefix}{name}": values for name, values in axes.items()},
        scoring=getattr(metrics, SCORING.get(scoring, "label_free_scorer")),
        cv=KFold(folds),
        n_jobs=n_jobs,
        refit=bool(out),
        verbose=2 if sys.stdout and sys.stdout.isatty() else 0,  # it prints there
        error_score="raise",
    ).fit(data.videos, data.labels)
    results = searched.cv_results_
    print("".join(f"{name:>14}" for name in axes) + f"{scoring:>16}")
    for i in np.argsort(results["rank_test_score"], kind="stable"):
        values = [results["params"][i][f"{prefix}{name}"] for name in axes]
        mean, std = results["mean_test_score"][i], results["std_test_score"][i]
        row = "".join(f"{value!s:>14}" for value in values)
        print(f"{row}{mean:9.3f} +- {std:.3f}")
    if out:
        save_model(searched.best_estimator_, out)
        print(f"The first, fitted to all {len(data.videos)} videos, written to {out}.")


def plot(predictions, out, ground_truth, transpose, fps, names):
    """Draw the timelines of predictions."""
    _check_picture(out)
    names = names and read_names(names)
    videos, predicted = _read_predictions(predictions)
    if names and predicted[0].dtype.kind == "U":
        raise ValueError(f"--names is given, but {predictions} has names already.")
    truth = ground_truth and _ground_truth(ground_truth, videos, transpose)
    predicted = name_actions(predicted, names) if names else predicted
    with _names_of_videos(videos):
        _draw(out, truth or None, predicted, fps=fps, video_names=videos)
    print(f"Timelines of {len(videos)} videos drawn in {out}.")


def features(videos, out, fps, backbone, weights, device):
    """Compute features of video files, one .npy file for each."""
    from skl_tot.preprocessing.frame_features import FrameFeatures

    repeated = [n for n, k in Counter(Path(v).stem for v in videos).items() if k > 1]
    if repeated:
        raise ValueError(f"Several videos are called {repeated[0]!r}, expected one.")
    weights = weights if weights == "DEFAULT" else os.path.abspath(weights)
    extractor = FrameFeatures(backbone, fps=fps, weights=weights, device=device)
    with replaced_files(out) as temporary:
        for video in _progress(videos, "video"):
            array = extractor.fit_transform(video)
            np.save(temporary / f"{Path(video).stem}.npy", array)
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
        videos = [_video_file(videos, name) for name in data.names]
    write_report(
        out,
        model,
        data.videos,
        labels=data.labels,
        video_names=data.names,
        names=names,
        fps=fps,
        video_files=videos,
    )
    print(f"Report written to {out}.")


def demo(output, n_videos, n_actions, seed):
    """Fit a generated activity, print the report and draw the timelines."""
    from skl_tot import TemporalOTSegmenter

    _check_picture(output)
    videos, labels = make_activities(n_videos, n_actions, random_state=seed)
    model = TemporalOTSegmenter(n_actions, random_state=seed)
    predicted = model.fit_predict(videos)
    print(segmentation_report(labels, predicted))
    _draw(output, labels, predicted)
    print(f"Timelines drawn in {output}.")


def make_model(n_actions, method, settings, pipeline):
    """Make a segmenter, or a pipeline that ends in one.

    Parameters
    ----------
    n_actions : int
        Number of actions K.
    method : {"tot", "cte"}
        Which segmenter.
    settings : list of (str, object)
        Its other parameters.
    pipeline : str
        Steps before it, as ``"standard,pca:32"``; empty for none.

    Returns
    -------
    model : estimator
        Not fitted.
    """
    from sklearn.decomposition import IncrementalPCA
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    from skl_tot import CTESegmenter, TemporalOTSegmenter
    from skl_tot.preprocessing.framewise import FramewiseTransformer

    segmenter = {"tot": TemporalOTSegmenter, "cte": CTESegmenter}[method](n_actions)
    settings = _once(settings, "--set")
    if "n_actions" in settings:
        raise ValueError("--set has n_actions, expected it as --n-actions.")
    segmenter.set_params(**settings)
    makers = {
        "standard": StandardScaler,
        "minmax": MinMaxScaler,
        "robust": RobustScaler,
    }
    steps = []
    for step in pipeline.split(",") if pipeline else []:
        if step in makers:
            transformer = makers[step]()
        elif re.fullmatch("pca:[1-9][0-9]*", step):
            transformer = IncrementalPCA(int(step[4:]))  # goes over videos on disk
        else:
            raise ValueError(
                f"--pipeline has {step!r}, expected standard, minmax, robust or pca:N."
            )
        steps.append(FramewiseTransformer(transformer))
    return make_pipeline(*steps, segmenter) if steps else segmenter


def _read_predictions(folder):
    """Names of the videos, and labels of their frames."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder, expected one of predictions.")
    paths = [p for p in folder.glob("[!.]*") if p.suffix in (".csv", ".json", ".txt")]
    paths.sort(key=lambda path: path.stem)
    if not paths:
        raise FileNotFoundError(f"{folder} has no file *.csv, *.json or *.txt.")
    names = [path.stem for path in paths]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(
            f"{folder} has several files of {repeated[0]!r}, expected one."
        )
    labels = [labels_from_segments(read_segments(path)) for path in paths]
    if any(video.dtype.kind == "U" for video in labels):
        # in some videos, or parts of them, no action has a name
        labels = [name_actions(video, {}) for video in labels]
        labels = [np.where(video == "-1", "background", video) for video in labels]
    return names, labels


def _ground_truth(folder, names, transpose):
    """Labels of the named videos."""
    data = load_action_dataset(folder, transpose=transpose)
    if data.labels is None:
        raise FileNotFoundError(f"{folder} has no folder groundTruth.")
    labels = dict(zip(data.names, data.labels))
    missing = [name for name in names if name not in labels]
    if missing:
        raise ValueError(
            f"{folder} has no video {missing[0]!r}, which predictions have."
        )
    if len(names) < len(labels):
        print(f"{len(names)} of {len(labels)} videos of {folder} have predictions.")
    return [labels[name] for name in names]


def _video_file(folder, name):
    """Find the one video file of a name, which its segments may lie beside."""
    others = {suffix for suffix, _ in FORMATS.values()} | {".npy", ".srt"}
    paths = [p for p in Path(folder).glob("[!.]*") if p.stem == name]
    paths = [p for p in paths if p.suffix not in others]
    if len(paths) != 1:
        raise FileNotFoundError(
            f"{folder} has {len(paths)} files called {name!r}, expected one video."
        )
    return paths[0]


def _check_picture(path):
    """Refuse a file that no picture can be written to."""
    check_target(path)
    if not Path(path).suffix:
        raise ValueError(
            f"{path} has no suffix, expected a picture such as {path}.png."
        )


def _draw(path, y_true, y_pred, **options):
    """Draw timelines into a file."""
    from skl_tot import SegmentationDisplay

    display = SegmentationDisplay.from_predictions(y_true, y_pred, **options)
    with replaced(path) as temporary:
        display.figure_.savefig(temporary, dpi=150, bbox_inches="tight")


def _once(pairs, option):
    """Make a dict of names and values, each given once."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError(f"{option} has a name twice, expected each once.")
    return values


def _check_other_folder(out, folder):
    """Refuse to write among the files that are read."""
    out, folder = Path(out).resolve(), Path(folder).resolve()
    root = folder.parent if folder.name == "features" else folder
    if out in (folder, root / "features", root / "groundTruth"):
        raise ValueError(f"--out is {out}, which is read; expected another folder.")


@contextlib.contextmanager
def _names_of_videos(names, always=False):
    """Name the file in errors that have the number of a video, or in all."""
    try:
        yield
    except (TypeError, ValueError) as error:
        message = str(error)
        found = re.match(r"Video (\d+): ", message)
        if found:
            message = f"{names[int(found[1])]}: {message[found.end() :]}"
        elif always:
            message = f"{names[0]}: {message}"
        raise ValueError(message) from error


def _progress(items, unit):
    """Show a bar on a terminal, if tqdm is there."""
    if find_spec("tqdm") is None:
        return items
    from tqdm.auto import tqdm

    return tqdm(items, unit=unit, disable=None)
