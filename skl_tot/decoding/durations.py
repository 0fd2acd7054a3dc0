"""Paths of segments with distributions of lengths: a hidden semi-Markov model."""

from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import gammaln, logsumexp

from skl_tot.decoding.chain import fixed_chain
from skl_tot.decoding.decoders import Decoder
from skl_tot.decoding.kernels import prefix_sums

# Maximum bins of a recording: time and memory grow with the square.
MAX_BINS = 512
# Range of lengths of a segment, relative to its mean.
SHORTEST, LONGEST = 0.1, 4.0


def duration_table(mean_durations, n_bins, min_bins=1):
    """Log-probability of each length of each of some segments that fill a recording.

    Lengths are Poisson distributed, with ``mean_durations`` (n_segments,) scaled to the
    sum ``n_bins``, at least ``n_segments``. Lengths below a tenth of the mean (unless
    many segments need them), beyond four times the mean, or below ``min_bins`` are
    excluded: -inf. In the table (n_segments, n_bins + 1), column d is for d bins.

    >>> np.isfinite(duration_table(np.array([1.0, 3.0]), 4)).astype(int)
    array([[0, 1, 1, 1, 1],
           [0, 1, 1, 1, 1]])
    """
    means = (n_bins * mean_durations / mean_durations.sum())[:, None]
    lengths = np.arange(n_bins + 1)
    shortest = np.maximum(np.floor(SHORTEST * means), min_bins)
    if shortest.sum() > n_bins:
        shortest[:] = min_bins
    longest = np.maximum(np.ceil(LONGEST * means), shortest)
    is_in = (shortest <= lengths) & (lengths <= longest)
    log_pmf = lengths * np.log(means) - means - gammaln(lengths + 1.0)
    return np.where(is_in, log_pmf, -np.inf)


def describe_labels(labels, n_actions):
    """Shares and mean lengths (n_actions,) of the actions in labels of recordings.

    A share is the mean over recordings, with one additional recording of equal shares,
    so that it is positive. Mean lengths of segments are relative to their recording; 1
    / K for an action without segments. Negative labels are no action.

    >>> describe_labels([np.array([0, 0, 1, 0])], 2)
    (array([0.625, 0.375]), array([0.375, 0.25 ]))
    """
    shares, n_segments = np.zeros((2, n_actions))
    for video in labels:
        starts = np.flatnonzero(np.diff(video, prepend=-2))
        for action, first, end in zip(video[starts], starts, [*starts[1:], len(video)]):
            if action >= 0:
                shares[action] += (end - first) / len(video)
                n_segments[action] += 1
    durations = np.full(n_actions, 1 / n_actions)
    np.divide(shares, n_segments, out=durations, where=n_segments > 0)
    return (shares + 1 / n_actions) / (shares.sum() + 1), durations


def viterbi_durations(log_likelihood, table):
    r"""Most likely path (n_bins,) through segments in order, with distributed lengths.

    With the prefix sums :math:`C_s(t)` of the log-likelihoods (n_bins, n_segments) the
    best score of the first t bins as the first s segments is

    .. math::

        V_s(t) = \max_d V_{s-1}(t - d) + C_s(t) - C_s(t - d) + \log p_s(d).

    The ``table`` comes from `duration_table`: each row is finite in one run of columns,
    and some lengths add up to ``n_bins``.

    >>> table = np.log([[1e-9, 0.1, 0.8, 0.1]] * 2)
    >>> viterbi_durations(np.array([[0.0, -1.0]] * 3), table)
    array([0, 0, 1])
    """
    n_bins, n_segments = log_likelihood.shape
    totals = prefix_sums(log_likelihood)
    chosen = np.empty((n_segments, n_bins + 1), dtype=np.int32)
    best = np.full(n_bins + 1, -np.inf)
    best[0] = 0.0
    for segment in range(n_segments):
        total = totals[:, segment]
        scores, longest = _scores_of_lengths(best - total, table[segment])
        place = scores.argmax(axis=1)
        chosen[segment] = longest - place
        best = total + np.take_along_axis(scores, place[:, None], axis=1)[:, 0]
    path = np.empty(n_bins, dtype=np.intp)
    end = n_bins
    for segment in range(n_segments - 1, -1, -1):
        start = end - chosen[segment, end]
        path[start:end] = segment
        end = start
    return path


def posterior_durations(log_likelihood, table):
    r"""Probability of each segment in each bin, over all paths of `viterbi_durations`.

    Forward and backward sums weight the end :math:`e_s` of each segment; a bin b is in
    segment s with

    .. math:: P(e_{s-1} \le b < e_s) = P(e_{s-1} \le b) - P(e_s \le b).

    >>> table = duration_table(np.array([1.0, 1.0]), 3)
    >>> posterior_durations(np.zeros((3, 2)), table).round(3)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    forward = _forward(log_likelihood, table)
    # in reverse, the same problem with segments in reverse order
    backward = _forward(log_likelihood[::-1, ::-1], table[::-1])[::-1, ::-1]
    has_ended = np.exp(forward + backward - forward[-1, -1]).cumsum(axis=1)[:, :-1]
    shares = np.clip(has_ended[:-1] - has_ended[1:], 0, None).T
    return shares / shares.sum(axis=1, keepdims=True)


def duration_decoder(mean_durations, max_bins=MAX_BINS):
    """Make a decoder for segments with known mean lengths (n_actions,).

    A path has all actions in order, or only those of a transcript. Lengths are Poisson
    distributed with the means scaled to the recording, in bins. Longer recordings are
    decoded in ``max_bins`` bins, or one per segment if there are more segments; a bin
    has the sum of its log-likelihoods. The cost of a switch is not used, as all paths
    have the same number of switches. In a recording that is too short for all segments,
    lengths do not matter and segments may be skipped.

    >>> decoder = duration_decoder(np.array([0.25, 0.75]))
    >>> decoder.path(np.zeros((8, 2)), 0.0)
    array([0, 0, 1, 1, 1, 1, 1, 1])
    >>> decoder.along(np.zeros((8, 2)), np.array([1, 0]))
    array([1, 1, 1, 1, 1, 1, 0, 0])
    """
    model = mean_durations, max_bins
    actions = np.arange(len(mean_durations))
    return Decoder(
        lambda log_likelihood, cost, min_frames=1: _path(
            *model, log_likelihood, actions, min_frames
        ),
        lambda log_likelihood, cost, min_frames=1: _posterior(
            *model, log_likelihood, min_frames
        ),
        along=partial(_path, *model),
        uses_cost=False,
        chain=fixed_chain,  # for streams, whose length is unknown
    )


def _path(mean_durations, max_bins, log_likelihood, transcript, min_frames=1):
    """Path (n_frames,) along a transcript."""
    own = log_likelihood[:, transcript]
    starts, lengths = _cut(len(own), max(max_bins, len(transcript)))
    min_bins = _bins_of(min_frames, len(own), len(starts))
    if len(starts) < min_bins * len(transcript):
        return transcript[fixed_chain(len(transcript)).viterbi(own, min_frames)]
    table = duration_table(mean_durations[transcript], len(starts), min_bins)
    path = viterbi_durations(np.add.reduceat(own, starts), table)
    return transcript[np.repeat(path, lengths)]


def _posterior(mean_durations, max_bins, log_likelihood, min_frames=1):
    """Posterior (n_frames, n_actions), constant within a bin."""
    n_frames, n_actions = log_likelihood.shape
    starts, lengths = _cut(n_frames, max(max_bins, n_actions))
    min_bins = _bins_of(min_frames, n_frames, len(starts))
    if len(starts) < min_bins * n_actions:
        return fixed_chain(n_actions).posterior(log_likelihood, min_frames)
    table = duration_table(mean_durations, len(starts), min_bins)
    shares = posterior_durations(np.add.reduceat(log_likelihood, starts), table)
    return np.repeat(shares, lengths, axis=0)


def _cut(n_frames, max_bins):
    """First frame and number of frames of each of equal bins."""
    n_bins = min(n_frames, max_bins)
    edges = np.arange(n_bins + 1) * n_frames // n_bins
    return edges[:-1], np.diff(edges)


def _bins_of(min_frames, n_frames, n_bins):
    """Least number of bins that always have ``min_frames``."""
    return -(-min_frames * n_bins // n_frames)


def _scores_of_lengths(entries, log_durations):
    """Score (n_bins + 1, n_lengths) of each end and length, and the longest length.

    ``entries`` (n_bins + 1,) are the scores of starts. Columns go from the longest
    length to the shortest.
    """
    lengths = np.flatnonzero(log_durations > -np.inf)
    shortest, longest = lengths[0], lengths[-1]
    # row t of the windows has the starts t - longest … t - shortest
    padded = np.concatenate([np.full(longest, -np.inf), entries])
    windows = sliding_window_view(padded, longest - shortest + 1)[: len(entries)]
    return windows + log_durations[shortest : longest + 1][::-1], longest


def _forward(log_likelihood, table):
    """Log-weight (n_segments + 1, n_bins + 1) of the ends of the first segments."""
    n_bins, n_segments = log_likelihood.shape
    totals = prefix_sums(log_likelihood)
    result = np.full((n_segments + 1, n_bins + 1), -np.inf)
    result[0, 0] = 0.0
    for segment in range(n_segments):
        total = totals[:, segment]
        scores, _ = _scores_of_lengths(result[segment] - total, table[segment])
        result[segment + 1] = total + logsumexp(scores, axis=1)
    return result
