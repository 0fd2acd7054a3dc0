"""Hold a change that should alter no result against what was there before it.

Fits estimators of every kind on generated videos, and on real ones where there are
some, and stores all that users can read of them::

    python benchmarks/guard.py store before.npz      # on the old code
    python benchmarks/guard.py compare before.npz    # on the new code

The comparison lists the arrays that differ, and by how much; 1e-12 is no difference.
"""

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from skl_tot import CTESegmenter, TemporalOTSegmenter
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.segmenters.temporal_ot import PAPER

DATA = Path(
    os.environ.get("SKL_TOT_DATA", Path(__file__).parents[2] / "shared" / "data")
)
TOLERANCE = 1e-12

# Changes of the method as published, beside n_actions, max_iter and random_state.
TOT_CASES = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "beta": 1.0},
    "OT+TCL": {"prior": None, "alpha": 1.0},
    "TOT, as published": {},
    "TOT+CTE": {"beta": 1.0},
    "TOT+TCL": {"alpha": 1.0},
    "path": {"prior": "path", "path_iter": 40},
    "path, at once": {"prior": "path", "path_iter": 0, "freeze_iter": 0},
    "parts": {"n_parts": 2},
    "parts, path": {"n_parts": 3, "prior": "path", "path_iter": 40},
    "parts, no prior": {"n_parts": 2, "prior": None},
    "restarts": {"n_init": 4},
    "restarts, parts": {"n_init": 3, "n_parts": 2, "n_iter_no_change": 10},
    "skip": {"decoding": "skip", "switch_cost": 0.3},
    "free": {"decoding": "free", "switch_cost": 0.5},
    "per video": {"standardize": "video", "decoding": "free"},
    "as it is": {"standardize": None, "sigma": 2.0, "rho": 0.2},
    "background": {"background_percentile": 20},
    "background, parts": {
        "background_percentile": 10,
        "n_parts": 2,
        "decoding": "free",
    },
    "tolerance": {"tol": 1e-2, "n_iter_no_change": 10},
    "shapes": {
        "embedding_dim": 7,
        "hidden_dim": 9,
        "frames_per_video": 32,
        "batch_size": 3,
    },
    "no labels": {"compute_labels": False, "n_parts": 2},
    "ensemble, no prior": {"n_init": 3, "n_parts": 2, "prior": None, "beta": 0.5},
}
CTE_CASES = {
    "CTE": {},
    "CTE, free": {"decoding": "free", "switch_cost": 0.5, "n_init": 2},
    "CTE, background": {"background_percentile": 20, "standardize": "video"},
}
METHODS = (
    "predict",
    "predict_proba",
    "predict_posterior",
    "transform",
    "pseudo_labels",
    "similarities",
    "log_likelihood",
)


def make_sets():
    """Generated videos, and some of each of two real sets where they are."""
    generated, _ = make_activities(
        n_videos=7, n_actions=4, n_features=6, mean_length=90, random_state=0
    )
    sets = {"generated": (generated, 4)}
    for name, n_actions in (("hapt", 12), ("utkinect", 10)):
        if (DATA / name).is_dir():
            videos = load_action_dataset(DATA / name).videos[:5]
            sets[name] = videos, n_actions
    return sets


def make_fits(videos, n_actions):
    """Yield the name and the fitted estimator of each case."""
    common = {"n_actions": n_actions, "max_iter": 90, "random_state": 0}
    yield "TOT", TemporalOTSegmenter(**common).fit(videos)
    published = PAPER | common
    for name, parameters in TOT_CASES.items():
        parameters = published | {"freeze_iter": 20} | parameters
        yield name, TemporalOTSegmenter(**parameters).fit(videos)
    for name, parameters in CTE_CASES.items():
        yield name, CTESegmenter(**(common | parameters)).fit(videos)
    warm = TemporalOTSegmenter(**published, warm_start=True, beta=0.5).fit(videos)
    yield "warm start", warm.set_params(n_parts=1, alpha=0.5).fit(videos[1:])
    for name, parameters in {
        "stream": {"freeze_iter": 2},
        "stream, parts": {"n_parts": 2, "background_percentile": 30, "freeze_iter": 0},
        "stream, ensemble": {"n_init": 3, "n_parts": 2, "freeze_iter": 2},
        "stream, no prior": {"prior": None, "beta": 1.0, "batch_size": 1},
    }.items():
        stream = TemporalOTSegmenter(**(published | parameters))
        for call in range(3):
            stream.partial_fit(videos[call:])
        yield name, stream


def read(model, videos):
    """Everything of a fitted estimator that is an array, or several, by its name."""
    found = {"score": model.score(videos)}
    for name in dir(model):
        if name.endswith("_") and not name.startswith("_"):
            found[name] = getattr(model, name)
    for name in METHODS:
        if hasattr(model, name):
            found[name] = getattr(model, name)(videos)
    transcripts = [[1, 0, 1]] * len(videos)
    found["by transcript"] = model.predict(videos, transcripts=transcripts)
    return found


def flatten(value, name):
    """Yield names and arrays of nested values; objects give their attributes."""
    if isinstance(value, dict):
        for key in value:
            yield from flatten(value[key], f"{name}/{key}")
    elif isinstance(value, (list, tuple)) and not np.isscalar(value[0]):
        for i, part in enumerate(value):
            yield from flatten(part, f"{name}/{i}")
    elif hasattr(value, "get_params"):
        fitted = {k: v for k, v in vars(value).items() if k.endswith("_")}
        yield from flatten(fitted, name)
    elif value is not None:
        yield name, np.asarray(value)


def run():
    """All arrays of all cases by name."""
    arrays = {}
    for set_name, (videos, n_actions) in make_sets().items():
        for case, model in make_fits(videos, n_actions):
            arrays |= flatten(read(model, videos), f"{set_name}/{case}")
    return arrays


def compare(before, after):
    """Print what differs and return how many arrays do."""
    lost = sorted(set(before) - set(after))
    print(f"{len(before)} arrays before, {len(after)} after; missing: {lost}")
    print(f"new: {sorted({name.split('/')[2] for name in set(after) - set(before)})}")
    n_different, n_close = len(lost), 0
    for name in sorted(set(before) & set(after)):
        old, new = before[name], after[name]
        if old.dtype.kind != new.dtype.kind or old.dtype.itemsize != new.dtype.itemsize:
            difference = np.inf
        elif old.shape == new.shape and old.dtype.kind in "US":
            difference = float((old != new).any())
        elif old.shape == new.shape:
            same = (old == new) | (np.isnan(old) & np.isnan(new))
            old, new = np.where(same, 0, old), np.where(same, 0, new)
            difference = np.abs(new - old.astype(float)).max()
        else:
            difference = np.inf
        n_close += 0 < difference <= TOLERANCE
        if not difference <= TOLERANCE:
            n_different += 1
            print(f"{name}: {difference:.3g}")
    print(f"{n_different} differ, {n_close} are within {TOLERANCE}, all others equal.")
    return n_different


def main():
    """Store or compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("action", choices=["store", "compare"])
    parser.add_argument("file", help="arrays (.npz)")
    arguments = parser.parse_args()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arrays = run()
    print(f"{len(arrays)} arrays in {time.perf_counter() - start:.0f} s")
    if arguments.action == "store":
        np.savez(arguments.file, **{name: arrays[name] for name in arrays})
        return 0
    with np.load(arguments.file) as before:
        return int(compare(dict(before), arrays) > 0)


if __name__ == "__main__":
    sys.exit(main())
