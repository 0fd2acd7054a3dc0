"""Long recordings of many uncut cycles: generated and recorded ones.

::

    python benchmarks/cycles.py [--data FOLDER] [--methods hmm tot] [--seeds 3]
    python benchmarks/cycles.py --long

Recorded ones concatenate the recordings of a set in random order, or those of one
person in jigsaws_throws. They are compared with labels of the same method fitted to the
true cycles. ``--long`` measures a million frames.
"""

import argparse
import resource
import time
import warnings
from itertools import pairwise

import numpy as np
from _methods import make, seeded
from _sets import add_data

from skl_tot import CyclicSegmenter
from skl_tot.datasets import load_action_dataset
from skl_tot.metrics import mof_score

SURGEONS = "BCDEFGHI"


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
    kept = [i for i, own in enumerate(data.video_names) if own.startswith(prefix)]
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
        known = seeded(make(method, n_actions=n_actions), seed)
        known = known.fit_predict([frames[a:b] for a, b in pairwise(cuts)])
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
        "cut": mof_score(labels, np.concatenate(known)),
        "whole": mof_score(labels, model.labels_),
        "seconds": seconds,
    }


def mean_of(rows):
    """Mean of each column."""
    return {key: np.mean([row[key] for row in rows]) for key in rows[0]}


def print_row(name, row):
    print(
        f"{name:24}{row['true']:6.1f}{row['found']:7.1f}{row['near']:8.2f}"
        f"{row['cut']:8.3f}{row['whole']:8.3f}{row['seconds']:9.1f}",
        flush=True,
    )


def print_group(name, rows):
    """Print the mean of the rows, and how far counts are off."""
    print_row(name, mean_of(rows))
    off = [abs(row["found"] - row["true"]) for row in rows]
    shares = [gap / row["true"] for gap, row in zip(off, rows)]
    print(
        f"    counts are off by {np.mean(off):.2f} (at most {max(off)}), "
        f"{np.mean(shares):.1%}; within 10 % in {np.mean(np.array(shares) <= 0.1):.2f}"
    )


def run(method, folder, n_seeds):
    """Print all rows of a method."""
    print(f"\n{method:24}  true  found    near     cut   whole  seconds")
    rows = [measure(method, *make_work(seed), seed) for seed in range(n_seeds)]
    print_group("generated", rows)
    if folder is None:
        return
    throws = []
    for surgeon in SURGEONS:
        rows = measure_recorded(method, folder, "jigsaws_throws", surgeon, n_seeds)
        print_row(f"jigsaws_throws {surgeon}", mean_of(rows))
        throws.extend(rows)
    print_group("jigsaws_throws", throws)
    print_group("hiro_snap", measure_recorded(method, folder, "hiro_snap", "", n_seeds))


def measure_recorded(method, folder, name, surgeon, n_seeds):
    """Rows of the recordings of a set, or of one surgeon, in several orders."""
    prefix, rows = f"Suturing_{surgeon}" if surgeon else "", []
    for seed in range(n_seeds):
        work = put_together(folder, name, prefix, seed)
        rows.append(measure(method, *work, seed))
    return rows


def run_long(n_frames=10**6):
    """Cut and label a million frames of 5,000 cycles."""
    frames, labels, cuts = make_work(0, n_cycles=n_frames // 200)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    model = CyclicSegmenter(5, estimator=make("hmm"), random_state=0).fit(frames)
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{len(frames)} frames of {frames.shape[1]} features, "
        f"{frames.nbytes / 2**20:.0f} MB: {seconds:.0f} s of one core, "
        f"{(after - before) / 2**10:.0f} MB more; {model.n_cycles_} cycles of "
        f"{len(cuts) - 1}, MoF {mof_score(labels, model.labels_):.3f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_data(parser, required=False)
    parser.add_argument("--methods", nargs="+", default=["hmm"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--long", action="store_true")
    arguments = parser.parse_args()
    if arguments.long:
        run_long()
        return
    for method in arguments.methods:
        run(method, arguments.data, arguments.seeds)


if __name__ == "__main__":
    main()
