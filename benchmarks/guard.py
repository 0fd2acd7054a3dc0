"""Compare all results before and after a change that should alter none.

Fits estimators of every kind on generated recordings, and on real ones if available;
edits, teaches and decodes them; writes and reads files; and stores all public results::

    python benchmarks/guard.py store before.npz      # on the old code
    python benchmarks/guard.py compare before.npz    # on the new code

The comparison lists the arrays that differ, and by how much; 1e-12 is no difference.
Run both with one thread (OMP_NUM_THREADS=1).
"""

import argparse
import copy
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _sets import add_data
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

import skl_tot
from skl_tot import baselines, io, metrics, preprocessing, statistics
from skl_tot.corrections import (
    merge,
    recordings_to_label,
    rename,
    split,
)
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.decoding import decode, path_posterior
from skl_tot.extend import (
    MLP,
    Adam,
    PathPrior,
    Sinkhorn,
    TemporalCoherence,
    TemporalPrior,
    TimeStamp,
)
from skl_tot.recordings import read_recordings

TOLERANCE = 1e-12
COMMON = {"max_iter": 60, "random_state": 0}
# Public methods, if an estimator has them; fitted attributes are found by their names.
METHODS = """
predict_proba predict_posterior transform pseudo_labels similarities log_likelihood
find_cuts
"""
FITTED = """
labels_ n_iter_ loss_curve_ log_likelihood_curve_ objective_curve_ coefs_ intercepts_
prototypes_ prototype_actions_ means_ covars_ transitions_ mean_durations_ background_
mean_frames_ cuts_ events_
"""


def early(n_diagonal):
    return PathPrior(n_diagonal=n_diagonal)


def adam(freeze_iter=20, **options):
    fixed = {"frames_per_video": 256}
    return Adam(**(fixed | {"freeze_iter": freeze_iter} | options))


# Changes of `make_paper`, beside n_actions, max_iter and random_state.
CTE, TWO = {"terms": [TimeStamp(1.0)]}, {"n_prototypes": 2}
VARIANTS = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, **CTE},
    "OT+TCL": {"prior": None, "alpha": 1.0},
    "TOT, as published": {},
    "TOT+CTE": CTE,
    "TOT+TCL": {"alpha": 1.0},
    "structured": {"transport": "structured"},
    "path": {"prior": early(30)},
    "path, at once": {"prior": early(0), "optimizer": adam(0)},
    "parts, path": {"n_prototypes": 3, "prior": early(30)},
    "parts, no prior": {"n_prototypes": 2, "prior": None},
    "restarts": {"n_networks": 3},
    "restarts, parts": TWO | {"n_networks": 2, "optimizer": adam()},
    "skip": {"decoding": "skip", "switch_cost": 0.3},
    "free, estimate": {"decoding": "free", "switch_cost": "estimate"},
    "per video": {"standardize": "video", "decoding": "free"},
    "as it is": {"standardize": None, "prior": TemporalPrior(sigma=2.0), "rho": 0.2},
    "background": {"background_percentile": 20},
    "background, parts": TWO | {"background_percentile": 10, "decoding": "free"},
    "optimizer": {
        "optimizer": adam(learning_rate=3e-3, weight_decay=1e-3, decay=0.5),
        "terms": [TemporalCoherence(0.5, window=10)],
        "alpha": 0.0,
        "transport": Sinkhorn(n_iter=5),
    },
    "shapes": {
        "network": MLP(9, 7, 0.1),
        "optimizer": adam(frames_per_video=32, batch_size=3),
    },
    "ensemble, no prior": TWO
    | {"n_networks": 2, "prior": None, "terms": [TimeStamp(0.5)]},
}
STREAMS = {
    "stream": {"optimizer": adam(2)},
    "stream, parts": TWO | {"optimizer": adam(0)},
    "stream, ensemble": {"n_networks": 2, "n_prototypes": 2, "optimizer": adam(2)},
    "stream, no prior": CTE | {"prior": None, "optimizer": adam(0.1, batch_size=1)},
}
# Class and parameters of the other methods.
FREE = {"decoding": "free", "switch_cost": 0.5}
OTHERS = {
    "CTE": ("CTE", {"n_init": 3}),
    "CTE, free": ("CTE", FREE),
    "CTE, background": (
        "CTE",
        {"background_percentile": 20, "standardize": "video", "n_init": 2},
    ),
    "VTE": ("VTE", {"n_init": 2}),
    "UDE": ("UDE", {}),
    "UDE, hidden": ("UDE", {"network": MLP(12, 40, 0.1)}),
    "ASOT": ("ASOT", {}),
    "ASOT, free": ("ASOT", {"decoding": "free"}),
    "ASAL": ("ASAL", {"max_iter": 2, "n_steps": 15}),
    "ASAL, free": ("ASAL", FREE | {"max_iter": 1, "n_steps": 10, "switch_cost": 0.3}),
    "Mallow": ("Mallow", {"max_iter": 4}),
    "Frank-Wolfe": ("FrankWolfe", {}),
    "HMM": ("HMM", {"max_iter": 15}),
    "HMM, free": ("HMM", {"max_iter": 10, **FREE}),
    "HMM, background": (
        "HMM",
        {"max_iter": 10, "background_percentile": 15, "n_components": 3},
    ),
}
DECODINGS = {"fixed": 0.0, "skip": 0.2, "free": 0.5, "free, estimate": "estimate"}
DECODINGS |= {"cyclic": 0.3, "cyclic_skip": 0.3}
DECODINGS |= {"framewise": 0.0}


def make(kind, **parameters):
    """An estimator; TOT with parameters that did not change with the defaults."""
    name = f"{kind}Segmenter"
    if kind == "TemporalOT":
        fixed = {"network": MLP(80, 40, 0.2), "prior": TemporalPrior(sigma=1.2)}
        parameters = fixed | parameters
    kind = getattr(skl_tot if name in skl_tot.__all__ else baselines, name)
    return kind(**parameters)


def make_paper(**parameters):
    """The paper's method with a narrow prior, with changes."""
    fixed = {"network": MLP(80, 40, 0.1), "prior": TemporalPrior(sigma=0.75)}
    fixed |= {"standardize": "dataset", "optimizer": adam(0.1)}
    return skl_tot.TemporalOTSegmenter.paper(**(fixed | parameters))


def quick(kind, n_actions=4, **parameters):
    """An estimator that is fitted in no time."""
    fixed = {"max_iter": 10} if kind == "HMM" else {"max_iter": 30, "random_state": 0}
    fixed |= {"max_iter": 3} if kind == "Mallow" else {}
    return make(kind, n_actions=n_actions, **(fixed | parameters))


def lookup(model, name):
    """Attribute of a model, or of its inner model; None without it."""
    if isinstance(model, skl_tot.SemiSupervisedSegmenter) and not hasattr(model, name):
        model = model.estimators_[0]
    return getattr(model, name, None)


def read(model, videos):
    """Public results of a fitted estimator, by name."""
    results = {"score": model.score(videos), "predict": model.predict(videos)}
    results |= {name: lookup(model, name) for name in FITTED.split()}
    for name in METHODS.split():
        if (method := lookup(model, name)) is not None:
            results[name] = method(videos)
    return results


def run_methods(videos, n_actions):
    common = {"n_actions": n_actions} | COMMON
    models = {"TOT": make("TemporalOT", **common)}
    for name, changes in VARIANTS.items():
        models[name] = make_paper(**(common | {"optimizer": adam()} | changes))
    for name, (kind, changes) in OTHERS.items():
        seed = {} if kind == "HMM" else {"random_state": 0}
        changes = {"n_actions": n_actions, "max_iter": 60} | changes
        models[name] = make(kind, **changes, **seed)
    for model in models.values():
        model.fit(videos)
    for name, changes in STREAMS.items():
        models[name] = make_paper(**(common | changes))
        for call in range(3):
            models[name].partial_fit(videos[call:])
    for name, model in models.items():
        results = read(model, videos)
        yield name, results


def run_auto(videos, n_actions):
    """AutoSegmenter of one number of actions, and of one that it finds."""
    for name, number in {"Auto": n_actions, "Auto, number": "auto"}.items():
        model = make("Auto", n_actions=number, random_state=0).fit(videos)
        yield name, read(model, videos) | {"n_actions": model.n_actions_}


def run_cyclic():
    cycles, _ = make_activities(
        n_videos=16, n_actions=4, n_features=6, mean_length=50, random_state=1
    )
    recordings = [np.concatenate(cycles[:9]), np.concatenate(cycles[9:])]

    def make_cyclic(inner, **options):
        return make("Cyclic", estimator=inner, n_actions=4, random_state=0, **options)

    inners = {
        "HMM": quick("HMM"),
        "TOT": quick("TemporalOT", n_networks=1, max_iter=60),
    }
    for name, inner in inners.items():
        for decoding in ("cyclic", "cyclic_skip"):
            model = make_cyclic(inner, decoding=decoding).fit(recordings)
            case = f"Cyclic, {name}, {decoding}"
            yield case, read(model, recordings)
    yield case, {"merge 1 2": merge(model, [1, 2]).predict(recordings)}


def some_labels(labels, names=None):
    """Labels of two recordings, of single frames of one, and of no other."""
    labels = [np.asarray(path) if names is None else names[path] for path in labels]
    stamps = np.full_like(labels[2], -1 if names is None else "")
    stamps[::15] = labels[2][::15]
    return [labels[0], labels[1], stamps] + [None] * (len(labels) - 3)


def run_taught():
    """Learning from labels, beside fits and with fitted models."""
    videos, labels = make_activities(
        n_videos=7, n_actions=4, n_features=6, mean_length=60, random_state=3
    )
    names = np.array(["take", "pour", "stir", "drink"])
    told = {"labels": some_labels(labels), "words": some_labels(labels, names)}
    kinds = {
        "TOT": quick("TemporalOT", n_prototypes=2, n_networks=1, max_iter=60),
        "HMM": quick("HMM"),
    }
    for name, model in kinds.items():
        fitted = FrozenEstimator(clone(model).fit(videos))
        for kind, y in told.items():
            taught = make("SemiSupervised", estimator=model, random_state=0)
            case = f"Taught, {name}, {kind}"
            yield case, read(taught.fit(videos, y), videos)
            if kind == "labels":
                frozen = make("SemiSupervised", estimator=fitted).fit(videos, y)
                yield f"{case}, fitted before", read(frozen, videos)
                yield case, {"merge 0 2": merge(taught, [0, 2]).predict(videos)}
                next_ones = recordings_to_label(videos, y, n=3, estimator=fitted)
                yield case, {"to label": [row["recording"] for row in next_ones]}
    taught = make("SemiSupervised", random_state=0).fit(videos, told["words"])
    yield "Taught, words", read(taught, videos)


def run_corrections(name, model, videos):
    """Merges, splits, names, and chains of them, of the most frequent actions first."""
    shown = np.concatenate(model.predict(videos))
    counts = np.bincount(shown[shown >= 0], minlength=4)
    first, second, third = np.argsort(-counts, kind="stable")[:3].tolist()
    words = ["take", "pour", "stir", "drink"]
    merged = merge(rename(model, words), [words[third], words[second]])
    for case, edited in {
        "merge 1 2": merge(model, [1, 2]),
        "merge 3 0": merge(model, [3, 0]),
        "split, first": split(model, first, videos),
        "rename, merge, split": split(merged, words[first], videos),
        "split, merge": merge(split(model, second, videos), [0, 3]),
        "rename 2": rename(model, {2: "stir"}),
    }.items():
        for short in ("predict", "predict_proba", "predict_posterior", "score"):
            what = short.removeprefix("predict_")
            yield name, {f"{case}/{what}": getattr(edited, short)(videos)}


def run_outputs(videos, n_actions):
    """Corrections and decodings of models fitted once."""
    common = {"n_actions": n_actions, "random_state": 0, "max_iter": 300}
    for name, model in {
        "TOT": make("TemporalOT", **common, decoding="fixed"),
        "HMM": quick("HMM"),
        "HMM, background": quick("HMM", background_percentile=15),
        "Mallow": quick("Mallow"),
        "OT, no prior": make_paper(**common, prior=None, n_networks=2),
    }.items():
        model.fit(videos)
        name = f"Outputs, {name}"
        yield from run_corrections(name, model, videos)
        for decoding, cost in DECODINGS.items():
            other = copy.deepcopy(model)
            decoder = decoding.partition(",")[0]
            other.set_params(decoding=decoder, switch_cost=cost)
            yield name, {f"{decoding}/predict": other.predict(videos)}
            yield name, {f"{decoding}/posterior": other.predict_posterior(videos)}


def run_arrays():
    """Decoders of arrays, scores and statistics of labels."""
    rng = np.random.RandomState(0)
    for n_frames in (1, 3, 40):
        given = rng.normal(size=(n_frames, 4)) * 2
        for decoding, cost in DECODINGS.items():
            way = decoding.partition(",")[0]
            if n_frames >= 4 or cost != "estimate":
                case = f"{n_frames} {way} {cost}"
                yield "Decode", {f"{case}/path": decode(given, way, cost)}
                yield "Decode", {f"{case}/posterior": path_posterior(given, way, cost)}
    paths = {}
    for i in range(6):
        order = rng.permutation(4)[: rng.randint(2, 5)] if i % 2 else np.arange(4)
        path = np.repeat(np.tile(order, 2), rng.randint(1, 12, size=2 * len(order)))
        paths[f"r{i}"] = np.where(rng.random_sample(len(path)) < 0.05, -1, path)
    truth, predicted = list(paths.values()), []
    for path in truth:
        is_other = rng.random_sample(len(path)) < 0.3
        predicted.append(np.where(is_other, rng.randint(4, size=len(path)), path))
    for scope in ("all", "recording"):
        for name in ("mof", "edit", "miou", "segment_f1"):
            score = getattr(metrics, f"{name}_score")
            yield "Scores", {f"{scope}/{name}": score(truth, predicted, scope=scope)}
            value = score(truth, predicted, scope=scope, background=-1)
            yield "Scores", {f"{scope}/{name}, background": value}
        report = metrics.segmentation_report(truth, predicted, scope=scope)
        yield "Scores", {f"{scope}/report": report}
    words = {name: np.array(list("abcdx"))[path] for name, path in paths.items()}
    words = {name: np.where(w == "x", "background", w) for name, w in words.items()}
    for case, labels in (("numbers", paths), ("words", words), ("list", truth)):
        for name in ("durations", "transitions", "cycle_times", "deviations"):
            for fps in (None, 12.5):
                rate = {} if name == "transitions" else {"fps": fps}
                table = getattr(statistics, name)(labels, **rate)
                yield "Statistics", columns_of(table, f"{case}/{name}/{fps}")
        order = np.array(statistics.usual_order(labels))
        yield "Statistics", {f"{case}/usual order": order}
    groups = dict(zip(paths, ["a", "b", "a", "b", "b", "a"]))
    table = statistics.durations(paths, groups=groups)
    yield "Statistics", columns_of(table, "groups/durations")


def columns_of(table, name):
    """Columns of a data frame as arrays of numbers or text, by name."""
    columns = {}
    for column in table.columns:
        values = table[column]
        if values.dtype.kind not in "biuf":
            values = values.map(str).to_numpy(dtype=str)
        columns[f"{name}/{column}"] = np.asarray(values)
    return columns


def run_formats(labels):
    """Bytes of files of each format, and the segments read from them, by format."""
    for case, path in labels.items():
        with tempfile.TemporaryDirectory() as folder:
            for name, entry in io.FORMATS.items():
                if entry.write is None:
                    continue
                file = Path(folder, f"{name}{entry.suffix}")
                io.write_segments(io.segments(path, 12.5), file, format=name)
                if name not in ("nwb", "elan", "boris_events"):  # have dates
                    rows = np.frombuffer(file.read_bytes(), np.uint8)
                    yield "Formats", {f"{case}/{name}/bytes": rows}
                if entry.read is None:
                    continue
                back = io.read_segments(file, fps=12.5, format=name)
                yield "Formats", {f"{case}/{name}/labels": back}


def run_files():
    """Recordings from files, and segments to files and back."""
    videos, labels = make_activities(
        n_videos=3, n_actions=3, n_features=3, mean_length=30, random_state=0
    )
    names = np.array(["take it", "pour", "stir, slowly"])
    yield from run_formats({"numbers": labels[0], "words": names[labels[0]]})
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for kind in ("csv", "npy", "parquet"):
            (folder / kind).mkdir()
        for i, video in enumerate(videos):
            kind = np.float32 if i else np.float64
            np.save(folder / "npy" / f"r{i}.npy", video.astype(kind))
            frame = pd.DataFrame(video, columns=["x", "y", "z"])
            frame["time"] = np.arange(len(video)) / 20
            frame.to_csv(folder / "csv" / f"r{i}.csv", index=False)
            frame.to_parquet(folder / "parquet" / f"r{i}.parquet")
            frame["name"] = f"r{i}"
            long = {"mode": "a", "header": i == 0, "index": False}
            frame.to_csv(folder / "long.csv", **long)
        for case, path, options in (
            ("npy", "npy", {"fps": 5}),
            ("csv", "csv", {}),
            ("csv, columns", "csv", {"columns": ["z", "x"], "time": "time"}),
            ("parquet", "parquet", {}),
            ("resampled", "parquet", {"resample": 7}),
            ("long", "long.csv", {"recording_column": "name"}),
        ):
            recordings = read_recordings(folder / path, **options)
            arrays = [np.asarray(array) for array in recordings.arrays]
            values = {"arrays": arrays, "names": np.array(recordings.names)}
            values |= {"fps": recordings.fps, "times": recordings.times}
            if case in ("npy", "csv"):
                model = quick("HMM", 3).fit(recordings)
                values["fit"] = model.labels_
                table = folder / "table.csv"
                rows = io.segments(model.predict(recordings), recordings.fps)
                io.write_segments(rows, table)
                values["table"] = np.frombuffer(table.read_bytes(), np.uint8)
                values["table, read"] = io.read_segments(table, fps=recordings.fps)
                io.save_model(model, folder / "model.skops")
                loaded = io.load_model(folder / "model.skops")
                values["model"] = loaded.predict(recordings)
            yield "Files", {f"{case}/{name}": array for name, array in values.items()}


def run_preprocessing():
    """Transformers, and pipelines that end in a segmenter."""
    videos, labels = make_activities(
        n_videos=5, n_actions=3, n_features=6, mean_length=60, random_state=0
    )
    rng = np.random.RandomState(0)
    holes = [np.where(rng.random_sample(v.shape) < 0.1, np.nan, v) for v in videos]
    for limit in (5, 10):
        filled = preprocessing.GapFiller(limit).fit_transform(holes)
        yield "Preprocessing", {f"gaps {limit}": filled}
    poses = preprocessing.PoseFeatures(n_dims=2).fit_transform(videos)
    yield "Preprocessing", {"poses plain": poses}
    components = preprocessing.FramewiseTransformer(PCA(3, random_state=0))
    model = make_pipeline(components, quick("HMM", 3)).fit(videos)
    yield "Pipeline", {"predict": model.predict(videos), "score": model.score(videos)}
    yield "Pipeline", {"mof scorer": metrics.mof_scorer(model, videos, labels)}
    score = metrics.label_free_scorer(model, videos)
    yield "Pipeline", {"label-free scorer": score}
    grid = {"rho": [0.05, 0.1], "alpha": [0.0, 0.5]}
    search = GridSearchCV(quick("TemporalOT", 3, n_networks=1), grid, cv=KFold(2))
    search.fit(videos)
    yield "Search", {"scores": search.cv_results_["mean_test_score"]}


def run_real(videos, n_actions):
    """A few methods on recordings of people."""
    for name, model in (
        ("TOT", make("TemporalOT", n_actions=n_actions, **COMMON)),
        ("HMM", quick("HMM", n_actions)),
        ("TOT, as published", make_paper(n_actions=n_actions, **COMMON)),
        ("Mallow", quick("Mallow", n_actions)),
    ):
        yield name, read(model.fit(videos), videos)


def make_cases(folder):
    """Yield the set, and the function that yields cases and values, of each group."""
    videos, _ = make_activities(
        n_videos=7, n_actions=4, n_features=6, mean_length=90, random_state=0
    )
    for group in (run_methods, run_auto, run_outputs):
        yield "generated", group(videos, 4)
    for group in (run_cyclic, run_taught, run_arrays):
        yield "generated", group()
    for group in (run_files, run_preprocessing):
        yield "generated", group()
    for name, n_actions in (("hapt", 12), ("utkinect", 10)):
        if folder and (folder / name).is_dir():
            videos = load_action_dataset(folder / name).videos[:5]
            yield name, run_real([np.asarray(v)[:800] for v in videos], n_actions)


def flatten(value, name):
    """Yield names and arrays of nested values; objects give their attributes."""
    if hasattr(value, "arrays"):
        value = dict(zip(value.names, value.arrays))
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, dict):
        for key in value:
            yield from flatten(value[key], f"{name}/{key}")
    elif isinstance(value, (list, tuple)) and len(value) and not np.isscalar(value[0]):
        for i, part in enumerate(value):
            yield from flatten(part, f"{name}/{i}")
    elif hasattr(value, "get_params"):
        fitted = {k: v for k, v in vars(value).items() if k.endswith("_")}
        yield from flatten(fitted, name)
    elif value is not None:
        array = np.asarray(value)
        yield name, array.astype(str) if array.dtype.kind == "O" else array


def run(folder):
    """All arrays of all cases by name, and the cases that failed."""
    arrays, failed, case = {}, [], ""
    for set_name, group in make_cases(folder):
        try:
            for case, results in group:
                arrays |= flatten(results, f"{set_name}/{case}")
        except Exception:
            traceback.print_exc()
            failed.append(f"{set_name}, after {case}")
    return arrays, failed


def differ(old, new):
    """The largest difference of two arrays, of large values by their size."""
    kinds = old.dtype.kind, new.dtype.kind
    if old.shape != new.shape or kinds[0] != kinds[1]:
        return np.inf
    if kinds[0] in "US":
        return float((old != new).any())
    if old.dtype.itemsize != new.dtype.itemsize:
        return np.inf
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    old, new = np.where(same, 0, old).astype(float), np.where(same, 0, new)
    return (np.abs(new - old) / np.maximum(1, np.abs(old))).max(initial=0)


def compare(before, after):
    """Print the differences and return the number of different arrays."""
    lost, new = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    print(f"{len(before)} arrays before, {len(after)} after")
    for name in lost:
        print(f"{name}: missing")
    print(f"{len(new)} new: {new[:20]}")
    n_different, n_close = len(lost), 0
    for name in sorted(set(before) & set(after)):
        difference = differ(before[name], after[name])
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
    add_data(parser, required=False)
    arguments = parser.parse_args()
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        arrays, failed = run(arguments.data)
    print(f"{len(arrays)} arrays in {time.perf_counter() - start:.0f} s")
    print(f"failed: {failed}")
    if arguments.action == "store":
        np.savez(arguments.file, **arrays)
        return len(failed)
    with np.load(arguments.file) as before:
        return int(compare(dict(before), arrays) > 0 or bool(failed))


if __name__ == "__main__":
    sys.exit(main())
