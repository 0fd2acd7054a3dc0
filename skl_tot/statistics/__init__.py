"""Statistics of segmentations: durations, transitions, cycles and deviations."""

# All functions take labels from estimators, or a table with a row per segment, and
# return pandas data frames; functions about features also take the features of frames.
# A bout is a maximal run of frames of one action; background is no action, but its time
# counts as time of the recording.

from skl_tot.recordings.imports import loader, places

_PLACES = places(
    __name__,
    actions="durations transitions usual_order",
    comparing="compare_groups",
    deviating="cycle_times deviations",
    features="action_profiles telling_features",
)

# For the programs on top, see docs/api.md.
_PLACES |= places(
    __name__,
    actions="describe_equal_parts usual_codes",
    bouts="collect_bouts values_of_recordings",
    comparing="LEVEL describe_pairs is_different list_differences",
    cycles="cut_cycles",
    deviating="compare_bouts score_durations write_lists",
    features="CLEAR ProfileSums TellingSample check_feature_names describe_useless",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
