"""What each training step sees: sampled frames, and where they come from."""

from dataclasses import dataclass

import numpy as np
import torch

from skl_tot.training.distributed import own_part
from skl_tot.training.sampling import later_frames, sample_frames

# Frames drawn at one time, for so many steps ahead.
DRAWN_AHEAD = 2**15


@dataclass(eq=False)
class Batch:
    """What a step sees, video by video and on the device.

    Parameters
    ----------
    frames : Tensor of shape (n_own_videos * n_frames, n_features)
        Sampled frames, of the part of the mini-batch that is this process's.
    times : Tensor of shape (n_own_videos * n_frames,)
        Their relative times, in (0, 1).
    coverage : Tensor of shape (n_videos, 1, 1)
        Frames of each video of the mini-batch by frames sampled of it, at most 1.
    partners : Tensor of the shape of ``frames``, or None
        Neighbours of the frames, if a term of the loss wants any.
    part : slice
        Where the frames lie in the mini-batch.
    n_total : int
        Frames of the mini-batch.
    later : Tensor of the shape of ``frames``, default=None
        Frames at a fixed distance behind them, if a term of the loss wants any.

    Examples
    --------
    >>> frames, times = torch.zeros(8, 3), torch.zeros(8)
    >>> Batch(frames, times, torch.ones(2, 1, 1), None, slice(0, 8), 8).n_frames
    4
    """

    frames: torch.Tensor
    times: torch.Tensor
    coverage: torch.Tensor
    partners: torch.Tensor | None
    part: slice
    n_total: int
    later: torch.Tensor | None = None

    @property
    def n_frames(self):
        """Frames sampled of each video."""
        return self.n_total // len(self.coverage)


def sampled_batches(generator, reader, blocks, n_frames, window, lag=0):
    """Draw and read each mini-batch of videos, of indices (n_batches, n_videos).

    ``window`` is the greatest distance of partners, and ``lag`` how much later frames
    come, see `later_frames`; 0 gives none of them.
    """
    window = min(window, reader.lengths.max())
    for block in blocks:
        n_ahead = max(1, DRAWN_AHEAD // (block.shape[1] * n_frames))
        for videos in np.split(block, range(n_ahead, len(block), n_ahead)):
            yield from _drawn_batches(generator, reader, videos, n_frames, window, lag)


def _drawn_batches(generator, reader, videos, n_frames, window, lag):
    """Draw the frames of some mini-batches (n_steps, n_videos) and read them."""
    n_steps, n_videos = videos.shape
    lengths, device = reader.lengths[videos], reader.device
    frames, partners = sample_frames(lengths, n_frames, window, generator)
    coverage = _to_device(np.minimum(lengths / n_frames, 1), device)[..., None, None]
    part = own_part(n_videos)
    videos, lengths, frames = videos[:, part], lengths[:, part], frames[:, part]
    times = (frames + 0.5) / lengths[..., None]
    times = _to_device(times.reshape(n_steps, -1), device)
    near = later = [None] * n_steps
    if window:
        near = reader.read(videos, partners[:, part])
    if lag:
        later = reader.read(videos, later_frames(frames, lengths, lag))
    place = slice(part.start * n_frames, part.stop * n_frames)
    steps = zip(reader.read(videos, frames), times, coverage, near, later)
    for own, own_times, step_coverage, own_near, own_later in steps:
        yield Batch(
            frames=own,
            times=own_times,
            coverage=step_coverage,
            partners=own_near,
            part=place,
            n_total=n_videos * n_frames,
            later=own_later,
        )


def _to_device(values, device):
    """Numbers as float32 on the device."""
    return torch.from_numpy(values).to(device, torch.float32)
