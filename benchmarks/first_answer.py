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

import numpy as np
from _first_look import HEADER, look_at_families, look_at_sets, seconds_of_look
from _first_tables import CHANGED, METHODS, robust_table, tables
from _methods import seeded
from _pages import markdown, write_csv
from _sets import UNLABELLED, add_data, evenly_spread
from _suite_cells import Cell, label, model_of, plan, read_results, run_cell, scores_of
from _suite_rows import Row

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


def score(cell, folder):
    """Fit, predict and score a cell."""
    videos, labels, n_actions = read(folder)
    constants = {x: y for x, y in cell.row.settings.items() if x in MODULES}
    model = _model(cell, n_actions)
    with ExitStack() as stack:
        for name, value in constants.items():
            module = importlib.import_module(MODULES[name])
            stack.enter_context(patch.object(module, name, value))
        paths, fit, predict = label(model, videos, cell.row.windows)
    is_ignored = any((own == UNLABELLED).any() for own in labels)
    options = {"ignore_labels": UNLABELLED if is_ignored else None}
    scores = scores_of(labels, paths, **options)
    scores["in effect"] = effective_actions(paths) / n_actions
    result = {"n_actions": n_actions, "n_videos": len(videos), "scores": scores}
    true = [own[own != UNLABELLED] for own in labels]
    result["true in effect"] = effective_actions(true) / n_actions
    result |= {"fit": fit, "predict": predict, "order": getattr(model, "order_", None)}
    if (seen := getattr(model, "look_", None)) is not None:
        result["look"] = {**vars(seen), "order": seen.order}
    if cell.row.method == "auto":
        result["members"] = {
            name: (mof_score(labels, own, **options) + f1) / 2
            for name, own in model.candidate_labels(videos).items()
            for f1 in [segment_f1_score(labels, own, **options)]
        }
    return result


def _model(cell, n_actions):
    """Model of a cell, without settings that are constants of the package."""
    settings = {x: y for x, y in cell.row.settings.items() if x not in MODULES}
    row = Row(cell.row.method, settings)
    return model_of(Cell(row, cell.name, cell.seed), n_actions)


def compare(cell, folder):
    """Share of frames with the same label after each change."""
    videos, _, n_actions = read(folder)
    random = np.random.RandomState(cell.seed)
    labels, *seconds = label(_model(cell, n_actions), videos)
    agreement = {}
    for name, change in CHANGES.items():
        if name == "two dropped" and len(videos) < 4:
            continue
        changed, back = change(videos, random)
        model = _model(cell, n_actions)
        if name == "another seed":
            seeded(model, cell.seed + 1000)
        found = back(label(model, changed)[0])
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
    print(markdown(rows))
    print(f"\n100,000 frames of 30 features: {seconds_of_look():.2f} s")
    if arguments.csv:
        write_csv(arguments.csv, rows)


def run_cells(arguments, compute):
    """Compute the cells that are not in the file of results."""
    rows = [
        row
        for title, row in (METHODS | CHANGED).items()
        if any(fnmatch(title, pattern) for pattern in arguments.methods)
    ]
    names = [path.name for path in paths_of(arguments)]
    done = read_results(arguments.results)
    for cell in plan(rows, names, arguments.seeds):
        if cell.key not in done or "error" in done[cell.key]:
            folder = arguments.data / cell.name
            print(run_cell(cell, folder, arguments.results, compute), flush=True)


def paths_of(arguments):
    """Folders of the chosen sets, by default of all."""
    found = sorted(path.parent for path in arguments.data.glob("*/features"))
    return [x for x in found if not arguments.sets or x.name in arguments.sets]


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, n_seeds in {"look": 20, "scores": 3, "robust": 1}.items():
        command = commands.add_parser(name)
        add_data(command)
        command.add_argument("--sets", nargs="+", metavar="NAME")
        command.add_argument("--seeds", type=int, default=n_seeds)
    every = ["*"]
    for name, methods in {"scores": every, "robust": ["TOT", "Auto"]}.items():
        command = commands.choices[name]
        command.add_argument("--methods", nargs="+", metavar="PATTERN", default=methods)
        command.add_argument("--results", type=Path, required=True, metavar="FILE")
    commands.choices["look"].add_argument("--csv", type=Path, metavar="FILE")
    command = commands.add_parser("table")
    command.add_argument("--results", type=Path, required=True, metavar="FILE")
    command.add_argument("--csv", type=Path, metavar="FILE", help="rows of each set")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse(argv)
    if arguments.command == "look":
        run_look(arguments)
    elif arguments.command == "scores":
        run_cells(arguments, score)
    elif arguments.command == "robust":
        run_cells(arguments, compare)
    else:
        print_tables(arguments)


def print_tables(arguments):
    """Print the tables of a file of results, and write one."""
    results = list(read_results(arguments.results).values())
    known = [result for result in results if "error" not in result]
    if any("agreement" in result for result in known):
        found = {"agreement": robust_table(known, list(CHANGES))}
    else:
        found = tables(known)
    for title, rows in found.items():
        print(f"## {title}\n\n{markdown(rows)}\n")
    for result in results:
        if "error" in result:
            print(f"Failed: {result['method']}, {result['set']}: {result['error']}")
    if arguments.csv:
        write_csv(arguments.csv, found.get("sets") or found["agreement"])


if __name__ == "__main__":
    main()
