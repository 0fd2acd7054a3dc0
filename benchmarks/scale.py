"""Measure how seconds and memory of the main jobs grow with the data.

    python benchmarks/scale.py [--of frames recordings actions features] [--json FILE]

Recordings are generated. One size grows, and each has its process. Labels are
those of the middle tenth of each segment of the first recording. Seconds are of the
processor, in all threads. The exponent is the slope of log seconds over log size, from
the last size but one to the last. Linux only; megabytes are anonymous memory above the
import, as in `memory.py`.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from memory import MEGABYTE, anonymous_memory, peak_of

JOBS = ("fit", "predict", "learn", "report", "page")
SMALL = {"recordings": 20, "frames": 1000, "actions": 8, "features": 16}
# Sizes of each kind, and the others with them. One recording has all the frames.
GROWING = {
    "frames": ([62_500, 250_000, 1_000_000], {"recordings": 1}),
    "recordings": ([300, 1250, 5000], {"frames": 200}),
    "actions": ([4, 15, 60], {"frames": 3000}),
    "features": ([256, 1024, 4096], {}),
}


def make(sizes):
    """Recordings of Gaussian states in one order, and their labels."""
    rng = np.random.default_rng(0)
    means = rng.normal(size=(sizes["actions"], sizes["features"])).astype(np.float32)
    recordings, labels = [], []
    for _ in range(sizes["recordings"]):
        shares = rng.uniform(0.5, 1.5, sizes["actions"]).cumsum()
        ends = np.round(shares / shares[-1] * sizes["frames"]).astype(int)
        actions = np.repeat(np.arange(sizes["actions"]), np.diff(ends, prepend=0))
        noise = rng.standard_normal((len(actions), sizes["features"]), np.float32)
        recordings.append(means[actions] + noise)
        labels.append(actions)
    return recordings, labels


def middles(actions):
    """Labels of the middle tenth of each segment; -1 elsewhere."""
    starts = np.flatnonzero(np.diff(actions, prepend=-1))
    given = np.full(len(actions), -1)
    for start, end in zip(starts, [*starts[1:], len(actions)]):
        tenth = -(-(end - start) // 10)
        middle = (start + end - tenth) // 2
        part = slice(middle, middle + tenth)
        given[part] = actions[part]
    return given


def measure(sizes):
    """Seconds of the processor and megabytes of each job."""
    from skl_tot import SemiSupervisedSegmenter, TemporalOTSegmenter
    from skl_tot.app.report import write_report
    from skl_tot.app.review import Review

    recordings, labels = make(sizes)
    y = [middles(labels[0]), *[None] * (len(labels) - 1)]
    model = TemporalOTSegmenter(sizes["actions"], random_state=0)
    learner = SemiSupervisedSegmenter(random_state=0)
    with tempfile.TemporaryDirectory() as folder:
        calls = {
            "fit": lambda: model.fit(recordings),
            "predict": lambda: model.predict(recordings),
            "learn": lambda: learner.fit(recordings, y),
            "report": lambda: write_report(model, recordings, f"{folder}/report.html"),
            "page": lambda: Review(model, recordings, f"{folder}/page").open().close(),
        }
        before = anonymous_memory()
        figures = {}
        for job in JOBS:
            start = time.process_time()  # other work on the machine does not count
            peak, _ = peak_of(calls[job])
            seconds = time.process_time() - start
            figures[job] = {"seconds": seconds, "mb": (peak - before) / MEGABYTE}
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--of", nargs="+", default=[*GROWING], choices=GROWING)
    parser.add_argument("--smaller", type=int, default=1, help="divide sizes by this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="numbers")
    parser.add_argument("--measure", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.measure)))
        return
    rows = []
    for kind in args.of:
        values, others = GROWING[kind]
        for value in values:
            sizes = SMALL | others | {kind: max(2, value // args.smaller)}
            command = [
                sys.executable,
                "-W",
                "ignore",
                __file__,
                "--measure",
                json.dumps(sizes),
            ]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            rows.append({"of": kind, "size": sizes[kind], "jobs": json.loads(output)})
            print(describe(rows), flush=True)
            if args.json:
                args.json.write_text(json.dumps(rows, indent=2) + "\n")


def describe(rows):
    """Text of the last row: seconds, megabytes, and exponent from the row before."""
    last = rows[-1]
    same = [row for row in rows[:-1] if row["of"] == last["of"]]
    parts = [f"{last['size']:9,} {last['of']:10}"]
    for job, figures in last["jobs"].items():
        text = f"{job} {figures['seconds']:.1f} s {figures['mb']:.0f} MB"
        if same:
            growth = figures["seconds"] / same[-1]["jobs"][job]["seconds"]
            exponent = math.log(growth) / math.log(last["size"] / same[-1]["size"])
            text += f" ^{exponent:.2f}"
        parts.append(text)
    return "  ".join(parts)


if __name__ == "__main__":
    main()
