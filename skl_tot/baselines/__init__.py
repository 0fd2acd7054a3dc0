"""The method of the paper as published, methods of other papers, and simple ones."""

# Each has the interface of `skl_tot.TemporalOTSegmenter`. The vote takes its members
# from here.

from skl_tot.recordings.imports import loader, places

_PLACES = places(
    __name__,
    asal="ASALSegmenter",
    asot="ASOTSegmenter",
    embeddings="CTESegmenter UDESegmenter VTESegmenter",
    frank_wolfe="FrankWolfeSegmenter",
    mallow="MallowSegmenter",
    simple="EqualPartsSegmenter KMeansSegmenter paper",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
