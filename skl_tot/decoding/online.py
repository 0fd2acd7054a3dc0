"""Labels and posteriors of frames that arrive in blocks, with a fixed delay.

For K actions a frame takes O(lag K) operations for the path and O(lag K²) for the
posterior, independent of the length of the stream.
"""

from collections import deque
from typing import Any

import numpy as np
from scipy.special import softmax

from skl_tot.decoding.online_runs import OnlineRuns, OnlineRunSums
from skl_tot.recordings.labels import BACKGROUND

# Maximum frames with posteriors at once, which limits the memory.
BLOCK = 1000


class OnlinePath:
    r"""Best path through frames that arrive one by one.

    The action of a frame is that on the best path through all frames so far,

    .. math::

        V_k(t) = \ell_{tk} + \max_j \left( V_j(t - 1) - c_{jk} \right),

    with any end; at the end of the stream, it is the path of the decoder. Later frames
    may change the path, so actions that were returned at different times need not be on
    one path.

    >>> from skl_tot.decoding.chain import free_chain
    >>> path = OnlinePath(free_chain(2, 1.0))
    >>> path.add(np.array([0.0, 0.1]))
    >>> path.add(np.array([3.0, 0.0]))
    >>> path.pop(), path.pop()
    (0, 0)
    """

    def __init__(self, chain):
        self.chain = chain
        self.scores = None
        # actions of waiting frames, on the best path to each action of the last frame
        self.paths = np.empty((0, len(chain.starts)), dtype=np.intp)

    def add(self, log_likelihood):
        """Add a frame of log-likelihoods (n_actions,)."""
        actions = np.arange(len(log_likelihood))
        if self.scores is None:
            self.scores = log_likelihood - self.chain.starts
        else:
            origins, costs = self.chain.links
            totals = self.scores[origins] - costs
            before = np.broadcast_to(origins, costs.shape)
            self.paths = self.paths[:, before[totals.argmax(axis=0), actions]]
            # keeps the precision of scores in a long stream
            self.scores = totals.max(axis=0) - self.scores.max() + log_likelihood
        self.paths = np.concatenate([self.paths, actions[None]])

    def pop(self):
        """Return the action of the first waiting frame, and remove the frame."""
        action = self.paths[0][self.scores.argmax()]
        self.paths = self.paths[1:]
        return int(action)

    def finish(self):
        """Return the actions of all waiting frames, at the end of the stream."""
        if len(self.paths) == 0:
            return self.paths[:, 0]
        return self.paths[:, (self.scores - _ends(self.chain, self.scores)).argmax()]


class OnlinePosterior:
    r"""Posterior of frames that arrive in blocks, over all paths.

    With sums :math:`a_k(t)` over all paths that end in action k at frame t,

    .. math::

        P(y_{t-1} = j | y_t = k) \propto a_j(t - 1) e^{-c_{jk}}

    leads from the posterior of a frame to that of the previous one. Sums are kept in
    logarithms, which keep all paths, however unlikely.

    >>> from skl_tot.decoding.chain import free_chain
    >>> posterior = OnlinePosterior(free_chain(2, 99.0), lag=1)
    >>> posterior.add(np.log([[0.5, 0.5], [0.9, 0.1]])).round(3)
    array([[0.9, 0.1]])
    >>> posterior.finish().round(3)
    array([[0.9, 0.1]])
    """

    def __init__(self, chain, lag):
        self.chain, self.lag = chain, lag
        self.sums = None
        n_actions = len(chain.starts)
        # for waiting frames, the probabilities of the previous action (row), given an
        # action (column)
        self.back = np.empty((0, n_actions, n_actions))

    def add(self, log_likelihood):
        """Add frames (n_frames, n_actions); return the posterior of decided frames."""
        blocks = np.split(log_likelihood, range(BLOCK, len(log_likelihood), BLOCK))
        return np.concatenate([self._add(block) for block in blocks])

    def _add(self, log_likelihood):
        n_frames, n_actions = log_likelihood.shape
        back = np.zeros((n_frames, n_actions, n_actions))
        ended = np.empty((n_frames, n_actions))
        for t, own in enumerate(log_likelihood):
            self._go_on(own, back[t])
            ended[t] = self.sums
        self.back = np.concatenate([self.back, back])
        n_decided = max(0, len(self.back) - self.lag)
        shares = softmax(ended[n_frames - n_decided :], axis=1)[:, :, None]
        for step in range(self.lag, 0, -1):
            shares = self.back[step : step + n_decided] @ shares
        self.back = self.back[n_decided:].copy()  # not a view of the block
        return shares[:, :, 0]

    def finish(self):
        """Return the posterior of all waiting frames, at the end of the stream."""
        found = np.empty(self.back.shape[:2])
        if len(found):
            shares = softmax(self.sums - _ends(self.chain, self.sums))
        for t in range(len(found) - 1, -1, -1):
            found[t] = shares
            shares = self.back[t] @ shares
        return found

    def _go_on(self, log_likelihood, back):
        """Update the sums to a next frame, and set the probabilities that lead back."""
        reached = -self.chain.starts
        if self.sums is not None:
            terms = self.sums[:, None] - self.chain.moves
            largest = terms.max(axis=0)
            largest = np.maximum(largest, np.finfo(float).min)  # finite
            weights = np.exp(terms - largest)
            totals = weights.sum(axis=0)
            np.divide(weights, np.maximum(totals, 1), out=back)  # 0 if unreachable
            with np.errstate(divide="ignore"):
                reached = np.log(totals) + largest
        sums = reached + log_likelihood
        self.sums = sums - sums.max()


class OnlineDecoder:
    """Actions and posteriors of frames that arrive in blocks, around background.

    Parameters
    ----------
    chain : callable
        ``chain(n_actions, cost)``, as in `Decoder`.
    n_actions : int
        Number of actions K.
    cost : float
        Cost of a switch in nats.
    lag : int
        Number of frames after a frame before it is decided.
    confidence : dict of float, default=None
        As in `skl_tot.decoding.decoders.tempered_posterior`.
    min_frames : int, default=1
        Least number of frames of a segment.
    """

    def __init__(self, chain, n_actions, cost, lag, confidence=None, min_frames=1):
        confidence = confidence or {"tempering": 1.0, "agreement": 1.0}
        self.tempering = confidence["tempering"]
        self.agreement = confidence["agreement"]
        self.lag = lag
        own, tempered = chain(n_actions, cost), chain(n_actions, self.tempering * cost)
        self.path: Any = OnlinePath(own)
        self.posterior: Any = OnlinePosterior(tempered, lag)
        if min_frames > 1:
            self.path = OnlineRuns(own, min_frames)
            self.posterior = OnlineRunSums(tempered, min_frames, lag)
        self.has_action = deque()  # of the waiting frames

    def push(self, log_likelihood, is_background):
        """Add frames of log-likelihoods (n_frames, n_actions).

        ``is_background`` has shape (n_frames,). Returns actions (n_decided,), -1 for
        background, and posteriors (n_decided, n_actions).
        """
        actions = []
        for own, is_other in zip(log_likelihood, is_background):
            self.has_action.append(not is_other)
            if not is_other:
                self.path.add(own)
            if len(self.has_action) > self.lag:
                has_action = self.has_action.popleft()
                actions.append(self.path.pop() if has_action else BACKGROUND)
        posteriors = self.posterior.add(self.tempering * log_likelihood)
        return np.array(actions, dtype=np.intp), self._temper(posteriors)

    def finish(self):
        """Return actions and posteriors of all waiting frames, at the stream's end.

        If no allowed path can end so soon, any end is allowed.
        """
        actions = np.full(len(self.has_action), BACKGROUND)
        actions[np.array(self.has_action, dtype=bool)] = self.path.finish()
        return actions, self._temper(self.posterior.finish())

    def _temper(self, posteriors):
        n_actions = posteriors.shape[1]
        return self.agreement * posteriors + (1 - self.agreement) / n_actions


def _ends(chain, sums):
    """Costs of ending, or 0 if no allowed path can end so soon."""
    can_end = (sums - chain.ends).max() > -np.inf
    return chain.ends if can_end else np.zeros(len(sums))
