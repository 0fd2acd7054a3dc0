import numpy as np

from skl_tot.methods.networks import code_overlap, merge_groups


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
