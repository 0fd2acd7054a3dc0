"""One cell of a table: fit one method on one activity with one seed, and score it."""

import functools
import hashlib
import json
import os
import re
import time

import numpy as np
from _baselines import LeftRightHMM
from _labels import map_labels, split_ends
from _methods import make, seeded, settings_of
from sklearn.model_selection import ShuffleSplit

from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.datasets import load_action_dataset
from skl_tot.extend import TimeStamp
from skl_tot.metrics import (
    adjusted_mutual_info_score,
    edit_score,
    mean_recall_score,
    miou_score,
    mof_score,
    segment_f1_score,
)

METRICS = {
    "MoF": mof_score,
    "F1 per video": functools.partial(segment_f1_score, average="video"),
    "F1 pooled": segment_f1_score,
    "edit": edit_score,
    "mIoU": miou_score,
    "mean recall": mean_recall_score,
    "AMI": adjusted_mutual_info_score,
}


# Settings of the variants of the published method.
VARIANTS = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "terms": [TimeStamp()]},
    "OT+TCL": {"prior": None, "alpha": 1.0},
    "TOT": {},
    "TOT+CTE": {"terms": [TimeStamp()]},
    "TOT+TCL": {"alpha": 1.0},
}
BASELINES = {
    "equal split": EqualPartsSegmenter,
    "k-means": functools.partial(
        KMeansSegmenter, n_components=None, decoding="framewise"
    ),
    "left-right HMM": functools.partial(
        LeftRightHMM, n_components=None, n_iter=10, tol=1e-2
    ),
}
METHODS = {
    **{
        name: functools.partial(make, "paper", **variant)
        for name, variant in VARIANTS.items()
    },
    "CTE": functools.partial(make, "cte"),
    "Frank-Wolfe": functools.partial(make, "frank-wolfe"),
    "Mallow": functools.partial(make, "mallow"),
    "VTE": functools.partial(make, "vte"),
    "ASAL": functools.partial(make, "asal"),
    "UDE": functools.partial(make, "ude"),
    "ASOT": functools.partial(make, "asot"),
    **BASELINES,
}


def parameters(method):
    return settings_of(METHODS[method](n_actions=1))


def choose_settings(method, protocol, overrides):
    """Parameters of a method: the protocol's, then the user's, as far as it has them.

    A weight that a method does not use (``alpha`` of TOT) is dropped.
    """
    if method in BASELINES:
        return {}
    known = parameters(method)
    settings = {name: protocol.shared[name] for name in protocol.shared.keys() & known}
    if method in VARIANTS:
        own = protocol.settings.keys() & known
        settings |= {name: protocol.settings[name] for name in own}
    if "alpha" not in VARIANTS.get(method, {}):
        known -= {"alpha"}
    overrides = {name: overrides[name] for name in overrides.keys() & known}
    return settings | overrides


def cell_path(folder, cell):
    """File of a cell; its name has a digest of all settings."""
    text = json.dumps(cell, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    parts = (cell["method"], cell["data"]["activity"] or "all", cell["seed"])
    slug = re.sub(r"[^\w+-]", "_", "-".join(map(str, parts)))
    return folder / f"{slug}-{digest}.json"


def read_result(path, cell):
    """Result of a cell, with ``scores`` or ``error``."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        result = None
    if isinstance(result, dict) and {"scores", "error"} & result.keys():
        return result
    return {"cell": cell, "error": "Not computed."}


def write_text(path, text):
    """Write a file completely or not at all, even if the process is killed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def run_cell(cell, path):
    """Compute a cell and write its result, or its error, to a file."""
    try:
        result = compute(cell)
    except Exception as error:  # other cells continue
        message = " ".join(str(error).split())
        result = {"error": f"{type(error).__name__}: {message}"}
    write_text(path, json.dumps({"cell": cell, **result}, indent=1))


def compute(cell):
    """Fit, predict and score."""
    data = load(**cell["data"])
    n_actions, ignore = cell["n_actions"], cell["ignore"]
    if n_actions is None:
        n_actions = len(set(np.concatenate(data.labels)).difference(ignore))
    train, test = split_videos(
        len(data.video_names), cell["seed"], cell["generalization"]
    )
    model = METHODS[cell["method"]](n_actions=n_actions, **cell["settings"])
    seeded(model, cell["seed"])
    start = time.perf_counter()
    model.fit([data.videos[i] for i in train])
    fitted = time.perf_counter()
    predicted = model.predict([data.videos[i] for i in test])
    end = time.perf_counter()
    labels = [data.labels[i] for i in test]
    scores = {
        name: score(labels, predicted, ignore_labels=ignore)
        for name, score in METRICS.items()
    }
    times = {"fit, s": fitted - start, "predict, s": end - fitted}
    return {
        "n_actions": n_actions,
        "n_labels": len(set(np.concatenate(data.labels)).difference(ignore)),
        "fit_videos": [data.video_names[i] for i in train],
        "scored_videos": [data.video_names[i] for i in test],
        "scores": scores | times,
    }


@functools.lru_cache(maxsize=1)  # cells of one activity come one after another
def load(folder, label_mapping=None, split_label=None, **options):
    """Read one activity; an error names the faulty file."""
    data = load_action_dataset(folder, **options)
    if data.labels is None:
        raise ValueError(f"{folder} has no folder groundTruth.")
    if label_mapping is not None:
        data.labels = map_labels(data.labels, label_mapping)
    if split_label is not None:
        data.labels = split_ends(data.labels, split_label)
    for name, video in zip(data.video_names, data.videos):
        if not np.isfinite(video).all():
            raise ValueError(f"The features of {name} are not all finite.")
        if video.shape[1] != data.videos[0].shape[1]:
            raise ValueError(
                f"{name} has {video.shape[1]} features, {data.video_names[0]} has "
                f"{data.videos[0].shape[1]}."
            )
    return data


def split_videos(n_videos, seed, generalization):
    """Indices of the videos to fit and to score: all, or 80 % and the other 20 %."""
    videos = np.arange(n_videos)
    if not generalization:
        return videos, videos
    split = ShuffleSplit(1, test_size=0.2, random_state=seed).split(videos)
    return tuple(np.sort(part) for part in next(split))
