"""What a switch costs in cycles, where nobody says it."""

import numpy as np
import pytest

from skl_tot import CyclicSegmenter, HMMSegmenter
from skl_tot.datasets import make_activities


@pytest.mark.parametrize(("own", "used"), [(0.0, 0.5), (2.0, 2.0)])
def test_is_half_a_nat_or_that_of_the_segmenter(own, used):
    cycles, _ = make_activities(12, 2, n_features=4, mean_length=30, random_state=0)
    recording = np.concatenate(cycles)
    cuts = np.cumsum([0, *map(len, cycles)])
    inner = HMMSegmenter(2, max_iter=5, switch_cost=own)
    model = CyclicSegmenter(2, estimator=inner).fit(recording, cuts=cuts)
    assert model.estimator_.switch_cost == used
    assert model.decoder_[1] == used
