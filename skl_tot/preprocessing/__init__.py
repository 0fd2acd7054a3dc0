"""Transformers of recordings, and features of video files."""

from skl_tot.recordings.imports import loader, places

_PLACES = places(
    __name__,
    frame_features="FrameFeatures",
    framewise="FramewiseTransformer",
    gaps="GapFiller",
    poses="PoseFeatures",
    videos="iterate_frames",
    views="FrameView",
    windows="SignalWindows",
)

# For the programs on top, see docs/api.md.
_PLACES |= places(__name__, videos="videos_of_folder")

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
