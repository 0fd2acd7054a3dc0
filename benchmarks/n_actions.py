"""How well criteria without labels find the number of actions: a table over sets.

    python benchmarks/n_actions.py --data FOLDER [--most 16] [--n-jobs 2]

The sets are those of a folder, the longest thinned, and the generated ones. For each
number K, the two models of ``n_actions="auto"`` label all recordings, by all of them
and by both halves. Each criterion chooses the K with its largest value, by the better
model. The last row uses, for each set, the criterion that is within one on most other
sets.
"""

import argparse
from pathlib import Path

import joblib
import numpy as np
from _pages import markdown, write_csv
from _sets import GENERATED, SEVEN, add_sets, load, paths_of
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import adjusted_rand_score, confusion_matrix, f1_score

from skl_tot.methods.numbers import labeller, matched_f1
from skl_tot.metrics.label_free import held_out_information, video_information
from skl_tot.recordings import Recordings
from skl_tot.recordings.container import fit_scaler

CRITERIA = {
    "(F - 1/K) exp(2 (I - J)), `auto`": lambda k, own: (
        (own["F"] - 1 / k) * np.exp(2 * (own["I"] - own["J"]))
    ),
    "(F - 1/K) exp(I - J)": lambda k, own: (
        (own["F"] - 1 / k) * np.exp(own["I"] - own["J"])
    ),
    "(F - 1/K) exp(I)": lambda k, own: (own["F"] - 1 / k) * np.exp(own["I"]),
    "F - 1/K, agreement of halves": lambda k, own: own["F"] - 1 / k,
    "A, adjusted Rand index of halves": lambda k, own: own["A"],
    "A exp(I)": lambda k, own: own["A"] * np.exp(own["I"]),
    "exp(I)": lambda k, own: np.exp(own["I"]),
    "exp(I - 2 J), `score`": lambda k, own: np.exp(own["I"] - 2 * own["J"]),
    "F1 of a classifier - 1/K": lambda k, own: own["F1"] - 1 / k,
}
STRIDES = {"hapt": ":2", "jigsaws_throws": ":2", "kasteren_days": ":3"}
THINNED = [name + STRIDES.get(name, "") for name in SEVEN]
MERGING = "merging by confusion, F1 of a classifier - 1/K"


def judge(name, most):
    """Choices of all criteria for a set, and the true number."""
    arrays, _, truth = load(name)
    videos = Recordings(arrays)
    videos = videos.standardize(fit_scaler(videos))
    label = labeller(videos)
    frames = np.concatenate(list(videos.blocks()))
    half = np.repeat(np.arange(len(videos)) % 2, videos.lengths)
    found = {}
    for k in range(2, most + 1):
        labels = label(k)
        found[k] = [describe(videos, frames, half, own, k) for own in labels]
    finest = np.concatenate(labels[0][0])
    return choose(found, merge_by_confusion(frames, finest, half)), truth


def describe(videos, frames, half, labels, k):
    """Measure the inputs of the criteria, for labels by all and by halves."""
    own, first, second = map(np.concatenate, labels)
    return {
        "I": held_out_information(videos.blocks, labels[0], k),
        "J": video_information(labels[0], k),
        "A": adjusted_rand_score(first, second),
        "F": matched_f1(first, second, k),
        "F1": f1_score(own, classify(frames, own, half), average="macro"),
    }


def choose(found, merged):
    """Choose the number with the largest value of each criterion, by titles."""
    chosen = {}
    for title, value in CRITERIA.items():
        best = {k: max(value(k, own) for own in found[k]) for k in found}
        chosen[title] = max(best, key=best.get)
    return chosen | {MERGING: merged}


def classify(frames, labels, half):
    """Labels of each half by discriminants of the other."""
    found = np.empty_like(labels)
    for k in (0, 1):
        known = labels[half != k]
        if len(np.unique(known)) == 1:
            found[half == k] = known[0]
            continue
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
        found[half == k] = model.fit(frames[half != k], known).predict(
            frames[half == k]
        )
    return found


def merge_by_confusion(frames, labels, half):
    """Merge the pair that is confused most while F1 less 1 / K does not fall (CLaP)."""
    best = -np.inf
    while True:
        labels = np.unique(labels, return_inverse=True)[1]
        k = labels.max() + 1
        if k == 1:
            return k
        guesses = classify(frames, labels, half)
        gain = f1_score(labels, guesses, average="macro") - 1 / k
        if gain < best:
            return k + 1
        best = gain
        table = confusion_matrix(labels, guesses, normalize="true")
        np.fill_diagonal(table, -1)
        one, other = np.unravel_index(table.argmax(), table.shape)
        labels = np.where(labels == one, other, labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_sets(parser, THINNED)
    parser.add_argument("--most", type=int, default=16)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="table")
    parser.add_argument("--n-jobs", type=int, default=1)
    arguments = parser.parse_args()
    recorded = paths_of(arguments)
    names = [*recorded, *GENERATED]
    jobs = [joblib.delayed(judge)(name, arguments.most) for name in names]
    results = joblib.Parallel(arguments.n_jobs, verbose=1)(jobs)
    rows = table(names, results, len(recorded))
    print(markdown(rows))
    if arguments.csv:
        write_csv(arguments.csv, rows)


def table(names, results, n_recorded):
    """Rows of the choices of each criterion, and the number of sets within one."""
    truth = np.array([number for _, number in results])
    titles = list(results[0][0])
    chosen = np.array([[own[title] for own, _ in results] for title in titles])
    hits = np.abs(chosen - truth) <= 1
    titles_of_sets = [Path(name).name.partition(":")[0] for name in names]
    rows = [["criterion", "recorded", "generated", *titles_of_sets]]
    rows.append(["true number", "", "", *map(str, truth)])
    for title, numbers, own in zip(titles, chosen, hits):
        counts = own[:n_recorded].sum(), own[n_recorded:].sum()
        rows.append([title, *map(str, [*counts, *numbers])])
    others = hits.sum(axis=1)[:, None] - hits
    best = others == others.max(axis=0)
    shares = (hits & best).sum(axis=0) / best.sum(axis=0)  # of those that tie
    counts = shares[:n_recorded].sum(), shares[n_recorded:].sum()
    empty = [""] * len(names)
    rows.append(["chosen by the other sets", *(f"{x:.1f}" for x in counts), *empty])
    return rows


if __name__ == "__main__":
    main()
