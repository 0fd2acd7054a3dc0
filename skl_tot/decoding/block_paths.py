"""Best path of a `Chain` through a long recording, all blocks at once."""

import numpy as np

# Shorter recordings, or more operations per frame, are processed frame by frame.
LEAST_FRAMES, MOST_OPERATIONS = 300, 1000
# Tolerance of sums of T numbers in another order, in roundings of the largest sum,
# times the root of T.
N_ROUNDINGS = 8.0
# Maximum frames per step, which limits the memory.
BLOCK = 4096


def block_path(chain, log_likelihood):
    r"""Path of the frame-by-frame algorithm in less time, or None.

    All of :math:`\sqrt T` blocks are processed at once: first from each possible last
    action of the previous block, then from its best scores. The order of sums differs,
    so the result is None if rounding might change the path.
    """
    n_frames, n_actions = log_likelihood.shape
    n_operations = n_actions**2 * (3 if chain.is_uniform else len(chain.links[0]))
    is_long = n_frames >= LEAST_FRAMES and n_actions > 1
    if not is_long or n_operations > MOST_OPERATIONS:
        return None
    scores, begins = _best_scores(chain, log_likelihood)
    path = _trace(chain, scores, begins)
    return path if _is_alone(chain, scores, path) else None


def _best_scores(chain, log_likelihood):
    """Best scores of paths to each action of each frame, and starts of their runs."""
    n_frames, n_actions = log_likelihood.shape
    come = _come_uniformly if chain.is_uniform else _come_by_links
    width = round(np.sqrt(n_frames - 1))
    n_before = (n_frames - 2) // width  # blocks before the last
    # by action before the block, action, and block
    links = np.where(np.eye(n_actions), 0.0, -np.inf)[..., None]
    links = np.repeat(links, n_before, axis=2)
    for step in range(1, width + 1):
        links = come(chain, links) + log_likelihood[step::width][:n_before].T
    now = np.empty((n_actions, n_before + 1))
    now[:, 0] = log_likelihood[0] - chain.starts
    for block in range(n_before):
        ways = now[:, block, None] + links[..., block]
        ways.max(axis=0, out=now[:, block + 1])
    scores = np.empty(log_likelihood.shape)
    begins = np.zeros(log_likelihood.shape, dtype=np.int32)
    scores[0], stays = now[:, 0], chain.moves.diagonal()[:, None]
    frames = np.arange(n_frames, dtype=np.int32)[:, None]
    for step in range(1, width + 1):
        own = log_likelihood[step::width].T
        now = now[:, : own.shape[1]]
        found = come(chain, now)
        np.multiply((found > now - stays).T, frames[step::width], begins[step::width])
        now = found + own
        scores[step::width] = now.T
    return scores, np.maximum.accumulate(begins, axis=0, out=begins)


def _come_uniformly(chain, scores):
    """Best scores of entering each action from scores (..., n_actions, n_blocks)."""
    others = scores.max(axis=-2, keepdims=True) - chain.moves[0, -1]
    return np.maximum(scores, others)


def _come_by_links(chain, scores):
    origins, costs = chain.links
    return (scores[..., origins, :] - costs[..., None]).max(axis=-3)


def _trace(chain, scores, begins):
    """Best path (n_frames,), a run at a time from the end."""
    path = np.empty(len(scores), dtype=np.intp)
    end, action = len(path), (scores[-1] - chain.ends).argmax()
    while True:
        start = begins[end - 1, action]
        path[start:end] = action
        if start == 0:
            return path
        end, action = start, (scores[start - 1] - chain.moves[:, action]).argmax()


def _is_alone(chain, scores, path):
    """Whether every other path is worse by more than rounding."""
    largest = np.abs(scores[np.arange(len(path)), path]).max()
    least = N_ROUNDINGS * np.finfo(float).eps * np.sqrt(len(path)) * largest
    origins, costs = chain.links
    origins, costs = np.broadcast_to(origins, costs.shape).T, costs.T
    ends = scores[-1] - chain.ends
    n_near = np.count_nonzero(ends > ends.max() - least)
    for first in range(1, len(path), BLOCK):
        own = path[first : first + BLOCK]
        before = scores[first - 1 : first - 1 + len(own)]
        ways = np.take_along_axis(before, origins[own], axis=1) - costs[own]
        n_near += np.count_nonzero(ways > ways.max(axis=1, keepdims=True) - least)
    return n_near == len(path)
