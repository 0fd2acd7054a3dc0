"""The estimator among scikit-learn's tools."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
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
    baselines,
)
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam
from skl_tot.metrics import mof_score
from skl_tot.preprocessing import FramewiseTransformer

EXPECTED_FAILURES = {
    "check_methods_sample_order_invariance": (
        "predict decodes a path through the frames of a video in their order"
    ),
    "check_methods_subset_invariance": (
        "predict decodes a path through all frames of a video, not each by itself"
    ),
    "check_clustering": (
        "the points are shuffled, and a path through actions cannot follow them"
    ),
}
# The shapes of estimators: with a network, without, and one that owns others. That of
# a transformer is tested in tests/preprocessing.
CONFIGURATIONS = [
    TemporalOTSegmenter(max_iter=4),
    HMMSegmenter(max_iter=5),
    baselines.KMeansSegmenter(3),
    AutoSegmenter(3),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@parametrize_with_checks(
    CONFIGURATIONS, expected_failed_checks=lambda estimator: EXPECTED_FAILURES
)
def test_estimator_checks(estimator, check, quick_auto):
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


class TestModelSelection:
    def test_a_search_warns_of_each_thing(self):
        """Also where one line of code warns of both."""
        noise = [np.random.default_rng(i).normal(size=(60, 3)) for i in range(6)]
        model = HMMSegmenter(8, random_state=0)
        search = GridSearchCV(model, {"order": ["free", "mostly"]}, cv=2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            search.fit(noise)
        texts = "".join(str(warning.message) for warning in caught)
        assert "Half of the segments" in texts
        assert "Actions that" in texts

    def test_labels_that_a_score_does_not_use_are_said_once(self, activity):
        videos, labels = activity
        model = HMMSegmenter(4, random_state=0)
        search = GridSearchCV(model, {"switch_cost": [0.0, 1.0]}, cv=2)
        with pytest.warns(UserWarning, match="mof_scorer") as caught:
            search.fit(videos, labels)
        assert len([w for w in caught if "does not use y" in str(w.message)]) == 1
        with pytest.warns(UserWarning, match="mof_scorer"):
            found = search.score(videos, labels)
        assert found == search.best_estimator_.score(videos)

    def test_rho_and_alpha_change_what_a_search_finds(self):
        shape = {"n_features": 5, "mean_length": 60, "unevenness": 0.3, "noise": 0.6}
        videos, codes = make_activities(6, 4, random_state=0, **shape)
        labels = [np.array(["take cup", "pour", "stir", "drink"])[y] for y in codes]
        optimizer = Adam(freeze_iter=10, frames_per_video=32)
        options = {"max_iter": 30, "optimizer": optimizer, "random_state": 0}
        model = TemporalOTSegmenter(4, order="mostly", **options)
        model = make_pipeline(FramewiseTransformer(PCA(3)), model)
        names = [f"temporalotsegmenter__{name}" for name in ("rho", "alpha")]
        grid = dict(zip(names, ([0.05, 0.5], [0.0, 1.0])))
        options = {"cv": KFold(3), "error_score": "raise"}
        search = GridSearchCV(model, grid, scoring=make_scorer(mof_score), **options)
        search.fit(videos, labels)
        found = search.cv_results_["mean_test_score"]
        assert len(set(found)) == 4
        assert search.best_score_ == max(found)
        # The best by MoF on the held-out folds, recomputed by hand.
        model.set_params(**search.best_params_)
        scores = []
        for train, test in KFold(3).split(videos):
            of_test = [videos[i] for i in test]
            predicted = model.fit([videos[i] for i in train]).predict(of_test)
            scores.append(mof_score([labels[i] for i in test], predicted))
        assert search.best_score_ == pytest.approx(np.mean(scores))
