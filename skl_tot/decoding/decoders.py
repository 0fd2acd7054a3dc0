"""The table of decoders, and decoding of recordings."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import softmax

from skl_tot.decoding import chain as chains
from skl_tot.decoding import orders
from skl_tot.decoding.evidence import find_switch_cost, is_background
from skl_tot.recordings.errors import refuse
from skl_tot.recordings.labels import BACKGROUND


@dataclass(frozen=True)
class Decoder:
    """A method that turns log-likelihoods into labels.

    A ``chain`` gives paths and posteriors, unless these are given.

    Parameters
    ----------
    path : callable, default=None
        ``path(log_likelihood, cost, min_frames)`` returns the action (n_frames,) of
        each frame on the likeliest path. ``log_likelihood`` has shape (n_frames,
        n_actions); ``cost`` is that of a switch between actions, at least 0, in nats;
        segments have at least ``min_frames``.
    posterior : callable, default=None
        ``posterior(log_likelihood, cost, min_frames)`` returns the probability
        (n_frames, n_actions) of each action in each frame, over all paths.
    along : callable, default=None
        ``along(log_likelihood, transcript, min_frames)`` returns the action (n_frames,)
        of each frame on the likeliest path through the actions (n_segments,) of a
        transcript. None puts boundaries anywhere at equal cost.
    uses_cost : bool, default=True
        Whether the cost of a switch matters.
    cycle_frames : float, default=None
        Frames of a cycle, if paths may repeat the actions: longer recordings have
        cycles, with actions of the same duration. None without cycles, infinity if
        unknown.
    chain : callable, default=None
        ``chain(n_actions, cost)`` returns the `skl_tot.decoding.Chain` of the paths or,
        if they depend on a whole recording, a similar chain for online decoding. None
        excludes online decoding.
    own_costs : bool, default=False
        Whether moves have own costs in nats, in units of ``cost``; the cost of a switch
        then does not matter.

    Examples
    --------
    >>> from skl_tot.decoding import DECODERS
    >>> DECODERS["free"].path(np.array([[0, -5], [-6, 0]]), 1.0)
    array([0, 1])
    """

    path: Callable | None = None
    posterior: Callable | None = None
    along: Callable | None = None
    uses_cost: bool = True
    cycle_frames: float | None = None
    chain: Callable | None = None
    own_costs: bool = False

    def __post_init__(self):
        if self.chain is None and (self.path is None or self.posterior is None):
            raise TypeError("a Decoder needs a chain, or a path and a posterior.")
        for name, function in {
            "path": partial(_path_of, self.chain),
            "posterior": partial(_posterior_of, self.chain),
            "along": _along,
        }.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, function)


def _path_of(chain, log_likelihood, cost, min_frames=1):
    return chain(log_likelihood.shape[1], cost).viterbi(log_likelihood, min_frames)


def _posterior_of(chain, log_likelihood, cost, min_frames=1):
    return chain(log_likelihood.shape[1], cost).posterior(log_likelihood, min_frames)


def _along(log_likelihood, transcript, min_frames=1):
    own = log_likelihood[:, transcript]
    return transcript[chains.fixed_chain(len(transcript)).viterbi(own, min_frames)]


def order_decoder(find_order):
    """Make a decoder of paths along an order that is found for each recording."""
    # Online decoding allows any order, as the order needs the whole recording.

    def path(log_likelihood, cost, min_frames=1):
        order = find_order(log_likelihood, cost, min_frames)
        return orders.path_along(log_likelihood, order, cost, min_frames)

    def posterior(log_likelihood, cost, min_frames=1):
        order = find_order(log_likelihood, cost, min_frames)
        return orders.posterior_along(log_likelihood, order, cost, min_frames)

    return Decoder(path, posterior, chain=chains.free_chain)


def chain_decoder(chain):
    """Make a decoder from a chain with own costs of moves."""
    return Decoder(
        uses_cost=False,
        chain=lambda n_actions, unit: chains.scaled_chain(chain, unit),
        own_costs=True,
    )


def duration_decoder(mean_durations, max_bins=orders.MAX_BINS):
    """Make a decoder for segments with known mean lengths, by Poisson distributions."""
    # Longer recordings are decoded in `max_bins` bins, or one per segment if
    # there are more; a bin has the sum of its log-likelihoods. In a recording
    # that is too short for all segments, lengths do not matter and segments may
    # be skipped.
    actions = np.arange(len(mean_durations))
    along = partial(orders.path_of_durations, mean_durations, max_bins)
    posterior = partial(orders.posterior_of_durations, mean_durations, max_bins)
    return Decoder(
        lambda given, cost, min_frames=1: along(given, actions, min_frames),
        lambda given, cost, min_frames=1: posterior(given, min_frames),
        along=along,
        uses_cost=False,
        chain=chains.fixed_chain,  # for streams, whose length is unknown
    )


def _frame_by_frame(log_likelihood, cost, min_frames=1):
    if min_frames == 1:
        return log_likelihood.argmax(axis=1)
    return _path_of(chains.free_chain, log_likelihood, 0.0, min_frames)


def _posterior_by_frame(log_likelihood, cost, min_frames=1):
    if min_frames == 1:
        return softmax(log_likelihood, axis=1)
    return _posterior_of(chains.free_chain, log_likelihood, 0.0, min_frames)


#: Values of ``decoding`` of a segmenter. More can be added.
DECODERS = {
    # in fixed order, all paths have the same number of switches
    "fixed": Decoder(chain=chains.fixed_chain, uses_cost=False),
    "skip": Decoder(chain=chains.skip_chain),
    "free": Decoder(chain=chains.free_chain),
    "cyclic": Decoder(chain=chains.cyclic_chain, cycle_frames=np.inf),
    "cyclic_skip": Decoder(
        chain=partial(chains.cyclic_chain, may_skip=True), cycle_frames=np.inf
    ),
    # each frame separately, with free switches
    "framewise": Decoder(
        _frame_by_frame, _posterior_by_frame, uses_cost=False, chain=chains.single_chain
    ),
}


def decode(
    log_likelihood, decoding="fixed", switch_cost=0.0, *, min_frames=1, transcript=None
):
    """Find the most likely path of a recording.

    Parameters
    ----------
    log_likelihood : array-like of shape (n_frames, n_actions)
        Finite log-likelihood (up to a constant per frame) of each action, such as from
        ``log_likelihood`` of a segmenter.
    decoding : str, default="fixed"
        A key of ``DECODERS``. "fixed": all actions in order. "skip": some of them, in
        order. "free": any order, any number of times. "cyclic": in order, and from the
        last to the first again, with any start and end. "cyclic_skip": the same, with
        skipped actions at the cost of a switch each. "framewise": each frame by itself.
    switch_cost : float or "auto", default=0.0
        Cost of a switch between actions, in nats for each frame of the mean duration of
        an action, ``n_frames / n_actions``. Not used in fixed order. "auto" finds it
        for each recording, see `skl_tot.decoding.evidence.find_switch_cost`.
    min_frames : int, default=1
        Least number of frames of a segment. A recording with fewer is one segment; if
        not all actions of a fixed order, or of a transcript, fit, some are skipped.
    transcript : array-like of int of shape (n_segments,), default=None
        Known actions of the recording, in order, with repeats. Only the boundaries are
        then to be found.

    Returns
    -------
    path : ndarray of shape (n_frames,), dtype intp
        Action of each frame.

    Raises
    ------
    TypeError, ValueError
        If the decoder does not exist, a value is not finite, ``min_frames`` is no
        positive integer, or the transcript has other actions.

    Examples
    --------
    >>> from skl_tot.decoding import decode
    >>> log_likelihood = [[0, -5], [-1, 0], [-6, 0], [0, -5]]
    >>> decode(log_likelihood, "free", 1.0)
    array([0, 1, 1, 0])
    >>> decode(log_likelihood)
    array([0, 1, 1, 1])
    >>> decode(log_likelihood, transcript=[1, 0])
    array([1, 1, 1, 0])
    >>> decode(log_likelihood, "free", min_frames=2)
    array([0, 0, 1, 1])
    """
    log_likelihood = _checked(log_likelihood)
    if transcript is not None:
        transcript = _checked_transcript(transcript, log_likelihood.shape[1])
    _check_min_frames(min_frames)
    decoder = _find_decoder(decoding)
    return _decode(log_likelihood, decoder, switch_cost, min_frames, transcript)


def _decode(log_likelihood, decoder, switch_cost, min_frames, transcript=None):
    if transcript is not None:
        return decoder.along(log_likelihood, transcript, min_frames)
    cost = nats_of_switch(switch_cost, log_likelihood, decoder)
    return decoder.path(log_likelihood, cost, min_frames)


def path_posterior(log_likelihood, decoding="fixed", switch_cost=0.0, *, min_frames=1):
    """Compute the probability of each action in each frame, over all paths.

    Parameters
    ----------
    log_likelihood, decoding, switch_cost, min_frames : array-like, str, float, int
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
    log_likelihood = _checked(log_likelihood)
    _check_min_frames(min_frames)
    decoder = _find_decoder(decoding)
    return tempered_posterior(
        log_likelihood, decoder, switch_cost, min_frames=min_frames
    )


def tempered_posterior(
    log_likelihood, decoder, switch_cost, confidence=None, *, min_frames=1
):
    """Posterior of frames that are not independent."""
    # `confidence` is None or has `tempering`, a factor of log-likelihoods and
    # costs, which does not change the best path; and `agreement`, the weight of
    # the posterior in a mixture with the uniform distribution.
    cost = nats_of_switch(switch_cost, log_likelihood, decoder)
    if confidence is None:
        return decoder.posterior(log_likelihood, cost, min_frames)
    tempering, agreement = confidence["tempering"], confidence["agreement"]
    found = decoder.posterior(tempering * log_likelihood, tempering * cost, min_frames)
    return agreement * found + (1 - agreement) / found.shape[1]


def _find_decoder(decoding):
    if isinstance(decoding, Decoder):
        return decoding
    if decoding not in DECODERS:
        refuse("decoding", decoding, f"one of {list(DECODERS)}")
    return DECODERS[decoding]


def nats_of_switch(switch_cost, log_likelihood, decoder, n_frames=None):
    """Cost of a switch in nats, for a recording of ``n_frames`` frames, or these."""
    if decoder.own_costs:
        return 1.0
    n_frames = len(log_likelihood) if n_frames is None else n_frames
    if isinstance(switch_cost, str) and switch_cost == "auto":
        return find_switch_cost(log_likelihood) if decoder.uses_cost else 0.0
    if not (isinstance(switch_cost, Real) and 0 <= switch_cost <= 1e300):
        refuse("switch_cost", switch_cost, "a number from 0 on, or 'auto'")
    if decoder.cycle_frames is not None:
        n_frames = min(n_frames, decoder.cycle_frames)
    return switch_cost * n_frames / log_likelihood.shape[1]


class Decoded(NamedTuple):
    """Input of the decoder, path (-1 is background), and tempered posterior or None."""

    log_likelihood: np.ndarray
    path: np.ndarray
    posterior: np.ndarray | None


def decode_recording(
    log_likelihood,
    blocks,
    background,
    decoder,
    switch_cost,
    *,
    min_frames=1,
    transcript=None,
    with_posterior=False,
    confidence=None,
):
    """Decode the log-likelihoods of a recording, around background."""
    found = None
    if with_posterior:
        found = tempered_posterior(
            log_likelihood, decoder, switch_cost, confidence, min_frames=min_frames
        )
    options = decoder, switch_cost, min_frames, transcript
    if background is None:
        path = _decode(log_likelihood, *options)
        return Decoded(log_likelihood, path, found)
    masks = [is_background(block, background) for block in blocks]
    kept = ~np.concatenate(masks)
    path = np.full(len(log_likelihood), BACKGROUND, dtype=np.intp)
    if kept.any():
        path[kept] = _decode(log_likelihood[kept], *options)
    return Decoded(log_likelihood, path, found)


def _check_min_frames(min_frames):
    is_number = isinstance(min_frames, Integral) and not isinstance(min_frames, bool)
    if not is_number or min_frames < 1:
        refuse("min_frames", min_frames, "an integer from 1 on")


def _checked(values):
    if np.ma.isMaskedArray(values) or sparse.issparse(values):
        refuse("log_likelihood", type(values), "an array (frames, actions)", TypeError)
    try:
        array = np.asarray(values)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise ValueError("log_likelihood is no table of numbers.") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"log_likelihood is of type {array.dtype}, expected numbers.")
    if array.ndim != 2 or 0 in array.shape:
        refuse("the shape of log_likelihood", array.shape, "(frames, actions)")
    with np.errstate(all="ignore"):  # overflow becomes infinite, and is refused
        array = array.astype(np.float64, copy=False)
    # also refuses NaN; sums of larger values may overflow
    if not -1e150 < array.min() <= array.max() < 1e150:
        raise ValueError("log_likelihood has values that are not finite, or too large.")
    return array


def _checked_transcript(transcript, n_actions):
    actions = np.array(0)
    if not sparse.issparse(transcript):
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            actions = np.asarray(transcript)
    known = actions.dtype.kind in "iu" and np.isin(actions, np.arange(n_actions)).all()
    if actions.ndim != 1 or len(actions) == 0 or not known:
        refuse("transcript", transcript, f"actions from 0 to {n_actions - 1}")
    return actions.astype(np.intp)
