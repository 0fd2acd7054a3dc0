"""`DECODERS`, from log-likelihoods to labels, and decoding of recordings."""

from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from skl_tot.decoding import chain as chains
from skl_tot.decoding.evidence import check_log_likelihood, find_switch_cost
from skl_tot.recordings.errors import is_int, is_number, refuse
from skl_tot.recordings.labels import BACKGROUND

# Cost of a switch that each recording gives, by `find_switch_cost`.
ESTIMATE = "estimate"


class Decoder:
    """Base of decoders, which turn log-likelihoods into labels.

    A subclass has a `chain`, or overrides `path` and `posterior` if its paths are not
    those of a chain. In all methods, ``log_likelihood`` has shape (n_frames,
    n_actions), up to a constant per frame; ``cost`` is that of a switch between
    actions, in nats; segments have at least ``min_frames``.

    Attributes
    ----------
    uses_cost : bool
        Whether the cost of a switch matters.
    has_cycles : bool
        Whether paths may repeat the actions, in their order.

    Examples
    --------
    >>> import numpy as np
    >>> from skl_tot.decoding import DECODERS
    >>> DECODERS["free"].path(np.array([[0, -5], [-6, 0]]), 1.0)
    array([0, 1])
    """

    uses_cost = True
    has_cycles = False

    def chain(self, n_actions, cost) -> chains.Chain:
        """Return the `Chain` of the paths."""
        raise NotImplementedError(f"{type(self).__name__} has no chain.")

    def path(self, log_likelihood, cost, min_frames=1) -> np.ndarray:
        """Find the action (n_frames,) of each frame on the likeliest path."""
        chain = self.chain(log_likelihood.shape[1], cost)
        return chain.viterbi(log_likelihood, min_frames)

    def posterior(self, log_likelihood, cost, min_frames=1) -> np.ndarray:
        """Compute the probability (n_frames, n_actions) of each action, over paths."""
        chain = self.chain(log_likelihood.shape[1], cost)
        return chain.posterior(log_likelihood, min_frames)

    def nats_of_switch(self, switch_cost, log_likelihood, n_frames) -> float:
        """Convert the cost of a switch, as in `decode`, to nats for ``n_frames``."""
        if isinstance(switch_cost, str) and switch_cost == ESTIMATE:
            return find_switch_cost(log_likelihood) if self.uses_cost else 0.0
        if not (is_number(switch_cost) and 0 <= switch_cost <= 1e300):
            refuse("switch_cost", switch_cost, f"a number from 0 on, or {ESTIMATE!r}")
        return switch_cost * n_frames / log_likelihood.shape[1]


class FixedDecoder(Decoder):
    """All actions in order; all paths have the same number of switches."""

    uses_cost = False

    def chain(self, n_actions, cost):
        """Allow one segment of each action; the cost does not matter."""
        return chains.fixed_chain(n_actions)


class SkipDecoder(Decoder):
    """Some of the actions, in order."""

    def chain(self, n_actions, cost):
        """Allow some of the actions; each switch has one cost."""
        return chains.skip_chain(n_actions, cost)


class FreeDecoder(Decoder):
    """Any order, any number of times."""

    def chain(self, n_actions, cost):
        """Allow all moves; each switch has one cost."""
        return chains.free_chain(n_actions, cost)


class CyclicDecoder(Decoder):
    """Actions in cycles; a recording of many cycles costs as much as one."""

    has_cycles = True

    def __init__(self, may_skip=False, cycle_frames=np.inf):
        self.may_skip = may_skip
        self.cycle_frames = cycle_frames

    def chain(self, n_actions, cost):
        """Allow moves to the next action, or to all; skipped ones have costs."""
        return chains.cyclic_chain(n_actions, cost, may_skip=self.may_skip)

    def nats_of_switch(self, switch_cost, log_likelihood, n_frames):
        """Convert the cost for a recording of at most one cycle."""
        n_frames = min(n_frames, self.cycle_frames)
        return super().nats_of_switch(switch_cost, log_likelihood, n_frames)


class FramewiseDecoder(Decoder):
    """Each frame separately, with free switches."""

    uses_cost = False

    def chain(self, n_actions, cost):
        """Allow all moves, without costs."""
        return chains.free_chain(n_actions, 0.0)

    def path(self, log_likelihood, cost, min_frames=1):
        """Find the likeliest action of each frame."""
        if min_frames == 1:
            return log_likelihood.argmax(axis=1)
        return super().path(log_likelihood, cost, min_frames)


class LearnedDecoder(Decoder):
    """Paths of a learned chain, whose moves have costs in nats."""

    uses_cost = False

    def __init__(self, chain):
        self.learned_chain = chain

    def chain(self, n_actions, cost):
        """Scale the costs of the learned chain."""
        return chains.scaled_chain(self.learned_chain, cost)

    def nats_of_switch(self, switch_cost, log_likelihood, n_frames):
        """Return the factor of all costs, which tempering lowers."""
        return 1.0


#: Decoders by the names that estimators know. An own decoder is given as an object.
DECODERS = MappingProxyType(
    {
        "fixed": FixedDecoder(),
        "skip": SkipDecoder(),
        "free": FreeDecoder(),
        "cyclic": CyclicDecoder(),
        "cyclic_skip": CyclicDecoder(may_skip=True),
        "framewise": FramewiseDecoder(),
    }
)


def decode(
    log_likelihood, decoding="fixed", switch_cost=0.0, *, min_frames=1
) -> np.ndarray:
    """Find the most likely path of a recording.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_frames, n_actions)
        Finite log-likelihood of each action, up to a constant per frame.
    decoding : str or Decoder, default="fixed"
        A key of ``DECODERS``, or your own `Decoder`. "fixed": all actions in order.
        "skip": some of them, in order. "free": any order, any number of times.
        "cyclic": in order, and from the last to the first again, with any start and
        end. "cyclic_skip": the same, with skipped actions at the cost of a switch each.
        "framewise": each frame by itself.
    switch_cost : float or "estimate", default=0.0
        Cost of a switch between actions, in nats for each frame of the mean duration of
        an action, ``n_frames / n_actions``. Not used in fixed order. "estimate" finds
        it for each recording, see `skl_tot.decoding.evidence.find_switch_cost`.
    min_frames : int, default=1
        Least number of frames of a segment. A recording with fewer is one segment; if
        not all actions of a fixed order fit, some are skipped.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        Action of each frame.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not valid.

    Examples
    --------
    >>> from skl_tot.decoding import decode
    >>> log_likelihood = [[0, -5], [-1, 0], [-6, 0], [0, -5]]
    >>> decode(log_likelihood, "free", 1.0)
    array([0, 1, 1, 0])
    """
    scores, decoder = _check_arguments(log_likelihood, decoding, min_frames)
    return decode_recording(scores, decoder, switch_cost, min_frames=min_frames).path


def path_posterior(
    log_likelihood, decoding="fixed", switch_cost=0.0, *, min_frames=1
) -> np.ndarray:
    """Compute the probability of each action in each frame, over all paths.

    Parameters
    ----------
    log_likelihood, decoding, switch_cost, min_frames : optional
        As for `decode`, with its errors.

    Returns
    -------
    probabilities : ndarray of shape (n_frames, n_actions)
        Each row sums to 1.

    Examples
    --------
    >>> from skl_tot.decoding import path_posterior
    >>> path_posterior([[0, 0], [0, 0], [0, 0]])
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    scores, decoder = _check_arguments(log_likelihood, decoding, min_frames)
    return tempered_posterior(scores, decoder, switch_cost, None, min_frames)


def tempered_posterior(scores, decoder, switch_cost, confidence=None, min_frames=1):
    """Posterior of dependent frames, tempered and mixed with a uniform distribution."""
    # Tempering scales log-likelihoods and costs alike, so the best path does not
    # change.
    cost = decoder.nats_of_switch(switch_cost, scores, len(scores))
    if confidence is None:
        return decoder.posterior(scores, cost, min_frames)
    tempering, agreement = confidence["tempering"], confidence["agreement"]
    probabilities = decoder.posterior(tempering * scores, tempering * cost, min_frames)
    return agreement * probabilities + (1 - agreement) / probabilities.shape[1]


def _check_arguments(log_likelihood, decoding, min_frames):
    """Return log-likelihoods as float64, and the decoder; refuse bad arguments."""
    scores = check_log_likelihood(log_likelihood)
    if not (is_int(min_frames) and min_frames >= 1):
        refuse("min_frames", min_frames, "an integer from 1 on")
    if isinstance(decoding, Decoder):
        return scores, decoding
    if not (isinstance(decoding, str) and decoding in DECODERS):
        refuse("decoding", decoding, f"one of {list(DECODERS)}, or a Decoder")
    return scores, DECODERS[decoding]


class Decoded(NamedTuple):
    """Input of the decoder, path (-1 is background), and tempered posterior or None."""

    log_likelihood: np.ndarray
    path: np.ndarray
    posterior: np.ndarray | None


def decode_recording(
    log_likelihood,
    decoder,
    switch_cost,
    *,
    min_frames=1,
    is_background=None,
    with_posterior=False,
    confidence=None,
):
    """Decode a recording to `Decoded`; frames of ``is_background`` are left out."""
    posterior = None
    if with_posterior:
        options = switch_cost, confidence, min_frames
        posterior = tempered_posterior(log_likelihood, decoder, *options)
    path = np.full(len(log_likelihood), BACKGROUND, dtype=np.intp)
    rows = slice(None) if is_background is None else ~is_background
    scores = log_likelihood[rows]
    if len(scores):
        cost = decoder.nats_of_switch(switch_cost, scores, len(scores))
        path[rows] = decoder.path(scores, cost, min_frames)
    return Decoded(log_likelihood, path, posterior)
