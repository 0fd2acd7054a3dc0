"""Recordings as the candidates of `AutoSegmenter` see them."""

from collections.abc import Sequence

import numpy as np
from joblib import effective_n_jobs  # type: ignore[import-untyped]
from sklearn.base import clone

from skl_tot.preprocessing.windows import SignalWindows
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.signals import correlation_frames, is_raw

# Frames of a recording that candidates see, at most about twice as many, and the share
# of a window, or of the time in which a signal forgets itself, that is between them.
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


def fit_windows(windows, videos, n_actions):
    """Fit windows to recordings; "auto" is the default where they are raw, or None."""
    if windows is None or (windows == "auto" and not is_raw(videos, n_actions)):
        return None
    windows = SignalWindows() if windows == "auto" else clone(windows)
    breaks = [videos.breaks_of(i) for i in range(len(videos))]
    return windows.fit(Recordings(list(videos.arrays), fps=videos.fps, breaks=breaks))


def find_stride(videos, windows, n_actions):
    """Choose s, of the s-th frames that are seen: neighbours say the same.

    Recordings of usual length keep 1,000 frames or more. Frames are at most a quarter
    of a window apart, or of the time over which features are correlated.
    """
    length = float(np.median(videos.lengths))
    if length < 2 * N_SEEN:
        return 1
    if windows is not None:
        near = min(windows.windows_)
    else:
        near = correlation_frames(videos, float(np.mean(videos.lengths)) / n_actions)[0]
    return int(max(1, min(length / N_SEEN, STEP * near)))


def see(videos, windows, stride):
    """Every s-th frame of recordings, or of windows around them, not standardised.

    The frame in the middle of s frames speaks for them. Rates are those of what is
    seen, so that durations stay what they are; of recordings without, by the frame.

    >>> seen = see(Recordings([np.arange(8)[:, None]]), None, 3)
    >>> seen[0].ravel().tolist(), round(seen.fps, 2)
    ([1, 4, 7], 0.33)
    """
    if windows is None and stride == 1:
        return videos
    arrays = []
    for i, n_frames in enumerate(videos.lengths.tolist()):
        rows = np.arange(stride // 2, n_frames + stride // 2, stride)
        rows = np.minimum(rows, n_frames - 1)
        array = videos.arrays[i]
        if windows is not None:
            breaks = [videos.breaks_of(i)]
            one = Recordings([array], fps=videos.fps, breaks=breaks)
            array = windows.transform(one)[0]
        arrays.append(array[rows])
    fps = videos.fps if stride == 1 else (videos.fps or 1) / stride
    return Recordings(arrays, fps=fps)


def on_all_frames(outputs, videos, stride):
    """Yield outputs of what was seen of recordings for all of their frames."""
    for own, n_frames in zip(outputs, videos.lengths):
        yield own if stride == 1 else own[np.arange(n_frames) // stride]
