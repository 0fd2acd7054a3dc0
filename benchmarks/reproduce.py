"""Redraw a table of the paper from a data set, over methods and seeds.

    python benchmarks/reproduce.py FOLDER --protocol breakfast --seeds 3 --n-jobs 2

FOLDER is in the field's layout (``features/``, ``groundTruth/``, ``mapping/``). The
tables are printed. With ``--out`` they also go to ``results.md`` and ``results.json``
of a folder, and a run that was stopped goes on where it was: finished cells are kept in
its folder ``cells``, and those that failed are tried again. ``--csv`` renews the rows
of this set in a file. The exit status is 1 if any cell failed.
"""

import argparse
import ast
import importlib.util
import json
import sys
import tempfile
from pathlib import Path

import joblib
from _cells import (
    BASELINES,
    METHODS,
    cell_path,
    choose_settings,
    parameters,
    read_result,
    run_cell,
    write_text,
)
from _pages import renew_rows
from _protocols import PROTOCOLS
from _reports import as_json, report, rows_of

import skl_tot


class Parser(argparse.ArgumentParser):
    """Parser whose errors take one line."""

    def error(self, message):
        """Exit without the usage."""
        self.exit(2, f"{self.prog}: {message}\n")


def parse_arguments(argv):
    """Command line, checked as far as possible without reading data."""
    parser = Parser(prog="reproduce.py", description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("folder", type=Path, help="data set")
    add("--protocol", choices=PROTOCOLS, required=True)
    add("--methods", nargs="+", choices=METHODS, default=list(METHODS), metavar="NAME")
    add("--activities", nargs="+", metavar="NAME", help="some of the protocol's")
    add("--seeds", type=int, default=3, help="number of seeds, from 0")
    add("--n-jobs", type=int, default=1, help="cells at a time, -1 for one per core")
    add("--out", type=Path, metavar="FOLDER", help="tables and finished cells")
    add("--csv", type=Path, metavar="FILE", help="file to renew the rows of")
    add("--n-actions", type=int, metavar="K", help="default for custom: labels in use")
    add(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="parameters",
    )
    add(
        "--ignore",
        nargs="+",
        action="extend",
        default=[],
        metavar="LABEL",
        help="labels not to score",
    )
    add("--split-label", metavar="LABEL", help="label to split into start and end")
    add(
        "--label-mapping", type=Path, metavar="FILE", help="'<label> <new label>' lines"
    )
    add(
        "--generalization", action="store_true", help="fit 80 %%, score the other 20 %%"
    )
    add("--title")
    arguments = parser.parse_args(argv)
    check_arguments(parser, arguments)
    return arguments


def check_arguments(parser, arguments):
    """Complete the arguments from the protocol, or exit with an error."""
    protocol = PROTOCOLS[arguments.protocol]
    activities = list(protocol.activities)
    name = f"{arguments.folder.resolve().name}, {protocol.title or 'own protocol'}"
    if not (arguments.folder / "features").is_dir():
        parser.error(f"{arguments.folder} has no folder features.")
    if (arguments.split_label or protocol.split_label) in {
        *protocol.ignore,
        *arguments.ignore,
    }:
        parser.error("--split-label would split a label that is not scored.")
    if arguments.out and arguments.out.exists() and not arguments.out.is_dir():
        parser.error(f"--out {arguments.out} is no folder.")
    if arguments.label_mapping and not arguments.label_mapping.is_file():
        parser.error(f"{arguments.label_mapping} is no file.")
    if arguments.seeds < 1 or arguments.n_jobs == 0:
        parser.error("--seeds must be positive and --n-jobs not 0.")
    if unknown := set(arguments.activities or []).difference(activities):
        parser.error(f"--activities {unknown.pop()} is not one of {activities}.")
    arguments.methods = list(dict.fromkeys(arguments.methods))
    arguments.activities = list(dict.fromkeys(arguments.activities or activities))
    if arguments.n_actions is not None and (
        arguments.n_actions < 1 or len(arguments.activities) > 1
    ):
        parser.error("--n-actions must be positive, and is for a single activity only.")
    arguments.set = dict(
        parse_setting(parser, text, arguments.methods) for text in arguments.set
    )
    if arguments.generalization:
        name += ", unseen videos"
    arguments.title = arguments.title or name


def parse_setting(parser, text, methods):
    """Name and value of ``name=value``; a value that is no literal is a text."""
    name, equals, value = text.partition("=")
    known = set().union(*map(parameters, set(methods) - BASELINES.keys()))
    known -= {"n_actions", "prior", "terms", "random_state", "verbose"}
    if not equals or name not in known:
        parser.error(f"--set {text}: expected NAME=VALUE, NAME one of {sorted(known)}.")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def plan(arguments):
    """Cells of the table, those of one activity together, as plain dicts."""
    protocol = PROTOCOLS[arguments.protocol]
    split_label = arguments.split_label or protocol.split_label
    cells = []
    for activity in arguments.activities:
        n_actions = protocol.activities[activity]
        if split_label and n_actions is not None:
            n_actions += 1
        for method in arguments.methods:
            is_random = arguments.generalization or "random_state" in parameters(method)
            cells += [
                {
                    "method": method,
                    "seed": seed,
                    "n_actions": arguments.n_actions or n_actions,
                    "settings": choose_settings(method, protocol, arguments.set),
                    "data": {
                        "folder": str(arguments.folder.resolve()),
                        "activity": activity,
                        "split_label": split_label,
                        "label_mapping": arguments.label_mapping
                        and str(arguments.label_mapping.resolve()),
                    },
                    "ignore": sorted({*protocol.ignore, *arguments.ignore}),
                    "generalization": arguments.generalization,
                    "version": skl_tot.__version__,
                }
                for seed in range(arguments.seeds if is_random else 1)
            ]
    return cells


def run(cells, folder, n_jobs):
    """Compute the cells that are not finished, and return the results of all."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [cell_path(folder, cell) for cell in cells]
    pending = [
        joblib.delayed(run_cell)(cell, path)
        for cell, path in zip(cells, paths)
        if "scores" not in read_result(path, cell)
    ]
    parallel = joblib.Parallel(n_jobs, return_as="generator")
    for _ in progress(parallel(pending), len(cells), len(cells) - len(pending)):
        pass
    return [read_result(path, cell) for cell, path in zip(cells, paths)]


def progress(results, total, initial):
    """Pass results on, showing how many there are."""
    try:
        from tqdm import tqdm
    except ImportError:
        for i, result in enumerate(results, start=initial + 1):
            print(f"{i} of {total} cells", file=sys.stderr)
            yield result
    else:
        yield from tqdm(results, total=total, initial=initial, unit="cell")


def main(argv=None):
    """Run the command and return its exit status."""
    arguments = parse_arguments(argv)
    extra = []
    if (
        "left-right HMM" in arguments.methods
        and importlib.util.find_spec("hmmlearn") is None
    ):
        arguments.methods.remove("left-right HMM")
        extra.append("left-right HMM is left out, as hmmlearn is not installed.")
    with tempfile.TemporaryDirectory() as temporary:
        out = arguments.out or Path(temporary)
        results = run(plan(arguments), out / "cells", arguments.n_jobs)
    text = report(arguments, results, extra)
    if arguments.out:
        write_text(arguments.out / "results.md", text)
        content = as_json(arguments, results, extra)
        write_text(arguments.out / "results.json", json.dumps(content, indent=1))
    if arguments.csv:
        renew_rows(arguments.csv, arguments.title, rows_of(results))
    print(text)
    return int(any("error" in result for result in results))


if __name__ == "__main__":
    sys.exit(main())
