"""Algorithms of `Chain`: best paths and sums over paths, by kind of chain."""

from functools import partial

import numpy as np
from scipy.special import softmax

# Maximum frames per step, which limits the memory.
BLOCK = 512


def prefix_sums(values):
    """Add up the first 0, 1, … values (n_frames, ...): (n_frames + 1, ...)."""
    totals = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=totals[1:])
    return totals


def _without_stays(chain, log_likelihood):
    """Scores minus the cost of staying, and costs of starts and entries without it."""
    # the first frame of a run has no cost of staying
    stays = chain.moves.diagonal()
    if stays.any():
        log_likelihood = log_likelihood - stays
    enters = np.append(np.inf, chain.moves.diagonal(1))
    return log_likelihood, chain.starts - stays, enters - stays


def path_in_order(chain, log_likelihood, min_frames=1):
    """Path of an ordered chain, by prefix sums, without a loop over frames."""
    # The best score in action k for d frames up to frame t is a running maximum,
    # V_k(t) = C_k(t) + max_{s <= t - d + 1} (B_k(s - 1) - C_k(s - 1) - c), with
    # prefix sums C_k. B_k is V_{k-1}, or the maximum of V_j over j < k if actions may
    # be skipped (as in Kukleva et al., CVPR 2019; the running maxima are new here).
    log_likelihood, starts, enters = _without_stays(chain, log_likelihood)
    n_frames, n_actions = log_likelihood.shape
    n_starts = n_frames - min_frames + 1
    # Booleans instead of scores, to save memory: the path may have entered the action
    # where the running maximum grows.
    grows = np.ones((n_actions, n_frames), dtype=bool)
    skipped = np.zeros((n_actions, n_frames + 1), dtype=bool)
    ended = np.empty(n_actions)
    best = np.full(n_frames + 1, -np.inf)
    for k in range(n_actions):
        total = prefix_sums(log_likelihood[:, k])
        before, best = best, np.full(n_frames + 1, -np.inf)
        entries = before[:-1] - total[:-1]
        entries[0] = -starts[k]
        entries[1:] -= enters[k]
        entries = np.maximum.accumulate(entries[:n_starts], out=best[min_frames:])
        np.greater(entries[1:], entries[:-1], out=grows[k, 1:n_starts])
        best[min_frames:] += total[min_frames:]
        ended[k] = best[-1] - chain.ends[k]
        if chain.skips:
            skipped[k] = before > best
            np.maximum(before, best, out=best)
    last = n_actions - 1 - ended[::-1].argmax()
    return _trace_back_in_order(grows, skipped, last, min_frames)


def _trace_back_in_order(grows, skipped, action, min_frames):
    """Path (n_frames,) back from its last action, for `path_in_order`."""
    end = grows.shape[1]
    path = np.empty(end, dtype=np.intp)
    while True:
        latest = end - min_frames
        start = latest - int(np.argmax(grows[action, latest::-1]))
        path[start:end] = action
        if start == 0:
            return path
        end = start
        action -= 1
        while skipped[action, end]:
            action -= 1


def path_by_blocks(chain, log_likelihood):
    """Path of any chain, in blocks of frames that are processed side by side."""
    n_frames, n_actions = log_likelihood.shape
    # A block has the root of all frames, or all if blocks do not pay: they multiply the
    # operations of a frame by the number of actions, and divide the steps of the loop
    # by the number of blocks. They take a fifth of the time for 10,000 frames in free
    # order, half for 100, and more for more operations.
    n_origins = 3 if chain.is_uniform else len(chain.links[0])
    pays = n_frames >= 50 and n_actions**2 * n_origins <= 3000
    width = round(np.sqrt(n_frames - 1)) if pays else max(n_frames - 1, 1)
    stays = chain.moves.diagonal()[:, None]
    grows = np.ones((n_frames, n_actions), dtype=bool)
    ended = np.full((n_frames + 1, n_actions), -np.inf)
    ended[1] = log_likelihood[0] - chain.starts
    scores = _scores_before_blocks(chain, log_likelihood, width)
    for step in range(1, width + 1):
        gains = log_likelihood[step::width].T
        scores = scores[:, : gains.shape[1]]  # the last block may be shorter
        reached = _best_entries(chain, scores)
        np.greater(reached.T, (scores - stays).T, out=grows[step::width])
        scores = reached + gains
        ended[step + 1 :: width] = scores.T
    return _trace_back(chain, grows, ended, 1)


def _scores_before_blocks(chain, log_likelihood, width):
    """Best scores (n_actions, n_blocks) of the frame before each block of ``width``."""
    n_frames, n_actions = log_likelihood.shape
    n_known = max(0, (n_frames - 2) // width)  # blocks before the last
    scores = np.empty((n_actions, n_known + 1))
    scores[:, 0] = log_likelihood[0] - chain.starts
    # by action before the block, action, and block
    links = np.where(np.eye(n_actions), 0.0, -np.inf)[..., None]
    links = np.repeat(links, n_known, axis=2)
    for step in range(1, width + 1 if n_known else 1):
        links = _best_entries(chain, links) + log_likelihood[step::width][:n_known].T
    for block in range(n_known):
        scores[:, block + 1] = (scores[:, block, None] + links[..., block]).max(axis=0)
    return scores


def _best_entries(chain, scores):
    """Best scores of reaching each action from scores (..., n_actions, n_blocks)."""
    if chain.is_uniform:
        others = scores.max(axis=-2, keepdims=True) - chain.moves[0, -1]
        return np.maximum(scores, others)
    origins, costs = chain.links
    return (scores[..., origins, :] - costs[..., None]).max(axis=-3)


def path_of_runs(chain, log_likelihood, min_frames):
    """Path of any chain in which each segment has ``min_frames``, at least 2."""
    # Scores of the best paths, by frame and action: to a run that begins at the frame,
    # or whose run ended before it. A run `grows` where it is better to begin it there
    # than at any earlier frame.
    begun, ended = _run_weights(chain, log_likelihood, min_frames, np.maximum)
    n_starts = len(ended) - min_frames
    totals = prefix_sums(log_likelihood - chain.moves.diagonal())
    gains = begun[:n_starts] - totals[:n_starts]
    grows = np.ones(gains.shape, dtype=bool)
    np.greater(gains[1:], np.maximum.accumulate(gains, axis=0)[:-1], out=grows[1:])
    return _trace_back(chain, grows, ended, min_frames)


def _trace_back(chain, grows, ended, min_frames):
    """Path (n_frames,) back from its best end, by runs."""
    # `grows` tells whether a run that begins at a frame is better than any that begins
    # earlier; `ended` has the scores of paths that end before a frame.
    path = np.empty(len(ended) - 1, dtype=np.intp)
    end, action = len(path), int((ended[-1] - chain.ends).argmax())
    origins, costs = chain.links
    from_others = np.where(origins == np.arange(len(chain.ends)), np.inf, costs)
    # listed once: a search back in a column of `grows` would copy all frames before
    begins = [np.flatnonzero(column) for column in grows.T]
    while True:
        n_earlier = begins[action].searchsorted(end - min_frames, side="right")
        start = int(begins[action][n_earlier - 1])
        path[start:end] = action
        if start == 0:
            return path
        scores = ended[start, origins[:, action]] - from_others[:, action]
        end, action = start, origins[scores.argmax(), action]


def _run_weights(chain, values, min_frames, add):
    """Log-weights (n_frames + 1, n_actions) of paths by begins and ends of runs."""
    # `add` is `numpy.maximum` for the best path, and `numpy.logaddexp` for all.
    # With prefix sums C_k(t), paths whose run of action k ends before frame t have
    # weight E_k(t) = C_k(t) + max_{s <= t - d} (B_k(s) - C_k(s)), with B_k(s) =
    # max_{j != k} (E_j(s) - c_jk) for runs that begin at s; sums can replace maxima.
    # Values depend on those d frames before, so d frames are computed at once.
    stays = chain.moves.diagonal()
    totals = prefix_sums(values - stays)
    begun, ended = np.full((2, *totals.shape), -np.inf)
    begun[0] = -chain.starts
    reached = np.full(len(stays), -np.inf)
    width = min(min_frames, BLOCK)
    for first in range(min_frames, len(totals), width):
        now = slice(first, min(first + width, len(totals)))
        before = slice(first - min_frames, now.stop - min_frames)
        entered = slice(max(before.start, 1), before.stop)
        begun[entered] = _entries_from_others(chain, ended[entered], add)
        gains = begun[before] - totals[before]
        gains[0] = add(gains[0], reached)
        add.accumulate(gains, axis=0, out=gains)
        reached = gains[-1]
        # a run stays once less than it has frames
        ended[now] = gains + totals[now] + stays
    return begun, ended


def _entries_from_others(chain, ended, add):
    """Log-weights (n, n_actions) of entering each action, from those of all actions."""
    origins, costs = chain.links
    costs = np.where(origins == np.arange(ended.shape[1]), np.inf, costs)
    return add.reduce(ended[:, origins] - costs, axis=1)


def _run_weights_in_order(chain, log_likelihood, min_frames=1):
    """Compute sums of `_run_weights` for an ordered chain, as `path_in_order` does."""
    log_likelihood, starts, enters = _without_stays(chain, log_likelihood)
    n_frames, n_actions = log_likelihood.shape
    begun, ended = np.full((2, n_actions, n_frames + 1), -np.inf)
    before = np.full(n_frames + 1, -np.inf)
    for k, total in enumerate(prefix_sums(log_likelihood).T.copy()):
        entries = before[:-1] - total[:-1]
        entries[0] = -starts[k]
        entries[1:] -= enters[k]
        begun[k, :-1] = entries + total[:-1] - chain.moves[k, k]
        sums = np.logaddexp.accumulate(entries[: n_frames - min_frames + 1])
        ended[k, min_frames:] = sums + total[min_frames:]
        before = np.logaddexp(before, ended[k]) if chain.skips else ended[k]
    return begun.T, ended.T


def sums_in_order(chain, log_likelihood):
    """Posterior, and log-weight of all paths, of an ordered chain."""
    forward = _run_weights_in_order(chain, log_likelihood)[1][1:]
    # in reverse, the same problem with actions in reverse order
    backward = _run_weights_in_order(chain.turned, log_likelihood[::-1, ::-1])[1]
    joint = forward + backward[:0:-1, ::-1] - log_likelihood
    total = np.logaddexp.reduce(forward[-1] - chain.ends)
    return softmax(joint, axis=1), total


def sums_of_runs(chain, log_likelihood, min_frames):
    """Posterior, and log-weight of all paths, for runs of ``min_frames``."""
    add_up = partial(_run_weights, add=np.logaddexp)
    if chain.is_ordered:
        add_up = _run_weights_in_order
    # paths up to a frame whose run begins there, or has ended before
    begun, ended = add_up(chain, log_likelihood, min_frames)
    # paths from a frame on whose previous run has ended, or whose run begins there
    reversed_weights = add_up(chain.turned, log_likelihood[::-1, ::-1], min_frames)
    left, lasts = (weights[::-1, ::-1] for weights in reversed_weights)
    total = np.logaddexp.reduce(ended[-1] - chain.ends)
    # the probability of an action is that of runs begun minus that of runs ended
    changes = np.exp(begun + lasts - total) - np.exp(ended + left - total)
    shares = np.clip(changes.cumsum(axis=0)[:-1], 0, None)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares, total


def sums_by_blocks(chain, log_likelihood):
    """Posterior, expected moves (n_actions, n_actions), and log-weight of all paths."""
    # Sums of weights instead of logarithms keep all paths, as no cost is large.
    weights, moves = np.exp(log_likelihood), np.exp(-chain.moves)
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
    # Blocks of the root of all frames are processed side by side: first from each
    # possible last action of the block before, then from its actual weights.
    n_frames, n_actions = weights.shape
    width = max(1, round(np.sqrt(n_frames - 1)))
    n_blocks = -(-(n_frames - 1) // width)
    sums = np.ones((n_blocks * width + 1, n_actions))
    sums[:n_frames] = weights
    scales = np.ones(len(sums))
    sums[0] *= starts
    scales[0] = sums[0].sum()
    sums[0] /= scales[0]
    blocks = sums[1:].reshape(n_blocks, width, n_actions)
    norms = scales[1:].reshape(n_blocks, width)
    links = np.broadcast_to(np.eye(n_actions), (n_blocks, n_actions, n_actions))
    for step in range(width if n_blocks > 1 else 0):
        links = (links.reshape(-1, n_actions) @ moves).reshape(links.shape)
        links *= blocks[:, step, None]
        links /= links.max(axis=(1, 2), keepdims=True)
    before = np.empty((n_blocks, n_actions))
    last = sums[0]
    for block, link in enumerate(links):
        before[block] = last
        last = last @ link
        last /= last.sum()
    for step in range(width):
        before = (before @ moves) * blocks[:, step]
        norms[:, step] = before.sum(axis=1)
        before /= norms[:, step, None]
        blocks[:, step] = before
    return sums[:n_frames], scales[:n_frames]


def sums_by_frames(chain, log_likelihood):
    """Posterior, and log-weight of all paths, for any chain: logarithms keep all."""
    # forwards and backwards at once
    (origins, costs), (_, costs_turned) = chain.links, chain.turned.links
    costs = np.stack([costs, costs_turned])
    both = np.stack([log_likelihood, log_likelihood[::-1, ::-1]], axis=1)
    entered = np.empty_like(both)
    entered[0] = -chain.starts, -chain.turned.starts
    for t in range(1, len(both)):
        ended = entered[t - 1] + both[t - 1]
        np.logaddexp.reduce(ended[:, origins] - costs, axis=1, out=entered[t])
    total = np.logaddexp.reduce(entered[-1, 0] + log_likelihood[-1] - chain.ends)
    joint = log_likelihood + entered[:, 0] + entered[::-1, 1, ::-1]
    return softmax(joint, axis=1), total
