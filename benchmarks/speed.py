"""Time training, prediction and decoding, as ratios within one run.

    python benchmarks/speed.py [TOPIC ...] [--data FOLDER] [--plot FOLDER]

Prints a table for each topic; ``--json`` writes all of them to a file. Fits are of the
set ``hapt`` of FOLDER; without it, a generated one of the same size stands in. With
``--device cuda`` everything but the decoders is timed on the CPU and then on the GPU.
One thread, whose seconds are of processor time, but for grid searches and GPUs, which
go by the clock.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sklearn
import torch
from _decoders import (
    time_decodings,
    time_hidden_markov,
    time_min_frames,
    time_viterbi,
    time_viterbi_growth,
)
from _sets import add_data, recorded
from _steps import SMALL, Shape, time_step, time_throughput
from _timing import interleaved, plot_panels, table
from joblib import cpu_count, parallel_config
from memory import MEGABYTE, anonymous_memory, peak_of
from sklearn.model_selection import GridSearchCV

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.methods.temporal_ot import PAPER
from skl_tot.preprocessing import SignalWindows
from skl_tot.training.devices import resolve_device


def time_growth(
    device,
    *,
    n_videos=(20, 50, 100, 200, 500, 1000),
    lengths=(500, 1250, 2500, 5000, 12_500, 25_000),
    max_iter=300,
    n_rounds=3,
):
    """Seconds of fit and of predict, by the size of the data."""
    model = TemporalOTSegmenter(
        n_actions=12,
        **(PAPER | {"max_iter": max_iter}),
        random_state=0,
        device=device,
    )
    rng = np.random.default_rng(0)
    rows = []
    for varied, values in ("videos", n_videos), ("frames of each", lengths):
        functions, n_total = {}, {}
        for value in values:
            shape = (value, 500) if varied == "videos" else (20, value)
            videos = list(rng.standard_normal((*shape, 64), dtype=np.float32))
            functions["fit", value] = partial(model.fit, videos)
            functions["predict", value] = partial(model.predict, videos)
            n_total[value] = shape[0] * shape[1]
        times = interleaved(functions, n_rounds=n_rounds, device=device)
        rows += [
            {
                "varied": varied,
                "value": value,
                "fit, s": times["fit", value],
                "predict, s": times["predict", value],
                "predict, µs/frame": 1e6 * times["predict", value] / n_total[value],
            }
            for value in values
        ]
    return rows


def load_videos(folder):
    """Name, videos and number of actions of hapt, or of a set of its size."""
    if folder is None or not (folder / "hapt").is_dir():
        data = make_activities(61, 12, n_features=21, mean_length=535, random_state=0)
        return "generated", data[0], 12
    return "hapt", *recorded(folder / "hapt")[::2]


def time_n_init(
    device, *, folder=None, n_inits=(1, 2, 4, 8, 16), n_rounds=3, **settings
):
    """Seconds of fit by the number of networks trained at once."""
    name, videos, n_actions = load_videos(folder)
    settings |= {"random_state": 0, "device": device}
    fits = {
        n: partial(TemporalOTSegmenter(n_actions, n_init=n, **settings).fit, videos)
        for n in n_inits
    }
    times = interleaved(fits, n_rounds=n_rounds, device=device)
    return [
        {"data": name, "n_init": n, "fit, s": seconds, "ratio": seconds / times[1]}
        for n, seconds in times.items()
    ]


def time_fit(device, *, folder=None, n_rounds=3, **settings):
    """Fit and predict with the defaults, and as published."""
    name, videos, n_actions = load_videos(folder)
    settings |= {"random_state": 0, "device": device}
    models = {
        "defaults": TemporalOTSegmenter(n_actions, **settings),
        "as published": TemporalOTSegmenter(n_actions, **(PAPER | settings)),
    }
    functions = {}
    for kind, model in models.items():
        functions["fit", kind] = partial(model.fit, videos)
        functions["predict", kind] = partial(model.predict, videos)
    times = interleaved(functions, n_rounds=n_rounds, device=device)
    row = {"data": name, "videos": len(videos), "frames": sum(map(len, videos))}
    rows = []
    for kind, model in models.items():
        own = {"settings": kind, "steps": model.n_iter_}
        own |= {"fit, s": times["fit", kind], "predict, s": times["predict", kind]}
        rows.append(row | own)
    return rows


def time_windows(
    device, *, n_frames=1_000_000, widths=(11, 129, 1001, 10_001), n_rounds=3
):
    """Seconds and memory of windows of a signal by their width, float64."""
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((n_frames, 9)).cumsum(axis=0)
    models = {width: SignalWindows(width).fit(signal) for width in [*widths, "auto"]}
    functions = {}
    for width, model in models.items():
        functions["fit", width] = partial(model.fit, signal)
        functions["transform", width] = partial(model.transform, signal)
    times = interleaved(functions, n_rounds=n_rounds, device=device)
    rows = []
    for width, model in models.items():
        before = anonymous_memory()
        peak, _ = peak_of(partial(model.transform, signal))
        own = {"frames": n_frames, "width": width}
        own |= {f"{kind}, s": times[kind, width] for kind in ("fit", "transform")}
        rows.append(own | {"more memory, MB": (peak - before) / MEGABYTE})
    return rows


def describe_worker(model, X, y=None):
    """Scorer that tells how the process that calls it is doing."""
    return {
        "threads": torch.get_num_threads(),
        "mapped": np.mean([isinstance(video, np.memmap) for video in X]),
        "memory": anonymous_memory() / MEGABYTE,
        "seconds": time.process_time(),
    }


def search(videos, model, n_candidates, n_jobs):
    """Search a grid over three folds, and return the highest that the workers tell."""
    grid = {"rho": np.geomspace(0.02, 0.2, n_candidates)}
    searcher = GridSearchCV(
        model,
        grid,
        scoring=describe_worker,
        refit=False,
        cv=3,
        n_jobs=n_jobs,
        error_score="raise",
    )
    start = time.perf_counter()
    with parallel_config("loky", inner_max_num_threads=1):
        results = searcher.fit(videos).cv_results_
    names = "threads", "mapped", "memory", "seconds"
    told = {
        name: max(results[f"split{fold}_test_{name}"].max() for fold in range(3))
        for name in names
    }
    return told | {"time": time.perf_counter() - start}


def time_grid(
    device,
    *,
    n_jobs=None,
    shape=(24, 4000, 512),
    n_candidates=8,
    max_iter=300,
    n_rounds=3,
):
    """Seconds of a grid search by the number of processes, all started before."""
    n_jobs = n_jobs or [n for n in (1, 2, 4, 8, 16) if n <= cpu_count()]
    rng = np.random.default_rng(0)
    videos = list(rng.standard_normal(shape, dtype=np.float32))
    settings = {"max_iter": max_iter, "random_state": 0, "device": device}
    model = TemporalOTSegmenter(12, **(PAPER | settings))
    few = [video[:99] for video in videos]  # sent as copies, for being small
    rounds = {n: [] for n in n_jobs}
    for _ in range(n_rounds):
        for n in n_jobs:
            before = search(few, model, n_candidates, n)
            rounds[n].append((before, search(videos, model, n_candidates, n)))
    median = {n: statistics.median(r["time"] for _, r in rounds[n]) for n in n_jobs}
    return [
        {
            "n_jobs": n,
            "time, s": median[n],
            "speed-up": median[n_jobs[0]] / median[n],
            "busiest worker, s": statistics.median(
                after["seconds"] - before["seconds"] for before, after in rounds[n]
            ),
            "threads of a worker": int(rounds[n][-1][1]["threads"]),
            "videos mapped": f"{rounds[n][-1][1]['mapped']:.0%}",
            "data, MB": sum(video.nbytes for video in videos) / MEGABYTE,
            "more memory, MB": rounds[n][-1][1]["memory"] - rounds[n][0][0]["memory"],
        }
        for n in n_jobs
    ]


class Topic(NamedTuple):
    """A table: its function, title and columns."""

    measure: Callable
    title: str
    compared: str | None = None  # column that compares the GPU with the CPU
    plotted: tuple = ()
    label: str = ""
    linear: bool = False


TOPICS = {
    "step": Topic(
        time_step,
        "A training step, sampling included, and a bare torch step (forward, backward, "
        "fused Adam) of the same network",
        "ours, ms",
    ),
    "throughput": Topic(
        time_throughput,
        "Training by size, one varied at a time around "
        + ", ".join(f"{name} {size}" for name, size in SMALL._asdict().items()),
        "step, ms",
        ("1000 frames/s",),
        "thousand frames a second",
    ),
    "growth": Topic(
        time_growth,
        "Fit (300 steps, without labelling) and predict by size of the data: "
        "videos of 500 frames, and 20 videos; 64 features",
        "fit, s",
        ("fit, s", "predict, s"),
        "seconds",
        linear=True,
    ),
    "viterbi": Topic(time_viterbi, "Decoders"),
    "decodings": Topic(
        time_decodings, "Ways of decoding, 100,000 frames and 20 actions"
    ),
    "hidden_markov": Topic(
        time_hidden_markov, "Hidden Markov models, 100,000 frames and 10 actions"
    ),
    "min_frames": Topic(
        time_min_frames,
        "Decoders with a least duration: times by those without, 20,000 frames and "
        "12 actions",
    ),
    "viterbi_growth": Topic(
        time_viterbi_growth,
        "Our decoder by size: of 20 actions, and of 100,000 frames",
        None,
        ("ms",),
        "ms",
        linear=True,
    ),
    "n_init": Topic(time_n_init, "Fit of several networks at once", "fit, s"),
    "grid": Topic(
        time_grid, "Grid search, 8 candidates x 3 folds, one thread a worker", "time, s"
    ),
    "fit": Topic(time_fit, "Fit of a whole set", "fit, s"),
    "windows": Topic(time_windows, "Windows of a signal of 9 channels"),
}
TINY = {
    "step": {"shapes": [Shape(videos=1, frames=8)], "n_rounds": 1},
    "throughput": dict.fromkeys(Shape._fields, (1, 2)) | {"n_rounds": 1},
    "growth": {"n_videos": (2, 4), "lengths": (20, 40), "max_iter": 2, "n_rounds": 1},
    "viterbi": {"sizes": [(50, 3)], "n_rounds": 1},
    "decodings": {"size": (50, 3), "n_rounds": 1},
    "hidden_markov": {"n_frames": 60, "n_actions": 3, "n_rounds": 1},
    "min_frames": {"size": (20, 2), "n_frames": (2,), "n_rounds": 1},
    "viterbi_growth": {"n_frames": (20, 40), "n_actions": (2, 3), "n_rounds": 1},
    "n_init": {"n_inits": (1, 2), "n_rounds": 1, "max_iter": 4},
    "grid": {
        "n_jobs": [1],
        "shape": (6, 200, 4),
        "n_candidates": 2,
        "max_iter": 2,
        "n_rounds": 1,
    },
    "fit": {"n_rounds": 1, "max_iter": 4},
    "windows": {"n_frames": 200, "widths": (11,), "n_rounds": 1},
}


def measure(name, devices, folder, quick):
    """Rows of a table, for the CPU and then, if asked for, the GPU."""
    topic, sizes = TOPICS[name], dict(TINY[name]) if quick else {}
    if name in ("n_init", "fit"):
        sizes["folder"] = folder
    if topic.compared is None or len(devices) == 1:
        return topic.measure("cpu", **sizes)
    tables = {device: topic.measure(device, **sizes) for device in devices}
    return [
        {"device": device, **row, "speed-up": cpu[topic.compared] / row[topic.compared]}
        for device, rows in tables.items()
        for row, cpu in zip(rows, tables["cpu"])
    ]


def describe_machine(device):
    """Describe the machine and the versions."""
    machine = {"cores": cpu_count(), "system": platform.platform()}
    if device == "cuda":
        machine["gpu"] = torch.cuda.get_device_name()
    modules = skl_tot, torch, np, sklearn
    return machine | {module.__name__: module.__version__ for module in modules}


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        prog="speed.py", description=__doc__.partition("\n")[0]
    )
    add = parser.add_argument
    add("topics", nargs="*", metavar="TOPIC", help=", ".join(TOPICS) + "; default: all")
    add_data(parser, required=False)
    add("--device", choices=["cpu", "cuda"], default="cpu")
    add("--json", type=Path, metavar="FILE", help="all tables, as numbers")
    add("--plot", type=Path, metavar="FOLDER", help="where to draw growth, as PNG")
    add("--quick", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.topics).difference(TOPICS):
        parser.error(f"{unknown.pop()} is not one of {', '.join(TOPICS)}")
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.exit(2, "speed.py: torch finds no CUDA device.\n")
    return arguments


def main(argv=None):
    arguments = parse_arguments(argv)
    torch.set_num_threads(1)
    resolve_device(
        "cpu"
    )  # which has freed memory kept, as fit does, for the bare step too
    devices = list(dict.fromkeys(["cpu", arguments.device]))
    results = {"machine": describe_machine(arguments.device), "topics": {}}
    for name in arguments.topics or TOPICS:
        topic = TOPICS[name]
        rows = measure(name, devices, arguments.data, arguments.quick)
        results["topics"][name] = {"title": topic.title, "rows": rows}
        print(f"{topic.title}:\n\n{table(rows)}\n", flush=True)
        if arguments.plot and topic.plotted:
            arguments.plot.mkdir(parents=True, exist_ok=True)
            path = arguments.plot / f"{name}.png"
            plot_panels(path, rows, topic.plotted, topic.label, linear=topic.linear)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
