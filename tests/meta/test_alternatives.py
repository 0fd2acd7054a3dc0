"""A vote keeps the results of all groups of members, and takes one as its own."""

import copy

import numpy as np
import pytest

from skl_tot import AutoSegmenter, HMMSegmenter
from skl_tot.baselines import KMeansSegmenter
from skl_tot.corrections import merge, rename
from skl_tot.datasets import make_activities
from skl_tot.metrics import effective_actions, mof_score

CANDIDATES = [
    ("hmm", HMMSegmenter(order="strict")),
    ("scaled", HMMSegmenter(order="strict", standardize="video")),
    ("third", HMMSegmenter(order="strict", n_components=3)),
    ("free", HMMSegmenter(order="free")),
    ("k-means", KMeansSegmenter(switch_cost="auto")),
]


@pytest.fixture(scope="module")
def activity():
    options = {"n_features": 4, "mean_length": 60, "alike": True, "random_state": 0}
    return make_activities(8, 5, **options)


@pytest.fixture(scope="module")
def model(activity):
    """A vote of two groups, in order and without one."""
    vote = AutoSegmenter(5, candidates=CANDIDATES, order="mostly", random_state=0)
    return vote.fit(activity[0])


def test_an_alternative_is_the_vote_of_a_group(model, activity):
    videos, _ = activity
    assert [own.n_members for own in model.alternatives_] == [3, 2]
    np.testing.assert_allclose(model.weights_, [1 / 3, 1 / 3, 1 / 3, 0, 0])
    found = model.alternative_labels(videos)
    assert list(found) == [own.name for own in model.alternatives_]
    first, second = found.values()
    assert all(map(np.array_equal, first, model.labels_))
    for own, paths in zip(model.alternatives_, found.values()):
        assert own.n_actions == effective_actions(paths)
        assert own.agreement == pytest.approx(mof_score(first, paths))
        n_segments = np.mean([1 + np.count_nonzero(np.diff(path)) for path in paths])
        assert f"{own.n_members} of 5 members agree" in own.sentence
        assert f"have {n_segments:.3g} segments" in own.sentence
    assert model.alternatives_[1].agreement < 0.95
    twin = model.alternative(1)
    np.testing.assert_allclose(twin.weights_, [0, 0, 0, 0.5, 0.5])
    assert all(map(np.array_equal, twin.predict(videos), second))
    assert all(map(np.array_equal, twin.labels_, second))


def test_actions_of_each_alternative_are_numbered_in_time(model, activity):
    for place in (0, 1):
        weights, times = np.zeros(5), np.zeros(5)
        for scores in model.alternative(place).log_likelihood(activity[0]):
            votes = np.exp(scores) - 0.02
            weights += votes.sum(axis=0)
            times += (np.arange(len(votes)) + 0.5) / len(votes) @ votes
        assert (np.diff(times / weights) >= 0).all()


def test_another_alternative_becomes_the_own_one_and_back(model, activity):
    videos, _ = activity
    twin, names = copy.copy(model), [own.name for own in model.alternatives_]
    own, others = model.alternative_labels(videos).values()
    parameters = twin.get_params(deep=False)
    assert twin.use_alternative(names[1]) is twin
    assert [own.name for own in twin.alternatives_] == names[::-1]
    assert twin.alternatives_[0].agreement == 1
    assert twin.alternatives_[1].agreement < 1
    assert twin.get_params(deep=False) == parameters
    assert all(map(np.array_equal, twin.predict(videos), others))
    assert all(map(np.array_equal, twin.labels_, others))
    assert all(map(np.array_equal, model.predict(videos), own))  # as before
    twin.use_alternative(1)
    assert all(map(np.array_equal, twin.predict(videos), own))
    assert [own.name for own in twin.alternatives_] == names


@pytest.mark.parametrize("key", ["other", 2, -1, True, None])
def test_an_unknown_alternative_is_refused(model, key):
    with pytest.raises(ValueError, match=r"alternative is .* expected one of"):
        model.use_alternative(key)


def test_corrections_belong_to_an_alternative(model, activity):
    videos, _ = activity
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


def test_labels_of_one_recording_rank_alternatives(model, activity):
    videos, labels = activity
    known = labels[2].copy()
    known[::2] = -1
    y = [None] * len(videos)
    y[2] = known
    found, seen = model.rank_alternatives(videos, y), known >= 0
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
