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

    def gather(self, batch, frames, device):
        """Read the chosen frames of a mini-batch of videos.

        Parameters
        ----------
        batch : ndarray of shape (n_videos,)
            Indices of the videos.
        frames : ndarray of shape (n_videos, n_frames)
            Indices of the frames of each.
        device : torch.device
            Where to put them.

        Returns
        -------
        frames : Tensor of shape (n_videos * n_frames, n_features)
            float32, video by video.
        """
        stack = np.stack([self.arrays[i][rows] for i, rows in zip(batch, frames)])
        stack = self._standardize(stack, batch[:, None]).astype(np.float32, copy=False)
        return torch.from_numpy(stack.reshape(-1, stack.shape[2])).to(device)

    def _standardize(self, frames, video):
        """Standardise with the statistics of a video, or of an array of videos."""
        if self.means is None:
            return frames
        row = video % len(self.means)  # the only one, or its own
        frames = frames - self.means[row].astype(frames.dtype)
        frames /= self.scales[row].astype(frames.dtype)
        return frames


def sample_frames(lengths, n_frames, window, generator):
    """Draw one frame from each of ``n_frames`` equal bins of every video.

    Parameters
    ----------
    lengths : ndarray of shape (n_videos,)
        Number of frames of each video. A video shorter than ``n_frames`` has frames
        drawn more than once.
    n_frames : int
        Number of bins.
    window : int
        Greatest distance, in frames, of a partner; 0 draws no partners.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    frames : ndarray of shape (n_videos, n_frames)
        Non-decreasing frame indices, bin by bin.
    partners : ndarray of the same shape, or None
        For each frame one within ``window`` of it and inside the video.
    """
    lengths = lengths[:, None]
    shape = (len(lengths), n_frames)

    def uniform():
        draws = torch.rand(
            shape, generator=generator, dtype=torch.float64, device="cpu"
        )
        return draws.numpy()

    frames = ((np.arange(n_frames) + uniform()) * lengths / n_frames).astype(np.intp)
    frames = np.minimum(frames, lengths - 1)  # the product may round up to the end
    if not window:
        return frames, None
    first = np.maximum(frames - window, 0)
    last = np.minimum(frames + window, lengths - 1)
    return frames, first + (uniform() * (last - first + 1)).astype(np.intp)


def shuffled_batches(n_videos, batch_size, n_batches, generator):
    """Yield mini-batches of video indices, one shuffled pass after the other.

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

    Yields
    ------
    batch : ndarray of shape (min(batch_size, n_videos),)
        Indices of the videos. No video returns before all others have had their turn.
    """
    batch_size = min(batch_size, n_videos)
    queue = np.empty(0, dtype=np.intp)
    for _ in range(n_batches):
        while len(queue) < batch_size:
            order = torch.randperm(n_videos, generator=generator, device="cpu")
            queue = np.concatenate([queue, order.numpy()])
        yield queue[:batch_size]
        queue = queue[batch_size:]


def one_pass_batches(n_videos, batch_size):
    """Yield mini-batches of video indices once through, in the order given.

    Parameters
    ----------
    n_videos : int
        Number of videos.
    batch_size : int
        Videos in a mini-batch; the last may be smaller.

    Yields
    ------
    batch : ndarray of shape (n,)
        Indices of the videos.
    """
    for start in range(0, n_videos, batch_size):
        yield np.arange(start, min(start + batch_size, n_videos))
