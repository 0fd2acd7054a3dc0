"""Videos read a block of frames at a time."""

from functools import partial

import numpy as np

from skl_tot.inputs.context import (
    join_context,
    joined_width,
    neighbours_of_block,
    neighbours_of_rows,
    rows_around,
)

# Size of the blocks in which a whole video is read: bounds the memory, not the result.
BLOCK_BYTES = 2**22


def row_blocks(video, width=0):
    """Yield slices of rows of up to `BLOCK_BYTES`: a memmap is never read whole.

    `width` is the number of columns of what a block is made into, if that is wider.
    """
    width = max(width, video.shape[1])
    n_rows = max(1, BLOCK_BYTES // (video.itemsize * width))
    for start in range(0, len(video), n_rows):
        yield slice(start, start + n_rows)


class StandardizedVideos:
    """Videos less `means`, over `scales`, read a few frames at a time.

    Both have shape (1, n_features) for all videos or (n_videos, n_features); None
    leaves features as they are, and memmaps stay on disk. With ``context``, each frame
    is joined by mean and spread of the frames up to so many before and after it, as it
    is read: ``n_features`` is the width of what is.
    """

    def __init__(self, arrays, means=None, scales=None, context=None):
        self.arrays = arrays
        self.lengths = np.array([len(array) for array in arrays])
        self.means, self.scales, self.context = means, scales, context
        self.width = arrays[0].shape[1]
        self.n_features = joined_width(self.width, context)

    def __len__(self):
        return len(self.arrays)

    def __iter__(self):
        for video in range(len(self)):
            yield self.read(video, slice(None))

    def without_context(self):
        """Give the same videos, standardised, with their own features alone."""
        return StandardizedVideos(self.arrays, self.means, self.scales)

    def row_blocks(self, video, width=0):
        """Yield the rows that `blocks` reads at a time, see `row_blocks`."""
        return row_blocks(self.arrays[video], max(width, self.n_features))

    def read(self, video, rows):
        """Read standardised frames of one video, by a slice or indices, in its type."""
        if self.context is None:
            return self._read(video, rows)
        n_frames = int(self.lengths[video])
        context = min(self.context, n_frames)
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(n_frames)
            first = max(0, start - context)
            frames = self._read(video, slice(first, min(stop + context, n_frames)))
            around = partial(
                neighbours_of_block, frames, start - first, stop - start, context
            )
            return join_context(frames[start - first : stop - first], around)
        near = rows_around(rows, n_frames, context)
        frames = self._read(video, near)
        around = partial(neighbours_of_rows, frames, near, rows, context)
        return join_context(frames[np.searchsorted(near, rows)], around)

    def _read(self, video, rows):
        """Read frames without what is around them."""
        frames = self.arrays[video][rows]
        own = frames if frames.flags.owndata else None  # no view of the video
        return self._standardize(frames, video, out=own)

    def blocks(self, video):
        """Yield standardised frames of one video a block of rows at a time."""
        for rows in self.row_blocks(video):
            yield self.read(video, rows)

    def gather(self, batch, frames, out):
        """Read frames (n_videos, n_frames) of a batch (n_videos,) of videos into `out`.

        It is of float32, of shape (n_videos, n_frames, n_features).
        """
        for video, rows, target in zip(batch, frames, out):
            array = self.arrays[video]
            if self.context is not None:
                self._gather_windows(video, rows, target)
                continue
            if array.dtype != out.dtype or not array.flags.c_contiguous:
                target[:] = self.read(video, rows)  # take would copy the whole video
                continue
            # all rows exist, as no video changes its shape; to make sure of it, numpy
            # would fill a buffer first
            array.take(rows, axis=0, out=target, mode="clip")
            self._standardize(target, video, out=target)

    def _gather_windows(self, video, rows, out):
        """Read frames of one video, a few windows at a time."""
        context = min(self.context, int(self.lengths[video]))
        width = self.width * (2 * context + 1)
        for some in row_blocks(out, width):
            out[some] = self.read(video, rows[some])

    def _standardize(self, frames, video, out=None):
        """Standardise with the statistics of a video, or of all."""
        if self.means is None:
            return frames
        row = video % len(self.means)  # the only one, or its own
        out = np.subtract(frames, self.means[row].astype(frames.dtype), out=out)
        out /= self.scales[row].astype(frames.dtype)
        return out


class AllBlocks:
    """The blocks of all of `StandardizedVideos`, as often as they are asked for."""

    def __init__(self, videos):
        self.videos = videos

    def __iter__(self):
        for i in range(len(self.videos)):
            yield from self.videos.blocks(i)
