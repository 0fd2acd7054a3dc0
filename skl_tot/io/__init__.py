"""Files: segments in the formats of other tools, names of actions, and models."""

from skl_tot.inputs.names import name_actions, read_names
from skl_tot.io.formats import FORMATS, Format, write_segments
from skl_tot.io.models import TRUSTED_TYPES, load_model, save_model
from skl_tot.io.reading import read_segments
from skl_tot.io.segments import labels_from_segments, segments

__all__ = [
    "FORMATS",
    "TRUSTED_TYPES",
    "Format",
    "labels_from_segments",
    "load_model",
    "name_actions",
    "read_names",
    "read_segments",
    "save_model",
    "segments",
    "write_segments",
]
