"""Profiles against sums written out frame by frame."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skl_tot.statistics.features import action_profiles


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("offset", [0, 1e6])
def test_by_hand(text, offset):
    rng = np.random.default_rng(0)
    videos = [offset + rng.normal(size=(n, 4)) * [1, 2, 3, 0] for n in (23, 40, 7)]
    labels = [np.sort(rng.integers(-1, 3, len(video))) for video in videos]
    labels[0][:3] = 2  # that returns
    if text:
        words = np.array(["pour", "add", "stir", "background"])
        labels = [words[path] for path in labels]
    found = action_profiles(videos, labels)
    actions = ["add", "pour", "stir"] if text else [0, 1, 2]
    assert found.actions == actions
    frames = np.concatenate(videos)
    spread = frames.std(axis=0)
    spread[3] = np.inf
    for k, action in enumerate(actions):
        own = []
        for video, path in zip(videos, labels):
            for t in range(len(video)):
                if path[t] == action:
                    own.append(video[t])
        expected = (np.mean(own, axis=0) - frames.mean(axis=0)) / spread
        assert_allclose(found.means[k], expected, atol=1e-8)
    assert (found.means[:, 3] == 0).all()


def test_constant_but_for_rounding():
    videos = [np.array([[0.1 + 0.2], [0.3], [0.3]])]
    assert action_profiles(videos, [[0, 1, 1]]).means.tolist() == [[0], [0]]
