"""How well scores without labels choose settings: a table over sets.

    python benchmarks/choice.py --data FOLDER [--held-out NAME ...] [--n-jobs 2]

Two studies. In the first, settings of training differ and ``n_actions`` is right; in
the second, ``n_actions`` is among them. Each setting is fitted with two own seeds, and
its numbers are means over both. For every criterion: Spearman's correlation with MoF
over the settings, and in brackets the regret in points, the best MoF minus that of the
chosen setting. MoF and all criteria refer to the labels of ``predict``.
Sets given with ``--held-out``, a path or FAMILY-SEED, are reported apart.
"""

import argparse
import itertools
import json
from pathlib import Path

import joblib
import numpy as np
import torch
from _methods import make
from _sets import FAMILIES, add_sets, load, paths_of
from scipy.stats import spearmanr
from sklearn.metrics import silhouette_score
from sklearn.model_selection import ParameterGrid

from skl_tot.metrics import mof_score
from skl_tot.metrics.label_free import held_out_information, video_information

CRITERIA = ["score", "information", "video", "silhouette", "loss"]


def grids(n_actions):
    """Settings of the two studies, changes of the method as published."""
    first = {
        "rho": [0.03, 0.07, 0.15],
        "prior__sigma": [0.5, 0.75, 1.5, 3.0],
        "alpha": [0.0, 1.0],
        "n_parts": [1, 2],
        "prior": ["temporal"],
        "n_actions": [n_actions],
    }
    around = [n_actions + d for d in (-3, -2, -1, 0, 1, 2, 4, 6) if n_actions + d > 1]
    second = {
        "rho": [0.05, 0.1],
        "prior__sigma": [0.75, 1.5],
        "n_parts": [1, 2],
        "n_actions": around,
    }
    path = first | {"prior": ["path"], "rho": [0.07], "alpha": [0.0]}
    return {
        "training": [*ParameterGrid(first), *ParameterGrid(path)],
        "n_actions": list(ParameterGrid(second)),
    }


def run(name, settings, seed, max_iter):
    """MoF of a setting, and the values of the criteria."""
    torch.set_num_threads(1)
    videos, labels, _ = load(name)
    settings = settings | {"max_iter": max_iter, "optimizer__freeze_iter": 0.3}
    if settings.get("prior") == "path":
        settings["prior__n_diagonal"] = max_iter // 3
    model = make("paper", random_state=seed, **settings)
    predicted = model.fit_predict(videos)
    frames = [model.scaler_.transform(video) for video in videos]
    information = held_out_information(
        lambda i: [frames[i]], predicted, model.n_actions
    )
    return {
        "mof": mof_score(labels, predicted),
        "score": model.score(videos),
        "information": information,
        "video": -video_information(predicted, model.n_actions),
        "silhouette": silhouette_score(
            np.concatenate(frames),
            np.concatenate(predicted),
            sample_size=2000,
            random_state=0,
        ),
        "loss": -np.mean(model.loss_curve_[-100:]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_sets(parser)
    parser.add_argument("--held-out", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=2, help="fits of each setting")
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="numbers")
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    n_kept, max_iter = (3, 4) if arguments.quick else (None, 1000)
    made = [f"{family}-{seeds[0]}" for family, (_, seeds) in FAMILIES.items()]
    used = [*paths_of(arguments), *made[: 3 if arguments.quick else None]]
    names = [*used, *arguments.held_out]
    jobs = [
        (study, name, settings, number % 5 + 5 * repeat)
        for repeat in range(arguments.seeds)
        for name in names
        for study, grid in grids(load(name)[2]).items()
        for number, settings in enumerate(grid[:n_kept])
    ]
    results = joblib.Parallel(arguments.n_jobs, verbose=1)(
        joblib.delayed(run)(*job[1:], max_iter) for job in jobs
    )
    jobs, results = average(jobs, results)
    for study, group in itertools.product(
        ("training", "n_actions"), (used, arguments.held_out)
    ):
        if group:
            print_table(study, group, jobs, results)
    rows = [
        {"study": study, "set": Path(name).name, **settings, **result}
        for (study, name, settings), result in zip(jobs, results)
    ]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


def average(jobs, results):
    """Average the results of a setting over seeds."""
    groups = {}
    for (study, name, settings, _), result in zip(jobs, results):
        key = study, name, json.dumps(settings)
        groups.setdefault(key, []).append(result)
    jobs = [(study, name, json.loads(settings)) for study, name, settings in groups]
    means = [
        {key: float(np.mean([result[key] for result in group])) for key in group[0]}
        for group in groups.values()
    ]
    return jobs, means


def correlation(values, others):
    """Spearman's, or nan where one of both is the same throughout."""
    if np.ptp(values) == 0 or np.ptp(others) == 0:
        return np.nan
    return spearmanr(values, others)[0]


def print_table(study, names, jobs, results):
    """Print correlations and regrets of each criterion."""
    print(f"\nSettings of {study}:\n")
    print(f"| | {' | '.join(Path(name).name for name in names)} | median | least |")
    print("| --- |" + " ---: |" * (len(names) + 2))
    rows = {
        name: [r for job, r in zip(jobs, results) if job[:2] == (study, name)]
        for name in names
    }
    mofs = {name: np.array([r["mof"] for r in rows[name]]) for name in names}
    spans = [f"{100 * m.mean():.0f}, {100 * m.max():.0f}" for m in mofs.values()]
    print(f"| MoF: mean, best of {len(mofs[names[0]])} | {' | '.join(spans)} | | |")
    for criterion in CRITERIA:
        cells, correlations = [], []
        for name in names:
            values = np.array([r[criterion] for r in rows[name]])
            correlations.append(correlation(values, mofs[name]))
            regret = 100 * (mofs[name].max() - mofs[name][values.argmax()])
            cells.append(f"{correlations[-1]:.2f} ({regret:.1f})")
        cells += [f"{np.median(correlations):.2f}", f"{min(correlations):.2f}"]
        print(f"| {criterion} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
