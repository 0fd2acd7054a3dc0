import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler

from skl_tot.recordings import Recordings
from skl_tot.training import batches as _readers
from skl_tot.training.batches import (
    ResidentReader,
    StreamReader,
    open_reader,
    sample_frames,
    shuffled_batches,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("length", [1, 3, 10, 64, 1000])
def test_one_frame_from_each_bin(length):
    n_frames = 10
    for seed in range(20):
        frames, partners = sample_frames(
            np.array([[length]]), n_frames, 0, generator(seed)
        )
        frames = frames[0]
        assert partners is None
        bins = np.arange(n_frames) * length / n_frames
        assert (frames[0] >= np.floor(bins)).all()
        assert (frames[0] <= np.ceil(bins + length / n_frames) - 1e-9).all()
        assert frames.min() >= 0
        assert frames.max() < length


def test_shuffled_batches_take_every_video_once_a_pass():
    order = shuffled_batches(7, 2, 14, generator())
    assert order.shape == (14, 2)
    passes = order.reshape(4, 7)
    assert all(sorted(one) == list(range(7)) for one in passes)
    assert len({tuple(one) for one in passes}) > 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("per_video", [False, True])
@pytest.mark.parametrize("reader", [ResidentReader, StreamReader])
def test_readers_standardise_and_stack(reader, per_video, dtype):
    rng = np.random.default_rng(0)
    # float64 keeps its precision until it is standardised
    offset = 0 if dtype == np.float32 else 1e9
    arrays = [rng.normal(offset, 2, size=(n, 4)).astype(dtype) for n in (6, 9)]
    before = [array.copy() for array in arrays]
    scaler = None if per_video else StandardScaler().fit(np.concatenate(arrays))
    videos = Recordings(arrays).standardize(scaler, per_video)
    batches = np.array([[1, 0], [0, 0]])
    frames = np.array([[[0, 5, 5], [4, 0, 1]], [[1, 2, 3], [5, 5, 5]]])
    standardised = [
        (scaler or StandardScaler().fit(array)).transform(array) for array in arrays
    ]
    read = reader(videos, torch.device("cpu")).read(batches, frames)
    for rows, batch, chosen in zip(read, batches, frames):
        expected = [standardised[i][f] for i, f in zip(batch, chosen)]
        assert rows.dtype == torch.float32
        np.testing.assert_allclose(rows, np.concatenate(expected), rtol=1e-4, atol=1e-5)
    for array, copy in zip(arrays, before):
        np.testing.assert_array_equal(array, copy)


def test_reader_by_size(monkeypatch):
    videos = Recordings([np.zeros((6, 4), dtype=np.float32)] * 2)
    monkeypatch.setattr(_readers, "RESIDENT_BYTES", 2 * 6 * 4 * 4)
    cpu = torch.device("cpu")
    assert isinstance(open_reader(videos, cpu, 12), ResidentReader)
    assert isinstance(open_reader(videos, cpu, 11), StreamReader)  # not worth a copy
    monkeypatch.setattr(_readers, "RESIDENT_BYTES", 2 * 6 * 4 * 4 - 1)
    assert isinstance(open_reader(videos, cpu, 12), StreamReader)
