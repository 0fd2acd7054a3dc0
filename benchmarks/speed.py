"""Time training, prediction and decoding, as ratios within one run.

    python benchmarks/speed.py [TOPIC ...] [--data FOLDER] [--device cuda]

Prints a table for each topic; ``--json`` writes all of them to a file. Fits are of the
set ``hapt`` of FOLDER; without it, a generated one of the same size stands in. With
``--device cuda`` everything but the decoders is timed on the CPU and then on the GPU.
One thread, whose seconds are of processor time, but for GPUs, which go by the clock.
"""

import argparse
import json
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sklearn
import torch
from _decoders import time_hidden_markov, time_viterbi
from _sets import add_data, evenly_spread, recorded
from _steps import Shape, interleaved, time_step
from _study import Parser, markdown
from joblib import cpu_count
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.training.devices import resolve_device

ACTS = ("fit", "predict")
BESIDE_HMMLEARN = ("hapt", "jigsaws_throws", "hapt_raw", "skab34", "utkinect")
MOST_FRAMES = 40_000


def load_videos(folder):
    """Name, videos and number of actions of hapt, or of a set of its size."""
    if folder is None or not (folder / "hapt").is_dir():
        data = make_activities(61, 12, n_features=21, mean_length=535, random_state=0)
        return "generated", data[0], 12
    return "hapt", *recorded(folder / "hapt")[::2]


def time_fit(device, *, folder=None, n_rounds=3, **settings):
    """Fit and predict with the defaults, and as published."""
    name, videos, n_actions = load_videos(folder)
    settings |= {"random_state": 0, "device": device}
    row = {"data": name, "videos": len(videos), "frames": sum(map(len, videos))}
    rows = []
    kinds = {"defaults": TemporalOTSegmenter, "as published": TemporalOTSegmenter.paper}
    for kind, make in kinds.items():
        model = make(n_actions, **settings)
        functions = {name: partial(getattr(model, name), videos) for name in ACTS}
        times = interleaved(functions, n_rounds=n_rounds, device=device)
        row |= {"settings": kind, "steps": model.n_iter_}
        rows.append(row | {f"{name}, s": times[name] for name in ACTS})
    return rows


def time_beside_hmmlearn(device, *, folder=None, n_rounds=3, n_iter=30, **settings):
    """Fit and predict with the defaults, and 30 iterations of hmmlearn, in turns."""
    from hmmlearn.hmm import GaussianHMM  # optional

    sets = {}
    for name in BESIDE_HMMLEARN:
        if folder is not None and (folder / name).is_dir():
            videos, _, n_actions = evenly_spread(folder / name, MOST_FRAMES)
            sets[name] = videos, n_actions
    if not sets:
        name, videos, n_actions = load_videos(None)
        sets[name] = videos, n_actions
    settings |= {"random_state": 0, "device": device}
    rows = []
    for name, (videos, n_actions) in sets.items():
        lengths = [len(video) for video in videos]
        frames = StandardScaler().fit_transform(np.concatenate(videos).astype(float))

        def ours(videos=videos, n_actions=n_actions):
            TemporalOTSegmenter(n_actions, **settings).fit(videos).predict(videos)

        def theirs(frames=frames, lengths=lengths, n_actions=n_actions):
            model = GaussianHMM(n_actions, "diag", n_iter=n_iter, tol=-np.inf)
            model.fit(frames, lengths).predict(frames, lengths)

        functions = {"ours, s": ours, "hmmlearn, s": theirs}
        times = interleaved(functions, n_rounds=n_rounds, device=device)
        times["ratio"] = times["ours, s"] / times["hmmlearn, s"]
        rows.append({"data": name, "frames": sum(lengths)} | times)
    return rows


class Topic(NamedTuple):
    """A table: its function, title, column that compares a GPU with the CPU, sizes."""

    measure: Callable
    title: str
    compared: str | None
    tiny: dict


TINY = {"n_rounds": 1}
TOPICS = {
    "step": Topic(
        time_step,
        "A training step, sampling included, and a bare torch step (forward, backward, "
        "fused Adam) of the same network",
        "ours, ms",
        {"shapes": [Shape(videos=1, frames=8)]} | TINY,
    ),
    "viterbi": Topic(
        time_viterbi, "Decoders of one order", None, {"sizes": [(50, 3)]} | TINY
    ),
    "hidden_markov": Topic(
        time_hidden_markov,
        "Hidden Markov models, 100,000 frames and 10 actions",
        None,
        {"n_frames": 60, "n_actions": 3} | TINY,
    ),
    "fit": Topic(time_fit, "Fit of a whole set", "fit, s", {"max_iter": 4} | TINY),
    "hmmlearn": Topic(
        time_beside_hmmlearn,
        "Fit and prediction with the defaults, and 30 iterations of hmmlearn's "
        'GaussianHMM(K, "diag") on standardised frames, with its prediction',
        None,
        {"max_iter": 4, "n_iter": 2} | TINY,
    ),
}


def measure(name, devices, folder, quick):
    """Rows of a table, for the CPU and then, if asked for, the GPU."""
    topic = TOPICS[name]
    sizes = dict(topic.tiny) if quick else {}
    if name in ("fit", "hmmlearn"):
        sizes["folder"] = folder
    if topic.compared is None or len(devices) == 1:
        return topic.measure("cpu", **sizes)
    tables = {device: topic.measure(device, **sizes) for device in devices}
    return [
        {"device": device, **row, "speed-up": cpu[topic.compared] / row[topic.compared]}
        for device, rows in tables.items()
        for row, cpu in zip(rows, tables["cpu"])
    ]


def text_of(value):
    """Whole numbers in full, others with three digits or more."""
    if isinstance(value, float):
        digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 0
        return f"{value:,.{max(0, digits)}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def describe_machine(device):
    """Describe the machine and the versions."""
    machine = {"cores": cpu_count(), "system": platform.platform()}
    if device == "cuda":
        machine["gpu"] = torch.cuda.get_device_name()
    modules = skl_tot, torch, np, sklearn
    return machine | {module.__name__: module.__version__ for module in modules}


def main(argv=None):
    parser = Parser(__file__, __doc__)
    add = parser.add_argument
    add("topics", nargs="*", metavar="TOPIC", help=", ".join(TOPICS) + "; default: all")
    add_data(parser, required=False)
    add("--device", choices=["cpu", "cuda"], default="cpu")
    add("--json", type=Path, metavar="FILE", help="all tables, as numbers")
    add("--quick", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.topics).difference(TOPICS):
        parser.error(f"{unknown.pop()} is not one of {', '.join(TOPICS)}")
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device.")
    torch.set_num_threads(1)
    resolve_device("cpu")  # has freed memory kept, as fit does, for bare steps too
    devices = list(dict.fromkeys(["cpu", arguments.device]))
    results = {"machine": describe_machine(arguments.device), "topics": {}}
    for name in arguments.topics or TOPICS:
        rows = measure(name, devices, arguments.data, arguments.quick)
        results["topics"][name] = {"title": TOPICS[name].title, "rows": rows}
        table = [list(rows[0]), *([*map(text_of, row.values())] for row in rows)]
        print(f"{TOPICS[name].title}:\n\n{markdown(table)}\n", flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
