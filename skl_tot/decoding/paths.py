"""Best paths of a `Chain`, by kind of chain."""

import numpy as np

# Maximum frames per step, which limits the memory.
BLOCK = 512
# All blocks at once: for longer recordings, and fewer operations per frame.
LEAST_FRAMES, MOST_OPERATIONS = 300, 1000
# Tolerance of sums of T numbers in another order, in roundings of the largest sum,
# times the root of T.
N_ROUNDINGS = 8.0


def prefix_sums(values):
    """Add up the first 0, 1, … values (n_frames, ...): (n_frames + 1, ...)."""
    totals = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=totals[1:])
    return totals


def without_stays(chain, log_likelihood):
    """Subtract the cost of staying from each frame; entries exclude it."""
    # the first frame of a run has no cost of staying
    stays = chain.moves.diagonal()
    if stays.any():
        log_likelihood = log_likelihood - stays
    enters = np.append(np.inf, chain.moves.diagonal(1))
    return log_likelihood, chain.starts - stays, enters - stays


def ordered_path(chain, log_likelihood, min_frames=1):
    """Path of an ordered chain, by prefix sums, without a loop over frames."""
    # The best score in action k for d frames up to frame t is a running maximum,
    # V_k(t) = C_k(t) + max_{s <= t - d + 1} (B_k(s - 1) - C_k(s - 1) - c), with
    # prefix sums C_k. B_k is V_{k-1}, or the maximum of V_j over j < k if actions may
    # be skipped (as in Kukleva et al., CVPR 2019; the running maxima are new here).
    log_likelihood, starts, enters = without_stays(chain, log_likelihood)
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
    return _trace_runs(grows, skipped, last, min_frames)


def _trace_runs(grows, skipped, action, min_frames):
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


def linked_path(chain, log_likelihood):
    """Path of any chain, frame by frame."""
    origins, costs = chain.links
    n_frames, n_actions = log_likelihood.shape
    # small integers instead of scores, to save memory
    taken = np.empty((n_frames, n_actions), dtype=np.min_scalar_type(len(origins)))
    best = log_likelihood[0] - chain.starts
    for t in range(1, n_frames):
        totals = best[origins] - costs
        taken[t] = totals.argmax(axis=0)
        totals.max(axis=0, out=best)
        best += log_likelihood[t]
    origins = np.broadcast_to(origins, costs.shape)
    path = np.empty(n_frames, dtype=np.intp)
    action = path[-1] = (best - chain.ends).argmax()
    for t in range(n_frames - 1, 0, -1):
        action = path[t - 1] = origins[taken[t, action], action]
    return path


def block_path(chain, log_likelihood):
    """Path of `linked_path` in less time; None if rounding may change it."""
    # All of sqrt(T) blocks are processed at once: first from each possible last
    # action of the previous block, then from its best scores. The order of sums
    # differs.
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
    path = np.empty(len(scores), dtype=np.intp)
    end, action = len(path), (scores[-1] - chain.ends).argmax()
    while True:
        start = begins[end - 1, action]
        path[start:end] = action
        if start == 0:
            return path
        end, action = start, (scores[start - 1] - chain.moves[:, action]).argmax()


def _is_alone(chain, scores, path):
    """Whether the best path is unique beyond rounding."""
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


def long_path(chain, log_likelihood, min_frames):
    """Path of any chain in which each segment has ``min_frames``, at least 2."""
    begun, ended = runs_of_blocks(chain, log_likelihood, min_frames, np.maximum)
    n_starts = len(ended) - min_frames
    totals = prefix_sums(log_likelihood - chain.moves.diagonal())
    gains = begun[:n_starts] - totals[:n_starts]
    # a run begins at the last growth of the running maximum
    begins = np.zeros(gains.shape, dtype=np.int32)
    grows = gains[1:] > np.maximum.accumulate(gains, axis=0)[:-1]
    begins[1:] = grows * np.arange(1, n_starts, dtype=np.int32)[:, None]
    np.maximum.accumulate(begins, axis=0, out=begins)
    path = np.empty(len(log_likelihood), dtype=np.intp)
    end, action = len(path), int((ended[-1] - chain.ends).argmax())
    while True:
        start = begins[end - min_frames, action]
        path[start:end] = action
        if start == 0:
            return path
        end, action = start, best_origins(chain, ended[start])[action]


def best_origins(chain, scores):
    """Best other action (n_actions,) to come from, for each action."""
    actions = np.arange(len(scores))
    origins, costs = chain.links
    origins = np.broadcast_to(origins, costs.shape)
    totals = np.where(origins == actions, -np.inf, scores[origins] - costs)
    return origins[totals.argmax(axis=0), actions]


def runs_of_blocks(chain, values, min_frames, add=np.logaddexp):
    """Log-weights (n_frames + 1, n_actions) of paths by begins and ends of runs."""
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
        known = slice(max(before.start, 1), before.stop)
        begun[known] = entries_from_others(chain, ended[known], add)
        gains = begun[before] - totals[before]
        gains[0] = add(gains[0], reached)
        add.accumulate(gains, axis=0, out=gains)
        reached = gains[-1]
        # a run stays once less than it has frames
        ended[now] = gains + totals[now] + stays
    return begun, ended


def entries_from_others(chain, known, add):
    """Log-weights (n, n_actions) of entering each action, from those of all actions."""
    if chain.is_uniform:
        found = np.full(known.shape, -np.inf)
        found[:, 1:] = add.accumulate(known[:, :-1], axis=1)
        of_higher = add.accumulate(known[:, :0:-1], axis=1)[:, ::-1]
        found[:, :-1] = add(found[:, :-1], of_higher)
        return found - chain.moves[0, -1]
    origins, costs = chain.links
    costs = np.where(origins == np.arange(known.shape[1]), np.inf, costs)
    return add.reduce(known[:, origins] - costs, axis=1)
