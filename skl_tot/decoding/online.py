r"""Paths and posteriors of frames that come one by one, a few frames later.

What is known of a frame once some later ones are there is asked of a queue: pointers of
the best path from frame to frame, or weights of all paths, whose composition is kept.
Both take the same time and memory for each frame, however many there have been: for K
actions O(K²) operations for the path and O(K³) for the posterior, whatever the lag is,
on the mean over as many frames as wait.
"""

from collections import deque

import numpy as np

from skl_tot.inputs.labels import BACKGROUND


class ComposedQueue:
    """First in, first out, with the composition of all that is in it.

    Of two stacks: one that items go to, with the composition of all of them, and one
    that they leave from, with that of each item and those above it. Once the second is
    empty, it takes all of the first.

    Parameters
    ----------
    compose : callable
        ``compose(first, second)`` of two neighbours; associative.

    Examples
    --------
    >>> queue = ComposedQueue(lambda first, second: first + second)
    >>> for letter in "abc":
    ...     queue.append(letter)
    >>> queue.parts()
    ['abc']
    >>> queue.popleft()
    >>> queue.append("d")
    >>> queue.parts()
    ['bc', 'd']
    """

    def __init__(self, compose):
        self.compose = compose
        self.front, self.back, self.joined = [], [], None

    def append(self, item):
        """Add an item."""
        is_first = self.joined is None
        self.joined = item if is_first else self.compose(self.joined, item)
        self.back.append(item)

    def popleft(self):
        """Drop the item that was added first."""
        if not self.front:
            total = None
            for item in reversed(self.back):
                total = item if total is None else self.compose(item, total)
                self.front.append(total)
            self.back, self.joined = [], None
        self.front.pop()

    def parts(self):
        """List at most two compositions, in order, whose composition is that of all."""
        found = self.front[-1:]
        return found if self.joined is None else [*found, self.joined]


class OnlinePath:
    r"""Best path through frames that come one by one.

    The action of a frame is that on the best path through all frames so far,

    .. math::

        V_k(t) = \ell_{tk} + \max_j \left( V_j(t - 1) - c_{jk} \right),

    wherever that ends; at the end of all frames, it is that of the decoder. Frames that
    come later may change the path, so that actions of frames asked for at different
    times need not be on one path.

    Parameters
    ----------
    chain : Chain
        Costs of starts, moves and ends.

    Examples
    --------
    >>> from skl_tot.decoding.chains import free_chain
    >>> path = OnlinePath(free_chain(2, 1.0))
    >>> path.add(np.array([0.0, 0.1]))
    >>> path.add(np.array([3.0, 0.0]))
    >>> path.pop(), path.pop()
    (0, 0)
    """

    def __init__(self, chain):
        self.chain = chain
        self.scores = None
        self.n_waiting = 0
        # of the action of a frame, that of the frame before
        self.pointers = ComposedQueue(_follow)

    def add(self, log_likelihood):
        """Add a frame, of log-likelihoods (n_actions,)."""
        if self.scores is None:
            self.scores = log_likelihood - self.chain.starts
        else:
            totals = self.scores[:, None] - self.chain.moves
            if self.n_waiting:
                self.pointers.append(totals.argmax(axis=0))
            # of a long stream, scores keep their digits
            self.scores = totals.max(axis=0) - self.scores.max() + log_likelihood
        self.n_waiting += 1

    def pop(self, *, is_over=False):
        """Give the action of the first frame that waits, which then waits no more.

        ``is_over`` says that no other frame comes. Where no allowed path can end so
        soon, it may end anywhere.
        """
        scores = self.scores
        if is_over:
            ended = scores - self.chain.ends
            scores = ended if ended.max() > -np.inf else scores
        action = scores.argmax()
        for pointers in reversed(self.pointers.parts()):
            action = pointers[action]
        if self.n_waiting > 1:
            self.pointers.popleft()
        self.n_waiting -= 1
        return int(action)


class OnlinePosterior:
    r"""Posterior of frames that come one by one, over all paths.

    With sums :math:`a_k(s)` over all paths that end in action k at frame s, and the
    weights :math:`M_t` of the moves to frame t,

    .. math::

        (M_t)_{jk} = e^{\ell_{tk} - c_{jk}}, \quad
        P_k(s) \propto a_k(s) \left( M_{s+1} \cdots M_t \, 1 \right)_k .

    All of it is computed in logarithms, which lose no path, however unlikely.

    Parameters
    ----------
    chain : Chain
        Costs of starts, moves and ends.

    Examples
    --------
    >>> from skl_tot.decoding.chains import free_chain
    >>> posterior = OnlinePosterior(free_chain(2, 99.0))
    >>> posterior.add(np.log([0.5, 0.5]))
    >>> posterior.add(np.log([0.9, 0.1]))
    >>> posterior.pop().round(3), posterior.pop().round(3)
    (array([0.9, 0.1]), array([0.9, 0.1]))
    """

    def __init__(self, chain):
        self.chain = chain
        self.sums = None
        self.waiting = deque()
        self.weights = ComposedQueue(_log_product)

    def add(self, log_likelihood):
        """Add a frame, of log-likelihoods (n_actions,)."""
        with np.errstate(divide="ignore"):  # of what is not allowed
            if self.sums is None:
                self.sums = log_likelihood - self.chain.starts
            else:
                weights = log_likelihood - self.chain.moves
                if self.waiting:
                    self.weights.append(weights)
                self.sums = _log_sums(self.sums[:, None] + weights, axis=0)
        self.sums = self.sums - self.sums.max()
        self.waiting.append(self.sums)

    def pop(self, *, is_over=False):
        """Give probabilities (n_actions,) of the first that waits; as `OnlinePath`."""
        ends = -self.chain.ends
        if not is_over or (self.sums + ends).max() == -np.inf:
            ends = np.zeros(len(ends))
        with np.errstate(divide="ignore"):
            for weights in reversed(self.weights.parts()):
                ends = _log_sums(weights + ends, axis=1)
            if len(self.waiting) > 1:
                self.weights.popleft()
        joint = self.waiting.popleft() + ends
        shares = np.exp(joint - joint.max())
        return shares / shares.sum()


class OnlineDecoder:
    """Actions and posteriors of frames that come one by one, around background.

    Parameters
    ----------
    chain : callable
        ``chain(n_actions, cost)``, as of `Decoder`.
    n_actions : int
        Number of actions K.
    cost : float
        Cost of a switch in nats.
    confidence : dict of float, default=None
        As of `skl_tot.decoding.decoders.tempered_posterior`.
    """

    def __init__(self, chain, n_actions, cost, confidence=None):
        if confidence is None:
            confidence = {"tempering": 1.0, "agreement": 1.0}
        self.tempering, self.agreement = (
            confidence["tempering"],
            confidence["agreement"],
        )
        self.path = OnlinePath(chain(n_actions, cost))
        self.posterior = OnlinePosterior(chain(n_actions, self.tempering * cost))
        self.has_action = deque()  # of the frames that wait

    def __len__(self):
        return len(self.has_action)

    def add(self, log_likelihood, is_background=False):
        """Add a frame, of log-likelihoods (n_actions,)."""
        self.posterior.add(self.tempering * log_likelihood)
        if not is_background:
            self.path.add(log_likelihood)
        self.has_action.append(not is_background)

    def pop(self, *, is_over=False):
        """Give action (-1 of background) and posterior of the first that waits."""
        found = self.posterior.pop(is_over=is_over)
        probabilities = self.agreement * found + (1 - self.agreement) / len(found)
        action = BACKGROUND
        if self.has_action.popleft():
            action = self.path.pop(is_over=is_over)
        return action, probabilities


def _follow(earlier, later):
    """Compose pointers (n_actions,) to the frame before."""
    return earlier[later]


def _log_product(first, second):
    """Logarithm of the matrix product of what has these logarithms."""
    return _log_sums(first[:, :, None] + second, axis=1)


def _log_sums(terms, axis):
    """Logarithm of the sum of what has these logarithms; that of nothing is -inf."""
    largest = terms.max(axis=axis, keepdims=True)
    largest = np.maximum(largest, np.finfo(float).min)  # -inf less -inf is no number
    sums = np.exp(terms - largest).sum(axis=axis)
    return np.log(sums) + largest.squeeze(axis)
