"""The runner of studies: options, cells that are kept as lines of a file, and tables.

A cell is a dict of plain values that describes one fit: the set, the method, the seed.
Its line in the file of results has the cell, and scores or an error.
"""

import argparse
import csv
import functools
import io
import json
import os
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import torch
from _methods import Row, parse_row
from _sets import SEVEN, UNLABELLED, add_data, evenly_spread, facts_of, names_of_sets
from threadpoolctl import threadpool_limits

import skl_tot
from skl_tot.datasets import load_action_dataset
from skl_tot.metrics import segmentation_report
from skl_tot.preprocessing import SignalWindows

# Those of `segmentation_report` by their names.
SCORES = ("MoF", "F1@50", "AMI", "mean recall", "edit", "mIoU")


class Parser(argparse.ArgumentParser):
    """Parser of a study, whose errors take one line."""

    def __init__(self, script, text):
        super().__init__(prog=Path(script).name, description=text.partition("\n")[0])

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


@functools.lru_cache(maxsize=1)  # cells of one set come one after another
def load(folder, **options):
    """Read one set; an error names the faulty file."""
    data = load_action_dataset(folder, **options)
    data.videos = list(map(np.asarray, data.videos))
    if data.labels is None:
        raise ValueError(f"{folder} has no folder groundTruth.")
    for name, video in zip(data.video_names, data.videos):
        if not np.isfinite(video).all():
            raise ValueError(f"The features of {name} are not all finite.")
    return data


def run(cells, path, compute, *, jobs=1, again=lambda cell: False):
    """Compute the cells that the file lacks or are asked for again; return all results.

    ``compute`` takes a cell and returns a dict. Failed cells are tried again.
    """
    done = {key_of(result["cell"]): result for result in read_results(path)}
    pending = [
        cell
        for cell in cells
        if again(cell) or "error" in done.get(key_of(cell), {"error": ""})
    ]
    parallel = joblib.Parallel(jobs, return_as="generator")
    calls = (joblib.delayed(_run_cell)(cell, path, compute) for cell in pending)
    for i, outcome in enumerate(parallel(calls), start=1):
        print(f"{i} of {len(pending)}, {outcome}", file=sys.stderr, flush=True)
    return read_results(path)


def cells_of(names, methods, n_seeds):
    """Cells of methods by their names, ordered by set."""
    return [
        {"set": name, "method": method, "seed": seed}
        for name in names
        for method in methods
        for seed in range(n_seeds)
    ]


def parse_fit_or_table(text, argv, methods, default, n_seeds=1, *, has_csv=False):
    """Arguments of a study of methods on sets, with the commands fit and table."""
    parser = argparse.ArgumentParser(description=text.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    fit, table = commands.add_parser("fit"), commands.add_parser("table")
    add_data(fit)
    fit.add_argument("--sets", nargs="+", metavar="NAME")
    fit.add_argument("--methods", nargs="+", choices=methods, default=default)
    fit.add_argument("--seeds", type=int, default=n_seeds)
    for command in (fit, table):
        command.add_argument("--results", type=Path, required=True, metavar="FILE")
    if has_csv:
        for flag, text in {"--csv": "means", "--csv-of-sets": "table of sets"}.items():
            table.add_argument(flag, type=Path, metavar="FILE", help=text)
    return parser.parse_args(argv)


def run_methods(arguments, compute):
    """Run the command fit; ``compute`` takes a cell and the folder of the sets."""
    names = arguments.sets or names_of_sets(arguments.data)
    cells = cells_of(names, arguments.methods, arguments.seeds)
    run(cells, arguments.results, functools.partial(compute, root=arguments.data))


def key_of(cell):
    return json.dumps(cell, sort_keys=True)


def _run_cell(cell, path, compute):
    result = {"cell": cell, "version": skl_tot.__version__}
    start = time.perf_counter()
    try:
        result |= compute(cell)
    except Exception as error:  # other cells continue
        message = " ".join(str(error).split())
        result["error"] = f"{type(error).__name__}: {message}"
    _add_line(path, json.dumps(result))
    outcome = result.get("error") or f"{time.perf_counter() - start:.1f} s"
    return f"{described(cell)}: {outcome}"


def described(cell):
    """The cell in a few words."""
    return ", ".join(str(value) for value in cell.values() if value not in (None, {}))


def _add_line(path, text):
    """Add a line to a file, in one go, as other processes do."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(handle, f"{text}\n".encode())
    finally:
        os.close(handle)


def read_results(path):
    """Last result of each cell of a file, without a line that a killed process cut."""
    results = {}
    text = Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
    if text and not text.endswith("\n"):
        _add_line(path, "")  # so that the next one stands alone
    for line in text.splitlines():
        try:
            result = json.loads(line)
        except ValueError:
            continue
        results[key_of(result["cell"])] = result
    return list(results.values())


def failures(results):
    """Lines for the errors, each with the cells that it stopped."""
    cells = {}
    for result in results:
        if "error" in result:
            cells.setdefault(result["error"], []).append(described(result["cell"]))
    return [f"- {error} ({'; '.join(where)})" for error, where in cells.items()]


def label(model, videos, windows=False, stride=1):
    """Labels of all frames, and processor seconds of the fit and of the prediction."""
    torch.set_num_threads(1)
    with threadpool_limits(1):
        start = time.process_time()
        if windows:
            videos = SignalWindows().fit_transform(videos)
        kept = [video[::stride] for video in videos]
        model.fit(kept)
        fitted = time.process_time()
        paths = [
            np.repeat(path, stride)[: len(video)]
            for path, video in zip(model.predict(kept), videos)
        ]
        return paths, fitted - start, time.process_time() - fitted


def scores_of(labels, paths, **options):
    """Scores by name; options are those of `segmentation_report`."""
    report = segmentation_report(labels, paths, output_dict=True, **options)
    (scores, *_) = report["scores"].values()
    return {name: scores[name] for name in SCORES}


evenly_read = functools.lru_cache(maxsize=1)(evenly_spread)


def score_on_set(folder, most, make, windows=False):
    """Scores of recordings with up to ``most`` frames, and processor seconds.

    ``make`` takes the number of actions. Labels that hold within one recording need a
    fit of each. With ``windows``, methods see `SignalWindows`.
    """
    videos, labels, n_actions = evenly_read(folder, most)
    is_local = facts_of(folder.name).is_local
    options = {"scope": "recording" if is_local else "all"}
    if any((path == UNLABELLED).any() for path in labels):
        options["ignore_labels"] = UNLABELLED
    paths, seconds = [], np.zeros(2)
    for part in [[i] for i in range(len(videos))] if is_local else [range(len(videos))]:
        if is_local:
            n_actions = len(set(labels[part[0]]) - {UNLABELLED})
        new, *taken = label(make(n_actions), [videos[i] for i in part], windows)
        paths += new
        seconds += taken
    result = {"scores": scores_of(labels, paths, **options)}
    return result | dict(zip(("fit", "predict"), seconds.tolist()))


def number(value, digits=1):
    """Text of a number, with a dash for unknown values."""
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def seconds(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def with_deviation(values, form=number):
    """Mean and standard deviation, without the latter of a single value."""
    text = form(np.mean(values))
    return text if len(values) == 1 else f"{text} ± {form(np.std(values))}"


def markdown(rows, n_texts=1):
    """Table of a header and rows, with ``n_texts`` text columns."""
    line = ["---"] * n_texts + ["---:"] * (len(rows[0]) - n_texts)
    rows = [rows[0], line, *rows[1:]]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def write_csv(path, rows):
    """Write rows to a file; its folder is created if missing."""
    path.parent.mkdir(exist_ok=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(path, text.getvalue())


def write_text(path, text):
    """Write a file completely or not at all, even if the process is killed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def options_of_sets(script, text, default):
    """Parser of a study of one method on several sets."""
    parser = Parser(script, text)
    add_data(parser)
    parser.add_argument("--sets", nargs="+", default=default, metavar="NAME")
    form = "METHOD:NAME=VALUE,..."
    parser.add_argument("--method", type=parse_row, default=Row("tot"), metavar=form)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="table")
    return parser


def run_on_sets(script, text, heading, study_seed):
    """Run a study, and print means over seeds in percent, sets as columns.

    ``study_seed`` takes a row, a data set, its labels as text and a seed, and returns a
    score in [0, 1] for each row of the table.
    """
    arguments = options_of_sets(script, text, SEVEN).parse_args()
    results = {}
    for name in arguments.sets:
        data = load(str(arguments.data / name))
        truth = [np.asarray(y).astype(str) for y in data.labels]
        with threadpool_limits(1):
            results[name] = [
                study_seed(arguments.method, data, truth, seed)
                for seed in range(arguments.seeds)
            ]
        print(name, results[name], file=sys.stderr, flush=True)
    rows = [[heading, *results, "mean ± over seeds"]]
    for title in next(iter(results.values()))[0]:
        values = np.array([[x[title] for x in cells] for cells in results.values()])
        means = map(number, 100 * values.mean(axis=1))
        rows.append([title, *means, with_deviation(100 * values.mean(axis=0))])
    print(markdown(rows))
    if arguments.csv:
        write_csv(arguments.csv, rows)
