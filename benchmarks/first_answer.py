"""The first answer: verdicts of `look`, and scores of methods with default settings.

::

    python benchmarks/first_answer.py look --data FOLDER --csv docs/measured/look.csv
    python benchmarks/first_answer.py scores --data FOLDER --results scores.jsonl
    python benchmarks/first_answer.py robust --data FOLDER --results robust.jsonl
    python benchmarks/first_answer.py table --results scores.jsonl

``look`` shows the verdict on each set and on generated families, which are drawn anew
for each of 20 seeds. ``scores`` fits methods to recordings of at most 40,000 frames, or
ten, evenly spread. Each fit is a line of the file of results; a second run, perhaps of
some sets and methods, adds those that are missing. ``robust`` measures on how many
frames labels stay the same, after matching, when the recordings change in ways that
should not matter. ``table`` summarises either file.

One match holds for all recordings of a set, as always; labels of mocap86 hold within
one recording, so its scores are too low. Frames with the label "unlabelled" are not
scored.
"""

import argparse
import functools
import importlib
import sys
from contextlib import ExitStack
from fnmatch import fnmatch
from pathlib import Path
from unittest.mock import patch

import _study as study
import numpy as np
from _first_look import HEADER, look_at_families, look_at_sets, seconds_of_look
from _first_tables import CHANGED, METHODS, robust_table, tables
from _methods import Row, seeded
from _sets import UNLABELLED, add_data, evenly_spread
from _suite_tables import row_of
from suite import plan

from skl_tot.metrics import effective_actions, mof_score, segment_f1_score

MOST_FRAMES = 40_000
# Modules of the constants that rows of CHANGED set.
MODULES = {
    "LEAST_COURSE": "skl_tot.preprocessing.look",
    "MANY_RETURNS": "skl_tot.methods.temporal_ot",
}


@functools.lru_cache(maxsize=1)  # cells of one set come one after another
def read(folder):
    """Recordings of a set that are fitted, labels, and number of actions."""
    return evenly_spread(folder, MOST_FRAMES)


def score(cell, root):
    """Fit, predict and score a cell."""
    videos, labels, n_actions = read(root / cell["set"])
    row, model = row_of(cell), _model(cell, n_actions)
    with ExitStack() as stack:
        for name in MODULES.keys() & row.settings:
            module = importlib.import_module(MODULES[name])
            stack.enter_context(patch.object(module, name, row.settings[name]))
        paths, fit, predict = study.label(model, videos, row.windows)
    is_ignored = any((own == UNLABELLED).any() for own in labels)
    options = {"ignore_labels": UNLABELLED if is_ignored else None}
    scores = study.scores_of(labels, paths, **options)
    scores["in effect"] = effective_actions(paths) / n_actions
    result = {"n_actions": n_actions, "n_videos": len(videos), "scores": scores}
    true = [own[own != UNLABELLED] for own in labels]
    result["true in effect"] = effective_actions(true) / n_actions
    result |= {"fit": fit, "predict": predict, "order": getattr(model, "order_", None)}
    if (seen := getattr(model, "look_", None)) is not None:
        result["look"] = {**vars(seen), "order": seen.order}
    if row.method == "auto":
        result["members"] = {}
        for name, own in model.candidate_labels(videos).items():
            both = (f(labels, own, **options) for f in (mof_score, segment_f1_score))
            result["members"][name] = sum(both) / 2
    return result


def _model(cell, n_actions):
    """Model of a cell, without settings that are constants of the package."""
    own = {x: y for x, y in cell["settings"].items() if x not in MODULES}
    return Row(cell["method"], own).model(n_actions, cell["seed"])


def compare(cell, root):
    """Share of frames with the same label after each change."""
    videos, _, n_actions = read(root / cell["set"])
    random = np.random.RandomState(cell["seed"])
    labels, *seconds = study.label(_model(cell, n_actions), videos)
    agreement = {}
    for name, change in CHANGES.items():
        if name == "two dropped" and len(videos) < 4:
            continue
        changed, back = change(videos, random)
        model = _model(cell, n_actions)
        if name == "another seed":
            seeded(model, cell["seed"] + 1000)
        found = back(study.label(model, changed)[0])
        agreement[name] = mof_score([labels[i] for i in found], list(found.values()))
    return {"agreement": agreement, "fit": seconds[0], "predict": seconds[1]}


def _numbered(paths):
    return dict(enumerate(paths))


def same(videos, random):
    """Change nothing."""
    return videos, _numbered


def drop_two(videos, random):
    """Leave two recordings out."""
    gone = random.choice(len(videos), 2, replace=False)
    kept = [i for i in range(len(videos)) if i not in gone]
    return [videos[i] for i in kept], lambda paths: dict(zip(kept, paths))


def split_two(videos, random):
    """Cut two recordings in the middle; the second halves follow the recordings."""
    chosen = random.choice(len(videos), 2, replace=False)
    halves = {i: len(videos[i]) // 2 for i in chosen}
    first = [video[: halves.get(i)] for i, video in enumerate(videos)]

    def back(paths):
        found = _numbered(paths[: len(videos)])
        for i, path in zip(chosen, paths[len(videos) :]):
            found[i] = np.concatenate([found[i], path])
        return found

    return [*first, *(videos[i][halves[i] :] for i in chosen)], back


def double(videos, random):
    """Show every frame twice."""
    doubled = [np.repeat(video, 2, axis=0) for video in videos]
    return doubled, lambda paths: _numbered(path[::2] for path in paths)


def permute(videos, random):
    """Put features in another order."""
    order = random.permutation(videos[0].shape[1])
    return [video[:, order] for video in videos], _numbered


CHANGES = {
    "two dropped": drop_two,
    "two split": split_two,
    "another seed": same,
    "every frame twice": double,
    "features permuted": permute,
}


def run_look(arguments):
    """Print the verdicts, and write them to a file."""
    rows = [HEADER]
    found = [look_at_sets(paths_of(arguments)), look_at_families(arguments.seeds)]
    for row in (row for part in found for row in part):
        print(*row, sep=", ", file=sys.stderr, flush=True)
        rows.append(row)
    print(study.markdown(rows))
    print(f"\n100,000 frames of 30 features: {seconds_of_look():.2f} s")
    if arguments.csv:
        study.write_csv(arguments.csv, rows)


def run_cells(arguments, compute):
    """Compute the cells that are not in the file of results."""
    rows = [
        row
        for title, row in (METHODS | CHANGED).items()
        if any(fnmatch(title, pattern) for pattern in arguments.methods)
    ]
    names = [path.name for path in paths_of(arguments)]
    cells = plan(rows, names, arguments.seeds)
    compute = functools.partial(compute, root=arguments.data)
    study.run(cells, arguments.results, compute)


def paths_of(arguments):
    """Folders of the chosen sets, by default of all."""
    found = sorted(path.parent for path in arguments.data.glob("*/features"))
    return [x for x in found if not arguments.sets or x.name in arguments.sets]


def print_tables(arguments):
    """Print the tables of a file of results, and write one."""
    results = study.read_results(arguments.results)
    known = [result for result in results if "error" not in result]
    if any("agreement" in result for result in known):
        found = {"agreement": robust_table(known, list(CHANGES))}
    else:
        found = tables(known)
    for title, rows in found.items():
        print(f"## {title}\n\n{study.markdown(rows)}\n")
    print("\n".join(study.failures(results)))
    if arguments.csv:
        study.write_csv(arguments.csv, found.get("sets") or found["agreement"])


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, n_seeds in {"look": 20, "scores": 3, "robust": 1}.items():
        command = commands.add_parser(name)
        add_data(command)
        command.add_argument("--sets", nargs="+", metavar="NAME")
        command.add_argument("--seeds", type=int, default=n_seeds)
    for name, methods in {"scores": ["*"], "robust": ["TOT", "Auto"]}.items():
        command = commands.choices[name]
        command.add_argument("--methods", nargs="+", metavar="PATTERN", default=methods)
    commands.add_parser("table")
    for name in ("scores", "robust", "table"):
        add = commands.choices[name].add_argument
        add("--results", type=Path, required=True, metavar="FILE")
    for name in ("look", "table"):
        commands.choices[name].add_argument("--csv", type=Path, metavar="FILE")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse(argv)
    if arguments.command == "look":
        run_look(arguments)
    elif arguments.command == "table":
        print_tables(arguments)
    else:
        run_cells(arguments, score if arguments.command == "scores" else compare)


if __name__ == "__main__":
    main()
