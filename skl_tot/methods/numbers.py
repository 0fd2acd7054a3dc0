"""How many actions recordings bear out, found without labels."""

from numbers import Integral

import numpy as np
from scipy.optimize import linear_sum_assignment

from skl_tot.decoding.chain import skip_chain
from skl_tot.decoding.decoders import decode
from skl_tot.methods.discriminants import (
    SHRINKAGE,
    appearance_scores,
    fit_appearance,
    log_joint,
    measure_spread,
)
from skl_tot.recordings.errors import short_repr, warn_user
from skl_tot.training.components import MOST

AUTO = "auto"
# Numbers that are compared. One action tells nothing and scores 0: a floor.
NUMBERS = range(1, 21)
N_SPLITS = 3  # of recordings into halves
# Of the fits, as `MallowSegmenter` has them, and of what decodes them.
REG_COVAR, MAX_ITER, SWITCH_COST = 0.1, 7, 0.5


def compare_numbers(videos, numbers=None):
    r"""Compare numbers of actions by what halves of standardised recordings agree on.

    Recordings are split into halves, every second one first, then at random. For each
    number K each half learns actions by itself: K equal parts of its recordings become
    discriminants and Gaussians, and these the likeliest paths in one order, by turns.
    Then it labels all recordings, in any order. With actions of the halves matched one
    to one, a score is the mean over actions of the F1 of their frames, less chance,

    .. math:: \frac{1}{K} \sum_k F_k - \frac{1}{K} .

    Gives a dict of lists "n_actions", "score", the mean over the splits, and "spread",
    the standard deviation over them (nan of one), and of "best", the number with the
    largest score, and "at_edge", whether that is the first or last of several. Warns
    if it is.
    """
    numbers = check_numbers(NUMBERS if numbers is None else numbers, videos)
    scores = np.array([_score_numbers(videos, numbers, *p) for p in _splits(videos)])
    spread = scores.std(axis=0, ddof=1) if len(scores) > 1 else scores[0] * np.nan
    best = int(scores.mean(axis=0).argmax())
    table = {
        "n_actions": numbers,
        "score": scores.mean(axis=0).tolist(),
        "spread": spread.tolist(),
        "best": numbers[best],
        "at_edge": len(numbers) > 1 and best in (0, len(numbers) - 1),
    }
    if table["at_edge"]:
        warn_user(describe_choice(table))
    return table


def describe_choice(table):
    """Say which number was chosen of which others, and what to do at an edge.

    >>> table = {"n_actions": [1, 2, 3], "best": 2, "at_edge": False}
    >>> describe_choice(table)
    'The recordings bear out 2 actions best, of 1 to 3.'
    >>> describe_choice(table | {"best": 3, "at_edge": True})
    'The recordings bear out 3 actions best, at the edge of 1 to 3: more may be better,
    try choose_n_actions(..., numbers=range(1, 7)).'
    """
    first, last = table["n_actions"][0], table["n_actions"][-1]
    best = table["best"]
    actions = "action" if best == 1 else "actions"
    text = f"The recordings bear out {best} {actions} best, "
    if not table["at_edge"]:
        return f"{text}of {first} to {last}."
    text += f"at the edge of {first} to {last}: "
    if best == last:
        remedy = f"choose_n_actions(..., numbers=range({first}, {2 * last + 1}))"
        return f"{text}more may be better, try {remedy}."
    if best == 1:
        return f"{text}they agree on no more; give a number if you know better."
    return f"{text}fewer may be better, try numbers from 1."


def check_numbers(numbers, videos):
    """Numbers to compare, ascending, or an error; too large ones are left out.

    Of the recordings of each half, one has as many frames.
    """
    if isinstance(numbers, (str, bytes)) or not hasattr(numbers, "__iter__"):
        raise TypeError(f"numbers is {short_repr(numbers)}, expected several integers.")
    tried = set(numbers)
    for number in tried:
        is_number = isinstance(number, Integral) and not isinstance(number, bool)
        if not is_number or not 1 <= number <= MOST:
            raise ValueError(
                f"numbers has {short_repr(number)}, expected integers from 1 to {MOST}."
            )
    if len(videos) < 2:
        raise ValueError(
            'n_actions is "auto", which compares recordings, but X has one; expected '
            "two or more, or a number."
        )
    longest = min(videos.lengths[::2].max(), videos.lengths[1::2].max())
    kept = sorted(int(number) for number in tried if number <= longest)
    if not kept:
        raise ValueError(
            f"numbers is {short_repr(numbers)}, expected integers up to {longest}, the "
            "frames of the longest of every second recording."
        )
    return kept


def _splits(videos):
    """Pairs of halves of recordings, by their indices; of two there is one pair."""
    everyone = np.arange(len(videos))
    orders = [everyone]
    for seed in range(1, N_SPLITS if len(videos) > 2 else 1):
        orders.append(np.random.RandomState(seed).permutation(everyone))
    return [(np.sort(order[::2]), np.sort(order[1::2])) for order in orders]


def _score_numbers(videos, numbers, *halves):
    """Score of each number by two halves."""
    parts = []
    for indices in halves:
        part = videos.select(indices)
        parts.append((part, measure_spread(part, SHRINKAGE)))
    scores = []
    for n_actions in numbers:
        labels = []
        for part, spread in parts:
            appearance = learn_in_order(part, n_actions, spread)
            labels.append(_label(videos, appearance))
        scores.append(matched_f1(labels[0], labels[1], n_actions) - 1 / n_actions)
    return scores


def learn_in_order(videos, n_actions, spread):
    """Learn what actions look like that come in one order, some of them missing.

    Gives an appearance, see `discriminants`.
    """
    paths = [np.arange(n) * n_actions // n for n in videos.lengths]
    order = skip_chain(n_actions, 0.0)
    for _ in range(MAX_ITER):
        before = np.concatenate(paths)
        appearance, embedded = fit_appearance(
            videos, paths, n_actions, spread, REG_COVAR
        )
        for i, frames in enumerate(embedded):
            paths[i] = order.viterbi(log_joint(frames, appearance, i))
        if np.array_equal(np.concatenate(paths), before):
            break
    return appearance


def _label(videos, appearance):
    """Labels of all frames by an appearance, in any order."""
    scores = appearance_scores(videos, appearance)
    return np.concatenate([decode(own, "free", SWITCH_COST) for own in scores])


def matched_f1(first, second, n_actions):
    """Mean F1 of the actions of two labelings, matched one to one.

    >>> matched_f1(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 1]), 2)
    0.733...
    """
    table = np.zeros((n_actions, n_actions))
    np.add.at(table, (first, second), 1)
    sizes = table.sum(axis=1)[:, None] + table.sum(axis=0)
    rows, columns = linear_sum_assignment(-table)
    shared = table[rows, columns]
    return float((2 * shared / np.maximum(sizes[rows, columns], 1)).mean())
