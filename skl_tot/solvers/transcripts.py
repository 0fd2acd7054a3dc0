"""Boundaries of actions whose order is known in each video."""

import numpy as np

from skl_tot.decoding.decoders import decode
from skl_tot.decoding.durations import (
    describe_labels,
    duration_table,
    viterbi_durations,
)
from skl_tot.solvers.guidance import fit_guide, guided_scores

# Labels settle within so many rounds.
N_ROUNDS = 8
# Neighbouring frames say the same: of the evidence of frames, so much is new. With all
# of it, lengths would not matter, and segments would never move far from equal ones.
TEMPERING = 0.1
# Bins of a longer video: time and memory grow with their square.
MAX_BINS = 300


def align_transcripts(videos, transcripts, clusterings, n_actions, n_clusters, spread):
    """Label the frames of videos of which the actions are known, in their order.

    Each starts with segments of equal lengths. By turns, a guide is learned from all
    labels, see `fit_guide`, and segments are moved to where they explain frames best,
    given how long each action lasts on the mean: their lengths are Poisson distributed.
    When something happens in a video is no evidence, as at first all is where it was
    put.

    Parameters
    ----------
    videos : StandardizedVideos
        Videos to learn from.
    transcripts : list of ndarray of int of shape (n_segments_i,)
        Actions of each video, at most as many as frames; none if they are not known.
    clusterings, n_actions, n_clusters, spread
        As of `fit_guide`.

    Returns
    -------
    labels : list of ndarray of int of shape (n_frames_i,)
        Action of each frame, -1 in videos without a transcript.

    Examples
    --------
    >>> from skl_tot.inputs.standardization import fit_scaler, standardized
    >>> from skl_tot.solvers.refinement import measure_spread
    >>> videos = [np.repeat([[0.0], [9.0]], n, axis=0) for n in ([60, 20], [45, 15])]
    >>> videos = standardized(videos, False, fit_scaler(videos))
    >>> transcripts = [np.array([0, 1]), np.array([0, 1])]
    >>> spread = measure_spread(videos, 1.0)
    >>> labels = align_transcripts(videos, transcripts, [], 2, 1, spread)
    >>> [np.bincount(path).tolist() for path in labels]
    [[60, 20], [45, 15]]
    """
    labels = []
    for transcript, length in zip(transcripts, videos.lengths):
        if len(transcript):
            segments = np.arange(length) * len(transcript) // length
            labels.append(transcript[segments])
        else:
            labels.append(np.full(length, -1))
    for _ in range(N_ROUNDS):
        before = labels
        guide = fit_guide(
            videos, labels, clusterings, n_actions, n_clusters, spread, n_rounds=1
        )
        guide["times"] = np.zeros_like(guide["times"])
        known = [path for path in labels if (path >= 0).all()]
        _, durations = describe_labels(known, n_actions)
        labels = []
        for scores, transcript, path in zip(
            guided_scores(videos, clusterings, guide), transcripts, before
        ):
            if len(transcript):
                path = align(scores, transcript, durations)
            labels.append(path)
        if all(map(np.array_equal, labels, before)):
            break
    return labels


def align(scores, transcript, durations):
    """Label a video along a transcript, lengths of segments being Poisson distributed.

    Parameters
    ----------
    scores : ndarray of shape (n_frames, n_actions)
        Log-likelihoods.
    transcript : ndarray of int of shape (n_segments,)
        Its actions.
    durations : ndarray of shape (n_actions,)
        Mean length of a segment of each action, in any unit.

    Returns
    -------
    labels : ndarray of int of shape (n_frames,)
        Action of each frame.
    """
    n_frames, n_bins = len(scores), min(len(scores), MAX_BINS)
    if n_bins < len(transcript):
        return transcript[
            decode(scores[:, transcript], transcript=np.arange(len(transcript)))
        ]
    bins = np.arange(n_frames) * n_bins // n_frames
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    sums = TEMPERING * np.add.reduceat(scores[:, transcript], starts, axis=0)
    table = duration_table(durations[transcript], n_bins)
    segments, _ = viterbi_durations(sums, table)
    return transcript[segments[bins]]
