"""The estimator among scikit-learn's tools."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
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
from skl_tot.extend import Adam
from skl_tot.metrics import (
    adjusted_mutual_info_scorer,
    edit_scorer,
    mean_recall_scorer,
    miou_scorer,
    mof_score,
    mof_scorer,
    segment_f1_scorer,
)
from skl_tot.preprocessing import FramewiseTransformer

SCORERS = {
    "mof": mof_scorer,
    "f1": segment_f1_scorer,
    "edit": edit_scorer,
    "miou": miou_scorer,
    "mean recall": mean_recall_scorer,
    "ami": adjusted_mutual_info_scorer,
}
EXPECTED_FAILURES = {
    "check_methods_sample_order_invariance": (
        "predict decodes a path through the frames of a video in their order"
    ),
    "check_methods_subset_invariance": (
        "predict decodes a path through all frames of a video, not each by itself"
    ),
    "check_clustering": (
        "the points are shuffled, and a path through actions in fixed order cannot "
        "follow them"
    ),
}
QUICK = TemporalOTSegmenter(
    3,
    order="mostly",
    max_iter=4,
    n_networks=1,
    optimizer=Adam(frames_per_video=8),
    decoding="fixed",
)
# The shapes of estimators: with a network, without, and one that owns others. That of
# a transformer is tested in tests/preprocessing.
CONFIGURATIONS = [
    QUICK,
    HMMSegmenter(max_iter=5),
    baselines.EqualPartsSegmenter(3),
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


def quick(n_actions=4, **params):
    optimizer = Adam(freeze_iter=10, frames_per_video=32)
    fixed = {"max_iter": 30, "optimizer": optimizer, "n_networks": 1, "random_state": 0}
    return TemporalOTSegmenter(n_actions, **fixed | params)


@pytest.fixture(scope="module")
def ragged(activity):
    """Videos with labels in words."""
    videos, labels = activity
    words = np.array(["take cup", "pour", "stir", "drink"])
    return videos, [words[sequence] for sequence in labels]


def grid_search(cv, n_jobs=None):
    return GridSearchCV(
        make_pipeline(FramewiseTransformer(PCA(3)), quick()),
        {
            "temporalotsegmenter__rho": [0.05, 0.5],
            "temporalotsegmenter__alpha": [0.0, 1.0],
        },
        scoring=SCORERS,
        refit="mof",
        cv=cv,
        n_jobs=n_jobs,
        error_score="raise",
    )


class TestModelSelection:
    def test_a_search_warns_once_and_its_refit_once_more(self):
        """Of labels that collapse, as all do that have no actions."""
        noise = [np.random.default_rng(i).normal(size=(30, 2)) for i in range(4)]
        model = HMMSegmenter(decoding="free", switch_cost=50.0, n_init=1, max_iter=1)
        for _ in range(2):  # a second search warns, too
            search = GridSearchCV(model, {"n_actions": [3, 4]}, cv=2)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                search.fit(noise)
            texts = [str(warning.message) for warning in caught]
            assert len(texts) == 4
            assert sum("score is 0" in text for text in texts) == 1

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

    def test_grid_search_over_rho_and_alpha(self, ragged):
        search = grid_search(KFold(3)).fit(*ragged)
        assert len(search.cv_results_["params"]) == 4
        assert 0 < search.best_score_ <= 1
        assert len(search.predict(ragged[0])) == len(ragged[0])
        # The best by MoF on the held-out folds, recomputed by hand.
        model = search.estimator.set_params(**search.best_params_)
        scores = [
            mof_score(
                [ragged[1][i] for i in test],
                model.fit([ragged[0][i] for i in train]).predict(
                    [ragged[0][i] for i in test]
                ),
            )
            for train, test in KFold(3).split(ragged[0])
        ]
        assert search.best_score_ == pytest.approx(np.mean(scores))
