"""Time budgets: durations and shares of actions."""

from skl_tot.statistics.bouts import collect_bouts, group_of_recordings

STATISTICS = [
    "bouts",
    "total",
    "mean",
    "sd",
    "median",
    "iqr",
    "cv",
    "share",
    "latency",
    "interval_mean",
    "interval_sd",
]


def durations(labels, *, fps=None, groups=None):
    r"""Count and time the bouts of each action: a time budget.

    For the durations :math:`d_1, …, d_n` of the bouts of an action in a recording, it
    returns sum, mean, standard deviation :math:`s` (with :math:`n - 1`), quartiles by
    linear interpolation, and the coefficient of variation :math:`s / \bar d`. The share
    is the sum over the length of the whole recording with background, like "% of total
    length" in BORIS.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        Label of each frame of recordings, integers or text: `skl_tot.Recordings`, a
        dict by name, a Series with the index (recording, frame), a list of arrays, or
        one array. Or a data frame with a row per segment, from `skl_tot.io.segments`:
        ``action``, ``start_time`` and ``end_time`` in seconds or ``start`` and ``end``
        in frames, and ``recording`` or ``video``. -1 and "background" are no action.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if any.
    groups : dict, Series or sequence, default=None
        Group of each recording, by name or in order. Bouts of a group are pooled.

    Returns
    -------
    table : DataFrame
        A row for each recording and action, also for actions that the recording lacks:
        ``recording``, ``action``; ``bouts``, their number; ``total``, ``mean``, ``sd``,
        ``median`` and ``iqr`` of their durations; ``cv``, a ratio; ``share`` in [0, 1];
        ``latency``, from the start of the recording to the first bout;
        ``interval_mean`` and ``interval_sd`` of the times from the end of a bout to the
        start of the next; ``unit`` of all times, "s" or "frames". Undefined values,
        such as the mean of no bouts, are NaN.

        With ``groups``, a row for each group and action: ``group`` replaces
        ``recording``, with the number of ``recordings`` and of ``recordings_with`` the
        action; ``share`` refers to the time of all recordings of the group, ``latency``
        is the mean over those with the action.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, or a recording is empty; if segments of
        a table overlap or end before they start; if a recording has no group; if
        ``fps`` is no rate or contradicts that of the labels.

    Warns
    -----
    UserWarning
        If seconds and frames of a table disagree.

    See Also
    --------
    transitions : Sequences of actions.
    deviations : Recordings that are unlike the others.

    Notes
    -----
    Labels start at the start of their clock. A table in seconds starts at 0 s, or at
    its frame 0 if it has frames as well. It ends with its last row: time without an
    action at the end needs a row "background". Of a table with both, seconds are used,
    unless a frame has two times, as after a boundary was moved.

    Examples
    --------
    >>> from skl_tot.statistics import durations
    >>> takes = {"a": ["cut", "cut", "mix", "cut"], "b": ["mix", "mix"]}
    >>> table = durations(takes, fps=2)
    >>> print(table[["recording", "action", "bouts", "total", "mean", "share"]])
      recording action  bouts  total  mean  share
    0         a    cut      2    1.5  0.75   0.75
    1         a    mix      1    0.5  0.50   0.25
    2         b    cut      0    0.0   NaN   0.00
    3         b    mix      1    1.0  1.00   1.00
    >>> table.pivot(index="recording", columns="action", values="total").loc["a", "cut"]
    np.float64(1.5)
    """
    bouts = collect_bouts(labels, fps)
    key = "recording" if groups is None else "group"
    table = bouts.table.assign(gap=_gaps(bouts))
    lengths, latency = bouts.lengths, _latencies(bouts)
    if groups is not None:
        members = group_of_recordings(groups, bouts.names)
        table["group"] = bouts.of_groups(members)
        lengths = lengths.groupby(members, sort=False).sum()
        keys = [_level(latency, 0).map(members), "action"]
        latency = latency.groupby(keys, observed=True).mean()
    found = _describe(table.groupby([key, "action"], observed=False))
    found["share"] = found["total"] / lengths.reindex(_level(found, 0)).to_numpy()
    found["latency"] = latency.reindex(found.index)
    if groups is not None:
        shown = table.groupby([key, "action"], observed=False)["recording"]
        found["recordings"] = members.value_counts()[_level(found, 0)].to_numpy()
        found["recordings_with"] = shown.nunique()
    found = bouts.plain(found.reset_index())
    columns = [*found.columns[:2], *STATISTICS]
    if groups is not None:
        columns[2:2] = ["recordings", "recordings_with"]
    return found[columns].assign(unit=bouts.unit)


def _level(table, level):
    return table.index.get_level_values(level)


def _gaps(bouts):
    """Return the time since the last bout of the action, without breaks."""
    before = bouts.by_action[["end", "paused"]].shift()
    passed = bouts.table["start"] - before["end"]
    return passed - (bouts.table["paused"] - before["paused"])


def _latencies(bouts):
    """Return the time to the first bout, by recording and action."""
    first = bouts.by_action[["start", "paused"]].first().dropna()
    first = first["start"] - first["paused"]
    return first - bouts.origins.reindex(_level(first, 0)).to_numpy()


def _describe(grouped):
    """Return a row of statistics for each group of bouts."""
    times, gaps = grouped["duration"], grouped["gap"]
    found = times.agg(["count", "sum", "mean", "std", "median"])
    found.columns = ["bouts", "total", "mean", "sd", "median"]
    found["iqr"] = times.quantile(0.75) - times.quantile(0.25)
    found["cv"] = (found["sd"] / found["mean"]).where(found["mean"] > 0)
    found["interval_mean"], found["interval_sd"] = gaps.mean(), gaps.std()
    return found
