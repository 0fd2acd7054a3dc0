"""Checks of scikit-learn, for recordings of cycles."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skl_tot import CyclicSegmenter, HMMSegmenter

EXPECTED_FAILURES = {
    "check_methods_sample_order_invariance": "paths go through frames in their order",
    "check_methods_subset_invariance": "a path goes through all frames",
    "check_clustering": "the points are shuffled",
}
MODEL = CyclicSegmenter(2, segmenter=HMMSegmenter(max_iter=2), random_state=0)


@pytest.mark.filterwarnings("ignore:.*recording:UserWarning", "ignore:score compares")
@parametrize_with_checks(
    [MODEL], expected_failed_checks=lambda estimator: EXPECTED_FAILURES
)
def test_checks(estimator, check):
    check(estimator)
