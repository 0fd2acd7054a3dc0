"""What is seen of the videos before the first step."""

import torch

from skl_tot.training.network import embed
from skl_tot.training.sampling import sample_frames

# Frames that terms start from, at most.
START_FRAMES = 2**17


@torch.no_grad()
def initialise(state, reader, terms, settings):
    """Show terms that start at frames those that are sampled of the videos.

    Of very many videos some are taken.
    """
    starting = [term for term in terms if term.starts_at_frames]
    if not starting:
        return
    n_frames, generator = settings.frames_per_video, state.generator
    order = torch.randperm(len(reader.lengths), generator=generator, device="cpu")
    videos = order.numpy()[: max(1, START_FRAMES // n_frames)][:, None]
    lengths = reader.lengths[videos]
    frames, _ = sample_frames(lengths, n_frames, 0, generator)
    embeddings = []
    for own in reader.read(videos, frames):
        embeddings.append(embed(state.network, own, settings.encoder))
    times = (frames + 0.5) / lengths[..., None]
    times = torch.from_numpy(times.ravel()).to(reader.device, torch.float32)
    for term in starting:
        term.initialise(state.network, torch.cat(embeddings, 1), times, generator)
