"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.errors import (
    RecordingError as VideoError,
)
from skl_tot.recordings.errors import (
    RecordingFileNotFoundError as VideoFileNotFoundError,
)
from skl_tot.recordings.errors import (
    RecordingTypeError as VideoTypeError,
)
from skl_tot.recordings.errors import (
    RecordingValueError as VideoValueError,
)
from skl_tot.recordings.errors import (
    errors_of_recording as errors_of_video,
)
from skl_tot.recordings.errors import (
    one_line,
    short_repr,
    warn_user,
)

__all__ = [
    "VideoError",
    "VideoFileNotFoundError",
    "VideoTypeError",
    "VideoValueError",
    "errors_of_video",
    "one_line",
    "short_repr",
    "warn_user",
]
