"""How sampled frames reach the device: from memory if all fit, else from the videos."""

import numpy as np
import torch

# Features of up to so many bytes in float32 are copied into memory for training.
RESIDENT_BYTES = 2**26


def open_reader(videos, device, n_draws):
    """Choose how to read ``n_draws`` frames.

    Resident if all frames fit into `RESIDENT_BYTES`, or on a GPU into half of the
    memory that is free, and at least as many are read as there are.
    """
    budget = RESIDENT_BYTES
    if device.type == "cuda":
        budget = torch.cuda.mem_get_info(device)[0] // 2
    n_bytes = 4 * videos.lengths.sum() * videos.n_features
    is_resident = n_bytes <= budget and n_draws >= videos.lengths.sum()
    return (ResidentReader if is_resident else StreamReader)(videos, device)


class ResidentReader:
    """All frames of `StandardizedVideos` in one tensor on the device."""

    def __init__(self, videos, device):
        self.lengths, self.device = videos.lengths, device
        self.starts = np.cumsum(videos.lengths) - videos.lengths
        shape = (videos.lengths.sum(), videos.n_features)
        self.frames = torch.empty(shape, dtype=torch.float32, device=device)
        for video, start in enumerate(self.starts):
            for block in videos.blocks(video):
                stop = start + len(block)
                self.frames[start:stop] = torch.tensor(
                    block, dtype=torch.float32, device="cpu"
                )
                start = stop

    def read(self, batches, frames):
        """Read the frames of some mini-batches.

        Parameters
        ----------
        batches : ndarray of shape (n_steps, n_videos)
            Indices of the videos of each mini-batch.
        frames : ndarray of shape (n_steps, n_videos, n_frames)
            Indices of the frames of each video.

        Yields
        ------
        frames : Tensor of shape (n_videos * n_frames, n_features)
            float32, video by video; valid until the next step.
        """
        rows = self.starts[batches][..., None] + frames
        rows = torch.from_numpy(rows.reshape(len(batches), -1)).to(self.device)
        for step in rows:
            yield self.frames.index_select(0, step)


class StreamReader:
    """Frames read when they are needed; parameters and `read` as `ResidentReader`'s.

    On a GPU two pinned buffers take turns, so that the next frames are read while the
    device is busy with the last.
    """

    def __init__(self, videos, device):
        self.videos, self.lengths, self.device = videos, videos.lengths, device

    def read(self, batches, frames):
        """Read the frames of some mini-batches, see `ResidentReader.read`."""
        on_gpu = self.device.type == "cuda"
        shape = (*frames.shape[1:], self.videos.n_features)
        buffers = [
            torch.empty(shape, dtype=torch.float32, device="cpu", pin_memory=on_gpu)
            for _ in range(1 + on_gpu)
        ]
        copied = [torch.cuda.Event() for _ in buffers] if on_gpu else []
        for step, (batch, rows) in enumerate(zip(batches, frames)):
            turn = step % len(buffers)
            if on_gpu:
                copied[turn].synchronize()  # a fresh event is done
            self.videos.gather(batch, rows, buffers[turn].numpy())
            yield buffers[turn].flatten(0, 1).to(self.device, non_blocking=True)
            if on_gpu:
                copied[turn].record()
