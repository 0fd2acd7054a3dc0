import pickle
from itertools import chain

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.metrics import cohen_kappa_score

from skl_tot import AutoSegmenter, TemporalOTSegmenter, baselines
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam
from skl_tot.meta.consensus import find_consensus
from skl_tot.meta.members import Plan, fit_members
from skl_tot.methods.base import BaseSegmenter
from skl_tot.metrics import mof_score
from skl_tot.metrics.label_free import carried_information, effective_actions


class Given(BaseSegmenter):
    """Finds what the first feature says, rounded, under other numbers."""

    def __init__(self, n_actions=8, *, shift=0, wrong=0.0, random_state=None):
        self.n_actions = n_actions
        self.shift = shift
        self.wrong = wrong
        self.random_state = random_state

    decoding, switch_cost, background_percentile = "framewise", 0.0, None
    standardize = None

    def _learn(self, videos):
        self.n_actions_ = self.n_actions
        self.seed_ = self.random_state

    def _log_likelihoods(self, videos):
        for video in videos:
            actions = np.clip(video[:, 0].round().astype(int), 0, self.n_actions - 1)
            actions[: int(self.wrong * len(actions))] = self.n_actions - 1
            yield np.eye(self.n_actions)[(actions + self.shift) % self.n_actions]


def tot(n_actions=4, **params):
    quick = {"max_iter": 60, "optimizer": Adam(freeze_iter=10, frames_per_video=64)}
    return baselines.paper(n_actions, **quick | params)


def quick():
    return [
        ("tot", tot(decoding="free", switch_cost=0.5)),
        ("mallow", MallowSegmenter()),
    ]


def auto(n_actions=4, candidates=None, **params):
    candidates = quick() if candidates is None else candidates
    params = {"candidates": candidates, "random_state": 0} | params
    return AutoSegmenter(n_actions, **params)


def clone_by_pickle(model):
    return pickle.loads(pickle.dumps(model))


def assert_same(first, second):
    for own, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(own, other)


@pytest.fixture(scope="module")
def activity():
    return make_activities(
        6, 4, n_features=5, mean_length=60, noise=0.5, unevenness=0.3, random_state=0
    )


@pytest.fixture(scope="module")
def fitted(activity):
    return auto().fit(activity[0])


@pytest.fixture(scope="module")
def clear():
    """Videos whose first feature is the action, and their labels."""
    rng = np.random.default_rng(0)
    labels = [np.repeat(np.arange(4), rng.integers(8, 14, 4)) for _ in range(5)]
    videos = []
    for path in labels:
        noise = rng.normal(scale=0.1, size=(len(path), 2))
        videos.append(np.c_[path + noise[:, 0], noise[:, 1]])
    return videos, labels


class TestVote:
    def test_majority_under_other_numbers(self, clear):
        videos, labels = clear
        candidates = [
            ("a", Given(shift=1)),
            ("b", Given(shift=2)),
            ("c", Given(shift=3, wrong=0.3)),
        ]
        model = auto(candidates=candidates, refine=False).fit(videos)
        assert_same(model.labels_, labels)
        found = model.candidate_labels(videos)
        assert list(found) == model.names_ == ["a", "b", "c"]
        assert_same(found["a"], labels)
        assert_same(found["b"], labels)
        expected = [[3, 0, 1, 2], [2, 3, 0, 1], [1, 2, 3, 0]]
        np.testing.assert_array_equal(model.mappings_, expected)
        matched = np.concatenate(found["c"]) == np.concatenate(labels)
        expected = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]) + matched.mean() * (
            np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0]])
        )
        np.testing.assert_allclose(model.agreement_, expected)
        # where c is right all three agree, elsewhere two
        share = matched.mean()
        weights = model.weights_
        assert weights[0] == pytest.approx(weights[1])
        assert weights[1] > weights[2] > 0
        # kappa by information: those of a and b agree by 1 and by that with c
        kappa = cohen_kappa_score(np.concatenate(labels), np.concatenate(found["c"]))
        frames = [model.scaler_.transform(video) for video in videos]
        information = [
            carried_information(lambda i: [frames[i]], paths, 4)
            for paths in found.values()
        ]
        own = np.array([1 + kappa, 1 + kappa, 2 * kappa])
        own = own * np.exp(2 * np.array(information))
        np.testing.assert_allclose(weights, own / own.sum())
        assert model.results_["weight"] == weights.tolist()
        scores = 1 - (1 - share) * np.array([weights[2]] * 2 + [1 - weights[2]])
        np.testing.assert_allclose(model.results_["score"], scores)
        np.testing.assert_allclose(
            model.results_["agreement"], [(1 + share) / 2, (1 + share) / 2, share]
        )
        effective = [effective_actions(paths) for paths in found.values()]
        assert model.results_["effective"] == effective

    def test_log_likelihoods_are_those_of_votes(self, clear):
        videos, _ = clear
        candidates = [("a", Given()), ("b", Given()), ("c", Given(wrong=0.3))]
        model = auto(candidates=candidates, refine=False).fit(videos)
        first, _, last = model.weights_
        votes = np.array([2 * first, 0, 0, last])
        scores = model.log_likelihood(videos[0])
        np.testing.assert_allclose(scores[0], np.log(votes + 0.02))
        shares = model.predict_proba(videos[0])
        np.testing.assert_allclose(shares[0], (votes + 0.02) / 1.08)

    def test_actions_are_numbered_in_time(self, activity, fitted):
        weights, times = np.zeros(4), np.zeros(4)
        for scores in fitted.log_likelihood(activity[0]):
            votes = np.exp(scores) - 0.02
            weights += votes.sum(axis=0)
            times += (np.arange(len(votes)) + 0.5) / len(votes) @ votes
        assert (np.diff(times / weights) > 0).all()

    def test_refinements_repair(self, clear):
        videos, labels = clear
        candidates = [("wrong", Given(wrong=0.12)), ("mallow", MallowSegmenter())]
        model = auto(candidates=candidates).fit(videos)
        assert model.names_ == ["wrong", "mallow", "wrong refined", "mallow refined"]
        found = model.candidate_labels(videos)
        before = mof_score(labels, found["wrong"])
        assert mof_score(labels, found["wrong refined"]) > before + 0.05
        assert len(model.refinements_) == 2


class TestOrder:
    def test_strict(self, activity):
        candidates = [("tot", tot()), ("mallow", MallowSegmenter(order="strict"))]
        model = auto(candidates=candidates, order="strict").fit(activity[0])
        found = model.candidate_labels(activity[0])
        for path in [*model.labels_, *model.predict(activity[0])]:
            assert set(np.diff(path, prepend=-1).tolist()) == {0, 1}
        for path in chain.from_iterable(found.values()):  # in numbers of the vote
            assert 1 + np.count_nonzero(np.diff(path)) == len(set(path)) == 4
        assert len(model.readings_) == 1

    def test_free(self, activity):
        model = auto(order="free").fit(activity[0])
        assert (model.decoding_, model.decoder_[1]) == ("free", 0.02)
        found = model.candidate_labels(activity[0]).values()
        labellings = [np.concatenate(labels) for labels in found]
        weights = find_consensus(labellings, 4).weights  # what carries over is left out
        np.testing.assert_allclose(model.weights_, weights)


class TestCandidates:
    def test_clones_are_fitted(self, activity):
        candidates = quick()
        model = auto(3, candidates).fit(activity[0])
        for (_, given), found in zip(candidates, model.estimators_):
            assert not hasattr(given, "labels_")
            assert given.n_actions in (4, 8)
            assert type(found) is type(given)
            assert found.n_actions_ == 3

    def test_background_of_a_candidate_is_no_vote(self, activity):
        candidates = [
            ("shy", tot(background_percentile=30)),
            ("sure", MallowSegmenter()),
        ]
        model = auto(candidates=candidates, refine=False).fit(activity[0])
        shy = np.concatenate(model.candidate_labels(activity[0])["shy"])
        assert 0.05 < np.mean(shy == -1) < 0.8
        assert np.concatenate(model.labels_).min() == 0
        votes = np.exp(np.concatenate(model.log_likelihood(activity[0]))) - 0.02
        np.testing.assert_allclose(votes.sum(axis=1), 1)
        np.testing.assert_allclose(votes[shy == -1].max(axis=1), 1)

    def test_nested_parameters(self):
        model = auto()
        params = model.get_params()
        assert params["tot__max_iter"] == 60
        assert params["tot"] is model.candidates[0][1]
        assert "tot__max_iter" not in model.get_params(deep=False)
        model.set_params(tot__rho=0.3, mallow=tot(rho=0.4), switch_cost=0.2)
        assert clone(model).get_params()["tot__rho"] == 0.3
        assert model.get_params()["mallow__rho"] == 0.4
        assert AutoSegmenter().get_params()["candidates"] == "auto"
        with pytest.raises(ValueError, match="Invalid parameter"):
            model.set_params(asot__rho=0.1)


def test_same_result_for_any_n_jobs(activity, fitted):
    model = auto(n_jobs=2).fit(activity[0])
    assert model.names_ == fitted.names_
    assert_same(model.labels_, fitted.labels_)
    np.testing.assert_array_equal(model.weights_, fitted.weights_)
    with pytest.raises(ValueError, match=r"candidate 'b': .*rho"):
        auto(2, [*quick(), ("b", tot(rho=-1))], n_jobs=2).fit(activity[0])


def test_start_of_another_is_not_fitted_again(activity):
    asal = baselines.ASALSegmenter(4, max_iter=1, n_steps=5)
    plans = [Plan("a", tot(decoding="free"), 1), Plan("b", asal, 2, start="a")]
    videos = MallowSegmenter(4).fit(activity[0]).prepare(activity[0])
    found = dict(fit_members(plans, videos, 4, None))
    fixed = clone_by_pickle(found["a"][0].model).set_params(decoding="fixed")
    own = clone(asal).set_params(estimator=FrozenEstimator(fixed), random_state=2)
    assert_same(found["b"][0].labels, own.fit(activity[0]).labels_)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"candidates": "all"}, "candidates"),
        ({"candidates": [("a", tot()), ("a", tot())]}, "not unique"),
        ({"candidates": [("a", tot()), ("a refined", tot())]}, "not unique"),
        ({"candidates": [("a__b", tot())]}, "must not contain __"),
        ({"candidates": [("decoding", tot())]}, "conflict"),
        ({"candidates": [("a", tot(rho=-1))]}, "candidate 'a': .*rho"),
        ({"windows": "wide"}, "windows"),
        ({"refine": "yes"}, "refine"),
        ({"decoding": "freely"}, "decoding"),
    ],
)
def test_bad_parameters_change_nothing(fitted, activity, params, message):
    model = clone_by_pickle(fitted).set_params(**params)
    before = joblib.hash(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(activity[0])
    assert joblib.hash(vars(model)) == before


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ([], "expected a list of pairs"),
        ([tot()], "expected a list of pairs"),
        ([(1, tot())], "expected a list of pairs"),
        ([("a", tot()), ("b",)], "expected a list of pairs"),
        ([("a", LinearRegression())], "candidate 'a': .*LinearRegression', expected"),
        ([("a", TemporalOTSegmenter)], "candidate 'a'"),
        ([("a", None)], "candidate 'a'"),
    ],
)
def test_what_is_no_candidate(activity, candidates, message):
    with pytest.raises(TypeError, match=message):
        auto(candidates=candidates).fit(activity[0])
