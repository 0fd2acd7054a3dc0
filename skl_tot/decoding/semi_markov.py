"""Chains of runs with distributions of lengths: a hidden semi-Markov model."""

from dataclasses import dataclass, replace

import numpy as np

from skl_tot.decoding.chain import LEAST_UNIT, without_common
from skl_tot.decoding.kernels import moves_of_runs, prefix_sums, shares_of_runs

# Starts of runs that are less likely, in nats, do not count for lengths.
LEAST_BEGUN = -40.0
LOWEST = -1e300  # finite lower limit of logarithms


@dataclass(frozen=True, eq=False)
class RunChain:
    r"""Paths of runs of actions, with costs of moves and lengths.

    With the prefix sums :math:`C_k(t)` of log-likelihoods, the best paths whose run of
    action k ends before frame t, and those whose run of k begins there, have weights

    .. math::

        E_k(t) = \max_d B_k(t - d) + C_k(t) - C_k(t - d) + \log p_k(d), \quad
        B_k(t) = \max_j E_j(t) - c_{jk},

    or sums in place of maxima: O(T K (D + K)) operations for lengths up to D. The last
    run continues after the end of the recording, so it has the probability of at least
    its length. A recording that is too short for a run has one; one without room for
    all actions may end with any.

    Parameters
    ----------
    starts, moves, ends : ndarray of shape (n_actions,), (n_actions, n_actions)
        Costs, as in `skl_tot.decoding.Chain`; moves are from run to run, and may lead
        to the same action.
    lengths : ndarray of shape (n_actions, n_lengths)
        Log-probability of each length, from 1.
    """

    starts: np.ndarray
    moves: np.ndarray
    ends: np.ndarray
    lengths: np.ndarray

    def scaled(self, unit):
        """Scale the costs of the chain by a positive unit."""
        unit = max(unit, LEAST_UNIT)  # 0 times infinity is NaN
        costs = self.starts, self.moves, self.ends, self.lengths
        return RunChain(*(unit * cost for cost in costs))

    def viterbi(self, log_likelihood, min_frames=1):
        """Find the most likely path (n_frames,), see `skl_tot.decoding.Chain`."""
        given, _ = without_common(log_likelihood)
        chain, lasts = self._fitted(len(given), min_frames)
        n_frames, n_lengths = len(given), lasts.shape[1]
        totals = prefix_sums(given)
        gains = np.full((len(lasts), n_lengths + n_frames), -np.inf)
        gains[:, n_lengths] = -chain.starts
        ended = np.empty((n_frames, len(lasts)))
        weights = np.ascontiguousarray(chain.lengths[:, ::-1])
        scores, costs = np.empty_like(weights), np.ascontiguousarray(chain.moves.T)
        for t in range(1, n_frames):
            np.add(gains[:, t : t + n_lengths], weights, out=scores)
            np.add(scores.max(axis=1), totals[t], out=ended[t])
            reached = (ended[t] - costs).max(axis=1)
            np.subtract(reached, totals[t], out=gains[:, n_lengths + t])
        scores = gains[:, n_frames:] + lasts[:, ::-1]
        path, end = np.empty(n_frames, dtype=np.intp), n_frames
        action = int((scores.max(axis=1) + totals[-1] - chain.ends).argmax())
        while True:
            length = n_lengths - int(scores[action].argmax())
            path[end - length : end] = action
            end -= length
            if end == 0:
                return path
            action = int((ended[end] - costs[action]).argmax())
            scores = gains[:, end : end + n_lengths] + weights

    def posterior(self, log_likelihood, min_frames=1):
        """Probability (n_frames, n_actions) of each action in each frame."""
        return self.expected_runs(log_likelihood, min_frames)[0]

    def expected_runs(self, log_likelihood, min_frames=1):
        """Posterior, expected moves and lengths, and the log-weight of all paths.

        Lengths are counted for all runs but the last (n_actions, n_lengths), and for
        the last.
        """
        given, common = without_common(log_likelihood)
        chain, lasts = self._fitted(len(given), min_frames)
        runs = _sums(chain, lasts, given)
        begun, ended, left, following, total = runs
        shares, _ = shares_of_runs(*runs)
        moves = moves_of_runs(chain.moves, ended, following, total)
        counts = np.zeros((2, *chain.lengths.shape))
        totals, n_lengths = prefix_sums(given), lasts.shape[1]
        n_frames = len(given)
        for k, log_shares in enumerate((begun + following - total).T):
            (firsts,) = np.nonzero(log_shares > LEAST_BEGUN)
            weights = begun[firsts, k] - totals[firsts, k] - total
            rest = np.full(n_frames + n_lengths, -np.inf)
            rest[:n_frames] = left[:-1, k] + totals[:-1, k]
            for d in range(1, n_lengths + 1):
                joint = weights + rest[np.minimum(firsts + d, n_frames)]
                counts[0, k, d - 1] = np.exp(joint + chain.lengths[k, d - 1]).sum()
            d = n_frames - firsts
            is_last = d <= n_lengths
            joint = weights + totals[-1, k] - chain.ends[k]
            joint = joint[is_last] + lasts[k, d[is_last] - 1]
            counts[1, k, d[is_last] - 1] = np.exp(joint)
        return shares, moves, counts, float(total + common)

    def _fitted(self, n_frames, min_frames):
        """Chain of runs of the least duration, and log-weights of the last run."""
        least = min(min_frames, n_frames)
        lengths = self.lengths
        if lengths.shape[1] < 2 * least:  # longer segments are several runs
            more = 2 * least - lengths.shape[1]
            lengths = np.pad(lengths, ((0, 0), (0, more)), mode="edge")
        lengths = lengths.copy()
        lengths[:, : least - 1] = -np.inf
        lasts = np.logaddexp.accumulate(lengths[:, ::-1], axis=1)[:, ::-1].copy()
        lasts[:, : least - 1] = -np.inf
        ends = self.ends
        if n_frames < least * len(ends) and np.isinf(ends).any():
            ends = np.zeros(len(ends))
        return replace(self, lengths=lengths, ends=ends), lasts


def _sums(chain, lasts, given):
    """Log-weights for `skl_tot.decoding.kernels.shares_of_runs`.

    One loop runs from both ends. From the end, the first run has the lengths of the
    last.
    """
    n_frames, n_actions = given.shape
    n_lengths = lasts.shape[1]
    totals = np.stack([prefix_sums(given), prefix_sums(given[::-1])], axis=1)
    weights = np.ascontiguousarray(chain.lengths[:, ::-1])
    costs = np.stack([chain.moves.T, chain.moves])
    gains = np.full((2, n_actions, n_lengths + n_frames), -np.inf)
    gains[0, :, n_lengths] = -chain.starts
    # begun and ended, and from the end left and following
    begun, ended = np.full((2, n_frames + 1, 2, n_actions), -np.inf)
    begun[0] = -chain.starts, -chain.ends
    scores = np.empty((2, n_actions, n_lengths))
    with np.errstate(divide="ignore"):
        for t in range(1, n_frames + 1):
            np.add(gains[:, :, t : t + n_lengths], weights, out=scores)
            if t <= n_lengths:
                scores[1, :, n_lengths - t] = lasts[:, t - 1] - chain.ends
            if t == n_frames:
                scores[0] = gains[0, :, t:] + lasts[:, ::-1]
            largest = np.maximum(scores.max(axis=2, keepdims=True), LOWEST)
            scores -= largest
            np.exp(scores, out=scores)
            reached = np.log(scores.sum(axis=2)) + largest[:, :, 0] + totals[t]
            ended[t] = reached
            if t == n_frames:
                break
            joint = reached[:, None] - costs
            largest = np.maximum(joint.max(axis=2, keepdims=True), LOWEST)
            joint = np.exp(joint - largest).sum(axis=2)
            reached = begun[t] = np.log(joint) + largest[:, :, 0]
            gains[:, :, n_lengths + t] = reached - totals[t]
    total = np.logaddexp.reduce(ended[-1, 0] - chain.ends)
    return begun[:, 0], ended[:, 0], begun[::-1, 1], ended[::-1, 1], total
