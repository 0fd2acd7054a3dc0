"""Fits say which actions are not found, are rare, or belong to few recordings."""

import warnings

import numpy as np
import pytest

from skl_tot import HMMSegmenter
from skl_tot.datasets import make_activities


def test_strict_order_that_squeezes_actions_is_told():
    videos, _ = make_activities(20, 5, missing=0.4, noise=0.3, random_state=0)
    model = HMMSegmenter(5, order="strict")
    with pytest.warns(UserWarning, match="has a single frame in") as caught:
        model.fit(videos)
    (text,) = [str(own.message) for own in caught if "single" in str(own.message)]
    counts = np.array([np.bincount(path, minlength=5) for path in model.labels_])
    action = int((counts == 1).sum(axis=0).argmax())
    assert text.startswith(f"Action {action} ")
    with pytest.warns(UserWarning, match="3 frames"):
        HMMSegmenter(5, order="strict", min_duration=3).fit(videos)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(make_activities(20, 5, noise=0.3, random_state=0)[0])
