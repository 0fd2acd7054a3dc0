"""A vote keeps other readings, and takes one as its own."""

import copy

import numpy as np
import pytest

from skl_tot import AutoSegmenter, HMMSegmenter
from skl_tot.datasets import make_activities


@pytest.fixture(scope="module")
def model():
    """A vote with a second reading, put together from two fits."""
    options = {"n_features": 4, "mean_length": 60, "alike": True, "random_state": 0}
    videos, _ = make_activities(4, 5, **options)
    candidates = [("hmm", HMMSegmenter(order="strict"))]
    first = AutoSegmenter(5, candidates=candidates, order="mostly", random_state=0)
    second = AutoSegmenter(
        3,
        candidates=[("hmm", HMMSegmenter(order="free"))],
        order="free",
        random_state=0,
    )
    first.fit(videos), second.fit(videos)
    other = second.readings_[0] | {"model": second, "agreement": 0.5}
    first.readings_.append(other)
    return first, videos


def test_another_reading_becomes_the_own_one_and_back(model):
    first, videos = model
    twin = copy.copy(first)
    twin.readings_ = list(first.readings_)
    names = [reading["name"] for reading in twin.readings_]
    own, others = twin.predict(videos), first.readings_[1]["model"].predict(videos)
    assert not all(map(np.array_equal, own, others))
    parameters = twin.get_params(deep=False)
    twin.use_reading(names[1])
    assert [reading["name"] for reading in twin.readings_] == names[::-1]
    assert twin.order_ == "free"
    assert twin.get_params(deep=False) == parameters
    assert all(map(np.array_equal, twin.predict(videos), others))
    assert twin.readings_[0]["model"] is None
    assert twin.readings_[1]["agreement"] < 1
    twin.use_reading(names[0])
    assert all(map(np.array_equal, twin.predict(videos), own))
    assert [reading["name"] for reading in twin.readings_] == names


def test_an_unknown_name_is_refused(model):
    with pytest.raises(ValueError, match="name is 'other', expected one of"):
        model[0].use_reading("other")
