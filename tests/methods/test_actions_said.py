"""Fits say which actions are not found, are rare, or belong to few recordings."""

import warnings

import numpy as np
import pytest

from skl_tot import ActivitySegmenter, HMMSegmenter
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.methods.pipelines import action_warnings


def test_activities_are_told_of_one_by_one():
    cooking, _ = make_activities(n_videos=5, n_actions=3, random_state=0)
    repairs, _ = make_activities(n_videos=5, n_actions=3, random_state=1)
    model = ActivitySegmenter(MallowSegmenter(3), 2, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(cooking + repairs)
    paths = [decoded.path for decoded in model.decode(cooking + repairs)]
    names = {k: f"action {k}" for k in range(len(model.actions_))}
    assert action_warnings(model, paths, names) == []
    paths[0] = np.full_like(paths[0], 0)
    said = action_warnings(model, paths[:2], names)
    assert said[0].startswith("Actions that at most half")


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
