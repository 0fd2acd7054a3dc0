"""Generated activities, and recordings in the field's folder layout."""

from skl_tot.datasets.folders import load_action_dataset, read_ground_truth
from skl_tot.datasets.generated import make_activities

__all__ = ["load_action_dataset", "make_activities", "read_ground_truth"]
