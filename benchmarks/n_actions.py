"""How well criteria without labels find the number of actions: a table over sets.

    python benchmarks/n_actions.py FOLDER[:STRIDE] [...] [--most 16] [--n-jobs 2]

The sets are those given and nine generated ones. Of each number K, all recordings and
both halves of them are labelled as `choose_n_actions` does, and each criterion chooses
the K with its largest value. Then, for each set, the criterion that is within one on
most of the others chooses, and the last row says what it found.
"""

import argparse
from pathlib import Path

import joblib
import numpy as np
from _sets import FAMILIES, load
from scipy.optimize import linear_sum_assignment
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import adjusted_rand_score, confusion_matrix, f1_score

from skl_tot.methods import numbers
from skl_tot.methods.discriminants import embed
from skl_tot.methods.hmm_model import principal_components
from skl_tot.metrics.label_free import held_out_information, video_information
from skl_tot.recordings import Recordings
from skl_tot.recordings.container import fit_scaler

GENERATED = [f"{name}-{seed}" for name, (_, own) in FAMILIES.items() for seed in own]
CRITERIA = {
    "agreement of halves A": lambda k, found: found["agreement"],
    "F1 of matched halves, less 1 / K": lambda k, found: found["matched"] - 1 / k,
    "exp(I)": lambda k, found: np.exp(found["I"]),
    "score, exp(I - 2 J)": lambda k, found: np.exp(found["I"] - 2 * found["J"]),
    "F1 of a classifier, less 1 / K": lambda k, found: found["F1"] - 1 / k,
    "A exp(I), n_actions='auto'": lambda k, found: (
        found["agreement"] * np.exp(found["I"])
    ),
}
MERGING = "merging by confusion, F1 less 1 / K"


def judge(name, most):
    """Choices of all criteria for a set, and the true number."""
    arrays, _, truth = load(name)
    videos = Recordings(arrays)
    videos = videos.standardize(fit_scaler(videos))
    center, components, unit = principal_components(videos, numbers.N_COMPONENTS)
    frames = [embed(videos, i, center, components.T) for i in range(len(videos))]
    joined = np.concatenate(list(videos.blocks()))
    half = np.repeat(np.arange(len(videos)) % 2, videos.lengths)
    found, reg_covar = {}, numbers.REG_COVAR * unit
    for k in range(2, most + 1):
        parts = frames, frames[::2], frames[1::2]
        labels = [numbers._label(frames, part, k, reg_covar) for part in parts]
        own, first, second = map(np.concatenate, labels)
        found[k] = {
            "labels": own,
            "I": held_out_information(videos.blocks, labels[0], k),
            "J": video_information(labels[0], k),
            "agreement": adjusted_rand_score(first, second),
            "matched": matched_f1(first, second, k),
            "F1": f1_score(own, classify(joined, own, half), average="macro"),
        }
    chosen = {
        title: max(found, key=lambda k, value=value: value(k, found[k]))
        for title, value in CRITERIA.items()
    }
    chosen[MERGING] = merge_by_confusion(joined, found[most]["labels"], half)
    return chosen, truth


def matched_f1(first, second, n_actions):
    """Mean F1 of the actions of two labelings, matched one to one."""
    table = confusion_matrix(first, second, labels=np.arange(n_actions))
    sizes = table.sum(axis=1)[:, None] + table.sum(axis=0)
    rows, columns = linear_sum_assignment(-table)
    return np.mean(2 * table[rows, columns] / np.maximum(sizes[rows, columns], 1))


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
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--most", type=int, default=16)
    parser.add_argument("--n-jobs", type=int, default=1)
    arguments = parser.parse_args()
    names = [*arguments.folders, *GENERATED]
    jobs = [joblib.delayed(judge)(name, arguments.most) for name in names]
    results = joblib.Parallel(arguments.n_jobs, verbose=1)(jobs)
    print_table(names, results, len(arguments.folders))


def print_table(names, results, n_recorded):
    """Print what each criterion chose, and on how many sets it is within one."""
    truth = np.array([number for _, number in results])
    titles = list(results[0][0])
    chosen = np.array([[own[title] for own, _ in results] for title in titles])
    hits = np.abs(chosen - truth) <= 1
    print(f"| | recorded | generated | {' | '.join(Path(n).name for n in names)} |")
    print("| --- |" + " ---: |" * (len(names) + 2))
    print(f"| true number | | | {' | '.join(map(str, truth))} |")
    others = hits.sum(axis=1)[:, None] - hits
    left_out = others.argmax(axis=0), np.arange(len(names))
    rows = [*zip(titles, chosen, hits)]
    rows.append(("chosen by the other sets", chosen[left_out], hits[left_out]))
    for title, numbers_found, own in rows:
        counts = own[:n_recorded].sum(), own[n_recorded:].sum()
        print(f"| {' | '.join(map(str, [title, *counts, *numbers_found]))} |")


if __name__ == "__main__":
    main()
