"""Transitions of actions in a hidden Markov model, and their learning.

Each kind of paths has ``expect(scores, min_frames)``: it returns the posterior of a
recording, the counts for ``learned(counts)``, and the log-likelihood. Counts add up
over recordings; ``learned`` returns more probable paths of the same kind.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, log_softmax

from skl_tot.decoding.chain import Chain
from skl_tot.decoding.semi_markov import RunChain
from skl_tot.methods.correction_layers import corrected_moves
from skl_tot.recordings.labels import find_segments

# Distance of probabilities of moves from 0, and of leaving an action from 1.
LEAST_MOVE = 1e-12
# Least expected frames for an update of an action.
LEAST_FRAMES = 1e-8
# Probability that an action repeats after a segment, for segments beyond the maximum.
AGAIN = 1e-6
# Maximum length relative to the longest mean, and in frames.
LONGEST, MOST_LENGTHS = 4.0, 1000
# Sizes of negative binomial distributions, from geometric to nearly Poisson.
SIZES = {"poisson": [np.inf], "negative_binomial": [1, 2, 4, 8, 16, 32, np.inf]}
# Number of candidate means.
N_MEANS = 200


class InOrder(NamedTuple):
    """Paths from action 0, one action after the other, with any end.

    ``leave`` (n_actions,) is the probability that the next frame has the next action; 0
    for the last action.
    """

    leave: np.ndarray

    def chain(self):
        """Chain of the paths."""
        n_actions = len(self.leave)
        moves = np.full((n_actions, n_actions), np.inf)
        np.fill_diagonal(moves, -np.log1p(-self.leave))
        np.fill_diagonal(moves[:, 1:], -np.log(self.leave[:-1]))
        starts = np.where(np.arange(n_actions) == 0, 0.0, np.inf)
        return Chain(starts, moves, np.zeros(n_actions))

    def expect(self, scores, min_frames):
        """Posterior, counts for `learned`, and the log-likelihood."""
        probabilities, total = self.chain().forward_backward(scores, min_frames)
        left = np.zeros(len(self.leave))
        # an action has been left if a later one is the last
        left[:-1] = np.cumsum(probabilities[-1, :0:-1])[::-1]
        return probabilities, np.stack([probabilities[:-1].sum(axis=0), left]), total

    def learned(self, counts):
        """Most probable paths for the counts."""
        with_next, left = counts
        leave, goes_on = self.leave.copy(), with_next > LEAST_FRAMES
        leave[goes_on] = left[goes_on] / with_next[goes_on]
        leave[:-1] = np.clip(leave[:-1], LEAST_MOVE, 1 - LEAST_MOVE)
        return InOrder(leave)


class AnyOrder(NamedTuple):
    """Paths between all actions.

    ``starts`` (n_actions,) are the probabilities of the first action, ``moves``
    (n_actions, n_actions) those of the next frame's action.
    """

    starts: np.ndarray
    moves: np.ndarray

    def chain(self):
        """Chain of the paths."""
        with np.errstate(divide="ignore"):
            costs = -np.log(self.starts), -np.log(self.moves)
        return Chain(*costs, np.zeros(len(self.starts)))

    def expect(self, scores, min_frames):
        """As in `InOrder`."""
        found, moves, total = self.chain().expected_moves(scores, min_frames)
        return found, np.vstack([found[:1], moves]), total

    def learned(self, counts):
        """As in `InOrder`."""
        known = np.vstack([self.starts, self.moves])
        totals = counts.sum(axis=1, keepdims=True)
        np.divide(counts, totals, out=known, where=totals > LEAST_FRAMES)
        known = np.maximum(known, LEAST_MOVE)
        known /= known.sum(axis=1, keepdims=True)
        return AnyOrder(known[0], known[1:])

    def sorted(self, order):
        """Renumber the actions."""
        return AnyOrder(self.starts[order], self.moves[np.ix_(order, order)])

    def after(self, layers):
        """Paths through the actions after corrections.

        The probability of leaving a merged action is the mean over its parts.
        """
        if not layers:
            return self
        shares = np.linalg.matrix_power(self.moves, 2**20)[0]  # of all frames
        moves, starts = corrected_moves(self.moves, self.starts, shares, layers)
        leave = np.maximum(1 - self.moves.diagonal(), LEAST_MOVE)  # a single action
        for layer in layers:
            left, shares = layer.totals(shares * leave), layer.totals(shares)
            leave = left / shares
        moves = leave[:, None] * np.exp(moves)
        np.fill_diagonal(moves, 1 - leave)
        return AnyOrder(np.exp(starts), moves)


class WithDurations(NamedTuple):
    """Paths of segments with distributions of lengths.

    ``starts`` (n_actions,) and ``moves`` (n_actions, n_actions), from segment to
    segment, are probabilities. ``family`` (n, n_lengths) has the candidate
    distributions of lengths, in logarithms; ``chosen`` (n_actions,) indexes those of
    the actions.
    """

    starts: np.ndarray
    moves: np.ndarray
    family: np.ndarray
    chosen: np.ndarray

    def chain(self):
        """Chain of the paths."""
        return run_chain(self.starts, self.moves, np.exp(self.family[self.chosen]))

    def expect(self, scores, min_frames):
        """As in `InOrder`."""
        found, moves, lengths, total = self.chain().expected_runs(scores, min_frames)
        return found, np.vstack([found[:1], moves, *lengths.transpose(0, 2, 1)]), total

    def learned(self, counts):
        """As in `InOrder`."""
        n_actions = len(self.starts)
        may_start, may_move = self.starts > 0, self.moves > 0
        starts = may_start * np.maximum(counts[0], LEAST_MOVE)
        moves = may_move * np.maximum(counts[1 : n_actions + 1], LEAST_MOVE)
        chosen = choose_lengths(self.family, *np.split(counts[n_actions + 1 :], 2))
        return WithDurations(starts / starts.sum(), jumps(moves), self.family, chosen)


def with_durations(paths, labels, kind, min_frames):
    """Add durations of a kind to paths, from labels of recordings.

    Durations go from ``min_frames`` up to four times the longest mean, at most
    `MOST_LENGTHS` or the longest recording.
    """
    chain, runs = paths.chain(), []
    starts, moves = np.exp(-chain.starts), jumps(np.exp(-chain.moves))
    for path in labels:
        actions, firsts, ends = find_segments(path)
        runs.append((actions, ends - firsts, ends == len(path)))
    actions, lengths, is_last = map(np.concatenate, zip(*runs))
    n_shown = np.bincount(actions, minlength=len(starts))
    means = np.bincount(actions, lengths, len(starts)) / np.maximum(n_shown, 1)
    longest = min(LONGEST * means.max(), MOST_LENGTHS, max(map(len, labels)))
    family = duration_family(kind, min_frames, max(int(longest), 2 * min_frames))
    counts = np.zeros((2, family.shape[1], len(starts)))
    places = np.minimum(lengths, family.shape[1]) - 1
    np.add.at(counts, (is_last.astype(int), places, actions), 1)
    return WithDurations(starts, moves, family, choose_lengths(family, *counts))


def duration_family(kind, least, longest):
    """Log-probabilities (n, longest) of lengths, for all means and sizes of a kind.

    Lengths above the least one are negative binomial (size 1 is geometric, large sizes
    are Poisson), truncated at the longest.

    >>> family = duration_family("poisson", 2, 4)
    >>> np.exp(family[0]).round(3)
    array([0.   , 0.905, 0.09 , 0.005])
    """
    over = np.arange(longest + 1 - least)
    means = np.geomspace(0.1, max(longest - least, 1), N_MEANS)[:, None]
    family = np.full((len(SIZES[kind]), N_MEANS, longest), -np.inf)
    for found, size in zip(family, SIZES[kind]):
        own = over * np.log(means) - gammaln(over + 1)
        if np.isfinite(size):
            own = own + gammaln(over + size) - over * np.log(means + size)
        found[:, least - 1 :] = log_softmax(own, axis=1)
    return family.reshape(-1, longest)


def choose_lengths(family, counts, lasts):
    """Most probable distribution (n_actions,) of counted lengths (longest, n_actions).

    ``lasts`` counts last segments, whose length is a lower bound.
    """
    tails = np.logaddexp.accumulate(family[:, ::-1], axis=1)[:, ::-1]
    weights = np.maximum(family, -1e9) @ counts + np.maximum(tails, -1e9) @ lasts
    return weights.argmax(axis=0)


def jumps(weights):
    """Probabilities of moves between segments by weights, rarely to the same action."""
    moves = weights * (1 - np.eye(len(weights)))
    totals = moves.sum(axis=1, keepdims=True)
    moves *= (1 - AGAIN) / np.where(totals > 0, totals, 1)
    np.fill_diagonal(moves, AGAIN)
    return moves


def run_chain(starts, moves, lengths, ends=None):
    """Chain of segments with these probabilities."""
    ends = np.ones(len(starts)) if ends is None else ends
    with np.errstate(divide="ignore"):
        return RunChain(-np.log(starts), -np.log(moves), -np.log(ends), np.log(lengths))


def nearest_paths(starts, moves, lengths):
    """Paths in any order with the same mean durations."""
    leave = 1 / (lengths @ np.arange(1, lengths.shape[1] + 1))
    moves = leave[:, None] * moves
    np.fill_diagonal(moves, 1 - leave * (1 - AGAIN))
    return AnyOrder(starts, moves)
