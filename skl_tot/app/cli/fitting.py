"""Commands for features and models: features, fit, demo."""

import contextlib
import importlib.util
import os
from pathlib import Path

import skl_tot
from skl_tot.app.cli import arguments, inputs, outputs
from skl_tot.app.cli.outputs import stage
from skl_tot.app.cli.recipes import Recipe, recipe_options
from skl_tot.progress import each
from skl_tot.recordings.errors import how_to_install, import_extra


def add_fit(commands):
    """Add the command ``fit``."""
    parser = arguments.add_command(
        commands,
        fit,
        "learn the actions that recordings share",
        "skl-tot fit features --labels first.csv --out model.skops",
        [
            recipe_options("not needed with --labels"),
            arguments.labels_options(),
            arguments.faults_options("leave"),
            arguments.reading_options(),
        ],
    )
    parser.add_argument("data", metavar="DATA", help=arguments.DATA)
    text = """fit with so many seeds, from --seed on, and print means and deviations of
    the scores, against groundTruth of DATA; the first model is written"""
    parser.add_argument(
        "--seeds", type=int, choices=range(2, 11), metavar="N", help=text
    )
    arguments.add_model_out(parser)


def fit(options):
    """Fit a model to a folder of recordings, perhaps with labels, and save it."""
    if not (options.labels or options.n_actions):
        text = "--n-actions is missing, expected --n-actions N"
        raise ValueError(f"{text}, or --labels of a recording.")
    arguments.check_needed(options, "labels", ["gaps"])
    arguments.check_needed(options, "n_actions", ["seeds"])
    inputs.check_inputs(options.data, options.labels)
    paths = [options.data, options.labels]
    outputs.check_output(options.out, "--out", paths, [".skops"])
    recipe = Recipe(options)
    source = inputs.Source(options.data, options)
    answer = options.faults or "leave"
    recordings, model = inputs.open_checked(source, recipe.make(), answer)
    y = options.labels and inputs.read_labels_in_order(
        options, recordings, options.data
    )
    truth = options.seeds and _read_truth(source, recordings)
    from skl_tot.io.models import save_model
    from skl_tot.meta.trust import rate_trust
    from skl_tot.methods.pipelines import last_step

    import_extra("skops")  # an error now, not after a long fit
    seed = recipe.set_seed(model)
    # a verbose fit prints its look
    with contextlib.redirect_stdout(None), stage("fitting"):
        model.fit(recordings, y)
    with stage("writing"):
        save_model(model, options.out)
    if y is not None:
        print(inputs.describe_amount(y))
    _print_fit(recordings, seed, options.out)
    outputs.print_stops(recordings)
    _print_findings(model)
    with stage("rating the fit"):
        rating = rate_trust(model, recordings, last_step(model).labels_)
    if rating is not None:
        text = " ".join(rating["sentences"])
        print("How far to trust this:", outputs.in_options(text))
    if truth is not None:
        _score_seeds(recipe, model, recordings, truth, options.seeds)


def _read_truth(source, recordings):
    truth = source.ground_truth(recordings)
    if truth is None:
        raise ValueError(f"{source.path} has no groundTruth, which --seeds needs.")
    return truth


def _score_seeds(recipe, model, recordings, truth, n_seeds):
    """Fit with the other seeds, and print scores of all; the model is of the first."""
    import numpy as np
    from sklearn.base import clone

    from skl_tot import metrics
    from skl_tot.methods.pipelines import last_step

    scores = {
        "MoF": metrics.mof_score,
        "F1@50": metrics.segment_f1_score,
        "AMI": metrics.adjusted_mutual_info_score,
        "mean recall": metrics.mean_recall_score,
    }
    rows = []
    for number in range(n_seeds):
        if number:
            model = clone(model)
            recipe.set_seed(model, number)
            with contextlib.redirect_stdout(None), stage("fitting with another seed"):
                model.fit(recordings)
        labels = last_step(model).labels_
        labels = [labels[name] for name in recordings.names]
        rows.append([100 * score(truth, labels) for score in scores.values()])
    cells = zip(scores, np.mean(rows, axis=0), np.std(rows, axis=0))
    text = ", ".join(
        f"{name} {mean:.1f} ± {spread:.1f}" for name, mean, spread in cells
    )
    print(f"Scores of {n_seeds} seeds, in percent: {text}.")


def _print_fit(recordings, seed, path):
    text = f"Fitted to {outputs.count(len(recordings), 'recording')}"
    if recordings.fps is not None:
        text += f" at {recordings.fps:g} frames per second"
    print(f"{text} with seed {seed}, written to {path}.")


def _print_findings(model):
    from skl_tot.methods.numbers import describe_choice
    from skl_tot.methods.pipelines import describe_look, last_step

    for sentence in describe_look(model):
        print(outputs.in_options(sentence))
    segmenter = last_step(model)
    if hasattr(segmenter, "n_cycles_"):
        print(f"Found {outputs.count(segmenter.n_cycles_, 'cycle')}.")
    numbers = getattr(segmenter, "numbers_", None)
    if numbers is not None and not numbers["at_edge"]:  # else a warning says it
        print(outputs.in_options(describe_choice(numbers)))


def add_features(commands):
    """Add the command ``features``."""
    summary = "compute features of video files"
    example = "skl-tot features videos --out features --fps 10"
    add = arguments.add_command(commands, features, summary, example).add_argument
    add("video", metavar="VIDEO", nargs="+", help="video file, or folder of them")
    text = "folder to write, one .npy per video"
    add("--out", required=True, metavar="FOLDER", help=text)
    text = "frames per second to read (default: 10)"
    add("--fps", type=arguments.positive, default=10, metavar="RATE", help=text)
    text = "network of timm, or motion, without weights (default: resnet18.tv_in1k)"
    add("--backbone", default="resnet18.tv_in1k", metavar="NAME", help=text)
    text = "state dict of the backbone (default: recommended weights from the hub)"
    add("--weights", metavar="FILE", help=text)
    add("--device", default="auto", help="device of the network (default: auto)")


def features(options):
    """Compute features of video files, one .npy file each, and write their rate."""
    out, weights = options.out, options.weights
    inputs.check_inputs(*options.video, weights)
    outputs.check_output(out, "--out", [*options.video, weights], is_folder=True)
    from skl_tot.preprocessing.backbones import FrameFeatures
    from skl_tot.preprocessing.videos import videos_of_folder
    from skl_tot.recordings.errors import repeated
    from skl_tot.recordings.files import replaced_files, write_array, write_rate

    paths = []
    for path in map(Path, options.video):
        paths += videos_of_folder(path) if path.is_dir() else [path]
    names = [path.stem for path in paths]
    for name in repeated(names)[:1]:
        raise ValueError(f"Several videos are called {name!r}, expected one.")
    outputs.check_file_names(names)
    _check_rate(out, names, options.fps)
    extractor = FrameFeatures(
        options.backbone,
        weights="DEFAULT" if weights is None else os.path.abspath(weights),
        fps=options.fps,
        device=options.device,
    )
    with replaced_files(out) as temporary:
        arrays = extractor.transform_each(paths)
        with stage("computing features", "video"):
            for name, array in zip(each(names), arrays):
                write_array(temporary / f"{name}.npy", array)
        write_rate(temporary, options.fps)
    print(f"Features of {outputs.count(len(paths), 'video')} written to {out}.")


def _check_rate(out, names, fps):
    """Refuse a folder with features of another rate; one file has the rate of all."""
    from skl_tot.recordings.files import read_rate

    others = {path.stem for path in Path(out).glob("[!.]*.npy")} - set(names)
    if others and (rate := read_rate(out)) != fps:
        text = f"{out} has {min(others)}.npy, whose rate is {rate}"
        raise ValueError(f"{text}, expected a folder of its own for --fps {fps:g}.")


def add_demo(commands):
    """Add the command ``demo``."""
    summary = "fit a generated activity, print scores, draw timelines"
    example = "skl-tot demo --out timelines.png --recordings cycles"
    add = arguments.add_command(commands, demo, summary, example).add_argument
    text = "picture to write (default: timelines.png)"
    add("--out", default="timelines.png", metavar="PICTURE", help=text)
    text = "new folder for the recordings, as CSV files"
    add("--recordings", metavar="FOLDER", help=text)
    add("--n-videos", type=int, default=12, help="videos to generate (default: 12)")
    add("--n-actions", type=int, default=6, help="actions to generate (default: 6)")


def demo(options):
    """Fit a generated activity, print the report and draw the timelines."""
    out, folder, n_videos = options.out, options.recordings, options.n_videos
    outputs.check_output(out, "--out", [], outputs.PICTURE)
    if folder is not None:
        outputs.check_output(folder, "--recordings", [out], is_folder=True)
        if Path(folder).is_dir():
            raise FileExistsError(f"{folder} is there, expected a new folder.")
    from skl_tot import datasets, metrics

    n_actions = options.n_actions
    videos, labels = datasets.make_activities(n_videos, n_actions, random_state=0)
    names = [f"cycle_{i:02}" for i in range(1, n_videos + 1)]
    if folder is not None:
        _write_recordings(folder, names, videos)
    model = skl_tot.TemporalOTSegmenter(n_actions, random_state=0)
    predicted = model.fit_predict(videos)
    print(metrics.segmentation_report(labels, predicted))
    if importlib.util.find_spec("matplotlib") is None:
        remedy = how_to_install("plot")
        print(f"No timelines are drawn without matplotlib: {remedy}")
    else:
        from skl_tot.recordings import Recordings
        from skl_tot.recordings.files import replaced

        display = skl_tot.SegmentationDisplay.from_predictions(
            *(Recordings(paths, names) for paths in (labels, predicted))
        )
        with replaced(out) as temporary:
            display.figure_.savefig(temporary, dpi=150, bbox_inches="tight")
        print(f"Timelines drawn in {out}.")
    if folder is not None:
        print(f"{outputs.count(n_videos, 'recording')} written to {folder}.")


def _write_recordings(folder, names, videos):
    from skl_tot.io.formats.tables import write_csv
    from skl_tot.recordings.files import replaced_files

    pd = import_extra("pandas")
    sensors = [f"sensor_{i:02}" for i in range(1, videos[0].shape[1] + 1)]
    with replaced_files(folder) as temporary:
        for name, video in zip(names, videos, strict=True):
            table = pd.DataFrame(video, columns=sensors)
            table.insert(0, "time", table.index / 10)
            write_csv(table, temporary / f"{name}.csv", float_format="%.5g")
