"""Cells of the suite: one row on one set with one seed, kept as lines of a file."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from _cells import load
from _methods import make, parameters, seeded
from _sets import GENERATED, facts_of
from _sets import load as load_generated
from _suite_rows import Row
from threadpoolctl import threadpool_limits

import skl_tot
from skl_tot.metrics import segmentation_report
from skl_tot.preprocessing import SignalWindows

# Those of `segmentation_report` by their names.
SCORES = ("MoF", "F1@50", "AMI", "mean recall", "edit", "mIoU")


@dataclass(frozen=True)
class Cell:
    """One row on one set with one seed."""

    row: Row
    name: str  # of the set
    seed: int

    @property
    def key(self):
        """Identity of a cell."""
        settings = tuple(sorted(self.row.settings.items()))
        return self.row.method, settings, self.row.windows, self.name, self.seed

    def __str__(self):
        return f"{self.row.title}, {self.name}, seed {self.seed}"


def plan(rows, names, n_seeds):
    """Cells of rows on sets, ordered by set."""
    return [
        Cell(row, name, seed)
        for name in names
        for row in rows
        for seed in range(n_seeds if has_seed(row.method) else 1)
    ]


def has_seed(method):
    """Whether results depend on a seed."""
    try:
        return "random_state" in parameters(method)
    except Exception:  # the error appears in its cells
        return True


def run_cell(cell, folder, path, compute):
    """Compute a cell, add its line, perhaps with an error, and summarise it."""
    result = {
        "method": cell.row.method,
        "settings": cell.row.settings,
        "windows": cell.row.windows,
        "set": cell.name,
        "seed": cell.seed,
        "version": skl_tot.__version__,
    }
    try:
        result |= compute(cell, folder)
    except Exception as error:  # other cells continue
        message = " ".join(str(error).split())
        result["error"] = f"{type(error).__name__}: {message}"
    add_line(path, json.dumps(result))
    outcome = result.get("error") or f"{result['fit'] + result['predict']:.2f} s"
    return f"{cell}: {outcome}"


def compute(cell, folder):
    """Fit, predict and score."""
    facts = facts_of(cell.name)
    videos, labels = read_set(cell.name, folder)
    parts = (
        [[i] for i in range(len(videos))] if facts.is_local else [range(len(videos))]
    )
    predicted, numbers, times = [], [], []
    # the vote chooses its input itself
    stride = 1 if cell.row.method == "auto" else facts.stride
    for part in parts:
        own = [labels[i] for i in part]
        numbers.append(len(set(np.concatenate(own)).difference(facts.ignore)))
        model = model_of(cell, numbers[-1], facts.order)
        seen = [videos[i] for i in part]
        paths, *seconds = label(model, seen, cell.row.windows, stride)
        predicted += paths
        times.append(seconds)
    options = {
        "scope": "video" if facts.is_local else "activity",
        "ignore_labels": facts.ignore or None,
    }
    return {
        "n_actions": max(numbers),
        "n_videos": len(videos),
        "n_frames": sum(map(len, videos)),
        "scores": scores_of(labels, predicted, **options),
        "fit": sum(fit for fit, _ in times),
        "predict": sum(predict for _, predict in times),
    }


def scores_of(labels, paths, **options):
    """Scores by name; options are those of `segmentation_report`."""
    found = segmentation_report(labels, paths, output_dict=True, **options)
    return {name: found["totals"][name] for name in SCORES}


def read_set(name, folder):
    """Videos and labels of a folder in the field's layout, or of a generated set."""
    if name in GENERATED:
        return load_generated(name)[:2]
    data = load(str(folder), mmap=False)
    return data.videos, data.labels


def model_of(cell, n_actions, order=None):
    """Model of a cell; ``order`` is the known one, for rows that are told."""
    settings = dict(cell.row.settings)
    if settings.get("order") == "told":
        settings["order"] = order
    return seeded(make(cell.row.method, n_actions=n_actions, **settings), cell.seed)


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


def add_line(path, text):
    """Add a line to a file, in one go, as other processes do."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        os.write(handle, f"{text}\n".encode())
    finally:
        os.close(handle)


def read_results(path):
    """Last result of each cell of a file, by the cell's key.

    An incomplete line of a killed process is skipped and ended, so that the next one
    stands alone.
    """
    results = {}
    text = Path(path).read_text(encoding="utf-8") if Path(path).exists() else ""
    if text and not text.endswith("\n"):
        add_line(path, "")
    for line in text.splitlines():
        try:
            result = json.loads(line)
        except ValueError:
            continue
        results[cell_of(result).key] = result
    return results


def cell_of(result):
    settings = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in result["settings"].items()
    }
    row = Row(result["method"], settings, result.get("windows", False))
    return Cell(row, result["set"], result["seed"])
