"""How well criteria without labels find the number of actions: a table over sets.

    python benchmarks/n_actions.py --data FOLDER [--most 16] [--n-jobs 2]

The sets are those of a folder, the longest thinned, and the generated ones. For each
number K, the two models of ``n_actions="auto"`` label all recordings, by all of them
and by both halves. Each criterion chooses the K with its largest value, by the better
model. The last row uses, for each set, the criterion that is within one on most other
sets.
"""

from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
from _sets import GENERATED, SEVEN, add_data, load
from _study import Parser, markdown, write_csv
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import adjusted_rand_score, confusion_matrix, f1_score

from skl_tot.methods.numbers import make_labeller, matched_f1
from skl_tot.metrics.label_free import held_out_information, video_information
from skl_tot.recordings import Recordings
from skl_tot.recordings.container import fit_scaler

CRITERIA = {  # G: F less the 1 / K of chance
    "(F - 1/K) exp(2 (I - J)), `auto`": lambda x: x.G * np.exp(2 * (x.I - x.J)),
    "(F - 1/K) exp(I - J)": lambda x: x.G * np.exp(x.I - x.J),
    "(F - 1/K) exp(I)": lambda x: x.G * np.exp(x.I),
    "F - 1/K, agreement of halves": lambda x: x.G,
    "A, adjusted Rand index of halves": lambda x: x.A,
    "A exp(I)": lambda x: x.A * np.exp(x.I),
    "exp(I)": lambda x: np.exp(x.I),
    "exp(I - 2 J), `score`": lambda x: np.exp(x.I - 2 * x.J),
    "F1 of a classifier - 1/K": lambda x: x.F1,
}
STRIDES = {"hapt": ":2", "jigsaws_throws": ":2", "kasteren_days": ":3"}
THINNED = [name + STRIDES.get(name, "") for name in SEVEN]
MERGING = "merging by confusion, F1 of a classifier - 1/K"


def judge(name, most):
    """Choices of all criteria for a set, and the true number."""
    arrays, _, truth = load(name)
    videos = Recordings(arrays)
    videos = videos.standardize(fit_scaler(videos))
    label = make_labeller(videos)
    frames = np.concatenate(list(videos.blocks()))
    half = np.repeat(np.arange(len(videos)) % 2, videos.lengths)
    measures = {}
    for k in range(2, most + 1):
        labels = label(k)
        measures[k] = [describe(videos, frames, half, x, k) for x in labels]
    chosen = {}
    for title, value in CRITERIA.items():
        best = {k: max(map(value, measures[k])) for k in measures}
        chosen[title] = max(best, key=best.get)
    finest = np.concatenate(labels[0][0])
    return chosen | {MERGING: merge_by_confusion(frames, finest, half)}, truth


def describe(videos, frames, half, labels, k):
    """Measure the inputs of the criteria, for labels by all and by halves."""
    whole, first, second = map(np.concatenate, labels)
    return SimpleNamespace(
        I=held_out_information(videos.blocks, labels[0], k),
        J=video_information(labels[0], k),
        A=adjusted_rand_score(first, second),
        G=matched_f1(first, second, k) - 1 / k,
        F1=f1_score(whole, classify(frames, whole, half), average="macro") - 1 / k,
    )


def classify(frames, labels, half):
    """Labels of each half by discriminants of the other."""
    guesses = np.empty_like(labels)
    for k in (0, 1):
        labels_of_others = labels[half != k]
        if len(np.unique(labels_of_others)) == 1:
            guesses[half == k] = labels_of_others[0]
            continue
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)
        guesses[half == k] = model.fit(frames[half != k], labels_of_others).predict(
            frames[half == k]
        )
    return guesses


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
    parser = Parser(__file__, __doc__)
    add = parser.add_argument
    add_data(parser, required=False)
    add("--sets", nargs="*", default=THINNED, metavar="NAME[:STRIDE]")
    add("--most", type=int, default=16)
    add("--csv", type=Path, metavar="FILE", help="table")
    add("--n-jobs", type=int, default=1)
    arguments = parser.parse_args()
    names = arguments.sets if arguments.data else []
    recorded = [str(arguments.data / name) for name in names]
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
    chosen = np.array([[numbers[x] for numbers, _ in results] for x in titles])
    hits = np.abs(chosen - truth) <= 1
    titles_of_sets = [Path(name).name.partition(":")[0] for name in names]
    rows = [["criterion", "recorded", "generated", *titles_of_sets]]
    rows.append(["true number", "", "", *map(str, truth)])
    for title, numbers, is_hit in zip(titles, chosen, hits):
        counts = is_hit[:n_recorded].sum(), is_hit[n_recorded:].sum()
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
