"""Input of the candidates of `AutoSegmenter`."""

from collections.abc import Sequence

import numpy as np
from joblib import effective_n_jobs  # type: ignore[import-untyped]

from skl_tot.recordings.container import Recordings
from skl_tot.recordings.signals import correlation_frames

# Least number of seen frames of a recording, and the largest step as a share of a
# window or of the correlation time.
N_SEEN, STEP = 1000, 0.25


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
        # a plain array from a memory map that processes share
        return np.asarray(self.whole)[start : self.ends[i]]


def shared(videos, n_jobs):
    """Prepare standardised recordings for parallel jobs, without user objects.

    For several processes, frames in memory become one array, which joblib shares; each
    process opens files itself.
    """
    arrays = list(videos.arrays)
    is_plain = all(type(array) is np.ndarray for array in arrays)
    is_plain = is_plain and len({array.dtype for array in arrays}) == 1
    if is_plain and effective_n_jobs(n_jobs) > 1:
        arrays = Slices(np.concatenate(arrays), np.cumsum(videos.lengths).tolist())
    twin = Recordings(arrays, fps=videos.fps)
    twin.means, twin.scales = videos.means, videos.scales
    return twin


def find_stride(videos, windows, n_actions):
    """Choose the step of the frames that candidates see.

    Recordings of usual length keep at least 1,000 frames. The step is at most a quarter
    of a window, or of the correlation time of features.
    """
    length = float(np.median(videos.lengths))
    if length < 2 * N_SEEN:
        return 1
    if windows is not None:
        near = windows.window_
    else:
        near = correlation_frames(videos, float(np.mean(videos.lengths)) / n_actions)[0]
    return int(max(1, min(length / N_SEEN, STEP * near)))


def see(videos, stride):
    """Every ``stride``-th frame of standardised recordings, the middle of each step.

    Rates are scaled, so that durations stay the same; without rates, durations count
    seen frames.

    >>> seen = see(Recordings([np.arange(8)[:, None]]), 3)
    >>> seen[0].ravel().tolist(), round(seen.fps, 2)
    ([1, 4, 7], 0.33)
    """
    if stride == 1:
        return videos
    arrays = []
    for array, n_frames in zip(videos.arrays, videos.lengths.tolist()):
        rows = np.arange(stride // 2, n_frames + stride // 2, stride)
        arrays.append(array[np.minimum(rows, n_frames - 1)])
    seen = Recordings(arrays, fps=(videos.fps or 1) / stride)
    seen.means, seen.scales = videos.means, videos.scales
    return seen


def on_all_frames(outputs, lengths, stride):
    """Yield outputs of seen frames, extended to all frames."""
    for own, n_frames in zip(outputs, lengths):
        yield own if stride == 1 else own[np.arange(n_frames) // stride]
