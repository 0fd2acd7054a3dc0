"""Raw signals are told from features of frames."""

import numpy as np
import pytest

from skl_tot.datasets import make_activities
from skl_tot.preprocessing import SignalWindows
from skl_tot.preprocessing.look import is_raw
from skl_tot.recordings import Recordings
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.signals import correlation_frames, find_window


def bouts(period, length, n_bouts=24, seed=0):
    """Signal that swings, in another posture, or not, in bouts of some frames."""
    random = np.random.default_rng(seed)
    t = np.arange(n_bouts * length)
    swing = (np.sin(2 * np.pi * t / period) + 0.5) * (t // length % 2)
    return (swing + 0.3 * random.normal(size=len(t)))[:, None]


@pytest.mark.parametrize(("period", "length"), [(20, 400), (100, 600), (100, 3000)])
def test_signals_that_swing_are_raw_and_their_windows_are_not(period, length):
    takes = Recordings([bouts(period, length, seed=seed) for seed in range(2)])
    assert 0.8 * period <= find_window(takes) <= length
    assert is_raw(takes, 24)
    assert correlation_frames(takes, length)[0] < period / 4
    assert not is_raw(as_recordings(SignalWindows().fit_transform(takes)), 24)


def test_noise_that_is_loud_or_not_is_raw_and_features_are_not():
    random = np.random.default_rng(0)
    loud = np.tile([0.2, 1.0], 12).repeat(500)[:, None]
    noise = np.convolve(random.normal(size=12_002), np.ones(3) / 3, "valid")[:, None]
    assert is_raw(Recordings([loud * noise]), 24)
    videos, _ = make_activities(10, 5, noise=5.0, mean_length=900, random_state=0)
    assert not is_raw(as_recordings(videos), 5)
    smooth = np.cumsum(np.random.default_rng(0).normal(size=(5000, 4)), axis=0)
    assert not is_raw(Recordings([smooth]), 5)
    assert not is_raw(Recordings([np.zeros((500, 2))]), 5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("actrectut", True), ("mocap86", True), ("hapt", False), ("hiro_snap", False)],
)
def test_real_data(real_data, name, expected):
    takes = as_recordings(real_data(name).videos)
    for n_actions in (4, 12):
        assert is_raw(takes, n_actions) == expected
