"""Which action follows which."""

import numpy as np

from skl_tot.recordings.errors import import_extra
from skl_tot.statistics.collecting import collect_bouts
from skl_tot.statistics.groups import split_groups


def transitions(labels, *, groups=None):
    r"""Count which action comes after which, over all recordings or those of a group.

    The probability of the step from action :math:`a` to :math:`b` is the number of
    such steps over that of all steps from :math:`a`,
    :math:`p_{ab} = n_{ab} / \sum_c n_{ac}`, and 0 if nothing comes after :math:`a`.
    Background is passed over: a step leads from a bout to the next bout of the same
    recording, so an action after itself is one that was interrupted by background.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    groups : dict, Series or sequence, default=None
        Group of each recording, by its name or in order.

    Returns
    -------
    table : DataFrame
        A row for each pair of actions, also those that never follow each other:
        ``group`` if there are groups, ``from``, ``to``, ``count`` and ``probability``.
        Probabilities are numbers for actions that a group lacks, too.

    Raises
    ------
    ImportError
        If pandas is not installed.
    TypeError, ValueError
        If labels are neither integers nor text, a recording is empty, or has no group.

    See Also
    --------
    durations : How long actions last.

    Examples
    --------
    >>> from skl_tot.statistics import transitions
    >>> table = transitions([["cut", "mix", "cut"], ["cut", "bake"]])
    >>> print(table.pivot(index="from", columns="to", values="probability"))
    to    bake  cut  mix
    from
    bake   0.0  0.0  0.0
    cut    0.5  0.0  0.5
    mix    0.0  1.0  0.0
    """
    pd = import_extra("pandas", "statistics")
    bouts = collect_bouts(labels)
    members = {None: np.arange(len(bouts.names))}
    if groups is not None:
        members = split_groups(groups, bouts.names)
    columns = ["from", "to", "count", "probability"]
    tables = []
    for group, recordings in members.items():
        table = _list_pairs(bouts.actions, count_steps(bouts, recordings))
        table = pd.DataFrame(table, columns=columns)
        if groups is not None:
            table.insert(0, "group", group)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _list_pairs(actions, counts):
    """Rows of all pairs of actions, with counts and probabilities of their steps."""
    sums = counts.sum(axis=1, keepdims=True)
    probabilities = counts / np.maximum(sums, 1)
    rows = []
    for i, one in enumerate(actions):
        for j, other in enumerate(actions):
            rows.append((one, other, int(counts[i, j]), float(probabilities[i, j])))
    return rows


def count_steps(bouts, recordings):
    """Count the steps between actions in some recordings: (n_actions, n_actions)."""
    counts = np.zeros([len(bouts.actions)] * 2, dtype=int)
    one, other = steps(bouts)
    kept = np.isin(bouts.recordings[one], recordings)
    np.add.at(counts, (bouts.codes[one[kept]], bouts.codes[other[kept]]), 1)
    return counts


def steps(bouts):
    """Give the indices of the bouts before and after each step."""
    indices = np.arange(len(bouts.codes))
    is_same = bouts.recordings[1:] == bouts.recordings[:-1]
    return indices[:-1][is_same], indices[1:][is_same]
