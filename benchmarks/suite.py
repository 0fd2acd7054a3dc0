"""Every method, with default settings and others, on every set of a folder of sets.

    python benchmarks/suite.py --data FOLDER --results suite.jsonl --seeds 3 --jobs 2

Each folder in FOLDER is a set in the field's layout (``features/``, ``groundTruth/``,
``mapping/``); K is the number of its labels. The tables are printed. With
``--results`` each cell (method, settings, set, seed) is a line of a file, added when it
is done: a run that was stopped goes on where it was, and cells that failed are tried
again. ``--page`` renews the tables of a page, and the files of its folder ``measured``.
The exit status is 1 if a cell failed.
"""

import argparse
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import joblib
from _pages import check_page, renew_page, show, write_csv
from _sets import GENERATED, add_data
from _suite_cells import compute, plan, read_results, run_cell
from _suite_rows import ROWS, parse_row
from _suite_tables import page, tables

ON_PAGE = ("means", "simple")  # tables that a page has itself; others are files


class Parser(argparse.ArgumentParser):
    """Parser whose errors take one line."""

    def error(self, message):
        """Exit without the usage."""
        self.exit(2, f"{self.prog}: {message}\n")


def parse_arguments(argv):
    parser = Parser(prog="suite.py", description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add_data(parser, required=False)
    add("--sets", nargs="+", metavar="NAME", help="some of them, or generated ones")
    add("--generated", action="store_true", help="generated sets, too")
    add("--results", type=Path, metavar="FILE", help="cells, also of earlier runs")
    add("--out", type=Path, metavar="FILE", help="file for the tables")
    add("--page", type=Path, metavar="FILE", help="page to renew the tables of")
    add("--seeds", type=int, default=3, help="number of seeds, from 0")
    add("--jobs", type=int, default=1, help="cells at a time, one thread each")
    add(
        "--method",
        action="append",
        default=[],
        metavar="METHOD:NAME=VALUE,...",
        help="one more row, such as tot:n_parts=2,decoding=free,switch_cost=0.5",
    )
    add("--only", nargs="+", metavar="PATTERN", help="rows to run, by their names")
    add("--rerun", metavar="PATTERN", help="rows or sets to run again")
    add("--only-table", action="store_true", help="run nothing")
    arguments = parser.parse_args(argv)
    check_arguments(parser, arguments)
    return arguments


def check_arguments(parser, arguments):
    """Complete the arguments, or exit with an error."""
    check_page(parser, arguments.page, ON_PAGE)
    if arguments.only_table:
        if arguments.results is None or not arguments.results.is_file():
            parser.error(f"--results {arguments.results} is no file.")
        return
    if arguments.data is None:
        parser.error("--data is needed to run anything.")
    if arguments.seeds < 1 or arguments.jobs == 0:
        parser.error("--seeds must be positive and --jobs not 0.")
    found = sorted(path.parent.name for path in arguments.data.glob("*/features"))
    if not found:
        parser.error(f"{arguments.data} has no folder with a folder features.")
    more = GENERATED if arguments.generated else []
    arguments.sets = list(dict.fromkeys([*(arguments.sets or found), *more]))
    for name in arguments.sets:
        if name not in [*found, *GENERATED]:
            parser.error(f"--sets {name} is not one of {found}.")
    arguments.rows = choose_rows(parser, arguments)


def choose_rows(parser, arguments):
    """Rows to run: those of the suite and those of the command line."""
    rows = list(ROWS.values())
    for text in arguments.method:
        try:
            row = parse_row(text)
        except ValueError as error:
            parser.error(f"--method {error}")
        if row not in rows:
            rows.append(row)
    if arguments.only is None:
        return rows
    titles = [row.title for row in rows]
    for pattern in arguments.only:
        if not any(fnmatch(title, pattern) for title in titles):
            parser.error(f"--only {pattern} matches no row of {titles}.")
    return [
        row
        for row in rows
        if any(fnmatch(row.title, pattern) for pattern in arguments.only)
    ]


def run(arguments, path):
    """Compute the cells that are not in the file of results, or are asked for again."""
    done = read_results(path)
    pending = []
    for cell in plan(arguments.rows, arguments.sets, arguments.seeds):
        again = arguments.rerun is not None and (
            fnmatch(cell.row.title, arguments.rerun)
            or fnmatch(cell.name, arguments.rerun)
        )
        if again or "scores" not in done.get(cell.key, {}):
            pending.append(cell)
    parallel = joblib.Parallel(arguments.jobs, return_as="generator")
    calls = [
        joblib.delayed(run_cell)(cell, arguments.data / cell.name, path, compute)
        for cell in pending
    ]
    for i, outcome in enumerate(parallel(calls), start=1):
        print(f"{i} of {len(pending)}, {outcome}", file=sys.stderr)


def main(argv=None):
    """Run the command and return its exit status."""
    arguments = parse_arguments(argv)
    with tempfile.TemporaryDirectory() as temporary:
        path = arguments.results or Path(temporary) / "suite.jsonl"
        if not arguments.only_table:
            run(arguments, path)
        results = list(read_results(path).values())
    show(page(results), arguments.out)
    for name, table in tables(results).items() if arguments.page else ():
        write_csv(arguments.page.parent / "measured" / f"{name}.csv", table.rows)
        if name in ON_PAGE:
            part = table.shown() if name == "means" else table
            renew_page(arguments.page, name, str(part))
    return int(any("error" in result for result in results))


if __name__ == "__main__":
    sys.exit(main())
