"""Methods of other papers, and simple ones."""

# Each has the interface of `skl_tot.TemporalOTSegmenter`.

from skl_tot.baselines.alternating import ASALSegmenter, MallowSegmenter
from skl_tot.baselines.embeddings import CTESegmenter, UDESegmenter, VTESegmenter
from skl_tot.baselines.frank_wolfe import FrankWolfeSegmenter
from skl_tot.baselines.simple import EqualPartsSegmenter, KMeansSegmenter
from skl_tot.baselines.transport import ASOTSegmenter

__all__ = [
    "ASALSegmenter",
    "ASOTSegmenter",
    "CTESegmenter",
    "EqualPartsSegmenter",
    "FrankWolfeSegmenter",
    "KMeansSegmenter",
    "MallowSegmenter",
    "UDESegmenter",
    "VTESegmenter",
]
