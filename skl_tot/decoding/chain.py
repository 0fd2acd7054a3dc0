"""Markov chains of actions: allowed paths, and their costs."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from skl_tot.decoding import paths
from skl_tot.recordings.errors import refuse

# Maximum cost of a move, in nats, for sums of weights instead of logarithms.
MOST_MIXING = 150.0


@dataclass(frozen=True, eq=False)
class Chain:
    r"""Paths through actions, and the costs of their moves.

    The weight of a path y of a recording is

    .. math::

        \exp \Bigl( \sum_t \ell_{t y_t} - a_{y_1} - \sum_{t > 1} c_{y_{t-1} y_t}
            - e_{y_T} \Bigr)

    with costs in nats; forbidden moves have infinite costs. Of equal moves to an
    action, that of the fewest steps in the circle of actions is taken. In a recording
    that is too short for any path, chains in fixed order may skip actions, and other
    chains may end anywhere.

    Parameters
    ----------
    starts : array-like of shape (n_actions,)
        Cost a of starting with an action.
    moves : array-like of shape (n_actions, n_actions)
        Cost c of a move from the action of the row to the action of the column. Those
        of staying, on the diagonal, are finite.
    ends : array-like of shape (n_actions,)
        Cost e of ending with an action.

    Examples
    --------
    >>> from skl_tot.decoding import Chain
    >>> chain = Chain([0, 0], [[0, 0.5], [9, 0]], [0, 0])
    >>> log_likelihood = [[0.0, -1.0], [-1.0, 0.0]]
    >>> chain.viterbi(log_likelihood)
    array([0, 1])
    >>> chain.posterior(log_likelihood).round(2)
    array([[0.73, 0.27],
           [0.27, 0.73]])
    """

    starts: np.ndarray
    moves: np.ndarray
    ends: np.ndarray

    def __post_init__(self):
        for name in ("starts", "moves", "ends"):
            costs = np.asarray(getattr(self, name), dtype=np.float64)
            if not (costs > -np.inf).all():  # nor NaN
                refuse(name, costs.tolist(), "numbers, or infinity to forbid")
            object.__setattr__(self, name, costs)
        shapes = self.starts.shape, self.moves.shape, self.ends.shape
        n = self.starts.size
        if n == 0 or shapes != ((n,), (n, n), (n,)):
            expected = "(actions,), (actions, actions) and (actions,)"
            refuse("the shapes of starts, moves and ends", shapes, expected)
        stays = self.moves.diagonal()
        if not np.isfinite(stays).all():  # sums of stays are subtracted
            refuse("the diagonal of moves", stays.tolist(), "finite costs of staying")
        if not self._has_path(n):
            refuse("starts", self.starts.tolist(), "finite costs of a way to an end")

    def viterbi(self, log_likelihood, min_frames=1) -> np.ndarray:
        """Find the most likely path.

        Parameters
        ----------
        log_likelihood : array-like of shape (n_frames, n_actions)
            Log-likelihood of each action, up to a constant per frame.
        min_frames : int, default=1
            Least number of frames of a segment.

        Returns
        -------
        path : ndarray of shape (n_frames,), dtype intp
            Action of each frame.
        """
        log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
        min_frames = min(min_frames, len(log_likelihood))
        chain = self.for_length(len(log_likelihood) // min_frames)
        if chain.is_ordered:
            return paths.path_in_order(chain, log_likelihood, min_frames)
        if min_frames > 1:
            return paths.path_of_runs(chain, log_likelihood, min_frames)
        return paths.path_by_blocks(chain, log_likelihood)

    def posterior(self, log_likelihood, min_frames=1) -> np.ndarray:
        """Compute probabilities (n_frames, n_actions), from what `viterbi` takes."""
        return self.forward_backward(log_likelihood, min_frames)[0]

    def forward_backward(self, log_likelihood, min_frames=1) -> tuple:
        """Compute the posterior, and the log of the summed weights, in nats."""
        # Sums of logarithms keep all paths, however unlikely.
        log_likelihood, common = without_common(log_likelihood)
        min_frames = min(min_frames, len(log_likelihood))
        chain = self.for_length(len(log_likelihood) // min_frames)
        if min_frames > 1:
            sums = paths.sums_of_runs(chain, log_likelihood, min_frames)
        elif chain.is_mixing:
            sums = paths.sums_by_blocks(chain, log_likelihood)[::2]
        elif chain.is_ordered:
            sums = paths.sums_in_order(chain, log_likelihood)
        else:
            sums = paths.sums_by_frames(chain, log_likelihood)
        probabilities, total = sums
        return probabilities, float(total + common)

    def expected_moves(self, log_likelihood) -> tuple:
        """Compute posterior, expected moves (n_actions, n_actions), and log-weight."""
        # For chains with moves between all actions.
        log_likelihood, common = without_common(log_likelihood)
        probabilities, moves, total = paths.sums_by_blocks(self, log_likelihood)
        return probabilities, moves, float(total + common)

    def for_length(self, n_runs) -> "Chain":
        """Chain for a recording with room for a limited number of segments."""
        n_actions = len(self.starts)
        if n_runs >= n_actions or self._has_path(n_runs):
            return self
        if self.is_ordered:
            return skip_chain(n_actions, 0.0)
        return Chain(self.starts, self.moves, np.zeros(n_actions))

    def _has_path(self, n_runs):
        reached, ends = np.isfinite(self.starts), np.isfinite(self.ends)
        for _ in range(n_runs - 1):
            if (reached & ends).any():
                return True
            reached = reached @ np.isfinite(self.moves)
        return bool((reached & ends).any())

    @cached_property
    def turned(self):
        """Reverse the chain, with the actions in reverse order."""
        return Chain(self.ends[::-1], self.moves.T[::-1, ::-1], self.starts[::-1])

    @cached_property
    def skips(self):
        """Whether moves beyond the next action are allowed."""
        return bool(np.isfinite(self.moves[self._steps > 1]).any())

    @cached_property
    def is_ordered(self):
        """Whether moves lead only to the next action, or to all later at equal cost."""
        if np.isfinite(self.moves[self._steps < 0]).any():
            return False
        later = self.moves[self._steps > 0]
        return not self.skips or bool((later == later[0]).all())

    @cached_property
    def is_uniform(self):
        """Whether staying is free and all switches have one cost."""
        cost = self.moves[0, -1]
        if len(self.moves) == 1 or np.isinf(cost):
            return False
        is_same = self.moves == np.where(np.eye(len(self.moves)), 0.0, cost)
        return bool(is_same.all())

    @cached_property
    def is_mixing(self):
        """Whether all moves are allowed, at limited costs."""
        costs = np.concatenate([self.starts, self.moves.ravel(), self.ends])
        return bool((costs < MOST_MIXING).all())

    @cached_property
    def links(self):
        """Origins (n_origins, n_actions) of moves to each action, and their costs."""
        actions = np.arange(len(self.starts))
        steps = np.unique(self._steps[np.isfinite(self.moves)] % len(actions))
        origins = (actions - steps[:, None]) % len(actions)
        return origins, self.moves[origins, actions]

    @cached_property
    def _steps(self):
        return _steps(len(self.starts))


def without_common(log_likelihood):
    """Log-likelihoods minus the maximum of each frame, and the sum of the maxima."""
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    common = log_likelihood.max(axis=1, keepdims=True)
    return log_likelihood - common, common.sum()


# Chains of a model are made once: paths of many recordings share one.
@lru_cache
def fixed_chain(n_actions):
    """Allow all actions in order, one segment each."""
    steps = _steps(n_actions)
    moves = np.where((steps == 0) | (steps == 1), 0.0, np.inf)
    starts = np.where(np.arange(n_actions) == 0, 0.0, np.inf)
    return Chain(starts, moves, starts[::-1])


@lru_cache
def skip_chain(n_actions, cost):
    """Allow some of the actions, in order."""
    moves = np.where(_steps(n_actions) < 0, np.inf, free_chain(n_actions, cost).moves)
    return _free_ends(moves)


@lru_cache
def free_chain(n_actions, cost):
    """Allow any order, any number of times."""
    moves = np.where(np.eye(n_actions), 0.0, float(cost))
    return Chain(np.zeros(n_actions), moves, np.zeros(n_actions))


@lru_cache
def cyclic_chain(n_actions, cost, *, may_skip=False):
    """Allow a circle of actions; a skipped action costs the same as a shown one."""
    n_steps = n_actions if may_skip else min(n_actions, 2)
    return circle_chain(n_actions, np.arange(n_steps) * float(cost))


def circle_chain(n_actions, costs):
    """Allow steps in a circle; step s costs ``costs[s]``."""
    by_steps = np.append(costs, np.full(n_actions - len(costs), np.inf))
    return _free_ends(by_steps[_steps(n_actions) % n_actions])


def scaled_chain(chain, unit):
    """Scale the costs of a chain by a positive unit."""
    if unit == 1:
        return chain
    unit = max(unit, 1e-12)  # 0 times infinity is NaN
    return Chain(unit * chain.starts, unit * chain.moves, unit * chain.ends)


def _steps(n_actions):
    """Tell the steps (n_actions, n_actions) of each move, above 0 forwards."""
    return np.arange(n_actions) - np.arange(n_actions)[:, None]


def _free_ends(moves):
    """Chain that starts and ends with any action."""
    return Chain(np.zeros(len(moves)), moves, np.zeros(len(moves)))
