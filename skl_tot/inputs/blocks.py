"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.blocks import BLOCK_BYTES, row_blocks
from skl_tot.recordings.container import Recordings


def StandardizedVideos(arrays, means=None, scales=None, context=None):
    """Make recordings that are standardised as they are read."""
    videos = Recordings(arrays)
    videos.means, videos.scales, videos.context = means, scales, context
    return videos


class AllBlocks:
    """The blocks of all of `StandardizedVideos`, as often as they are asked for."""

    def __init__(self, videos):
        self.videos = videos

    def __iter__(self):
        return self.videos.blocks()


__all__ = ["BLOCK_BYTES", "AllBlocks", "StandardizedVideos", "row_blocks"]
