"""Commands that make a model, or another one of it."""

import sys

import numpy as np
from sklearn.base import clone

from skl_tot.cli import corrections
from skl_tot.cli.folders import open_recordings
from skl_tot.cli.terminal import count, has_bars, names_in_errors
from skl_tot.inputs.videos import check_videos
from skl_tot.io.atomic import check_target

SCORERS = {
    "label-free": "label_free_scorer",
    "mof": "mof_scorer",
    "f1": "segment_f1_scorer",
}


def fit(
    folder,
    n_actions,
    method,
    settings,
    pipeline,
    out,
    labels,
    gaps,
    activities,
    cycles,
    **reading,
):
    """Fit a model to a folder of videos, some perhaps with labels, and save it."""
    from skl_tot.cli.models import (
        describe_activities,
        for_activities,
        for_cycles,
        make_model,
    )
    from skl_tot.io.models import save_model
    from skl_tot.segmenters.pipelines import segmenter_of

    corrections.check_alone(labels, gaps)
    data = open_recordings(folder, **reading)
    model = make_model(n_actions, method, settings, pipeline)
    given = {"--labels": labels, "--activities": activities, "--cycles": cycles}
    several = [name for name, value in given.items() if value is not None]
    if len(several) > 1:
        raise ValueError(f"{' and '.join(several)} are given, expected one of them.")
    if activities is not None:
        model = for_activities(model, activities)
    if cycles is not None:
        model = for_cycles(model)
    check_target(out)
    segmenter = segmenter_of(model)
    y = None
    if labels is not None:
        if "guidance" in dict(settings):
            raise ValueError("--set has guidance, expected --labels alone.")
        segmenter.set_params(guidance="labels")
        y = corrections.read_labels(labels, data, folder, gaps)
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
    rate = data.videos.fps
    known = "" if rate is None else f" at {rate:g} frames per second"
    print(f"Fitted to {count(len(data.videos), 'video')}{known}, written to {out}.")
    if activities is not None:
        print(describe_activities(model.activities_))
    if cycles is not None:
        print(f"Found {count(segmenter.n_cycles_, 'cycle')}.")


def refine(model, folder, labels, gaps, out, **reading):
    """Teach a model the labels of some videos and save it."""
    from skl_tot.io.models import load_model, save_model
    from skl_tot.segmenters.pipelines import (
        output_labels,
        segmenter_of,
        transform_before,
    )

    check_target(out)
    model = load_model(model)
    data = open_recordings(folder, model, **reading)
    y = corrections.read_labels(labels, data, folder, gaps)
    segmenter = segmenter_of(model)
    had_names = output_labels(segmenter).dtype.kind == "U"
    guidance = segmenter.guidance
    with names_in_errors(data.video_names):
        videos = transform_before(model, data.videos)
        before = segmenter.predict(videos)
        segmenter.guidance = "labels"  # not all have it as a parameter
        segmenter.guide(videos, y)
        segmenter.guidance = guidance
        after = segmenter.predict(videos)
    save_model(model, out)
    print(corrections.describe_labels(y))
    print(corrections.describe_changes(before, after, y, had_names))
    print(f"Written to {out}.")


def edit(model, merge, split, rename, features, out, **reading):
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
        data = open_recordings(features, model, **reading)
        videos = transform_before(model, data.videos)
    elif any(value not in (None, False) for value in reading.values()):
        raise ValueError("--features is missing, which options of reading are of.")

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


def search(
    folder,
    n_actions,
    method,
    settings,
    pipeline,
    grid,
    scoring,
    folds,
    n_jobs,
    out,
    **reading,
):
    """Print the scores of all candidates, and save the best, fitted to all videos."""
    from sklearn.model_selection import GridSearchCV, KFold

    from skl_tot import metrics
    from skl_tot.cli.models import each_once, make_model
    from skl_tot.io.models import save_model
    from skl_tot.segmenters.pipelines import segmenter_of

    data = open_recordings(folder, **reading)
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
