"""Samples of recordings, of a bounded number of frames, for models to learn from."""

import copy
from typing import Any, NamedTuple

import numpy as np

from skl_tot.recordings.signals import spread_indices

# Maximum frames of a sample, and values, which bound the time with many features.
MOST_FRAMES, MOST_VALUES = 2**16, 2**26
# Number of stretches of consecutive frames, and most recordings that are thinned.
N_STRETCHES, MOST_RECORDINGS = 64, 256


class Sample(NamedTuple):
    """Parts of recordings; of each its recording, its rows, and the length of all."""

    videos: Any
    spans: list

    @property
    def step(self):
        """Frames from one sampled frame to the next."""
        return self.spans[0][1].step or 1

    def of(self, values):
        """Values of the sampled frames, from those (n_frames_i, ...) of all."""
        return [values[i][rows] for i, rows, _ in self.spans]

    def times(self):
        """Yield the relative times of the sampled frames in their recordings."""
        for _, rows, n_frames in self.spans:
            yield (np.arange(n_frames)[rows] + 0.5) / n_frames


def stretches(videos):
    """Sample evenly spread stretches of consecutive frames, if frames are many."""
    most, ends = _most_frames(videos), np.cumsum(videos.lengths)
    if ends[-1] <= most:
        return _whole(videos)
    length, parts = most // N_STRETCHES, []
    for first in np.linspace(0, ends[-1] - length, N_STRETCHES).astype(int):
        for i in range(np.searchsorted(ends, first, "right"), len(videos)):
            before = ends[i] - videos.lengths[i]
            if before >= first + length:
                break
            start, stop = max(first, before), min(first + length, ends[i])
            parts.append((i, slice(start - before, stop - before)))
    cut = copy.copy(videos)
    vars(cut).pop("lengths", None)
    cut.origins = [i for i, _ in parts]
    return _sample(cut, parts, videos)


def thinned(videos, least=1):
    """Sample each n-th frame of recordings of ``least`` frames, if frames are many."""
    most = _most_frames(videos)
    if videos.lengths.sum() <= most:
        return _whole(videos)
    chosen = np.flatnonzero(videos.lengths >= least)
    chosen = chosen[spread_indices(len(chosen), MOST_RECORDINGS)].tolist()
    lengths = videos.lengths[chosen]
    step = min(-(-lengths.sum() // most), lengths.max() // least)
    parts = [(i, slice(0, n, step)) for i, n in zip(chosen, lengths)]
    return _sample(videos.select(chosen), parts, videos)


def part_of(video, rows):
    """Return the frames of a slice, without reading files."""
    return video.part(rows) if hasattr(video, "part") else video[rows]


def _most_frames(videos):
    return min(MOST_FRAMES, max(N_STRETCHES, MOST_VALUES // videos.n_features))


def _whole(videos):
    return Sample(videos, [(i, slice(0, n), n) for i, n in enumerate(videos.lengths)])


def _sample(cut, parts, videos):
    cut.arrays = [part_of(videos.arrays[i], rows) for i, rows in parts]
    cut.times = cut.breaks = cut.stops = None
    return Sample(cut, [(i, rows, videos.lengths[i]) for i, rows in parts])
