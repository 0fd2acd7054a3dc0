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
    sampled_batches,
    shuffled_batches,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_frames_are_uniform_in_bins_and_partners_in_windows():
    """Shares of 4,000 draws: both sides, at the ends, and a frame itself, too."""
    n_draws, n_frames, window, all_lengths = 4000, 10, 3, [1, 7, 40]
    lengths = np.tile(all_lengths, (n_draws, 1))
    frames, partners = sample_frames(lengths, n_frames, window, generator())
    assert sample_frames(lengths[:1], n_frames, 0, generator())[1] is None
    for video, length in enumerate(all_lengths):
        places = np.arange(length)
        starts = np.arange(n_frames)[:, None] * length / n_frames
        lasts = np.minimum(starts + length / n_frames, places + 1)
        shares = np.clip(lasts - np.maximum(starts, places), 0, None)
        in_bins = [np.bincount(own, minlength=length) for own in frames[:, video].T]
        check_counts(np.array(in_bins), n_draws * shares * n_frames / length)
        counts = np.zeros((length, length))
        np.add.at(counts, (frames[:, video], partners[:, video]), 1)
        near = np.abs(places - places[:, None]) <= window
        check_counts(counts, counts.sum(1)[:, None] * near / near.sum(1)[:, None])


def check_counts(counts, expected):
    """Draws are where they may be, and as often as chance says."""
    expected = np.where(expected < 1e-6, 0, expected)
    assert not counts[expected == 0].any()
    assert (np.abs(counts - expected) <= 5 * np.sqrt(expected)).all()


def test_batches_hold_the_frames_that_they_say():
    """Features are the number of the recording and of the frame."""
    lengths = np.array([30, 6, 50])
    ranges = map(np.arange, lengths)
    frames = [np.column_stack([0 * t + i, t]) for i, t in enumerate(ranges)]
    reader = ResidentReader(Recordings(frames), torch.device("cpu"))
    order = np.array([[0, 1], [2, 0], [1, 2]])
    batches = sampled_batches(generator(), reader, [order], 8, 3, 0.2)
    for batch, videos in zip(batches, order, strict=True):
        own = lengths[videos][:, None]
        (numbers, at), (of_partners, near), (of_later, later) = (
            np.moveaxis(values.numpy().reshape(2, 8, 2), 2, 0)
            for values in (batch.frames, batch.partners, batch.later)
        )
        for of_frames in (numbers, of_partners, of_later):
            assert (of_frames == videos[:, None]).all()
        assert 0 < np.abs(near - at).max() <= 3
        later_at = np.minimum(at + np.ceil(own / 5), own - 1)
        np.testing.assert_array_equal(later, later_at)
        np.testing.assert_allclose(batch.times, ((at + 0.5) / own).ravel(), rtol=1e-6)
        expected = np.minimum(own / 8, 1).ravel()
        np.testing.assert_allclose(batch.coverage.ravel(), expected)
        assert batch.n_frames == 8


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
    standardised = [(scaler or StandardScaler().fit(x)).transform(x) for x in arrays]
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
