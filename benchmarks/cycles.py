"""Long recordings of many uncut cycles: generated and recorded ones.

::

    python benchmarks/cycles.py [--data FOLDER] [--methods hmm tot] [--seeds 3]

Recorded ones concatenate the recordings of a set in random order, or those of one
person in jigsaws_throws. They are compared with labels of the same method fitted to the
true cycles.
"""

import time
import warnings
from itertools import pairwise

import numpy as np
from _methods import make, seeded
from _sets import add_data
from _study import Parser, markdown

from skl_tot import CyclicSegmenter
from skl_tot.datasets import load_action_dataset
from skl_tot.metrics import mof_score

# Recordings of each group by the start of their names, such as those of a surgeon.
RECORDED = {
    "jigsaws_throws": [f"Suturing_{surgeon}" for surgeon in "BCDEFGHI"],
    "hiro_snap": [""],
}


def make_work(seed, n_cycles=40, n_actions=5, n_features=16, n_frames=200):
    """Frames, labels and cuts of one recording.

    Actions are uneven, the pace drifts by 35 %, and one cycle in ten lacks an action;
    features drift, too.
    """
    rng = np.random.RandomState(seed)
    means = rng.normal(size=(n_actions, n_features))
    shares = np.exp(rng.normal(scale=0.6, size=n_actions))
    shares /= shares.sum()
    labels, cuts = [], [0]
    for pace in np.linspace(0.825, 1.175, n_cycles):
        lengths = n_frames * shares * pace
        lengths = lengths * np.exp(rng.normal(scale=0.12, size=n_actions))
        lengths = np.maximum(lengths.round().astype(int), 1)
        if rng.uniform() < 0.1:
            lengths[rng.randint(n_actions)] = 0
        labels.append(np.repeat(np.arange(n_actions), lengths))
        cuts.append(cuts[-1] + lengths.sum())
    labels = np.concatenate(labels)
    frames = means[labels] + rng.normal(size=(len(labels), n_features))
    angles = np.linspace(0, 3 * np.pi, len(labels))
    waves = np.column_stack([np.cos(angles), np.sin(angles)])
    frames += waves @ rng.normal(scale=0.3, size=(2, n_features))
    return frames.astype(np.float32), labels, np.array(cuts)


def put_together(folder, name, prefix, seed):
    """Frames, labels and cuts of the recordings of a set, in random order."""
    data = load_action_dataset(f"{folder}/{name}")
    names = data.video_names
    kept = [i for i in range(len(names)) if names[i].startswith(prefix)]
    kept = np.random.RandomState(seed).permutation(kept)
    frames = [np.asarray(data.videos[i]) for i in kept]
    labels = [data.labels[i] for i in kept]
    cuts = np.cumsum([0, *map(len, frames)])
    return np.concatenate(frames), np.concatenate(labels), cuts


def measure(method, frames, labels, cuts, seed):
    """Count of cycles, share of cuts found, and MoF, cut by people and not cut."""
    n_actions = len(np.unique(labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cut_labels = seeded(make(method, n_actions=n_actions), seed)
        cut_labels = cut_labels.fit_predict([frames[a:b] for a, b in pairwise(cuts)])
        start = time.perf_counter()
        segmenter = seeded(make(method), seed)
        model = CyclicSegmenter(n_actions, estimator=segmenter, random_state=seed)
        model.fit(frames)
        seconds = time.perf_counter() - start
    gaps = np.abs(cuts[:, None] - model.cuts_).min(axis=1) / np.diff(cuts).mean()
    return {
        "true": len(cuts) - 1,
        "found": model.n_cycles_,
        "near": (gaps <= 0.05).mean(),
        "cut": mof_score(labels, np.concatenate(cut_labels)),
        "whole": mof_score(labels, model.labels_),
        "seconds": seconds,
    }


HEADER = ["recordings", "true", "found", "near", "cut", "whole", "seconds", "counts"]


def row_of(name, rows):
    """Row of means, and how far counts are off."""
    means = {key: np.mean([row[key] for row in rows]) for key in rows[0]}
    shares = [abs(row["found"] / row["true"] - 1) for row in rows]
    off = (
        f"{np.mean(shares):.1%} off, {np.mean(np.array(shares) <= 0.1):.2f} within 10 %"
    )
    return [name, *(f"{value:.3g}" for value in means.values()), off]


def run(method, folder, n_seeds):
    """Print all rows of a method."""
    seeds = range(n_seeds)
    rows = [HEADER]
    measured = [measure(method, *make_work(seed), seed) for seed in seeds]
    rows.append(row_of("generated", measured))
    for name, prefixes in RECORDED.items() if folder else ():
        measured = [
            measure(method, *put_together(folder, name, prefix, seed), seed)
            for prefix in prefixes
            for seed in seeds
        ]
        rows.append(row_of(name, measured))
    print(f"\n{method}\n\n{markdown(rows)}", flush=True)


def main():
    parser = Parser(__file__, __doc__)
    add_data(parser, required=False)
    parser.add_argument("--methods", nargs="+", default=["hmm"])
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    for method in arguments.methods:
        run(method, arguments.data, arguments.seeds)


if __name__ == "__main__":
    main()
