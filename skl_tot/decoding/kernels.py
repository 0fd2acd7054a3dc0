"""Best paths and sums over paths of a `Chain`, by what its moves allow."""

import numpy as np


def prefix_sums(values):
    """Add up the first 0, 1, … of values (n_frames, ...): (n_frames + 1, ...)."""
    totals = np.zeros((len(values) + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, out=totals[1:])
    return totals


def _without_stays(chain, log_likelihood):
    """Take what staying costs from each frame, and from what it costs to enter.

    Nothing stays in front of the first frame of a run.
    """
    stays = chain.moves.diagonal()
    if stays.any():
        log_likelihood = log_likelihood - stays
    enters = np.append(np.inf, chain.moves.diagonal(1))
    return log_likelihood, chain.starts - stays, enters - stays


def ordered_path(chain, log_likelihood):
    r"""Path of a chain in order, by prefix sums :math:`C_k(t)`.

    The best score of a path that is in action k at frame t is a running maximum,

    .. math::

        V_k(t) = C_k(t) + \max_{s \le t} \left( B_k(s - 1) - C_k(s - 1) - c \right),

    which takes O(T K) operations and no loop over frames. :math:`B_k` is
    :math:`V_{k-1}`, or the maximum of :math:`V_j` over all :math:`j < k` if actions may
    be left out (Kukleva et al., CVPR 2019, decode so; the running maxima are our own).
    """
    log_likelihood, starts, enters = _without_stays(chain, log_likelihood)
    n_frames, n_actions = log_likelihood.shape
    # Bytes in place of scores, so that a long video takes little memory: where the
    # running maximum grows the path may have entered the action.
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
        entries = np.maximum.accumulate(entries, out=best[1:])
        np.greater(entries[1:], entries[:-1], out=grows[k, 1:])
        best[1:] += total[1:]
        ended[k] = best[-1] - chain.ends[k]
        if chain.skips:
            skipped[k] = before > best
            np.maximum(before, best, out=best)
    last = n_actions - 1 - ended[::-1].argmax()
    return _trace_runs(grows, skipped, last)


def _trace_runs(grows, skipped, action):
    """Path (n_frames,) that ends in an action."""
    end = grows.shape[1]
    path = np.empty(end, dtype=np.intp)
    while True:
        start = end - 1 - int(np.argmax(grows[action, end - 1 :: -1]))
        path[start:end] = action
        if start == 0:
            return path
        end = start
        action -= 1
        while skipped[action, end]:
            action -= 1


def uniform_path(chain, log_likelihood):
    """Path of a chain whose switches all cost the same: staying, or from the best."""
    cost = chain.moves[0, -1]
    n_frames = len(log_likelihood)
    has_switched = np.empty(log_likelihood.shape, dtype=bool)
    origins = np.empty(n_frames, dtype=np.intp)
    # The best action so far couples all actions: a loop, of four calls a frame.
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


def linked_path(chain, log_likelihood):
    """Path of any chain, frame by frame."""
    origins, costs = chain.links
    n_frames, n_actions = log_likelihood.shape
    # small integers in place of scores, so that a long video takes little memory
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
    forward = _running_sums(chain, given)
    # from the end, the actions in turned order are the same problem
    backward = _running_sums(chain.turned, given[::-1, ::-1])[::-1, ::-1]
    total = np.logaddexp.reduce(forward[-1] - chain.ends)
    return forward + backward - given, total


def _running_sums(chain, given):
    """Log-weight (n_frames, n_actions) of all paths that end in an action at a frame.

    As the scores of `ordered_path`, with running sums in place of maxima.
    """
    given, starts, enters = _without_stays(chain, given)
    n_frames, n_actions = given.shape
    result = np.empty((n_actions, n_frames))
    before = np.full(n_frames + 1, -np.inf)
    for k in range(n_actions):
        total = prefix_sums(given[:, k])
        entries = before[:-1] - total[:-1]
        entries[0] = -starts[k]
        entries[1:] -= enters[k]
        result[k] = np.logaddexp.accumulate(entries) + total[1:]
        now = np.append(-np.inf, result[k])
        before = np.logaddexp(before, now) if chain.skips else now
    return result.T


def uniform_sums(chain, given):
    """As `ordered_sums`; each frame is reached by staying, or from anywhere."""
    cost = chain.moves[0, -1]
    # one loop goes from both ends at once
    both = np.stack([given, given[::-1]], axis=1)
    with np.errstate(divide="ignore"):  # without a cost, staying is no better
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


def linked_sums(chain, given):
    """As `ordered_sums`, frame by frame."""
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
