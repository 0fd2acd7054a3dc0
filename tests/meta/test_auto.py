import pickle
from itertools import chain

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.metrics import adjusted_mutual_info_score

from skl_tot import AutoSegmenter, TemporalOTSegmenter, baselines
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam
from skl_tot.methods.base import BaseSegmenter


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
        model = auto(candidates=candidates).fit(videos)
        assert_same(model.labels_, labels)
        found = model.candidate_labels(videos)
        assert list(found) == model.names_ == ["a", "b", "c"]
        assert_same(found["a"], labels)
        assert_same(found["b"], labels)
        expected = [[3, 0, 1, 2], [2, 3, 0, 1], [1, 2, 3, 0]]
        np.testing.assert_array_equal(model.mappings_, expected)
        np.testing.assert_allclose(model.weights_, 1 / 3)
        a, c = np.concatenate(found["a"]), np.concatenate(found["c"])
        known = adjusted_mutual_info_score(a, c)
        expected = [[1, 1, known], [1, 1, known], [known, known, 1]]
        np.testing.assert_allclose(model.agreement_, expected)

    def test_log_likelihoods_are_those_of_votes(self, clear):
        videos, _ = clear
        candidates = [("a", Given()), ("b", Given()), ("c", Given(wrong=0.3))]
        model = auto(candidates=candidates).fit(videos)
        votes = np.array([2 / 3, 0, 0, 1 / 3])
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

    def test_a_switch_costs_by_the_segments_of_members(self, clear):
        videos, _ = clear
        model = auto(candidates=[("a", Given()), ("b", Given())]).fit(videos)
        mean = sum(map(len, videos)) / (4 * len(videos))
        # by default 0.02 nats for each frame of a segment
        nats = model.decoder_[1] * np.mean([len(x) for x in videos]) / 4
        assert nats == pytest.approx(0.02 * mean)
        assert model.set_params(switch_cost=0.3).decoder_[1] == 0.3


class TestOrder:
    def test_strict(self, activity):
        candidates = [("tot", tot()), ("mallow", MallowSegmenter(order="strict"))]
        model = auto(candidates=candidates, order="strict").fit(activity[0])
        found = model.candidate_labels(activity[0])
        for path in [*model.labels_, *model.predict(activity[0])]:
            assert set(np.diff(path, prepend=-1).tolist()) == {0, 1}
        for path in chain.from_iterable(found.values()):  # in numbers of the vote
            assert 1 + np.count_nonzero(np.diff(path)) == len(set(path)) == 4
        assert len(model.alternatives_) == 1

    @pytest.mark.parametrize(
        ("order", "n_members"), [("strict", 10), ("mostly", 20), ("free", 10)]
    )
    def test_members_by_order(self, activity, monkeypatch, order, n_members):
        monkeypatch.setattr("skl_tot.meta.vote.N_STEPS", 10)
        model = AutoSegmenter(4, order=order, random_state=0).fit(activity[0])
        assert len(model.names_) == len(set(model.names_)) == n_members
        assert (len(model.views_), model.order_) == (5, order)
        assert len(model.alternatives_) <= 4
        assert_same(model.predict(activity[0]), model.labels_)
        strict = [name for name in model.names_ if "each action once" in name]
        assert len(strict) == (0 if order == "free" else 10)
        found = model.candidate_labels(activity[0])
        for path in chain.from_iterable(found[name] for name in strict):
            assert 1 + np.count_nonzero(np.diff(path)) == len(set(path)) == 4


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
        model = auto(candidates=candidates).fit(activity[0])
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
    np.testing.assert_array_equal(model.agreement_, fitted.agreement_)
    with pytest.raises(ValueError, match=r"candidate 'b': .*rho"):
        auto(2, [*quick(), ("b", tot(rho=-1))], n_jobs=2).fit(activity[0])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"candidates": "all"}, "candidates"),
        ({"candidates": [("a", tot()), ("a", tot())]}, "not unique"),
        ({"candidates": [("a__b", tot())]}, "must not contain __"),
        ({"candidates": [("decoding", tot())]}, "conflict"),
        ({"candidates": [("a", tot(rho=-1))]}, "candidate 'a': .*rho"),
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
