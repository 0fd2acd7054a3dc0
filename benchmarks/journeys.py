"""Walk as people would who know nothing but the documentation, and one recording.

::

    python benchmarks/journeys.py [--only NAME ...] [--seeds 0 1 2 3 4] [--small]

Files of people are simulated, the commands are those of the documentation, and a person
labels one recording, or two cycles of a long one. Prints a row for each journey and
seed: the share of right frames elsewhere, minutes, and which checks of clocks, stops,
cycles and groups fail.
"""

import argparse
import contextlib
import io
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import _people as people
import numpy as np
import pandas as pd
from _study import markdown

from skl_tot.app.cli.main import main as command


class Walk(NamedTuple):
    """Result of a person: share of right frames, and whether other facts are exact."""

    share: float
    checks: dict  # of name to bool


def run(text):
    """Run a command of the documentation; give its output."""
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always")
        status = command(text.split())
    if status:
        raise RuntimeError(f"skl-tot {text}: {printed.getvalue()}")
    return printed.getvalue()


def find_runs(labels):
    """First frames and ends of segments."""
    edges = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1], True])
    return zip(edges[:-1].tolist(), edges[1:].tolist())


def label(name, labels, words):
    """Write the labels that a person gives a recording, or its beginning."""
    rows = [[name, words[labels[a]], a, b] for a, b in find_runs(labels)]
    columns = ["recording", "action", "start", "end"]
    pd.DataFrame(rows, columns=columns).to_csv("first.csv", index=False)


def complete(truth, words):
    """Name of the first recording that shows all actions."""
    return next(name for name in truth if len(set(truth[name])) == len(words))


def read_segments(path="segments.csv"):
    """Table of segments, and labels of the frames of each recording."""
    table = pd.read_csv(path)
    groups = table.groupby("recording", sort=False)
    labels = {
        name: np.repeat(part["action"].to_numpy(), part["end"] - part["start"])
        for name, part in groups
    }
    return table, labels


def share_right(truth, predicted, words, labelled):
    """Share of the frames of recordings without labels that are right."""
    right = [
        np.array(words)[labels] == predicted[name]
        for name, labels in truth.items()
        if name != labelled
    ]
    return float(np.concatenate(right).mean())


def groups_differ(row, truth, group_of, measure):
    """Whether a row of groups.csv tells a difference, and as large a one as is true."""
    values = {}
    for name, labels in truth.items():
        values.setdefault(group_of(name), []).append(measure(labels))
    expected = np.mean(values[row["second"]]) - np.mean(values[row["first"]])
    is_near = abs(row["difference"] - expected) < 0.2 * abs(expected)
    return bool(row["q"] < 0.05 and is_near)


def clocks_hold(table, clocks):
    """Whether the clock of each segment is that of the file at its first frame."""
    holds = []
    for name, part in table.groupby("recording"):
        starts = pd.to_datetime(part["start_clock"], format="ISO8601").to_numpy()
        holds.append((starts == clocks[name][part["start"]].to_numpy()).all())
    return all(holds)


def clinic(seed, small):
    """A physiotherapist: 26 walks with a worn sensor, which have an order."""
    rate = 25 if small else 50
    found = people.clinic(Path("TUG"), seed, rate=rate)
    truth = {name: labels for name, (labels, _) in found.items()}
    words = people.WORDS["clinic"]
    first = next(iter(truth))
    label(first, truth[first], words)
    run("fit TUG --labels first.csv --pipeline gaps:25,windows --out taught.skops")
    run("predict taught.skops TUG --out segments.csv")
    run(
        "report taught.skops TUG --groups patients.csv --out report.html "
        "--summary summary"
    )
    table, predicted = read_segments()
    groups = pd.read_csv("summary/groups.csv")
    groups = groups[groups["measure"] == "duration"].set_index("action")
    group_of = pd.read_csv("patients.csv").set_index("recording")["group"]
    clocks = {name: clock for name, (_, clock) in found.items()}
    checks = {
        "clocks": clocks_hold(table, clocks),
        "groups": groups_differ(
            groups.loc["turn"],
            truth,
            group_of.get,
            lambda labels: (labels == 2).sum() / rate,
        ),
        "other phases": bool(groups["q"].drop("turn").min() > 0.05),
    }
    return Walk(share_right(truth, predicted, words, first), checks)


def line(seed, small):
    """A packaging engineer: two hours of cycles, with stops, a jam and a night."""
    n_cycles = 30 if small else 186
    labels, clock, facts = people.line(Path("line.parquet"), seed, n_cycles)
    words = people.WORDS["line"]
    ends = np.flatnonzero((labels[:-1] == 5) & (labels[1:] == 0)) + 1
    label("line", labels[: ends[1]], words)  # two cycles
    run("fit line.parquet --labels first.csv --pauses 20 --out taught.skops")
    run("predict taught.skops line.parquet --out segments.csv")
    run("report taught.skops line.parquet --out report.html --summary summary")
    table, predicted = read_segments()
    moving = labels[labels >= 0]
    right = np.array(words)[moving] == predicted["line"]
    stops, cycles = (pd.read_csv(f"summary/{name}.csv") for name in ("stops", "cycles"))
    edges = np.diff(np.r_[0, labels < 0, 0].astype(int)).nonzero()[0].reshape(-1, 2)
    starts = pd.to_datetime(stops["start_clock"], format="ISO8601").to_numpy()
    has_stops = stops[["start", "end"]].to_numpy().tolist() == edges.tolist()
    clocks = {"line": clock[labels >= 0]}
    missing = cycles["missing"].notna().to_numpy().nonzero()[0].tolist()
    checks = {
        "clocks": clocks_hold(table, clocks),
        "stops": has_stops,
        "clocks of stops": has_stops and (starts == clock[edges[:, 0]]).all(),
        "cycles": len(cycles) == n_cycles,
        "jam": int(cycles["duration"].argmax()) == facts["jam"],
        "skipped": missing == [facts["skipped"]],
    }
    return Walk(float(right[ends[1] :].mean()), checks)


def mice(seed, small):
    """A mouse lab: poses of twenty animals that turn, of two genotypes."""
    size = {"n_mice": 10, "n_bouts": 20} if small else {}
    truth = people.mice(Path("tracks"), seed, **size)
    words = people.WORDS["mice"]
    first = complete(truth, words)
    label(first, truth[first], words)
    run(
        "fit tracks --fps 25 --labels first.csv "
        "--pipeline gaps:25,poses:tail_base:nose --out taught.skops"
    )
    run("predict taught.skops tracks --out segments.csv")
    run(
        "report taught.skops tracks --groups mice.csv "
        "--out report.html --summary summary"
    )
    _, predicted = read_segments()
    groups = pd.read_csv("summary/groups.csv").query("measure == 'share'")
    genotype_of = dict(pd.read_csv("mice.csv").to_numpy().tolist())
    checks = {
        "groups": groups_differ(
            groups.set_index("action").loc["groom"],
            truth,
            genotype_of.get,
            lambda labels: np.mean(labels == 2),
        )
    }
    return Walk(share_right(truth, predicted, words, first), checks)


def robot(seed, small):
    """A robot student: demonstrations of different speed, LeRobot 2.1 or 3.0."""
    version = ["v3.0", "v2.1"][seed % 2]
    truth = people.robot(Path("cubes"), seed, 12 if small else 50, version)
    words = people.WORDS["robot"]
    first = complete(truth, words)
    label(first, truth[first], words)
    run("fit cubes --labels first.csv --out taught.skops")
    run("predict taught.skops cubes --out segments.csv")
    run("subtasks cubes segments.csv --out labelled")
    table, predicted = read_segments()
    files = sorted(Path("labelled/data/chunk-000").iterdir())
    frames = pd.concat(map(pd.read_parquet, files))
    names = pd.read_parquet("labelled/meta/subtasks.parquet").index.to_numpy()
    written = names[frames["subtask_index"]]
    times = np.abs(table["start_time"] - table["start"] / 30).max() < 1e-3
    checks = {
        "times": bool(times),
        "subtasks": (written == np.concatenate(list(predicted.values()))).all(),
    }
    return Walk(share_right(truth, predicted, words, first), checks)


JOURNEYS = {"clinic": clinic, "line": line, "mice": mice, "robot": robot}


def walk(name, seed, small=False):
    """Walk a journey in a folder of its own; give the walk and its minutes."""
    before, start = Path.cwd(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            result = JOURNEYS[name](seed, small)
        finally:
            os.chdir(before)
    return result, (time.perf_counter() - start) / 60


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=list(JOURNEYS), choices=JOURNEYS)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--small", action="store_true", help="fewer and shorter files")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("MPLBACKEND", "Agg")
    rows = [["journey", "seed", "share of right frames", "minutes", "not exact"]]
    for name in arguments.only:
        for seed in arguments.seeds:
            result, minutes = walk(name, seed, arguments.small)
            failed = [check for check, holds in result.checks.items() if not holds]
            rows.append(
                [name, seed, f"{result.share:.3f}", f"{minutes:.1f}", ", ".join(failed)]
            )
            print(*rows[-1], sep="\t", flush=True)
    print(markdown(rows))


if __name__ == "__main__":
    main()
