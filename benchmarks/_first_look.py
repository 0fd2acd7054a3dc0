"""Verdicts of `skl_tot.look` on recorded sets, and on generated families."""

import time
from itertools import product

import numpy as np
from _sets import evenly_spread, facts_of
from _study import number

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
HEADER = ["set", "recordings", "K", "course, %", "by chance, %", "returns", "window"]
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
        own = slice(end - n_cycles, end)
        actions = np.concatenate(labels[own])[start:]
        joined.append((np.concatenate(videos[own])[start:], actions))
    if fps is None:
        return [video for video, _ in joined], n_actions
    looks = np.arange(n_actions)
    if family == "pairs":
        looks = np.minimum(looks, looks[::-1])
    make = signal_maker(random, n_actions, min(n_features, 6), fps)
    return [make(looks[actions]) for _, actions in joined], n_actions


def signal_maker(random, n_looks, n_features, fps):
    """Make a function from looks of frames to raw signals, which oscillate.

    Looks differ by frequency, 0.8 to 3.3 Hz, by amplitude and by offset. Three in ten
    are still. The pace of a recording varies by 5 %.
    """
    periods = random.uniform(0.3, 1.2, n_looks)
    is_still = random.uniform(size=(n_looks, 1)) < 0.3
    shape = n_looks, n_features
    sizes = np.where(is_still, 0.05, 1) * np.exp(random.normal(0, 0.5, shape))
    offsets, phases = random.normal(0, 0.4, shape), random.uniform(0, 2 * np.pi, shape)

    def signal(looks):
        pace = np.exp(random.normal(0, 0.05)) / fps
        turns = random.uniform() + np.cumsum(pace / periods[looks])
        angles = 2 * np.pi * turns[:, None] + phases[looks]
        waves = np.sin(angles) + 0.4 * np.sin(2 * angles)
        frames = offsets[looks] + sizes[looks] * waves
        frames += random.normal(0, 0.15, frames.shape)
        return frames.astype(np.float32)

    return signal


def row_of(name, found, n_actions, expected):
    """Row of a set, or of looks at draws of a family: then medians and counts."""
    orders = [own.order for own in found]
    is_raw = [own.is_raw for own in found]
    windows = [own.window for own in found if own.is_raw]
    n_right = sum(order == expected for order in orders)

    def median(values, scale=1, digits=1):
        return (
            "–" if np.isnan(values).all() else f"{scale * np.median(values):.{digits}f}"
        )

    row = [
        name,
        f"{np.median([own.n_recordings for own in found]):.0f}",
        f"{np.median(n_actions):.0f}",
        number(100 * np.median([own.course for own in found])),
        number(100 * np.median([own.by_chance for own in found])),
        number(np.median([own.returns for own in found])),
        f"{np.median(windows):.0f}" if windows else "–",
    ]
    if len(found) == 1:
        is_right = YES_NO[orders[0] == expected]
        return [*row, YES_NO[is_raw[0]], orders[0], expected, is_right]
    n = len(found)
    return [*row, f"{sum(is_raw)} of {n}", "–", expected, f"{n_right} of {n}"]


def look_at_sets(paths):
    """Yield a row for each folder of a set."""
    for path in paths:
        videos, _, n_actions = evenly_spread(path)
        expected = "free" if facts_of(path.name).order == "free" else "mostly"
        found = skl_tot.look(videos, n_actions)
        yield row_of(path.name, [found], [n_actions], expected)


def look_at_families(n_seeds):
    """Yield a row for each family, as features and as raw signals."""
    for (form, fps), family in product(RATES.items(), FAMILIES):
        found, numbers = [], []
        for seed in range(n_seeds):
            videos, n_actions = draw(family, seed, fps)
            found.append(skl_tot.look(videos, n_actions))
            numbers.append(n_actions)
        expected = "free" if family in WITHOUT_COURSE else "mostly"
        yield row_of(f"{family}, {form}", found, numbers, expected)


def seconds_of_look(n_frames=100_000, n_features=30):
    """Processor time of a look at 50 recordings."""
    videos, _ = make_activities(
        50, 8, n_features=n_features, mean_length=n_frames // 50, random_state=0
    )
    start = time.process_time()
    skl_tot.look(videos, 8)
    return time.process_time() - start
