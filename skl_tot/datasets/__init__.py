"""Made-up activities, and recordings in the folder layout of the field."""

from skl_tot.datasets.folders import load_action_dataset
from skl_tot.datasets.generated import make_activities

__all__ = ["load_action_dataset", "make_activities"]
