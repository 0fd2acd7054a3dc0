import itertools

import numpy as np
import pytest
import torch

from skl_tot._sampling import (
    Videos,
    one_pass_batches,
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
            np.array([length]), n_frames, 0, generator(seed)
        )
        assert partners is None
        bins = np.arange(n_frames) * length / n_frames
        assert (frames[0] >= np.floor(bins)).all()
        assert (frames[0] <= np.ceil(bins + length / n_frames) - 1e-9).all()
        assert frames.min() >= 0
        assert frames.max() < length


def test_every_frame_can_be_drawn():
    rng = generator()
    seen = {
        frame
        for _ in range(200)
        for frame in sample_frames(np.array([23]), 5, 0, rng)[0][0]
    }
    assert seen == set(range(23))


def test_partners_are_near_and_inside():
    lengths = np.array([5, 40, 300])
    distances = set()
    rng = generator()
    for _ in range(50):
        frames, partners = sample_frames(lengths, 16, 3, rng)
        assert (np.abs(frames - partners) <= 3).all()
        assert (partners >= 0).all()
        assert (partners < lengths[:, None]).all()
        distances |= set((partners - frames).ravel())
    assert distances == set(range(-3, 4))


def test_shuffled_batches_take_every_video_once_a_pass():
    order = np.concatenate(list(shuffled_batches(7, 2, 14, generator())))
    passes = order.reshape(4, 7)
    assert all(sorted(one) == list(range(7)) for one in passes)
    assert len({tuple(one) for one in passes}) > 1


def test_fewer_videos_than_the_batch_size():
    batches = list(shuffled_batches(1, 4, 3, generator()))
    assert [list(batch) for batch in batches] == [[0], [0], [0]]


def test_one_pass_keeps_the_order_and_drops_nothing():
    batches = [list(batch) for batch in one_pass_batches(5, 2)]
    assert batches == [[0, 1], [2, 3], [4]]


def test_gather_standardises_and_stacks():
    rng = np.random.default_rng(0)
    arrays = [rng.normal(3, 2, size=(n, 4)) for n in (6, 9)]
    means, scales = rng.normal(size=(1, 4)), rng.uniform(1, 2, size=(1, 4))
    frames = np.array([[0, 5, 5], [8, 0, 1]])
    gathered = Videos(arrays, means, scales).gather(
        np.array([1, 0]), frames % 6, torch.device("cpu")
    )
    rows = [arrays[1][frames[0] % 6], arrays[0][frames[1] % 6]]
    expected = (np.concatenate(rows) - means) / scales
    assert gathered.dtype == torch.float32
    np.testing.assert_allclose(gathered, expected, rtol=1e-6)


def test_per_video_statistics():
    arrays = [np.ones((3, 1)), np.full((3, 1), 5.0)]
    videos = Videos(arrays, np.array([[1.0], [4.0]]), np.ones((2, 1)))
    assert videos.read(0, slice(None)).tolist() == [[0.0]] * 3
    assert videos.read(1, slice(None)).tolist() == [[1.0]] * 3
    both = videos.gather(np.array([1, 0]), np.array([[0, 1]] * 2), torch.device("cpu"))
    assert both.tolist() == [[1.0], [1.0], [0.0], [0.0]]


def test_memmap_is_read_by_rows_only(tmp_path):
    path = tmp_path / "video.npy"
    np.save(path, np.arange(20.0).reshape(10, 2))
    array = np.load(path, mmap_mode="r")
    rows = Videos([array]).read(0, np.array([1, 4]))
    assert rows.tolist() == [[2.0, 3.0], [8.0, 9.0]]


def test_endless_use_of_one_generator_is_reproducible():
    draws = []
    for _ in range(2):
        rng = generator(5)
        draws.append(
            [
                *itertools.islice(shuffled_batches(3, 2, 5, rng), 5),
                sample_frames(np.array([50]), 4, 2, rng)[1],
            ]
        )
    for first, second in zip(*draws):
        np.testing.assert_array_equal(first, second)
