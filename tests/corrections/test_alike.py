"""Actions that are alike: one that was split in two is found, and no others."""

import numpy as np
import pytest

from skl_tot import HMMSegmenter
from skl_tot.corrections import alike_actions
from skl_tot.datasets import make_activities


def split_in_two(labels, action, new, by):
    """Half of the frames of an action: the later ones, or those of some recordings."""
    found = [path.copy() for path in labels]
    for i, path in enumerate(found):
        own = np.flatnonzero(path == action)
        path[
            own[len(own) // 2 :] if by == "time" else own[: len(own) * (i // 2 % 2)]
        ] = new
    return found


@pytest.mark.parametrize("order", ["strict", "free"])
@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_is_suggested_of_actions_that_differ(order, noise, seed):
    options = {"noise": noise, "order": order, "random_state": seed}
    assert alike_actions(*make_activities(16, 5, **options)) == []


@pytest.mark.parametrize("n_features", [4, 16, 100])
@pytest.mark.parametrize("by", ["time", "bouts"])
def test_a_split_action_is_suggested(n_features, by):
    options = {"n_features": n_features, "order": "free", "random_state": 0}
    videos, labels = make_activities(16, 4, **options)
    found = alike_actions(videos, split_in_two(labels, 2, 4, by))
    assert [own["actions"] for own in found] == [(2, 4)]
    assert 0 < found[0]["score"] <= 0.7
    words = [np.array(list("abcde"))[path] for path in split_in_two(labels, 2, 4, by)]
    assert alike_actions(videos, words)[0]["actions"] == ("c", "e")


def test_a_fit_with_too_many_actions_is_seen_through():
    videos, labels = make_activities(16, 3, n_features=6, random_state=0)
    found = HMMSegmenter(5, random_state=0).fit(videos).labels_
    pairs = [own["actions"] for own in alike_actions(videos, found)]
    joined, known = np.concatenate(found), np.concatenate(labels)
    commonest = {k: np.bincount(known[joined == k]).argmax() for k in set(joined)}
    assert pairs
    assert all(commonest[a] == commonest[b] for a, b in pairs)


def test_one_recording_is_halved_by_bouts():
    videos, labels = make_activities(16, 4, order="free", random_state=0)
    one, path = np.concatenate(videos), np.concatenate(labels)
    halves = np.concatenate(split_in_two(labels, 1, 7, "bouts"))
    assert alike_actions(one, path) == []
    assert [own["actions"] for own in alike_actions(one, halves)] == [(1, 7)]


def test_too_little_says_nothing():
    videos, labels = make_activities(3, 3, random_state=0)
    assert alike_actions(videos, split_in_two(labels, 1, 3, "time")) == []
    assert alike_actions(videos, [np.full(len(own), -1) for own in videos]) == []
    constant = [np.zeros((len(own), 2)) for own in videos * 3]
    found = alike_actions(constant, labels * 3)
    assert [own["score"] for own in found] == [0.5] * 3
