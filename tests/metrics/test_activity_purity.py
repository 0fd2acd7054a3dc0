import numpy as np
import pytest
from sklearn.metrics.cluster import contingency_matrix

from skl_tot.metrics import activity_purity


def test_against_the_contingency_matrix():
    rng = np.random.default_rng(0)
    for _ in range(20):
        true, pred = rng.integers(4, size=30), rng.integers(5, size=30)
        expected = contingency_matrix(true, pred).max(axis=0).sum() / 30
        assert activity_purity(true, pred) == pytest.approx(expected)


def test_by_name():
    true = {"a": "cook", "b": "cook", "c": "wash"}
    assert activity_purity(true, {"c": 1, "a": 0, "b": 0}) == 1
    assert activity_purity(true, {"c": 0, "a": 0, "b": 1}) == pytest.approx(2 / 3)


def test_other_videos():
    with pytest.raises(ValueError, match=r"^y_true is of 2 recordings, y_pred of 3\."):
        activity_purity([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="y_pred has no 'b'"):
        activity_purity({"a": 0, "b": 1}, {"a": 0})
