"""Commands for pictures and pages: plot, report, summary."""

from typing import Any

from skl_tot.app.cli import registry, shared

N_SHOWN = 5  # recordings that are printed
CSV = {"float_format": "%.10g", "lineterminator": "\n", "encoding": "utf-8"}
WHAT = ["missing", "repeated", "out_of_order", "too_long", "too_short"]


@registry.command(
    """
    draw timelines of predicted segments

    --out PICTURE: picture to write (.png, .svg, ...) [required]
    --ground-truth DIR: folder with groundTruth
    --transpose: features in DIR are arrays of shape (features, frames)
    """,
    "skl-tot plot segments --out timelines.png --fps 30",
    registry.PREDICTIONS,
    registry.FPS,
    registry.NAMES,
)
def plot(predictions, out, ground_truth, transpose, fps, names):
    """Draw the timelines of predictions."""
    from skl_tot.datasets import load_action_dataset
    from skl_tot.io.files import read_table
    from skl_tot.io.formats.base import mean_rate
    from skl_tot.recordings.disk import text_of_name
    from skl_tot.recordings.names import name_actions

    videos, predicted = shared.read_predictions(predictions)
    if names and predicted[0].dtype.kind == "U":
        raise ValueError(f"--names is given, but {predictions} has names already.")
    truth = order = None
    if ground_truth:
        data = load_action_dataset(ground_truth, transpose=transpose)
        truth = shared.labels_of_names(data, ground_truth, videos)
    if names:
        order = None if truth else _words_by_number(predicted, names)
        predicted = name_actions(predicted, names)
    if fps is None:
        fps = mean_rate(read_table(predictions))
    shown = list(map(text_of_name, videos))
    options = {"fps": fps, "video_names": shown, "target_names": order}
    with shared.names_in_errors(videos):
        shared.draw_timelines(out, truth, predicted, **options)
    print(f"Timelines of {shared.count(len(videos), 'recording')} drawn in {out}.")


def _words_by_number(labels, names):
    """Display words of actions at the index of their number, which keeps colours."""
    from skl_tot.recordings.names import distinct_labels

    numbers = sorted(distinct_labels(labels) | names.keys())
    places = [*range(min(max(0, *numbers) + 1, 1000)), *numbers]
    return [names.get(number, str(number)) for number in dict.fromkeys(places)]


@registry.command(
    """
    write a page about a model and its recordings

    --out FILE: HTML file to write [required]
    --videos DIR: video files, for thumbnails
    --summary FOLDER: write the tables of the command summary, and telling features
    """,
    "skl-tot report model.skops features --out report.html --fps 30",
    registry.MODEL_OR_REVIEW,
    registry.RECORDINGS,
    registry.NAMES,
    registry.GROUPS,
)
def report(model, source, out, videos, summary, names, groups):
    """Write the page about a model and its recordings, and a summary if requested."""
    from skl_tot.app.report.page import read_model, write_page
    from skl_tot.app.review.results import ReviewedModel
    from skl_tot.recordings.disk import text_of_name
    from skl_tot.recordings.stops import list_stops

    reviewed = ReviewedModel(model)
    model = reviewed.model
    data = source.open(model)
    words = shared.shown_names(model, names)
    told, accuracy = reviewed.labels(data.videos, words)
    if groups is not None:
        groups = groups.pick(data.video_names)
    if videos is not None:
        videos = [shared.find_video_file(videos, name) for name in data.video_names]
    content = read_model(
        model,
        data.videos,
        y_true=data.labels,
        video_names=list(map(text_of_name, data.video_names)),
        action_names=names,
        video_files=videos,
        groups=groups and groups[0],
        subject=groups and groups[1],
        corrected=told if any(labels is not None for labels in told) else None,
        accuracy=accuracy,
    )
    write_page(content, out)
    print(f"Report written to {out}.")
    shared.print_stops(data.videos)
    if summary is not None:
        labels, telling, circle, compared = content.in_words(words)
        found = {"telling_features": telling}
        found |= {} if compared is None else {"groups": compared}
        if data.videos.stops is not None:
            found["stops"] = list_stops(data.videos)
        predicted = data.videos.replace(labels)
        known = {"circle": circle, "log_likelihoods": content.log_likelihoods}
        _write_summary(predicted, summary, groups=groups, found=found, **known)


@registry.command(
    """
    write durations, transitions, cycles and deviations

    SEGMENTS: folder from predict, one table of all recordings, or folder of a review
    --out FOLDER: folder to write [required]
    """,
    "skl-tot summary segments --groups subjects.csv --out summary",
    registry.FPS,
    registry.GROUPS,
)
def summary(segments, groups, out, fps):
    """Write tables and pictures of segments, and print the main deviations."""
    table = shared.read_table(segments)
    if groups is not None:
        groups = groups.pick(table["recording"].unique())
    _write_summary(table, out, fps=fps, groups=groups)


def _write_summary(
    labels, out, *, fps=None, groups=None, found=None, circle=None, log_likelihoods=None
):
    """Write tables and pictures of labels or a segment table to a folder."""
    # `circle` lists the actions of a cycle in order, or is None; recordings of many
    # cycles are compared by cycle; `found` has known tables by name
    from skl_tot import statistics
    from skl_tot.recordings.disk import replaced_files
    from skl_tot.statistics.actions import describe_equal_parts
    from skl_tot.statistics.bouts import collect_bouts
    from skl_tot.statistics.deviations import write_lists
    from skl_tot.statistics.features import describe_useless

    found = {"durations": statistics.durations(labels, fps=fps)} | (found or {})
    if groups is not None:
        by_group = statistics.durations(labels, fps=fps, groups=groups[0])
        found["durations_by_group"] = by_group
        try:
            if "groups" not in found:
                found["groups"] = statistics.compare_groups(labels, *groups, fps=fps)
        except ValueError as error:
            print(f"Groups are not compared: {error}")
    found["transitions"] = statistics.transitions(labels)
    cycles = statistics.cycle_times(labels, fps=fps, start=circle)
    found["cycles"] = write_lists(cycles)
    has_cycles = len(cycles) > cycles["recording"].nunique()
    by = {"by": "cycle", "start": circle} if has_cycles else {}
    known = by or {"log_likelihoods": log_likelihoods}
    deviations = statistics.deviations(labels, fps=fps, **known)
    if has_cycles or log_likelihoods is None:
        deviations = deviations.drop(columns=["unlikely", "likelihood_quantile"])
    found["deviations"] = write_lists(deviations)
    with replaced_files(out) as temporary:
        for name, own in found.items():
            own.to_csv(temporary / f"{name}.csv", index=False, **CSV)
        n_pictures = _draw_statistics(labels, fps, temporary, by, found.get("groups"))
    names = found["durations"]["recording"].unique()
    pooled = statistics.durations(labels, fps=fps, groups=dict.fromkeys(names, "all"))
    _print_usual(pooled, statistics.usual_order(labels))
    if has_cycles:
        low, median, high = cycles["duration"].quantile([0.25, 0.5, 0.75])
        print(
            f"{shared.count(len(cycles), 'cycle')}; one usually takes {median:.4g} "
            f"{cycles['unit'].iloc[0]}, half of them {low:.4g} to {high:.4g}."
        )
        row = cycles.loc[cycles["duration"].idxmax()]
        took = f"{row['duration']:.4g} {row['unit']}"
        print(f"The longest, of {took}: {_name_cycle(row)}.")
    _print_deviating(found["deviations"])
    if not has_cycles:  # a cycle, not a recording, would have the parts
        print(describe_equal_parts(collect_bouts(labels, fps)))
    if "telling_features" in found:
        print(describe_useless(found["telling_features"]))
    if "groups" in found:
        _print_groups(found["groups"])
    print(f"{len(found)} tables and {n_pictures} pictures written to {out}.")


def _draw_statistics(labels, fps, folder, by, compared):
    import skl_tot
    from skl_tot.recordings.errors import import_extra

    plt = import_extra("matplotlib.pyplot")
    displays: dict[str, Any] = {
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
    from skl_tot.recordings.names import default_names, describe_rare

    unit, n_recordings = pooled.loc[0, ["unit", "recordings"]]
    print(f"{shared.count(n_recordings, 'recording')}; actions in their usual order:")
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


def _print_deviating(table):
    what = "cycle" if "cycle" in table else "recording"
    deviating = table[table["deviates"]]
    if deviating.empty:
        one, none = f"One {what} cannot deviate from others.", f"No {what} deviates."
        print(one if len(table) == 1 else none)
        return
    print(f"Deviating {what}s, {len(deviating)} of {len(table)}, most of all:")
    for row in deviating.head(N_SHOWN).to_dict("records"):
        found = [f"{key.replace('_', ' ')}: {row[key]}" for key in WHAT if row[key]]
        found += ["unlike the others"] if row.get("unlikely") else []
        name = _name_cycle(row) if what == "cycle" else row["recording"]
        print(f"  {name}: {'; '.join(found)}")


def _name_cycle(row):
    start = row.get("start_clock") or f"{row['start']:.10g} {row['unit']}"
    return f"{row['recording']}, cycle {row['cycle']} from {start}"


def _print_groups(table):
    from skl_tot.statistics.groups import describe_pairs, list_differences

    differences = list_differences(table)
    for sentence in describe_pairs(table) + differences[:N_SHOWN]:
        print(sentence)
    if len(differences) > N_SHOWN:
        print(f"{len(differences) - N_SHOWN} more differences are in groups.csv.")
