"""How well the trust in labels follows the share of frames that are right.

::

    python benchmarks/trust.py fit --data FOLDER --results trust.jsonl
    python benchmarks/trust.py table --results trust.jsonl

``fit`` fits methods with their defaults to recordings of at most 40,000 frames, or ten,
rates their labels by `skl_tot.rate_trust`, and scores them. Each fit is a line of the
file of results; a second run adds those that are missing. ``table`` prints rank
correlations with MoF, and with the mean of MoF and F1@50; then mean, deviation over
fits and number of the MoF of each level, with the range of eight in ten fits. The line
below counts fits in the ranges of other families, where sets of one family have names
that begin alike. "Held out" is the agreement of halves of the recordings
(``confidence_``).
"""

import functools

import _study as study
import numpy as np
from _methods import Row
from _sets import UNLABELLED, evenly_spread
from scipy.stats import spearmanr

from skl_tot import rate_trust
from skl_tot.meta.trust import FOUND_RIGHT, MOST_FRAMES
from skl_tot.methods.pipelines import last_step

METHODS = {
    "TemporalOTSegmenter": Row("tot"),
    "AutoSegmenter": Row("auto"),
    "HMMSegmenter, free": Row("hmm", {"order": "free"}),
    "KMeansSegmenter": Row("k_means"),
}
LEVELS = list(FOUND_RIGHT)


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
    for values in (agreement, levels, before):
        row.append(" / ".join(f"{spearmanr(values, y)[0]:.2f}" for y in (mof, mean)))
    for level in range(len(LEVELS)):
        chosen = mof[levels == level]
        row.append(f"{np.mean(chosen):.0f} ± {np.std(chosen):.0f} ({len(chosen)})")
        low, high = range_of(chosen)
        row[-1] += f", {low:.0f} to {high:.0f}" if name == "all" else ""
    return row


def range_of(values):
    """Least and largest of eight in ten values; NaN without any."""
    return np.quantile(values, [0.1, 0.9]) if len(values) else [np.nan, np.nan]


def leave_out(results):
    """Count the fits in the range of MoF of other families' fits of their level."""
    families = np.array([result["cell"]["set"].partition("_")[0] for result in results])
    levels = np.array([result["level"] for result in results])
    mof = np.array([result["scores"]["MoF"] for result in results])
    words = []
    for level in LEVELS:
        is_inside = []
        for i in np.flatnonzero(levels == level):
            low, high = range_of(mof[(levels == level) & (families != families[i])])
            is_inside.append(low <= mof[i] <= high)
        words.append(f"{level}: {sum(is_inside)} of {len(is_inside)}")
    return "; ".join(words)


def main(argv=None):
    arguments = study.parse_fit_or_table(__doc__, argv, METHODS, [*METHODS][:2])
    if arguments.command == "fit":
        study.run_methods(arguments, rate)
        return
    results = [x for x in study.read_results(arguments.results) if "error" not in x]
    rows = [["", "fits", "agreement", "level", "held out", *LEVELS]]
    for method in [*METHODS, "all"]:
        chosen = [x for x in results if method in (x["cell"]["method"], "all")]
        rows += [row_of(method, chosen)] if chosen else []
    print(study.markdown(rows), leave_out(results), sep="\n")


if __name__ == "__main__":
    main()
