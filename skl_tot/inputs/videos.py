"""Moves to `skl_tot.recordings`."""

from skl_tot.inputs.forms import form_of
from skl_tot.inputs.named import OfForm
from skl_tot.recordings import checks, matching
from skl_tot.recordings.checks import unchanged_on_error
from skl_tot.recordings.container import Recordings


def check_videos(estimator, X, *, reset, find_clocks=False):
    """Validate videos as scikit-learn does 2-D arrays; gives floats, and the form."""
    recordings = checks.check_recordings(
        estimator, X, reset=reset, find_clocks=find_clocks
    )
    return recordings.arrays, form_of(recordings)


def check_lengths(y, videos, form):
    """Refuse labels that are not of these videos; what they are is not looked at."""
    recordings = Recordings(videos)
    recordings.layout = OfForm(form).layout
    matching.check_lengths(y, recordings)


__all__ = ["check_lengths", "check_videos", "unchanged_on_error"]
