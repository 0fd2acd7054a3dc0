"""Measure the memory that the main jobs take, by size of the data on disk.

    python benchmarks/memory.py [--gigabytes 2 20] [--folder TMP] [--json FILE]

Linux only. Counts anonymous memory, `RssAnon` in /proc/self/status: pages of mapped
files are not in it, as the kernel drops them when it needs the room.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

N_VIDEOS = 100
N_FEATURES = 2048
MEGABYTE = 2**20


def make_dataset(root, gigabytes):
    """Files of float32 that are sparse: one frame in fifty is noise, others zero."""
    rng = np.random.default_rng(0)
    n_frames = int(gigabytes * 1e9 / (4 * N_FEATURES * N_VIDEOS))
    noise = rng.normal(size=(len(range(0, n_frames, 50)), N_FEATURES))
    for i in range(N_VIDEOS):
        video = np.lib.format.open_memmap(
            root / f"{i:03}.npy",
            mode="w+",
            dtype=np.float32,
            shape=(n_frames, N_FEATURES),
        )
        video[::50] = noise


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


def measure(root, n_steps, settings):
    """Fit, predict one video and cross-validate; megabytes over importing all."""
    from sklearn.model_selection import cross_val_score

    from skl_tot import TemporalOTSegmenter
    from skl_tot.methods.temporal_ot import PAPER
    from skl_tot.recordings import open_features

    imported = anonymous_memory()
    videos = open_features(sorted(Path(root).glob("*.npy")))
    fixed = {"max_iter": n_steps, "random_state": 0, "device": "cpu"}
    model = TemporalOTSegmenter(**(PAPER | fixed | settings))
    fit, fit_seconds = peak_of(lambda: model.fit(videos))
    predict, predict_seconds = peak_of(lambda: model.predict(videos[0]))
    folds, folds_seconds = peak_of(
        lambda: cross_val_score(model, videos, cv=2, error_score="raise")
    )
    return {
        "gigabytes": sum(video.nbytes for video in videos) / 1e9,
        "n_videos": len(videos),
        "n_frames": sum(map(len, videos)),
        "import_mb": imported / MEGABYTE,
        "fit_mb": (fit - imported) / MEGABYTE,
        "predict_mb": (predict - imported) / MEGABYTE,
        "cross_val_score_mb": (folds - imported) / MEGABYTE,
        "fit_seconds": fit_seconds,
        "predict_seconds": predict_seconds,
        "cross_val_score_seconds": folds_seconds,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[0.2, 1])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--settings", type=json.loads, default={}, help="as JSON")
    parser.add_argument("--folder", help="where to put the data; default: temporary")
    parser.add_argument("--json", type=Path, metavar="FILE", help="numbers")
    parser.add_argument("--measure", metavar="ROOT", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:  # a process of its own for each size
        print(json.dumps(measure(args.measure, args.steps, args.settings)))
        return
    rows = []
    print("Megabytes over import, and seconds of fit and cross_val_score:")
    print("    data       fit   predict  cross_val_score    seconds")
    for gigabytes in args.gigabytes:
        with tempfile.TemporaryDirectory(dir=args.folder) as root:
            make_dataset(Path(root), gigabytes)
            command = [sys.executable, __file__, "--measure", root]
            command += ["--steps", str(args.steps)]
            command += ["--settings", json.dumps(args.settings)]
            output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        row = json.loads(output)
        rows.append(row)
        print(
            f"{row['gigabytes']:5.1f} GB {row['fit_mb']:9.0f} {row['predict_mb']:9.0f} "
            f"{row['cross_val_score_mb']:16.0f} {row['fit_seconds']:6.0f} "
            f"{row['cross_val_score_seconds']:3.0f}",
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
