from .corrections.semi_supervised import (
    SemiSupervisedSegmenter as SemiSupervisedSegmenter,
)
from .display.pictures import PseudoLabelDisplay as PseudoLabelDisplay
from .display.pictures import SegmentationDisplay as SegmentationDisplay
from .meta.auto import AutoSegmenter as AutoSegmenter
from .meta.cyclic import CyclicSegmenter as CyclicSegmenter
from .meta.trust import rate_trust as rate_trust
from .methods.hmm import HMMSegmenter as HMMSegmenter
from .methods.pipelines import choose_n_actions as choose_n_actions
from .methods.temporal_ot import TemporalOTSegmenter as TemporalOTSegmenter
from .preprocessing.look import look as look
from .recordings.container import Recordings as Recordings
from .recordings.read import read_recordings as read_recordings

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
