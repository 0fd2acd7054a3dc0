"""Unsupervised action segmentation by temporal optimal transport."""

import importlib

from skl_tot.segmenters import METHODS as _METHODS

__version__ = "0.1.0"

# Loaded on first use, so that metrics and data sets do not wait for torch.
_PLACES = dict(_METHODS.values()) | {
    "ActivitySegmenter": "skl_tot.segmenters.activities",
    "CyclicSegmenter": "skl_tot.segmenters.cyclic",
    "DeviationDisplay": "skl_tot.display.deviations",
    "DurationDisplay": "skl_tot.display.durations",
    "LevelsDisplay": "skl_tot.display.levels",
    "ProfileDisplay": "skl_tot.display.profiles",
    "PseudoLabelDisplay": "skl_tot.display.pseudo_labels",
    "SegmentationDisplay": "skl_tot.display.timelines",
    "TransitionDisplay": "skl_tot.display.transitions",
}

__all__ = sorted(_PLACES)


def __getattr__(name):
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
