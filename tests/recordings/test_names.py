"""Names of labels, and what is said of actions."""

import numpy as np

from skl_tot.recordings.names import describe_actions


def test_actions_that_are_missing_rare_or_without_a_label():
    paths, names = [np.array([0, 1, -1]), np.zeros(3, int)], ["reach", "turn", "lift"]
    missing, rare, kept = describe_actions(paths, dict(enumerate(names)), [1, 2])
    assert "lift" in missing
    assert "turn (1)" in rare
    assert "turn (1 frame of recording 0)" in kept
