"""Statistics of segmentations: durations, transitions, cycles, and what deviates.

All take labels as they come out of estimators, or a table with a row for each segment,
and give pandas data frames. A bout is a maximal run of frames of one action; background
is no action, but its time counts as time of the recording.
"""

from skl_tot.statistics.budgets import durations
from skl_tot.statistics.cycles import cycle_times
from skl_tot.statistics.deviating import deviations
from skl_tot.statistics.profiles import action_profiles
from skl_tot.statistics.sequences import transitions, usual_order

__all__ = [
    "action_profiles",
    "cycle_times",
    "deviations",
    "durations",
    "transitions",
    "usual_order",
]
