"""Statistics of segmentations: durations, transitions, cycles and deviations.

All functions take labels from estimators, or a table with a row per segment, and return
pandas data frames; functions about features also take the features of frames. A bout is
a maximal run of frames of one action; background is no action, but its time counts as
time of the recording.
"""

from skl_tot.lazy import loader

_PLACES = {
    "action_profiles": "skl_tot.statistics.profiles",
    "compare_groups": "skl_tot.statistics.comparing",
    "cycle_times": "skl_tot.statistics.cycles",
    "deviations": "skl_tot.statistics.deviating",
    "durations": "skl_tot.statistics.budgets",
    "telling_features": "skl_tot.statistics.telling",
    "transitions": "skl_tot.statistics.sequences",
    "usual_order": "skl_tot.statistics.sequences",
}

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
