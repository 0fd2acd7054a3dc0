"""Corrections of a fitted model by a person; each returns a new model."""

from skl_tot.recordings.imports import loader, places

_PLACES = places(
    __name__,
    editing="merge refine rename split",
    questions="alike_actions most_informative",
)

# For the programs on top, see docs/api.md.
_PLACES |= places(
    __name__,
    editing="names_of_parts",
    questions="describe_signals find_typical mean_and_spread measure_doubts"
    " order_with_gains rank_moments",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
