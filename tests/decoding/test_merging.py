import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skl_tot.decoding.prototypes import code_overlap, merge_neighbours


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
    np.testing.assert_array_equal(merge_neighbours(code_overlap([codes]), 3), truth)


def test_only_neighbours_are_merged():
    # the first and the last look the same
    codes = np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0], [0.5, 0.0, 0.5]])
    actions = merge_neighbours(code_overlap([codes]), 2)
    assert (np.diff(actions) >= 0).all()
    assert set(actions) == {0, 1}


def test_nothing_to_merge():
    np.testing.assert_array_equal(merge_neighbours(np.eye(3), 3), [0, 1, 2])


def test_empty_prototypes_go_first():
    codes = np.array([[0.6, 0.0, 0.4], [0.4, 0.0, 0.6]])
    assert set(merge_neighbours(code_overlap([codes]), 2)[[0, 2]]) == {0, 1}


@settings(max_examples=50)
@given(
    n_prototypes=st.integers(1, 9), n_actions=st.integers(1, 9), seed=st.integers(0, 99)
)
def test_groups_are_consecutive_and_all_there(n_prototypes, n_actions, seed):
    n_actions = min(n_actions, n_prototypes)
    codes = np.random.default_rng(seed).dirichlet(np.full(n_prototypes, 0.3), 20)
    actions = merge_neighbours(code_overlap([codes]), n_actions)
    assert actions[0] == 0
    assert actions[-1] == n_actions - 1
    assert set(np.diff(actions)) <= {0, 1}
    assert len(actions) == n_prototypes


@pytest.mark.parametrize("scale", [1e-3, 1e6])
def test_number_of_frames_does_not_matter(scale):
    codes = np.random.default_rng(0).dirichlet(np.ones(8), 30)
    overlap = code_overlap([codes])
    np.testing.assert_array_equal(
        merge_neighbours(overlap, 3), merge_neighbours(scale * overlap, 3)
    )
