"""The usual order of actions, and transitions between actions."""

import numpy as np

from skl_tot.statistics.bouts import collect_bouts, group_of_recordings


def usual_order(labels):
    """List the actions that most recordings show, in their usual order.

    An action is usual if more than half of the recordings show it. Usual actions are
    sorted by the median, over recordings that have them, of the time of their first
    start as a share of the length of the recording.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.

    Returns
    -------
    actions : list
        Usual actions, the earliest first.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, or a recording is empty.

    See Also
    --------
    deviations : Recordings in which actions come in another order.

    Examples
    --------
    >>> from skl_tot.statistics import usual_order
    >>> usual_order([["mix", "bake"], ["mix", "bake"], ["bake", "eat", "mix"]])
    ['mix', 'bake']
    """
    bouts = collect_bouts(labels)
    return list(bouts.name_codes(usual_codes(bouts)))


def usual_codes(bouts):
    """Return the codes of the usual actions, the earliest first."""
    if not bouts.actions:
        return []
    # first start of each action as a share of the recording, NaN if missing
    first = bouts.matrix(bouts.by_action["start"].min())
    origins, lengths = bouts.origins.to_numpy(), bouts.lengths.to_numpy()
    places = (first - origins[:, None]) / lengths[:, None]
    codes = np.flatnonzero(2 * np.isfinite(places).sum(axis=0) > len(bouts.names))
    medians = np.nanmedian(places[:, codes], axis=0)
    return codes[np.argsort(medians, kind="stable")].tolist()


def transitions(labels, *, groups=None):
    r"""Count transitions between actions, over all recordings or by group.

    The probability of the step from action :math:`a` to :math:`b` is the number of such
    steps over that of all steps from :math:`a`, :math:`p_{ab} = n_{ab} / \sum_c
    n_{ac}`, and 0 without a step from :math:`a`. Steps skip background: they lead from
    a bout to the next bout of the same recording, so an action may follow itself after
    background. No step crosses a break.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    groups : dict, Series or sequence, default=None
        Group of each recording, by name or in order.

    Returns
    -------
    table : DataFrame
        A row for each pair of actions, including pairs without a step: ``group`` if
        there are groups, ``from``, ``to``, ``count`` and ``probability``. Probabilities
        are 0 for actions that a group lacks.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, a recording is empty, or has no group.

    See Also
    --------
    durations : Durations of actions.

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
    bouts = collect_bouts(labels)
    members = None
    if groups is not None:
        members = group_of_recordings(groups, bouts.names)
    counts = count_steps(bouts, members)
    keys = ["from"] if groups is None else ["group", "from"]
    sums = counts.groupby(keys, observed=False).transform("sum")
    table = counts.to_frame("count").assign(probability=counts / sums.clip(lower=1))
    return bouts.plain(table.reset_index())


def count_steps(bouts, groups=None):
    """Count the steps between all pairs of actions, by group if any."""
    steps = bouts.table[["action"]].rename(columns={"action": "from"})
    by_part = bouts.table.groupby(["recording", "paused"], observed=True)
    steps["to"] = by_part["action"].shift(-1)
    keys = ["from", "to"]
    if groups is not None:
        steps["group"] = bouts.of_groups(groups)
        keys.insert(0, "group")
    return steps.groupby(keys, observed=False).size()
