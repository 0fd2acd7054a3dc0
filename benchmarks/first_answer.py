"""Fits without labels, of the method and of simple ones, on recorded sets.

::

    python benchmarks/first_answer.py fit --data FOLDER --results first.jsonl
    python benchmarks/first_answer.py table --results first.jsonl --csv first.csv

``fit`` fits the methods to recordings of at most 40,000 frames a set, or ten, and
scores them. Each fit is a line of the file of results; a second run adds those that are
missing. ``table`` prints, by set, the mean of MoF, F1@50, AMI and mean recall of each
method; then the means over sets of each score, and processor seconds of fit and
prediction.
"""

import functools

import _study as study
import numpy as np
from _methods import Row
from _sets import UNLABELLED, evenly_spread, facts_of

MOST_FRAMES = 40_000
METHODS = {
    "AutoSegmenter": Row("auto"),
    "TOT, the defaults": Row("tot"),
    "TOT, order told": Row("tot", {"order": "told"}),
    "equal parts": Row("equal"),
    "k-means": Row("k_means"),
    "k-means, windows": Row("k_means", windows=True),
    "HMM, free": Row("hmm", {"order": "free"}),
    "left-right HMM": Row("left-right-hmm"),
}
SIMPLE = list(METHODS)[3:]
SHOWN = ("MoF", "F1@50", "AMI", "mean recall")


@functools.lru_cache(maxsize=1)  # cells of one set come one after another
def read(folder):
    """Recordings of a set, labels, and number of actions."""
    return evenly_spread(folder, MOST_FRAMES)


def score(cell, root):
    """Fit and score a cell."""
    videos, labels, n_actions = read(root / cell["set"])
    row, facts = METHODS[cell["method"]], facts_of(cell["set"])
    options = {"scope": "recording" if facts.is_local else "all"}
    if any((path == UNLABELLED).any() for path in labels):
        options["ignore_labels"] = UNLABELLED
    # labels that hold within one recording need a fit of each
    parts = (
        [[i] for i in range(len(videos))] if facts.is_local else [range(len(videos))]
    )
    paths, seconds = [], np.zeros(2)
    for part in parts:
        if facts.is_local:
            n_actions = len(set(labels[part[0]]) - {UNLABELLED})
        model = row.model(n_actions, cell["seed"], facts.order)
        seen = [videos[i] for i in part]
        labels_of_part, *taken = study.label(model, seen, row.windows)
        paths += labels_of_part
        seconds += taken
    result = {"scores": study.scores_of(labels, paths, **options)}
    return result | dict(zip(("fit", "predict"), seconds.tolist()))


def mean_of(scores):
    """Mean of the scores that tables show."""
    return float(np.mean([scores[name] for name in SHOWN]))


def collect(results):
    """Scores of each set and method, and processor seconds of their fits."""
    scores, seconds = {}, {}
    for result in results:
        name, method = result["cell"]["set"], result["cell"]["method"]
        scores.setdefault((name, method), []).append(result["scores"])
        taken = result["fit"] + result["predict"]
        seconds.setdefault((name, method), []).append(taken)
    return scores, seconds


def table_of_sets(scores, columns):
    """Rows of sets: means of the scores of methods, in percent."""
    rows = [["set", *columns, "AutoSegmenter - best simple"]]
    for name in sorted({name for name, _ in scores}):
        means = {
            method: 100 * np.mean([mean_of(x) for x in scores[name, method]])
            for method in columns
            if (name, method) in scores
        }
        simple = [means[method] for method in SIMPLE if method in means]
        ahead = means.get("AutoSegmenter", np.nan) - max(simple, default=np.nan)
        cells = [means.get(method, np.nan) for method in columns]
        rows.append([name, *map(study.number, [*cells, ahead])])
    return rows


def table_of_means(scores, seconds, columns):
    """Rows of methods: means over sets of each score, in percent, ± over seeds."""
    rows = [["method", "sets", *SHOWN, "mean", "seconds"]]
    for method in columns:
        sets = sorted(name for name, other in scores if other == method)
        if not sets:
            continue
        n_seeds = min(len(scores[name, method]) for name in sets)
        by_seed = np.array(
            [
                [[scores[name, method][i][x] for x in SHOWN] for name in sets]
                for i in range(n_seeds)
            ]
        ).mean(axis=1)
        by_seed = 100 * np.column_stack([by_seed, by_seed.mean(axis=1)])
        cells = [study.number(value) for value in by_seed.mean(axis=0)]
        if n_seeds > 1:
            spread = by_seed.std(axis=0, ddof=1)
            cells = [f"{x} ± {study.number(y)}" for x, y in zip(cells, spread)]
        taken = np.mean([np.mean(seconds[name, method]) for name in sets])
        rows.append([method, len(sets), *cells, study.seconds(taken)])
    return rows


def print_tables(path, csv_path=None):
    """Print the tables of a file of results; write that of sets to a file."""
    results = study.read_results(path)
    scores, seconds = collect([result for result in results if "error" not in result])
    by_set = table_of_sets(scores, METHODS)
    print(study.markdown(by_set), end="\n\n")
    if csv_path is not None:
        study.write_csv(csv_path, by_set)
    print(study.markdown(table_of_means(scores, seconds, METHODS)))
    print("\n".join(study.failures(results)))


def main(argv=None):
    arguments = study.parse_fit_or_table(
        __doc__, argv, METHODS, list(METHODS), n_seeds=3, has_csv=True
    )
    if arguments.command == "fit":
        study.run_methods(arguments, score)
        return
    print_tables(arguments.results, arguments.csv)


if __name__ == "__main__":
    main()
