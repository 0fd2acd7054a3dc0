"""Calls of the package in `guard.py`, each in one place.

If the interface changes, only this file changes; names of cases and arrays stay.
"""

import copy
import tempfile
from pathlib import Path

import numpy as np
from sklearn.frozen import FrozenEstimator

import skl_tot
from skl_tot import baselines, corrections, io
from skl_tot.extend import (
    MLP,
    Adam,
    PathPrior,
    Sinkhorn,
    TemporalCoherence,
    TemporalPrior,
    TimeStamp,
)

ADAM = (
    "learning_rate",
    "weight_decay",
    "decay",
    "freeze_iter",
    "frames_per_video",
    "batch_size",
    "tol",
    "n_iter_no_change",
)
METHODS = (
    "predict_proba",
    "predict_posterior",
    "transform",
    "pseudo_labels",
    "similarities",
    "log_likelihood",
    "candidate_labels",
    "predict_activity",
    "find_cuts",
)
# Fitted attributes, if a method has them.
FITTED = (
    "labels_",
    "n_iter_",
    "loss_curve_",
    "log_likelihood_curve_",
    "objective_curve_",
    "coefs_",
    "intercepts_",
    "prototypes_",
    "prototype_actions_",
    "means_",
    "covars_",
    "transitions_",
    "mean_durations_",
    "background_",
    "mean_frames_",
    "weights_",
    "mappings_",
    "agreement_",
    "cuts_",
    "activities_",
    "events_",
)


def find(name):
    """The class of this name."""
    return getattr(skl_tot if name in skl_tot.__all__ else baselines, name)


def make(name, **parameters):
    """An estimator, by parameters whose names no case changes."""
    if name == "TemporalOTSegmenter":
        parameters = of_objects(**parameters)
    if "hidden_dim" in parameters:
        parameters["network"] = MLP(parameters.pop("hidden_dim"), 40, 0.1)
    return find(name)(**parameters)


def make_paper(**parameters):
    """TemporalOTSegmenter as published, with changes."""
    published = {"sigma": 0.75, "frames_per_video": 256, "freeze_iter": 0.1}
    found = of_objects(**({"temperature": 0.1} | published | parameters))
    if parameters.get("prior", "temporal") is None:
        found["prior"] = None
    return baselines.paper(**found)


def of_objects(*, temperature=0.2, **flat):
    """Parameters of TemporalOTSegmenter from flat names of its objects' parameters."""
    found, terms = dict(flat), []
    take = found.pop
    embedding = take("embedding_dim", 40)
    hidden = take("hidden_dim", 2 * embedding)
    found["network"] = MLP(hidden, embedding, temperature)
    own = {name: take(name) for name in ADAM if name in found}
    if own:
        found["optimizer"] = Adam(**own)
    kind, sigma = found.get("prior", "temporal"), take("sigma", 1.2)
    n_diagonal = take("path_iter", 1000)
    if kind == "path":
        found["prior"] = PathPrior(n_diagonal=n_diagonal, sigma=sigma)
    elif kind == "temporal":
        found["prior"] = TemporalPrior(sigma=sigma)
    if "n_sinkhorn_iter" in found:
        found["transport"] = Sinkhorn(n_iter=take("n_sinkhorn_iter"))
    if "window" in found:
        terms.append(TemporalCoherence(found["alpha"], window=take("window")))
        found["alpha"] = 0.0
    if "beta" in found:
        terms.append(TimeStamp(take("beta")))
    return found | {"terms": terms or None}


def make_cyclic(segmenter, **parameters):
    return make("CyclicSegmenter", estimator=segmenter, random_state=0, **parameters)


def make_by_activity(segmenter, n_activities):
    kind = find("ActivitySegmenter")
    return kind(segmenter, n_activities, random_state=0)


def fit_guided(model, X, y, kind):
    """A fit that learns from labels or transcripts."""
    return skl_tot.GuidedSegmenter(model, kind).fit(X, y)


def guide(model, X, y, kind):
    """A fitted model that has learned from labels or transcripts."""
    return skl_tot.GuidedSegmenter(FrozenEstimator(model), kind).fit(X, y)


rename, merge, split = corrections.rename, corrections.merge, corrections.split


def with_settings(model, **parameters):
    """A copy of a fitted model that is decoded otherwise."""
    return copy.deepcopy(model).set_params(**parameters)


def most_informative(model, X, n, unit):
    """Rows of recording, start, end and information."""
    found = corrections.most_informative(model, X, n, unit=unit)
    rows = []
    for row in found:
        first = row["video"] if "video" in row else row["recording"]
        rows.append([first, row["start"], row["end"], row["information"]])
    return np.array(rows, float)


def predict_online(model, video, lag, block):
    """Labels and probabilities of a stream that comes in blocks."""
    online = skl_tot.OnlinePrediction(model, lag=lag)
    found = []
    for start in range(0, len(video), block):
        found.append(online.push(video[start : start + block]))
    found.append(online.finish())
    labels = np.concatenate([one.labels for one in found])
    return labels, np.concatenate([one.probabilities for one in found])


def read(model, videos):
    """Public attributes of a fitted estimator, by name."""
    found = {"score": model.score(videos), "predict": model.predict(videos)}
    for name in FITTED:
        if (value := lookup(model, name)) is not None:
            found[name] = value
    for name in METHODS:
        if (method := lookup(model, name)) is not None:
            found[name] = method(videos)
    return found


def lookup(model, name):
    """Attribute of a model, or of its inner model; None without it."""
    if isinstance(model, skl_tot.GuidedSegmenter) and not hasattr(model, name):
        inner = model.estimator_
        model = inner.estimator if isinstance(inner, FrozenEstimator) else inner
    return getattr(model, name, None)


def read_back(labels, fps):
    """Bytes of files of each format, and the segments read from them, by format."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, entry in io.FORMATS.items():
            path = Path(folder, f"{name}{entry.suffix}")
            io.write_segments(io.segments(labels, fps), path, format=name)
            if name not in ("nwb", "elan", "parquet"):  # contain versions and dates
                found[f"{name}/bytes"] = np.frombuffer(path.read_bytes(), np.uint8)
            n_frames = len(labels)
            back = io.read_segments(path, fps=fps, n_frames=n_frames, format=name)
            found[f"{name}/labels"] = back
    return found
