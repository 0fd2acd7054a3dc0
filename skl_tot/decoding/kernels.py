"""Best paths and sums over paths of a `Chain`, by kind of chain."""

import numpy as np

# Maximum frames per step, which limits the memory.
BLOCK = 512


def prefix_sums(values):
    """Return sums of the first 0, 1, … values (n_frames, ...): (n_frames + 1, ...)."""
    totals = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=totals[1:])
    return totals


def _without_stays(chain, log_likelihood):
    """Move costs of staying into the frames and into the costs of entries.

    The first frame of a run has no cost of staying.
    """
    stays = chain.moves.diagonal()
    if stays.any():
        log_likelihood = log_likelihood - stays
    enters = np.append(np.inf, chain.moves.diagonal(1))
    return log_likelihood, chain.starts - stays, enters - stays


def ordered_path(chain, log_likelihood, min_frames=1):
    r"""Path of an ordered chain, by prefix sums :math:`C_k(t)`.

    The best score of a path that has been in action k for d frames up to frame t is a
    running maximum,

    .. math::

        V_k(t) = C_k(t) + \max_{s \le t - d + 1} \left( B_k(s - 1) - C_k(s - 1) - c
            \right),

    which takes O(T K) operations without a loop over frames. :math:`B_k` is
    :math:`V_{k-1}`, or the maximum of :math:`V_j` over all :math:`j < k` if actions may
    be skipped (as in Kukleva et al., CVPR 2019; the running maxima are new here).
    """
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
    return _trace_runs(grows, skipped, last, min_frames)


def _trace_runs(grows, skipped, action, min_frames):
    """Path (n_frames,) with a given last action."""
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


def uniform_path(chain, log_likelihood):
    """Path of a chain with one cost of switches: stay, or come from the best."""
    cost = chain.moves[0, -1]
    n_frames = len(log_likelihood)
    has_switched = np.empty(log_likelihood.shape, dtype=bool)
    origins = np.empty(n_frames, dtype=np.intp)
    # The best action couples all actions: a loop, with four calls per frame.
    scores = log_likelihood[0] - chain.starts
    for t in range(1, n_frames):
        origin = origins[t] = scores.argmax()
        other = scores[origin] - cost
        np.less(scores, other, out=has_switched[t])
        np.maximum(scores, other, out=scores)
        scores += log_likelihood[t]
    path = np.empty(n_frames, dtype=np.intp)
    action = path[-1] = (scores - chain.ends).argmax()
    for t in range(n_frames - 1, 0, -1):
        if has_switched[t, action]:
            action = origins[t]
        path[t - 1] = action
    return path


def uniform_paths(chain, log_likelihoods):
    """Paths of several recordings, like `uniform_path`, one frame of all at a time.

    Frames are sorted by number, and for each number by the length of the recording, so
    that active recordings are a slice.
    """
    lengths = np.array(list(map(len, log_likelihoods)))
    order = np.argsort(-lengths, kind="stable")
    counts = np.searchsorted(-lengths[order], -np.arange(lengths.max()))
    starts = np.cumsum(counts) - counts
    rows = [starts[: lengths[i]] + place for place, i in enumerate(order)]
    given = np.empty((lengths.sum(), len(chain.starts)))
    for i, own in zip(order, rows):
        given[own] = log_likelihoods[i]
    cost, places = chain.moves[0, -1], np.arange(len(order))
    has_switched = np.empty(given.shape, dtype=bool)
    origins = np.empty(len(given), dtype=np.intp)
    scores = given[: len(order)] - chain.starts
    for first, count in zip(starts[1:], counts[1:]):
        now, own = slice(first, first + count), scores[:count]
        origin = own.argmax(axis=1, out=origins[now])
        other = own[places[:count], origin][:, None] - cost
        np.less(own, other, out=has_switched[now])
        np.maximum(own, other, out=own)
        own += given[now]
    actions = (scores - chain.ends).argmax(axis=1)
    found = np.empty(len(given), dtype=np.intp)
    for first, count in zip(starts[::-1], counts[::-1]):
        now, own = slice(first, first + count), actions[:count]
        found[now] = own
        if first:
            switches = has_switched[now][places[:count], own]
            np.copyto(own, origins[now], where=switches)
    paths = [found[own] for own in rows]
    return [paths[place] for place in np.argsort(order)]


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


def ordered_sums(chain, given):
    """Log-weights of all paths through each action of each frame, and their sum."""
    forward = _running_sums(chain, given)[1][1:]
    # in reverse, the same problem with actions in reverse order
    backward = _running_sums(chain.turned, given[::-1, ::-1])[1][1:][::-1, ::-1]
    total = np.logaddexp.reduce(forward[-1] - chain.ends)
    return forward + backward - given, total


def _running_sums(chain, given, min_frames=1):
    """Compute `_runs_of_blocks` for an ordered chain.

    Like the scores of `ordered_path`, with running sums in place of maxima.
    """
    given, starts, enters = _without_stays(chain, given)
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


def uniform_sums(chain, given):
    """Compute `ordered_sums` for a chain with one cost of switches."""
    cost = chain.moves[0, -1]
    # one loop runs from both ends
    both = np.stack([given, given[::-1]], axis=1)
    with np.errstate(divide="ignore"):  # without a cost, staying has no advantage
        log_stay = np.log(-np.expm1(-cost))
    expected = np.empty_like(both)
    expected[0] = -chain.starts, -chain.ends
    weights = np.empty((len(both), 2, 1))  # of all paths up to a frame
    for t in range(1, len(both)):
        known = expected[t - 1] + both[t - 1]
        np.logaddexp.reduce(known, axis=1, keepdims=True, out=weights[t - 1])
        known += log_stay - weights[t - 1]
        np.logaddexp(known, -cost, out=expected[t])
    last = expected[-1, 0] + given[-1] - chain.ends
    total = weights[:-1, 0].sum() + np.logaddexp.reduce(last)
    return given + expected[:, 0] + expected[::-1, 1], total


def mixing_sums(chain, given):
    """Posterior, expected moves (n_actions, n_actions), and log-weight of all paths.

    For a chain with moves between all actions at costs whose `exp` is positive: sums of
    weights instead of logarithms then keep all paths.
    """
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
    r"""Weights of all paths up to each frame, scaled to sum to 1, and the scales.

    .. math:: a_t \propto (a_{t-1} M) \circ w_t .

    All of :math:`\sqrt T` blocks are processed at once: first from each possible last
    action of the previous block, then from its actual weights.
    """
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


def long_path(chain, log_likelihood, min_frames):
    """Path of any chain in which each segment has ``min_frames``, at least 2."""
    begun, ended = _runs_of_blocks(chain, log_likelihood, min_frames, np.maximum)
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


def long_sums(chain, given, min_frames):
    """Posterior of `long_path`, and the logarithm of the weight of all paths.

    The probability of an action is that of runs begun minus that of runs ended.
    """
    return shares_of_runs(*_long_runs(chain, given, min_frames))


def long_moves(chain, given, min_frames):
    """Compute `mixing_sums` for the paths of `long_path`."""
    runs = _long_runs(chain, given, min_frames)
    shares, total = shares_of_runs(*runs)
    counts = moves_of_runs(chain.moves, runs[1], runs[3], total)
    stays = shares[:-1].sum(axis=0) - counts.sum(axis=1)
    np.fill_diagonal(counts, np.maximum(stays, 0))
    return shares, counts, total


def _long_runs(chain, given, min_frames):
    """Log-weights for `shares_of_runs`."""
    runs = _running_sums if chain.is_ordered else _runs_of_blocks
    begun, ended = runs(chain, given, min_frames)
    turned = runs(chain.turned, given[::-1, ::-1], min_frames)
    left, lasts = (array[::-1, ::-1] for array in turned)
    total = np.logaddexp.reduce(ended[-1] - chain.ends)
    return begun, ended, left, lasts, total


def shares_of_runs(begun, ended, left, lasts, total):
    """Posterior and total from log-weights of paths by begins and ends of runs.

    ``begun`` and ``ended`` (n_frames + 1, n_actions) weight paths up to a frame whose
    run begins there, or has ended before; ``left`` and ``lasts`` weight paths from a
    frame on whose previous run has ended, or whose run begins there.
    """
    changes = np.exp(begun + lasts - total) - np.exp(ended + left - total)
    shares = np.clip(changes.cumsum(axis=0)[:-1], 0, None)
    return shares / shares.sum(axis=1, keepdims=True), total


def moves_of_runs(moves, ended, lasts, total):
    """Count the expected moves (n_actions, n_actions) from run to run."""
    costs = np.where(np.eye(len(moves)), np.inf, moves)
    counts = np.zeros(moves.shape)
    for first in range(1, len(ended) - 1, BLOCK):
        now = slice(first, min(first + BLOCK, len(ended) - 1))
        joint = ended[now, :, None] + (lasts[now, None] - total) - costs
        counts += np.exp(joint).sum(axis=0)
    return counts


def _runs_of_blocks(chain, values, min_frames, add=np.logaddexp):
    r"""Log-weights (n_frames + 1, n_actions) of paths by begins and ends of runs.

    With the prefix sums :math:`C_k(t)` of the first t frames, paths whose run of action
    k ends before frame t have weight

    .. math::

        E_k(t) = C_k(t) + \max_{s \le t - d} \left( B_k(s) - C_k(s) \right), \quad
        B_k(s) = \max_{j \ne k} \left( E_j(s) - c_{jk} \right),

    where B is for runs of k that begin at frame s, and sums can replace maxima. As
    values depend on those d frames before, d frames are computed at once.
    """
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
