"""Samples of recordings."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skl_tot.recordings import signals
from skl_tot.recordings.layouts import as_recordings

LENGTHS = [700, 3, 40, 1, 1200, 56]


def numbered(lengths=LENGTHS):
    """Recordings whose frames have the number of the recording and of the frame."""
    arrays = [np.stack([np.full(n, i), np.arange(n)], 1) * 1.0 for i, n in lengths]
    return as_recordings(dict(zip("abcdef", arrays)))


@pytest.fixture
def videos():
    return numbered(enumerate(LENGTHS))


@pytest.fixture(params=[signals.stretches, signals.thinned])
def sampled(request):
    return request.param


def test_all_frames_if_they_are_few(videos, sampled, monkeypatch):
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", sum(LENGTHS))
    assert sampled(videos).videos is videos
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", sum(LENGTHS) - 1)
    assert sampled(videos).videos.lengths.sum() < sum(LENGTHS)


@pytest.mark.parametrize("most", [64, 500, 1000])
def test_frames_and_values_of_a_sample_belong_together(
    videos, sampled, most, monkeypatch
):
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", most)
    sample = sampled(videos)
    assert most / 3 < sample.videos.lengths.sum() <= most + len(videos)
    values = sample.of([list(range(n)) for n in LENGTHS])
    times = list(sample.times())
    assert len(values) == len(times) == len(sample.videos)
    for i, (numbers, own) in enumerate(zip(values, times)):
        frames = np.concatenate(list(sample.videos.blocks(i)))
        recording = int(frames[0, 0])
        assert (frames[:, 0] == recording).all()
        assert_array_equal(frames[:, 1], numbers)
        assert_array_equal(own, (frames[:, 1] + 0.5) / LENGTHS[recording])


def test_stretches_are_of_neighbours_and_everywhere(videos, monkeypatch):
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", 640)
    sample = signals.stretches(videos)
    shown = np.concatenate(list(sample.videos.blocks()))
    for frames in map(np.concatenate, map(list, map(sample.videos.blocks, range(9)))):
        assert (np.diff(frames[:, 1]) == 1).all()
    for i in (0, 4):
        places = np.sort(shown[shown[:, 0] == i, 1])
        assert np.diff(places, prepend=0, append=LENGTHS[i]).max() < 60
    assert len(np.unique(shown, axis=0)) == len(shown)


def test_thinned_recordings_keep_their_pace(videos, monkeypatch):
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", 100)
    sample = signals.thinned(videos, least=50)
    assert sample.step == 20
    shown = [frames[:, 1] for frames in sample.videos.blocks()]
    assert_array_equal(shown[1], np.arange(0, 1200, 20))
    assert sample.videos.names == ["a", "e", "f"]  # the others are shorter
    sample = signals.thinned(videos, least=600)
    assert sample.step == 2  # the longest keeps so many
    monkeypatch.setattr(signals, "THINNED_RECORDINGS", 2)
    assert signals.thinned(videos).videos.names == ["a", "f"]


def test_wide_frames_are_fewer(monkeypatch):
    monkeypatch.setattr(signals, "SAMPLE_VALUES", 2**10)
    wide = as_recordings([np.zeros((300, 8))] * 3)
    for sampled in (signals.stretches, signals.thinned):
        assert sampled(wide).videos.lengths.sum() <= 2**7 + 3


def test_scales_of_recordings_stay_theirs(videos, sampled, monkeypatch):
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", 500)
    scaled = videos.standardize(per_video=True)
    sample = sampled(scaled)
    for i, (k, rows, _) in enumerate(sample.spans):
        own = np.concatenate(list(sample.videos.blocks(i)))
        assert_array_equal(own, scaled.read(k, slice(None))[rows])
