"""Recordings: the container, what it is made of, and what is known of recordings."""

from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import (
    RecordingError,
    RecordingFileNotFoundError,
    RecordingTypeError,
    RecordingValueError,
)
from skl_tot.recordings.files import open_features
from skl_tot.recordings.reading import read_recordings

__all__ = [
    "RecordingError",
    "RecordingFileNotFoundError",
    "RecordingTypeError",
    "RecordingValueError",
    "Recordings",
    "open_features",
    "read_recordings",
]
