"""Commands for pictures and pages: plot, report, summary, demo."""

from skl_tot.app.cli.registry import (
    FPS,
    GROUPS,
    MODEL,
    NAMES,
    PREDICTIONS,
    RECORDINGS,
    command,
)
from skl_tot.app.cli.terminal import count, names_in_errors, printable

N_SHOWN = 5  # recordings that are printed
CSV = {"float_format": "%.10g", "lineterminator": "\n", "encoding": "utf-8"}
WHAT = ["missing", "repeated", "out_of_order", "too_long", "too_short"]


@command(
    """
    draw timelines of predicted segments

    --out PICTURE: picture to write (.png, .svg, ...) [required]
    --ground-truth DIR: folder with groundTruth
    --transpose: features in DIR are arrays of shape (features, frames)
    """,
    "skl-tot plot segments --out timelines.png --fps 30",
    PREDICTIONS,
    FPS,
    NAMES,
)
def plot(predictions, out, ground_truth, transpose, fps, names):
    """Draw the timelines of predictions."""
    from skl_tot.app.cli.reading import labels_of_names, read_predictions
    from skl_tot.datasets import load_action_dataset
    from skl_tot.io import mean_rate, name_actions, read_table

    videos, predicted = read_predictions(predictions)
    if names and predicted[0].dtype.kind == "U":
        raise ValueError(f"--names is given, but {predictions} has names already.")
    truth = order = None
    if ground_truth:
        data = load_action_dataset(ground_truth, transpose=transpose)
        truth = labels_of_names(data, ground_truth, videos)
    if names:
        order = None if truth else _words_by_number(predicted, names)
        predicted = name_actions(predicted, names)
    if fps is None:
        fps = mean_rate(read_table(predictions))
    options = {"fps": fps, "video_names": printable(videos), "target_names": order}
    with names_in_errors(videos):
        _draw_timelines(out, truth, predicted, **options)
    print(f"Timelines of {count(len(videos), 'recording')} drawn in {out}.")


def _words_by_number(labels, names):
    """Display words of actions, at the index of their number.

    This keeps the colours of the numbers.
    """
    from skl_tot.recordings import distinct_labels

    numbers = sorted(distinct_labels(labels) | names.keys())
    places = [*range(min(max(0, *numbers) + 1, 1000)), *numbers]
    return [names.get(number, str(number)) for number in dict.fromkeys(places)]


def _draw_timelines(path, y_true, y_pred, **options):
    """Draw timelines into a file."""
    from skl_tot import SegmentationDisplay
    from skl_tot.recordings import replaced

    display = SegmentationDisplay.from_predictions(y_true, y_pred, **options)
    with replaced(path) as temporary:
        display.figure_.savefig(temporary, dpi=150, bbox_inches="tight")


@command(
    """
    fit a generated activity, print scores, draw timelines

    --out PICTURE: picture to write [default: timelines.png]
    --recordings FOLDER: new folder for the recordings, as CSV files
    --n-videos N: videos to generate [default: 12]
    --n-actions N: actions to generate [default: 6]
    --seed SEED: seed of data and fit [default: 0]
    """,
    "skl-tot demo --out timelines.png --recordings cycles",
)
def demo(out, recordings, n_videos, n_actions, seed):
    """Fit a generated activity, print the report and draw the timelines."""
    from importlib.util import find_spec
    from pathlib import Path

    if recordings is not None and Path(recordings).is_dir():
        raise FileExistsError(f"{recordings} is there, expected a new folder.")
    from skl_tot import datasets, metrics

    videos, labels = datasets.make_activities(n_videos, n_actions, random_state=seed)
    names = [f"cycle_{i:02}" for i in range(1, n_videos + 1)]
    if recordings is not None:
        _write_recordings(recordings, names, videos)
    from skl_tot import TemporalOTSegmenter

    model = TemporalOTSegmenter(n_actions, random_state=seed)
    predicted = model.fit_predict(videos)
    print(metrics.segmentation_report(labels, predicted))
    if find_spec("matplotlib") is None:
        print("No timelines are drawn without matplotlib: pip install 'skl-tot[plot]'")
    else:
        _draw_timelines(out, labels, predicted, video_names=names)
        print(f"Timelines drawn in {out}.")
    if recordings is not None:
        print(f"{count(n_videos, 'recording')} written to {recordings}.")


def _write_recordings(folder, names, videos):
    """Write a CSV file for each recording, with a clock of ten frames a second."""
    import numpy as np

    from skl_tot.recordings import replaced_files

    with replaced_files(folder) as temporary:
        for name, video in zip(names, videos, strict=True):
            table = np.column_stack([np.arange(len(video)) / 10, video])
            sensors = [f"sensor_{i:02}" for i in range(1, video.shape[1] + 1)]
            header = ",".join(["time", *sensors])
            options = {"fmt": "%.5g", "delimiter": ",", "comments": ""}
            np.savetxt(temporary / f"{name}.csv", table, header=header, **options)


@command(
    """
    write a page about a model and its recordings

    --out FILE: HTML file to write [required]
    --videos DIR: video files, for thumbnails
    --summary FOLDER: write the tables of the command summary, and telling features
    """,
    "skl-tot report model.skops features --out report.html --fps 30",
    MODEL,
    RECORDINGS,
    NAMES,
    GROUPS,
)
def report(model, source, out, videos, summary, names, groups):
    """Write the page about a model and its recordings, and a summary if requested."""
    from skl_tot.app.cli.reading import find_video_file, shown_names
    from skl_tot.app.report import write_report
    from skl_tot.io import load_model
    from skl_tot.methods import (
        feature_names,
        is_cyclic,
        predict_with_confidence,
        seen_features,
        segmenter_of,
    )
    from skl_tot.statistics import telling_features

    model = load_model(model)
    data = source.open(model)
    if groups is not None:
        groups = groups.pick(data.video_names)
    if videos is not None:
        if data.videos.fps is None:
            raise ValueError("--fps is missing, which --videos needs.")
        videos = [find_video_file(videos, name) for name in data.video_names]
    write_report(
        model,
        data.videos,
        out,
        y_true=data.labels,
        video_names=printable(data.video_names),
        action_names=names,
        video_files=videos,
        groups=groups and groups[0],
        subject=groups and groups[1],
    )
    print(f"Report written to {out}.")
    if summary is not None:
        words = shown_names(model, names)
        labels, _ = predict_with_confidence(model, data.videos, words)
        segmenter, circle = segmenter_of(model), None
        if is_cyclic(segmenter):
            actions = segmenter.actions_ if words is None else words
            circle = list(dict.fromkeys(actions.tolist()))
        predicted = data.videos.replace(labels)
        frames, names = seen_features(model, data.videos), feature_names(model)
        telling = telling_features(frames, labels, feature_names=names)
        found = {"telling_features": telling}
        _write_summary(predicted, summary, groups=groups, circle=circle, found=found)


@command(
    """
    write durations, transitions, cycles and deviations

    SEGMENTS: folder from predict, or one table of all recordings
    --out FOLDER: folder to write [required]
    """,
    "skl-tot summary segments --groups subjects.csv --out summary",
    FPS,
    GROUPS,
)
def summary(segments, groups, out, fps):
    """Write tables and pictures of segments, and print the main deviations."""
    from skl_tot.io import read_table

    table = read_table(segments)
    if groups is not None:
        groups = groups.pick(table["recording"].unique())
    _write_summary(table, out, fps=fps, groups=groups)


def _write_summary(labels, out, *, fps=None, groups=None, circle=None, found=None):
    """Write tables and pictures of labels or a segment table to a folder.

    ``groups`` come from `Groups.pick`, or None. ``circle`` lists the actions of a cycle
    in order, or is None; recordings of many cycles are compared by cycle. ``found`` has
    known tables by name.
    """
    from skl_tot import statistics
    from skl_tot.recordings import replaced_files
    from skl_tot.statistics import (
        collect_bouts,
        describe_equal_parts,
        describe_useless,
        write_lists,
    )

    found = {"durations": statistics.durations(labels, fps=fps)} | (found or {})
    if groups is not None:
        by_group = statistics.durations(labels, fps=fps, groups=groups[0])
        found["durations_by_group"] = by_group
        compared = _compare(labels, fps, groups)
        if compared is not None:
            found["groups"] = compared
    found["transitions"] = statistics.transitions(labels)
    cycles = statistics.cycle_times(labels, fps=fps, start=circle)
    found["cycles"] = write_lists(cycles)
    has_cycles = len(cycles) > cycles["recording"].nunique()
    by = {"by": "cycle", "start": circle} if has_cycles else {}
    likelihood = ["unlikely", "likelihood_quantile"]  # need a model
    deviations = statistics.deviations(labels, fps=fps, **by).drop(columns=likelihood)
    found["deviations"] = write_lists(deviations)
    with replaced_files(out) as temporary:
        for name, own in found.items():
            own.to_csv(temporary / f"{name}.csv", index=False, **CSV)
        n_pictures = _draw_statistics(labels, fps, temporary, by, found.get("groups"))
    names = found["durations"]["recording"].unique()
    pooled = statistics.durations(labels, fps=fps, groups=dict.fromkeys(names, "all"))
    _print_usual(pooled, statistics.usual_order(labels))
    if has_cycles:
        _print_cycles(cycles)
    _print_deviating(found["deviations"])
    if not has_cycles:  # a cycle, not a recording, would have the parts
        print(describe_equal_parts(collect_bouts(labels, fps)))
    if "telling_features" in found:
        print(describe_useless(found["telling_features"]))
    if "groups" in found:
        _print_groups(found["groups"])
    print(f"{len(found)} tables and {n_pictures} pictures written to {out}.")


def _compare(labels, fps, groups):
    """Table of compared groups, or None after printing the reason."""
    from skl_tot.statistics import compare_groups

    try:
        return compare_groups(labels, *groups, fps=fps)
    except ValueError as error:
        print(f"Groups are not compared: {error}")
        return None


def _draw_statistics(labels, fps, folder, by, compared):
    """Draw the pictures, with cycles and groups if these are compared."""
    import skl_tot
    from skl_tot.extras import import_extra

    plt = import_extra("matplotlib.pyplot")
    displays = {
        "durations": skl_tot.DurationDisplay(labels, fps=fps),
        "transitions": skl_tot.TransitionDisplay(labels),
        "deviations": skl_tot.DeviationDisplay(labels, fps=fps, **by),
    }
    if by:
        displays["cycles"] = skl_tot.CycleDisplay(labels, fps=fps, start=by["start"])
    if compared is not None:
        displays["groups"] = skl_tot.GroupsDisplay(compared)
    for name, display in displays.items():
        figure = display.plot().figure_
        figure.savefig(folder / f"{name}.png", dpi=150, bbox_inches="tight")
        plt.close(figure)
    return len(displays)


def _print_usual(pooled, order):
    """Print the usual order, the usual durations, and rare actions."""
    from skl_tot.recordings import default_names, describe_rare

    unit, n_recordings = pooled.loc[0, ["unit", "recordings"]]
    print(f"{count(n_recordings, 'recording')}; actions in their usual order:")
    print(f"{'recordings':>32}{'bouts':>8}{f'median bout ({unit})':>24}{'share':>8}")
    rows = pooled.set_index("action")
    for action in order:
        row = rows.loc[action]
        print(
            f"{action!s:<20} {row['recordings_with']:>11}{row['bouts']:>8}"
            f"{row['median']:>24.4g}{row['share']:>8.1%}"
        )
    rare = rows.drop(index=order)
    if len(rare):
        names = default_names(rare.index.tolist(), "action").values()
        counts = dict(zip(names, rare["recordings_with"]))
        print(describe_rare(counts, n_recordings, rare["share"].sum()))


def _print_cycles(cycles):
    """Print the number of cycles and their durations."""
    low, median, high = cycles["duration"].quantile([0.25, 0.5, 0.75])
    print(
        f"{count(len(cycles), 'cycle')}; one usually takes {median:.4g} "
        f"{cycles['unit'].iloc[0]}, half of them {low:.4g} to {high:.4g}."
    )


def _print_deviating(table):
    """Print the most deviating recordings or cycles, and their deviations."""
    what = "cycle" if "cycle" in table else "recording"
    deviating = table[table["deviates"]]
    if len(table) == 1:
        print(f"One {what} cannot deviate from others.")
        return
    if deviating.empty:
        print(f"No {what} deviates.")
        return
    print(f"Deviating {what}s, {len(deviating)} of {len(table)}, most of all:")
    for row in deviating.head(N_SHOWN).to_dict("records"):
        found = [f"{key.replace('_', ' ')}: {row[key]}" for key in WHAT if row[key]]
        name = row["recording"]
        if what == "cycle":
            name += f", cycle {row['cycle']} from {row['start']:.10g} {row['unit']}"
        print(f"  {name}: {'; '.join(found)}")


def _print_groups(table):
    """Print the compared groups, and their most certain differences."""
    from skl_tot.statistics import describe_pairs, list_differences

    differences = list_differences(table)
    for sentence in describe_pairs(table) + differences[:N_SHOWN]:
        print(sentence)
    if len(differences) > N_SHOWN:
        print(f"{len(differences) - N_SHOWN} more differences are in groups.csv.")
