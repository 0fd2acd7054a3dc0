"""Markov chains of the paths of decoders: what single moves cost."""

from typing import NamedTuple

import numpy as np


class Chain(NamedTuple):
    """Costs of a path, in nats; what is not allowed costs infinity.

    Attributes
    ----------
    starts : ndarray of shape (n_actions,)
        Cost of starting with an action.
    moves : ndarray of shape (n_actions, n_actions)
        Cost of showing the action of a column in the frame after that of a row.
    ends : ndarray of shape (n_actions,)
        Cost of ending with an action.
    """

    starts: np.ndarray
    moves: np.ndarray
    ends: np.ndarray


def fixed_chain(n_actions, cost):
    """Allow all actions in their order, each for one run; the cost does not matter.

    >>> fixed_chain(3, 0.0)
    Chain(starts=array([ 0., inf, inf]), moves=array([[ 0.,  0., inf],
           [inf,  0.,  0.],
           [inf, inf,  0.]]), ends=array([inf, inf,  0.]))
    """
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
    moves = np.where(_steps(n_actions) < 0, np.inf, _switches(n_actions, cost))
    return _anywhere(moves)


def free_chain(n_actions, cost):
    """Allow any order, any number of times.

    >>> free_chain(2, 3.0).moves
    array([[0., 3.],
           [3., 0.]])
    """
    return _anywhere(_switches(n_actions, cost))


def single_chain(n_actions, cost):
    """Let each frame be by itself; the cost does not matter."""
    return free_chain(n_actions, 0.0)


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
    steps = _steps(n_actions) % n_actions
    moves = steps * float(cost)
    if not may_skip:
        moves[steps > 1] = np.inf
    return _anywhere(moves)


def _steps(n_actions):
    """Subtract the number of the action of a row from that of a column."""
    return np.arange(n_actions) - np.arange(n_actions)[:, None]


def _switches(n_actions, cost):
    """Cost of each move if all switches have the same."""
    return np.where(_steps(n_actions) == 0, 0.0, float(cost))


def _anywhere(moves):
    """Chain that starts and ends anywhere."""
    nothing = np.zeros(len(moves))
    return Chain(nothing, moves, nothing)
