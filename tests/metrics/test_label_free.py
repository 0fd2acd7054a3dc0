"""Scores without labels, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from skl_tot.metrics.label_free import (
    carried_information,
    held_out_information,
    video_information,
)


def draw(seed, n_videos, n_actions, background=True):
    rng = np.random.default_rng(seed)
    low = -1 if background else 0
    lengths = rng.integers(1, 15, n_videos)
    return [rng.integers(low, rng.integers(n_actions) + 1, n) for n in lengths]


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_video_information_equals_scikit_learn(seed, n_videos, n_actions):
    labels = draw(seed, n_videos, n_actions)
    names = np.repeat(range(n_videos), [len(path) for path in labels])
    frames = np.concatenate(labels)
    expected = 0.0
    if (frames >= 0).any():
        expected = mutual_info_score(names[frames >= 0], frames[frames >= 0])
    found = video_information(labels, n_actions)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found >= 0


@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 5))
def test_video_information_is_symmetric_and_bounded(seed, n_videos, n_actions):
    labels = draw(seed, n_videos, n_actions, background=False)
    found = video_information(labels, n_actions)
    rng = np.random.default_rng(seed)
    order = rng.permutation(n_actions)
    renamed = [rng.permutation(order[path]) for path in reversed(labels)]
    assert video_information(renamed, n_actions) == pytest.approx(found, abs=1e-12)
    counts = np.bincount(np.concatenate(labels))
    assert found <= entropy(counts) + 1e-12


def test_video_information_of_no_frames():
    assert video_information([np.full(3, -1)] * 2, 2) == 0
    one = [np.array([0, 1, 1]), np.full(5, -1)]
    assert video_information(one, 2) == 0


@given(st.integers(0, 10**6))
def test_carried_information_is_the_difference(seed):
    labels = draw(seed, 4, 3)
    rng = np.random.default_rng(seed)
    videos = [rng.normal(size=(len(path), 2)) for path in labels]
    blocks = [[video] for video in videos]
    found = carried_information(blocks.__getitem__, labels, 3)
    shared = held_out_information(blocks.__getitem__, labels, 3)
    assert found == pytest.approx(shared - 2 * video_information(labels, 3))
    assert found <= np.log(3)


def test_actions_that_all_share_are_worth_more_than_clusters_of_videos():
    rng = np.random.default_rng(0)
    actions = [np.repeat([0, 1], 20)] * 8
    kinds = [np.full(40, i // 2 % 2) for i in range(8)]
    videos = [
        np.c_[4 * own, 4 * kind] + rng.normal(size=(40, 2))
        for own, kind in zip(actions, kinds)
    ]
    shared, apart = (
        carried_information(lambda i: [videos[i]], labels, 2)
        for labels in (actions, kinds)
    )
    assert shared > 0.4
    assert apart < 0
    # the other videos know both equally well
    known = [
        held_out_information(lambda i: [videos[i]], labels, 2)
        for labels in (actions, kinds)
    ]
    assert known[0] == pytest.approx(known[1], abs=0.05)
