"""Which frames a training step sees, and how they are read and standardised."""

import numpy as np
import torch

from skl_tot._sequences import row_blocks


class Videos:
    """Videos with their standardisation, read a few frames at a time.

    Parameters
    ----------
    arrays : list of ndarray of shape (n_frames_i, n_features)
        Features; memmaps stay on disk.
    means, scales : ndarray of shape (1, n_features) or (n_videos, n_features), \
default=None
        Subtracted from the features, and dividing them: one pair for all videos or one
        for each. None leaves the features as they are.
    """

    def __init__(self, arrays, means=None, scales=None):
        self.arrays = arrays
        self.lengths = np.array([len(array) for array in arrays])
        self.means, self.scales = means, scales

    def __len__(self):
        return len(self.arrays)

    def __iter__(self):
        return (self.read(video, slice(None)) for video in range(len(self)))

    def read(self, video, rows):
        """Read standardised frames of one video.

        Parameters
        ----------
        video : int
            Index of the video.
        rows : slice or ndarray of int
            Which frames.

        Returns
        -------
        frames : ndarray of shape (n_rows, n_features)
            In the type of the video, float32 or float64.
        """
        return self._standardize(self.arrays[video][rows], video)

    def blocks(self, video):
        """Read one video a block of rows at a time.

        Parameters
        ----------
        video : int
            Index of the video.

        Yields
        ------
        frames : ndarray of shape (n_rows, n_features)
            Standardised frames, see `row_blocks`.
        """
        for rows in row_blocks(self.arrays[video]):
            yield self.read(video, rows)

    def gather(self, batch, frames, out):
        """Read the chosen frames of a mini-batch of videos.

        Parameters
        ----------
        batch : ndarray of shape (n_videos,)
            Indices of the videos.
        frames : ndarray of shape (n_videos, n_frames)
            Indices of the frames of each.
        out : ndarray of float32, of shape (n_videos, n_frames, n_features)
            Where to put the standardised frames.
        """
        for video, rows, target in zip(batch, frames, out):
            array = self.arrays[video]
            if array.dtype != out.dtype or not array.flags.c_contiguous:
                target[:] = self.read(video, rows)  # take would copy the whole video
                continue
            # all rows exist; to make sure of it, numpy would fill a buffer first
            np.take(array, rows, axis=0, out=target, mode="clip")
            self._standardize(target, video, out=target)

    def _standardize(self, frames, video, out=None):
        """Standardise with the statistics of a video, or of all."""
        if self.means is None:
            return frames
        row = video % len(self.means)  # the only one, or its own
        out = np.subtract(frames, self.means[row].astype(frames.dtype), out=out)
        out /= self.scales[row].astype(frames.dtype)
        return out


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


def shuffled_batches(n_videos, batch_size, n_batches, generator):
    """Draw mini-batches of videos, one shuffled pass after the other.

    Parameters
    ----------
    n_videos : int
        Number of videos.
    batch_size : int
        Videos in a mini-batch; fewer where there are fewer in all.
    n_batches : int
        Number of mini-batches.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    batches : ndarray of shape (n_batches, min(batch_size, n_videos))
        Indices of the videos. No video returns before all others have had their turn.
    """
    batch_size = min(batch_size, n_videos)
    passes = [
        torch.randperm(n_videos, generator=generator, device="cpu").numpy()
        for _ in range(-(-n_batches * batch_size // n_videos))
    ]
    order = np.concatenate(passes)[: n_batches * batch_size]
    return order.reshape(n_batches, batch_size)


def one_pass_batches(n_videos, batch_size):
    """Cut the videos into mini-batches, in the order given.

    Parameters
    ----------
    n_videos : int
        Number of videos.
    batch_size : int
        Videos in a mini-batch; the last may be smaller.

    Returns
    -------
    batches : list of ndarray of shape (n_batches, n)
        Indices of the videos: all mini-batches of full size, and the smaller one.
    """
    batch_size = min(batch_size, n_videos)
    whole, rest = np.split(np.arange(n_videos), [n_videos // batch_size * batch_size])
    batches = [whole.reshape(-1, batch_size), rest[None]]
    return [block for block in batches if block.size]
