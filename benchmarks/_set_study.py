"""A study of one method on each set: options, means over seeds, a table by sets."""

import argparse
from pathlib import Path

import numpy as np
from _cells import load
from _pages import markdown, write_csv
from _sets import SEVEN, add_data
from _suite_rows import parse_row
from threadpoolctl import threadpool_limits


def table(heading, results):
    """Rows of means over seeds, sets as columns, in percent."""
    sets = list(results)
    rows = [[heading, *sets, "mean ± over seeds"]]
    for name in results[sets[0]][0]:
        values = np.array([[cells[name] for cells in results[s]] for s in sets])
        means = [f"{100 * x:.1f}" for x in values.mean(axis=1)]
        over_seeds = 100 * values.mean(axis=0)
        means.append(f"{over_seeds.mean():.1f} ± {over_seeds.std():.1f}")
        rows.append([name, *means])
    return rows


def run(description, heading, study_seed):
    """Run a study from the command line, and print its table.

    ``study_seed`` takes a row of the suite, a data set, its labels as text and a seed,
    and returns a score, in [0, 1], for each row of the table.
    """
    parser = argparse.ArgumentParser(description=description.partition("\n")[0])
    add_data(parser)
    parser.add_argument("--method", default="tot", metavar="METHOD:NAME=VALUE,...")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=SEVEN, metavar="NAME")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="table")
    arguments = parser.parse_args()
    row = parse_row(arguments.method)
    results = {}
    for name in arguments.sets:
        data = load(str(arguments.data / name), mmap=False)
        truth = [np.asarray(y).astype(str) for y in data.labels]
        with threadpool_limits(1):
            results[name] = [
                study_seed(row, data, truth, seed) for seed in range(arguments.seeds)
            ]
        print(name, results[name], flush=True)
    rows = table(heading, results)
    print(markdown(rows))
    if arguments.csv:
        write_csv(arguments.csv, rows)
