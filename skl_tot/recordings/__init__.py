"""Recordings: the container, its readers, and their labels, clocks and names."""

from skl_tot.recordings.imports import loader, places

# Loaded on first use: the command line reports wrong arguments before it loads them.
_PLACES = places(
    __name__,
    clocks="clock_text",
    container="Recordings",
    errors="RecordingError RecordingFileNotFoundError RecordingTypeError "
    "RecordingValueError",
    files="open_features",
    reading="read_recordings",
    stops="list_stops with_stops without_stops",
)

# For the programs on top, see docs/api.md.
_PLACES |= places(
    __name__,
    checks="check_recordings",
    clocks="agreed_rate check_fps is_same longest_bridged",
    disk="check_target find_same_files find_separator is_file_name is_line "
    "replaced replaced_files text_of_name write_array",
    errors="errors_of_recording one_line refuse repeated short_repr",
    labels="BACKGROUND BACKGROUND_NAME UNKNOWN UNKNOWN_NAME arrange arrange_each "
    "find_segments read_labels split_label_sequences",
    imports="EXTRAS import_extra loader places",
    layouts="as_recordings",
    names="check_names default_names describe_rare distinct_labels keys_in_names "
    "labels_of_one_type name_all_actions",
    stops="describe_still",
    readers="KINDS RATE_FILE READERS find_source read_rate write_rate",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)


def __dir__():
    return sorted([*globals(), *__all__])
