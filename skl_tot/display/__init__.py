"""Pictures of segmentations, statistics and models."""

from skl_tot.recordings.imports import loader, places

# For the programs on top, see docs/api.md.
_PLACES = places(__name__, palette="style_of", heat_maps="choose_features")

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
