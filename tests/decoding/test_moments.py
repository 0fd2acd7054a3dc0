"""Moments of actions, held against those of all frames at once."""

import numpy as np
import pytest

from skl_tot.decoding.evidence import ActionMoments


@pytest.fixture
def frames():
    """Frames far from 0, and actions of which number 2 does not occur."""
    rng = np.random.default_rng(0)
    actions = rng.choice([0, 1, 3], size=50)
    return 1e3 + rng.normal(size=(50, 3)) * (1 + actions[:, None]), actions


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_rows", [1, 7, 50])
def test_blocks_give_what_all_frames_give(frames, n_rows, dtype):
    video, actions = frames[0].astype(dtype), frames[1]
    moments = ActionMoments(4)
    for start in range(0, 50, n_rows):
        rows = slice(start, start + n_rows)
        moments.add(video[rows], actions[rows])
    np.testing.assert_array_equal(moments.counts, np.bincount(actions, minlength=4))
    means, variances = moments.means() + moments.shift, moments.variances()
    for k in (0, 1, 3):
        members = video[actions == k].astype(np.float64)
        np.testing.assert_allclose(means[k], members.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(variances[k], members.var(axis=0), rtol=1e-9)
    assert not moments.means()[2].any()
    assert not variances[2].any()


def test_frames_stay_as_they_are(frames):
    before = frames[0].copy()
    ActionMoments(4).add(*frames)
    np.testing.assert_array_equal(frames[0], before)


def test_known_moments_stand_for_their_frames(frames):
    video, actions = frames
    early, late = ActionMoments(4), ActionMoments(4)
    early.add(video[:30], actions[:30])
    late.add(video[30:], actions[30:])
    late.add_known(early.counts, early.means() + early.shift, early.variances())
    both = ActionMoments(4, shift=late.shift)
    both.add(video, actions)
    np.testing.assert_array_equal(late.counts, both.counts)
    np.testing.assert_allclose(late.means(), both.means(), atol=1e-12)
    np.testing.assert_allclose(late.variances(), both.variances(), rtol=1e-9)


def test_constants_have_a_mean_of_exactly_0():
    moments = ActionMoments(1)
    moments.add(np.full((7, 2), 0.1), np.zeros(7, dtype=int))
    assert not moments.means().any()
    assert not moments.variances().any()
