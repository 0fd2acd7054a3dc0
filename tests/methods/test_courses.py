"""The order that is told, and the parameters that are left to it."""

import numpy as np
import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.baselines import ASOTSegmenter, MallowSegmenter
from skl_tot.extend import MLP, PathPrior

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
