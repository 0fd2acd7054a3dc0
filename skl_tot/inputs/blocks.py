"""Videos read a block of frames at a time."""

import numpy as np

# Size of the blocks in which a whole video is read: bounds the memory, not the result.
BLOCK_BYTES = 2**22


def row_blocks(video, width=0):
    """Cut a video into blocks of rows, so that it need never be in memory whole.

    Parameters
    ----------
    video : ndarray or FloatRows of shape (n_frames, n_features)
        A memmap is not read.
    width : int, default=0
        Columns of the widest array that a block is made into, if wider than the video.

    Yields
    ------
    rows : slice
        Up to ``BLOCK_BYTES`` of rows, and at least one.
    """
    width = max(width, video.shape[1])
    n_rows = max(1, BLOCK_BYTES // (video.itemsize * width))
    for start in range(0, len(video), n_rows):
        yield slice(start, start + n_rows)


class StandardizedVideos:
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
