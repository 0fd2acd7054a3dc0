"""Markov chains of actions: which paths are allowed, and what they cost."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import softmax

from skl_tot.decoding.block_paths import block_path
from skl_tot.decoding.block_sums import block_sums, is_for_blocks
from skl_tot.decoding.kernels import (
    linked_path,
    linked_sums,
    long_moves,
    long_path,
    long_sums,
    mixing_sums,
    ordered_path,
    ordered_sums,
    uniform_path,
    uniform_paths,
    uniform_sums,
)

# Videos whose paths are found side by side, so that memory stays small; of fewer, one
# by one takes less time.
N_TOGETHER, FEW_TOGETHER = 64, 6
LEAST_UNIT = 1e-12  # of costs
# Nats that a move costs at most, if weights are summed and not their logarithms. With
# more actions, and switches that cost the same, logarithms take less time.
MOST_MIXING, MOST_UNIFORM = 150.0, 30


@dataclass(frozen=True, eq=False)
class Chain:
    r"""Paths through actions, and what their moves cost.

    A path y of a video weighs

    .. math::

        \exp \Bigl( \sum_t \ell_{t y_t} - a_{y_1} - \sum_{t > 1} c_{y_{t-1} y_t}
            - e_{y_T} \Bigr)

    with costs in nats; what is not allowed costs infinity. With a least duration, only
    paths whose actions last that long each time are looked at. In a video that is too
    short for any path, actions of a chain in fixed order may be left out, and paths of
    other chains may end anywhere; one that is shorter than the least duration has one
    action.

    Parameters
    ----------
    starts : array-like of shape (n_actions,)
        Cost a of starting with an action.
    moves : array-like of shape (n_actions, n_actions)
        Cost c of showing the action of a column in the frame after that of a row.
    ends : array-like of shape (n_actions,)
        Cost e of ending with an action.
    ties : {"stay", "number", "circle"}, default="stay"
        Which of equal moves to an action is taken: that from the same action, else from
        the one of the lowest number (in fixed order, from the nearest one); always from
        that of the lowest number; or that of the fewest steps in the circle of actions.

    Raises
    ------
    ValueError
        If the shapes do not fit.

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
    ties: str = "stay"

    def __post_init__(self):
        for name in ("starts", "moves", "ends"):
            costs = np.asarray(getattr(self, name), dtype=np.float64)
            object.__setattr__(self, name, costs)
        shapes = self.starts.shape, self.moves.shape, self.ends.shape
        n_actions = len(self.moves)
        if shapes != ((n_actions,), (n_actions, n_actions), (n_actions,)):
            raise ValueError(
                f"starts, moves and ends have shapes {shapes}, expected (actions,), "
                "(actions, actions) and (actions,)."
            )

    def viterbi(self, log_likelihood, min_frames=1):
        """Find the most likely path.

        Parameters
        ----------
        log_likelihood : array-like of shape (n_frames, n_actions)
            Finite log-likelihood (up to a constant per frame) of each action.
        min_frames : int, default=1
            Frames that an action lasts at least, each time that it is shown.

        Returns
        -------
        path : ndarray of shape (n_frames,), dtype intp
            Action of each frame.
        """
        log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
        chain, min_frames = self._fitted(len(log_likelihood), min_frames)
        if chain.is_ordered:
            return ordered_path(chain, log_likelihood, min_frames)
        if min_frames > 1:
            return long_path(chain, log_likelihood, min_frames)
        path = block_path(chain, log_likelihood)
        if path is not None:
            return path
        find = uniform_path if chain.is_uniform else linked_path
        return find(chain, log_likelihood)

    def viterbi_all(self, log_likelihoods):
        """Find the most likely path of each of several videos.

        Parameters
        ----------
        log_likelihoods : list of array-like of shape (n_frames_i, n_actions)
            As of `viterbi`.

        Returns
        -------
        paths : list of ndarray of shape (n_frames_i,), dtype intp
            Those that `viterbi` finds one by one. If staying is free and all switches
            cost the same, it takes a fraction of the time.
        """
        if not self.is_uniform or not np.isfinite([self.starts, self.ends]).all():
            return list(map(self.viterbi, log_likelihoods))
        paths = []
        for first in range(0, len(log_likelihoods), N_TOGETHER):
            some = log_likelihoods[first : first + N_TOGETHER]
            few = len(some) < FEW_TOGETHER
            paths += map(self.viterbi, some) if few else uniform_paths(self, some)
        return paths

    def posterior(self, log_likelihood, min_frames=1):
        """Sum over all paths, by their weights.

        Parameters
        ----------
        log_likelihood : array-like of shape (n_frames, n_actions)
            As of `viterbi`.
        min_frames : int, default=1
            As of `viterbi`.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions)
            Probability of each action in each frame.
        """
        return self.forward_backward(log_likelihood, min_frames)[0]

    def forward_backward(self, log_likelihood, min_frames=1):
        """Posterior, and the logarithm of the sum of the weights of all paths.

        Sums of logarithms lose no path, however unlikely.

        Parameters
        ----------
        log_likelihood : array-like of shape (n_frames, n_actions)
            As of `viterbi`.
        min_frames : int, default=1
            As of `viterbi`.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions)
            Each row sums to 1.
        total : float
            In nats.
        """
        given, common = without_common(log_likelihood)
        chain, min_frames = self._fitted(len(given), min_frames)
        if min_frames > 1:
            shares, total = long_sums(chain, given, min_frames)
            return shares, float(total + common)
        if chain.is_mixing and not (
            chain.is_uniform and len(chain.ends) > MOST_UNIFORM
        ):
            shares, _, total = mixing_sums(chain, given)
            return shares, float(total + common)
        if chain.is_uniform:
            sums = block_sums if is_for_blocks(chain, given) else uniform_sums
            joint, total = sums(chain, given)
        elif chain.is_ordered:
            joint, total = ordered_sums(chain, given)
        else:
            joint, total = linked_sums(chain, given)
        return softmax(joint, axis=1), float(total + common)

    def expected_moves(self, log_likelihood, min_frames=1):
        """Posterior, expected numbers of moves, and what `forward_backward` adds up to.

        Of a chain that may go from any action to any other, or of long runs.

        Parameters
        ----------
        log_likelihood : array-like of shape (n_frames, n_actions)
            As of `viterbi`.
        min_frames : int, default=1
            As of `viterbi`.

        Returns
        -------
        probabilities : ndarray of shape (n_frames, n_actions)
            Each row sums to 1.
        moves : ndarray of shape (n_actions, n_actions)
            How often a frame of an action (row) has one of another after it, or of the
            same.
        total : float
            In nats.
        """
        given, common = without_common(log_likelihood)
        chain, min_frames = self._fitted(len(given), min_frames)
        if min_frames > 1:
            shares, moves, total = long_moves(chain, given, min_frames)
        else:
            shares, moves, total = mixing_sums(chain, given)
        return shares, moves, float(total + common)

    def _fitted(self, n_frames, min_frames):
        """Chain and least duration that some path of so many frames has."""
        min_frames = min(min_frames, n_frames)
        return self.for_length(n_frames // min_frames), min_frames

    def for_length(self, n_runs):
        """Chain of the paths of a video with room for so many actions in turn."""
        n_actions = len(self.starts)
        if n_runs >= n_actions:
            return self
        reached = np.isfinite(self.starts)
        for _ in range(n_runs - 1):
            reached = reached @ np.isfinite(self.moves)
        if (reached & np.isfinite(self.ends)).any():
            return self
        if self.is_ordered:
            return skip_chain(n_actions, 0.0)
        return Chain(self.starts, self.moves, np.zeros(n_actions), self.ties)

    @cached_property
    def turned(self):
        """The same chain from the end, with the actions in turned order."""
        moves = self.moves.T[::-1, ::-1]
        return Chain(self.ends[::-1], moves, self.starts[::-1], self.ties)

    @cached_property
    def skips(self):
        """Whether moves beyond the next action are allowed."""
        return bool(np.isfinite(self.moves[self._steps > 1]).any())

    @cached_property
    def is_ordered(self):
        """Whether prefix sums find the paths.

        A path goes on to the next action, or to any later one if all switches cost the
        same.
        """
        if self.ties != "stay" or np.isfinite(self.moves[self._steps < 0]).any():
            return False
        later = self.moves[self._steps > 0]
        return not self.skips or bool((later == later[0]).all())

    @cached_property
    def is_uniform(self):
        """Whether staying is free and all switches, any of them, cost the same."""
        cost = self.moves[0, -1]
        if self.ties != "stay" or len(self.moves) == 1 or np.isinf(cost):
            return False
        is_same = self.moves == np.where(np.eye(len(self.moves)), 0.0, cost)
        return bool(is_same.all())

    @cached_property
    def is_mixing(self):
        """Whether any action may follow on any other, at no large cost."""
        costs = np.concatenate([self.starts, self.moves.ravel(), self.ends])
        return bool((costs < MOST_MIXING).all())

    @cached_property
    def links(self):
        """Actions from which a path may come to each action, and what that costs.

        They have shape (n_origins, n_actions), or (n_origins, 1) if they are the same
        for all actions; costs have (n_origins, n_actions).
        """
        actions = np.arange(len(self.starts))
        if self.ties == "circle" or self.is_ordered:
            steps = np.unique(self._steps[np.isfinite(self.moves)] % len(actions))
            origins = (actions - steps[:, None]) % len(actions)
        elif self.ties == "number":
            origins = actions[:, None]
        else:
            origins = np.argsort(self._steps != 0, axis=0, kind="stable")
        return origins, self.moves[origins, actions]

    @cached_property
    def _steps(self):
        return _steps(len(self.starts))


def without_common(log_likelihood):
    """Log-likelihoods less the largest of each frame, and the sum of these.

    What a frame gives to all actions would only make sums of paths larger.
    """
    log_likelihood = np.asarray(log_likelihood, dtype=np.float64)
    common = log_likelihood.max(axis=1, keepdims=True)
    return log_likelihood - common, common.sum()


def fixed_chain(n_actions, cost=0.0):
    """Allow all actions in their order, each for one run; the cost does not matter."""
    steps = _steps(n_actions)
    moves = np.where((steps == 0) | (steps == 1), 0.0, np.inf)
    starts = np.where(np.arange(n_actions) == 0, 0.0, np.inf)
    return Chain(starts, moves, starts[::-1])


def skip_chain(n_actions, cost):
    """Allow some of the actions, in their order.

    >>> skip_chain(3, 2.0).moves
    array([[ 0.,  2.,  2.],
           [inf,  0.,  2.],
           [inf, inf,  0.]])
    """
    moves = np.where(_steps(n_actions) < 0, np.inf, free_chain(n_actions, cost).moves)
    return _anywhere(moves)


def free_chain(n_actions, cost):
    """Allow any order, any number of times."""
    moves = np.where(np.eye(n_actions), 0.0, float(cost))
    return Chain(np.zeros(n_actions), moves, np.zeros(n_actions))


def single_chain(n_actions, cost=0.0):
    """Let each frame be by itself; the cost does not matter."""
    return _anywhere(np.zeros((n_actions, n_actions)), "number")


def cyclic_chain(n_actions, cost, *, may_skip=False):
    """Allow actions in their order, and the first again after the last.

    What is skipped, with ``may_skip``, costs as much as what is shown.

    >>> cyclic_chain(3, 2.0).moves
    array([[ 0.,  2., inf],
           [inf,  0.,  2.],
           [ 2., inf,  0.]])
    >>> cyclic_chain(3, 2.0, may_skip=True).moves
    array([[0., 2., 4.],
           [4., 0., 2.],
           [2., 4., 0.]])
    """
    n_steps = n_actions if may_skip else min(n_actions, 2)
    return circle_chain(n_actions, np.arange(n_steps) * float(cost))


def circle_chain(n_actions, costs):
    """Allow to go on in a circle, by steps with costs of their own.

    Step s costs ``costs[s]``.
    """
    by_steps = np.append(costs, np.full(n_actions - len(costs), np.inf))
    return _anywhere(by_steps[_steps(n_actions) % n_actions], "circle")


def moves_chain(n_actions, cost, log_moves, log_starts):
    r"""Go by how likely moves are.

    With the cost c of a switch in nats, a move from j to k costs

    .. math:: c \, \frac{-\log P(k | j)}{\log K},

    and to start with k in the same way: c where all actions are equally likely. The
    diagonal of ``log_moves`` is 0.

    >>> log_moves = np.log([[1.0, 0.9], [0.1, 1.0]])
    >>> moves_chain(2, 1.0, log_moves, np.log([0.5, 0.5])).moves[0, 1].round(2)
    np.float64(0.15)
    """
    unit = -cost / np.log(max(n_actions, 2))
    return Chain(unit * log_starts, unit * log_moves, np.zeros(n_actions), "number")


def scaled_chain(chain, unit):
    """Give a chain with costs in another unit, above 0."""
    unit = max(unit, LEAST_UNIT)  # 0 times infinity is none
    costs = unit * chain.starts, unit * chain.moves, unit * chain.ends
    return Chain(*costs, chain.ties)


def _steps(n_actions):
    """Subtract the number of the action of a row from that of a column."""
    return np.arange(n_actions) - np.arange(n_actions)[:, None]


def _anywhere(moves, ties="stay"):
    """Chain that starts and ends anywhere."""
    nothing = np.zeros(len(moves))
    return Chain(nothing, moves, nothing, ties)
