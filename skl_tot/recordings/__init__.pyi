from .clocks import clock_text
from .container import Recordings
from .errors import (
    RecordingError,
    RecordingFileNotFoundError,
    RecordingTypeError,
    RecordingValueError,
)
from .files import open_features
from .read import read_recordings
from .stops import list_stops, with_stops, without_stops

__all__ = [
    "RecordingError",
    "RecordingFileNotFoundError",
    "RecordingTypeError",
    "RecordingValueError",
    "Recordings",
    "clock_text",
    "list_stops",
    "open_features",
    "read_recordings",
    "with_stops",
    "without_stops",
]
