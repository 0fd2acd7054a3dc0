"""What each training step sees: sampled frames, and the priors that go with them."""

from typing import NamedTuple

import numpy as np
import torch

from skl_tot.training.distributed import own_part
from skl_tot.training.sampling import sample_frames
from skl_tot.training.transport import log_temporal_prior

# Frames drawn at one time, for so many steps ahead.
DRAWN_AHEAD = 2**15


class Batch(NamedTuple):
    """What a step sees, video by video and on the device.

    Parameters
    ----------
    frames : Tensor of shape (n_own_videos * n_frames, n_features)
        Sampled frames, of the part of the mini-batch that is this process's.
    part : slice
        Where they lie in the mini-batch.
    n_total : int
        Frames of the mini-batch.
    log_prior : Tensor of shape (n_total, n_prototypes), or None
        See `log_temporal_prior`, repeated for each video; None is plain transport, or
        the prior of paths.
    partners : Tensor of the shape of ``frames``, or None
        Neighbours for the temporal coherence loss; None leaves the loss out.
    times : Tensor of shape (n_own_videos * n_frames,), or None
        Relative times for the time-stamp loss; None leaves the loss out.
    evidence : Tensor of shape (n_videos, 1, 1), or None
        Weight of a sampled frame in the prior of paths; None leaves that prior out.
    """

    frames: torch.Tensor
    part: slice
    n_total: int
    log_prior: torch.Tensor | None = None
    partners: torch.Tensor | None = None
    times: torch.Tensor | None = None
    evidence: torch.Tensor | None = None


def follows_paths(n_iter, config):
    """Whether the prior of a step is that of paths, no longer the diagonal."""
    return config.prior == "path" and n_iter >= config.path_iter


def sampled_batches(generator, reader, blocks, config, n_iter=0):
    """Sample frames for each mini-batch of videos.

    Parameters
    ----------
    generator : torch.Generator
        Draws the frames.
    reader : ResidentReader or StreamReader
        Reads them.
    blocks : list of ndarray of int, of shape (n_batches, n_videos)
        Indices of the videos of each mini-batch.
    config : TrainingConfig
        Settings.
    n_iter : int, default=0
        Steps taken before.

    Yields
    ------
    batch : Batch
        The mini-batch.
    """
    lengths, device = reader.lengths, reader.device
    window = min(config.window, lengths.max()) if config.alpha else 0
    for block in blocks:
        n_videos = block.shape[1]
        log_prior = _stacked_prior(config, n_videos, device)
        part = own_part(n_videos)
        n_ahead = max(1, DRAWN_AHEAD // (n_videos * config.n_frames))
        for batches in np.split(block, range(n_ahead, len(block), n_ahead)):
            frames, partners = sample_frames(
                lengths[batches], config.n_frames, window, generator
            )
            evidence = _evidence(lengths[batches], config, device)
            batches, frames = batches[:, part], frames[:, part]
            if config.beta:
                times = (frames + 0.5) / lengths[batches][..., None]
                times = torch.from_numpy(times.reshape(len(batches), -1))
                times = times.to(device, torch.float32)
            near = reader.read(batches, partners[:, part]) if window else None
            for step, own in enumerate(reader.read(batches, frames)):
                on_path = follows_paths(n_iter, config)
                n_iter += 1
                yield Batch(
                    own,
                    slice(part.start * config.n_frames, part.stop * config.n_frames),
                    n_videos * config.n_frames,
                    None if on_path else log_prior,
                    next(near) if window else None,
                    times[step] if config.beta else None,
                    evidence[step] if on_path else None,
                )


def _stacked_prior(config, n_videos, device):
    """Repeat the prior for each video; in memory frames come last, as in the scores."""
    if config.prior is None:
        return None
    log_prior = log_temporal_prior(config.n_frames, config.n_prototypes, config.sigma)
    log_prior = torch.tensor(log_prior.T, dtype=torch.float32, device=device)
    return log_prior.repeat(1, n_videos).T


def _evidence(lengths, config, device):
    """Weigh sampled frames such that one drawn several times counts once."""
    if config.prior != "path":
        return None
    weights = torch.from_numpy(np.minimum(lengths / config.n_frames, 1))
    return weights.to(device, torch.float32)[..., None, None]
