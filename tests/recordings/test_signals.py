"""Raw signals are told from features of frames."""

import numpy as np
import pytest

import skl_tot
from skl_tot.datasets import make_activities
from skl_tot.preprocessing import SignalWindows
from skl_tot.preprocessing.look import is_raw
from skl_tot.recordings import Recordings, signals
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.signals import (
    correlation_frames,
    find_window,
    mean_autocorrelation,
)


def bouts(period, length, seed):
    """Signal that swings, in another posture, or not, in 24 bouts of some frames."""
    random = np.random.default_rng(seed)
    t = np.arange(24 * length)
    swing = (np.sin(2 * np.pi * t / period) + 0.5) * (t // length % 2)
    return (swing + 0.3 * random.normal(size=len(t)))[:, None]


def walks(fps, noise, step):
    """Walks of 24 s out and back with worn sensors: steps, turns, and sway."""
    rng = np.random.default_rng(0)
    gains, turned, swayed = rng.normal(size=(3, 8))
    videos = []
    for _ in range(12):
        seconds = rng.uniform([2, 6, 2, 6, 2], [4, 9, 3, 9, 4])
        action = np.repeat(np.arange(5), (fps * seconds).astype(int))
        n_frames = len(action)
        pace = rng.normal(1, 0.3, n_frames) / (step * fps)
        steps = np.sin(2 * np.pi * np.cumsum(pace)) * (action % 2)
        heading = np.cumsum(action == 2) / np.sum(action == 2)
        sway = np.cumsum(rng.normal(size=n_frames)) / np.sqrt(n_frames)
        signal = np.outer(steps, gains) + np.outer(heading, turned)
        signal += 0.5 * np.outer(sway, swayed)
        videos.append(signal + noise * rng.normal(size=signal.shape))
    return videos


@pytest.mark.parametrize(("fps", "noise", "step"), [(100, 2.0, 0.54), (50, 0.3, 1.7)])
def test_walks_are_raw_and_windows_cover_a_step(fps, noise, step):
    """In 24 s are 45 steps of .54 s, or 14 strides of 1.7 s."""
    found = skl_tot.look(Recordings(walks(fps, noise, step), fps=fps), 5)
    assert found.is_raw
    assert 0.93 * step * fps <= found.window <= 3 * fps


def test_autocorrelation():
    frames = np.random.default_rng(0).normal(size=(50, 3)) * [1, 10, 0]
    centred, expected = frames - frames.mean(axis=0), np.zeros(26)
    for lag in range(26):
        for column in centred.T[:2]:
            own = (column[: 50 - lag] * column[lag:]).mean() / np.square(column).mean()
            expected[lag] += own / 3
    np.testing.assert_allclose(mean_autocorrelation(frames), expected, atol=1e-12)


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


LENGTHS = [700, 3, 40, 1, 1200, 56]


@pytest.mark.parametrize("sampled", [signals.stretches, signals.thinned])
def test_frames_and_values_of_a_sample_belong_together(sampled, monkeypatch):
    """Frames that hold the number of their recording and their own say which it has."""
    arrays = [np.c_[np.full(n, i), np.arange(n)] * 1.0 for i, n in enumerate(LENGTHS)]
    videos = as_recordings(arrays)
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", 64)
    sample = sampled(videos)
    assert 64 / 3 < sample.videos.lengths.sum() <= 64 + len(videos)
    values = sample.of([list(range(n)) for n in LENGTHS])
    times = list(sample.times())
    assert len(values) == len(times) == len(sample.videos)
    for i, (numbers, own) in enumerate(zip(values, times)):
        frames = np.concatenate(list(sample.videos.blocks(i)))
        recording = int(frames[0, 0])
        assert (frames[:, 0] == recording).all()
        np.testing.assert_array_equal(frames[:, 1], numbers)
        np.testing.assert_array_equal(own, (frames[:, 1] + 0.5) / LENGTHS[recording])
