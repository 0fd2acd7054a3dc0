import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.methods.networks import code_overlap, group_prototypes, merge_groups


def test_overlap_is_a_sum_over_frames():
    rng = np.random.default_rng(0)
    videos = [rng.dirichlet(np.ones(4), n) for n in (7, 3)]
    overlap = code_overlap(iter(videos))
    frames = np.concatenate(videos)
    expected = sum(np.outer(codes, codes) for codes in frames)
    np.testing.assert_allclose(overlap, expected)
    np.testing.assert_allclose(overlap.sum(axis=1), frames.sum(axis=0))


def test_parts_of_a_long_action_are_merged():
    # actions of 6, 1 and 1 parts; frames of an action are any of its parts
    truth = np.array([0] * 6 + [1, 2])
    codes = (truth[:, None] == truth).astype(float)
    codes = 0.96 * codes / codes.sum(axis=1, keepdims=True) + 0.04 / 8
    np.testing.assert_array_equal(merge_groups(code_overlap([codes]), 3), truth)


def test_only_neighbours_are_merged():
    # the first and the last look the same
    codes = np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    actions = merge_groups(code_overlap([codes]), 2)
    assert (np.diff(actions) >= 0).all()
    assert set(actions) == {0, 1}


def test_empty_prototypes_go_first():
    codes = np.array([[0.6, 0.0, 0.4], [0.4, 0.0, 0.6]])
    assert set(merge_groups(code_overlap([codes]), 2)[[0, 2]]) == {0, 1}


@settings(max_examples=50)
@given(
    n_prototypes=st.integers(1, 9), n_actions=st.integers(1, 9), seed=st.integers(0, 99)
)
def test_groups_are_consecutive_and_all_there(n_prototypes, n_actions, seed):
    n_actions = min(n_actions, n_prototypes)
    codes = np.random.default_rng(seed).dirichlet(np.full(n_prototypes, 0.3), 20)
    actions = merge_groups(code_overlap([codes]), n_actions)
    assert actions[0] == 0
    assert actions[-1] == n_actions - 1
    assert set(np.diff(actions)) <= {0, 1}
    assert len(actions) == n_prototypes


def make_codes(n_networks, n_prototypes, n_frames=30, seed=0):
    """Codes of networks that know nothing of each other, side by side."""
    rng = np.random.default_rng(seed)
    shape = (n_frames, n_networks)
    codes = rng.dirichlet(np.full(n_prototypes, 0.3), shape) / n_networks
    return codes.reshape(n_frames, n_networks * n_prototypes)


def shared(overlap, actions):
    """What the codes of the same action have in common, between networks and within."""
    return overlap[actions[:, None] == actions].sum()


class TestSeveralNetworks:
    @settings(max_examples=50)
    @given(
        n_parts=st.integers(1, 3), n_actions=st.integers(1, 4), seed=st.integers(0, 99)
    )
    def test_two_are_matched_as_well_as_can_be(self, n_parts, n_actions, seed):
        n_prototypes = n_parts * n_actions
        overlap = code_overlap([make_codes(2, n_prototypes, seed=seed)])
        found = group_prototypes(overlap, 2, n_actions)
        first = merge_groups(overlap[:n_prototypes, :n_prototypes], n_actions)
        second = merge_groups(overlap[n_prototypes:, n_prototypes:], n_actions)
        np.testing.assert_array_equal(found[:n_prototypes], first)
        best = max(
            shared(overlap, np.concatenate([first, np.array(order)[second]]))
            for order in itertools.permutations(range(n_actions))
        )
        assert shared(overlap, found) == pytest.approx(best)

    @pytest.mark.parametrize("seed", range(20))
    def test_is_as_good_as_all_assignments_where_networks_agree(self, seed):
        """Three networks of the same codes in other numbers, with some noise."""
        rng = np.random.default_rng(seed)
        labels = np.repeat([0, 1, 2], 20)
        orders = [np.arange(3), rng.permutation(3), rng.permutation(3)]
        codes = []
        for order in orders:
            noise = rng.dirichlet(np.ones(3), len(labels))
            codes.append((0.6 * np.eye(3)[order[labels]] + 0.4 * noise) / 3)
        overlap = code_overlap([np.concatenate(codes, axis=1)])
        found = group_prototypes(overlap, 3, 3)
        permutations = list(itertools.permutations(range(3)))
        best = max(
            shared(overlap, np.array([0, 1, 2, *second, *third]))
            for second, third in itertools.product(permutations, repeat=2)
        )
        assert shared(overlap, found) == pytest.approx(best)
        for order, actions in zip(orders, found.reshape(3, 3)):
            np.testing.assert_array_equal(actions[order], [0, 1, 2])

    def test_second_turn_goes_by_all_others(self):
        """What the second is like is known only once the third is matched."""
        # networks of two actions; the second knows the third, which knows the first
        between = {(0, 1): 0.1 * np.eye(2), (0, 2): np.eye(2), (1, 2): np.eye(2)[::-1]}
        overlap = np.eye(6)
        for (one, other), block in between.items():
            own, theirs = slice(2 * one, 2 * one + 2), slice(2 * other, 2 * other + 2)
            overlap[own, theirs] = block
            overlap[theirs, own] = block.T
        overlap[0:2, 4:6] = overlap[4:6, 0:2] = 3 * np.eye(2)
        found = group_prototypes(overlap, 3, 2)
        np.testing.assert_array_equal(found, [0, 1, 1, 0, 0, 1])
