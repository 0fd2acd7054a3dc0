"""Review of a model's results: check, correct, and teach the model."""

from skl_tot.recordings import loader, places

# Loaded on first use, so that a server answers early.
_PLACES = places(__name__, session="Review", widget="ReviewWidget", server="serve")

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
