"""An order of the actions for each recording, and paths along it.

On seven recorded sets, after fits with one order for all recordings, own orders did not
improve the share of correct frames (MoF): "peaks" was slightly worse than the fixed
order, "mallow" equal. Segments (F1) improved a little, mostly by skipped actions, as
with "skip"; "free" improved more. `MallowSegmenter` learns with such orders, and
improves by them.
"""

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.special import log_softmax, logsumexp

from skl_tot.decoding.chain import skip_chain

# Maximum blocks of a recording for the search of an order; boundaries are then found
# frame by frame.
MAX_BLOCKS = 512
# Rounds of scaling columns and rows, as for pseudo-labels.
N_BALANCINGS = 3
# Maximum rounds of the ascent, which moves each action once; few need a fourth.
MAX_SWEEPS = 20


def order_of(inversions):
    """Order of the actions from an inversion vector.

    Entry k (of n_actions - 1) is the number of later actions (of larger number) before
    action k.

    >>> order_of([2, 0])
    array([1, 2, 0])
    """
    order = [len(inversions)]
    for action in range(len(inversions) - 1, -1, -1):
        order.insert(int(inversions[action]), action)
    return np.array(order, dtype=np.intp)


def inversions_of(order):
    """Inversion vector of an order, the inverse of `order_of`.

    Its sum is the least number of swaps of neighbours that sort the order.

    >>> inversions_of([1, 2, 0])
    array([2, 0])
    """
    order = np.asarray(order)
    places = np.argsort(order)
    inversions = np.zeros(len(order) - 1, dtype=np.intp)
    for action in range(len(inversions)):
        inversions[action] = (order[: places[action]] > action).sum()
    return inversions


def peak_order(log_likelihood, cost=0.0, min_frames=1):
    """Order of the actions by their most probable times, after Tran et al.

    Posteriors of single frames are scaled in alternation so that actions have equal
    weights over time and frames sum to 1, like pseudo-labels. Two running means over
    half the mean duration of an action smooth them, as otherwise single frames decide.
    Actions are sorted by the time of their maximum (Tran et al., "Permutation-Aware
    Activity Segmentation via Unsupervised Frame-to-Segment Alignment", WACV 2024;
    scaling and smoothing are new here). The cost of a switch and ``min_frames`` do not
    matter.

    >>> peak_order(np.array([[0, 2, 0], [0, 2, 0], [0, 0, 2], [2, 0, 0]]))
    array([1, 2, 0])
    """
    log_weights = log_softmax(log_likelihood, axis=1)
    for _ in range(N_BALANCINGS):
        log_weights = log_weights - logsumexp(log_weights, axis=0)
        log_weights = log_softmax(log_weights, axis=1)
    # the smallest weights would be lost in the rounding of running means
    weights = np.exp(log_weights - log_weights.max(axis=0))
    n_frames, n_actions = weights.shape
    window = max(1, n_frames // (2 * n_actions))
    for _ in range(2):
        weights = uniform_filter1d(weights, window, axis=0, mode="constant")
    return np.argsort(weights.argmax(axis=0), kind="stable")


def mallow_inversions(log_likelihood, costs, switch_cost=0.0, min_frames=1):
    r"""Find the inversion vector whose order explains a recording best, with costs.

    With S(v) the score of the best path with actions in the order of v, each at most
    once and with at least ``min_frames``,

    .. math:: S(v) - \sum_k \rho_k v_k

    is maximised by trying all values of one inversion after the other, until none
    changes: from v = 0 and from the order of `peak_order`; the better local maximum is
    returned. ``costs`` are the ρ, (n_actions - 1,) or a number, at least 0. Scores of
    all values are computed at once, from shared prefix sums. Recordings of more than
    512 frames are searched in 512 blocks; a segment has the number of whole blocks in
    ``min_frames``. A round takes O(K³) operations per frame or block.

    >>> log_likelihood = np.array([[0, 3, 0], [0, 0, 3], [2, 0, 0]])
    >>> mallow_inversions(log_likelihood, 0.5)
    array([2, 0])
    >>> mallow_inversions(log_likelihood, 1.5)
    array([0, 0])
    """
    n_inversions = log_likelihood.shape[1] - 1
    costs = np.broadcast_to(np.asarray(costs, dtype=np.float64), n_inversions)
    totals = _block_totals(log_likelihood)
    n_frames, n_blocks = len(log_likelihood), totals.shape[1] - 1
    least = max(1, min(min_frames, n_frames) * n_blocks // n_frames)
    usual = np.zeros(n_inversions, dtype=np.intp)
    found, value = _climb(usual, totals, costs, switch_cost, least)
    peaks = inversions_of(peak_order(log_likelihood))
    if peaks.any():
        other, other_value = _climb(peaks, totals, costs, switch_cost, least)
        if other_value > value:
            return other
    return found


def _climb(inversions, totals, costs, switch_cost, min_blocks):
    """Inversions of a local maximum, and its value."""
    n_actions = len(totals)
    value, n_same = -np.inf, 0
    for _ in range(MAX_SWEEPS):
        for action in range(n_actions - 1):
            if n_same == n_actions - 1:  # all were tried since the last change
                return inversions, value
            before = inversions[action]
            candidates = np.repeat(inversions[None], n_actions - action, axis=0)
            candidates[:, action] = np.arange(len(candidates))
            orders = np.array([order_of(candidate) for candidate in candidates])
            values = _path_scores(totals, orders, switch_cost, min_blocks)
            values -= candidates @ costs
            # the first of equal values, with the fewest inversions
            inversions[action] = values.argmax()
            value = values.max()
            n_same = n_same + 1 if inversions[action] == before else 0
    return inversions, value


def _block_totals(log_likelihood):
    """Prefix sums (n_actions, n_blocks + 1) over frames, or blocks of them."""
    # minus the maximum of each frame, for precision
    losses = log_likelihood - log_likelihood.max(axis=1, keepdims=True)
    if len(losses) > MAX_BLOCKS:
        starts = np.arange(MAX_BLOCKS) * len(losses) // MAX_BLOCKS
        losses = np.add.reduceat(losses, starts, axis=0)
    totals = np.zeros((losses.shape[1], len(losses) + 1))
    np.cumsum(losses.T, axis=1, out=totals[:, 1:])
    return totals


def _path_scores(totals, orders, switch_cost, min_blocks=1):
    """Scores (n_orders,) of the best paths along orders (n_orders, n_actions).

    Like `kernels.ordered_path`, for all orders at once and without paths.
    """
    best = np.full((len(orders), totals.shape[1]), -np.inf)
    best[:, 0] = 0.0
    for actions in orders.T:
        total = totals[actions]
        entries = best[:, :-min_blocks] - total[:, :-min_blocks]
        entries[:, 1:] -= switch_cost
        np.maximum.accumulate(entries, axis=1, out=entries)
        entries += total[:, min_blocks:]
        np.maximum(best[:, min_blocks:], entries, out=best[:, min_blocks:])
    return best[:, -1]


def mallow_order(log_likelihood, cost, min_frames=1, dispersions=0.0):
    """Order of `mallow_inversions`; each costs a switch and its action's dispersion."""
    costs = cost + dispersions
    return order_of(mallow_inversions(log_likelihood, costs, cost, min_frames))


def path_along(log_likelihood, order, cost, min_frames=1):
    """Likeliest path (n_frames,) that shows actions in an order, if at all."""
    chain = skip_chain(len(order), cost)
    return order[chain.viterbi(log_likelihood[:, order], min_frames)]


def posterior_along(log_likelihood, order, cost, min_frames=1):
    """Posterior (n_frames, n_actions) of all paths of `path_along`."""
    chain = skip_chain(len(order), cost)
    ordered = chain.posterior(log_likelihood[:, order], min_frames)
    probabilities = np.empty_like(ordered)
    probabilities[:, order] = ordered
    return probabilities
