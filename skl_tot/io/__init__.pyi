from .files import (
    labels_from_segments,
    name_actions,
    read_names,
    read_segments,
    read_table,
    segments,
    write_segments,
)
from .formats import FORMATS
from .formats.base import Format
from .lerobot import write_subtasks
from .models import TRUSTED_TYPES, load_model, save_model

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
    "write_subtasks",
]
