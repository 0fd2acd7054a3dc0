import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from skl_tot.meta.consensus import bounded, find_consensus, match_actions, mean_vote


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_matching_equals_all_permutations(seed, n_actions):
    table = np.random.default_rng(seed).integers(0, 9, (n_actions, n_actions))
    rows = np.arange(n_actions)
    orders = itertools.permutations(rows)
    best = max(table[rows, order].sum() for order in orders)
    columns = match_actions(table)
    assert sorted(columns) == list(rows)
    assert table[rows, columns].sum() == best


def test_a_majority_wins_whatever_its_numbers():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 25)
    labellings = []
    for i in range(5):
        wrong = labels.copy()
        wrong[10 * i : 10 * i + 10] = (wrong[10 * i : 10 * i + 10] + 1 + i) % 4
        labellings.append(rng.permutation(4)[wrong])
    labellings.append(rng.integers(0, 4, 100))
    found = find_consensus(labellings, 4)
    back = found.mappings[4][labellings[4]]  # right but for frames 40 to 49
    voted = found.votes.argmax(axis=1)
    kept = np.delete(np.arange(100), range(40, 50))
    np.testing.assert_array_equal(voted[kept], back[kept])
    assert len({(own, vote) for own, vote in zip(labels, voted)}) == 4
    scores = [
        mean_vote(own, mapping, found.votes)
        for own, mapping in zip(labellings, found.mappings)
    ]
    assert min(scores[:5]) > 0.7 > 0.6 > scores[5]


@given(st.integers(0, 10**6), st.integers(2, 4))
def test_weights_are_kappas(seed, n_actions):
    labellings = np.random.default_rng(seed).integers(0, n_actions, (3, 12))
    found = find_consensus(labellings, n_actions)
    kappas = np.zeros((3, 3))
    for i, j in itertools.combinations(range(3), 2):
        table = np.zeros((n_actions, n_actions))
        np.add.at(table, (labellings[j], labellings[i]), 1)
        renamed = match_actions(table / 12)[labellings[j]]
        # one and the same action throughout tells nothing
        if len({*renamed, *labellings[i]}) > 1:
            kappas[i, j] = kappas[j, i] = cohen_kappa_score(renamed, labellings[i])
    expected = np.maximum(kappas.sum(axis=1), 0)
    expected = expected / expected.sum() if expected.any() else np.full(3, 1 / 3)
    expected = bounded(expected)
    np.testing.assert_allclose(found.weights, expected, atol=1e-12)


@given(st.integers(0, 10**6), st.integers(2, 4))
def test_information_multiplies_weights(seed, n_actions):
    rng = np.random.default_rng(seed)
    labellings = rng.integers(0, n_actions, (2, 12))
    information = rng.normal(size=2)
    # two may have any weights
    plain = find_consensus(labellings, n_actions).weights
    found = find_consensus(labellings, n_actions, information).weights
    np.testing.assert_allclose(found.sum(), 1)
    expected = plain * np.exp(2 * information)
    np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-12)
    moved = find_consensus(labellings, n_actions, information - 1e3).weights
    np.testing.assert_allclose(moved, found)


@given(st.integers(0, 10**6), st.integers(1, 30))
def test_bounds_of_weights(seed, n_labellings):
    rng = np.random.default_rng(seed)
    weights = rng.exponential(size=n_labellings) ** 3
    weights[1:] *= rng.random(n_labellings - 1) < 0.8  # some have no vote
    weights /= weights.sum()
    found = bounded(weights)
    most = max(0.15, 2 / np.count_nonzero(weights))
    assert found.sum() == pytest.approx(1)
    assert found.max() <= most * (1 + 1e-6)
    np.testing.assert_array_equal(found > 0, weights > 0)
    # those below the bound share the rest as before
    below = found < most * (1 - 1e-6)
    ratios = found[below & (weights > 0)] / weights[below & (weights > 0)]
    np.testing.assert_allclose(ratios, ratios[:1].repeat(len(ratios)))
    if (weights <= most).all():
        np.testing.assert_allclose(found, weights)


def test_those_that_take_no_vote_count_for_nobody():
    rng = np.random.default_rng(0)
    labellings = list(rng.integers(0, 3, (4, 30)))
    labellings[1] = labellings[0]  # would give both the most votes
    may_vote = np.array([True, False, True, True])
    found = find_consensus(labellings, 3, np.array([0, 5.0, 0, 0]), may_vote)
    rest = [labellings[i] for i in (0, 2, 3)]
    expected = find_consensus(rest, 3)
    np.testing.assert_allclose(found.weights[[0, 2, 3]], expected.weights)
    assert found.weights[1] == 0
    np.testing.assert_allclose(found.votes, expected.votes)
    assert found.agreement[0, 1] == 1


def test_background_is_no_vote():
    labels = np.repeat([0, 1], 5)
    found = find_consensus([labels, np.full(10, -1), 1 - labels], 2)
    np.testing.assert_array_equal(found.votes.argmax(axis=1), labels)
    np.testing.assert_allclose(found.votes.max(axis=1), 1)
    np.testing.assert_array_equal(found.agreement[1], 0)


def test_votes_are_matched_to_what_they_become():
    """Every labelling is matched to the final votes as well as it can be."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(6), 5)
    for _ in range(50):
        labellings = []
        for _ in range(9):
            own = np.where(rng.random(30) < 0.8, rng.integers(0, 6, 30), labels)
            labellings.append(rng.permutation(6)[own])
        found = find_consensus(labellings, 6)
        for own, mapping in zip(labellings, found.mappings):
            table = np.eye(6)[own].T @ found.votes
            best = table[np.arange(6), match_actions(table)].sum()
            assert table[np.arange(6), mapping].sum() == pytest.approx(best)
