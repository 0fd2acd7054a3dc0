"""Files: recordings, segments in the formats of others, names of actions, models."""

from skl_tot.inputs.names import name_actions, read_names
from skl_tot.inputs.recordings import Recordings
from skl_tot.io.formats import FORMATS, Format, write_segments
from skl_tot.io.long_tables import write_table
from skl_tot.io.models import TRUSTED_TYPES, load_model, save_model
from skl_tot.io.reading import read_segments
from skl_tot.io.segments import labels_from_segments, segments
from skl_tot.recordings.reading import read_recordings

__all__ = [
    "FORMATS",
    "TRUSTED_TYPES",
    "Format",
    "Recordings",
    "labels_from_segments",
    "load_model",
    "name_actions",
    "read_names",
    "read_recordings",
    "read_segments",
    "save_model",
    "segments",
    "write_segments",
    "write_table",
]
