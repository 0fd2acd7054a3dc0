"""Recordings: the container, its readers, and their labels, clocks and names."""

from skl_tot.lazy import loader

# Loaded on first use: the command line reports wrong arguments before it loads them.
_PLACES = {
    "RecordingError": "skl_tot.recordings.errors",
    "RecordingFileNotFoundError": "skl_tot.recordings.errors",
    "RecordingTypeError": "skl_tot.recordings.errors",
    "RecordingValueError": "skl_tot.recordings.errors",
    "Recordings": "skl_tot.recordings.container",
    "open_features": "skl_tot.recordings.files",
    "read_recordings": "skl_tot.recordings.reading",
}

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)


def __dir__():
    return sorted([*globals(), *__all__])
