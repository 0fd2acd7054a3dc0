"""Calls of the package that `guard.py` makes, each in one place.

Names of cases and arrays stay what they are when the interface changes; what changes
with it is here.
"""

import copy
import importlib
import tempfile
from pathlib import Path

import numpy as np

from skl_tot import io

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
# What a fit leaves, where a method has it.
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
    for place in ("skl_tot", "skl_tot.baselines"):
        try:
            return getattr(importlib.import_module(place), name)
        except (ImportError, AttributeError):
            continue
    raise LookupError(name)


def make(name, **parameters):
    """An estimator, by parameters that no case changes the names of."""
    return find(name)(**parameters)


def make_paper(**parameters):
    """TemporalOTSegmenter as published, with changes."""
    from skl_tot.methods.temporal_ot import PAPER

    return make("TemporalOTSegmenter", **(PAPER | parameters))


def make_cyclic(segmenter, **parameters):
    return make("CyclicSegmenter", segmenter=segmenter, random_state=0, **parameters)


def make_by_activity(segmenter, n_activities):
    kind = find("ActivitySegmenter")
    return kind(segmenter, n_activities, random_state=0)


def fit_guided(model, X, y, kind):
    """A fit that learns from labels or transcripts."""
    return model.set_params(guidance=kind).fit(X, y)


def guide(model, X, y, kind):
    """A fitted model that has learned from labels or transcripts."""
    return copy.deepcopy(model).set_params(guidance=kind).guide(X, y)


def rename(model, names):
    return copy.deepcopy(model).rename(names)


def merge(model, labels):
    return copy.deepcopy(model).merge(labels)


def split(model, label, X=None, n=2):
    return copy.deepcopy(model).split(label, X, n=n)


def predict_cut(model, X, n_actions):
    """Labels of another number of actions."""
    return model.predict(X, n_actions=n_actions)


def with_settings(model, **parameters):
    """A copy of a fitted model that is decoded otherwise."""
    return copy.deepcopy(model).set_params(**parameters)


def most_informative(model, X, n, unit):
    """Rows of recording, start, end and information."""
    found = model.most_informative(X, n, unit=unit)
    keys = ("video", "start", "end", "information")
    return np.array([[row[key] for key in keys] for row in found], float)


def predict_online(model, video, lag, block):
    """Labels and probabilities of a stream that comes in blocks."""
    online = model.predict_online(lag=lag)
    found = []
    for start in range(0, len(video), block):
        found.append(online.push(video[start : start + block]))
    found.append(online.finish())
    labels = np.concatenate([one.labels for one in found])
    return labels, np.concatenate([one.probabilities for one in found])


def read(model, videos):
    """What users can read of a fitted estimator, by its name."""
    found = {"score": model.score(videos), "predict": model.predict(videos)}
    for name in FITTED:
        if hasattr(model, name):
            found[name] = getattr(model, name)
    for name in METHODS:
        if hasattr(model, name):
            found[name] = getattr(model, name)(videos)
    return found


def read_back(labels, fps):
    """Bytes of files of each format, and what is read of them, by format."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, entry in io.FORMATS.items():
            path = Path(folder, f"{name}{entry.suffix}")
            io.write_segments(io.segments(labels, fps), path, format=name)
            if name not in ("nwb", "elan", "parquet"):  # with versions and dates
                found[f"{name}/bytes"] = np.frombuffer(path.read_bytes(), np.uint8)
            n_frames = len(labels)
            back = io.read_segments(path, fps=fps, n_frames=n_frames, format=name)
            found[f"{name}/labels"] = back
    return found
