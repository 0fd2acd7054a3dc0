"""Unsupervised action segmentation by temporal optimal transport."""

from skl_tot.recordings.imports import loader

__version__ = "1.0.0rc2"

# Loaded on first use, so that metrics and data sets do not import torch.
_PLACES = {
    "ActivitySegmenter": "skl_tot.meta.activities",
    "AutoSegmenter": "skl_tot.meta.auto",
    "CyclicSegmenter": "skl_tot.meta.cyclic",
    "CycleDisplay": "skl_tot.display.bouts",
    "DeviationDisplay": "skl_tot.display.bouts",
    "DurationDisplay": "skl_tot.display.bouts",
    "GroupsDisplay": "skl_tot.display.comparisons",
    "HMMSegmenter": "skl_tot.methods.hmm",
    "NumbersDisplay": "skl_tot.display.comparisons",
    "OnlinePrediction": "skl_tot.meta.online",
    "ProfileDisplay": "skl_tot.display.heat_maps",
    "PseudoLabelDisplay": "skl_tot.display.heat_maps",
    "Recordings": "skl_tot.recordings",
    "SegmentationDisplay": "skl_tot.display.timelines",
    "SemiSupervisedSegmenter": "skl_tot.meta.semi_supervised",
    "TemporalOTSegmenter": "skl_tot.methods.temporal_ot",
    "TransitionDisplay": "skl_tot.display.bouts",
    "choose_n_actions": "skl_tot.methods.pipelines",
    "look": "skl_tot.preprocessing.look",
    "rate_trust": "skl_tot.meta.trust",
    "read_recordings": "skl_tot.recordings",
}

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)


def __dir__():
    return sorted([*globals(), *__all__])
