"""Labels and posteriors of frames that arrive in blocks, with a fixed delay."""

# Paths are told apart by their last action and the number of frames that it lacks to
# the least duration of d frames: row m of an array (d, n_actions) is for m missing
# frames. The last segment may continue, so it may be shorter. Time and memory for a
# frame do not depend on the length of the stream.

from collections import deque
from typing import Any

import numpy as np
from scipy.special import softmax

from skl_tot.decoding.paths import best_origins
from skl_tot.recordings.labels import BACKGROUND


class OnlinePath:
    """Best path through the frames so far, which arrive one by one."""

    def __init__(self, chain, min_frames=1):
        self.chain, self.min_frames = chain, min_frames
        self.scores: Any = None
        # actions of waiting frames, on the best path to each state of the last frame
        shape = (0, min_frames, len(chain.starts))
        self.paths = np.empty(shape, dtype=np.min_scalar_type(shape[2]))
        # the last returned action, and for how many frames it must stay
        self.last, self.n_held = None, 0

    def add(self, log_likelihood):
        """Add a frame of log-likelihoods (n_actions,)."""
        actions = np.arange(len(log_likelihood))
        if self.scores is None:
            self.scores = np.full(self.paths.shape[1:], -np.inf)
            # row m lacks m frames of the least duration; here a segment begins
            self.scores[-1] = log_likelihood - self.chain.starts
        else:
            # keeps the precision of scores in a long stream
            scores, self.paths = self._moved(actions)
            self.scores = scores - self.scores.max() + log_likelihood
        ends = np.broadcast_to(actions, (1, *self.scores.shape))
        self.paths = np.concatenate([self.paths, ends.astype(self.paths.dtype)])

    def _moved(self, actions):
        """Scores of the states of the next frame, and the paths to them."""
        moves, before = self.chain.moves, self.scores
        if self.min_frames == 1:
            origins, costs = self.chain.links
            totals = before[0][origins] - costs
            origins = np.broadcast_to(origins, costs.shape)
            origins = origins[totals.argmax(axis=0), actions]
            return totals.max(axis=0)[None], self.paths[:, :, origins]
        origins = best_origins(self.chain, before[0])
        entries = before[0, origins] - moves[origins, actions]
        entries[origins == actions] = -np.inf  # there is no other action
        is_new = before[1] > before[0]
        scores = np.concatenate([before[1:] - moves.diagonal(), entries[None]])
        scores[0] = np.where(is_new, before[1], before[0]) - moves.diagonal()
        paths = np.concatenate([self.paths[:, 1:], self.paths[:, :1, origins]], axis=1)
        paths[:, 0] = np.where(is_new, self.paths[:, 1], self.paths[:, 0])
        return scores, paths

    def pop(self):
        """Return the action of the first waiting frame, and remove the frame."""
        action = self._long_enough(self._best(self.scores)[0])
        self.paths = self.paths[1:]
        return action

    def finish(self):
        """Return the actions of all waiting frames, at the end of the stream."""
        n_waiting = len(self.paths)
        if n_waiting == 0:
            return np.empty(0, dtype=np.intp)
        path = self._best(_ended(self.chain, self.scores))
        n_left = range(n_waiting, 0, -1)
        return np.array(list(map(self._long_enough, path, n_left)))

    def _best(self, scores):
        """Actions of the waiting frames on the best path to any of the first states."""
        action = scores.max(axis=0).argmax()
        return self.paths[:, scores[:, action].argmax(), action]

    def _long_enough(self, action, n_left=np.inf):
        """Return an action, or the one before it if either would be too short."""
        # `n_left` is the number of frames from this one to the end of the stream
        if self.last is not None and (self.n_held or n_left < self.min_frames):
            action = self.last
        if action != self.last:
            self.last, self.n_held = int(action), self.min_frames
        self.n_held = max(0, self.n_held - 1)
        return self.last


class OnlinePosterior:
    """Posterior of frames that arrive in blocks, over all paths."""

    def __init__(self, chain, lag, min_frames=1):
        self.chain, self.lag, self.min_frames = chain, lag, min_frames
        self.moves = chain.moves
        if min_frames > 1:  # a run begins after another action
            self.moves = np.where(np.eye(len(chain.ends)), np.inf, chain.moves)
        # logarithms of sums over all paths to a state, which keep unlikely ones
        self.sums: Any = None
        n_actions = len(chain.starts)
        # for waiting frames, given an action (column) whose run begins with a frame,
        # the probabilities of the action before (row); and given a complete run, that
        # it was complete before
        self.back = np.empty((0, n_actions, n_actions))
        self.stays = np.empty((0, n_actions))

    def add(self, log_likelihood):
        """Add frames (n_frames, n_actions); return the posterior of decided frames."""
        # blocks of at most 1,000 frames and a million numbers, which limits the memory
        n_states = self.min_frames * log_likelihood.shape[1]
        width = min(1000, max(1, 10**6 // n_states))
        blocks = np.split(log_likelihood, range(width, len(log_likelihood), width))
        return np.concatenate([self._add(block) for block in blocks])

    def _add(self, log_likelihood):
        """Add a block of frames; return the posterior of decided frames."""
        n_frames, n_actions = log_likelihood.shape
        back = np.zeros((n_frames, n_actions, n_actions))
        stays = np.zeros((n_frames, n_actions))
        sums = np.empty((n_frames, self.min_frames, n_actions))
        for t in range(n_frames):
            self._go_on(log_likelihood[t], back[t], stays[t])
            sums[t] = self.sums
        self.back = np.concatenate([self.back, back])
        self.stays = np.concatenate([self.stays, stays])
        n_decided = max(0, len(self.back) - self.lag)
        # from the states of the last frame that is known, back to the decided one
        shares = softmax(sums[n_frames - n_decided :], axis=(1, 2))
        for step in range(self.lag, 0, -1):
            now = slice(step, step + n_decided)
            shares = _before(shares, self.back[now], self.stays[now])
        self.back = self.back[n_decided:].copy()  # not a view of the block
        self.stays = self.stays[n_decided:].copy()
        return shares.sum(axis=1)

    def finish(self):
        """Return the posterior of all waiting frames, at the end of the stream."""
        posterior = np.empty(self.stays.shape)
        if len(posterior) == 0:
            return posterior
        ended = _ended(self.chain, self.sums)
        shares = np.zeros((1, *self.sums.shape))
        shares[0, : len(ended)] = softmax(ended)
        for t in range(len(posterior) - 1, -1, -1):
            posterior[t] = shares[0].sum(axis=0)
            shares = _before(shares, self.back[t : t + 1], self.stays[t : t + 1])
        return posterior

    def _go_on(self, log_likelihood, back, stays):
        """Update the sums to a next frame, and set the probabilities that lead back."""
        # `sums[m]` is for runs that lack m frames. In `stays` is the probability that a
        # complete run was complete a frame earlier, for `back` see `__init__`.
        reached = np.full((self.min_frames, len(log_likelihood)), -np.inf)
        if self.sums is None:
            reached[-1] = -self.chain.starts
        else:
            terms = self.sums[0][:, None] - self.moves
            largest = terms.max(axis=0)
            largest = np.maximum(largest, np.finfo(float).min)  # finite
            weights = np.exp(terms - largest)
            totals = weights.sum(axis=0)
            np.divide(weights, np.maximum(totals, 1), out=back)  # 0 if unreachable
            with np.errstate(divide="ignore"):
                reached[-1] = np.log(totals) + largest
            if self.min_frames > 1:
                both = np.logaddexp(self.sums[0], self.sums[1])
                np.exp(self.sums[0] - np.maximum(both, np.finfo(float).min), out=stays)
                reached[:-1] = self.sums[1:] - self.chain.moves.diagonal()
                reached[0] = both - self.chain.moves.diagonal()
        sums = reached + log_likelihood
        self.sums = sums - sums.max()


def _ended(chain, states):
    """Weights of states at the end; all of them if no allowed path can end so soon."""
    ended = states[:1] - chain.ends
    return ended if ended.max() > -np.inf else states


def _before(shares, back, stays):
    """Probabilities (n, d, n_actions) of states a frame earlier."""
    before = np.empty_like(shares)
    before[:, 0] = (back @ shares[:, -1, :, None])[..., 0]
    if shares.shape[1] > 1:
        before[:, 1:] = shares[:, :-1]
        before[:, 1] *= 1 - stays
        before[:, 0] += stays * shares[:, 0]
    return before


class OnlineDecoder:
    """Actions and posteriors of frames that arrive in blocks, around background."""

    # `chain` is the method of a `Decoder`; `lag` is the number of frames after a frame
    # before it is decided; `confidence` is as in `tempered_posterior`.

    def __init__(self, chain, n_actions, cost, lag, confidence=None, min_frames=1):
        confidence = confidence or {"tempering": 1.0, "agreement": 1.0}
        self.tempering = confidence["tempering"]
        self.agreement = confidence["agreement"]
        self.lag = lag
        tempered = chain(n_actions, self.tempering * cost)
        self.path = OnlinePath(chain(n_actions, cost), min_frames)
        self.posterior = OnlinePosterior(tempered, lag, min_frames)
        self.has_action = deque()  # of the waiting frames

    def push(self, log_likelihood, is_background):
        """Add frames, and whether each is background; return decided ones."""
        actions = []
        for scores, is_other in zip(log_likelihood, is_background):
            self.has_action.append(not is_other)
            if not is_other:
                self.path.add(scores)
            if len(self.has_action) > self.lag:
                has_action = self.has_action.popleft()
                actions.append(self.path.pop() if has_action else BACKGROUND)
        posteriors = self.posterior.add(self.tempering * log_likelihood)
        return np.array(actions, dtype=np.intp), self._temper(posteriors)

    def finish(self):
        """Return actions and posteriors of all waiting frames, at the stream's end."""
        actions = np.full(len(self.has_action), BACKGROUND)
        actions[np.array(self.has_action, dtype=bool)] = self.path.finish()
        return actions, self._temper(self.posterior.finish())

    def _temper(self, posteriors):
        n_actions = posteriors.shape[1]
        return self.agreement * posteriors + (1 - self.agreement) / n_actions
