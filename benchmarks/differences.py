"""Each default of TemporalOTSegmenter that differs from the paper, put back to it.

::

    python benchmarks/differences.py fit --data FOLDER --results differences.jsonl
    python benchmarks/differences.py table --results differences.jsonl --csv FILE

``fit`` fits the defaults, the defaults with one difference put back to the value of
table 10, and the paper's method to recordings of at most 15,000 frames a set, or ten.
Each fit is a line of the file of results; a second run adds those that are missing.
``table`` prints the differences with the means over sets of MoF, F1@50, AMI and mean
recall, in percent, and by how much their mean changes. Parameters that need each other
are put back together.
"""

import functools

import _study as study
import numpy as np
from sklearn.base import clone

from skl_tot import TemporalOTSegmenter
from skl_tot.extend import MLP, Adam, Sinkhorn, TemporalPrior

MOST_FRAMES = 15_000
SHOWN = ("MoF", "F1@50", "AMI", "mean recall")
# The defaults, spelt out, so that parameters of their objects can be set.
DEFAULTS = {
    "order": "mostly",
    "n_prototypes": 3,
    "alpha": 0.5,
    "decoding": "free",
    "switch_cost": 0.25,
    "network": MLP(),
    "prior": TemporalPrior(),
    "transport": Sinkhorn(),
    "optimizer": Adam(),
}
TOGETHER = (
    ("decoding", "switch_cost"),
    ("network__hidden_size", "network__embedding_size"),
)
FIRST, SCALED = "the defaults", {"standardize": "dataset"}


def make_defaults():
    """The default, all of whose values are said."""
    return clone(TemporalOTSegmenter(**DEFAULTS))


def differences():
    """Default and the paper's value of each parameter that differs, by its name."""
    defaults, published = (
        make_defaults().get_params(),
        TemporalOTSegmenter.paper().get_params(),
    )
    return {
        name: (value, published[name])
        for name, value in defaults.items()
        if not hasattr(value, "get_params") and value != published[name]
    }


def make_rows():
    """Settings that change the defaults, by the names of the parameters."""
    values = {name: both[1] for name, both in differences().items()}
    rows = {FIRST: {}}
    for name in values:
        group = next((group for group in TOGETHER if name in group), (name,))
        rows[", ".join(group)] = {member: values[member] for member in group}
    return rows


CHANGES = make_rows()
PUBLISHED = {
    "all: TOT": {},
    "all: TOT+TCL": {"alpha": 1.0},
    "all but standardize: TOT": SCALED,
    "all but standardize: TOT+TCL": {"alpha": 1.0, **SCALED},
}
METHODS = [*CHANGES, *PUBLISHED]


def make(method, n_actions, seed):
    """The estimator of a row."""
    if method in PUBLISHED:
        return TemporalOTSegmenter.paper(
            n_actions, random_state=seed, **PUBLISHED[method]
        )
    changes = CHANGES[method] | {"n_actions": n_actions, "random_state": seed}
    return make_defaults().set_params(**changes)


def score(cell, root):
    """Fit and score a cell."""
    make_row = functools.partial(make, cell["method"], seed=cell["seed"])
    return study.score_on_set(root / cell["set"], MOST_FRAMES, make_row)


def plain(value):
    """Text of a value; a share of the steps is a fraction."""
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def table(results):
    """Rows of parameters: both values, means over sets, and the mean of the change.

    Its error is the standard error over sets of the mean of the scores.
    """
    scores = {}
    for result in results:
        cell = result["cell"]
        values = [100 * result["scores"][name] for name in SHOWN]
        scores.setdefault(cell["method"], {})[cell["set"], cell["seed"]] = values
    both = differences()
    rows = [["put back", "default", "table 10", "sets", *SHOWN, "change of the mean"]]
    for method in [x for x in METHODS if x in scores]:
        names = [name for name in CHANGES.get(method, {}) if name in both]
        texts = [", ".join(plain(both[name][i]) for name in names) for i in (0, 1)]
        means = np.mean(list(scores[method].values()), axis=0)
        count = len({name for name, _ in scores[method]})
        shared = [key for key in scores[method] if key in scores.get(FIRST, {})]
        changes = [
            np.mean(scores[method][x]) - np.mean(scores[FIRST][x]) for x in shared
        ]
        change = ""
        if method != FIRST and len(changes) > 1:
            error = np.std(changes, ddof=1) / len(changes) ** 0.5
            change = f"{np.mean(changes):+.1f} ± {error:.1f}"
        rows.append([method, *texts, count, *map(study.number, means), change])
    return rows


def main(argv=None):
    arguments = study.parse_fit_or_table(__doc__, argv, METHODS, METHODS, has_csv=True)
    if arguments.command == "fit":
        study.run_methods(arguments, score)
        return
    results = study.read_results(arguments.results)
    rows = table([result for result in results if "error" not in result])
    print(study.markdown(rows, 3))
    print("\n".join(study.failures(results)))
    if arguments.csv is not None:
        study.write_csv(arguments.csv, rows)


if __name__ == "__main__":
    main()
