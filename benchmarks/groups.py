"""Error rates of the comparison of groups, with and without a difference.

    python benchmarks/groups.py --draws 1000

Recordings of five actions: each subject has own mean durations, and each of its
recordings varies a little. Groups are of equal subjects, or all subjects of the second
take longer for the first action, by one standard deviation of subjects. Printed for
durations: the share of p below 0.05 without a difference, and its largest possible
value, as p of few subjects has steps; the false discovery rate; the share of p, and q,
below 0.05 for the action that differs; and the share of intervals that contain the true
difference.
"""

import argparse
import math

import numpy as np

from skl_tot.statistics import compare_groups

ACTIONS = np.array(["reach", "cut", "mix", "pour", "wipe"])
MEAN, SPREAD, NOISE = 50, 10, 3  # frames
N_TAKES = 2  # of a subject
LEVEL = 0.05


def draw(random, n_subjects, shift):
    """Labels, groups and subjects of two groups."""
    labels, groups, subjects = [], [], []
    for i in range(2 * n_subjects):
        group = i // n_subjects
        means = random.normal(MEAN, SPREAD, len(ACTIONS))
        means[0] += SPREAD * shift * group
        for _ in range(N_TAKES):
            times = means + random.normal(0, NOISE, len(ACTIONS))
            labels.append(ACTIONS.repeat(np.maximum(times.round(), 1).astype(int)))
            groups.append(group)
            subjects.append(i)
    return labels, groups, subjects


def attainable(n_subjects, n_permutations=9999):
    """Largest share of p below the level that a valid test can have."""
    n_all = math.comb(2 * n_subjects, n_subjects)
    n_all = min(n_all, n_permutations + 1)
    return 2 * (math.ceil(LEVEL * n_all / 2) - 1) / n_all


def measure(n_draws, n_subjects, shift):
    """Rates over draws, by name."""
    p, q, covered = [], [], []
    for seed in range(n_draws):
        random = np.random.default_rng(seed)
        table = compare_groups(*draw(random, n_subjects, shift))
        table = table[table["measure"] == "duration"].set_index("action").loc[ACTIONS]
        p.append(table["p"] < LEVEL)
        q.append(table["q"] < LEVEL)
        true = SPREAD * shift * (np.arange(len(ACTIONS)) == 0)
        covered.append((table["low"] <= true) & (true <= table["high"]))
    p, q, covered = map(np.array, (p, q, covered))
    is_false = np.ones(len(ACTIONS), dtype=bool)
    is_false[0] = shift == 0
    rate = q[:, is_false].sum(axis=1) / np.maximum(q.sum(axis=1), 1)
    return {
        "p < 0.05 without difference": p[:, is_false].mean(),
        "at most": attainable(n_subjects),
        "false discovery rate": rate.mean(),
        "p < 0.05 with": np.nan if is_false[0] else p[:, 0].mean(),
        "q < 0.05 with": np.nan if is_false[0] else q[:, 0].mean(),
        "covered": covered.mean(),
    }


def main():
    """Print a row for each number of subjects and each shift."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--subjects", type=int, nargs="+", default=[4, 8, 20])
    args = parser.parse_args()
    for n_subjects in args.subjects:
        for shift in (0, 1):
            rates = measure(args.draws, n_subjects, shift)
            shown = ", ".join(f"{name} {value:.3f}" for name, value in rates.items())
            print(f"{n_subjects} subjects a group, shift {shift}: {shown}", flush=True)


if __name__ == "__main__":
    main()
