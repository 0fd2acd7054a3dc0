"""Transitions of actions in a hidden Markov model, and their learning.

Each kind of paths has ``expect(scores, min_frames)``: it returns the posterior of a
recording, the counts for ``learned(counts)``, and the log-likelihood. Counts add up
over recordings; ``learned`` returns more probable paths of the same kind.
"""

from typing import NamedTuple

import numpy as np

from skl_tot.decoding.chain import Chain
from skl_tot.methods.correction_layers import corrected_moves

# Distance of probabilities of moves from 0, and of leaving an action from 1.
LEAST_MOVE = 1e-12
# Least expected frames for an update of an action.
LEAST_FRAMES = 1e-8


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
