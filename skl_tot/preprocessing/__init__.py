"""Transformers of recordings, and features of video files."""

from skl_tot.preprocessing.backbones import FrameFeatures
from skl_tot.preprocessing.framewise import FramewiseTransformer, GapFiller
from skl_tot.preprocessing.poses import PoseFeatures
from skl_tot.preprocessing.videos import iterate_frames
from skl_tot.preprocessing.windows import FrameView, SignalWindows

__all__ = [
    "FrameFeatures",
    "FrameView",
    "FramewiseTransformer",
    "GapFiller",
    "PoseFeatures",
    "SignalWindows",
    "iterate_frames",
]
