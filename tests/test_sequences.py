"""Random sequences of corrections and uses of fitted models, in all forms of input.

A step ends in a result that keeps the promises below, or in a refusal of `REFUSALS`.
`SKL_TOT_SEQUENCES=300` goes on for so many seconds, with further seeds.
"""

import functools
import itertools
import os
import pickle
import random
import re
import time
import traceback
import warnings
from collections import Counter

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skl_tot
from skl_tot import (
    AutoSegmenter,
    CyclicSegmenter,
    HMMSegmenter,
    Recordings,
    SemiSupervisedSegmenter,
    TemporalOTSegmenter,
)
from skl_tot import statistics as tables
from skl_tot.app.report import write_report
from skl_tot.baselines import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.corrections import merge, refine, rename, split
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model, segments, write_segments
from skl_tot.methods.pipelines import last_step, transform_before
from skl_tot.preprocessing import FramewiseTransformer, SignalWindows

N_SEQUENCES, N_STEPS = 7, 4
REFUSALS = re.compile(
    "the number of distinct frames of"
    "|score compares"
    "|an estimator with pseudo_labels"
    "|expected two or more"
    "|the name of frames without an action"
    "|names would have '(cut|background)' twice"
)
VIDEOS, LABELS = make_activities(
    6, 3, n_features=3, mean_length=24, missing=0.2, noise=0.4, random_state=0
)
SHORT = {"max_iter": 3, "random_state": 0}


def clocks():
    return [np.arange(len(own)) / 10 + 5 * (np.arange(len(own)) > 4) for own in VIDEOS]


def memmaps(path):
    for i, own in enumerate(VIDEOS):
        np.save(path / f"{i}.npy", own)
    return [np.load(path / f"{i}.npy", mmap_mode="r") for i in range(len(VIDEOS))]


def forms(path):
    names = [f"take {i}" for i in range(len(VIDEOS))]
    clock = {"times": clocks(), "breaks": [[5]] * len(VIDEOS)}
    return {
        "list": VIDEOS,
        "float32": [own.astype(np.float32) for own in VIDEOS],
        "tensors": list(map(torch.tensor, VIDEOS)),
        "memmaps": memmaps(path),
        "named": dict(zip(names, VIDEOS)),
        "recordings": Recordings(VIDEOS, names, fps=10),
        "clock": Recordings(VIDEOS, names, fps=10, **clock),
        "one array": np.concatenate(VIDEOS),
    }


MODELS = {
    "tot": lambda: TemporalOTSegmenter(3, **SHORT),
    "hmm": lambda: HMMSegmenter(3, background_percentile=10, min_duration=0.3),
    "words": lambda: HMMSegmenter(6),
    "auto": lambda: AutoSegmenter(3, random_state=0),
    "cyclic": lambda: CyclicSegmenter(3, estimator=HMMSegmenter(), random_state=0),
    "guided": lambda: SemiSupervisedSegmenter(HMMSegmenter(3)),
    "named": lambda: SemiSupervisedSegmenter(HMMSegmenter(4)),
    "taught": lambda: SemiSupervisedSegmenter(
        [HMMSegmenter(3), KMeansSegmenter(3)], min_duration=0.3, random_state=0
    ),
    "equal": lambda: EqualPartsSegmenter(3),
    "k_means": lambda: KMeansSegmenter(3, random_state=0),
    "scaled": lambda: make_pipeline(
        FramewiseTransformer(StandardScaler()), HMMSegmenter(3)
    ),
    "windows": lambda: make_pipeline(
        SignalWindows(0.5), TemporalOTSegmenter(3, **SHORT)
    ),
}


class Sequences:
    """Fitted models, and the steps of random sequences with them."""

    def __init__(self, path):
        self.path = path
        self.inputs = forms(path)
        self.fitted = functools.cache(self._fit)

    def _fit(self, kind, form):
        model, X = MODELS[kind](), self.inputs[form]
        if not isinstance(model, SemiSupervisedSegmenter):
            model.fit(X)
            words = [f"action {i}" for i in range(6)]
            return rename(model, words) if kind == "words" else model
        words = np.array(["take", "action 1", "pour"]) if kind == "named" else None
        y = [own if words is None else words[own] for own in LABELS]
        if kind == "taught" and form != "one array":  # whole recordings
            return model.fit(X, [*y[:3], *[None] * (len(y) - 3)])
        unknown = -1 if words is None else ""
        y = [np.where(np.arange(len(own)) < 8, own, unknown) for own in y]
        return model.fit(X, y if form != "one array" else np.concatenate(y))

    def run(self, seed):
        """Return the fault of a sequence, if any, and its steps and trace."""
        draw = random.Random(seed)
        steps = kind, form = [draw.choice(list(x)) for x in (MODELS, self.inputs)]
        try:
            model, X = self.fitted(kind, form), self.inputs[form]
            self.check(model, X)
            for _ in range(N_STEPS):
                step = draw.choice([*CORRECTIONS, *draw.choices(USES, k=4)])
                steps.append(step.__name__)
                if draw.random() < 0.2:
                    steps.append(draw.choice(list(self.inputs)))
                    X = self.inputs[steps[-1]]
                try:
                    model = self.take(step, draw, model, X)
                except (TypeError, ValueError) as error:
                    if not REFUSALS.search(str(error)):
                        raise
                    steps.append("refused")
        except Exception as error:
            if len(steps) == 2 and REFUSALS.search(str(error)):
                return None, None  # in the fit
            where = traceback.extract_tb(error.__traceback__)[-1]
            fault = f"{type(error).__name__} at {where.name}, line {where.lineno}"
            return fault, f"seed {seed}: {', '.join(steps)}\n{traceback.format_exc()}"
        return None, None

    def take(self, step, draw, model, X):
        """Take a step; the model before it stays as it was."""
        before = rows(model.predict(X))
        found = step(self, draw, model, X)
        assert equal(before, rows(model.predict(X)))
        if found is None:
            return model
        self.check(found, X)
        return found

    def check(self, model, X):
        """Check labels, probabilities and names of a model."""
        actions, paths = actions_of(model), rows(model.predict(X))
        for output in (model.predict_proba(X), posterior(model, X)):
            for path, own in zip(paths, rows(output), strict=True):
                assert own.shape == (len(path), len(actions))
                np.testing.assert_allclose(own.sum(axis=1), 1, atol=1e-5)
        segmenter = last_step(model)
        labels = [paths, getattr(segmenter, "labels_", [])]
        for own in labels:
            assert words_of(own) <= {*actions, -1, "background"}


def posterior(model, X):
    X = transform_before(model, X)
    return rows(last_step(model).predict_posterior(X))


def actions_of(model):
    return last_step(model).actions_.tolist()


def rows(output):
    """Arrays of the recordings of an output."""
    if hasattr(output, "items"):
        return [own for _, own in output.items()]
    return [output] if isinstance(output, np.ndarray) else list(output)


def plain(word):
    return "-1" if word == "background" else str(word)


def words_of(labels):
    return {word for own in rows(labels) for word in np.unique(own).tolist()}


def equal(first, second):
    return all(map(np.array_equal, first, second))


# Corrections give a new model, which follows from the one before.


def renames(run, draw, model, X):
    actions = actions_of(model)
    chosen = draw.sample(actions, draw.randint(1, len(actions)))
    fresh = draw.choice(["job {}", "action 4{}", "action {}", "numbers", "background"])
    names = {a: fresh.format(i) for i, a in enumerate(chosen)}
    if isinstance(actions[0], str) or "{" not in fresh:
        names = {chosen[0]: "background" if fresh == "background" else "cut"}
    elif fresh == "numbers":
        names = {a: 50 + a for a in chosen}
    elif fresh == "action {}":
        names = {a: f"action {a}" for a in actions}
    found = rename(model, names)
    words = {"background": -1, -1: -1} | dict(zip(actions, actions_of(found)))
    for old, new in zip(rows(model.predict(X)), rows(found.predict(X))):
        expected = [plain(words[own]) for own in old.tolist()]
        assert expected == list(map(plain, new.tolist()))
    return found


def merges(run, draw, model, X):
    actions = actions_of(model)
    if len(actions) < 3:
        return None
    chosen = draw.sample(actions, 2)
    found = merge(model, chosen)
    first, second = map(actions.index, chosen)
    place = first - (second < first)
    if last_step(model).has_densities:  # whose mean is that of the merged action
        return found
    for old, new in zip(rows(model.predict_proba(X)), rows(found.predict_proba(X))):
        np.testing.assert_allclose(new[:, place], old[:, [first, second]].sum(1), 1e-4)
    return found


def splits(run, draw, model, X):
    actions = actions_of(model)
    if len(actions) > 5:
        return None
    code = draw.randrange(len(actions))
    found = split(model, actions[code], X)
    for old, new in zip(rows(model.predict_proba(X)), rows(found.predict_proba(X))):
        np.testing.assert_allclose(new[:, code : code + 2].sum(1), old[:, code], 1e-4)
    return found


def relabels(run, draw, model, X):
    """Learn labels of a recording, one segment of which is another action."""
    path = rows(model.predict(X))[0].copy()
    actions = actions_of(model)
    new = draw.choice(actions)
    if draw.random() < 0.5:
        new = "new" if isinstance(new, str) else max(actions) + 1
    path = path.astype("U12") if isinstance(new, str) else path
    start = draw.randrange(len(path) - 5)
    path[start : start + 5] = new
    found = refine(model, X, path if len(rows(X)) == 1 else [path, *[None] * 5])
    known = rows(last_step(found).labels_)[0]
    is_told = (path != "background") & (path.astype(str) != "-1")
    assert equal([known[is_told]], [path[is_told]])
    return found


# Uses give None, or an equal model.


def saves(run, draw, model, X):
    save_model(model, run.path / "model.skops")
    return same(model, load_model(run.path / "model.skops"), X)


def pickles(run, draw, model, X):
    return same(model, pickle.loads(pickle.dumps(model)), X)


def same(model, found, X):
    assert equal(rows(model.predict(X)), rows(found.predict(X)))
    assert equal(posterior(model, X), posterior(found, X))
    return found


def clones(run, draw, model, X):
    assert repr(clone(model)) == repr(clone(clone(model)))


def scores(run, draw, model, X):
    score = model.score(X)
    assert np.isnan(score) or 0 <= score <= len(actions_of(model)) + 1e-9


def reports(run, draw, model, X):
    write_report(model, X, run.path / "report.html")
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert all(str(name) in page for name in words_of(model.predict(X)) - {-1})


def tabulates(run, draw, model, X):
    labels = model.predict(X)
    assert set(tables.durations(labels)["action"]) <= set(actions_of(model))
    tables.transitions(labels), tables.usual_order(labels), tables.deviations(labels)
    tables.cycle_times(labels), tables.action_profiles(X, labels)
    tables.telling_features(X, labels)
    if len(rows(X)) > 1:
        groups = ["a", "b"] * (len(rows(X)) // 2)
        tables.compare_groups(labels, groups)


def draws(run, draw, model, X):
    skl_tot.SegmentationDisplay.from_estimator(model, X)
    plt.close("all")


def exports(run, draw, model, X):
    table = segments(model.predict(X))
    assert set(table["action"]) <= {*actions_of(model), -1, "background"}
    first = segments(rows(model.predict(X))[0], fps=10)
    write_segments(first, run.path / draw.choice(["a.csv", "a.json", "a.eaf"]))


CORRECTIONS = [renames, merges, splits, relabels]
USES = [saves, pickles, clones, scores, reports, tabulates, draws, exports]


def seeds():
    yield from range(N_SEQUENCES)
    end = time.monotonic() + float(os.environ.get("SKL_TOT_SEQUENCES", 0))
    yield from itertools.takewhile(
        lambda _: time.monotonic() < end, itertools.count(N_SEQUENCES)
    )


def test_random_sequences(tmp_path, quick_auto, short_networks):
    run, faults, texts = Sequences(tmp_path), Counter(), {}
    for seed in seeds():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of short fits
            fault, text = run.run(seed)
        if fault is not None:
            faults[fault] += 1
            texts.setdefault(fault, text)
    if faults:
        pytest.fail("\n".join([*texts.values(), *map(str, faults.items())]))
