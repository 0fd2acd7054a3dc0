"""Labels, names, merges and splits of people, from which models learn."""

from skl_tot.corrections.editing import merge, refine, rename, split
from skl_tot.corrections.proposals import recordings_to_label
from skl_tot.corrections.questions import alike_actions, most_informative

__all__ = [
    "alike_actions",
    "merge",
    "most_informative",
    "recordings_to_label",
    "refine",
    "rename",
    "split",
]
