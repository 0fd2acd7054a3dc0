"""How well the trust in labels follows the share of frames that are right.

::

    python benchmarks/trust.py fit --data FOLDER --results trust.jsonl
    python benchmarks/trust.py table --results trust.jsonl

``fit`` fits methods with their defaults to recordings of at most 40,000 frames, or ten,
rates their labels by `skl_tot.rate_trust`, and scores them. Each fit is a line of the
file of results; a second run adds those that are missing. ``table`` prints rank
correlations with MoF, and with the mean of MoF and F1@50; then mean, deviation over
fits and number of the MoF of each level. "Left out" are levels by thresholds that
explain most of the MoF of the fits to other families, where sets of one family have
names that begin alike; the line below has these thresholds. "Held out" is the agreement
of halves of the recordings (``confidence_``).
"""

import functools
from itertools import combinations

import _study as study
import numpy as np
from _methods import Row
from _sets import UNLABELLED, evenly_spread
from scipy.stats import spearmanr

from skl_tot import rate_trust
from skl_tot.meta.trust import AGREED, LEVELS, MOST_FRAMES
from skl_tot.methods.pipelines import last_step

METHODS = {
    "TemporalOTSegmenter": Row("tot"),
    "AutoSegmenter": Row("auto"),
    "HMMSegmenter, free": Row("hmm", {"order": "free"}),
    "KMeansSegmenter": Row("k_means"),
}


# Thresholds that are tried.
STEPS = np.arange(30, 95, 5) / 100


@functools.lru_cache(maxsize=1)  # cells of one set come one after another
def read(folder):
    """Recordings of a set, labels, and number of actions."""
    return evenly_spread(folder, MOST_FRAMES)


def rate(cell, root):
    """Fit a cell, rate its labels, and score them."""
    videos, labels, n_actions = read(root / cell["set"])
    model = METHODS[cell["method"]].model(n_actions, cell["seed"])
    paths, fit, _ = study.label(model, videos)
    is_ignored = any((path == UNLABELLED).any() for path in labels)
    options = {"ignore_labels": UNLABELLED} if is_ignored else {}
    rating = rate_trust(model, videos, paths)
    result = {key: rating[key] for key in ("level", "agreement", "methods")}
    result["held out"] = last_step(model).confidence_["agreement"]
    return result | {"scores": study.scores_of(labels, paths, **options), "fit": fit}


def row_of(name, results):
    """Row of some fits: rank correlations with MoF / the mean of MoF and F1; MoF."""
    agreement = np.array([x["agreement"] for x in results])
    levels = np.array([LEVELS.index(x["level"]) for x in results])
    scores = [[x["scores"][key] for x in results] for key in ("MoF", "F1@50")]
    mof, mean = 100 * np.array(scores[0]), np.mean(scores, axis=0)
    before = [x["held out"] for x in results]
    row = [name, len(results)]
    for values in (agreement, levels, [x["left out"] for x in results], before):
        row.append(" / ".join(f"{spearmanr(values, y)[0]:.2f}" for y in (mof, mean)))
    for level in range(len(LEVELS)):
        chosen = mof[levels == level]
        row.append(f"{np.mean(chosen):.0f} ± {np.std(chosen):.0f} ({len(chosen)})")
        low, high = np.quantile(chosen, [0.25, 0.75]) if len(chosen) else [np.nan] * 2
        row[-1] += f", half {low:.0f} to {high:.0f}" if name == "all" else ""
    return row


def leave_out(results):
    """Add levels by thresholds of other families; return all thresholds, in words."""
    families = np.array([result["cell"]["set"].partition("_")[0] for result in results])
    agreement = np.array([result["agreement"] for result in results])
    mof = np.array([result["scores"]["MoF"] for result in results])
    chosen = {"all": find_edges(agreement, mof)}
    for family in np.unique(families).tolist():
        others = families != family
        chosen[family] = find_edges(agreement[others], mof[others])
    for result, family in zip(results, families.tolist()):
        level = LEVELS.index(result["level"])
        is_capped = level < sum(result["agreement"] >= least for least in AGREED)
        n_passed = sum(result["agreement"] >= least for least in chosen[family])
        result["left out"] = min(n_passed, level) if is_capped else n_passed
    words = (f"{name} {low:.2f} {high:.2f}" for name, (low, high) in chosen.items())
    return "; ".join(words)


def find_edges(agreement, mof):
    """Two thresholds of the agreement whose levels explain most of the MoF."""

    def unexplained(edges):
        levels = np.searchsorted(edges, agreement, "right")
        parts = [mof[levels == level] for level in np.unique(levels)]
        is_rising = (np.diff([part.mean() for part in parts]) >= 0).all()
        if not is_rising:
            return np.inf
        return sum(np.square(part - part.mean()).sum() for part in parts)

    return min(combinations(STEPS.tolist(), 2), key=unexplained)


def main(argv=None):
    arguments = study.parse_fit_or_table(__doc__, argv, METHODS, [*METHODS][:2])
    if arguments.command == "fit":
        study.run_methods(arguments, rate)
        return
    results = [x for x in study.read_results(arguments.results) if "error" not in x]
    thresholds = leave_out(results)
    rows = [["", "fits", "agreement", "level", "left out", "held out", *LEVELS]]
    for method in [*METHODS, "all"]:
        chosen = [x for x in results if method in (x["cell"]["method"], "all")]
        rows += [row_of(method, chosen)] if chosen else []
    print(study.markdown(rows), thresholds, sep="\n")


if __name__ == "__main__":
    main()
