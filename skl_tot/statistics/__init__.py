"""Statistics of segmentations: durations, transitions, cycles and deviations.

All functions take labels from estimators, or a table with a row per segment, and return
pandas data frames; functions about features also take the features of frames. A bout is
a maximal run of frames of one action; background is no action, but its time counts as
time of the recording.
"""

from skl_tot.lazy import loader, places

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

# For the programs on top, see docs/api.md.
_PLACES |= places(
    __name__,
    bouts="collect_bouts values_of_recordings",
    comparing="LEVEL describe_pairs list_differences",
    cycle_bouts="cut_cycles",
    deviating="compare_bouts score_durations write_lists",
    equal_parts="describe_equal_parts",
    profiles="ProfileSums check_names",
    sequences="usual_codes",
    telling="CLEAR TellingSample describe_useless",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
