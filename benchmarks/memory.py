"""Measure the memory that the main jobs take, by size of the data on disk.

    python benchmarks/memory.py [--gigabytes 2 20] [--order course none] [--folds]
        [--settings JSON] [--folder TMP] [--json FILE]

Recordings of Gaussian states, 8 in one order ("course") or in random bouts ("none").
The files are as large as the numbers say. Linux only. Counts anonymous memory,
`RssAnon` in /proc/self/status: pages of mapped files are not in it, as the kernel drops
them when it needs the room.
"""

import argparse
import itertools
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

N_VIDEOS = 100
N_FEATURES = 2048
N_ACTIONS, BOUT = 8, 100  # frames of a bout without a course
ORDERS = {"course": "mostly", "none": "free"}  # of fits
MEGABYTE = 2**20


def make_dataset(root, gigabytes, order):
    """Files of float32: states with noise, drawn from a thousand frames of noise."""
    rng = np.random.default_rng(0)
    n_frames = int(gigabytes * 1e9 / (4 * N_FEATURES * N_VIDEOS))
    states = rng.normal(size=(N_ACTIONS, N_FEATURES)).astype(np.float32)
    noise = rng.normal(size=(1000, N_FEATURES)).astype(np.float32)
    for i in range(N_VIDEOS):
        actions = np.arange(n_frames) * N_ACTIONS // n_frames
        if order == "none":
            bouts = rng.integers(N_ACTIONS, size=1 + n_frames // BOUT)
            actions = np.repeat(bouts, BOUT)[:n_frames]
        video = np.lib.format.open_memmap(
            root / f"{i:03}.npy",
            mode="w+",
            dtype=np.float32,
            shape=(n_frames, N_FEATURES),
        )
        for start in range(0, n_frames, len(noise)):
            shown = actions[start : start + len(noise)]
            drawn = noise[rng.integers(len(noise), size=len(shown))]
            video[start : start + len(shown)] = states[shown] + drawn


def anonymous_memory():
    """Anonymous memory of this process, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("This kernel does not count RssAnon.")


def peak_of(function):
    """Highest anonymous memory while a function runs, in bytes, and its seconds."""
    peak, done = anonymous_memory(), threading.Event()

    def sample():
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, anonymous_memory())

    sampler = threading.Thread(target=sample)
    start = time.perf_counter()
    sampler.start()
    try:
        function()
    finally:
        done.set()
        sampler.join()
    return max(peak, anonymous_memory()), time.perf_counter() - start


def measure(root, n_steps, settings, *, with_folds):
    """Fit, predict one video, perhaps cross-validate; megabytes over the import."""
    import torch  # noqa: F401  # else the fit loads it, and its memory counts
    from sklearn.model_selection import cross_val_score

    from skl_tot import TemporalOTSegmenter
    from skl_tot.metrics import effective_actions
    from skl_tot.recordings import read_recordings

    imported = anonymous_memory()
    videos = read_recordings(root)
    fixed = {"max_iter": n_steps, "random_state": 0, "device": "cpu"}
    model = TemporalOTSegmenter(N_ACTIONS, **(fixed | settings))
    fit, fit_seconds = peak_of(lambda: model.fit(videos))
    predict, predict_seconds = peak_of(lambda: model.predict(videos[0]))
    figures = {
        "gigabytes": sum(4 * math.prod(video.shape) for video in videos) / 1e9,
        "n_videos": len(videos),
        "n_frames": sum(map(len, videos)),
        "import_mb": imported / MEGABYTE,
        "fit_mb": (fit - imported) / MEGABYTE,
        "predict_mb": (predict - imported) / MEGABYTE,
        "fit_seconds": fit_seconds,
        "predict_seconds": predict_seconds,
        "order": model.order_,
        "n_effective": effective_actions(list(model.labels_.values())),
    }
    if with_folds:
        options = {"cv": 2, "error_score": "raise"}
        folds, seconds = peak_of(lambda: cross_val_score(model, videos, **options))
        figures["cross_val_score_mb"] = (folds - imported) / MEGABYTE
        figures["cross_val_score_seconds"] = seconds
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[0.2, 1])
    parser.add_argument("--order", nargs="+", default=[*ORDERS], choices=ORDERS)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--folds", action="store_true", help="cross_val_score, too")
    parser.add_argument("--settings", type=json.loads, default={}, help="as JSON")
    parser.add_argument("--folder", help="where to put the data; default: temporary")
    parser.add_argument("--json", type=Path, metavar="FILE", help="numbers")
    parser.add_argument("--measure", metavar="ROOT", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:  # a process of its own for each size
        sizes = measure(args.measure, args.steps, args.settings, with_folds=args.folds)
        print(json.dumps(sizes))
        return
    rows = []
    print("Megabytes over import, and seconds of the fit:")
    print("    data   order       fit   predict   seconds")
    for gigabytes, order in itertools.product(args.gigabytes, args.order):
        with tempfile.TemporaryDirectory(dir=args.folder) as root:
            make_dataset(Path(root), gigabytes, order)
            command = [sys.executable, __file__, "--measure", root]
            command += ["--steps", str(args.steps)]
            settings = {"order": ORDERS[order]} | args.settings
            command += ["--settings", json.dumps(settings)]
            command += ["--folds"] * args.folds
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        row = json.loads(output)
        rows.append(row)
        print(
            f"{row['gigabytes']:5.1f} GB {order:>7} {row['fit_mb']:9.0f} "
            f"{row['predict_mb']:9.0f} {row['fit_seconds']:9.0f}",
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
