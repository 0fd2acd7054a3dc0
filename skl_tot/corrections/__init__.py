"""Corrections of a fitted model by a person; each returns a new model.

Public: `rename`, `merge`, `split`, `refine` (learns corrected labels) and
`most_informative` (suggests the next labels).
"""

from skl_tot.corrections.editing import merge, rename, split
from skl_tot.corrections.questions import most_informative
from skl_tot.corrections.refining import refine

__all__ = ["merge", "most_informative", "refine", "rename", "split"]
