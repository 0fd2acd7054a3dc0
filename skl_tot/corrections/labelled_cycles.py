"""Cycles of long recordings, from labels of some: lists of first frames and ends."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skl_tot.corrections.label_paths import fill_single_frames
from skl_tot.meta import phases
from skl_tot.meta.cycles import cut_arrays
from skl_tot.recordings.container import Recordings, fit_scaler
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import UNKNOWN, find_segments
from skl_tot.recordings.signals import part_of

# Share of a labelled cycle within which another cut is the same one.
NEAR = 0.2
# Share of the variance of all frames that is added to that within phases: one cycle
# does not show how others differ.
ADDED_VARIANCE = 0.1
ADVICE = (
    "Labels are a stretch of a recording that repeats a cycle: if they are whole "
    "cycles, SemiSupervisedSegmenter(cycles=True) (--cycles) learns from cycles."
)


class Template(NamedTuple):
    """Appearance and actions of the phases of labelled cycles."""

    projection: tuple  # values of a `skl_tot.meta.phases.Projection`
    means: np.ndarray  # (n_phases, n_axes)
    variances: np.ndarray
    shares: np.ndarray  # (n_phases, n_actions)
    length: float  # mean frames of a labelled cycle

    def cut(self, frames, scores=None, labelled=()):
        """Cut a recording by its frames, or by scores (n_frames, n_actions) of them."""
        return self.keep(self._cut_phases(frames, scores), len(frames), labelled)

    def keep(self, cuts, n_frames, labelled=()):
        """Cuts that part all frames, with the ends of a recording's labelled cycles."""
        # Others in these cycles, or near their ends or those of the recording,
        # are left out.
        near = NEAR * self.length
        ends = np.array(labelled, int).reshape(-1, 2)
        cuts = np.asarray(cuts)[:, None]
        is_free = ((cuts < ends[:, 0] - near) | (cuts > ends[:, 1] + near)).all(axis=1)
        cuts = np.union1d(cuts[is_free], ends)
        return np.r_[0, cuts[(cuts > near) & (cuts < n_frames - near)], n_frames]

    def _cut_phases(self, frames, scores):
        """Cut where a path returns, as likely too late as too early."""
        projection = phases.Projection(*self.projection)
        if len(frames) < projection.size:
            return np.zeros(1, int)
        if scores is None:
            blocks = projection.project(frames)
            scores = phases.score_phases(blocks, self.means, self.variances)
        else:
            scores = scores[:, : self.shares.shape[1]] @ self.shares.T
            scores = phases.means_of_blocks(scores, projection.size)
        # a path waits anywhere in frames that the ends of cycles share
        chain = phases.chain_of_phases()
        cuts = phases.cuts_of_phases(chain.viterbi(scores), 0, 1, len(scores))
        halves = chain.posterior(scores).reshape(len(scores), 2, -1).sum(axis=2)
        near = int(NEAR * self.length / projection.size)
        for k, cut in enumerate(cuts[1:], start=1):
            first = max(0, cut - near)
            gains = np.append(0, np.diff(halves[first : cut + near])[:, 0]).cumsum()
            cuts[k] = first + gains.argmax()
        return cuts * projection.size


def find_labelled(labels):
    """List the labelled cycles; labels begin with a cycle, and end with one."""
    # Labels part where their last action is followed by their first. Stretches with
    # less than half of the actions of the richest are no cycles.
    counted = []
    for path, filled in zip(labels, fill_single_frames(labels)):
        frames = np.flatnonzero(path != UNKNOWN)
        if len(frames) > 1:  # single ones stand for as many frames before and after
            margin = np.diff(frames).mean() / 2
            numbers = np.arange(len(path))
            is_far = (numbers < frames[0] - margin) | (numbers > frames[-1] + margin)
            filled = np.where(is_far, UNKNOWN, filled)
        counted.append(_count_actions(filled))
    most = max((n for cycles_of in counted for *_, n in cycles_of), default=0)
    if most < 2:
        expected = "two or more: labels of one cycle, from its start to its end"
        refuse("the actions of a labelled cycle", most, expected)
    return [[(a, b) for a, b, n in cycles_of if 2 * n >= most] for cycles_of in counted]


def _count_actions(path):
    """List first frame, end, and number of actions of the labelled cycles of a path."""
    counted = []
    for is_labelled, first, end in zip(*find_segments(path != UNKNOWN)):
        if is_labelled:
            codes, starts, _ = find_segments(path[first:end])
            is_return = (codes[:-1] == codes[-1]) & (codes[1:] == codes[0])
            cuts = first + np.r_[0, starts[1:][is_return], end - first]
            counted += [(a, b, len(set(path[a:b]))) for a, b in pairwise(cuts.tolist())]
    return counted


def are_stretch(labels):
    """Whether labels are one stretch of at most a third of a recording."""
    masks = [path != UNKNOWN for path in labels if (path != UNKNOWN).any()]
    is_one = len(masks) == 1 and np.diff(np.r_[False, masks[0], False]).sum() == 2
    return is_one and masks[0].mean() <= 1 / 3


def learn_template(recordings, labels, labelled, n_actions):
    """Learn the `Template` of labelled cycles of recordings."""
    ends_of = [(i, *ends) for i, cycles_of in enumerate(labelled) for ends in cycles_of]
    length = float(np.mean([end - start for _, start, end in ends_of]))
    size = max(1, round(length / 40))  # as in a search without labels
    scale = fit_scaler(recordings).scale_
    long = [array for array in recordings.arrays if len(array) >= size]
    blocks = np.concatenate([phases.means_of_blocks(array, size) for array in long])
    _, center, axes = phases.choose_projection(blocks / scale, 1)
    variances = (blocks / scale @ axes).var(axis=0)
    projection = phases.Projection(size, center * scale, axes / scale[:, None])
    indicators = np.eye(n_actions + 1)[:, :n_actions]  # the last for unknown
    blocks, shares, paths = [], [], []
    for i, start, end in ends_of:
        part = part_of(recordings.arrays[i], slice(start, end))
        blocks.append(projection.project(part))
        shares.append(phases.means_of_blocks(indicators[labels[i][start:end]], size))
        n_blocks = len(blocks[-1])
        paths.append(np.arange(n_blocks) * phases.N_PHASES // n_blocks)
    blocks, path = np.concatenate(blocks), np.concatenate(paths)
    means = phases.smooth_means(blocks, path)
    shares = phases.smooth_means(np.concatenate(shares), path) + 1e-9
    shares /= shares.sum(axis=1, keepdims=True)
    within = np.square(blocks - means[path]).mean(axis=0)
    variances = within + ADDED_VARIANCE * variances + 1e-6
    return Template(tuple(projection), means, variances, shares, length)


def cut_recordings(recordings, cuts):
    """Cycles as recordings, with the breaks within them."""
    breaks = []
    for i, cuts_of_recording in enumerate(cuts):
        edges = recordings.breaks_of(i)
        for start, end in pairwise(cuts_of_recording):
            breaks.append(edges[(edges > start) & (edges < end)] - start)
    arrays = cut_arrays(recordings.arrays, cuts)
    return Recordings(arrays, fps=recordings.fps, breaks=breaks)
