"""Going over videos several times while computing as little as possible twice."""

# Arrays of up to so many bytes in all are kept for the next pass.
KEPT_BYTES = 2**26


class Passes:
    """An array of each video, computed when it is asked for, and kept if there is room.

    Parameters
    ----------
    compute : callable
        Of the index of a video, the array.
    n_videos : int
        Number of videos.
    keep : bool, default=True
        Whether there will be another pass.

    Examples
    --------
    >>> import numpy as np
    >>> passes = Passes(lambda i: print("computed") or np.arange(i), 2)
    >>> [len(array) for array in passes], [len(array) for array in passes]
    computed
    computed
    ([0, 1], [0, 1])
    """

    def __init__(self, compute, n_videos, *, keep=True):
        self.compute, self.n_videos = compute, n_videos
        self.kept, self.room = {}, KEPT_BYTES * keep

    def __iter__(self):
        for i in range(self.n_videos):
            yield self[i]

    def __getitem__(self, i):
        if i in self.kept:
            return self.kept[i]
        array = self.compute(i)
        if array.nbytes <= self.room:
            self.kept[i] = array
            self.room -= array.nbytes
        return array
