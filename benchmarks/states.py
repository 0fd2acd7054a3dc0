"""State detection by the protocol of its papers, beside the published numbers.

    python benchmarks/states.py --data FOLDER --results states.jsonl --seeds 3

FOLDER has the sets ``mocap86`` and ``actrectut`` in the field's layout. Methods are
fitted to each recording alone, as the papers do, and to all of a set jointly; K is that
of the labels, or the method finds it. Scores are means over recordings. Each fit is a
line of the file of results: a run that was stopped goes on where it was. The table is
printed; ``--csv`` writes it to a file.
"""

import functools
import tempfile
from fnmatch import fnmatch
from itertools import product
from pathlib import Path

import _study as study
import numpy as np
from _methods import Row
from _published import STATES
from _sets import FACTS, add_data
from _states import covering, state_matching
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

SETS = ("mocap86", "actrectut")
FREE = {"order": "free"}
FRAMEWISE = {"decoding": "framewise"}
ROWS = {
    "k-means": Row("k_means", FRAMEWISE),
    "k-means, windows": Row("k_means", FRAMEWISE, windows=True),
    "k-means with the free decoder, windows": Row("k_means", windows=True),
    "`HMMSegmenter`, free, windows": Row("hmm", FREE, windows=True),
    "`TemporalOTSegmenter`, free, windows": Row("tot", FREE, windows=True),
    "`AutoSegmenter`, free": Row("auto", FREE),
}
FITS = {"alone": "each recording", "jointly": "all recordings"}
SCORES = {
    "ARI": adjusted_rand_score,
    "NMI": normalized_mutual_info_score,
    "covering": covering,
    "SMS": state_matching,
}


def plan(arguments):
    """Cells: set, row, fit, whether K is given, and seed."""
    keys = product(SETS, ROWS, range(arguments.seeds), FITS, (True, False))
    return [
        {"set": name, "row": title, "fit": fit, "known": is_known, "seed": seed}
        for name, title, seed, fit, is_known in keys
        if fnmatch(title, arguments.only)
        and (is_known or ROWS[title].method != "k_means")
    ]


def compute(cell, root):
    """Scores of a row on a set, as means over recordings, and seconds of CPU time."""
    name, row = cell["set"], ROWS[cell["row"]]
    data = study.load(str(root / name))
    everything = np.arange(len(data.videos))
    is_alone = cell["fit"] == "alone"
    paths, numbers, seconds = [], [], 0.0
    for part in np.split(everything, everything[1:] if is_alone else []):
        # labels of mocap86 are of one recording: the most that one has
        most = max(len(set(data.labels[i])) for i in part)
        n_actions = most if cell["known"] else "auto"
        model = row.model(n_actions, cell["seed"], FACTS[name].order)
        videos = [data.videos[i] for i in part]
        stride = FACTS[name].stride
        labels, *times = study.label(model, videos, row.windows, stride)
        paths += labels
        numbers += [len(set(path.tolist())) for path in labels]
        seconds += sum(times)
    scores = {
        title: np.mean([score(*pair) for pair in zip(data.labels, paths)])
        for title, score in SCORES.items()
    }
    return {"scores": scores, "seconds": seconds, "found": numbers}


def table(results):
    """Rows of published systems and of methods, with all scores, by set."""
    rows = [["method", "K", "fitted to", "set", *SCORES]]
    for system, sets in STATES.items():
        number = "given" if system.endswith("true K") else "found"
        for name in SETS:
            texts = list(map(three, sets.get(name, [None] * len(SCORES))))
            if set(texts) != {"–"}:
                head = [f"{system}, published", number, FITS["alone"], name]
                rows.append([*head, *texts])
    for fit, is_known, title, name in product(FITS, (True, False), ROWS, SETS):
        cell = {"set": name, "row": title, "fit": fit, "known": is_known}
        scores = [
            [*result["scores"].values()]
            for result in results
            if "scores" in result and cell.items() <= result["cell"].items()
        ]
        if scores:
            texts = [f"{three(np.mean(x))} ± {three(np.std(x))}" for x in zip(*scores)]
            number = "given" if is_known else "found"
            rows.append([title, number, FITS[fit], name, *texts])
    return rows


def three(value):
    """Score in the format of papers, with a dash for unknown values."""
    is_known = value is not None and np.isfinite(value)
    return f"{value:.3f}".removeprefix("0") if is_known else "–"


def main(argv=None):
    parser = study.Parser(__file__, __doc__)
    add = parser.add_argument
    add_data(parser, required=False)
    add("--results", type=Path, metavar="FILE", help="fits, also old")
    add("--csv", type=Path, metavar="FILE", help="table")
    add("--seeds", type=int, default=3, help="number of seeds, from 0")
    add("--only", default="*", help="pattern of rows")
    add("--only-table", action="store_true", help="run nothing")
    arguments = parser.parse_args(argv)
    if arguments.data is None and not arguments.only_table:
        parser.error("--data is needed to run anything.")
    with tempfile.TemporaryDirectory() as temporary:
        path = arguments.results or Path(temporary) / "states.jsonl"
        if not arguments.only_table:
            score = functools.partial(compute, root=arguments.data)
            study.run(plan(arguments), path, score)
        rows = table(study.read_results(path))
    print(study.markdown(rows, 4))
    if arguments.csv:
        study.write_csv(arguments.csv, rows)


if __name__ == "__main__":
    main()
