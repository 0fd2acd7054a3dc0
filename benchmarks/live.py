"""Measure the cost of labels of a stream, and the accuracy at a short lag.

    python benchmarks/live.py cost [--frames 1080000] [--lag 30] [--block 30]
    python benchmarks/live.py accuracy --data FOLDER [--set hapt] [--fps 2]

``cost`` labels 10 hours at 30 frames a second on one thread: microseconds of processor
time a frame of the first and last 100,000 frames, and how much memory
grows between these. ``accuracy`` compares MoF at some lags with that of ``predict``,
for the default fit of `TemporalOTSegmenter`, by seeds. Linux only.
"""

import argparse
import statistics
import time

import numpy as np
from _sets import add_data, recorded
from _study import markdown
from memory import anonymous_memory

from skl_tot import OnlinePrediction, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.metrics import mof_score

PART = 100_000  # frames that are timed together


def make_stream(n_features=64, n_actions=8):
    """Fitted model, and videos of it one after the other."""
    videos, _ = make_activities(
        n_videos=20, n_actions=n_actions, n_features=n_features, random_state=0
    )
    model = TemporalOTSegmenter(n_actions, random_state=0, device="cpu").fit(videos)
    return model, np.concatenate(videos)


def measure_cost(n_frames, lag, block):
    """Microseconds a frame, and megabytes, of each part of a long stream."""
    model, frames = make_stream()
    frames = np.concatenate([frames, frames[:block]])  # where blocks go round
    period = len(frames) - block
    online = OnlinePrediction(model, lag=lag)
    parts, start, n_labels = [], time.process_time(), 0
    for first in range(0, n_frames, block):
        place = first % period
        n_labels += len(online.push(frames[place : place + block]).labels)
        if (first + block) // PART > first // PART:
            now = time.process_time()
            parts.append((1e6 * (now - start) / PART, anonymous_memory() / 2**20))
            print(
                f"{first + block:>9} frames: {parts[-1][0]:.0f} us a frame", flush=True
            )
            start = time.process_time()
    n_labels += len(online.finish().labels)
    assert n_labels == online.n_seen
    return parts


def report_cost(n_frames, lag, block):
    parts = measure_cost(n_frames, lag, block)
    microseconds, megabytes = zip(*parts)
    minutes = statistics.mean(microseconds) * n_frames / 6e7
    print(f"lag {lag}, blocks of {block}: {minutes:.1f} minutes for {n_frames} frames")
    print(f"last part to first: {microseconds[-1] / microseconds[0]:.2f}")
    print(f"memory grew by {megabytes[-1] - megabytes[0]:.1f} MB")


def label_online(model, videos, lag):
    """Labels of videos as streams of their own."""
    paths = []
    for video in videos:
        online = OnlinePrediction(model, lag=lag)
        labels = online.push(video).labels, online.finish().labels
        paths.append(np.concatenate(labels))
    return paths


def report_accuracy(folder, fps, seconds, seeds):
    videos, truth, n_actions = recorded(folder)
    scores = {}
    for seed in seeds:
        model = TemporalOTSegmenter(n_actions, random_state=seed).fit(videos)
        scores.setdefault("offline", []).append(mof_score(truth, model.labels_))
        for lag in seconds:
            labels = label_online(model, videos, round(lag * fps))
            scores.setdefault(f"{lag:g}", []).append(mof_score(truth, labels))
    rows = [["lag (s)", *[f"seed {seed}" for seed in seeds], "mean"]]
    for name, shares in scores.items():
        rows.append([name, *(f"{x:.3f}" for x in [*shares, statistics.mean(shares)])])
    print(markdown(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    cost = commands.add_parser("cost")
    cost.add_argument("--frames", type=int, default=1_080_000)
    cost.add_argument("--lag", type=int, default=30)
    cost.add_argument("--block", type=int, default=30)
    accuracy = commands.add_parser("accuracy")
    add_data(accuracy)
    accuracy.add_argument("--set", default="hapt", metavar="NAME")
    accuracy.add_argument("--fps", type=float, default=2.0)
    accuracy.add_argument("--seconds", type=float, nargs="+", default=[0, 1, 2, 5, 20])
    accuracy.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = vars(parser.parse_args())
    if arguments.pop("command") == "cost":
        report_cost(arguments["frames"], arguments["lag"], arguments["block"])
    else:
        folder = arguments.pop("data") / arguments.pop("set")
        report_accuracy(folder, **arguments)


if __name__ == "__main__":
    main()
