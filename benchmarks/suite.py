"""Every method, with default settings and others, on every set of a folder of sets.

    python benchmarks/suite.py --data FOLDER --results suite.jsonl --seeds 3 --jobs 2

Each folder in FOLDER is a set in the field's layout (``features/``, ``groundTruth/``,
``mapping/``); K is the number of its labels. The tables go to the screen and to
``suite.md``. Each cell (method, settings, set, seed) is a line of the file of results,
added when it is done: a run that was stopped goes on where it was, and cells that
failed are tried again. The exit status is 1 if a cell failed.
"""

import argparse
import sys
from fnmatch import fnmatch
from pathlib import Path

import joblib
from _cells import write_text
from _sets import GENERATED
from _suite_cells import plan, read_results, run_cell
from _suite_rows import ROWS, parse_row
from _suite_tables import behind, page

# Lines of a page that the tables, or that of --behind, stand between.
MARKS = ("<!-- suite -->", "<!-- end of suite -->")
BEHIND = ("<!-- behind -->", "<!-- end of behind -->")


class Parser(argparse.ArgumentParser):
    """Parser whose errors take one line."""

    def error(self, message):
        """Exit without the usage."""
        self.exit(2, f"{self.prog}: {message}\n")


def parse_arguments(argv):
    parser = Parser(prog="suite.py", description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--data", type=Path, metavar="FOLDER", help="folder of data sets")
    add("--sets", nargs="+", metavar="NAME", help="some of them, or generated ones")
    add("--generated", action="store_true", help="generated sets, too")
    add("--results", type=Path, default=Path("suite.jsonl"), metavar="FILE")
    add("--out", type=Path, metavar="FILE", help="tables; default: results' .md")
    add("--page", type=Path, metavar="FILE", help="page to renew the tables of, too")
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
    add("--behind", action="store_true", help="table of the vote and what is simple")
    arguments = parser.parse_args(argv)
    check_arguments(parser, arguments)
    return arguments


def check_arguments(parser, arguments):
    """Complete the arguments, or exit with an error."""
    arguments.out = arguments.out or arguments.results.with_suffix(".md")
    arguments.marks = BEHIND if arguments.behind else MARKS
    if arguments.page and not is_page(arguments.page, arguments.marks):
        lines = arguments.marks
        parser.error(f"--page {arguments.page} is no page with the lines {lines}.")
    if arguments.only_table:
        if not arguments.results.is_file():
            parser.error(f"{arguments.results} is no file.")
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


def is_page(path, marks):
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return all(lines.count(mark) == 1 for mark in marks)


def renew_page(path, marks, text):
    """Put a text between the marks of a page."""
    head, begin, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _, end, tail = rest.partition(marks[1])
    write_text(path, f"{head}{begin}\n\n{text}\n{end}{tail}")


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
            parser.error(f"--only {pattern} is none of {titles}.")
    return [
        row
        for row in rows
        if any(fnmatch(row.title, pattern) for pattern in arguments.only)
    ]


def run(arguments):
    """Compute the cells that are not in the file of results, or are asked for again."""
    done = read_results(arguments.results)
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
        joblib.delayed(run_cell)(cell, arguments.data / cell.name, arguments.results)
        for cell in pending
    ]
    for i, outcome in enumerate(parallel(calls), start=1):
        print(f"{i} of {len(pending)}, {outcome}", file=sys.stderr)


def main(argv=None):
    """Run the command and return its exit status."""
    arguments = parse_arguments(argv)
    if not arguments.only_table:
        run(arguments)
    results = list(read_results(arguments.results).values())
    text = behind(results) if arguments.behind else page(results)
    write_text(arguments.out, text)
    if arguments.page:
        renew_page(arguments.page, arguments.marks, text)
    print(text)
    return int(any("error" in result for result in results))


if __name__ == "__main__":
    sys.exit(main())
