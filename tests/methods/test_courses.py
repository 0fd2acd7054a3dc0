"""The order that is told, and the parameters that are left to it."""

import numpy as np
import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.baselines import ASOTSegmenter, MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.extend import MLP, PathPrior
from skl_tot.metrics import mof_score

QUICK = {"max_iter": 8, "random_state": 0}
NAMES = {"sharp": MLP(temperature=0.1), "narrow path": PathPrior(sigma=0.75)}
KINDS = [TemporalOTSegmenter, ASOTSegmenter, MallowSegmenter]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["strict", "mostly", "free"])
def test_an_order_is_what_its_values_are(kind, order, activity):
    videos, table = activity[0], kind._defaults_by_order
    model = kind(4, order=order, **QUICK)
    if order not in table:
        with pytest.raises(ValueError, match="'order' parameter"):
            model.fit(videos)
        return
    values = {name: NAMES.get(value, value) for name, value in table[order].items()}
    told = kind(4, order=order, **values, **QUICK).fit(videos)
    labels = model.fit(videos).labels_
    for path, expected in zip(labels, told.labels_, strict=True):
        np.testing.assert_array_equal(path, expected)
        if order == "strict":
            assert (np.diff(path) >= 0).all()
            assert len(np.unique(path)) == 4


def test_short_recordings_teach_the_cycles_of_a_long_one():
    videos, labels = make_activities(18, 3, mean_length=60, random_state=0)
    model = TemporalOTSegmenter(3, decoding="cyclic", max_iter=300, random_state=0)
    path = model.fit(videos[:6]).predict(np.concatenate(videos[6:]))
    assert mof_score(np.concatenate(labels[6:]), path) > 0.9
