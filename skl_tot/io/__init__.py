"""Files: segments in many formats, names of actions, models."""

from skl_tot.recordings.imports import loader, places

# Loaded on first use: the command line reports wrong arguments before it loads them.
_PLACES = places(
    __name__,
    files="read_segments read_table write_segments",
    formats="FORMATS",
    formats__base="Format",
    lerobot="write_subtasks",
    models="TRUSTED_TYPES load_model save_model",
)
_PLACES |= places(
    "skl_tot.recordings",
    names="name_actions read_names",
    segment_table="labels_from_segments segments table_of_labels",
)

# For the programs on top, see docs/api.md.
_PLACES |= places(
    __name__,
    files="label_recordings read_by_recording read_whole",
    formats="find_format frame_formats table_of writable_formats",
    formats__base="mean_rate",
    growing_files="GrowingTable read_lines",
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)


def __dir__():
    return sorted([*globals(), *__all__])
