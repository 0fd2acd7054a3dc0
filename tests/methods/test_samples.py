"""Fits to more frames than a sample has."""

import tracemalloc

import numpy as np
import pytest

from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.baselines import ASOTSegmenter, KMeansSegmenter
from skl_tot.recordings import signals

pytestmark = pytest.mark.filterwarnings("ignore::skl_tot.methods.collapses.FitWarning")
QUICK = {"n_networks": 1, "max_iter": 150}
MODELS = {
    "free network": lambda: TemporalOTSegmenter(4, order="free", **QUICK),
    "network": lambda: TemporalOTSegmenter(4, order="mostly", **QUICK),
    "free transport": lambda: ASOTSegmenter(4, order="free", max_iter=100),
    "free states": lambda: HMMSegmenter(4, order="free", max_iter=10, n_init=1),
    "states": lambda: HMMSegmenter(4, order="strict", max_iter=10),
    "clusters": lambda: KMeansSegmenter(4),
}


def make(n_videos, n_frames=1000):
    """Recordings of four states, whose first is 0, and their labels."""
    rng = np.random.default_rng(0)
    states, videos, labels = 3 * rng.normal(size=(4, 8)), [], []
    for _ in range(n_videos):
        actions = np.arange(n_frames) * 4 // n_frames
        labels.append(actions)
        videos.append(states[actions] + rng.normal(size=(n_frames, 8)))
    return videos, labels


def fit(name, videos):
    return MODELS[name]().set_params(random_state=0).fit(videos)


@pytest.fixture
def small_samples(monkeypatch):
    monkeypatch.setattr(signals, "SAMPLE_FRAMES", 2**11)


@pytest.mark.parametrize("name", MODELS)
def test_a_sample_finds_the_actions(name, small_samples):
    videos, labels = make(8)
    model = fit(name, videos)
    # numbered by time in whole recordings
    assert np.mean(np.concatenate(labels) == np.concatenate(model.labels_)) > 0.9
    assert model.confidence_["agreement"] > 0.8


def test_memory_does_not_grow_with_the_frames(small_samples, monkeypatch):
    monkeypatch.setattr("skl_tot.methods.scores.KEPT_BYTES", 2**16)
    peaks = []
    for n_videos in (16, 32):  # a look takes up to 16
        videos, _ = make(n_videos)
        model = MODELS["states"]().set_params(random_state=0, max_iter=5)
        model.fit(videos[:2])  # imports what it needs
        tracemalloc.start()
        model.fit(videos)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    labels = 16 * 1000 * 8
    assert peaks[1] - peaks[0] < 2.5 * labels  # and not components, of 8 values
