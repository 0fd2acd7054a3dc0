"""Data on disk is read a bounded number of frames at a time."""

import tracemalloc

import numpy as np
import pytest

from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import load_action_dataset
from skl_tot.training.batches import ResidentReader
from skl_tot.training.components import Adam

QUICK = {
    "n_actions": 3,
    "max_iter": 5,
    "optimizer": Adam(frames_per_video=16),
    "random_state": 0,
}


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Two videos of 15 MB each, in sparse files."""
    root = tmp_path_factory.mktemp("large")
    (root / "features").mkdir()
    rng = np.random.default_rng(0)
    for name in "ab":
        video = np.lib.format.open_memmap(
            root / "features" / f"{name}.npy", "w+", np.float32, (7_500, 512)
        )
        video[::300] = rng.normal(size=(25, 512))
    return load_action_dataset(root).videos


@pytest.fixture(autouse=True)
def no_large_copy(monkeypatch):
    """Make copies of more than 8 MB an error: torch's memory is not traced.

    All sizes are an eighth of the real ones, so that videos need not be as long.
    """
    monkeypatch.setattr("skl_tot.recordings.container.BLOCK_BYTES", 2**19)
    monkeypatch.setattr("skl_tot.training.batches.RESIDENT_BYTES", 2**23)
    copy = ResidentReader.__init__

    def check(reader, videos, device):
        assert videos.lengths.sum() * videos.arrays[0].shape[1] <= 2**21
        copy(reader, videos, device)

    monkeypatch.setattr(ResidentReader, "__init__", check)


def peak_memory(function):
    """Bytes that arrays and objects take at most while a function runs."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_no_video_is_ever_in_memory_whole(large):
    settings = {"standardize": "video", "background_percentile": 5.0}
    model = TemporalOTSegmenter.paper(**(QUICK | settings))

    def use(recordings):
        model.fit(recordings).predict(recordings[0])
        model.score(recordings)

    use(large)  # libraries import parts of themselves as they are needed
    peak = peak_memory(lambda: use(large))
    assert peak < large[0].dtype.itemsize * np.prod(large[0].shape) / 2
