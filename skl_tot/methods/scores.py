"""Arrays of scores; background and confidence that a fit learns from them."""

import numpy as np

from skl_tot.decoding.gaussians import fit_background
from skl_tot.metrics.label_free import held_out_agreement
from skl_tot.recordings.container import row_blocks

# Maximum bytes of arrays that are kept for the next pass: of all frames of most sets,
# while larger sets are computed again in each pass, so that memory stays flat.
KEPT_BYTES = 2**26


class LazyArrays:
    """An array of each recording, computed on demand, and kept if there is room."""

    def __init__(self, compute, n_videos, *, keep=False):
        self.compute, self.n_videos = compute, n_videos
        self.kept, self.room = {}, KEPT_BYTES * keep

    def __getitem__(self, i):
        if i >= self.n_videos:
            raise IndexError(i)
        if i in self.kept:
            return self.kept[i]
        array = self.compute(i)
        if array.nbytes <= self.room:
            self.kept[i] = array
            self.room -= array.nbytes
        return array


def as_type_of(output, array):
    """Convert an output to single precision if its recording has it, else to double."""
    is_single = getattr(array, "dtype", None) == np.float32
    return output.astype(np.float32 if is_single else np.float64, copy=False)


def sum_groups(columns, groups, add):
    """Add up the columns (n_frames, n_columns) of each group, by ``np.add`` or like."""
    if (np.diff(groups) < 0).any():
        order = np.argsort(groups, kind="stable")
        groups, columns = groups[order], columns[:, order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    if len(starts) == len(groups):
        return columns
    return add.reduceat(columns, starts, axis=1)


def shares_of(paths, n_actions):
    """Shares of the actions in paths, of at least one frame."""
    joined = np.concatenate(paths)
    counts = np.bincount(joined[joined >= 0], minlength=n_actions)
    return np.maximum(counts, 1) / np.maximum(counts, 1).sum()


def learn_background(sample, paths, n_actions, percentile, earlier):
    """Learn ``background_`` from frames and paths, or go on from an ``earlier`` one."""
    blocks = [
        path[rows]
        for i, path in enumerate(sample.of(paths))
        for rows in row_blocks(sample.videos.arrays[i])
    ]
    return fit_background(sample.videos.blocks, blocks, n_actions, percentile, earlier)


def measure_confidence(evidence, sample, paths, n_actions):
    """Trust of posteriors in log-likelihoods; see ``confidence_``."""
    agreement = held_out_agreement(sample.videos.blocks, sample.of(paths), n_actions)
    return {
        "tempering": evidence.tempering(),
        # a single recording has no other half that could contradict it
        "agreement": 1.0 if np.isnan(agreement) else agreement,
    }
