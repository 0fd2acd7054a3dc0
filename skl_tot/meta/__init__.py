"""Estimators from other segmenters: votes, cycles, activities, labels, streams."""

from skl_tot.recordings.imports import loader, places

# For the programs on top, see docs/api.md.
_PLACES = places(
    __name__,
    semi_supervised="default_estimators",
    online="model_of_stream",
    trust="HEADLINES rate_share rate_trust",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
