"""Which frames a training step sees, and how they are read and standardised."""

import numpy as np
import torch


def sample_frames(lengths, n_frames, window, generator):
    """Draw one frame from each of ``n_frames`` equal bins of every video.

    Parameters
    ----------
    lengths : ndarray of shape (n_steps, n_videos)
        Number of frames of each video of each mini-batch. A video shorter than
        ``n_frames`` has frames drawn more than once.
    n_frames : int
        Number of bins.
    window : int
        Greatest distance, in frames, of a partner; 0 draws no partners.
    generator : torch.Generator
        Source of randomness; drawing step by step draws the same as many at once.

    Returns
    -------
    frames : ndarray of shape (n_steps, n_videos, n_frames)
        Non-decreasing frame indices, bin by bin.
    partners : ndarray of the same shape, or None
        For each frame one within ``window`` of it and inside the video.
    """
    lengths = lengths[..., None]
    shape = (2 if window else 1, n_frames)
    uniform = torch.rand(
        (*lengths.shape[:2], *shape),
        generator=generator,
        dtype=torch.float64,
        device="cpu",
    ).numpy()
    places = np.arange(n_frames) + uniform[:, :, 0]
    frames = (places * lengths / n_frames).astype(np.intp)
    frames = np.minimum(frames, lengths - 1)  # the product may round up to the end
    if not window:
        return frames, None
    first = np.maximum(frames - window, 0)
    last = np.minimum(frames + window, lengths - 1)
    return frames, first + (uniform[:, :, 1] * (last - first + 1)).astype(np.intp)


def later_frames(frames, lengths, lag):
    """Find the frames that come ``lag`` after others, or end the video.

    Parameters
    ----------
    frames : ndarray of shape (n_steps, n_videos, n_frames)
        Frame indices.
    lengths : ndarray of shape (n_steps, n_videos)
        Number of frames of each video.
    lag : int or float
        In frames; below 1 a share of the frames of the video, rounded up.

    Returns
    -------
    later : ndarray of the shape of ``frames``
        Frame indices.

    Examples
    --------
    >>> later_frames(np.array([[[0, 5, 9]]]), np.array([[10]]), 3)
    array([[[3, 8, 9]]])
    """
    lengths = lengths[..., None]
    if lag < 1:
        # 0.07 of 100 are 7 frames, though the product is a little more
        lag = np.ceil(lag * lengths * (1 - 1e-12)).astype(np.intp)
    # a lag of any size stays an index
    return np.minimum(frames + np.minimum(lag, lengths), lengths - 1)


def shuffled_batches(n_videos, batch_size, n_batches, generator):
    """Draw mini-batches (n_batches, min(batch_size, n_videos)) of indices of videos.

    One shuffled pass follows the other: no video returns before all others have had
    their turn.
    """
    batch_size = min(batch_size, n_videos)
    passes = [
        torch.randperm(n_videos, generator=generator, device="cpu").numpy()
        for _ in range(-(-n_batches * batch_size // n_videos))
    ]
    order = np.concatenate(passes)[: n_batches * batch_size]
    return order.reshape(n_batches, batch_size)


def one_pass_batches(n_videos, batch_size):
    """Cut the videos, in the order given, into mini-batches.

    Gives an array of all those of full size, and one of the smaller one, if any.
    """
    batch_size = min(batch_size, n_videos)
    whole, rest = np.split(np.arange(n_videos), [n_videos // batch_size * batch_size])
    batches = [whole.reshape(-1, batch_size), rest[None]]
    return [block for block in batches if block.size]
