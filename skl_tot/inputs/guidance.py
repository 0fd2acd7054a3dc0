"""Moves to `skl_tot.recordings`."""

from skl_tot.inputs.forms import of_form
from skl_tot.recordings import known
from skl_tot.recordings.labels import UNKNOWN, UNKNOWN_NAME


def read_labels(y, lengths, form, n_actions):
    """Known labels of frames as codes, and what the codes stand for."""
    return known.read_labels(y, of_form(form, list(map(range, lengths))), n_actions)


def read_transcripts(y, lengths, form, n_actions):
    """Actions of each video in their order, as codes, and what the codes stand for."""
    recordings = of_form(form, list(map(range, lengths)))
    return known.read_transcripts(y, recordings, n_actions)


__all__ = [
    "UNKNOWN",
    "UNKNOWN_NAME",
    "read_labels",
    "read_transcripts",
]
