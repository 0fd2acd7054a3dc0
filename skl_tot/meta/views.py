"""Recordings as the candidates of `AutoSegmenter` see them."""

from collections.abc import Sequence

import numpy as np
from joblib import effective_n_jobs  # type: ignore[import-untyped]

from skl_tot.recordings.container import Recordings


class Slices(Sequence):
    """Consecutive rows of one array, as a list of arrays.

    >>> slices = Slices(np.arange(5), [2, 5])
    >>> list(slices)
    [array([0, 1]), array([2, 3, 4])]
    """

    def __init__(self, whole, ends):
        self.whole, self.ends = whole, ends

    def __len__(self):
        return len(self.ends)

    def __getitem__(self, i):
        start = self.ends[i - 1] if i else 0
        # of a memory map that other processes share, a plain array
        return np.asarray(self.whole)[start : self.ends[i]]


def shared(videos, n_jobs):
    """Give standardised recordings to jobs, without what is the user's own.

    Frames in memory become one array for several processes, which joblib lets them
    share; those in files are opened by each.
    """
    arrays = list(videos.arrays)
    is_plain = all(type(array) is np.ndarray for array in arrays)
    is_plain = is_plain and len({array.dtype for array in arrays}) == 1
    if is_plain and effective_n_jobs(n_jobs) > 1:
        arrays = Slices(np.concatenate(arrays), np.cumsum(videos.lengths).tolist())
    twin = Recordings(arrays, fps=videos.fps)
    twin.means, twin.scales = videos.means, videos.scales
    return twin
