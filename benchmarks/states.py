"""State detection by the protocol of its papers, beside the published numbers.

    pip install seglearn && pip install --no-deps tsseg==0.3.0
    python benchmarks/states.py --results states.jsonl

Both packages ship recordings. Those of tsseg (AGPL) are MoCap 86: nine of motion
capture, each with a script of its own, so that each has a fit of its own. Those of
seglearn are the watch: twenty sessions, the seven exercises of an arm joined, and one
fit. ``--data FOLDER`` has the sets ``mocap86`` and ``actrectut`` in the field's layout
instead. K is that of the labels. Scores are means over recordings. Each fit is a line
of the file of results: a run that was stopped goes on where it was. The table is
printed; ``--csv`` writes it to a file.
"""

import functools
import tempfile
from fnmatch import fnmatch
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import _study as study
import numpy as np
from _methods import Row, has_seed
from _published import STATES
from _sets import FACTS, add_data
from _states import covering, state_matching
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

TOLD = {"order": "told"}
ROWS = {
    "equal parts": Row("equal"),
    "k-means, windows": Row("k_means", windows=True),
    "`HMMSegmenter`, windows": Row("hmm", TOLD, windows=True),
    "`TemporalOTSegmenter`, windows": Row("tot", TOLD, windows=True),
    "`AutoSegmenter`": Row("auto"),
}
SCORES = {
    "ARI": adjusted_rand_score,
    "NMI": normalized_mutual_info_score,
    "covering": covering,
    "SMS": state_matching,
}


def read_mocap():
    """Read angles and labels of MoCap 86; tsseg itself is not imported."""
    package = find_spec("tsseg")
    if package is None:
        raise SystemExit("tsseg is missing: pip install --no-deps tsseg==0.3.0")
    paths = sorted(Path(package.origin).parent.glob("data/mocap/*.csv"))
    tables = [np.loadtxt(path, delimiter=",") for path in paths]
    return [x[:, :-1] for x in tables], [x[:, -1].astype(int) for x in tables]


def read_watch():
    """Read signals and exercises of the watch, ten frames a second."""
    try:
        from seglearn.datasets import load_watch
    except ImportError:
        raise SystemExit("seglearn is missing: pip install seglearn") from None
    watch = load_watch()
    videos, labels = {}, {}
    for i in np.lexsort([watch["y"], watch["side"], watch["subject"]]):
        session, part = (watch["subject"][i], watch["side"][i]), watch["X"][i][::5]
        videos.setdefault(session, []).append(part)
        labels.setdefault(session, []).append(np.full(len(part), watch["y"][i]))
    return [list(map(np.concatenate, x.values())) for x in (videos, labels)]


READERS = {"mocap86": read_mocap, "watch": read_watch}


@functools.cache
def load(name, root):
    """Recordings and labels of a set, of a folder of sets if there is one."""
    if root is None:
        return READERS[name]()
    data = study.load(str(root / name))
    return data.videos, data.labels


def plan(arguments):
    """Cells: set, row and seed."""
    names = READERS if arguments.data is None else ("mocap86", "actrectut")
    return [
        {"set": name, "row": title, "seed": seed}
        for name, title, seed in product(names, ROWS, range(arguments.seeds))
        if fnmatch(title, arguments.only)
        and (seed == 0 or has_seed(ROWS[title].method))
    ]


def compute(cell, root):
    """Scores of a row on a set, as means over recordings, and seconds of CPU time."""
    name, row = cell["set"], ROWS[cell["row"]]
    videos, labels = load(name, root)
    everything = np.arange(len(videos))
    parts = [everything] if name == "watch" else np.split(everything, everything[1:])
    paths, seconds = [], 0.0
    for part in parts:
        n_actions = len({label for i in part for label in labels[i]})
        model = row.model(n_actions, cell["seed"], FACTS[name].order)
        new, *times = study.label(model, [videos[i] for i in part], row.windows)
        paths += new
        seconds += sum(times)
    scores = {
        title: np.mean([score(*pair) for pair in zip(labels, paths)])
        for title, score in SCORES.items()
    }
    return {"scores": scores, "seconds": seconds}


def table(results):
    """Rows of published systems and of methods, with all scores, by set."""
    rows = [["set", "method", "K", *SCORES]]
    for name in dict.fromkeys(result["cell"]["set"] for result in results):
        for system, sets in STATES.items():
            number = "given" if system.endswith("true K") else "found"
            texts = list(map(three, sets.get(name, [None] * len(SCORES))))
            if set(texts) != {"–"}:
                title = system.removesuffix(", true K")
                rows.append([name, f"{title}, published", number, *texts])
        for title in ROWS:
            scores = [
                [*result["scores"].values()]
                for result in results
                if "scores" in result
                and {"set": name, "row": title}.items() <= result["cell"].items()
            ]
            if scores:
                texts = [study.with_deviation(x, three) for x in zip(*scores)]
                rows.append([name, title, "given", *texts])
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
    with tempfile.TemporaryDirectory() as temporary:
        path = arguments.results or Path(temporary) / "states.jsonl"
        if not arguments.only_table:
            score = functools.partial(compute, root=arguments.data)
            study.run(plan(arguments), path, score)
        rows = table(study.read_results(path))
    print(study.markdown(rows, 3))
    if arguments.csv:
        study.write_csv(arguments.csv, rows)


if __name__ == "__main__":
    main()
