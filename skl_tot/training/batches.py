"""Mini-batches: sampled frames, and their readers."""

from dataclasses import dataclass
from itertools import repeat

import numpy as np

from skl_tot.training.devices import rank_and_size, send, torch

# Maximum bytes of float32 features that are copied into memory for training, so that
# memory stays flat for large sets.
RESIDENT_BYTES = 2**26


@dataclass(eq=False)
class Batch:
    """Input of a training step, recording by recording, on the device.

    Parameters
    ----------
    frames : Tensor of shape (n_own_videos * n_frames, n_features)
        Sampled frames, the part of the mini-batch of this process.
    times : Tensor of shape (n_own_videos * n_frames,)
        Their relative times, in (0, 1).
    coverage : Tensor of shape (n_videos, 1, 1)
        Frames of each recording over frames sampled from it, at most 1.
    partners : Tensor of the shape of ``frames``, or None
        Neighbours of the frames, if a term of the loss needs them.
    part : slice
        Position of the frames in the mini-batch.
    n_total : int
        Frames of the mini-batch.
    later : Tensor of the shape of ``frames``, default=None
        Frames at a fixed distance behind them, likewise.

    Examples
    --------
    >>> frames, times = torch.zeros(8, 3), torch.zeros(8)
    >>> Batch(frames, times, torch.ones(2, 1, 1), None, slice(0, 8), 8).n_frames
    4
    """

    frames: "torch.Tensor"
    times: "torch.Tensor"
    coverage: "torch.Tensor"
    partners: "torch.Tensor | None"
    part: slice
    n_total: int
    later: "torch.Tensor | None" = None

    @property
    def n_frames(self):
        """Number of frames sampled from each recording."""
        return self.n_total // len(self.coverage)


def sampled_batches(generator, reader, blocks, n_frames, window, lag=0):
    """Read mini-batches of recordings (n_batches, n_videos), a part in each process."""
    window = min(int(window), reader.lengths.max())
    device, (rank, size) = reader.device, rank_and_size()
    for block in blocks:
        n_videos = block.shape[1]
        part = slice(rank * n_videos // size, (rank + 1) * n_videos // size)
        rows = slice(part.start * n_frames, part.stop * n_frames)
        # frames of many steps are drawn at once, as calls take longer than drawing
        n_ahead = max(1, 2**15 // (n_videos * n_frames))
        for videos in np.split(block, range(n_ahead, len(block), n_ahead)):
            n_steps, lengths = len(videos), reader.lengths[videos]
            indices, partners = sample_frames(lengths, n_frames, window, generator)
            coverage = np.minimum(lengths / n_frames, 1).astype(np.float32)
            coverage = send(coverage, device)[..., None, None]
            videos, lengths, indices = (x[:, part] for x in (videos, lengths, indices))
            times = (indices + 0.5) / lengths[..., None]
            times = send(times.reshape(n_steps, -1).astype(np.float32), device)
            frames_of_steps = reader.read(videos, indices)
            partners_of_steps = later_of_steps = repeat(None)
            if window:
                partners_of_steps = reader.read(videos, partners[:, part])
            if lag:
                later = later_frames(indices, lengths, lag)
                later_of_steps = reader.read(videos, later)
            for step in range(n_steps):
                yield Batch(
                    next(frames_of_steps),
                    times[step],
                    coverage[step],
                    next(partners_of_steps),
                    rows,
                    n_videos * n_frames,
                    next(later_of_steps),
                )


def sample_frames(lengths, n_frames, window, generator):
    """Draw frames (n_steps, n_videos, n_frames), one a bin, and partners or None."""
    # A partner is within `window` frames.
    lengths = lengths[..., None]
    # drawing step by step would give the same frames
    uniform = torch.rand(
        (*lengths.shape[:2], 2 if window else 1, n_frames),
        generator=generator,
        dtype=torch.float64,
        device="cpu",
    ).numpy()
    bins = np.arange(n_frames) + uniform[:, :, 0]
    frames = (bins * lengths / n_frames).astype(np.intp)
    frames = np.minimum(frames, lengths - 1)  # the product may round up to the end
    if not window:
        return frames, None
    first = np.maximum(frames - window, 0)
    last = np.minimum(frames + window, lengths - 1)
    return frames, first + (uniform[:, :, 1] * (last - first + 1)).astype(np.intp)


def later_frames(frames, lengths, lag):
    """Frames after others by ``lag``, a share of each recording; at most the last."""
    lengths = lengths[..., None]
    # 0.07 of 100 are 7 frames, although the product is a little larger
    lag = np.ceil(lag * lengths * (1 - 1e-12)).astype(np.intp)
    return np.minimum(frames + lag, lengths - 1)


def shuffled_batches(n_videos, batch_size, n_batches, generator):
    """Draw indices (n_batches, n_videos) of recordings in mini-batches."""
    # shuffled passes follow each other: a recording returns only after all others
    batch_size = min(batch_size, n_videos)
    passes = []
    for _ in range(-(-n_batches * batch_size // n_videos)):
        drawn = torch.randperm(n_videos, generator=generator, device="cpu")
        passes.append(drawn.numpy())
    order = np.concatenate(passes)[: n_batches * batch_size]
    return order.reshape(n_batches, batch_size)


def one_pass_batches(n_videos, batch_size):
    """Cut the recordings, in order, into mini-batches of one or two sizes."""
    batch_size = min(batch_size, n_videos)
    n_whole = n_videos // batch_size * batch_size
    whole, remainder = np.split(np.arange(n_videos), [n_whole])
    blocks = [whole.reshape(-1, batch_size), remainder[None]]
    return [block for block in blocks if block.size]


def open_reader(videos, device, n_draws):
    """Choose a reader for ``n_draws`` frames: resident if all fit and are read once."""
    # Resident frames are worth their memory if at least as many are read as there are.
    budget = RESIDENT_BYTES
    if device.type == "cuda":
        budget = torch.cuda.mem_get_info(device)[0] // 2
    n_bytes = 4 * videos.lengths.sum() * videos.n_features
    is_resident = n_bytes <= budget and n_draws >= videos.lengths.sum()
    return (ResidentReader if is_resident else StreamReader)(videos, device)


class ResidentReader:
    """All frames of the recordings in one tensor on the device."""

    def __init__(self, videos, device):
        self.lengths, self.device = videos.lengths, device
        self.starts = np.cumsum(videos.lengths) - videos.lengths
        shape = (videos.lengths.sum(), videos.n_features)
        self.frames = torch.empty(shape, dtype=torch.float32, device=device)
        for video, start in enumerate(self.starts):
            for block in videos.blocks(video):
                stop = start + len(block)
                rows = torch.tensor(block, dtype=torch.float32, device="cpu")
                self.frames[start:stop] = rows
                start = stop

    def read(self, batches, frames):
        """Yield frames (n_videos * n_frames, n_features) of each mini-batch."""
        # float32. `batches` (n_steps, n_videos) are recordings, `frames` (n_steps,
        # n_videos, n_frames) their frames. A tensor is valid until the next step.
        rows = self.starts[batches][..., None] + frames
        for step in send(rows.reshape(len(batches), -1), self.device):
            yield self.frames.index_select(0, step)


class StreamReader:
    """Frames that are read on demand; parameters and `read` as in `ResidentReader`."""

    def __init__(self, videos, device):
        self.videos, self.lengths, self.device = videos, videos.lengths, device

    def read(self, batches, frames):
        """Read the frames of some mini-batches, see `ResidentReader.read`."""
        shape = (*frames.shape[1:], self.videos.n_features)
        buffer = torch.empty(shape, dtype=torch.float32, device="cpu")
        for batch, rows in zip(batches, frames):
            for i, rows_of_video, target in zip(batch, rows, buffer.numpy()):
                target[:] = self.videos.read(i, rows_of_video)
            yield send(buffer.flatten(0, 1).numpy(), self.device)
