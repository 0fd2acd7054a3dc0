"""What to label next, by sums written out, and actions alike."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.frozen import FrozenEstimator

from skl_tot import HMMSegmenter
from skl_tot.corrections import alike_actions, recordings_to_label
from skl_tot.corrections.suggestions import (
    describe_signals,
    propose,
)
from skl_tot.datasets import make_activities


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


@pytest.mark.parametrize(
    ("n_features", "by", "score"), [(4, "time", 0.478838), (100, "bouts", 0.497375)]
)
def test_a_split_action_is_suggested(n_features, by, score):
    options = {"n_features": n_features, "order": "free", "random_state": 0}
    videos, labels = make_activities(16, 4, **options)
    found = alike_actions(videos, split_in_two(labels, 2, 4, by))
    assert [pair["actions"] for pair in found] == [(2, 4)]
    assert found[0]["score"] == pytest.approx(score, abs=1e-4)
    words = [np.array(list("abcde"))[path] for path in split_in_two(labels, 2, 4, by)]
    small = [video / 99 for video in videos]
    assert alike_actions(small, words)[0]["actions"] == ("c", "e")


def test_too_little_says_nothing():
    videos, labels = make_activities(3, 3, random_state=0)
    assert alike_actions(videos, split_in_two(labels, 1, 3, "time")) == []
    assert alike_actions(videos, [np.full(len(path), -1) for path in labels]) == []
    constant = [np.zeros((len(path), 2)) for path in labels * 3]
    found = alike_actions(constant, labels * 3)
    assert [pair["score"] for pair in found] == [0.5] * 3


@pytest.fixture(scope="module")
def lacking():
    """Recordings and labels; only number 3 shows all five actions."""
    options = {"n_features": 6, "mean_length": 80, "noise": 0.5}
    videos, labels = make_activities(8, 5, **options, random_state=0)
    kept = [path != (i % 5) if i != 3 else path >= 0 for i, path in enumerate(labels)]
    videos = [video[rows] for video, rows in zip(videos, kept)]
    return videos, [path[rows] for path, rows in zip(labels, kept)]


def numbers(proposals):
    return [proposal["recording"] for proposal in proposals]


def test_the_first_lacks_nothing(lacking):
    videos, _ = lacking
    hmm = HMMSegmenter(5, order="free", random_state=0)
    (first,) = recordings_to_label(videos, estimator=hmm)
    assert first["recording"] == 3
    assert "% of all that occurs" in first["reason"]
    longer = videos[3].repeat(2, axis=0)  # the same at half the speed
    others = [video for i, video in enumerate(videos) if i != 3]
    assert numbers(recordings_to_label([*others, longer], estimator=hmm)) == [7]


def test_the_next_shows_what_labels_lack(lacking):
    videos, labels = lacking
    hmm = HMMSegmenter(5, order="free", random_state=0).fit(videos)
    hmm = FrozenEstimator(hmm)
    for first in (0, 1, 2, 4):  # each lacks the action of its number
        y = [path if i == first else None for i, path in enumerate(labels)]
        ranking = recordings_to_label(videos, y, n=100, estimator=hmm)
        assert sorted(numbers(ranking)) == sorted({*range(8)} - {first})
        asked = ranking[0]
        assert first in labels[asked["recording"]]
        assert "that labels lack" in asked["reason"]
        assert recordings_to_label(videos, y, estimator=hmm) == [asked]
        # labels of a part do not count as those of the whole
        y[first] = np.where(labels[first] == labels[first][0], y[first], -1)
        (asked,) = recordings_to_label(videos, y, estimator=hmm)
        missing = set(range(5)) - {labels[first][0]}
        assert len(missing & set(labels[asked["recording"]].tolist())) == 4
    assert recordings_to_label(videos, labels, n=3, estimator=hmm) == []
    for n, is_said in [(9, False), (11, True)]:  # 4.5 and 5.5 % of all frames
        ((_, why),) = propose([np.array([[100 - n, n], [100, 0]])], [[0], [1]], [1], 1)
        assert ("shows" in why) == is_said


@pytest.mark.parametrize(
    ("parameter", "options"),
    [("n", {"n": 0}), ("n", {"n": True}), ("y", {"y": [None]}), ("y", {"y": "ab"})],
)
def test_refused_parameters_of_proposals(lacking, parameter, options):
    with pytest.raises((TypeError, ValueError), match=parameter):
        recordings_to_label(lacking[0], **options, estimator=HMMSegmenter(2))


def test_the_order_by_sums_written_out():
    rng = np.random.default_rng(1)
    counts = [rng.integers(1, 50, (12, k)) for k in (3, 5)]
    counts[0][:9, 2] = counts[1][2:, 3] = 0
    values, checked = rng.normal(size=(12, 4)), [4]
    gaps = [[math.dist(a, b) ** 2 for a in values] for b in values]
    middle = np.median([x for row in gaps for x in row if x > 0])

    def likeness(chosen):
        return sum(max(math.exp(-row[j] / middle) for j in chosen) for row in gaps)

    def agreement(chosen):
        total = 0.0
        for frames in counts:
            both = frames.sum(axis=0), frames[chosen].sum(axis=0)
            total += sum(map(math.sqrt, np.prod([x / x.sum() for x in both], axis=0)))
        return total

    def covered(chosen):
        total = 0.0
        for frames in counts:
            for of_cluster in frames.T:
                part = min(1, of_cluster[chosen].sum() / (of_cluster.sum() / 12))
                total += part * of_cluster.sum() / frames.sum()
        return total / len(counts)

    def both(chosen):
        return likeness(chosen) * covered(chosen)

    def best(value, chosen):
        others = [i for i in range(12) if i not in chosen]
        return max(others, key=lambda i: value([*chosen, i]))

    expected = list(checked)
    for _ in range(5):
        expected.append(best(both, expected))
    proposals = propose(counts, values, checked, 5)
    assert [i for i, _ in proposals] == expected[1:]
    assert all(type(i) is int for i, _ in proposals)
    lacked = covered(expected[:2]) - covered(checked)
    assert f"{lacked:.0%} that labels lack" in proposals[0][1]
    first = best(agreement, [])
    assert first != best(both, [])
    proposals = propose(counts, values, [], 2)
    assert [i for i, _ in proposals] == [first, best(both, [first])]
    assert f"{covered([first]):.0%} of all that occurs" in proposals[0][1]
    n_alike = round(likeness([first]) - 1)
    assert n_alike > 0
    assert f"like {n_alike} other" in proposals[0][1]
    # before any clustering, by features alone
    assert propose([], values, [], 1)[0][0] == best(likeness, [])


def test_without_a_reason_none_is_said():
    values = np.array([[0], [0.1], [9], [0.2]])
    reasons = [reason for _, reason in propose([], values, [0], 3)]
    assert reasons == ["unlike those with labels", "", ""]


def test_signals_are_described_by_means_and_deviations():
    rng = np.random.default_rng(1)
    videos = [rng.normal(scale=[1, 1e6], size=(n, 2)) for n in (5, 9, 20)]
    found = describe_signals(videos)
    expected = np.array([[*x.mean(axis=0), *x.std(axis=0)] for x in videos])
    expected = (expected - expected.mean(axis=0)) / expected.std(axis=0)
    assert_allclose(found, expected)
    gaps = [np.array([[1.0, np.nan]]), np.array([[1.0, 3.0]])]
    assert_allclose(describe_signals(gaps), [[0, -1, 0, 0], [0, 1, 0, 0]])
