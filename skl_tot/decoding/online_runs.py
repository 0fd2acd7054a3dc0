"""Labels and posteriors of streamed frames, with a least duration of segments.

Paths are distinguished by their last action and the number of frames that it lacks: row
m of ``states`` (min_frames, n_actions) is for m missing frames. The last segment may
continue, so it may be shorter. With a least duration of d frames, and K actions, a
frame takes O(d K) operations for the path, and O(lag K² + d K) for the posterior.
"""

from typing import Any

import numpy as np
from scipy.special import softmax

from skl_tot.decoding.kernels import best_origins, entries_from_others, prefix_sums

# Maximum numbers in a block of frames, which limits the memory.
BLOCK_SIZE = 10**6


class OnlineRuns:
    """Best path of frames that arrive one by one, see `OnlinePath`.

    A returned action stays for ``min_frames``, even if later frames suggest another
    path.

    >>> from skl_tot.decoding.chain import free_chain
    >>> path = OnlineRuns(free_chain(2, 0.0), 2)
    >>> for own in np.array([[1.0, 0.0], [0.0, 9.0], [1.0, 0.0], [0.0, 0.5]]):
    ...     path.add(own)
    >>> path.finish()
    array([1, 1, 0, 0])
    """

    def __init__(self, chain, min_frames):
        self.chain, self.min_frames = chain, min_frames
        self.states: Any = None
        self.n_seen = self.n_given = 0
        # begin of the best complete run of each action
        self.begins = np.zeros(len(chain.starts), dtype=np.intp)
        # for runs by begin: the previous action, and its begin
        self.before = {}
        self.last, self.n_held = None, 0

    def add(self, log_likelihood):
        """Add a frame of log-likelihoods (n_actions,)."""
        if self.n_seen:
            origins = best_origins(self.chain, self.states[0])
            self.before[self.n_seen] = origins, self.begins[origins]
            is_new = self.states[1] > self.states[0]
            begin = self.n_seen + 1 - self.min_frames
            self.begins = np.where(is_new, begin, self.begins)
        self.states = next_states(
            self.chain, self.states, log_likelihood, self.min_frames, np.maximum
        )
        self.n_seen += 1

    def pop(self):
        """Return the action of the first waiting frame, and remove the frame."""
        action = self._held(self._path(*self._best(self.states))[0])
        self.n_given += 1
        self.before.pop(self.n_given, None)
        return action

    def finish(self):
        """Return the actions of all waiting frames, at the end of the stream."""
        n_waiting = self.n_seen - self.n_given
        if n_waiting == 0:
            return np.empty(0, dtype=np.intp)
        ended = self.states[:1] - self.chain.ends
        path = self._path(*self._best(ended if ended.max() > -np.inf else self.states))
        for i, action in enumerate(path):
            path[i] = self._held(action, n_waiting - i)
        return path

    def _best(self, states):
        """Last action of the best path, and its first frame."""
        n_lacking = states.argmax(axis=0)
        action = int(states.max(axis=0).argmax())
        if n_lacking[action] == 0:
            return action, self.begins[action]
        return action, self.n_seen - self.min_frames + n_lacking[action]

    def _path(self, action, begin):
        """Actions of the waiting frames, from the last action and its begin."""
        path = np.empty(self.n_seen - self.n_given, dtype=np.intp)
        path[:] = action
        while begin > self.n_given:
            origins, begins = self.before[begin]
            end, action, begin = begin, origins[action], begins[action]
            path[: end - self.n_given] = action
        return path

    def _held(self, action, n_left=np.inf):
        """Keep the previous action if it, or this one, would be too short."""
        if self.last is not None and (self.n_held or n_left < self.min_frames):
            action = self.last
        if action != self.last:
            self.last, self.n_held = int(action), self.min_frames
        self.n_held = max(0, self.n_held - 1)
        return self.last


class OnlineRunSums:
    """Posterior of frames that arrive in blocks, see `OnlinePosterior`.

    >>> from skl_tot.decoding.chain import free_chain
    >>> posterior = OnlineRunSums(free_chain(2, 0.0), 2, lag=1)
    >>> posterior.add(np.log([[0.5, 0.5], [0.9, 0.1]])).round(3)
    array([[0.9, 0.1]])
    >>> posterior.finish().round(3)
    array([[0.9, 0.1]])
    """

    def __init__(self, chain, min_frames, lag):
        self.chain, self.min_frames, self.lag = chain, min_frames, lag
        n_actions = len(chain.starts)
        self.last: Any = None
        # for waiting frames: states after each, and log-likelihoods
        self.states = np.empty((0, min_frames, n_actions))
        self.waiting = np.empty((0, n_actions))

    def add(self, log_likelihood):
        """Add frames (n_frames, n_actions); return the posterior of decided frames."""
        width = max(1, BLOCK_SIZE // (self.min_frames + self.lag))
        width = max(1, width // log_likelihood.shape[1])
        blocks = np.split(log_likelihood, range(width, len(log_likelihood), width))
        return np.concatenate([self._add(block) for block in blocks])

    def _add(self, log_likelihood):
        states = np.empty((len(log_likelihood), *self.states.shape[1:]))
        for t, own in enumerate(log_likelihood):
            self.last = next_states(self.chain, self.last, own, self.min_frames)
            states[t] = self.last
        states = np.concatenate([self.states, states])
        waiting = np.concatenate([self.waiting, log_likelihood])
        n_decided = max(0, len(waiting) - self.lag)
        shares = self._shares(states[:n_decided], waiting[1:], self.lag)
        self.states = states[n_decided:].copy()  # not a view of the block
        self.waiting = waiting[n_decided:].copy()
        return shares

    def finish(self):
        """Return the posterior of all waiting frames, at the end of the stream."""
        found = np.empty_like(self.waiting)
        options = np.zeros(found.shape[1]), 0.0
        if len(found) and (self.last[0] - self.chain.ends).max() > -np.inf:
            options = -self.chain.ends, -np.inf
        for t in range(len(found)):
            after = self.waiting[t + 1 :]
            own = self._shares(self.states[t : t + 1], after, len(after), *options)
            found[t] = own[0]
        return found

    def _shares(self, states, values, lag, last=0.0, unfinished=0.0):
        """Posterior (n, n_actions) of n frames, from ``lag`` frames after each.

        ``values`` (n + lag - 1 or more, n_actions) are those after the first frame.
        After the last one, complete segments have weight ``last``, others
        ``unfinished``.
        """
        stays, n = self.chain.moves.diagonal(), len(states)
        values = values - values.max(axis=1, keepdims=True) - stays
        totals = prefix_sums(values)
        # weights of continuations after a frame, if its segment is complete
        left = np.empty((lag + 1, *states[:, 0].shape))
        left[0] = last
        for i in range(1, lag + 1):
            here, reach = slice(lag - i, lag - i + n), min(i, self.min_frames)
            there = slice(here.start + reach, here.stop + reach)
            begun = totals[there] - totals[here] + stays + left[i - reach]
            if i < self.min_frames:
                begun = totals[there] - totals[here] + stays + unfinished
            others = entries_from_others(
                self.chain.turned, begun[:, ::-1], np.logaddexp
            )
            left[i] = np.logaddexp(values[here] + left[i - 1], others[:, ::-1])
        joint = np.full(states[:, 0].shape, -np.inf)
        for n_lacking in range(self.min_frames):
            reach = min(n_lacking, lag)
            after = totals[reach : reach + n] - totals[:n]
            after = after + (left[lag - reach] if n_lacking <= lag else unfinished)
            np.logaddexp(joint, states[:, n_lacking] + after, out=joint)
        return softmax(joint, axis=1)


def next_states(chain, states, log_likelihood, min_frames, add=np.logaddexp):
    """States after one more frame, up to a constant; None before the first frame."""
    stays = chain.moves.diagonal()
    following = np.full((min_frames, len(stays)), -np.inf)
    following[-1] = stays - chain.starts
    if states is not None:
        following[-1] = stays + entries_from_others(chain, states[:1], add)[0]
        following[:-1] = states[1:]
        following[0] = add(states[0], states[1])
    following += log_likelihood - stays
    return following - following.max()
