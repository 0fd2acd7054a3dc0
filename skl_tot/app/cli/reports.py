"""Commands for pages and tables: report, summary."""

from pathlib import Path

from skl_tot.app.cli import arguments, inputs, outputs
from skl_tot.app.cli.outputs import stage

N_SHOWN = 5  # recordings, or differences of groups, that are printed
# Columns of deviations with actions, and the text of an action or a pair.
REASONS = {"missing": "{}", "repeated": "{}", "out_of_order": "{0[0]} before {0[1]}"}
REASONS |= {"extra": "{0[0]} ({0[1]:.4g})"} | dict.fromkeys(
    ("as_long_as_two", "too_long", "too_short"),
    "{0[0]} ({0[1]:.4g}, usually {0[2]:.4g})",
)


def add_report(commands):
    """Add the command ``report``."""
    parser = arguments.add_command(
        commands,
        report,
        "write a page about a model and its recordings",
        "skl-tot report model.skops features --out report.html --fps 30",
        [
            arguments.groups_options(),
            arguments.reading_options(),
        ],
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help=arguments.MODEL_OR_REVIEW)
    add("data", metavar="DATA", help=arguments.DATA)
    add("--out", required=True, metavar="FILE", help="HTML file to write")
    add("--videos", metavar="DIR", help="video files, for thumbnails")
    text = "write the tables of the command summary, and telling features"
    add("--summary", metavar="PATH", help=text)


def report(options):
    """Write the page about a model and its recordings, and a summary if requested."""
    paths = [options.model, options.data, options.groups, options.videos]
    inputs.check_inputs(*paths)
    outputs.check_output(options.out, "--out", paths, outputs.PAGE)
    if options.summary is not None:
        paths.append(options.out)
        _check_summary(options.summary, "--summary", paths)
    groups = inputs.read_groups(options.groups)
    opened = inputs.open_reviewed(options)
    recordings = opened.recordings
    group, subject = inputs.pick_groups(groups, recordings.names)
    videos = None
    if options.videos is not None:
        from skl_tot.preprocessing.videos import videos_of_folder

        by_name = {path.stem: path for path in videos_of_folder(options.videos)}
        for name in set(recordings.names) - set(by_name):
            raise FileNotFoundError(f"{options.videos} has no video {name!r}.")
        videos = [by_name[name] for name in recordings.names]
    content = outputs.write_report(
        options.out, opened, video_files=videos, groups=group, subject=subject
    )
    outputs.print_stops(recordings)
    if options.summary is not None:
        labels, telling, circle, compared = content.in_words()
        tables = {"telling_features": telling}
        if compared is not None:
            tables["groups"] = compared
        if recordings.stops is not None:
            from skl_tot.recordings.stops import list_stops

            tables["stops"] = list_stops(recordings)
        _write_summary(
            recordings.replace(labels),
            options.summary,
            groups=group and (group, subject),
            tables=tables,
            circle=circle,
            log_likelihoods=content.log_likelihoods,
        )


def add_summary(commands):
    """Add the command ``summary``."""
    summary_ = "write durations, transitions, cycles and deviations"
    example = "skl-tot summary segments --groups groups.csv --out summary"
    parents = [arguments.groups_options()]
    parser = arguments.add_command(commands, summary, summary_, example, parents)
    add = parser.add_argument
    add("segments", metavar="SEGMENTS", help=arguments.SEGMENTS)
    text = "folder to write, or a workbook (.xlsx) of its tables"
    add("--out", required=True, metavar="PATH", help=text)
    text = "frames per second, for times"
    add("--fps", type=arguments.positive, metavar="RATE", help=text)


def summary(options):
    """Write tables of segments, and print the main deviations."""
    paths = [options.segments, options.groups]
    inputs.check_inputs(*paths)
    _check_summary(options.out, "--out", paths)
    groups = inputs.read_groups(options.groups)
    with stage("reading"):
        table = inputs.read_segments(options.segments)
    if groups is not None:
        groups = inputs.pick_groups(groups, table["recording"].unique())
    _write_summary(table, options.out, fps=options.fps, groups=groups)


def _check_summary(path, flag, paths):
    is_folder = not _is_workbook(path)
    outputs.check_output(path, flag, paths, [outputs.WORKBOOK], is_folder)


def _is_workbook(path):
    path = Path(path)
    return path.suffix.lower() == outputs.WORKBOOK and not path.is_dir()


def _write_summary(
    labels,
    out,
    *,
    fps=None,
    groups=None,
    tables=None,
    circle=None,
    log_likelihoods=None,
):
    """Write tables of labels, or of a table of segments, to a folder or a workbook."""
    # `circle` lists the actions of a cycle in order, or is None
    from skl_tot import statistics
    from skl_tot.io.formats.tables import write_workbook
    from skl_tot.recordings.files import replaced
    from skl_tot.statistics.actions import describe_equal_parts
    from skl_tot.statistics.bouts import collect_bouts
    from skl_tot.statistics.features import describe_useless

    with stage("computing tables"):
        all_bouts = collect_bouts(labels, fps)
        bouts = all_bouts.without_crumbs()
        computed, n_units = _compute_tables(all_bouts, bouts, circle, log_likelihoods)
        has_cycles = "cycles" in computed
        tables = computed | (tables or {})
        if groups is not None:
            _add_groups(tables, bouts, *groups)
    with stage("writing"):
        if _is_workbook(out):
            sheets = {title: table for title, table in tables.items() if len(table)}
            with replaced(out) as temporary:
                write_workbook(sheets, temporary)
        else:
            sheets = tables
            _write_folder(tables, out)
    pooled = statistics.durations(bouts, groups=dict.fromkeys(bouts.names, "all"))
    has_order = "out_of_order" in tables["deviations"]
    _print_usual(pooled, statistics.usual_order(bouts), has_order)
    if bouts is not all_bouts:
        print("A bout far shorter than usual counts as part of the time before it.")
    if has_cycles:
        _print_cycles(tables["cycles"])
    _print_deviating(tables["deviations"], n_units)
    if log_likelihoods is None and n_units > 1 and not has_cycles:
        print("A report may list more: it also tells recordings with unlikely signals.")
    if not has_cycles:  # a cycle, not a recording, would have the parts
        print(describe_equal_parts(bouts))
    if "telling_features" in tables:
        print(describe_useless(tables["telling_features"]))
    if "groups" in tables:
        _print_groups(tables["groups"])
    print(f"{len(sheets)} tables written to {out}.")


def _compute_tables(all_bouts, bouts, circle, log_likelihoods):
    """Tables by name, with cycles if there are some; number of cycles or recordings."""
    # `bouts` are those without crumbs
    from skl_tot import statistics
    from skl_tot.statistics.actions import has_order

    cycles = statistics.cycle_times(all_bouts, start=circle)
    has_cycles = len(cycles) > cycles["recording"].nunique()
    if has_cycles:
        deviations = cycles.sort_values("score", ascending=False, kind="stable")
    else:
        deviations = statistics.deviations(all_bouts, log_likelihoods=log_likelihoods)
    n_units, others = len(deviations), ["deviates"]
    if log_likelihoods is None and not has_cycles:
        others += ["unlikely", "likelihood_quantile"]
    if not (has_cycles or has_order(bouts)):
        others.append("out_of_order")
    deviations = deviations[deviations["deviates"]].drop(columns=others)
    tables = {"durations": statistics.durations(bouts)}
    tables["deviations"] = write_lists(deviations)
    if has_cycles:
        tables["cycles"] = write_lists(cycles)
    tables["transitions"] = statistics.transitions(bouts)
    return tables, n_units


def write_lists(table):
    """Copy a table of deviations with text instead of tuples."""
    table = table.copy()
    for column, text in REASONS.items():
        if column in table:
            table[column] = [", ".join(map(text.format, row)) for row in table[column]]
    return table


def _write_folder(tables, folder):
    from skl_tot.io.formats.tables import write_csv
    from skl_tot.recordings.files import replaced_files

    with replaced_files(folder) as temporary:
        for name, table in tables.items():
            write_csv(table, temporary / f"{name}.csv", float_format="%.10g")


def _add_groups(tables, bouts, groups, subject):
    from skl_tot import statistics

    tables["durations_by_group"] = statistics.durations(bouts, groups=groups)
    if "groups" in tables:
        return
    try:
        compared = statistics.compare_groups(bouts, groups, subject)
    except ValueError as error:
        print(f"Groups are not compared: {error}")
    else:
        tables["groups"] = compared


def _print_usual(pooled, order, has_order):
    """Print rows of actions in their usual order, if any, and of the others."""
    from skl_tot.recordings.names import default_names, describe_rare

    unit, n_recordings = pooled.loc[0, ["unit", "recordings"]]
    number = outputs.count(n_recordings, "recording")
    print(f"{number}; actions{' in their usual order' if has_order else ''}:")
    print(f"{'recordings':>32}{'bouts':>8}{f'median bout ({unit})':>24}{'share':>8}")
    rows = pooled.set_index("action")
    shown = order
    if not has_order:
        shown = rows.loc[order].sort_values("total", ascending=False).index
    for action in shown:
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
    low, median, high = cycles["duration"].quantile([0.25, 0.5, 0.75])
    longest = cycles.loc[cycles["duration"].idxmax()]
    print(
        f"{outputs.count(len(cycles), 'cycle')}; one usually takes {median:.4g} "
        f"{longest['unit']}, half of them {low:.4g} to {high:.4g}."
    )
    took = f"{longest['duration']:.4g} {longest['unit']}"
    print(f"The longest, of {took}: {_name_cycle(longest)}.")


def _print_deviating(deviating, n_units):
    kind = "cycle" if "cycle" in deviating else "recording"
    if n_units == 1:
        print(f"One {kind} cannot deviate from others.")
    elif deviating.empty:
        print(f"No {kind} deviates.")
    else:
        shown = f" ({N_SHOWN} are shown)" if len(deviating) > N_SHOWN else ""
        print(f"Deviating {kind}s, {len(deviating)} of {n_units}{shown}, most of all:")
    for row in deviating.head(N_SHOWN).to_dict("records"):
        reasons = [f"{x.replace('_', ' ')}: {row[x]}" for x in REASONS if row.get(x)]
        if row.get("unlikely"):
            reasons.append("unlike the others")
        name = _name_cycle(row) if kind == "cycle" else row["recording"]
        print(f"  {name}: {'; '.join(reasons)}")


def _name_cycle(row):
    start = row.get("start_clock") or f"{row['start']:.10g} {row['unit']}"
    return f"{row['recording']}, cycle {row['cycle']} from {start}"


def _print_groups(table):
    from skl_tot.statistics.groups import describe_pairs, list_differences

    differences = list_differences(table)
    pairs = ["".join(map(str, parts)) for parts in describe_pairs(table)]
    for sentence in pairs + differences[:N_SHOWN]:
        print(sentence)
    if len(differences) > N_SHOWN:
        print(f"{len(differences) - N_SHOWN} more differences are in groups.csv.")
