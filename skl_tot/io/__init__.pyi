from .files import FORMATS as FORMATS
from .files import labels_from_segments as labels_from_segments
from .files import read_segments as read_segments
from .files import read_table as read_table
from .files import segments as segments
from .files import write_segments as write_segments
from .files import write_subtasks as write_subtasks
from .formats import Format as Format
from .models import load_model as load_model
from .models import save_model as save_model
from .models import trusted_types as trusted_types

__all__ = [
    "FORMATS",
    "Format",
    "labels_from_segments",
    "load_model",
    "read_segments",
    "read_table",
    "save_model",
    "segments",
    "trusted_types",
    "write_segments",
    "write_subtasks",
]
