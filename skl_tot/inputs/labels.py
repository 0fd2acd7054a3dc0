"""Moves to `skl_tot.recordings`."""

from skl_tot.inputs.forms import of_form
from skl_tot.recordings import labels
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    as_reals,
    find_segments,
    split_label_sequences,
)


def check_transcripts(transcripts, n_videos, form, n_actions):
    """Give the known actions of each video, in order, as a list of arrays of int."""
    recordings = of_form(form, [()] * n_videos)
    return labels.check_transcripts(transcripts, recordings, n_actions)


__all__ = [
    "BACKGROUND",
    "BACKGROUND_NAME",
    "as_reals",
    "check_transcripts",
    "find_segments",
    "split_label_sequences",
]
