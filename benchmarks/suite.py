"""Every method, with default settings and others, on every set of a folder of sets.

    python benchmarks/suite.py --data FOLDER --results suite.jsonl --seeds 3 --jobs 2

Each folder in FOLDER is a set in the field's layout (``features/``, ``groundTruth/``,
``mapping/``); K is the number of its labels. The tables are printed. With
``--results`` each cell (method, settings, set, seed) is a line of a file, added when it
is done: a run that was stopped goes on where it was, and cells that failed are tried
again. ``--csv`` writes each table to a file of a folder. The exit status is 1 if a cell
failed.
"""

import functools
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import _study as study
import numpy as np
from _methods import has_seed, parse_row
from _sets import GENERATED, add_data, facts_of, names_of_sets
from _sets import load as load_generated
from _suite_tables import ROWS, make_tables, page, row_of


def parse_arguments(argv):
    parser = study.Parser(__file__, __doc__)
    add = parser.add_argument
    add_data(parser, required=False)
    add("--sets", nargs="+", metavar="NAME", help="some of them, or generated ones")
    add("--generated", action="store_true", help="generated sets, too")
    add("--results", type=Path, metavar="FILE", help="cells, also of earlier runs")
    add("--out", type=Path, metavar="FILE", help="file for the tables")
    add("--csv", type=Path, metavar="FOLDER", help="folder of a file for each table")
    add("--seeds", type=int, default=3, help="number of seeds, from 0")
    add("--jobs", type=int, default=1, help="cells at a time, one thread each")
    text = "one more row, such as tot:n_prototypes=2,decoding=free,switch_cost=0.5"
    form = "METHOD:NAME=VALUE,..."
    add("--method", action="append", default=[], metavar=form, help=text)
    add("--only", nargs="+", metavar="PATTERN", help="rows to run, by their names")
    add("--rerun", metavar="PATTERN", help="rows or sets to run again")
    add("--only-table", action="store_true", help="run nothing")
    arguments = parser.parse_args(argv)
    if arguments.only_table:
        if arguments.results is None or not arguments.results.is_file():
            parser.error(f"--results {arguments.results} is no file.")
        return arguments
    if arguments.data is None:
        parser.error("--data is needed to run anything.")
    if arguments.seeds < 1 or arguments.jobs == 0:
        parser.error("--seeds must be positive and --jobs not 0.")
    names = names_of_sets(arguments.data)
    generated = GENERATED if arguments.generated else []
    arguments.sets = list(dict.fromkeys([*(arguments.sets or names), *generated]))
    if unknown := set(arguments.sets).difference(names, GENERATED):
        parser.error(f"--sets {unknown.pop()} is not one of {names}.")
    arguments.rows = choose_rows(parser, arguments)
    return arguments


def choose_rows(parser, arguments):
    """Rows to run: those of the suite and those of the command line."""
    try:
        given = {row.title(ROWS): row for row in map(parse_row, arguments.method)}
    except ValueError as error:
        parser.error(f"--method {error}")
    rows = ROWS | given
    patterns = arguments.only or ["*"]
    for pattern in patterns:
        if not any(fnmatch(title, pattern) for title in rows):
            parser.error(f"--only {pattern} matches no row of {list(rows)}.")
    return [
        row
        for title, row in rows.items()
        if any(fnmatch(title, pattern) for pattern in patterns)
    ]


def plan(rows, names, n_seeds):
    """Cells of rows on sets, ordered by set."""
    return [
        {
            "method": row.method,
            "settings": row.settings,
            "windows": row.windows,
            "set": name,
            "seed": seed,
        }
        for name in names
        for row in rows
        for seed in range(n_seeds if has_seed(row.method) else 1)
    ]


def compute(cell, root):
    """Fit, predict and score."""
    row, name = row_of(cell), cell["set"]
    facts = facts_of(name)
    if name in GENERATED:
        videos, labels = load_generated(name)[:2]
    else:
        data = study.load(str(root / name))
        videos, labels = data.videos, data.labels
    everything = range(len(videos))
    predicted, numbers, times = [], [], []
    # it chooses its input itself
    stride = 1 if row.method == "auto" else facts.stride
    for part in [[i] for i in everything] if facts.is_local else [everything]:
        labels_of_part = set(np.concatenate([labels[i] for i in part]))
        numbers.append(len(labels_of_part.difference(facts.ignore)))
        model = row.model(numbers[-1], cell["seed"], facts.order)
        seen = [videos[i] for i in part]
        paths, *seconds = study.label(model, seen, row.windows, stride)
        predicted += paths
        times.append(seconds)
    options = {
        "scope": "recording" if facts.is_local else "all",
        "ignore_labels": facts.ignore or None,
    }
    fit, predict = np.sum(times, axis=0).tolist()
    return {
        "n_actions": max(numbers),
        "n_videos": len(videos),
        "n_frames": sum(map(len, videos)),
        "scores": study.scores_of(labels, predicted, **options),
        "fit": fit,
        "predict": predict,
    }


def main(argv=None):
    """Run the command and return its exit status."""
    arguments = parse_arguments(argv)
    with tempfile.TemporaryDirectory() as temporary:
        path = arguments.results or Path(temporary) / "suite.jsonl"
        if not arguments.only_table:
            study.run(
                plan(arguments.rows, arguments.sets, arguments.seeds),
                path,
                functools.partial(compute, root=arguments.data),
                jobs=arguments.jobs,
                again=functools.partial(is_asked, pattern=arguments.rerun),
            )
        results = study.read_results(path)
    text = page(results)
    print(text, end="")
    if arguments.out:
        study.write_text(arguments.out, text)
    for name, table in make_tables(results).items() if arguments.csv else ():
        study.write_csv(arguments.csv / f"{name}.csv", table.rows)
    return int(any("error" in result for result in results))


def is_asked(cell, pattern):
    """Whether a cell is asked for again."""
    names = row_of(cell).title(ROWS), cell["set"]
    return pattern is not None and any(fnmatch(name, pattern) for name in names)


if __name__ == "__main__":
    sys.exit(main())
