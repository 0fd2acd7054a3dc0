"""Zero mean and unit variance of features, over a data set or over each video."""

import copy

import numpy as np
from sklearn.preprocessing import StandardScaler

from skl_tot.inputs.blocks import StandardizedVideos, row_blocks


def fit_scaler(videos, scaler=None):
    """Statistics of the frames of videos, and of those that ``scaler`` saw before.

    Videos are read a block at a time; ``scaler`` is not changed.
    """
    scaler = StandardScaler() if scaler is None else copy.deepcopy(scaler)
    for video in videos:
        for rows in row_blocks(video):  # scikit-learn's temporaries have its size
            with np.errstate(over="ignore", invalid="ignore"):
                scaler.partial_fit(video[rows])
    if not np.isfinite(scaler.var_).all():
        column = int(np.argmin(np.isfinite(scaler.var_)))
        raise ValueError(
            f"Feature {column} of X is too large to be standardised; scale it down."
        )
    return scaler


def standardized(videos, per_video, scaler, context=None):
    """Pair videos with means and scales: their own, those of a scaler, or none.

    ``context`` is that of `StandardizedVideos`.
    """
    if scaler is not None:
        scalers = [scaler]
    elif per_video:
        scalers = [fit_scaler([video]) for video in videos]
    else:
        return StandardizedVideos(videos, context=context)
    means = np.array([scaler.mean_ for scaler in scalers])
    scales = np.array([scaler.scale_ for scaler in scalers])
    return StandardizedVideos(videos, means, scales, context)
