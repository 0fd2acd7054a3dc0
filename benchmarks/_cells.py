"""One cell of a table: fit one method on one activity with one seed, and score it."""

import functools
import hashlib
import json
import os
import re
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skl_tot import CTESegmenter, TemporalOTSegmenter
from skl_tot.datasets import load_action_dataset
from skl_tot.metrics import edit_score, miou_score, mof_score, segment_f1_score

METRICS = {
    "MoF": mof_score,
    "F1 per video": functools.partial(segment_f1_score, average="video"),
    "F1 pooled": segment_f1_score,
    "edit": edit_score,
    "mIoU": miou_score,
}


class EqualSplit:
    """Cut every video into parts of equal length, whatever it shows."""

    def __init__(self, n_actions, random_state=None):
        self.n_actions = n_actions

    def fit(self, videos):
        return self

    def predict(self, videos):
        k = self.n_actions
        return [np.arange(len(video)) * k // len(video) for video in videos]


class FrameKMeans:
    """K-means of standardised frames, blind to time."""

    def __init__(self, n_actions, random_state=None):
        self.model = make_pipeline(
            StandardScaler(), KMeans(n_actions, n_init=10, random_state=random_state)
        )

    def fit(self, videos):
        self.model.fit(np.concatenate(videos))
        return self

    def predict(self, videos):
        return [self.model.predict(video) for video in videos]


class LeftRightHMM:
    """Left-to-right Gaussian HMM of standardised frames, started from equal parts."""

    def __init__(self, n_actions, random_state=None):
        self.n_actions = n_actions

    def fit(self, videos):
        from hmmlearn.hmm import GaussianHMM  # optional

        k, lengths = self.n_actions, [len(video) for video in videos]
        frames = np.concatenate(videos)
        self.scaler_ = StandardScaler().fit(frames)
        frames = self.scaler_.transform(frames)
        parts = np.concatenate(EqualSplit(k).predict(videos))
        parts = [frames[parts == action] for action in range(k)]
        leave = np.r_[np.full(k - 1, min(k / np.mean(lengths), 0.5)), 0.0]
        model = GaussianHMM(k, "diag", params="tmc", init_params="")
        model.startprob_ = np.eye(k)[0]
        model.transmat_ = np.diag(1 - leave) + np.diag(leave[:-1], 1)
        model.means_ = np.array([part.mean(axis=0) for part in parts])
        model.covars_ = np.array([part.var(axis=0) for part in parts]) + 1e-2
        self.model_ = model.fit(frames, lengths)
        return self

    def predict(self, videos):
        return [self.model_.predict(self.scaler_.transform(video)) for video in videos]


VARIANTS = {
    "OT": {"prior": None},
    "OT+CTE": {"prior": None, "beta": 1.0},
    "OT+TCL": {"prior": None, "alpha": 1.0},
    "TOT": {},
    "TOT+CTE": {"beta": 1.0},
    "TOT+TCL": {"alpha": 1.0},
}
METHODS = {
    **{
        name: functools.partial(TemporalOTSegmenter, **variant)
        for name, variant in VARIANTS.items()
    },
    "CTE": CTESegmenter,
    "equal split": EqualSplit,
    "k-means": FrameKMeans,
    "left-right HMM": LeftRightHMM,
}
DETERMINISTIC = {"equal split", "left-right HMM"}


def choose_settings(method, protocol, overrides):
    """Parameters of a method: the protocol's, then the user's that it has.

    A weight that the variant does without (``alpha`` of TOT) is left out, as the
    variant would be another one.
    """
    if method not in VARIANTS and method != "CTE":
        return {}
    settings = dict(protocol.shared)
    if method in VARIANTS:
        settings |= VARIANTS[method] | protocol.settings
    known = METHODS[method](n_actions=1).get_params().keys()
    missing = {"alpha", "beta"} - VARIANTS.get(method, {}).keys()
    overrides = {name: overrides[name] for name in overrides.keys() & known - missing}
    return settings | overrides


def cell_path(folder, cell):
    """File of a cell; its name holds a digest of all that could change the result."""
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
    """Write a file so that it is whole or not there, even if we are killed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def run_cell(cell, path):
    """Compute a cell and write its result, or its error, to a file."""
    try:
        result = compute(cell)
    except Exception as error:  # whatever it is, the other cells go on
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
    model = METHODS[cell["method"]](
        n_actions=n_actions, random_state=cell["seed"], **cell["settings"]
    )
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
def load(folder, **options):
    """Read one activity; an error names the file that is to blame."""
    data = load_action_dataset(folder, **options)
    if data.labels is None:
        raise ValueError(f"{folder} has no folder groundTruth.")
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
