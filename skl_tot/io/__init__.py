"""Files: segments in many formats, names of actions, models."""

from skl_tot.recordings.imports import loader, places

# Loaded on first use: the command line reports wrong arguments before it loads them.
_PLACES = {
    "FORMATS": "skl_tot.io.formats",
    "Format": "skl_tot.io.formats.base",
    "TRUSTED_TYPES": "skl_tot.io.models",
    "labels_from_segments": "skl_tot.recordings.segment_table",
    "load_model": "skl_tot.io.models",
    "name_actions": "skl_tot.recordings.names",
    "read_names": "skl_tot.recordings.names",
    "read_segments": "skl_tot.io.files",
    "read_table": "skl_tot.io.files",
    "save_model": "skl_tot.io.models",
    "segments": "skl_tot.recordings.segment_table",
    "table_of_labels": "skl_tot.recordings.segment_table",
    "write_segments": "skl_tot.io.files",
    "write_subtasks": "skl_tot.io.lerobot",
}

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
