"""Redraw a table of the paper from a data set, over methods and seeds.

    python benchmarks/reproduce.py FOLDER --protocol breakfast --seeds 3 --n-jobs 2

FOLDER is in the field's layout (``features/``, ``groundTruth/``, ``mapping/``). The
tables are printed. With ``--out`` they also go to ``results.md`` of a folder, and a run
that was stopped goes on where it was: finished cells are lines of ``cells.jsonl``
there, and those that failed are tried again. ``--csv`` renews the rows of this set in a
file. The exit status is 1 if any cell failed.
"""

import ast
import csv
import importlib.util
import sys
import tempfile
import time
from pathlib import Path

import _study as study
import numpy as np
from _labels import map_labels, split_ends
from _methods import accepted, has_seed, make, seeded
from _protocols import PROTOCOLS
from _published import SOURCES, published, remarks
from sklearn.model_selection import ShuffleSplit

from skl_tot.extend import TimeStamp
from skl_tot.metrics import paper_f1_score, released_f1_score

# Method and settings by the name in tables.
METHODS = {
    "OT": ("paper", {"prior": None}),
    "OT+CTE": ("paper", {"prior": None, "beta": 1.0}),
    "OT+TCL": ("paper", {"prior": None, "alpha": 1.0}),
    "TOT": ("paper", {}),
    "TOT+CTE": ("paper", {"beta": 1.0}),
    "TOT+TCL": ("paper", {"alpha": 1.0}),
    "CTE": ("cte", {}),
    "Frank-Wolfe": ("frank-wolfe", {}),
    "Mallow": ("mallow", {}),
    "VTE": ("vte", {}),
    "ASAL": ("asal", {}),
    "UDE": ("ude", {}),
    "ASOT": ("asot", {}),
    "equal split": ("equal", {}),
    "k-means": ("k_means", {"n_components": None, "decoding": "framewise"}),
    "left-right HMM": (
        "left-right-hmm",
        {"n_components": None, "n_iter": 10, "tol": 1e-2},
    ),
}
BASELINES = ("equal split", "k-means", "left-right HMM")
SCORES = ("MoF", "F1 released", "F1 pooled", "F1 per video")
SCORES += ("edit", "mIoU", "mean recall", "AMI")
COLUMNS = [*SCORES, "fit, s", "predict, s"]


def parse_arguments(argv):
    """Command line, checked as far as possible without reading data."""
    parser = study.Parser(__file__, __doc__)
    add = parser.add_argument
    more = {"nargs": "+", "action": "extend", "default": []}
    add("folder", type=Path, help="data set")
    add("--protocol", choices=PROTOCOLS, required=True)
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="NAME")
    text = "some of the protocol's; for custom, parts of names"
    add("--activities", nargs="+", metavar="NAME", help=text)
    add("--seeds", type=int, default=3, help="number of seeds, from 0")
    add("--n-jobs", type=int, default=1, help="cells at a time, -1 for one per core")
    add("--out", type=Path, metavar="FOLDER", help="tables and finished cells")
    add("--csv", type=Path, metavar="FILE", help="file to renew the rows of")
    add("--n-actions", type=int, metavar="K", help="default for custom: labels in use")
    add("--set", **more, metavar="NAME=VALUE", help="parameters")
    add("--ignore", **more, metavar="LABEL", help="labels not to score")
    add("--split-label", metavar="LABEL", help="label to split into start and end")
    text = "'<label> <new label>' lines"
    add("--label-mapping", type=Path, metavar="FILE", help=text)
    text = "fit 80 %%, score the other 20 %%"
    add("--generalization", action="store_true", help=text)
    add("--title")
    arguments = parser.parse_args(argv)
    protocol = PROTOCOLS[arguments.protocol]
    activities = list(protocol.activities)
    if not (arguments.folder / "features").is_dir():
        parser.error(f"{arguments.folder} has no folder features.")
    if arguments.label_mapping and not arguments.label_mapping.is_file():
        parser.error(f"{arguments.label_mapping} is no file.")
    if arguments.seeds < 1 or arguments.n_jobs == 0:
        parser.error("--seeds must be positive and --n-jobs not 0.")
    unknown = set(arguments.activities or []).difference(activities)
    if unknown and activities != [None]:
        parser.error(f"--activities {unknown.pop()} is not one of {activities}.")
    if arguments.n_actions is not None and arguments.n_actions < 1:
        parser.error(f"--n-actions {arguments.n_actions} is not positive.")
    arguments.activities = list(dict.fromkeys(arguments.activities or activities))
    arguments.split_label = arguments.split_label or protocol.split_label
    arguments.ignore = sorted({*protocol.ignore, *arguments.ignore})
    if arguments.split_label in arguments.ignore:
        parser.error("--split-label would split a label that is not scored.")
    pairs = (text.partition("=")[::2] for text in arguments.set)
    arguments.set = {name: literal(value) for name, value in pairs}
    for key, value in arguments.set.items():
        if not any(accepted(name, {key: value}) for name, _ in METHODS.values()):
            parser.error(f"--set {key}={value}: no method has this parameter.")
    name = f"{arguments.folder.resolve().name}, {protocol.title or 'own protocol'}"
    name += ", unseen videos" if arguments.generalization else ""
    arguments.title = arguments.title or name
    return arguments


def literal(text):
    """Value of a text; a text that is no literal stays one."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def choose_settings(name, protocol, overrides):
    """Settings of a method: the protocol's, then the user's, as far as it has them.

    A weight that a method does not use (``alpha`` of TOT) is dropped.
    """
    method, settings = METHODS[name]
    if name in BASELINES:
        return settings
    if method == "paper" and "alpha" not in settings:
        overrides = {key: x for key, x in overrides.items() if key != "alpha"}
    plain = {key: x for key, x in settings.items() if key != "beta"}
    return settings | accepted(method, protocol.shared | overrides, plain)


def plan(arguments):
    """Cells of each activity, method and seed."""
    protocol = PROTOCOLS[arguments.protocol]
    mapping = arguments.label_mapping and str(arguments.label_mapping.resolve())
    cells = []
    for activity in arguments.activities:
        n_actions = protocol.activities.get(activity)
        if arguments.split_label and n_actions is not None:
            n_actions += 1
        for name in arguments.methods:
            is_random = arguments.generalization or has_seed(METHODS[name][0])
            cells += [
                {
                    "method": name,
                    "activity": activity,
                    "seed": seed,
                    "n_actions": arguments.n_actions or n_actions,
                    "settings": choose_settings(name, protocol, arguments.set),
                    "folder": str(arguments.folder.resolve()),
                    "split_label": arguments.split_label,
                    "label_mapping": mapping,
                    "ignore": arguments.ignore,
                    "generalization": arguments.generalization,
                }
                for seed in range(arguments.seeds if is_random else 1)
            ]
    return cells


def compute(cell):
    """Fit, predict and score."""
    only = cell["activity"] and f"*{cell['activity']}*"
    data = study.load(cell["folder"], only=only)
    all_labels, ignore = data.labels, cell["ignore"]
    if cell["label_mapping"]:
        all_labels = map_labels(all_labels, cell["label_mapping"])
    if cell["split_label"]:
        all_labels = split_ends(all_labels, cell["split_label"])
    n_labels = len(set(np.concatenate(all_labels)).difference(ignore))
    n_actions = cell["n_actions"] or n_labels
    fitted = scored = np.arange(len(data.videos))
    if cell["generalization"]:
        split = ShuffleSplit(1, test_size=0.2, random_state=cell["seed"]).split(fitted)
        fitted, scored = map(np.sort, next(split))
    settings = dict(cell["settings"])
    if "beta" in settings:
        settings["terms"] = [TimeStamp(settings.pop("beta"))]
    model = make(METHODS[cell["method"]][0], n_actions=n_actions, **settings)
    seeded(model, cell["seed"])
    times = [time.perf_counter()]
    model.fit([data.videos[i] for i in fitted])
    times.append(time.perf_counter())
    predicted = model.predict([data.videos[i] for i in scored])
    times.append(time.perf_counter())
    labels, ignored = [all_labels[i] for i in scored], ignore or None
    scores = study.scores_of(labels, predicted, ignore_labels=ignored)
    scores["F1 pooled"] = scores.pop("F1@50")
    scores["F1 per video"] = paper_f1_score(labels, predicted, ignore_labels=ignored)
    scores["F1 released"] = released_f1_score(
        labels,
        predicted,
        n_actions=n_actions,
        ignore_labels=ignored,
        random_state=cell["seed"],
    )
    times = zip(COLUMNS[-2:], np.diff(times).tolist())
    counts = {"n_labels": n_labels, "n_actions": n_actions}
    return counts | {"scores": scores | dict(times)}


def rows_of(results, reported=None):
    """Header and a row for each method, as fractions: first means over activities.

    A seed counts if none of its activities failed.
    """
    headers = ["method", "seeds", *COLUMNS]
    rows = [headers + (["published MoF", "published F1", "source"] if reported else [])]
    for method in dict.fromkeys(result["cell"]["method"] for result in results):
        seeds = {}
        for result in results:
            if result["cell"]["method"] == method:
                scores_of_seed = seeds.setdefault(result["cell"]["seed"], [])
                scores_of_seed.append(result.get("scores"))
        complete = [scores for scores in seeds.values() if None not in scores]
        row = [method, str(len(complete))]
        for column in COLUMNS:
            values = [np.mean([x[column] for x in scores]) for scores in complete]
            form = fraction if column in SCORES else study.seconds
            row.append(study.with_deviation(values, form) if values else "failed")
        rows.append(row + (published_cells(reported.get(method)) if reported else []))
    return rows


def fraction(value):
    return "–" if value is None else f"{value:.3f}".removeprefix("0")


def published_cells(result):
    """MoF, F1 and source of a published result, as fractions."""
    *scores, source = result or (None, None, "")
    return [*(fraction(None if x is None else x / 100) for x in scores), source]


def report(arguments, results, extra):
    """Text of results.md."""
    reported = published(arguments.protocol, arguments.generalization)
    rows = rows_of(results, reported)
    parts = [f"# {arguments.title}", study.markdown(rows, len(rows[0]))]
    if reported:
        where = PROTOCOLS[arguments.protocol].tables
        where = "table 7" if arguments.generalization else where
        used = sorted(set("".join(source for *_, source in reported.values())))
        lines = [f"Published, as fractions; source P: the paper's {where}."]
        lines += [f"{letter}: {SOURCES[letter]}." for letter in used]
        parts.append(" ".join([*lines, *remarks(arguments.protocol)]))
    if failed := study.failures(results):
        parts += ["## Failed", "\n".join(failed)]
    if len(arguments.activities) > 1:
        for activity in arguments.activities:
            rows = rows_of([x for x in results if x["cell"]["activity"] == activity])
            parts += [f"## {activity}", study.markdown(rows, len(rows[0]))]
    others = {x: y for x, y in reported.items() if x not in arguments.methods}
    if others:
        rows = [["method", "MoF", "F1", "source"]]
        rows += [[name, *published_cells(scores)] for name, scores in others.items()]
        parts += ["## Published, not run here", study.markdown(rows, 4)]
    lines = [f"- {line}" for line in notes(arguments, results, extra)]
    return "\n\n".join([*parts, "## Notes", "\n".join(lines)]) + "\n"


def notes(arguments, results, extra):
    """Lines on how the numbers came about."""
    protocol = PROTOCOLS[arguments.protocol]
    yield (
        "Mean ± standard deviation (population) over seeds. Clusters are matched to "
        "labels once over all frames of an activity; several activities are averaged "
        "within a seed, which counts if none of them failed. Times are those of one "
        "activity."
    )
    yield (
        "F1 released is that of the authors' code, as in the paper's tables: the share "
        "of right ones among 15 frames drawn from each true segment, mean of 50 draws; "
        "precision divides by K for each recording. The others count segments with an "
        "IoU of at least 50 %."
    )
    yield from (*extra, *protocol.notes)
    if arguments.ignore:
        yield f"Frames not scored: {', '.join(arguments.ignore)}."
    if arguments.set:
        yield f"Set by hand: {arguments.set}."
    if arguments.n_actions:
        yield f"K set by hand: {arguments.n_actions}."
    if published(arguments.protocol) and arguments.activities != [*protocol.activities]:
        yield (
            "Published numbers are means over all activities of the protocol. Run "
            f"here: {', '.join(arguments.activities)}."
        )
    counts = {
        (x["cell"]["activity"] or "The data", x["n_labels"], x["n_actions"])
        for x in results
        if "scores" in x and x["n_labels"] != x["n_actions"]
    }
    for name, n_labels, n_actions in sorted(counts):
        yield f"{name}: {n_labels} labels occur, K is {n_actions}."


def renew_rows(path, title, rows):
    """Put a table into a CSV file, replacing the rows with its title."""
    kept = []
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            kept = [row for row in csv.reader(file) if row[0] not in ("set", title)]
    new = ([title, *row] for row in rows[1:])
    study.write_csv(path, [["set", *rows[0]], *kept, *new])


def main(argv=None):
    """Run the command and return its exit status."""
    arguments = parse_arguments(argv)
    extra = []
    if "left-right HMM" in arguments.methods and not importlib.util.find_spec(
        "hmmlearn"
    ):
        arguments.methods.remove("left-right HMM")
        extra.append("left-right HMM is left out, as hmmlearn is not installed.")
    with tempfile.TemporaryDirectory() as temporary:
        out = arguments.out or Path(temporary)
        out.mkdir(parents=True, exist_ok=True)
        cells, path = plan(arguments), out / "cells.jsonl"
        study.run(cells, path, compute, jobs=arguments.n_jobs)
        keys = {study.key_of(cell) for cell in cells}
        stored = study.read_results(path)
        results = [x for x in stored if study.key_of(x["cell"]) in keys]
        text = report(arguments, results, extra)
        if arguments.out:
            study.write_text(out / "results.md", text)
    if arguments.csv:
        renew_rows(arguments.csv, arguments.title, rows_of(results))
    print(text)
    return int(any("error" in result for result in results))


if __name__ == "__main__":
    sys.exit(main())
