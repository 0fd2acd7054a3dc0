"""How long actions last, and what share of the time they take."""

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
    r"""Count and time the bouts of each action, a time budget.

    Of the durations :math:`d_1, …, d_n` of the bouts of an action in a recording, it
    gives sum, mean, standard deviation :math:`s` with :math:`n - 1` below the sum of
    squares, quartiles by linear interpolation, and the coefficient of variation
    :math:`s / \bar d`. The share is the sum over the length of the whole recording,
    its background included, as "% of total length" of BORIS is.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        Label of each frame of recordings, integers or text: `skl_tot.Recordings`, a
        dict by their names, a series with the index (recording, frame), a list of
        arrays, or one array. Or a data frame with a row for each segment, with
        ``action``, ``start_time`` and ``end_time`` in seconds or ``start`` and ``end``
        in frames, and ``recording`` or ``video``, as `skl_tot.io.segments` gives them.
        -1 and "background" are no action.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if they have one.
    groups : dict, Series or sequence, default=None
        Group of each recording, by its name or in order. Bouts of a group are pooled.

    Returns
    -------
    table : DataFrame
        A row for each recording and action, also for an action that the recording
        lacks: ``recording``, ``action``; ``bouts``, their number; ``total``, ``mean``,
        ``sd``, ``median`` and ``iqr`` of their durations; ``cv``, a ratio; ``share`` in
        [0, 1]; ``latency``, from the start of the recording to the first bout;
        ``interval_mean`` and ``interval_sd`` of the times between the end of a bout and
        the start of the next; ``unit`` of all times, "s" or "frames". What cannot be
        known, such as the mean of no bouts, is NaN.

        With ``groups``, a row for each group and action: ``group`` in place of
        ``recording``, ``recordings`` of the group, and ``recordings_with`` the action;
        ``share`` is of the time of all recordings of the group, ``latency`` the mean of
        those with the action.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, a recording is empty, segments of a
        table overlap or end before they start, a recording has no group, ``fps`` is no
        rate or contradicts that of the labels.

    Warns
    -----
    UserWarning
        If seconds and frames of a table disagree.

    See Also
    --------
    transitions : Which action follows which.
    deviations : Recordings that are unlike the others.

    Notes
    -----
    Labels start where their clock does. A table in seconds starts at 0 s, or where its
    frame 0 is if it has frames as well. It ends with its last row, so time without
    action at the end counts only if there is a row "background" for it. Of a table in
    both, seconds are read, unless a frame has two times, as after a boundary was moved.

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
    """Return the time to the first bout, by recording and action that it shows."""
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
