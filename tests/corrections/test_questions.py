"""What to label next, by sums written out frame by frame, and actions alike."""

import math
from statistics import median

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_tot.baselines import MallowSegmenter
from skl_tot.corrections import alike_actions, most_informative
from skl_tot.corrections.suggestions import DIGITS
from skl_tot.datasets import make_activities
from skl_tot.recordings.labels import find_segments


@pytest.fixture(scope="module")
def noisy(activity):
    rng = np.random.default_rng(0)
    return [x + rng.normal(scale=1, size=x.shape) for x in activity[0]]


@pytest.fixture(scope="module")
def model(noisy):
    return MallowSegmenter(4, decoding="free", switch_cost=0.1).fit(noisy)


def entropy(row):
    return -sum(p * math.log(p) for p in row if p > 0)


def test_moments(noisy, model):
    doubts = [list(map(entropy, rows)) for rows in model.predict_posterior(noisy)]
    paths, expected = model.predict(noisy), []
    all_labels, all_doubts = map(np.concatenate, (paths, doubts))
    for i, path in enumerate(paths):
        for action, start, end in zip(*find_segments(path)):
            usual, total = median(all_doubts[all_labels == action]), 0.0
            for doubt in doubts[i][start:end]:
                total += doubt - usual
            expected.append((total, i, start, end, action))
    expected.sort(key=lambda moment: -round(moment[0], DIGITS))
    found = most_informative(model, noisy, 1000)
    assert len(found) == len(expected)
    for entry, (total, *where) in zip(found, expected):
        assert list(entry.values())[:-1] == where
        assert_allclose(entry["information"], total, atol=1e-9)
    assert most_informative(model, noisy, 3) == found[:3]


@pytest.mark.parametrize("n", [0, True])
def test_errors(noisy, model, n):
    with pytest.raises(ValueError, match="n is"):
        most_informative(model, noisy, n)


def split_in_two(labels, action, new, by):
    """Half of the frames of an action: the later ones, or those of some recordings."""
    relabelled = [path.copy() for path in labels]
    for i, path in enumerate(relabelled):
        frames = np.flatnonzero(path == action)
        if by == "time":
            path[frames[len(frames) // 2 :]] = new
        elif i // 2 % 2:
            path[frames] = new
    return relabelled


@pytest.mark.parametrize(("noise", "order"), [(0.5, "strict"), (2.0, "free")])
def test_nothing_is_suggested_of_actions_that_differ(order, noise):
    videos, labels = make_activities(16, 5, noise=noise, order=order, random_state=0)
    assert alike_actions(videos, labels) == []


@pytest.mark.parametrize(("n_features", "by"), [(4, "time"), (100, "bouts")])
def test_a_split_action_is_suggested(n_features, by):
    options = {"n_features": n_features, "order": "free", "random_state": 0}
    videos, labels = make_activities(16, 4, **options)
    found = alike_actions(videos, split_in_two(labels, 2, 4, by))
    assert [pair["actions"] for pair in found] == [(2, 4)]
    assert 0 < found[0]["score"] <= 0.7
    words = [np.array(list("abcde"))[path] for path in split_in_two(labels, 2, 4, by)]
    assert alike_actions(videos, words)[0]["actions"] == ("c", "e")


def test_too_little_says_nothing():
    videos, labels = make_activities(3, 3, random_state=0)
    assert alike_actions(videos, split_in_two(labels, 1, 3, "time")) == []
    assert alike_actions(videos, [np.full(len(path), -1) for path in labels]) == []
    constant = [np.zeros((len(path), 2)) for path in labels * 3]
    found = alike_actions(constant, labels * 3)
    assert [pair["score"] for pair in found] == [0.5] * 3
