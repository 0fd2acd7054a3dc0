"""Multiple alignment of sequences of tokens, one a video."""

import numpy as np
from sklearn.utils import check_random_state


def align_tokens(sequences, *, n_init=10, max_sweeps=20, random_state=None):
    """Put tokens of many sequences into columns, the same token in each, in order.

    A column has at most one token of a sequence, and the tokens of a sequence stand in
    columns of increasing number. The more pairs of sequences meet in columns, the
    better. One sequence after the other joins the columns, by the best alignment with
    what is there (a dynamic programme); then each is taken out and joins again, until
    that brings nothing. So two sequences are aligned as well as can be, and with more
    none can be placed better while the others stay.

    Parameters
    ----------
    sequences : list of list of hashable
        Tokens of each video, in their order.
    n_init : int, default=10
        Orders in which sequences join, of which the best result is kept: the given one,
        and random ones.
    max_sweeps : int, default=20
        Most times that all sequences join again.
    random_state : int, RandomState instance or None, default=None
        Draws the orders.

    Returns
    -------
    columns : list of (token, members)
        Columns in order. ``members`` is a dict from the number of a sequence to the
        position of its token.

    Examples
    --------
    >>> said = [["jack", "nut", "wheel"], ["nut", "wheel"]]
    >>> for token, members in align_tokens(said):
    ...     print(token, members)
    jack {0: 0}
    nut {0: 1, 1: 0}
    wheel {0: 2, 1: 1}
    """
    rng = check_random_state(random_state)
    kinds = {}  # tokens as numbers, which numpy compares
    coded = []
    for sequence in sequences:
        numbers = [kinds.setdefault(token, len(kinds)) for token in sequence]
        coded.append(np.array(numbers, dtype=int))
    best, most = [], -1
    order = np.arange(len(sequences))
    for _ in range(n_init):
        columns = _align_in_order(coded, order, max_sweeps)
        n_pairs = count_pairs(columns)
        if n_pairs > most:
            best, most = columns, n_pairs
        order = rng.permutation(len(sequences))
    tokens = list(kinds)
    return [(tokens[kind], members) for kind, members in best]


def count_pairs(columns):
    """Count the pairs of sequences that meet in columns."""
    sizes = [len(members) for _, members in columns]
    return sum(size * (size - 1) // 2 for size in sizes)


def fullest_columns(columns, n_columns):
    """Give the columns with most members, in their order; the first of equal ones."""
    sizes = np.array([len(members) for _, members in columns])
    chosen = np.argsort(-sizes, kind="stable")[:n_columns]
    return [columns[i] for i in np.sort(chosen)]


def _align_in_order(sequences, order, max_sweeps):
    """Columns of sequences that join in an order, and again until nothing is won."""
    columns = []
    for number in order:
        columns = _join(columns, int(number), sequences[number])
    n_pairs = count_pairs(columns)
    for _ in range(max_sweeps):
        before = n_pairs
        for number in order:
            columns = _without(columns, int(number))
            columns = _join(columns, int(number), sequences[number])
        n_pairs = count_pairs(columns)
        if n_pairs == before:
            break
    return columns


def _without(columns, number):
    """Columns that are left when a sequence is taken out of them."""
    left = []
    for kind, members in columns:
        members.pop(number, None)
        if members:
            left.append((kind, members))
    return left


def _join(columns, number, sequence):
    """Columns after one more sequence joined; what it has alone stands in new ones."""
    joined, start = [], 0
    places = _best_places(columns, sequence)
    for i, (kind, place) in enumerate(zip(sequence.tolist(), places)):
        if place is None:
            joined.append((kind, {number: i}))
            continue
        columns[place][1][number] = i
        joined.extend(columns[start : place + 1])
        start = place + 1
    return joined + columns[start:]


def _best_places(columns, sequence):
    """Column of each token, or None, such that most sequences are met."""
    n_tokens, n_columns = len(sequence), len(columns)
    others = np.array([kind for kind, _ in columns], dtype=int)
    sizes = np.array([len(members) for _, members in columns], dtype=int)

    # met[i, j]: sequences that the first i tokens meet in the first j columns
    met = np.zeros((n_tokens + 1, n_columns + 1), dtype=int)
    for i, kind in enumerate(sequence):
        here = np.maximum(met[i, 1:], met[i, :-1] + sizes * (others == kind))
        np.maximum.accumulate(here, out=met[i + 1, 1:])

    places, j = [None] * n_tokens, n_columns
    for i in range(n_tokens, 0, -1):
        if met[i, j] == met[i - 1, j]:
            continue  # as many are met without this token
        # the first column with so many, as numbers never fall along a row
        j = int(np.searchsorted(met[i], met[i, j])) - 1
        places[i - 1] = j
    return places
