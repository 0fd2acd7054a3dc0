"""The estimator among scikit-learn's tools, and with threads."""

import warnings

import joblib
import numpy as np
import pytest
import torch
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.utils.estimator_checks import (
    check_dict_unchanged,
    check_estimators_nan_inf,
    check_fit2d_1feature,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    parametrize_with_checks,
)

from skl_tot import (
    AutoSegmenter,
    HMMSegmenter,
    SemiSupervisedSegmenter,
    TemporalOTSegmenter,
)
from skl_tot.extend import expected_failed_checks
from skl_tot.methods.fitted import warn_of_unused_labels
from skl_tot.metrics import mof_score, mof_scorer

# The shapes of estimators: with a network, without, and with an estimator inside. That
# of a transformer is tested in tests/preprocessing.
CONFIGURATIONS = [
    TemporalOTSegmenter(max_iter=2, n_networks=1),
    HMMSegmenter(max_iter=5),
    AutoSegmenter(),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@parametrize_with_checks(CONFIGURATIONS, expected_failed_checks=expected_failed_checks)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "check",
    [
        check_parameters_default_constructible,
        check_no_attributes_set_in_init,
        check_dict_unchanged,
        check_fit2d_1feature,
        check_estimators_nan_inf,
    ],
    ids=lambda check: check.__name__,
)
def test_some_checks_of_all(estimator, check):
    if isinstance(estimator, SemiSupervisedSegmenter):
        pytest.skip("needs labels")
    check(type(estimator).__name__, estimator)


NOISE = [np.random.default_rng(i).normal(size=(60, 3)) for i in range(6)]
HALVES = [np.arange(60) // 30] * 6
GUESS = HMMSegmenter(8, random_state=0)
ORDERS = {"order": ["free", "mostly"]}
SCORINGS = {
    "none": None,
    "ready": mof_scorer,
    "made": make_scorer(mof_score),
    "several": {"a": mof_scorer, "b": make_scorer(mof_score)},
}


class TestModelSelection:
    @pytest.mark.parametrize("scoring", SCORINGS.values(), ids=SCORINGS)
    def test_a_search_warns_of_each_thing_once(self, scoring):
        """Also where one line of code warns of both, and in the next search again."""
        options = {"cv": 2, "scoring": scoring}
        search = GridSearchCV(GUESS, ORDERS, refit="a", **options)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            search.fit(NOISE, HALVES)
            cross_validate(GUESS, NOISE, HALVES, **options)
        starts = [str(warning.message)[:12] for warning in caught]
        starts = [start for start in starts if start != "score judges"]
        assert starts == ["Half of the ", "Actions that", "Actions that"]
        assert {warning.filename for warning in caught} == {__file__}

    def test_a_worker_warns_of_each_thing_once(self, monkeypatch):
        """Its stack does not show the search; a thread stands for a process."""
        monkeypatch.setattr("skl_tot.recordings.errors._WARNED_BY_WORKER", set())
        search = GridSearchCV(GUESS, ORDERS, cv=2, n_jobs=2, pre_dispatch=1)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with joblib.parallel_config("threading"):
                search.fit(NOISE)
        starts = [str(warning.message)[:12] for warning in caught]
        once = ["Half of the ", "Actions that"]
        assert starts == [*once, once[0]]  # of the folds, and of the last fit

    def test_labels_that_a_score_does_not_use_are_said_once(self, activity):
        videos, labels = activity
        model = HMMSegmenter(4, random_state=0)
        search = GridSearchCV(model, {"switch_cost": [0.0, 1.0]}, cv=2)
        warn_of_unused_labels.cache_clear()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            search.fit(videos, labels)
            found = search.score(videos, labels)
        assert len([w for w in caught if "mof_scorer" in str(w.message)]) == 1
        assert found == search.best_estimator_.score(videos)


# calls of a fitted estimator that compute, beside its fit
CALLS = ["predict", "predict_proba", "partial_fit", "transform", "pseudo_labels"]


@pytest.mark.parametrize("name", ["TemporalOTSegmenter", "HMMSegmenter"])
def test_threads_change_no_bits_and_are_left(make_estimator, name):
    """Sums over 600 features or 2,000 frames differ where threads share them."""
    videos = [np.random.default_rng(i).normal(size=(2000, 600)) for i in range(2)]
    found, before = {}, torch.get_num_threads()
    for n_threads in (1, 3):
        torch.set_num_threads(n_threads)
        model = make_estimator(name, optimizer__frames_per_video=512).fit(videos)
        found[n_threads] = [model.labels_]
        for call in CALLS:
            if hasattr(model, call):
                output = getattr(model, call)(videos)
                found[n_threads].append(getattr(output, "network_", output))
        assert torch.get_num_threads() == n_threads
    torch.set_num_threads(before)
    assert joblib.hash(found[3]) == joblib.hash(found[1])
