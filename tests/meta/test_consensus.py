import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score

from skl_tot.meta.vote import (
    count_votes,
    find_groups,
    find_voters,
    match_actions,
    measure_agreement,
    name_groups,
)


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_matching_equals_all_permutations(seed, n_actions):
    labels, reference = np.random.default_rng(seed).integers(-1, n_actions, (2, 30))
    found = match_actions(labels, reference, n_actions)
    known = labels >= 0

    def agreement(mapping):
        return (np.array(mapping)[labels[known]] == reference[known]).sum()

    best = max(map(agreement, itertools.permutations(range(n_actions))))
    assert sorted(found) == list(range(n_actions))
    assert agreement(found) == best


def test_labels_of_few_bits_match():
    labels = np.repeat(np.arange(100, dtype=np.int8), 2)
    np.testing.assert_array_equal(match_actions(labels, labels, 100), np.arange(100))


def test_agreement_is_the_adjusted_mutual_information_of_spaced_frames():
    labels = np.random.default_rng(0).integers(0, 3, (3, 10_000))
    labels[1] = (labels[0] + 1) % 3
    found = measure_agreement(list(labels))
    assert found[0, 1] == pytest.approx(1)
    np.testing.assert_array_equal(found, found.T)
    expected = adjusted_mutual_info_score(labels[0, ::3], labels[2, ::3])
    assert found[0, 2] == pytest.approx(expected)


def test_groups_are_those_that_agree_the_largest_first():
    rng = np.random.default_rng(0)
    truths = rng.integers(0, 4, (4, 400))
    members = [0, 1, 1, 2, 2, 1, 3, 0, 1, 3, 2]
    labellings = []
    for i in members:
        wrong = rng.random(400) < (0.02 if i == 0 else 0.1)
        labels = np.where(wrong, rng.integers(0, 4, 400), truths[i])
        labellings.append(rng.permutation(4)[labels])
    agreement = measure_agreement(labellings)
    groups = find_groups(agreement, np.arange(11))
    sets = [set(group.tolist()) for group in groups]
    assert sets[:2] == [{1, 2, 5, 8}, {3, 4, 10}]
    assert sets[2] == {0, 7}  # as large as the last one, with more agreement
    for group in groups:
        sums = agreement[np.ix_(group, group)].sum(axis=1)
        assert sums.argmax() == 0
    voters = np.array([0, 1, 3, 4, 7, 9])
    some = find_groups(agreement, voters)
    assert sorted(np.concatenate(some).tolist()) == voters.tolist()


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (2, 1), (3, 1), (4, 2), (20, 4)])
def test_number_of_groups(n, expected):
    labels = np.random.default_rng(0).integers(0, 4, (n, 200))
    groups = find_groups(measure_agreement(list(labels)), np.arange(n))
    assert len(groups) == expected


def test_collapsed_members_do_not_vote():
    good, poor = [np.array([0, 1, 2, 3] * 5)], [np.array([0] * 19 + [1])]
    assert find_voters([good, poor, good], 4).tolist() == [0, 2]
    assert find_voters([poor, good], 4).tolist() == [1]
    assert find_voters([poor, poor], 4).tolist() == [0, 1]


def test_background_is_no_vote():
    labels = np.repeat([0, 1], 5)
    labellings, same = [labels, np.full(10, -1), 1 - labels], np.arange(2)
    votes = count_votes(labellings, [0.5, 0.25, 0.25], [same, same, 1 - same], 2)
    np.testing.assert_allclose(votes, np.eye(2)[labels])
    votes = count_votes(labellings, [0, 1, 0], [same] * 3, 2)
    np.testing.assert_allclose(votes, 0.5)


def test_names_are_words_that_most_share():
    words = [
        (method, view, order, "free")
        for method in ("HMM", "TOT")
        for view in ("frames", "windows")
        for order in ("once", "often")
    ]
    groups = [[0, 1, 4, 5, 2], [3], [6, 7], [2, 3, 6]]
    expected = ["frames", "HMM, windows, often", "TOT, windows", "windows"]
    assert name_groups(groups, words) == expected
    assert name_groups([[0, 7], [3, 4], [1, 6]], words) == [
        "mixed",
        "mixed (2)",
        "mixed (3)",
    ]
    assert name_groups([[0, 1]], [("a",), ("b",)]) == ["most members"]
    assert name_groups([[0]], [("a",)]) == ["a"]
