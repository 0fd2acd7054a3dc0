"""Features before a segmenter: transformers of single frames, and of video files."""

from skl_tot.preprocessing.frame_features import FrameFeatures
from skl_tot.preprocessing.framewise import FramewiseTransformer
from skl_tot.preprocessing.video_frames import iterate_frames

__all__ = ["FrameFeatures", "FramewiseTransformer", "iterate_frames"]
