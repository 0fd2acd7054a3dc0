"""Files: segments in the formats of others, names of actions, models."""

from skl_tot.io.files import read_segments, read_table, write_segments
from skl_tot.io.formats import FORMATS
from skl_tot.io.formats.base import Format
from skl_tot.io.models import TRUSTED_TYPES, load_model, save_model
from skl_tot.io.segment_table import labels_from_segments, segments
from skl_tot.recordings.names import name_actions, read_names

__all__ = [
    "FORMATS",
    "TRUSTED_TYPES",
    "Format",
    "labels_from_segments",
    "load_model",
    "name_actions",
    "read_names",
    "read_segments",
    "read_table",
    "save_model",
    "segments",
    "write_segments",
]
