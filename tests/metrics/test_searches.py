"""Scorers in searches and cross-validation of scikit-learn."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from skl_tot import metrics
from skl_tot.baselines import EqualPartsSegmenter
from skl_tot.metrics import mof_score, mof_scorer
from skl_tot.recordings import Recordings

NAMES = ["mof", "segment_f1", "edit", "miou", "mean_recall"]
NAMES += ["adjusted_rand", "adjusted_mutual_info"]
SCORES = {name: getattr(metrics, f"{name}_score") for name in NAMES}
SCORERS = {name: getattr(metrics, f"{name}_scorer") for name in NAMES[:5]}
LENGTHS = 9, 14, 11, 20, 17, 8, 12, 15
X = [np.random.default_rng(n).normal(size=(n, 2)) for n in LENGTHS]
Y = [np.random.default_rng(n).choice(list("abc"), n) for n in LENGTHS]
ACTIVITIES = ["tea", "tea", "salad", "salad", "tea", "salad", "salad", "tea"]
FOLDS = KFold(2, shuffle=True, random_state=0)
TAKES = Recordings(X, [f"take {n}" for n in LENGTHS])
TURNED = dict(zip(TAKES.names[::-1], Y[::-1]))  # in another order than the recordings


def scores_by_hand(score, n_actions, test, activities=None):
    """Score the recordings of a fold, or the mean over those of each activity."""
    found = EqualPartsSegmenter(n_actions).fit(X).predict(X)
    groups = {}
    for i in test:
        groups.setdefault(activities and activities[i], []).append(i)
    of_groups = [
        score([Y[i] for i in group], [found[i] for i in group])
        for group in groups.values()
    ]
    return np.mean(of_groups)


def search(scoring, X, y, **metadata):
    """Mean scores of a search by candidate and fold, which are 2 and 2."""
    grid = {"n_actions": [2, 3]}
    options = {"cv": FOLDS, "refit": False, "error_score": "raise"}
    found = GridSearchCV(EqualPartsSegmenter(), grid, scoring=scoring, **options)
    found.fit(X, y, **metadata)
    return {
        name: [found.cv_results_[f"split{fold}_test_{name}"] for fold in range(2)]
        for name in scoring
    }


def expected_scores(names, activities=None):
    folds = [test for _, test in FOLDS.split(X)]
    return {
        name: [
            pytest.approx(
                [scores_by_hand(SCORES[name], n, fold, activities) for n in (2, 3)]
            )
            for fold in folds
        ]
        for name in names
    }


def test_without_activities():
    assert search(SCORERS, X, Y) == expected_scores(SCORERS)
    named = TAKES, TAKES.replace(TURNED)
    assert search({"mof": mof_scorer}, *named) == expected_scores(["mof"])


MADE = {name: make_scorer(SCORES[name]) for name in NAMES[:2]}


@pytest.mark.parametrize("scorers", [MADE, SCORERS], ids=["made", "ready"])
def test_each_fold_gets_its_activities(scorers):
    scorers = {name: clone(scorer, safe=False) for name, scorer in scorers.items()}
    with sklearn.config_context(enable_metadata_routing=True):
        asking = {k: x.set_score_request(activities=True) for k, x in scorers.items()}
        asking = pickle.loads(pickle.dumps(asking))
        by_name = pd.Series(ACTIVITIES, TAKES.names)
        found = search(asking, TAKES, Y, activities=by_name)
        with pytest.raises((TypeError, ValueError), match="activities"):
            search({"mof": mof_scorer}, X, Y, activities=ACTIVITIES)
    assert found == expected_scores(asking, ACTIVITIES)


@pytest.mark.parametrize("name", [*SCORERS, "paper_f1", "released_f1"])
def test_ready_scorers_are_like_made_ones(name):
    options = {"random_state": 0} if name == "released_f1" else {}
    made = make_scorer(getattr(metrics, f"{name}_score"), **options)
    ready = getattr(metrics, f"{name}_scorer")
    assert repr(ready) == repr(made)
    assert ready._sign == made._sign  # greater is better
    model = EqualPartsSegmenter(3).fit(X)
    assert ready(model, X, Y) == made(model, X, Y)


def test_activities_by_name_need_no_routing():
    of_each = dict(zip(TAKES.names, ACTIVITIES))
    scorer = make_scorer(mof_score, activities=of_each)
    expected = expected_scores(["mof"], ACTIVITIES)
    for labels in (Y, TAKES.replace(TURNED)):
        assert search({"mof": scorer}, TAKES, labels) == expected


def test_activities_of_all_recordings_are_refused_in_a_fold():
    options = {"cv": 2, "scoring": make_scorer(mof_score, activities=ACTIVITIES)}
    text = "has 8, expected 4, .*set_score_request"
    with pytest.raises(ValueError, match=text):
        cross_validate(EqualPartsSegmenter(), X, Y, error_score="raise", **options)
    with pytest.warns(UserWarning, match=text):
        cross_validate(EqualPartsSegmenter(), X, Y, **options)


def test_scorers_of_scikit_learn_are_refused_and_not_misread():
    options = {"cv": 2, "error_score": "raise", "scoring": "accuracy"}
    with pytest.raises(ValueError):
        cross_validate(EqualPartsSegmenter(3), X, Y, **options)


@pytest.mark.parametrize("kind", [str, int])
@pytest.mark.parametrize("name", SCORERS)
def test_unknown_frames_do_not_count(name, kind):
    """Nor do recordings without labels."""
    model = EqualPartsSegmenter(3).fit(X)
    labels = Y if kind is str else [(y == "a") + 2 * (y == "b") for y in Y]
    kept = [np.arange(len(y)) % 3 > 0 for y in Y]
    unknown = "" if kind is str else -1
    partly = [np.where(rows, y, unknown) for rows, y in zip(kept, labels)]
    pairs = [labels, model.predict(X)]
    known = [[path[rows] for rows, path in zip(kept, x)][1:] for x in pairs]
    expected = SCORES[name](*known)
    assert SCORERS[name](model, X, [None, *partly[1:]]) == pytest.approx(expected)


def test_labels_of_other_recordings_are_refused():
    model = EqualPartsSegmenter(3).fit(X)
    for y, said in [(Y[1:], "7 rec"), ([["-1"] * 9, *Y[1:]], "'-1'"), (None, "None")]:
        with pytest.raises(ValueError, match=said):
            mof_scorer(model, X, y)


def test_predictions_that_are_labels_already():
    class Guided(ClusterMixin, BaseEstimator):
        classes_ = np.array(["a", "b"])

        def predict(self, X):
            return [np.array(["a", "b", "b"]), np.array(["b", "b"])]

    y = [["b", "", "b"], ["a", None]]
    assert mof_scorer(Guided(), [0, 0], y) == pytest.approx(1 / 3)
    assert mof_scorer(Guided(), [0, 0], [None, ["b", "a"]]) == 0.5
    with pytest.raises(ValueError):
        mof_scorer(Guided(), [0, 0], [None, ["", None]])
    alone = Guided()
    alone.predict = lambda X: Guided().predict(X)[0]
    assert mof_scorer(alone, [0], ["b", None, "b"]) == 0.5
