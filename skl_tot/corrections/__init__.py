"""Labels, names, merges and splits of people, from which models learn."""

from skl_tot.corrections.editing import merge, refine, rename, split
from skl_tot.corrections.suggestions import (
    alike_actions,
    recordings_to_label,
)

__all__ = [
    "alike_actions",
    "merge",
    "recordings_to_label",
    "refine",
    "rename",
    "split",
]
