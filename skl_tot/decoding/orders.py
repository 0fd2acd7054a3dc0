"""Decoders of baselines: an order for each recording, and known durations."""

# An order for each recording is part of `MallowSegmenter`, which improves by it. As
# decoders of other methods, such orders did not improve the share of correct frames on
# seven recorded sets.

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import uniform_filter1d
from scipy.special import gammaln, log_softmax, logsumexp

from skl_tot.decoding.chain import fixed_chain, skip_chain
from skl_tot.decoding.decoders import Decoder
from skl_tot.decoding.paths import prefix_sums

# Range of lengths of a segment, relative to its mean.
SHORTEST, LONGEST = 0.1, 4.0


def order_of(inversions):
    """Order (n_actions,) of actions, by how many later ones come before each."""
    # `inversions` (n_actions - 1,) have no entry for the last action.
    order = [len(inversions)]
    for action in range(len(inversions) - 1, -1, -1):
        order.insert(int(inversions[action]), action)
    return np.array(order, dtype=np.intp)


def inversions_of(order):
    """Inversions (n_actions - 1,) of an order, see `order_of`."""
    order = np.asarray(order)
    places = np.argsort(order)
    inversions = np.zeros(len(order) - 1, dtype=np.intp)
    for action in range(len(inversions)):
        inversions[action] = (order[: places[action]] > action).sum()
    return inversions


def peak_order(log_likelihood):
    """Order of the actions by their most probable times, after Tran et al."""
    # Tran et al., WACV 2024. Posteriors of single frames are scaled in alternation so
    # that actions have equal weights over time and frames sum to 1, like
    # pseudo-labels. Two running means over half the mean duration of an action smooth
    # them, as otherwise single frames decide. Scaling and smoothing are new here.
    log_weights = log_softmax(log_likelihood, axis=1)
    for _ in range(3):  # as for pseudo-labels
        log_weights = log_weights - logsumexp(log_weights, axis=0)
        log_weights = log_softmax(log_weights, axis=1)
    # the smallest weights would be lost in the rounding of running means
    weights = np.exp(log_weights - log_weights.max(axis=0))
    n_frames, n_actions = weights.shape
    window = max(1, n_frames // (2 * n_actions))
    for _ in range(2):
        weights = uniform_filter1d(weights, window, axis=0, mode="constant")
    return np.argsort(weights.argmax(axis=0), kind="stable")


def mallow_inversions(log_likelihood, costs, switch_cost=0.0, min_frames=1):
    """Find the inversions (n_actions - 1,) whose order explains a recording best."""
    # With S(v) the score of the best path with actions in the order of v, S(v)
    # minus the sum of costs times v is maximised by trying all values of one
    # inversion after the other, until none changes: from v = 0 and from the order
    # of `peak_order`. Scores of all values are computed at once, from shared
    # prefix sums; a round takes O(K³) operations per frame or block.
    n_inversions = log_likelihood.shape[1] - 1
    costs = np.broadcast_to(np.asarray(costs, dtype=np.float64), n_inversions)
    totals = _block_totals(log_likelihood)
    n_frames, n_blocks = len(log_likelihood), totals.shape[1] - 1
    least = max(1, min(min_frames, n_frames) * n_blocks // n_frames)
    usual = np.zeros(n_inversions, dtype=np.intp)
    inversions, score = _climb_from(usual, totals, costs, switch_cost, least)
    peaks = inversions_of(peak_order(log_likelihood))
    if peaks.any():
        of_peaks, other_score = _climb_from(peaks, totals, costs, switch_cost, least)
        if other_score > score:
            return of_peaks
    return inversions


def _climb_from(inversions, totals, costs, switch_cost, min_blocks):
    """Ascend from inversions, one action at a time; return the best and its score."""
    n_actions = len(totals)
    score, n_same = -np.inf, 0
    for _ in range(20):  # sweeps; few recordings need a fourth
        for action in range(n_actions - 1):
            if n_same == n_actions - 1:  # all were tried since the last change
                return inversions, score
            before = inversions[action]
            candidates = np.repeat(inversions[None], n_actions - action, axis=0)
            candidates[:, action] = np.arange(len(candidates))
            orders = np.array([order_of(candidate) for candidate in candidates])
            scores = _path_scores(totals, orders, switch_cost, min_blocks)
            scores -= candidates @ costs
            # the first of equal ones, with the fewest inversions
            inversions[action] = scores.argmax()
            score = scores.max()
            n_same = n_same + 1 if inversions[action] == before else 0
    return inversions, score


def _block_totals(log_likelihood):
    """Prefix sums (n_actions, n_blocks + 1) over frames, or at most 512 blocks."""
    # Boundaries are found frame by frame later. Log-likelihoods are relative to the
    # maximum of each frame, for precision.
    losses = log_likelihood - log_likelihood.max(axis=1, keepdims=True)
    if len(losses) > 512:
        starts, _ = _even_bins(len(losses), 512)
        losses = np.add.reduceat(losses, starts, axis=0)
    totals = np.zeros((losses.shape[1], len(losses) + 1))
    np.cumsum(losses.T, axis=1, out=totals[:, 1:])
    return totals


def _path_scores(totals, orders, switch_cost, min_blocks=1):
    """Scores (n_orders,) of the best paths along orders (n_orders, n_actions)."""
    best = np.full((len(orders), totals.shape[1]), -np.inf)
    best[:, 0] = 0.0
    for actions in orders.T:
        total = totals[actions]
        entries = best[:, :-min_blocks] - total[:, :-min_blocks]
        entries[:, 1:] -= switch_cost
        np.maximum.accumulate(entries, axis=1, out=entries)
        entries += total[:, min_blocks:]
        np.maximum(best[:, min_blocks:], entries, out=best[:, min_blocks:])
    return best[:, -1]


def path_along(log_likelihood, order, cost, min_frames=1):
    """Likeliest path (n_frames,) that shows actions in an order, if at all."""
    chain = skip_chain(len(order), cost)
    return order[chain.viterbi(log_likelihood[:, order], min_frames)]


class MallowDecoder(Decoder):
    """Paths that show actions, if at all, in the likeliest order of each recording."""

    def __init__(self, dispersions=0.0):
        self.dispersions = dispersions

    def path(self, log_likelihood, cost, min_frames=1):
        """Find the likeliest path in the likeliest order."""
        order = self._find_order(log_likelihood, cost, min_frames)
        return path_along(log_likelihood, order, cost, min_frames)

    def posterior(self, log_likelihood, cost, min_frames=1):
        """Compute probabilities over all paths in the likeliest order."""
        order = self._find_order(log_likelihood, cost, min_frames)
        chain = skip_chain(len(order), cost)
        probabilities = np.empty_like(log_likelihood)
        probabilities[:, order] = chain.posterior(log_likelihood[:, order], min_frames)
        return probabilities

    def _find_order(self, log_likelihood, cost, min_frames):
        costs = cost + self.dispersions
        return order_of(mallow_inversions(log_likelihood, costs, cost, min_frames))


def duration_table(mean_durations, n_bins, min_bins=1):
    """Log-probability (n_segments, n_bins + 1) of each length of each segment."""
    # Lengths are Poisson distributed, with means scaled to fill the recording.
    # Lengths below a tenth of the mean (unless many segments need them), beyond
    # four times the mean, or below `min_bins` are excluded.
    means = (n_bins * mean_durations / mean_durations.sum())[:, None]
    lengths = np.arange(n_bins + 1)
    shortest = np.maximum(np.floor(SHORTEST * means), min_bins)
    if shortest.sum() > n_bins:
        shortest[:] = min_bins
    longest = np.maximum(np.ceil(LONGEST * means), shortest)
    is_in = (shortest <= lengths) & (lengths <= longest)
    log_pmf = lengths * np.log(means) - means - gammaln(lengths + 1.0)
    return np.where(is_in, log_pmf, -np.inf)


def shares_and_lengths(labels, n_actions):
    """Shares and relative mean lengths (n_actions,) of the actions in labels."""
    # A share is the mean over recordings, with one additional recording of equal
    # shares, so that it is positive. Actions without segments have a length of 1
    # / K.
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
    """Likeliest path (n_bins,) through segments in order, with distributed lengths."""
    # With prefix sums C_s(t), the best score of the first t bins as the first s
    # segments is V_s(t) = max_d V_{s-1}(t - d) + C_s(t) - C_s(t - d) + log
    # p_s(d). Each row of the table is finite in one run of columns.
    n_bins, n_segments = log_likelihood.shape
    totals = prefix_sums(log_likelihood)
    lengths = np.empty((n_segments, n_bins + 1), dtype=np.int32)  # best, by end
    best = np.full(n_bins + 1, -np.inf)
    best[0] = 0.0
    for segment in range(n_segments):
        total = totals[:, segment]
        scores, longest = _scores_of_lengths(best - total, table[segment])
        place = scores.argmax(axis=1)
        lengths[segment] = longest - place
        best = total + np.take_along_axis(scores, place[:, None], axis=1)[:, 0]
    path = np.empty(n_bins, dtype=np.intp)
    end = n_bins
    for segment in range(n_segments - 1, -1, -1):
        start = end - lengths[segment, end]
        path[start:end] = segment
        end = start
    return path


class DurationDecoder(Decoder):
    """Segments in order, with known mean lengths, by Poisson distributions."""

    # Recordings are decoded in `max_bins` bins at most, or one per segment if there are
    # more.

    uses_cost = False

    def __init__(self, mean_durations, max_bins=512):  # time grows with their square
        self.mean_durations = mean_durations
        self.max_bins = max_bins

    def chain(self, n_actions, cost):
        """Allow all paths in order; probabilities do not know durations."""
        return fixed_chain(n_actions)

    def path(self, log_likelihood, cost, min_frames=1):
        """Find the likeliest path through all actions in order, by bins."""
        n_frames, n_actions = log_likelihood.shape
        starts, lengths = _even_bins(n_frames, max(self.max_bins, n_actions))
        # the least number of bins that always have so many frames
        min_bins = -(-min_frames * len(starts) // n_frames)
        if len(starts) < min_bins * n_actions:
            return super().path(log_likelihood, cost, min_frames)
        table = duration_table(self.mean_durations, len(starts), min_bins)
        path = viterbi_durations(np.add.reduceat(log_likelihood, starts), table)
        return np.repeat(path, lengths)


def _even_bins(n_frames, max_bins):
    """First frames and lengths of at most ``max_bins`` bins of a recording."""
    n_bins = min(n_frames, max_bins)
    edges = np.arange(n_bins + 1) * n_frames // n_bins
    return edges[:-1], np.diff(edges)


def _scores_of_lengths(entries, log_durations):
    """Score (n_bins + 1, n_lengths) of each end and length, and the longest length."""
    lengths = np.flatnonzero(log_durations > -np.inf)
    shortest, longest = lengths[0], lengths[-1]
    # row t of the windows has the starts t - longest … t - shortest
    padded = np.concatenate([np.full(longest, -np.inf), entries])
    windows = sliding_window_view(padded, longest - shortest + 1)[: len(entries)]
    return windows + log_durations[shortest : longest + 1][::-1], longest
