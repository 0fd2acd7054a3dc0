"""Statistics of segmentations: durations, transitions, cycles and deviations."""

# All functions take labels from estimators, or a table with a row per segment, and
# return pandas data frames; functions about features also take the features of frames.
# A bout is a maximal run of frames of one action; background is no action, but its time
# counts as time of the recording.

from skl_tot.statistics.actions import durations, transitions, usual_order
from skl_tot.statistics.deviations import cycle_times, deviations
from skl_tot.statistics.features import action_profiles, telling_features
from skl_tot.statistics.groups import compare_groups

__all__ = [
    "action_profiles",
    "compare_groups",
    "cycle_times",
    "deviations",
    "durations",
    "telling_features",
    "transitions",
    "usual_order",
]
