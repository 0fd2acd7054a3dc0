from .corrections.semi_supervised import SemiSupervisedSegmenter
from .display.heat_maps import PseudoLabelDisplay
from .display.timelines import SegmentationDisplay
from .meta.auto import AutoSegmenter
from .meta.cyclic import CyclicSegmenter
from .meta.trust import rate_trust
from .methods.hmm import HMMSegmenter
from .methods.pipelines import choose_n_actions
from .methods.temporal_ot import TemporalOTSegmenter
from .preprocessing.look import look
from .recordings.container import Recordings
from .recordings.read import read_recordings

__version__: str

__all__ = [
    "AutoSegmenter",
    "CyclicSegmenter",
    "HMMSegmenter",
    "PseudoLabelDisplay",
    "Recordings",
    "SegmentationDisplay",
    "SemiSupervisedSegmenter",
    "TemporalOTSegmenter",
    "choose_n_actions",
    "look",
    "rate_trust",
    "read_recordings",
]
