"""A vote of given candidates, and its alternatives."""

import copy
import pickle
from itertools import chain

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from skl_tot import AutoSegmenter, HMMSegmenter, TemporalOTSegmenter, baselines
from skl_tot.baselines import KMeansSegmenter, MallowSegmenter
from skl_tot.corrections import merge, rename
from skl_tot.datasets import make_activities
from skl_tot.extend import Adam
from skl_tot.methods.base import BaseSegmenter
from skl_tot.metrics import effective_actions, mof_score


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


def assert_same(first, second):
    for path, expected in zip(first, second, strict=True):
        np.testing.assert_array_equal(path, expected)


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

    def test_log_likelihoods_are_those_of_votes(self, clear):
        videos, _ = clear
        candidates = [("a", Given()), ("b", Given()), ("c", Given(wrong=0.3))]
        model = auto(candidates=candidates).fit(videos)
        votes = np.array([2 / 3, 0, 0, 1 / 3])
        scores = model.log_likelihood(videos[0])
        np.testing.assert_allclose(scores[0], np.log(votes + 0.02))
        shares = model.predict_proba(videos[0])
        np.testing.assert_allclose(shares[0], (votes + 0.02) / 1.08)

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
        monkeypatch.setattr("skl_tot.meta.vote.N_STEPS", 5)
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
    "params",
    [
        {"candidates": "all"},
        {"candidates": [("a", tot()), ("a", tot())]},
        {"candidates": [("a__b", tot())]},
        {"candidates": [("decoding", tot())]},
        {"candidates": [("a", tot(rho=-1))]},
        {"candidates": []},
        {"candidates": [(1, tot())]},
        {"candidates": [("a", tot()), ("b",)]},
        {"candidates": [("a", LinearRegression())]},
        {"candidates": [("a", TemporalOTSegmenter)]},
        {"decoding": "freely"},
    ],
)
def test_bad_parameters_change_nothing(fitted, activity, params):
    model = pickle.loads(pickle.dumps(fitted)).set_params(**params)
    before = joblib.hash(vars(model))
    with pytest.raises((TypeError, ValueError)):
        model.fit(activity[0])
    assert joblib.hash(vars(model)) == before


CANDIDATES = [
    ("hmm", HMMSegmenter(order="strict")),
    ("scaled", HMMSegmenter(order="strict", standardize="video")),
    ("third", HMMSegmenter(order="strict", n_components=3)),
    ("free", HMMSegmenter(order="free")),
    ("k-means", KMeansSegmenter(switch_cost="auto")),
]


@pytest.fixture(scope="module")
def recordings():
    return make_activities(
        8, 5, n_features=4, mean_length=60, alike=True, random_state=0
    )


@pytest.fixture(scope="module")
def model(recordings):
    """A vote of two groups, in order and without one."""
    vote = AutoSegmenter(5, candidates=CANDIDATES, order="mostly", random_state=0)
    return vote.fit(recordings[0])


def test_an_alternative_is_the_vote_of_a_group(model, recordings):
    videos, _ = recordings
    assert [other.n_members for other in model.alternatives_] == [3, 2]
    np.testing.assert_allclose(model.weights_, [1 / 3, 1 / 3, 1 / 3, 0, 0])
    found = model.alternative_labels(videos)
    assert list(found) == [other.name for other in model.alternatives_]
    first, second = found.values()
    assert all(map(np.array_equal, first, model.labels_))
    for alternative, paths in zip(model.alternatives_, found.values()):
        assert alternative.n_actions == effective_actions(paths)
        assert alternative.agreement == pytest.approx(mof_score(first, paths))
        assert f"{alternative.n_members} of 5 members" in alternative.sentence
    assert model.alternatives_[1].agreement < 0.95
    twin = model.alternative(1)
    np.testing.assert_allclose(twin.weights_, [0, 0, 0, 0.5, 0.5])
    assert all(map(np.array_equal, twin.predict(videos), second))
    assert all(map(np.array_equal, twin.labels_, second))


def test_actions_of_each_alternative_are_numbered_in_time(model, recordings):
    for place in (0, 1):
        weights, times = np.zeros(5), np.zeros(5)
        for scores in model.alternative(place).log_likelihood(recordings[0]):
            votes = np.exp(scores) - 0.02
            weights += votes.sum(axis=0)
            times += (np.arange(len(votes)) + 0.5) / len(votes) @ votes
        assert (np.diff(times / weights) >= 0).all()


def test_another_alternative_becomes_the_own_one_and_back(model, recordings):
    videos, _ = recordings
    twin, names = copy.copy(model), [other.name for other in model.alternatives_]
    first, others = model.alternative_labels(videos).values()
    parameters = twin.get_params(deep=False)
    assert twin.use_alternative(names[1]) is twin
    assert [other.name for other in twin.alternatives_] == names[::-1]
    assert twin.alternatives_[0].agreement == 1
    assert twin.alternatives_[1].agreement < 1
    assert twin.get_params(deep=False) == parameters
    assert all(map(np.array_equal, twin.predict(videos), others))
    assert all(map(np.array_equal, twin.labels_, others))
    assert all(map(np.array_equal, model.predict(videos), first))  # as before
    twin.use_alternative(1)
    assert all(map(np.array_equal, twin.predict(videos), first))
    assert [other.name for other in twin.alternatives_] == names


@pytest.mark.parametrize("key", ["other", 2, -1, True, None])
def test_an_unknown_alternative_is_refused(model, key):
    with pytest.raises(ValueError, match="alternative"):
        model.use_alternative(key)


def test_corrections_belong_to_an_alternative(model, recordings):
    videos, _ = recordings
    found = list(model.alternative_labels(videos).values())
    for corrected in (rename(model, {0: "reach"}), merge(model, [0, 1])):
        with pytest.raises(ValueError, match="use_alternative first"):
            corrected.use_alternative(1)
        plain = corrected.alternative(1)
        assert plain.actions_.tolist() == [0, 1, 2, 3, 4]
        assert all(map(np.array_equal, plain.predict(videos), found[1]))
        first, second = corrected.alternative_labels(videos).values()
        assert all(map(np.array_equal, first, corrected.predict(videos)))
        assert all(map(np.array_equal, second, found[1]))


def test_labels_of_one_recording_rank_alternatives(model, recordings):
    videos, labels = recordings
    some = labels[2].copy()
    some[::2] = -1
    y = [None] * len(videos)
    y[2] = some
    found, seen = model.rank_alternatives(videos, y), some >= 0
    for name, paths in model.alternative_labels(videos).items():
        expected = mof_score([labels[2][seen]], [paths[2][seen]])
        assert found[name] == pytest.approx(expected)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    words = np.array([*"abcde"])
    named = dict(zip("pqr", videos))
    found = model.rank_alternatives(named, {"q": words[labels[1]]})
    first = model.predict(videos[1])
    name = model.alternatives_[0].name
    assert found[name] == pytest.approx(mof_score([labels[1]], [first]))
    with pytest.raises(ValueError, match="y"):
        model.rank_alternatives(videos, [None] * len(videos))
