"""Effect of each addition to the paper's method on each set, as a table.

    python benchmarks/ablation.py --data FOLDER [--seeds 5] [--n-jobs 2]

FOLDER has data sets in the field's layout (`_sets`); sets that are generated (even
durations, uneven ones, missing actions) are added. Each cell is the mean and the
standard deviation of MoF and the mean of the segmental F1, over seeds, in percent.
``--json`` writes all numbers to a file. A network is trained once for all ways of
decoding. The last rows use the training with the best ``score``, without labels, by set
and seed.
"""

import argparse
import json
from pathlib import Path

import joblib
import numpy as np
import torch
from _sets import (
    FAMILIES,
    add_sets,
    generated,
    load,
    paths_of,
    supervised_accuracy,
    title,
)

from skl_tot import TemporalOTSegmenter, baselines
from skl_tot.extend import PathPrior
from skl_tot.metrics import mof_score, segment_f1_score

# Changes of the method as published; `defaults` are those of the estimator.
TRAINING = {
    "defaults": {},
    "TOT, as published": {},
    "TOT, n_init=8": {"n_init": 8},
    "n_parts=2": {"n_parts": 2},
    "n_parts=2, n_init=8": {"n_parts": 2, "n_init": 8},
    "n_parts=3": {"n_parts": 3},
    "prior=path": {"prior": PathPrior(sigma=0.75)},
    "prior=path, n_parts=2": {"prior": PathPrior(sigma=0.75), "n_parts": 2},
}
DECODING = {
    "fixed": {"decoding": "fixed"},
    "skip, 0": {"decoding": "skip", "switch_cost": 0.0},
    "skip, 0.5": {"decoding": "skip", "switch_cost": 0.5},
    "free, 0.5": {"decoding": "free", "switch_cost": 0.5},
}


def run(name, training, seed, **settings):
    """MoF and F1 of a network, for each way of decoding, and its score."""
    torch.set_num_threads(1)
    videos, labels, n_actions = load(name)
    maker = TemporalOTSegmenter if training == "defaults" else baselines.paper
    model = maker(n_actions, random_state=seed, **(TRAINING[training] | settings))
    model.fit(videos)
    scores = {"score": model.score(videos)}
    for decoding, options in DECODING.items():
        predicted = model.set_params(**options).predict(videos)
        scores[decoding] = (
            mof_score(labels, predicted),
            segment_f1_score(labels, predicted),
        )
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_sets(parser)
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds, from 0")
    parser.add_argument("--training", nargs="+", choices=TRAINING, default=[*TRAINING])
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="numbers")
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    settings = {"max_iter": 4} if arguments.quick else {}
    names = paths_of(arguments)
    for family, (_, seeds) in [*FAMILIES.items()][: 3 if arguments.quick else None]:
        seeds = seeds[:1] if arguments.quick else seeds
        names += [f"{family}-{seed}" for seed in seeds]
        accuracy = np.mean([supervised_accuracy(*generated(family, s)) for s in seeds])
        print(f"{family}: supervised, with known orders, {100 * accuracy:.1f}")
    jobs = [
        (name, training, seed)
        for training in arguments.training
        for name in names
        for seed in range(1 if arguments.quick else arguments.seeds)
    ]
    results = joblib.Parallel(arguments.n_jobs, verbose=1)(
        joblib.delayed(run)(*job, **settings) for job in jobs
    )
    add_chosen(jobs, results)
    print_table(jobs, results, list(dict.fromkeys(map(title, names))))
    rows = [
        {"set": Path(job[0]).name, "training": job[1], "seed": job[2], "scores": result}
        for job, result in zip(jobs, results)
    ]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


def add_chosen(jobs, results):
    """Add the best training by score, for each set and seed, as one more training."""
    best = {}
    for (name, _, seed), result in zip(jobs, results):
        best.setdefault((name, seed), []).append(result)
    for (name, seed), group in best.items():
        jobs.append((name, "chosen by score", seed))
        results.append(max(group, key=lambda result: result["score"]))


def print_table(jobs, results, sets):
    print(f"\n| training | decoding, cost | {' | '.join(sets)} |")
    print("| --- | --- |" + " ---: |" * len(sets))
    for training in dict.fromkeys(job[1] for job in jobs):
        for decoding in DECODING:
            cells = []
            for name in sets:
                mof, f1 = np.transpose(
                    [
                        result[decoding]
                        for job, result in zip(jobs, results)
                        if (title(job[0]), job[1]) == (name, training)
                    ]
                )
                mean, spread, f1 = 100 * mof.mean(), 100 * mof.std(), 100 * f1.mean()
                cells.append(f"{mean:.1f} ± {spread:.1f} / {f1:.1f}")
            print(f"| {training} | {decoding} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
