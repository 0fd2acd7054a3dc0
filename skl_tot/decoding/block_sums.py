"""Sums over paths of a uniform `Chain` through a long recording, all blocks at once."""

import numpy as np

# Shorter recordings, or more actions, are processed frame by frame.
LEAST_FRAMES, MOST_ACTIONS = 500, 10
LEAST_COST = 40.0  # at which staying is practically certain
LEAST_EXPONENT = -700.0


def is_for_blocks(chain, given):
    """Whether `block_sums` applies to a chain, and takes less time."""
    n_frames, n_actions = given.shape
    is_sure = chain.moves[0, -1] >= LEAST_COST
    return is_sure and n_frames >= LEAST_FRAMES and n_actions <= MOST_ACTIONS


def block_sums(chain, given):
    r"""Compute `uniform_sums` in less time.

    All of :math:`\sqrt T` blocks are processed at once, from both ends: first from each
    possible last action of the previous block, then from its sums.
    """
    n_frames, n_actions = given.shape
    both = np.stack([given, given[::-1]], axis=2)
    width = round(np.sqrt(n_frames))
    n_before = (n_frames - 1) // width  # blocks before the last
    # by action before the block, action, block and end
    links = np.where(np.eye(n_actions), 0.0, -np.inf)[..., None, None]
    links = np.tile(links, (1, 1, n_before, 2))
    for step in range(width):
        known = links + both[step::width][:n_before].swapaxes(0, 1)
        links = _expect(chain, known)
    now = np.empty((n_actions, n_before + 1, 2))
    now[:, 0] = np.stack([-chain.starts, -chain.ends], axis=1)
    total = 0.0  # subtracted from each block, for precision
    for block in range(n_before):
        found = _log_sums(now[:, block, None] + links[:, :, block], axis=0)[0]
        most = found.max(axis=0)
        now[:, block + 1] = found - most
        total += most[0]
    expected = np.empty_like(both)
    for step in range(width):
        own = both[step::width].swapaxes(0, 1)
        now = now[:, : own.shape[1]]
        expected[step::width] = now.swapaxes(0, 1)
        now = _expect(chain, now + own)
    last = expected[-1, :, 0] + given[-1] - chain.ends
    total += np.logaddexp.reduce(last)
    return given + expected[..., 0] + expected[::-1, :, 1], total


def _expect(chain, known):
    """Log-weights of entering each action, from those (..., n_actions, n, 2) of all."""
    others = _log_sums(known, axis=-3) - chain.moves[0, -1]
    gaps = known - others
    np.abs(gaps, out=gaps)
    np.negative(gaps, out=gaps)
    gaps = np.log1p(_exp(gaps), out=gaps)
    return np.maximum(known, others, out=known) + gaps


def _log_sums(known, axis):
    """Logarithm of the sum of weights; faster than scipy's."""
    most = known.max(axis=axis, keepdims=True)
    return most + np.log(_exp(known - most).sum(axis=axis, keepdims=True))


def _exp(values):
    """Weights up to 1, in place; avoids slow subnormal numbers."""
    np.maximum(values, LEAST_EXPONENT, out=values)
    return np.exp(values, out=values)
