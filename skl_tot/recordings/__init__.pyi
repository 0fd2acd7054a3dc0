from .container import Recordings as Recordings
from .errors import RecordingError as RecordingError
from .errors import RecordingTypeError as RecordingTypeError
from .errors import RecordingValueError as RecordingValueError
from .faults import list_faults as list_faults
from .read import read_recordings as read_recordings
from .stops import list_stops as list_stops
from .stops import with_stops as with_stops
from .stops import without_stops as without_stops

__all__ = [
    "RecordingError",
    "RecordingTypeError",
    "RecordingValueError",
    "Recordings",
    "list_faults",
    "list_stops",
    "read_recordings",
    "with_stops",
    "without_stops",
]
