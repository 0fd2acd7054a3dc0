"""What is done with a fitted model does not lower the share of right frames.

Each capability is tried in each order, on features in arrays and on raw signals in a
folder of files.
"""

import json
import re
from typing import Any, NamedTuple

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skl_tot import (
    CyclicSegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    choose_n_actions,
    read_recordings,
)
from skl_tot.app.report import write_report
from skl_tot.corrections import merge, refine, rename, split
from skl_tot.datasets import make_activities
from skl_tot.io import load_model, save_model
from skl_tot.methods.pipelines import last_step
from skl_tot.metrics import match_labels, mof_score
from skl_tot.preprocessing import SignalWindows

pytestmark = pytest.mark.usefixtures("short_networks")  # one of four that teach
N_ACTIONS = 4
WORDS = np.array(["take", "pour", "stir", "drink"])
ORDERS = {
    "strict": {},
    "mostly": {"missing": 0.25},
    "free": {"order": "free"},  # actions return
}
# Recordings, frames of each, and the least share of right frames of the fit.
FORMS = {"arrays": (12, 100, 0.95), "files": (6, 300, 0.9)}
MOST_LOST = 0.01


class Case(NamedTuple):
    """A fitted model, and what it has found in its recordings."""

    order: str
    form: str
    X: Any  # as the model takes it
    videos: list
    truth: list
    model: Any
    labels: list

    @property
    def share(self):
        """Share of right frames."""
        return mof_score(self.truth, self.labels)


def as_list(labels):
    return list(labels.values()) if hasattr(labels, "values") else list(labels)


def make_signals(truth):
    """Vibrations of three axes, of which each action but the last one moves one."""
    rng = np.random.default_rng(0)
    strength = np.vstack([0.2 + 1.8 * np.eye(3), np.full(3, 0.2)])
    signals = []
    for path in truth:
        angle = 0.9 * np.arange(len(path)) + rng.uniform(0, 6)
        waves = np.column_stack([np.sin(angle), np.cos(angle), np.sin(angle + 1)])
        noise = 0.05 * rng.normal(size=waves.shape)
        signals.append((strength[path] * waves + noise).round(3))
    return signals


def write_folder(folder, signals):
    for i, signal in enumerate(signals):
        options = {"delimiter": ",", "header": "x,y,z", "comments": ""}
        np.savetxt(folder / f"take {i:02}.csv", signal, "%g", **options)


def make_model(order, form, n_actions=N_ACTIONS):
    """Segmenter of an order, after windows for raw signals."""
    order = "free" if order == "free" else "mostly"
    model = HMMSegmenter(n_actions, order=order, random_state=0)
    return make_pipeline(SignalWindows(), model) if form == "files" else model


@pytest.fixture(scope="module", params=[(o, f) for f in FORMS for o in ORDERS], ids=str)
def case(request, tmp_path_factory):
    order, form = request.param
    n_videos, mean_length, least = FORMS[form]
    videos, truth = make_activities(
        n_videos,
        N_ACTIONS,
        n_features=8,
        mean_length=mean_length,
        random_state=0,
        **ORDERS[order],
    )
    X = videos
    if form == "files":
        videos = make_signals(truth)
        folder = tmp_path_factory.mktemp(order)
        write_folder(folder, videos)
        X = read_recordings(folder)
    model = make_model(order, form).fit(X)
    case = Case(order, form, X, videos, truth, model, as_list(model.predict(X)))
    assert case.share > least
    return case


def words_of_two(case):
    """Labels of the first two recordings, in the form of the case."""
    words = [WORDS[path] for path in case.truth[:2]]
    if case.form == "files":
        return dict(zip(case.X.names, words))
    return [*words, *[None] * (len(case.truth) - 2)]


def share_by_names(model, case):
    """Share in recordings without labels, by the given names, which are all here."""
    assert last_step(model).unlabelled_actions_ == []
    words = WORDS[np.concatenate(case.truth[2:])]
    return (np.concatenate(as_list(model.predict(case.X))[2:]) == words).mean()


def share_without_labels(case):
    return mof_score(case.truth[2:], case.labels[2:])


def shares_of_merged(case, pair, merged):
    """Shares before and after a merge, with the two true actions merged as well."""
    true_of = match_labels(case.truth, case.labels)
    groups = np.arange(N_ACTIONS)
    groups[true_of[pair[1]]] = true_of[pair[0]]
    right = [groups[path] for path in case.truth]
    before = [groups[[true_of[k] for k in path.tolist()]] for path in case.labels]
    same = np.concatenate(before) == np.concatenate(right)
    return same.mean(), mof_score(right, merged)


def test_guide(case):
    guided = SemiSupervisedSegmenter(FrozenEstimator(case.model), random_state=0)
    guided.fit(case.X, words_of_two(case))
    assert share_by_names(guided, case) >= share_without_labels(case) - MOST_LOST


def test_refine_split_and_merge_back(case):
    """What has learned from labels is split and merged as others are."""
    refined = refine(case.model, case.X, words_of_two(case))
    after = share_by_names(refined, case)
    halves = split(refined, "take", case.X)
    merged = rename(merge(halves, ["take 1", "take 2"]), {"take 1": "take"})
    assert share_by_names(merged, case) >= after - MOST_LOST
    assert after >= share_without_labels(case) - MOST_LOST


@pytest.mark.parametrize("pair", [(0, 1), (2, 3), (0, 2)])
def test_merge(case, pair):
    merged = as_list(merge(case.model, pair).predict(case.X))
    before, after = shares_of_merged(case, pair, merged)
    assert after >= before - MOST_LOST


def test_split_and_merge_back(case):
    again = merge(split(case.model, 1, case.X), [1, 2]).predict(case.X)
    assert mof_score(case.truth, as_list(again)) >= case.share - MOST_LOST


def test_rename(case):
    named = rename(case.model, WORDS.tolist()).predict(case.X)
    for path, expected in zip(as_list(named), case.labels, strict=True):
        np.testing.assert_array_equal(path, WORDS[expected])


def test_save_and_load(case, tmp_path):
    save_model(case.model, tmp_path / "m.skops")
    again = load_model(tmp_path / "m.skops").predict(case.X)
    for path, expected in zip(as_list(again), case.labels, strict=True):
        np.testing.assert_array_equal(path, expected)


def test_cycles(case):
    """Logs of recordings, of which it does not know where they begin."""
    if case.order == "free" or case.form == "files":
        pytest.skip("no cycles without an order; in raw signals they are worse")
    logs = [np.concatenate(case.videos[i : i + 4]) for i in (0, 4)]
    model = CyclicSegmenter(N_ACTIONS, estimator=HMMSegmenter(), random_state=0)
    cyclic = np.concatenate(model.fit_predict(logs))
    after = mof_score([np.concatenate(case.truth[:8])], [cyclic])
    assert after >= case.share - MOST_LOST


def test_number_of_actions(case):
    order = "free" if case.form == "files" else case.order  # as a look finds
    model = make_model(order, case.form)
    number = choose_n_actions(model, case.X, numbers=range(3, 6))["best"]
    model = make_model(order, case.form, number).fit(case.X)
    after = mof_score(case.truth, as_list(model.predict(case.X)))
    assert after >= case.share - MOST_LOST


def test_report(case, tmp_path):
    write_report(case.model, case.X, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r"<script[^>]*>(\{.*?)</script>", page, re.S)[1])
    paths = []
    for recording, expected in zip(data["recordings"], case.labels, strict=True):
        bar = recording["prediction"]
        lengths = np.diff([*bar["start"], recording["end"]])
        paths.append(np.repeat(bar["code"], np.rint(lengths).astype(int)))
        assert len(paths[-1]) == len(expected)
    assert mof_score(case.truth, paths) == case.share


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (1, 3), (2, 3)])
def test_merge_of_families_without_common_actions(request, pair):
    if pair == (0, 1):
        reason = (
            "a merge of the first actions forgets how two kinds of recordings begin"
        )
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    videos, truth = [], []
    for k in range(2):
        options = {"n_features": 4, "mean_length": 100, "noise": 2.0}
        family, labels = make_activities(8, 2, **options, random_state=k)
        videos += family
        truth += [path + 2 * k for path in labels]
    model = HMMSegmenter(N_ACTIONS, order="free", random_state=0).fit(videos)
    case = Case("free", "arrays", videos, videos, truth, model, model.predict(videos))
    before, after = shares_of_merged(case, pair, merge(model, pair).predict(videos))
    assert after >= before - MOST_LOST
