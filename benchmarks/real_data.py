"""Score the method on labelled data sets, over seeds and beside trivial baselines.

    python benchmarks/real_data.py FOLDER [FOLDER ...] [--seeds 3]

Each FOLDER holds a data set in the field's layout (``features/``, ``groundTruth/``,
``mapping/``). Clusters are matched over all videos of a set (``scope="activity"``).
"""

import argparse
from pathlib import Path

import numpy as np

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import load_action_dataset
from skl_tot.metrics import mof_score, segment_f1_score

METHODS = {
    "OT (no temporal prior)": {"prior": None},
    "TOT (defaults)": {},
    "TOT+TCL (alpha=1)": {"alpha": 1.0},
}


def scores(data, predicted):
    return [score(data.labels, predicted) for score in (mof_score, segment_f1_score)]


def cell(values):
    means, deviations = np.mean(values, axis=0), np.std(values, axis=0)
    if len(values) == 1:
        return " / ".join(f"{mean:.3f}" for mean in means)
    return " / ".join(f"{m:.3f} ± {d:.3f}" for m, d in zip(means, deviations))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    sets = [load_action_dataset(folder, mmap=False) for folder in arguments.folders]
    names = [folder.name for folder in arguments.folders]
    print("| MoF / F1@50 |", " | ".join(names), "|\n|---|" + "---|" * len(names))
    cells = []
    for data in sets:
        k = len(data.target_names)
        split = [np.arange(len(y)) * k // len(y) for y in data.labels]
        cells.append(cell([scores(data, split)]))
    print("| equal split |", " | ".join(cells), "|")
    for method, params in METHODS.items():
        cells = []
        for data in sets:
            values = []
            for seed in range(arguments.seeds):
                model = TemporalOTSegmenter(
                    len(data.target_names), random_state=seed, **params
                )
                values.append(scores(data, model.fit_predict(data.videos)))
            cells.append(cell(values))
        print(f"| {method} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
