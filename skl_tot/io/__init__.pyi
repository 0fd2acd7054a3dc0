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
from .models import load_model, save_model, trusted_types

__all__ = [
    "FORMATS",
    "Format",
    "labels_from_segments",
    "load_model",
    "name_actions",
    "read_names",
    "read_segments",
    "read_table",
    "save_model",
    "segments",
    "trusted_types",
    "write_segments",
    "write_subtasks",
]
