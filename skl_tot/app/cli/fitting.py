"""Commands for features and models: features, fit, search."""

import contextlib
import os
import sys
from collections import Counter
from pathlib import Path

import skl_tot
from skl_tot.app.cli.recipes import (
    each_once,
    for_labels,
    put_together,
    recipe_of,
    take_apart,
)
from skl_tot.app.cli.registry import (
    MODEL_OUT,
    RECORDINGS_TO_FIT,
    command,
    labels_of_people,
)
from skl_tot.app.cli.terminal import (
    count,
    describe_seed,
    has_bars,
    names_in_errors,
    progress,
)

SCORERS = {"label-free": "label_free_scorer", "mof": "mof_scorer"}
SCORERS |= {"f1": "segment_f1_scorer", "recall": "mean_recall_scorer"}
SCORERS |= {"ami": "adjusted_mutual_info_scorer"}


def _for_cycles(model, _):
    """Wrap a segmenter of single cycles for recordings of many cycles."""
    steps, segmenter = take_apart(model)
    cyclic = skl_tot.CyclicSegmenter(segmenter.n_actions, estimator=segmenter)
    return put_together(steps, cyclic)


def _for_activities(model, n_activities):
    """Wrap a segmenter of one activity for several activities."""
    return skl_tot.ActivitySegmenter(model, n_activities)


def _describe_activities(model):
    counts = sorted(Counter(model.activities_.values()).items())
    listed = ", ".join(f"{name} ({number} recordings)" for name, number in counts)
    return f"Activities: {listed}."


def _describe_cycles(model):
    return f"Found {count(take_apart(model)[1].n_cycles_, 'cycle')}."


# Kinds of models of `fit`, by option: a wrapper of the model, and a line about the
# fitted model or None.
KINDS = {
    "labels": (lambda model, _: for_labels(model), None),
    "activities": (_for_activities, _describe_activities),
    "cycles": (_for_cycles, _describe_cycles),
}


@command(
    """
    learn the actions that recordings share

    --activities N|auto: number of activities in the recordings, or auto;
        --n-actions and --method then apply to each activity
    --cycles: each recording repeats the same actions; --n-actions counts the actions
        of one cycle
    """,
    "skl-tot fit features --n-actions 12 --set rho=0.1 --out model.skops",
    RECORDINGS_TO_FIT,
    recipe_of("[required]"),
    labels_of_people(),
    MODEL_OUT,
)
def fit(source, recipe, out, **kinds):
    """Fit a model to a folder of recordings, perhaps with labels, and save it."""
    given = {name: kinds[name] for name in KINDS if kinds[name]}
    if len(given) > 1:
        options = " and ".join(f"--{name}" for name in given)
        raise ValueError(f"{options} are given, expected one of them.")
    from skl_tot.app.cli.reading import describe_labels
    from skl_tot.io import save_model
    from skl_tot.methods import describe_choice

    data = source.open()
    labels = given.get("labels")
    y = None if labels is None else labels.read(data, source.path)
    model = recipe.make()
    verbose = _show_bar(model)
    describe = None
    for name, value in given.items():
        make_kind, describe = KINDS[name]
        model = make_kind(model, value)
    seed = recipe.sow(model)
    with contextlib.redirect_stdout(None):  # a verbose fit prints its look
        model.fit(data.videos, y)
    if verbose is not None:
        _reset_bar(model, verbose)
    save_model(model, out)
    if y is not None:
        print(describe_labels(y))
    rate = data.videos.fps
    known = "" if rate is None else f" at {rate:g} frames per second"
    known += describe_seed(seed)
    if data.videos.breaks is not None:
        known += f", {count(sum(map(len, data.videos.breaks)), 'break')}"
    print(f"Fitted to {count(len(data.videos), 'recording')}{known}, written to {out}.")
    _tell_look(take_apart(model)[1], out)
    if describe is not None:
        print(describe(model))
    numbers = getattr(take_apart(model)[1], "numbers_", None)
    if numbers is not None and not numbers["at_edge"]:  # else a warning says it
        print(describe_choice(numbers))


def _tell_look(segmenter, path):
    """Print the look of a fit at its recordings, and other readings of them."""
    from skl_tot.methods import describe_look

    for sentence in describe_look(segmenter):
        print(sentence)
    for reading in getattr(segmenter, "readings_", [])[1:]:
        print(
            f"Another reading, {reading['name']}: {reading['sentence']} It agrees on "
            f"{reading['agreement']:.0%} of the frames; skl-tot edit {_quoted(path)} "
            f"--reading {_quoted(reading['name'])} --out NEW makes it the model's own."
        )


def _quoted(word):
    """Quote a word of a command line with spaces, for any shell."""
    return f'"{word}"' if " " in word else word


def _show_bar(model):
    """Turn on the progress bar of a model on a terminal; return the old setting."""
    _, segmenter = take_apart(model)
    verbose = getattr(segmenter, "verbose", None)  # some methods have no bar
    if verbose is None or not has_bars():
        return None
    segmenter.verbose = 1
    return verbose


def _reset_bar(model, verbose):
    """Reset ``verbose`` of a fitted model; the bar was for this terminal."""
    _, segmenter = take_apart(model)
    owners = [segmenter, *getattr(segmenter, "estimators_", [])]
    owners += [getattr(segmenter, name, None) for name in ("estimator", "estimator_")]
    for _, own in map(take_apart, owners):
        if hasattr(own, "verbose"):
            own.verbose = verbose


@command(
    """
    try parameters and keep the best model

    --grid NAME=V1,V2...: values to try [required]
    --scoring {label-free,mof,f1,recall,ami}: label-free needs no ground truth, the
        others do [default: label-free]
    --folds N: folds [default: 2]
    --n-jobs N: parallel fits
    --out MODEL: file to write, fitted to all recordings
    """,
    "skl-tot search features --n-actions 12 --grid rho=0.05,0.1 alpha=0,1",
    RECORDINGS_TO_FIT,
    recipe_of(),
)
def search(source, recipe, grid, scoring, folds, n_jobs, out):
    """Print the scores of all candidates, and save the best one."""
    axes = each_once(grid, "--grid")
    if ("n_actions" in axes) == (recipe.n_actions is not None):
        raise ValueError("Expected either --n-actions or n_actions among --grid.")
    if folds < 2:
        raise ValueError(f"--folds is {folds}, expected 2 or more.")
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, KFold

    from skl_tot.app.cli.searching import CandidateScorer, describe_collapse, rank
    from skl_tot.io import save_model
    from skl_tot.recordings import check_recordings

    data = source.open()
    _check_scoring(scoring, folds, data, source.path)
    model = recipe.make(axes.get("n_actions", [None])[0])
    seed = None if "random_state" in axes else recipe.sow(model)
    # a fold has other indices
    check_recordings(clone(take_apart(model)[1]), data.videos, reset=True)
    prefix = f"{model.steps[-1][0]}__" if recipe.pipeline else ""
    searched = GridSearchCV(
        model,
        {f"{prefix}{name}": values for name, values in axes.items()},
        scoring=CandidateScorer(SCORERS[scoring]),
        cv=KFold(folds),
        n_jobs=n_jobs,
        refit=False if out is None else lambda results: rank(results)[0],
        verbose=2 if sys.stdout and sys.stdout.isatty() else 0,  # printed there
        error_score="raise",
    ).fit(data.videos, None if scoring == "label-free" else data.labels)
    results = searched.cv_results_
    _print_candidates(results, list(axes), prefix, scoring)
    collapse = describe_collapse(results)
    if collapse is not None:
        print(collapse)
    elif "n_actions" in axes:
        best = results["params"][rank(results)[0]]
        _tell_of_edge(best[f"{prefix}n_actions"], axes["n_actions"])
    if out is None:
        print(f"Fitted{describe_seed(seed)}; without --out, none is kept.")
        return
    save_model(searched.best_estimator_, out)
    videos = f"all {len(data.videos)} recordings{describe_seed(seed)}"
    print(f"The first, fitted to {videos}, written to {out}.")


def _tell_of_edge(best, tried):
    """Warn if the best number of actions is the least or largest candidate."""
    if len(tried) > 1 and best in (min(tried), max(tried)):
        print(
            f"The best n_actions, {best}, is at the edge of {min(tried)} to "
            f"{max(tried)}: others beyond it may be better."
        )


def _check_scoring(scoring, folds, data, folder):
    """Refuse recordings without the data that a score needs."""
    if scoring != "label-free" and data.labels is None:
        raise ValueError(
            f"{folder} has no groundTruth, which --scoring {scoring} needs."
        )
    if scoring == "label-free" and len(data.videos) < 2 * folds:
        raise ValueError(
            f"--folds is {folds}, but {folder} has {len(data.videos)} recordings, "
            "expected two for each fold."
        )


def _print_candidates(results, names, prefix, scoring):
    """Print values, score and actions in effect of each candidate, the best first."""
    from skl_tot.app.cli.searching import has_collapsed, rank

    print("".join(f"{name:>14}" for name in names) + f"{scoring:>16}   in effect")
    for i in rank(results):
        values = [results["params"][i][f"{prefix}{name}"] for name in names]
        row = "".join(f"{value!s:>14}" for value in values)
        mean, std = results["mean_test_score"][i], results["std_test_score"][i]
        found = [results[f"mean_test_{key}"][i] for key in ("effective", "n_actions")]
        effect = "{:.1f} of {:.3g}".format(*found).rjust(12)
        note = ", collapsed" if has_collapsed(results)[i] else ""
        print(f"{row}{mean:9.3f} +- {std:.3f}{effect}{note}")


@command(
    """
    compute features of video files

    VIDEO...: video file, or folder of video files
    --out FOLDER: folder to write, one .npy per video [required]
    --fps RATE: frames per second to read [default: 10]
    --backbone NAME: network of timm, or motion (colour, change and optical flow,
        without weights) [default: resnet18.tv_in1k]
    --weights FILE: state dict of the backbone [default: DEFAULT, the recommended
        weights from the hub]
    --device DEVICE: device of the network [default: auto]
    --pooling {token,avg}: output of a transformer: its class token, or the mean of the
        other tokens
    --image-size N: side of the square input of the network, in pixels (default: as
        trained)
    """,
    "skl-tot features videos --out features --fps 10",
)
def features(video, out, fps, weights, **network):
    """Compute features of video files, one .npy file each, and write their rate."""
    from skl_tot.app.cli.reading import find_repeated
    from skl_tot.preprocessing import FrameFeatures, videos_of_folder
    from skl_tot.recordings import (
        find_same_files,
        replaced_files,
        write_array,
        write_rate,
    )

    paths = []
    for path in map(Path, video):
        paths += videos_of_folder(path) if path.is_dir() else [path]
    names = [path.stem for path in paths]
    repeated = find_repeated(names)
    if repeated is not None:
        raise ValueError(f"Several videos are called {repeated!r}, expected one.")
    same = find_same_files(names)
    if same is not None:
        raise ValueError(
            f"Recordings are called {same[0]!r} and {same[1]!r}, which are one file on "
            "Windows and macOS; expected other names."
        )
    _check_rate(out, names, fps)
    weights = weights if weights == "DEFAULT" else os.path.abspath(weights)
    extractor = FrameFeatures(fps=fps, weights=weights, **network)
    with replaced_files(out) as temporary, names_in_errors(names):
        arrays = extractor.transform_each(paths)
        for name, array in zip(progress(names, "video"), arrays):
            write_array(temporary / f"{name}.npy", array)
        write_rate(temporary, fps)
    print(f"Features of {count(len(paths), 'video')} written to {out}.")


def _check_rate(out, names, fps):
    """Refuse a folder with features of another rate; one file has the rate of all."""
    from skl_tot.recordings import RATE_FILE, read_rate

    others = sorted({path.stem for path in Path(out).glob("[!.]*.npy")} - set(names))
    rate = read_rate(out) if others else fps
    if rate == fps:
        return
    found = f"of {rate:g} frames per second" if rate else f"but no {RATE_FILE} that "
    found += "" if rate else "says its rate"
    raise ValueError(
        f"{out} has {others[0]}.npy, {found}; expected a folder of its own for "
        f"features of --fps {fps:g}."
    )
