"""Compare all results before and after a change that should alter none.

Fits estimators of every kind on generated recordings, and on real ones if available;
edits, guides and decodes them; writes and reads files; and stores all public results::

    python benchmarks/guard.py store before.npz      # on the old code
    python benchmarks/guard.py compare before.npz    # on the new code

The comparison lists the arrays that differ, and by how much; 1e-12 is no difference.
Run both with one thread (OMP_NUM_THREADS=1).
"""

import argparse
import os
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import _guard_api as api
import numpy as np
import pandas as pd
from _sets import add_data
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from skl_tot import io, metrics, preprocessing, statistics
from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.decoding import decode, path_posterior
from skl_tot.recordings import read_recordings

TOLERANCE = 1e-12
COMMON = {"max_iter": 60, "random_state": 0}

# Changes of the method as published, beside n_actions, max_iter and random_state.
TOT_CASES = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "beta": 1.0},
    "OT+TCL": {"prior": None, "alpha": 1.0},
    "TOT, as published": {},
    "TOT+CTE": {"beta": 1.0},
    "TOT+TCL": {"alpha": 1.0},
    "structured": {"transport": "structured"},
    "path": {"prior": "path", "path_iter": 30},
    "path, at once": {"prior": "path", "path_iter": 0, "freeze_iter": 0},
    "parts, path": {"n_parts": 3, "prior": "path", "path_iter": 30},
    "parts, no prior": {"n_parts": 2, "prior": None},
    "restarts": {"n_init": 3},
    "restarts, parts": {"n_init": 2, "n_parts": 2, "n_iter_no_change": 10},
    "skip": {"decoding": "skip", "switch_cost": 0.3},
    "free, auto": {"decoding": "free", "switch_cost": "auto"},
    "per video": {"standardize": "video", "decoding": "free"},
    "as it is": {"standardize": None, "sigma": 2.0, "rho": 0.2},
    "background": {"background_percentile": 20},
    "background, parts": {
        "background_percentile": 10,
        "n_parts": 2,
        "decoding": "free",
    },
    "tolerance": {"tol": 1e-2, "n_iter_no_change": 10},
    "optimizer": {
        "learning_rate": 3e-3,
        "weight_decay": 1e-3,
        "decay": 0.5,
        "window": 10,
        "alpha": 0.5,
        "n_sinkhorn_iter": 5,
        "temperature": 0.1,
    },
    "shapes": {
        "embedding_dim": 7,
        "hidden_dim": 9,
        "frames_per_video": 32,
        "batch_size": 3,
    },
    "ensemble, no prior": {"n_init": 2, "n_parts": 2, "prior": None, "beta": 0.5},
}
STREAMS = {
    "stream": {"freeze_iter": 2},
    "stream, parts": {"n_parts": 2, "background_percentile": 30, "freeze_iter": 0},
    "stream, ensemble": {"n_init": 2, "n_parts": 2, "freeze_iter": 2},
    "stream, no prior": {"prior": None, "beta": 1.0, "batch_size": 1},
}
# Class and parameters of the other methods.
OTHER_CASES = {
    "CTE": ("CTESegmenter", {"n_init": 3}),
    "CTE, free": ("CTESegmenter", {"decoding": "free", "switch_cost": 0.5}),
    "CTE, background": (
        "CTESegmenter",
        {"background_percentile": 20, "standardize": "video", "n_init": 2},
    ),
    "VTE": ("VTESegmenter", {"n_init": 2}),
    "UDE": ("UDESegmenter", {}),
    "UDE, hidden": ("UDESegmenter", {"hidden_dim": 12}),
    "ASOT": ("ASOTSegmenter", {}),
    "ASOT, parts": ("ASOTSegmenter", {"n_parts": 2, "decoding": "free"}),
    "ASAL": ("ASALSegmenter", {"max_iter": 2, "n_steps": 15}),
    "ASAL, free": (
        "ASALSegmenter",
        {"max_iter": 1, "n_steps": 10, "decoding": "free", "switch_cost": 0.3},
    ),
    "Mallow": ("MallowSegmenter", {"max_iter": 4}),
    "Frank-Wolfe": ("FrankWolfeSegmenter", {}),
    "HMM": ("HMMSegmenter", {"max_iter": 15}),
    "HMM, free": (
        "HMMSegmenter",
        {"max_iter": 10, "decoding": "free", "switch_cost": 0.5},
    ),
    "HMM, background": (
        "HMMSegmenter",
        {"max_iter": 10, "background_percentile": 15, "n_components": 3},
    ),
}
DECODINGS = {
    "fixed": 0.0,
    "skip": 0.2,
    "free": 0.5,
    "free, auto": "auto",
    "cyclic": 0.3,
    "cyclic_skip": 0.3,
    "peaks": 0.0,
    "mallow": 0.0,
    "framewise": 0.0,
}


def make_sets(folder):
    """Generated recordings, and some of each of two real sets where they are."""
    generated, _ = make_activities(
        n_videos=7, n_actions=4, n_features=6, mean_length=90, random_state=0
    )
    sets = {"generated": (generated, 4)}
    for name, n_actions in (("hapt", 12), ("utkinect", 10)):
        if folder and (folder / name).is_dir():
            videos = load_action_dataset(folder / name).videos[:5]
            sets[name] = [np.asarray(video)[:800] for video in videos], n_actions
    return sets


def make_methods(videos, n_actions):
    """Yield the name and the fitted estimator of each case of a method."""
    common = {"n_actions": n_actions} | COMMON
    yield "TOT", api.make("TemporalOTSegmenter", **common).fit(videos)
    for name, parameters in TOT_CASES.items():
        parameters = common | {"freeze_iter": 20} | parameters
        yield name, api.make_paper(**parameters).fit(videos)
    for name, (kind, parameters) in OTHER_CASES.items():
        seed = {} if kind == "HMMSegmenter" else {"random_state": 0}
        parameters = common | parameters
        del parameters["random_state"]
        yield name, api.make(kind, **parameters, **seed).fit(videos)
    for name, parameters in STREAMS.items():
        stream = api.make_paper(**(common | parameters))
        for call in range(3):
            stream.partial_fit(videos[call:])
        yield name, stream


def quick(kind, n_actions=4, **parameters):
    """An estimator that is fitted in no time."""
    own = {"max_iter": 30, "random_state": 0}
    if kind == "HMMSegmenter":
        own = {"max_iter": 10}
    if kind == "MallowSegmenter":
        own["max_iter"] = 3
    return api.make(kind, n_actions=n_actions, **(own | parameters))


def quick_candidates():
    return [
        ("tot", quick("TemporalOTSegmenter", n_init=1, max_iter=60)),
        ("hmm", quick("HMMSegmenter")),
        ("mallow", quick("MallowSegmenter")),
    ]


def run_methods(videos, n_actions):
    for name, model in make_methods(videos, n_actions):
        found = api.read(model, videos)
        transcripts = [[1, 0, 1]] * len(videos)
        found["by transcript"] = model.predict(videos, transcripts=transcripts)
        yield name, found


def run_auto(videos, n_actions):
    """AutoSegmenter by votes and by the best, of one number of actions and several."""
    cases = {
        "Auto, vote": {"n_actions": n_actions},
        "Auto, no refinement": {"n_actions": n_actions, "refine": False},
        "Auto, number": {"n_actions": "auto", "switch_cost": "auto"},
        "Auto, background": {"n_actions": n_actions, "background_percentile": 10},
    }
    for name, parameters in cases.items():
        model = api.make(
            "AutoSegmenter",
            candidates=quick_candidates(),
            random_state=0,
            **parameters,
        ).fit(videos)
        yield name, api.read(model, videos) | {"n_actions": model.n_actions_}
        if name == "Auto, vote":
            yield from run_corrections(name, model, videos)


def make_cycles():
    """Recordings of several cycles each."""
    cycles, _ = make_activities(
        n_videos=16, n_actions=4, n_features=6, mean_length=50, random_state=1
    )
    return [np.concatenate(cycles[:9]), np.concatenate(cycles[9:])]


def run_cyclic():
    recordings = make_cycles()
    for name, inner in (
        ("HMM", quick("HMMSegmenter")),
        ("TOT", quick("TemporalOTSegmenter", n_init=1, max_iter=60)),
    ):
        for decoding in ("cyclic", "cyclic_skip"):
            model = api.make_cyclic(inner, n_actions=4, decoding=decoding)
            model.fit(recordings)
            case = f"Cyclic, {name}, {decoding}"
            yield case, api.read(model, recordings)
    yield case, {"online": api.predict_online(model, recordings[0], 20, 33)}
    merged = api.merge(model, [1, 2])
    yield case, {"merge 1 2": merged.predict(recordings)}
    edges = [np.arange(0, len(one) + 1, len(one) // 7) for one in recordings]
    model = api.make_cyclic(quick("HMMSegmenter"), n_actions=4)
    model.fit(recordings, cuts=edges)
    yield "Cyclic, cuts", api.read(model, recordings)


def run_activities():
    first, _ = make_activities(6, 3, n_features=6, mean_length=60, random_state=0)
    second, _ = make_activities(6, 3, n_features=6, mean_length=60, random_state=5)
    videos = first + second
    model = api.make_by_activity(quick("HMMSegmenter", 3), "auto").fit(videos)
    yield "Activity, auto", api.read(model, videos)
    inner = quick("TemporalOTSegmenter", 3, n_init=1, max_iter=90, decoding="fixed")
    model = api.make_by_activity(inner, 2)
    model.fit(videos)
    yield "Activity", api.read(model, videos)
    named = api.rename(model, {0: "take", 4: "pour"})
    yield "Activity", {"rename": named.predict(videos)}
    given = ["cook"] * 6 + ["mend"] * 6
    model = api.make_by_activity(quick("MallowSegmenter", 3), 2)
    model.fit(videos, activities=given)
    yield "Activity, given", api.read(model, videos)


def some_labels(labels, names=None):
    """Labels of two recordings, of single frames of one, and of no other."""
    labels = [np.asarray(path) if names is None else names[path] for path in labels]
    unknown = -1 if names is None else ""
    stamps = np.full_like(labels[2], unknown)
    stamps[::15] = labels[2][::15]
    return [labels[0], labels[1], stamps] + [None] * (len(labels) - 3)


def run_guided():
    """Guidance of both kinds, in fits and of fitted models."""
    videos, labels = make_activities(
        n_videos=7, n_actions=4, n_features=6, mean_length=60, random_state=3
    )
    names = np.array(["take", "pour", "stir", "drink"])
    orders = []
    for path in labels:
        orders.append(path[np.flatnonzero(np.diff(path, prepend=-1))].tolist())
    transcripts = orders[:4] + [None] * 3
    kinds = {
        "TOT": quick("TemporalOTSegmenter", n_parts=2, n_init=1, max_iter=60),
        "HMM": quick("HMMSegmenter"),
        "Auto": api.make(
            "AutoSegmenter", n_actions=4, candidates=quick_candidates(), random_state=0
        ),
    }
    for name, model in kinds.items():
        fitted = clone(model).fit(videos)
        for kind, y in (
            ("labels", some_labels(labels)),
            ("words", some_labels(labels, names)),
            ("transcripts", transcripts),
        ):
            what = "transcripts" if kind == "transcripts" else "labels"
            guided = api.fit_guided(clone(model), videos, y, what)
            case = f"Guided fit, {name}, {kind}"
            yield case, api.read(guided, videos)
            if kind != "words":
                yield (
                    f"Guide, {name}, {kind}",
                    api.read(api.guide(fitted, videos, y, what), videos),
                )
            if kind == "labels":
                merged = api.merge(guided, [0, 2])
                yield case, {"merge 0 2": merged.predict(videos)}
                asked = api.most_informative(guided, videos, 3, "recordings")
                yield case, {"most informative": asked}


def run_corrections(name, model, videos):
    """Merges, splits, names, and chains of them, of the most frequent actions first."""
    shown = np.concatenate(model.predict(videos))
    counts = np.bincount(shown[shown >= 0], minlength=4)
    first, second, third = np.argsort(-counts, kind="stable")[:3].tolist()
    words = ["take", "pour", "stir", "drink"]
    for case, edited in {
        "merge 1 2": api.merge(model, [1, 2]),
        "merge 3 0": api.merge(model, [3, 0]),
        "split, first": api.split(model, first, videos),
        "split by 3": api.split(model, first, videos, n=3),
        "rename, merge, split": api.split(
            api.merge(api.rename(model, words), [words[third], words[second]]),
            words[first],
            videos,
        ),
        "split, merge": api.merge(api.split(model, second, videos), [0, 3]),
        "rename 2": api.rename(model, {2: "stir"}),
    }.items():
        yield (
            name,
            {
                f"{case}/predict": edited.predict(videos),
                f"{case}/proba": edited.predict_proba(videos),
                f"{case}/posterior": edited.predict_posterior(videos),
                f"{case}/score": edited.score(videos),
            },
        )
    for unit in ("recordings", "moments"):
        yield name, {f"asked/{unit}": api.most_informative(model, videos, 4, unit)}


def run_outputs(videos, n_actions):
    """Corrections, streams and decodings of models fitted once."""
    common = {"n_actions": n_actions} | COMMON | {"max_iter": 300}
    models = {
        "TOT": api.make("TemporalOTSegmenter", **common, decoding="fixed"),
        "HMM": quick("HMMSegmenter"),
        "HMM, background": quick("HMMSegmenter", background_percentile=15),
        "Mallow": quick("MallowSegmenter"),
        "OT, no prior": api.make_paper(**common, prior=None, n_init=2),
    }
    for name, model in models.items():
        model.fit(videos)
        name = f"Outputs, {name}"
        yield from run_corrections(name, model, videos)
        for lag in (0, 7, 1000):
            found = [api.predict_online(model, video, lag, 11) for video in videos[:2]]
            yield name, {f"online/{lag}": found}
        for decoding, cost in DECODINGS.items():
            other = api.with_settings(
                model, decoding=decoding.partition(",")[0], switch_cost=cost
            )
            yield (
                name,
                {
                    f"{decoding}/predict": other.predict(videos),
                    f"{decoding}/posterior": other.predict_posterior(videos),
                },
            )
            if decoding in ("fixed", "skip", "free", "cyclic"):
                online = api.predict_online(other, videos[0], 12, 1000)
                yield name, {f"{decoding}/online": online}


def run_arrays():
    """Decoders of arrays, scores and statistics of labels."""
    rng = np.random.RandomState(0)
    for n_frames in (1, 3, 40):
        log_likelihood = rng.normal(size=(n_frames, 4)) * 2
        for decoding, cost in DECODINGS.items():
            decoding = decoding.partition(",")[0]
            if n_frames < 4 and cost == "auto":
                continue
            case = f"{n_frames} {decoding} {cost}"
            yield (
                "Decode",
                {
                    f"{case}/path": decode(log_likelihood, decoding, cost),
                    f"{case}/posterior": path_posterior(log_likelihood, decoding, cost),
                },
            )
        path = decode(log_likelihood, "fixed", 0.0, transcript=[2, 0, 2])
        yield "Decode", {f"{n_frames} transcript": path}
    paths = {}
    for i in range(6):
        order = rng.permutation(4)[: rng.randint(2, 5)] if i % 2 else np.arange(4)
        path = np.repeat(np.tile(order, 2), rng.randint(1, 12, size=2 * len(order)))
        paths[f"r{i}"] = np.where(rng.random_sample(len(path)) < 0.05, -1, path)
    other = {}
    for name, path in paths.items():
        other[name] = np.where(
            rng.random_sample(len(path)) < 0.3, rng.randint(4, size=len(path)), path
        )
    truth, found = list(paths.values()), list(other.values())
    for scope in ("activity", "video"):
        for name in ("mof", "edit", "miou", "segment_f1"):
            score = getattr(metrics, f"{name}_score")
            yield (
                "Scores",
                {
                    f"{scope}/{name}": score(truth, found, scope=scope),
                    f"{scope}/{name}, background": score(
                        truth, found, scope=scope, background=-1
                    ),
                },
            )
        report = metrics.segmentation_report(truth, found, scope=scope)
        yield "Scores", {f"{scope}/report": report}
    words = {name: np.array(list("abcdx"))[path] for name, path in paths.items()}
    words = {name: np.where(w == "x", "background", w) for name, w in words.items()}
    groups = ["a", "b", "a", "b", "b", "a"]
    for case, labels in (("numbers", paths), ("words", words), ("list", truth)):
        for name in ("durations", "transitions", "cycle_times", "deviations"):
            for fps in (None, 12.5):
                options = {} if name == "transitions" else {"fps": fps}
                table = getattr(statistics, name)(labels, **options)
                yield "Statistics", columns_of(table, f"{case}/{name}/{fps}")
        order = np.array(statistics.usual_order(labels))
        yield "Statistics", {f"{case}/usual order": order}
    by_group = dict(zip(paths, groups))
    table = statistics.durations(paths, groups=by_group)
    yield "Statistics", columns_of(table, "groups/durations")
    table = statistics.transitions(paths, groups=by_group)
    yield "Statistics", columns_of(table, "groups/transitions")


def columns_of(table, name):
    """Columns of a data frame as arrays of numbers or text, by name."""
    found = {}
    for column in table.columns:
        values = table[column]
        if values.dtype.kind not in "biuf":
            values = values.map(str)
            values = values.to_numpy(dtype=str)
        found[f"{name}/{column}"] = np.asarray(values)
    return found


def run_files():
    """Recordings from files, and segments to files and back."""
    videos, labels = make_activities(
        n_videos=3, n_actions=3, n_features=3, mean_length=30, random_state=0
    )
    names = np.array(["take it", "pour", "stir, slowly"])
    for case, path in (("numbers", labels[0]), ("words", names[labels[0]])):
        for name, array in api.read_back(path, 12.5).items():
            yield "Formats", {f"{case}/{name}": array}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("csv", "npy", "parquet"):
            Path(folder, kind).mkdir()
        for i, video in enumerate(videos):
            path = Path(folder, "npy", f"r{i}.npy")
            np.save(path, video.astype(np.float32 if i else np.float64))
            frame = pd.DataFrame(video, columns=["x", "y", "z"])
            frame["time"] = np.arange(len(video)) / 20
            frame.to_csv(Path(folder, "csv", f"r{i}.csv"), index=False)
            frame.to_parquet(Path(folder, "parquet", f"r{i}.parquet"))
            frame["name"] = f"r{i}"
            is_first = i == 0
            path = Path(folder, "long.csv")
            frame.to_csv(path, mode="a", header=is_first, index=False)
        for case, path, options in (
            ("npy", "npy", {"fps": 5}),
            ("csv", "csv", {}),
            ("csv, columns", "csv", {"columns": ["z", "x"], "time": "time"}),
            ("parquet", "parquet", {}),
            ("resampled", "parquet", {"resample": 7}),
            ("long", "long.csv", {"by": "name"}),
        ):
            found = read_recordings(Path(folder, path), **options)
            yield (
                "Files",
                {
                    f"{case}/arrays": [np.asarray(array) for array in found.arrays],
                    f"{case}/names": np.array(found.names),
                    f"{case}/fps": found.fps,
                    f"{case}/times": found.times,
                },
            )
            if case in ("npy", "csv"):
                model = quick("HMMSegmenter", 3).fit(found)
                yield "Files", {f"{case}/fit": model.labels_}
                table = Path(folder, "table.csv")
                rows = io.segments(model.predict(found), found.fps)
                io.write_segments(rows, table)
                rows = np.frombuffer(table.read_bytes(), np.uint8)
                yield "Files", {f"{case}/table": rows}
                back = io.read_segments(table, fps=found.fps)
                yield "Files", {f"{case}/table, read": back}
                path = Path(folder, "model.skops")
                io.save_model(model, path)
                predicted = io.load_model(path).predict(found)
                yield "Files", {f"{case}/model": predicted}


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
    for case, options in (("plain", {}), ("no speeds", {"speeds": False})):
        poses = preprocessing.PoseFeatures(**options, n_dims=2).fit_transform(videos)
        yield "Preprocessing", {f"poses {case}": poses}
    model = make_pipeline(
        preprocessing.FramewiseTransformer(PCA(3, random_state=0)),
        quick("HMMSegmenter", 3),
    ).fit(videos)
    yield (
        "Pipeline",
        {
            "predict": model.predict(videos),
            "score": model.score(videos),
            "mof scorer": metrics.mof_scorer(model, videos, labels),
            "label-free scorer": metrics.label_free_scorer(model, videos),
        },
    )
    search = GridSearchCV(
        quick("TemporalOTSegmenter", 3, n_init=1),
        {"rho": [0.05, 0.1], "alpha": [0.0, 0.5]},
        cv=KFold(2),
    ).fit(videos)
    yield "Search", {"scores": search.cv_results_["mean_test_score"]}


def run_real(videos, n_actions):
    """A few methods on recordings of people."""
    for name, model in (
        ("TOT", api.make("TemporalOTSegmenter", n_actions=n_actions, **COMMON)),
        ("HMM", quick("HMMSegmenter", n_actions)),
        ("TOT, as published", api.make_paper(n_actions=n_actions, **COMMON)),
        ("Mallow", quick("MallowSegmenter", n_actions)),
    ):
        yield name, api.read(model.fit(videos), videos)


def make_cases(folder):
    """Yield the set, the case and the values of each."""
    sets = make_sets(folder)
    videos, n_actions = sets.pop("generated")
    for group in (
        lambda: run_methods(videos, n_actions),
        lambda: run_auto(videos, n_actions),
        run_cyclic,
        run_activities,
        run_guided,
        lambda: run_outputs(videos, n_actions),
        run_arrays,
        run_files,
        run_preprocessing,
    ):
        yield "generated", group
    for name, (videos, n_actions) in sets.items():
        yield name, lambda: run_real(videos, n_actions)  # noqa: B023


def flatten(value, name):
    """Yield names and arrays of nested values; objects give their attributes."""
    if hasattr(value, "arrays"):
        value = dict(zip(value.names, value.arrays))
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
    arrays, failed = {}, []
    for set_name, group in make_cases(folder):
        try:
            start = time.perf_counter()
            for case, found in group():
                arrays |= flatten(found, f"{set_name}/{case}")
                if os.environ.get("GUARD_TIMES"):
                    now = time.perf_counter()
                    print(f"{now - start:6.1f} s  {set_name}/{case}", flush=True)
                    start = now
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
    lost = sorted(set(before) - set(after))
    print(f"{len(before)} arrays before, {len(after)} after")
    for name in lost:
        print(f"{name}: missing")
    new = sorted(set(after) - set(before))
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
