"""Share of frames whose label stays when recordings change as should not matter.

::

    python benchmarks/robust.py fit --data FOLDER --results robust.jsonl
    python benchmarks/robust.py table --results robust.jsonl

Methods have their defaults, and see recordings of at most 40,000 frames a set, or ten,
evenly spread. Each fit is a line of the file of results; a second run, perhaps of some
sets and methods, adds those that are missing. Labels are matched one to one.
"""

import functools

import _study as study
import numpy as np
from _methods import Row, seeded
from _sets import evenly_spread

from skl_tot.metrics import mof_score

MOST_FRAMES = 40_000
METHODS = {"TOT": Row("tot"), "Auto": Row("auto"), "HMM": Row("hmm")}


@functools.lru_cache(maxsize=1)  # cells of one set come one after another
def read(folder):
    """Recordings of a set that are fitted, labels, and number of actions."""
    return evenly_spread(folder, MOST_FRAMES)


def compare(cell, root):
    """Share of frames with the same label after each change."""
    videos, _, n_actions = read(root / cell["set"])
    random = np.random.RandomState(cell["seed"])
    row = METHODS[cell["method"]]
    labels, fit, predict = study.label(row.model(n_actions, cell["seed"]), videos)
    agreement = {}
    for name, change in CHANGES.items():
        if name == "two dropped" and len(videos) < 4:
            continue
        changed, restore = change(videos, random)
        model = row.model(n_actions, cell["seed"])
        if name == "another seed":
            seeded(model, cell["seed"] + 1000)
        paths = restore(study.label(model, changed)[0])
        agreement[name] = mof_score([labels[i] for i in paths], list(paths.values()))
    return {"agreement": agreement, "fit": fit, "predict": predict}


def _numbered(paths):
    return dict(enumerate(paths))


def same(videos, random):
    """Change nothing."""
    return videos, _numbered


def drop_two(videos, random):
    """Leave two recordings out."""
    dropped = random.choice(len(videos), 2, replace=False)
    kept = [i for i in range(len(videos)) if i not in dropped]
    return [videos[i] for i in kept], lambda paths: dict(zip(kept, paths))


def split_two(videos, random):
    """Cut two recordings in the middle; the second halves follow the recordings."""
    chosen = random.choice(len(videos), 2, replace=False)
    middles = {i: len(videos[i]) // 2 for i in chosen}
    first = [video[: middles.get(i)] for i, video in enumerate(videos)]

    def restore(paths):
        whole = _numbered(paths[: len(videos)])
        for i, path in zip(chosen, paths[len(videos) :]):
            whole[i] = np.concatenate([whole[i], path])
        return whole

    return [*first, *(videos[i][middles[i] :] for i in chosen)], restore


def double(videos, random):
    """Show every frame twice."""
    doubled = [np.repeat(video, 2, axis=0) for video in videos]
    return doubled, lambda paths: _numbered(path[::2] for path in paths)


def permute(videos, random):
    """Put features in another order."""
    order = random.permutation(videos[0].shape[1])
    return [video[:, order] for video in videos], _numbered


CHANGES = {
    "two dropped": drop_two,
    "two split": split_two,
    "another seed": same,
    "every frame twice": double,
    "features permuted": permute,
}


def table(results):
    """Agreement after each change: mean over sets, and the least with its set."""
    methods = [name for name in METHODS if any(is_of(x, name) for x in results)]
    header = [f"{name}, {text}" for name in methods for text in ("mean", "least")]
    rows = [["change", *header]]
    for change in CHANGES:
        row = [change]
        for method in methods:
            shares = {}
            for result in results:
                if is_of(result, method) and change in result["agreement"]:
                    cells = shares.setdefault(result["cell"]["set"], [])
                    cells.append(100 * result["agreement"][change])
            means = {name: np.mean(cells) for name, cells in shares.items()}
            least = min(means, key=means.get)
            row += [f"{np.mean(list(means.values())):.1f}"]
            row += [f"{means[least]:.1f} ({least})"]
        rows.append(row)
    return rows


def is_of(result, method):
    return result["cell"]["method"] == method and "agreement" in result


def main(argv=None):
    arguments = study.parse_fit_or_table(__doc__, argv, METHODS, ["TOT", "Auto"])
    if arguments.command == "fit":
        study.run_methods(arguments, compare)
        return
    results = study.read_results(arguments.results)
    print(study.markdown(table(results)), *study.failures(results), sep="\n")


if __name__ == "__main__":
    main()
