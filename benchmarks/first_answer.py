"""A first answer without labels: `AutoSegmenter`, each order, and simple methods.

::

    python benchmarks/first_answer.py fit --data FOLDER --results first.jsonl
    python benchmarks/first_answer.py table --results first.jsonl --csv first.csv

``fit`` fits the methods to recordings of at most 40,000 frames a set, or ten, and
scores them. Each fit is a line of the file of results; a second run adds those that are
missing. ``table`` prints the means over sets of MoF, F1@50, AMI and mean recall, ± over
seeds, and processor seconds of fit and prediction; ``--csv`` writes this table. Then it
prints, by set, the mean of the four scores; ``--csv-of-sets`` writes that.
"""

import functools

import _study as study
import numpy as np
from _methods import Row
from _sets import facts_of

MOST_FRAMES = 40_000
AUTO = "AutoSegmenter"
METHODS = {
    AUTO: Row("auto"),
    "TOT, mostly": Row("tot"),
    "TOT, strict": Row("tot", {"order": "strict"}),
    "TOT, free": Row("tot", {"order": "free"}),
    "HMM": Row("hmm"),
    "HMM, free": Row("hmm", {"order": "free"}),
    "equal parts": Row("equal"),
    "k-means": Row("k_means"),
    "k-means, windows": Row("k_means", windows=True),
    "left-right HMM": Row("left-right-hmm"),
}
SIMPLE = list(METHODS)[5:]
SHOWN = ("MoF", "F1@50", "AMI", "mean recall")


def score(cell, root):
    """Fit and score a cell."""
    row, order = METHODS[cell["method"]], facts_of(cell["set"]).order
    make = functools.partial(row.model, seed=cell["seed"], order=order)
    return study.score_on_set(root / cell["set"], MOST_FRAMES, make, row.windows)


def collect(results):
    """Scores in percent of each set and method, and processor seconds of their fits."""
    scores, seconds = {}, {}
    for result in results:
        key = result["cell"]["set"], result["cell"]["method"]
        row = [100 * result["scores"][name] for name in SHOWN]
        scores.setdefault(key, []).append([*row, np.mean(row)])
        seconds.setdefault(key, []).append(result["fit"] + result["predict"])
    return scores, seconds


def table_of_means(scores, seconds):
    """Rows of methods: means over sets of each score, ± over seeds."""
    rows = [["method", *SHOWN, "mean", "seconds"]]
    for method in METHODS:
        sets = sorted(name for name, other in scores if other == method)
        if not sets:
            continue
        n_seeds = min(len(scores[name, method]) for name in sets)
        by_seed = np.mean([scores[name, method][:n_seeds] for name in sets], axis=0)
        cells = [study.number(value) for value in by_seed.mean(axis=0)]
        if n_seeds > 1:
            spread = by_seed.std(axis=0, ddof=1)
            cells = [f"{x} ± {study.number(y)}" for x, y in zip(cells, spread)]
        taken = np.mean([np.mean(seconds[name, method]) for name in sets])
        rows.append([method, *cells, study.seconds(taken)])
    return rows


def table_of_sets(scores):
    """Rows of sets: means of the scores of methods."""
    rows = [["set", *METHODS, f"{AUTO} - best simple"]]
    for name in sorted({name for name, _ in scores}):
        means = {
            method: np.mean(scores.get((name, method), [[np.nan]]), axis=0).item(-1)
            for method in METHODS
        }
        ahead = means[AUTO] - np.nanmax([-np.inf, *map(means.get, SIMPLE)])
        rows.append([name, *map(study.number, [*means.values(), ahead])])
    return rows


def print_tables(arguments):
    """Print the tables of a file of results, and write them to files."""
    results = study.read_results(arguments.results)
    scores, seconds = collect([result for result in results if "error" not in result])
    for rows, path in (
        (table_of_means(scores, seconds), arguments.csv),
        (table_of_sets(scores), arguments.csv_of_sets),
    ):
        print(study.markdown(rows), end="\n\n")
        if path is not None:
            study.write_csv(path, rows)
    n_sets = len({name for name, _ in scores})
    print(f"{n_sets} sets", *study.failures(results), sep="\n")


def main(argv=None):
    arguments = study.parse_fit_or_table(
        __doc__, argv, METHODS, list(METHODS), n_seeds=3, has_csv=True
    )
    if arguments.command == "fit":
        study.run_methods(arguments, score)
        return
    print_tables(arguments)


if __name__ == "__main__":
    main()
