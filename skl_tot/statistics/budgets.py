"""How long actions last, and what share of the time they take."""

import numpy as np

from skl_tot.recordings.errors import import_extra
from skl_tot.statistics.collecting import collect_bouts
from skl_tot.statistics.groups import split_groups

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
        Label of each frame of recordings, integers or text: `skl_tot.io.Recordings`, a
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
    ImportError
        If pandas is not installed.
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
    pd = import_extra("pandas", "statistics")
    bouts = collect_bouts(labels, fps)
    if groups is None:
        members = {name: np.array([i]) for i, name in enumerate(bouts.names)}
    else:
        members = split_groups(groups, bouts.names)
    rows = []
    for name, recordings in members.items():
        own = np.flatnonzero(np.isin(bouts.recordings, recordings))
        for code, action in enumerate(bouts.actions):
            row = {"recording" if groups is None else "group": name, "action": action}
            found = own[bouts.codes[own] == code]
            if groups is not None:
                row["recordings"] = len(recordings)
                row["recordings_with"] = len(np.unique(bouts.recordings[found]))
            rows.append(row | _describe(bouts, found, recordings))
    table = pd.DataFrame(rows, columns=_columns(groups is not None))
    return table.assign(unit=bouts.unit)


def _columns(has_groups):
    """Names of the columns, of tables without a row, too."""
    names = ["recording", "action"]
    if has_groups:
        names = ["group", "action", "recordings", "recordings_with"]
    return names + STATISTICS


def _describe(bouts, found, recordings):
    """Statistics of bouts of one action in some recordings."""
    row = {"bouts": len(found)}
    row |= describe_times(bouts.durations[found])
    row["share"] = row["total"] / bouts.lengths[recordings].sum()
    first = _first_of_recordings(bouts, found)
    latencies = bouts.starts[first] - bouts.origins[bouts.recordings[first]]
    row["latency"] = _mean(latencies)
    intervals = _intervals(bouts, found)
    row["interval_mean"] = _mean(intervals)
    row["interval_sd"] = _deviation(intervals)
    return row


def describe_times(times):
    """Sum, mean, spread and quartiles of durations."""
    row = {"total": times.sum(), "mean": _mean(times), "sd": _deviation(times)}
    lower, median, upper = [np.nan] * 3
    if len(times):
        lower, median, upper = np.quantile(times, [0.25, 0.5, 0.75])
    row |= {"median": median, "iqr": upper - lower, "cv": np.nan}
    if row["mean"] > 0:
        row["cv"] = row["sd"] / row["mean"]
    return row


def _mean(values):
    return values.mean() if len(values) else np.nan


def _deviation(values):
    return values.std(ddof=1) if len(values) > 1 else np.nan


def _first_of_recordings(bouts, found):
    """First of the bouts in each recording that has some."""
    _, first = np.unique(bouts.recordings[found], return_index=True)
    return found[first]


def _intervals(bouts, found):
    """Find times between neighbours of these bouts, within recordings."""
    one, other = found[:-1], found[1:]
    is_same = bouts.recordings[one] == bouts.recordings[other]
    return (bouts.starts[other] - bouts.ends[one])[is_same]
