"""Verdicts of `skl_tot.look` on recorded sets, and on generated families.

    python benchmarks/look.py --data FOLDER --csv docs/measured/look.csv

Families are drawn anew for each of 20 seeds.
"""

import argparse
import sys
import time
from itertools import chain, product
from pathlib import Path

import numpy as np
from _sets import add_data, evenly_spread, facts_of, names_of_sets
from _study import markdown, number, write_csv

import skl_tot
from skl_tot.datasets import make_activities

# Options of `make_activities` by family. "cyclic": each recording joins 7 to 13 of its
# recordings, from a random phase of the first.
FAMILIES = {
    "strict": {"unevenness": 0.3},
    "uneven": {"unevenness": 0.8},
    "missing": {"unevenness": 0.3, "missing": 1 / 3},
    "pairs": {"unevenness": 0.3, "alike": True},
    "free": {"unevenness": 0.3, "order": "free"},
    "cyclic": {"unevenness": 0.3},
}
WITHOUT_COURSE = ("free", "cyclic")
RATES = {"features": None, "raw, 20 Hz": 20, "raw, 50 Hz": 50}
YES_NO = {True: "yes", False: "no"}
HEADER = ["set", "recordings", "K", "course, %", "returns", "window"]
HEADER += ["raw", "order", "expected order", "right"]


def draw(family, seed, fps=None):
    """Recordings of a family as features, or as raw signals, and number of actions."""
    random = np.random.RandomState(seed)
    n_actions, n_features = random.randint(4, 8), random.randint(3, 13)
    frames = random.uniform(10, 40) if fps is None else fps * random.uniform(1.5, 6)
    cycles = np.ones(random.randint(20, 31), int)
    if family == "cyclic":
        cycles = random.randint(7, 14, len(cycles))
    videos, labels = make_activities(
        cycles.sum(),
        n_actions,
        n_features=n_features,
        mean_length=frames * n_actions,
        noise=random.uniform(1, 2),
        random_state=seed,
        **FAMILIES[family],
    )
    cuts = np.cumsum(cycles)
    starts = [0] * len(cuts)
    if family == "cyclic":
        starts = [random.randint(len(labels[end - 1])) for end in cuts]
    joined = []
    for end, n_cycles, start in zip(cuts, cycles, starts):
        cycle = slice(end - n_cycles, end)
        actions = np.concatenate(labels[cycle])[start:]
        joined.append((np.concatenate(videos[cycle])[start:], actions))
    if fps is None:
        return [video for video, _ in joined], n_actions
    appearances = np.arange(n_actions)
    if family == "pairs":
        appearances = np.minimum(appearances, appearances[::-1])
    make = signal_maker(random, n_actions, min(n_features, 6), fps)
    return [make(appearances[actions]) for _, actions in joined], n_actions


def signal_maker(random, n_appearances, n_features, fps):
    """Make a function from appearances of frames to raw signals, which oscillate.

    Appearances differ by frequency, 0.8 to 3.3 Hz, by amplitude and by offset. Three in
    ten are still. The pace of a recording varies by 5 %.
    """
    periods = random.uniform(0.3, 1.2, n_appearances)
    is_still = random.uniform(size=(n_appearances, 1)) < 0.3
    shape = n_appearances, n_features
    sizes = np.where(is_still, 0.05, 1) * np.exp(random.normal(0, 0.5, shape))
    offsets, phases = random.normal(0, 0.4, shape), random.uniform(0, 2 * np.pi, shape)

    def signal(appearances):
        pace = np.exp(random.normal(0, 0.05)) / fps
        turns = random.uniform() + np.cumsum(pace / periods[appearances])
        angles = 2 * np.pi * turns[:, None] + phases[appearances]
        waves = np.sin(angles) + 0.4 * np.sin(2 * angles)
        frames = offsets[appearances] + sizes[appearances] * waves
        frames += random.normal(0, 0.15, frames.shape)
        return frames.astype(np.float32)

    return signal


def row_of(name, looks, n_actions, expected):
    """Row of a set, or of looks at draws of a family: then medians and counts."""
    orders = [look.order for look in looks]
    is_raw = [look.is_raw for look in looks]
    windows = [look.window for look in looks if look.is_raw]
    n_right = sum(order == expected for order in orders)

    row = [
        name,
        f"{np.median([look.n_recordings for look in looks]):.0f}",
        f"{np.median(n_actions):.0f}",
        number(100 * np.median([look.course for look in looks])),
        number(np.median([look.returns for look in looks])),
        f"{np.median(windows):.0f}" if windows else "–",
    ]
    if len(looks) == 1:
        is_right = YES_NO[orders[0] == expected]
        return [*row, YES_NO[is_raw[0]], orders[0], expected, is_right]
    n = len(looks)
    return [*row, f"{sum(is_raw)} of {n}", "–", expected, f"{n_right} of {n}"]


def look_at_sets(paths):
    """Yield a row for each folder of a set."""
    for path in paths:
        videos, _, n_actions = evenly_spread(path)
        expected = "free" if facts_of(path.name).order == "free" else "mostly"
        look = skl_tot.look(videos, n_actions)
        yield row_of(path.name, [look], [n_actions], expected)


def look_at_families(n_seeds):
    """Yield a row for each family, as features and as raw signals."""
    for (form, fps), family in product(RATES.items(), FAMILIES):
        looks, numbers = [], []
        for seed in range(n_seeds):
            videos, n_actions = draw(family, seed, fps)
            looks.append(skl_tot.look(videos, n_actions))
            numbers.append(n_actions)
        expected = "free" if family in WITHOUT_COURSE else "mostly"
        yield row_of(f"{family}, {form}", looks, numbers, expected)


def seconds_of_look(n_frames=100_000, n_features=30):
    """Processor time of a look at 50 recordings."""
    videos, _ = make_activities(
        50, 8, n_features=n_features, mean_length=n_frames // 50, random_state=0
    )
    start = time.process_time()
    skl_tot.look(videos, 8)
    return time.process_time() - start


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_data(parser)
    parser.add_argument("--sets", nargs="+", metavar="NAME")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--csv", type=Path, metavar="FILE")
    arguments = parser.parse_args(argv)
    names = arguments.sets or names_of_sets(arguments.data)
    rows = [HEADER]
    sets = look_at_sets([arguments.data / name for name in names])
    for row in chain(sets, look_at_families(arguments.seeds)):
        print(*row, sep=", ", file=sys.stderr, flush=True)
        rows.append(row)
    print(markdown(rows))
    print(f"\n100,000 frames of 30 features: {seconds_of_look():.2f} s")
    if arguments.csv:
        write_csv(arguments.csv, rows)


if __name__ == "__main__":
    main()
