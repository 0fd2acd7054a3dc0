"""The method of the paper as published, methods of other papers, and simple ones.

Each is an estimator with the interface of `skl_tot.TemporalOTSegmenter`. The vote takes
its members from here.
"""

from skl_tot.lazy import loader

_PLACES = {
    "ASALSegmenter": "skl_tot.baselines.asal",
    "ASOTSegmenter": "skl_tot.baselines.asot",
    "CTESegmenter": "skl_tot.baselines.embeddings",
    "EqualPartsSegmenter": "skl_tot.baselines.simple",
    "FrankWolfeSegmenter": "skl_tot.baselines.frank_wolfe",
    "KMeansSegmenter": "skl_tot.baselines.simple",
    "MallowSegmenter": "skl_tot.baselines.mallow",
    "UDESegmenter": "skl_tot.baselines.embeddings",
    "VTESegmenter": "skl_tot.baselines.embeddings",
    "paper": "skl_tot.baselines.simple",
}

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
