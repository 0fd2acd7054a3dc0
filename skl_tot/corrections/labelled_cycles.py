"""Cycles of long recordings, from labels of one or some of them.

A labelled cycle is a triple of recording, first frame and end.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from skl_tot.corrections.label_learning import N_BINS, fill_single_frames
from skl_tot.meta import cycles
from skl_tot.recordings.container import Recordings, fit_scaler
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import UNKNOWN, find_segments
from skl_tot.recordings.signals import part_of

# Share of a labelled cycle within which another cut is the same one.
NEAR = 0.2
# Share of the variance of all frames that is added to that within phases: one cycle
# does not show how others differ.
ADDED_VARIANCE = 0.1


class Template(NamedTuple):
    """Appearance and actions of the phases of labelled cycles."""

    size: int  # frames of a block
    center: np.ndarray
    axes: np.ndarray  # see `skl_tot.meta.cycles.Projection`
    means: np.ndarray  # (n_phases, n_axes)
    variances: np.ndarray
    shares: np.ndarray  # (n_phases, n_actions)
    length: float  # mean frames of a labelled cycle

    def cut_frames(self, frames):
        """Cut a recording by the appearance of its frames."""
        if len(frames) < self.size:
            return [0]
        projection = cycles.Projection(self.size, self.center, self.axes)
        blocks = projection.project(frames)
        scores = cycles.score_phases(blocks, self.means, self.variances)
        return self._cut_phases(scores, len(frames))

    def cut_scores(self, scores):
        """Cut a recording by scores (n_frames, n_actions) of its actions."""
        if len(scores) < self.size:
            return [0]
        blocks = cycles.means_of_blocks(scores[:, : self.shares.shape[1]], self.size)
        return self._cut_phases(blocks @ self.shares.T, len(scores))

    def _cut_phases(self, scores, n_frames):
        """Cut by scores (n_blocks, n_phases), as likely too late as too early."""
        # a path waits anywhere in frames that the ends of cycles share
        chain = cycles.chain_of_phases()
        cuts = cycles.cuts_of_phases(chain.viterbi(scores), 0, 1, len(scores))
        halves = chain.posterior(scores).reshape(len(scores), 2, -1).sum(axis=2)
        near, moved = int(NEAR * self.length / self.size), []
        for cut in cuts[1:]:
            first = max(0, cut - near)
            gains = np.append(0, np.diff(halves[first : cut + near])[:, 0]).cumsum()
            moved.append(first + int(gains.argmax()))
        return np.array([0, *moved]) * self.size

    def keep(self, cuts, n_frames, labelled=()):
        """Cuts that part all frames, with the ends of labelled cycles of a recording.

        Others in these cycles, or near their ends or those of the recording, are left
        out.
        """
        near = NEAR * self.length
        ends = np.array(labelled, int).reshape(-1, 2)
        cuts = np.asarray(cuts)[:, None]
        is_free = ((cuts < ends[:, 0] - near) | (cuts > ends[:, 1] + near)).all(axis=1)
        cuts = np.union1d(cuts[is_free], ends)
        inner = cuts[(cuts > near) & (cuts < n_frames - near)]
        return np.r_[0, inner, n_frames].astype(int)


def find_labelled(labels):
    """List the labelled cycles; labels begin with a cycle, and end with one.

    Labels part where their last action is followed by their first. Stretches with less
    than half of the actions of the richest are no cycles.
    """
    found, counts = [], []
    for i, path in enumerate(_fill_between(labels)):
        is_labelled = np.r_[False, path != UNKNOWN, False]
        edges = np.flatnonzero(is_labelled[1:] != is_labelled[:-1])
        for first, end in edges.reshape(-1, 2):
            codes, starts, _ = find_segments(path[first:end])
            is_return = (codes[:-1] == codes[-1]) & (codes[1:] == codes[0])
            cuts = first + np.r_[0, starts[1:][is_return], end - first]
            found += [(i, start, stop) for start, stop in pairwise(cuts.tolist())]
            counts += [len(np.unique(path[a:b])) for a, b in pairwise(cuts)]
    if max(counts, default=0) < 2:
        refuse(
            "the actions of a labelled cycle",
            max(counts, default=0),
            "two or more: labels of one cycle, from its start to its end",
        )
    return [cycle for cycle, n in zip(found, counts) if 2 * n >= max(counts)]


def advise(labels):
    """List a sentence if labels are a stretch of a recording whose actions repeat."""
    stretches = [find_segments(path != UNKNOWN) for path in labels]
    lengths = [
        (end - start) / len(path)
        for path, (codes, *edges) in zip(labels, stretches)
        for is_labelled, start, end in zip(codes, *edges)
        if is_labelled
    ]
    if len(lengths) != 1 or lengths[0] > 1 / 3:
        return []
    return [
        "Labels are a stretch of a recording that repeats a cycle: if they are whole "
        "cycles, SemiSupervisedSegmenter(cycles=True) learns from cycles."
    ]


def _fill_between(labels):
    """Extend labels of single frames to segments, within the labelled cycles."""
    filled = fill_single_frames(labels)
    for k, path in enumerate(labels):
        frames = np.flatnonzero(path != UNKNOWN)
        if len(frames) > 1 and (filled[k] != path).any():
            margin = int(np.diff(frames).mean() / 2)
            filled[k] = filled[k].copy()
            filled[k][: max(0, frames[0] - margin)] = UNKNOWN
            filled[k][frames[-1] + margin + 1 :] = UNKNOWN
    return filled


def learn_template(recordings, labels, labelled, n_actions):
    """Learn the `Template` of labelled cycles of recordings."""
    length = float(np.mean([end - start for _, start, end in labelled]))
    size = max(1, round(length / 40))  # as in a search without labels
    long = [array for array in recordings.arrays if len(array) >= size]
    all_blocks = np.concatenate([cycles.means_of_blocks(array, size) for array in long])
    scale = fit_scaler(recordings).scale_
    all_blocks /= scale
    projection = cycles.choose_projection(all_blocks, 1)
    center, axes = projection.center * scale, projection.axes / scale[:, None]
    spread = (all_blocks @ projection.axes).var(axis=0)
    projection = cycles.Projection(size, center, axes)
    blocks, phases = [], []
    shares = np.full((cycles.N_PHASES, n_actions), 1e-9)
    for i, start, end in labelled:
        rows = slice(start, end)
        blocks.append(projection.project(part_of(recordings.arrays[i], rows)))
        phases.append(_phases(len(blocks[-1])))
        codes, is_labelled = labels[i][rows], labels[i][rows] != UNKNOWN
        np.add.at(shares, (_phases(end - start)[is_labelled], codes[is_labelled]), 1)
    blocks, path = np.concatenate(blocks), np.concatenate(phases)
    means = cycles.smooth_means(blocks, path)
    variances = np.square(blocks - means[path]).mean(axis=0) + 1e-6
    variances += ADDED_VARIANCE * spread
    shares /= shares.sum(axis=1, keepdims=True)
    return Template(size, center, axes, means, variances, shares, length)


def _phases(n_frames):
    """Phase of each frame of a cycle of constant speed."""
    return np.arange(n_frames) * cycles.N_PHASES // n_frames


def parts_of(recordings, cuts):
    """Cycles as recordings; a segment ends at a break of their own."""
    arrays, breaks = [], []
    for i, cuts_of_recording in enumerate(cuts):
        for start, end in pairwise(cuts_of_recording):
            arrays.append(part_of(recordings.arrays[i], slice(start, end)))
            inner = recordings.breaks_of(i)
            breaks.append(inner[(inner > start) & (inner < end)] - start)
    return Recordings(arrays, fps=recordings.fps, breaks=breaks)


def join(values, cuts):
    """Join values of the frames of cycles to those of recordings."""
    ends = np.cumsum([len(cuts_of_recording) - 1 for cuts_of_recording in cuts])
    return [
        np.concatenate(values[end - len(cuts_of_recording) + 1 : end])
        for end, cuts_of_recording in zip(ends, cuts)
    ]


def without_time(scores, log_times):
    """Scores of a cycle less the log-densities of its relative time."""
    return scores - log_times[np.arange(len(scores)) * N_BINS // len(scores)]


def add_returns(moves, labels, labelled):
    """Costs of moves, in which that to the next cycle costs as little as others."""
    moves = moves.copy()
    others = moves[~np.eye(len(moves), dtype=bool)]
    for i, start, end in labelled:
        codes = labels[i][start:end]
        codes = codes[codes != UNKNOWN]
        if codes[0] != codes[-1]:
            moves[codes[-1], codes[0]] = others.min()
    return moves
