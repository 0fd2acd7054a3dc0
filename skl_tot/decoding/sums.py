"""Sums over paths of a `Chain`, by kind of chain."""

import numpy as np

from skl_tot.decoding.paths import BLOCK, prefix_sums, runs_of_blocks, without_stays


def ordered_sums(chain, given):
    """Log-weights of all paths through each action of each frame, and their sum."""
    forward = _running_sums(chain, given)[1][1:]
    # in reverse, the same problem with actions in reverse order
    backward = _running_sums(chain.turned, given[::-1, ::-1])[1][1:][::-1, ::-1]
    total = np.logaddexp.reduce(forward[-1] - chain.ends)
    return forward + backward - given, total


def _running_sums(chain, given, min_frames=1):
    """Compute `runs_of_blocks` for an ordered chain, as `ordered_path` does."""
    given, starts, enters = without_stays(chain, given)
    n_frames, n_actions = given.shape
    begun, ended = np.full((2, n_actions, n_frames + 1), -np.inf)
    before = np.full(n_frames + 1, -np.inf)
    for k in range(n_actions):
        total = prefix_sums(given[:, k])
        entries = before[:-1] - total[:-1]
        entries[0] = -starts[k]
        entries[1:] -= enters[k]
        begun[k, :-1] = entries + total[:-1] - chain.moves[k, k]
        sums = np.logaddexp.accumulate(entries[: n_frames - min_frames + 1])
        ended[k, min_frames:] = sums + total[min_frames:]
        before = np.logaddexp(before, ended[k]) if chain.skips else ended[k]
    return begun.T, ended.T


def mixing_sums(chain, given):
    """Posterior, expected moves (n_actions, n_actions), and log-weight of all paths."""
    # Sums of weights instead of logarithms keep all paths, as no cost is large.
    weights, moves = np.exp(given), np.exp(-chain.moves)
    ends = np.exp(-chain.ends)
    forward, norms = _scaled_sums(weights, np.exp(-chain.starts), moves)
    backward = _scaled_sums(weights[::-1], ends, moves.T)[0][::-1]
    # by the continuation after each action of each frame
    shares = forward * np.concatenate([backward[1:] @ moves.T, ends[None]])
    totals = shares.sum(axis=1, keepdims=True)
    shares /= totals
    counts = moves * ((forward[:-1] / totals[:-1]).T @ backward[1:])
    return shares, counts, np.log(norms).sum() + np.log(totals[-1, 0])


def _scaled_sums(weights, starts, moves):
    """Weights of all paths up to each frame, scaled to sum to 1, and the scales."""
    # All of sqrt(T) blocks are processed at once: first from each possible last
    # action of the previous block, then from its actual weights.
    n_frames, n_actions = weights.shape
    width = max(1, round(np.sqrt(n_frames - 1)))
    n_blocks = -(-(n_frames - 1) // width)
    found = np.ones((n_blocks * width + 1, n_actions))
    found[:n_frames] = weights
    scales = np.ones(len(found))
    found[0] *= starts
    scales[0] = found[0].sum()
    found[0] /= scales[0]
    blocks = found[1:].reshape(n_blocks, width, n_actions)
    norms = scales[1:].reshape(n_blocks, width)
    links = np.broadcast_to(np.eye(n_actions), (n_blocks, n_actions, n_actions))
    for step in range(width if n_blocks > 1 else 0):
        links = (links.reshape(-1, n_actions) @ moves).reshape(links.shape)
        links *= blocks[:, step, None]
        links /= links.max(axis=(1, 2), keepdims=True)
    reached = np.empty((n_blocks, n_actions))
    known = found[0]
    for block, link in enumerate(links):
        reached[block] = known
        known = known @ link
        known /= known.sum()
    for step in range(width):
        reached = (reached @ moves) * blocks[:, step]
        norms[:, step] = reached.sum(axis=1)
        reached /= norms[:, step, None]
        blocks[:, step] = reached
    return found[:n_frames], scales[:n_frames]


def linked_sums(chain, given):
    """Compute `ordered_sums` frame by frame, for any chain."""
    (origins, costs), (_, turned) = chain.links, chain.turned.links
    costs = np.stack([costs, turned])
    both = np.stack([given, given[::-1, ::-1]], axis=1)
    expected = np.empty_like(both)
    expected[0] = -chain.starts, -chain.turned.starts
    for t in range(1, len(both)):
        known = expected[t - 1] + both[t - 1]
        totals = known[:, origins] - costs
        np.logaddexp.reduce(totals, axis=1, out=expected[t])
    total = np.logaddexp.reduce(expected[-1, 0] + given[-1] - chain.ends)
    return given + expected[:, 0] + expected[::-1, 1, ::-1], total


def long_sums(chain, given, min_frames, *, moves=False):
    """Compute `mixing_sums` for the paths of `long_path`; moves only if asked."""
    runs = _running_sums if chain.is_ordered else runs_of_blocks
    # paths up to a frame whose run begins there, or has ended before
    begun, ended = runs(chain, given, min_frames)
    turned = runs(chain.turned, given[::-1, ::-1], min_frames)
    # paths from a frame on whose previous run has ended, or whose run begins there
    left, lasts = (array[::-1, ::-1] for array in turned)
    total = np.logaddexp.reduce(ended[-1] - chain.ends)
    # the probability of an action is that of runs begun minus that of runs ended
    changes = np.exp(begun + lasts - total) - np.exp(ended + left - total)
    shares = np.clip(changes.cumsum(axis=0)[:-1], 0, None)
    shares /= shares.sum(axis=1, keepdims=True)
    counts = None
    if moves:
        counts = _moves_of_runs(chain.moves, ended, lasts, total)
        stays = shares[:-1].sum(axis=0) - counts.sum(axis=1)
        np.fill_diagonal(counts, np.maximum(stays, 0))
    return shares, counts, total


def _moves_of_runs(moves, ended, lasts, total):
    """Count the expected moves (n_actions, n_actions) from run to run."""
    costs = np.where(np.eye(len(moves)), np.inf, moves)
    counts = np.zeros(moves.shape)
    for first in range(1, len(ended) - 1, BLOCK):
        now = slice(first, min(first + BLOCK, len(ended) - 1))
        joint = ended[now, :, None] + (lasts[now, None] - total) - costs
        counts += np.exp(joint).sum(axis=0)
    return counts
