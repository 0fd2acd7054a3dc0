"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings import container
from skl_tot.recordings.container import Recordings


def fit_scaler(videos, scaler=None):
    """Statistics of the frames of videos, and of those that ``scaler`` saw before."""
    return container.fit_scaler(Recordings(videos), scaler)


def standardized(videos, per_video, scaler, context=None):
    """Pair videos with means and scales: their own, those of a scaler, or none."""
    return Recordings(videos).standardize(scaler, per_video, context)


__all__ = ["fit_scaler", "standardized"]
