"""One model for all recordings: its labels mean the same in recordings it never saw.

    python benchmarks/unseen.py --data FOLDER --seeds 3

Each folder in FOLDER is a set in the field's layout. Half of the recordings, drawn anew
for each seed, are fitted; the model labels them and the others. Clusters are matched to
true labels on the fitted half alone, and that match scores both halves. The last row
fits each recording by itself, as state detection in single series does, and matches all
clusters of that rank in time. A cell is MoF in percent, mean over seeds. Rows:

- *fitted*: the half that was fitted;
- *unseen*: the other half, with the match of the fitted one;
- *each by itself, own match*: a hidden Markov model for each recording, and a match for
  each;
- *each by itself, one match*: the same labels, one match over all recordings.
"""

import argparse
from pathlib import Path

import numpy as np
from _cells import load
from _methods import make, seeded
from _suite_rows import parse_row
from threadpoolctl import threadpool_limits

from skl_tot import HMMSegmenter
from skl_tot.metrics import match_labels, mof_score


def share_right(truth, predicted, names):
    """Share of frames whose cluster has the name of their label."""
    hits = [
        np.array([names.get(code) for code in path]) == labels
        for path, labels in zip(predicted, truth)
    ]
    return float(np.concatenate(hits).mean())


def by_itself(videos, n_actions, seed):
    """Labels of each recording by a model of its own, which need not use all."""
    model = HMMSegmenter(n_actions, order="free", random_state=seed)
    return [model.fit_predict([video])[0] for video in videos]


def study_seed(row, videos, truth, n_actions, seed):
    """Rows of one set and seed."""
    order = np.random.default_rng(seed).permutation(len(videos))
    half = (len(videos) + 1) // 2
    fitted, unseen = order[:half], order[half:]
    model = make(row.method, n_actions=n_actions, **row.settings)
    model = seeded(model, seed).fit([videos[i] for i in fitted])
    known = [truth[i] for i in fitted]
    names = match_labels(known, model.labels_)
    others = model.predict([videos[i] for i in unseen])
    own = by_itself(videos, n_actions, seed)
    return {
        "fitted": mof_score(known, model.labels_),
        "unseen": share_right([truth[i] for i in unseen], others, names),
        "each by itself, own match": mof_score(truth, own, scope="video"),
        "each by itself, one match": mof_score(truth, own),
    }


def markdown(results):
    """Table of means over seeds, sets as columns, in percent."""
    sets = list(results)
    lines = ["| | " + " | ".join(sets) + " | mean ± over seeds |"]
    lines.append("| --- |" + " ---: |" * (len(sets) + 1))
    for name in results[sets[0]][0]:
        table = 100 * np.array([[cells[name] for cells in results[s]] for s in sets])
        over_seeds = table.mean(axis=0)
        cells = [f"{value:.1f}" for value in table.mean(axis=1)]
        cells.append(f"{over_seeds.mean():.1f} ± {over_seeds.std():.1f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--method", default="tot", metavar="METHOD:NAME=VALUE,...")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+")
    arguments = parser.parse_args()
    row = parse_row(arguments.method)
    folders = sorted(
        x for x in arguments.data.iterdir() if (x / "groundTruth").is_dir()
    )
    results = {}
    for folder in folders:
        if arguments.sets and folder.name not in arguments.sets:
            continue
        data = load(str(folder), mmap=False)
        videos = [np.asarray(x, np.float64) for x in data.videos]
        truth = [np.asarray(y).astype(str) for y in data.labels]
        n_actions = len(data.target_names)
        with threadpool_limits(1):
            results[folder.name] = [
                study_seed(row, videos, truth, n_actions, seed)
                for seed in range(arguments.seeds)
            ]
        print(folder.name, results[folder.name], flush=True)
    print(markdown(results))


if __name__ == "__main__":
    main()
