"""Corrections of a fitted model by a person; each returns a new model.

Public: `rename`, `merge`, `split`, `cut`, and `most_informative`, which says what to
look at next. `skl_tot.GuidedSegmenter` learns from corrected labels.
"""

from skl_tot.corrections.editing import cut, merge, rename, split
from skl_tot.corrections.questions import most_informative

__all__ = ["cut", "merge", "most_informative", "rename", "split"]
