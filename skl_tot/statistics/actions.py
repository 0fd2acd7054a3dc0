"""Durations, usual order and transitions of actions; equal parts; cycles."""

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from skl_tot.recordings.clocks import NO_DATE, clock_columns
from skl_tot.recordings.errors import refuse
from skl_tot.statistics.bouts import (
    Bouts,
    collect_bouts,
    group_of_recordings,
    mark_breaks,
    merge_touching,
)

if TYPE_CHECKING:  # it is of an extra
    import pandas as pd

# Names of actions that, like background, are no steps of a cycle.
IDLE = "idle", "pause", "waiting", "not a step"
# Columns on breaks of the clock, and how a step that goes on after idle time has them.
BREAKS = {"breaks_before": "first", "breaks_within": "max", "breaks_after": "last"}


def durations(labels, *, fps=None, groups=None) -> "pd.DataFrame":
    r"""Count and time the bouts of each action: a time budget.

    The spread is the standard deviation :math:`s` (with :math:`n - 1`), quartiles are
    interpolated linearly, and the coefficient of variation is :math:`s / \bar d`. The
    share is the total over the length of the recording with background.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        Label of each frame of recordings, integers or text: `skl_tot.Recordings`, a
        dict by name, a Series with the index (recording, frame), a list of arrays, or
        one array. Or a data frame with a row per segment, from `skl_tot.io.segments`:
        ``action``, ``start_time`` and ``end_time`` in seconds or ``start`` and ``end``
        in frames, and ``recording`` or ``video``. -1 and "background" are no action.
    fps : float, default=None
        Frames per second. None leaves it to the recordings, or counts frames.
    groups : dict, Series or sequence, default=None
        Group of each recording, by name or in order. Bouts of a group are pooled.

    Returns
    -------
    table : DataFrame
        A row for each recording and action, also for actions that the recording lacks:
        number of ``bouts``; ``total``, ``mean``, ``sd``, ``median``, ``iqr`` and ``cv``
        of their durations; ``share`` in [0, 1]; ``latency``, from the start of the
        recording to the first bout; ``unit`` of all times, "s" or "frames". Undefined
        values are NaN.

        With ``groups``, a row for each group and action: ``group`` replaces
        ``recording``, with the number of ``recordings`` and of ``recordings_with`` the
        action; ``share`` refers to the time of all recordings of the group, ``latency``
        is the mean over those with the action.

    Raises
    ------
    TypeError, ValueError
        If labels are not valid, a recording has no group, or ``fps`` contradicts them.

    Notes
    -----
    A table in seconds starts at 0 s, or at its frame 0 if it has frames as well. It
    ends with its last row: time without an action at the end needs a row "background".
    Of a table with both, seconds are used, with a warning if lengths disagree, and an
    error if orders do.

    Examples
    --------
    >>> from skl_tot.statistics import durations
    >>> table = durations({"a": ["cut", "cut", "mix", "cut"]}, fps=2)
    >>> print(table[["recording", "action", "bouts", "total", "mean", "share"]])
      recording action  bouts  total  mean  share
    0         a    cut      2    1.5  0.75   0.75
    1         a    mix      1    0.5  0.50   0.25
    """
    bouts = collect_bouts(labels, fps)
    key = "recording" if groups is None else "group"
    table, lengths, latency = bouts.table, bouts.lengths, bouts.first_starts
    if groups is not None:
        group_of = group_of_recordings(groups, bouts.names)
        table = table.assign(group=bouts.of_groups(group_of))
        lengths = lengths.groupby(group_of, sort=False).sum()
        keys = [latency.index.get_level_values(0).map(group_of), "action"]
        latency = latency.groupby(keys, observed=True).mean()
    by_action = table.groupby([key, "action"], observed=False)
    times = by_action["duration"]
    budget = times.agg(["count", "sum", "mean", "std", "median"])
    budget.columns = ["bouts", "total", "mean", "sd", "median"]
    budget["iqr"] = times.quantile(0.75) - times.quantile(0.25)
    budget["cv"] = (budget["sd"] / budget["mean"]).where(budget["mean"] > 0)
    owners = budget.index.get_level_values(0)
    budget["share"] = budget["total"] / lengths.reindex(owners).to_numpy()
    budget["latency"] = latency.reindex(budget.index)
    if groups is not None:
        budget.insert(0, "recordings", group_of.value_counts()[owners].to_numpy())
        budget.insert(1, "recordings_with", by_action["recording"].nunique())
    return bouts.plain(budget.reset_index()).assign(unit=bouts.unit)


def usual_order(labels) -> list:
    """List the actions that most recordings show, in their usual order.

    An action is usual if more than half of the recordings show it. Usual actions are
    sorted by the median, over recordings that have them, of the time of their first
    start as a share of the length of the recording, both without breaks.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.

    Returns
    -------
    actions : list
        Usual actions, the earliest first. Errors are those of `durations`.

    Examples
    --------
    >>> from skl_tot.statistics import usual_order
    >>> usual_order([["mix", "bake"], ["mix", "bake"], ["bake", "eat", "mix"]])
    ['mix', 'bake']
    """
    bouts = collect_bouts(labels)
    return list(bouts.name_codes(usual_codes(bouts)))


def usual_codes(bouts):
    """Codes of the usual actions, the earliest first."""
    if not bouts.actions:
        return []
    starts = bouts.matrix(bouts.first_starts) / bouts.lengths.to_numpy()[:, None]
    codes = np.flatnonzero(2 * np.isfinite(starts).sum(axis=0) > len(bouts.names))
    medians = np.nanmedian(starts[:, codes], axis=0)
    return codes[np.argsort(medians, kind="stable")].tolist()


def has_order(bouts):
    """Whether usual actions mostly begin, and follow each other, in their order."""
    codes = usual_codes(bouts)
    starts = bouts.matrix(bouts.first_starts)[:, codes]
    first, second = np.triu_indices(len(codes), 1)
    waits = starts[:, second] - starts[:, first]
    waits = waits[np.isfinite(waits)]
    _, before, after = ranks_of_steps(bouts, codes)
    # in no order, rare actions begin late, but half of the steps go back
    shares = [np.mean(x > 0) if len(x) else 1.0 for x in (waits, after - before)]
    return min(shares) >= 0.6 and sum(shares) >= 1.5


def ranks_of_steps(bouts, codes):
    """Find steps between actions of an order: recordings, ranks before and after."""
    ranks = np.full(len(bouts.actions), -1)
    ranks[codes] = np.arange(len(codes))
    in_order = np.flatnonzero(ranks[bouts.codes] >= 0)
    recordings, steps = bouts.recordings[in_order], ranks[bouts.codes[in_order]]
    is_step = recordings[1:] == recordings[:-1]
    return recordings[1:][is_step], steps[:-1][is_step], steps[1:][is_step]


def transitions(labels) -> "pd.DataFrame":
    r"""Count transitions between actions, over all recordings.

    The probability of the step from action :math:`a` to :math:`b` is the number of such
    steps over that of all steps from :math:`a`, and 0 without a step from :math:`a`.
    Steps skip background: an action may follow itself after it. No step crosses a
    break.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.

    Returns
    -------
    table : DataFrame
        A row for each pair of actions, including pairs without a step: ``from``,
        ``to``, ``count`` and ``probability``.

    Examples
    --------
    >>> from skl_tot.statistics import transitions
    >>> print(transitions([["cut", "mix", "cut"], ["cut", "bake"]]).loc[[3, 5]])
      from    to  count  probability
    3  cut  bake      1          0.5
    5  cut   mix      1          0.5
    """
    bouts = collect_bouts(labels)
    counts = count_steps(bouts)
    sums = counts.groupby("from", observed=False).transform("sum")
    table = counts.to_frame("count").assign(probability=counts / sums.clip(lower=1))
    return bouts.plain(table.reset_index())


def count_steps(bouts, groups=None):
    """Numbers of steps between all pairs of actions, by group if any."""
    steps = bouts.table[["action"]].rename(columns={"action": "from"})
    after = bouts.table.shift(-1)
    goes_on = after["recording"] == bouts.table["recording"].astype(object)
    goes_on &= after["paused"] == bouts.table["paused_end"]
    steps["to"] = after["action"].where(goes_on)
    keys = ["from", "to"]
    if groups is not None:
        steps["group"] = bouts.of_groups(groups)
        keys.insert(0, "group")
    return steps.groupby(keys, observed=False).size()


def describe_equal_parts(bouts):
    """Say on how much of the time equal parts of recordings would agree with bouts."""
    n_actions, lengths = len(bouts.actions), bouts.lengths.to_numpy()
    length, origin = lengths[bouts.recordings], bouts.origins.iloc[bouts.recordings]
    times = bouts.table[["start", "end", "paused", "paused_end"]].to_numpy().T
    # in parts since the start of the recording, without breaks
    starts, ends = n_actions * (times[:2] - origin.to_numpy() - times[2:]) / length
    agreements = np.zeros((n_actions, n_actions))
    for part in range(n_actions):
        common = np.minimum(ends, part + 1) - np.maximum(starts, part)
        common = common.clip(0) * length / n_actions
        agreements[:, part] = np.bincount(bouts.codes, common, minlength=n_actions)
    agreed = agreements[linear_sum_assignment(agreements, maximize=True)]
    share = 100 * agreed.sum() / lengths.sum()
    return f"Equal parts would agree on {share:.0f} % of the frames."


def repeated_cycles(bouts, names, circle=None):
    """Return what `cut_cycles` does; None if no recording repeats its steps."""
    # ``names`` are those of codes, ``circle`` has a cyclic model's codes in order
    steps = without_idle(bouts, names)
    # people may have labelled none of the model's actions
    if not steps.actions or (circle and not set(circle) & set(steps.actions)):
        return None
    table, cycles = cut_cycles(steps, circle)
    return (table, cycles) if table["recording"].duplicated().any() else None


def without_idle(bouts, names):
    """Bouts without those of idle time; ``names`` are those of actions, by action."""
    words = [str(names.get(action, action)) for action in bouts.table["action"]]
    is_step = [word.casefold() not in IDLE for word in words]
    return bouts.with_table(bouts.table[is_step])


def cut_cycles(steps, start=None):
    """Return a table of cycles, and `Bouts` of these without breaks and idle time."""
    # ``steps`` are `without_idle`
    bouts = steps.without_crumbs()
    table = _number_bouts(bouts, start)
    cycles = table.groupby("row", sort=False).agg(
        recording=("recording", "first"),
        cycle=("cycle", "first"),
        start=("begin", "first"),
        end=("end", "last"),
        duration=("duration", "sum"),
    )
    passed = cycles["end"] - cycles["start"]
    cycles["stopped"] = (passed - cycles["duration"]).round(9).clip(lower=0)
    # one after the other, so that a step that goes on after idle time is one
    ends = table["duration"].cumsum()
    steps = table[["action", *BREAKS]].assign(
        recording=table["row"],
        start=ends - table["duration"],
        end=ends,
        paused=0.0,
        paused_end=0.0,
    )
    steps = merge_touching(steps, **BREAKS)
    origins = steps.groupby("recording", sort=False)["start"].first()
    bouts_of_cycles = Bouts(steps, origins, bouts.frame, bouts.unit)
    bouts_of_cycles.lengths = cycles["duration"]  # to the last digit
    by_cycle = bouts_of_cycles.table.groupby("recording", observed=False)
    cycles["steps"] = by_cycle.size().to_numpy()
    columns = ["recording", "cycle", "start", "end", "duration", "stopped", "steps"]
    if bouts.dates:
        dates = [bouts.dates.get(name, NO_DATE) for name in cycles["recording"]]
        times = clock_columns(dates, cycles["start"], cycles["end"])
        cycles, columns = cycles.assign(**times), [*columns, *times]
    return cycles[columns].rename_axis(None), bouts_of_cycles


def _number_bouts(bouts, start):
    """Table of the bouts of cycles, with the row and number of the cycle of each."""
    table = bouts.table.astype({"recording": object, "action": object})
    table = table.join(mark_breaks(table))
    start = _check_start(bouts, start)
    is_start = _find_starts(bouts, table, start)
    cycles = is_start.groupby(table["recording"], sort=False)
    table["cycle"] = cycles.cumsum().astype(int)
    n_actions = len(start) if isinstance(start, list) else None
    table = _drop_partial_cycles(table[table["cycle"] > 0], n_actions)
    first = table.groupby("recording", sort=False)["cycle"].transform("min")
    table["cycle"] += 1 - first
    table["row"] = table.groupby(["recording", "cycle"], sort=False).ngroup()
    return table


def _check_start(bouts, start):
    """Return the first action, a list of those of a cycle that bouts show, or None."""
    if hasattr(start, "tolist"):  # arrays and numpy scalars
        start = start.tolist()
    is_cycle = isinstance(start, (list, tuple))
    given = start if is_cycle else [start]
    shown = [action for action in given if action in bouts.actions]
    if start is not None and not 0 < len(shown) == len(set(shown)):
        some = f"one of the actions {bouts.actions}"
        refuse("start", start, f"{some}, or the actions of a cycle in order, each once")
    return shown if is_cycle else start


def _find_starts(bouts, table, start):
    """Mask (n_bouts,) of those that start a cycle; ``start`` as of `_check_start`."""
    is_first = table["recording"] != table["recording"].shift()
    if isinstance(start, list):
        return is_first | (_places_back(table, start) > 0)
    if start is None:
        codes = usual_codes(bouts)
        if not _repeats_order(bouts, codes):
            return is_first  # each recording is a cycle
        start = bouts.actions[codes[0]]
    # a step that goes on after idle time starts no other cycle
    goes_on = ~is_first & (table["action"] == table["action"].shift())
    is_start = (table["action"] == start) & ~(goes_on & (len(bouts.actions) > 1))
    order = _order_of_cycles(table[["action"]].assign(cycle=is_start.cumsum()))
    # a cycle without its first action: a step back over half of the actions or more,
    # with as many after it, unlike idle time that a model takes for a step
    is_turn = 2 * _places_back(table, order) >= max(len(order), 2)
    parts = table.groupby((is_start | is_turn).cumsum())["action"]
    return is_start | (is_turn & (2 * parts.transform("nunique") >= len(order)))


def _order_of_cycles(table):
    """Actions of most cycles, by their median place in a cycle."""
    table = table.assign(place=table.groupby("cycle").cumcount())
    table = table[table["cycle"] > 0].drop_duplicates(["cycle", "action"])
    places = table.groupby("action")["place"].agg(["size", "median"])
    places = places[2 * places["size"] > table["cycle"].nunique()]
    return places["median"].sort_values(kind="stable").index.tolist()


def _places_back(table, order):
    """By how many places of an order each bout is before the one before it."""
    ranks = table["action"].map({action: rank for rank, action in enumerate(order)})
    # bouts of no rank are passed over
    ranks = ranks.astype(float).groupby(table["recording"], sort=False).ffill()
    before = ranks.groupby(table["recording"], sort=False).shift()
    return (before - ranks).fillna(0)


def _repeats_order(bouts, codes):
    """Whether recordings show the actions of an order several times, mostly in it."""
    counts = bouts.matrix(bouts.by_action.size())[:, codes]
    if not codes or np.median(np.median(counts, axis=0)) <= 1:
        return False
    _, before, after = ranks_of_steps(bouts, codes)
    return np.mean(after == (before + 1) % len(codes)) > 0.5


def _drop_partial_cycles(table, n_actions):
    """Bouts without those of a first or last cycle that shows less than half of it."""
    by_cycle = table.groupby(["recording", "cycle"], sort=False)["action"]
    if n_actions is None:
        n_actions = by_cycle.nunique().median()
    numbers = table.groupby("recording", sort=False)["cycle"]
    first, last = numbers.transform("min"), numbers.transform("max")
    is_end = (table["cycle"] == first) | (table["cycle"] == last)
    is_part = is_end & (first < last)
    is_part &= 2 * by_cycle.transform("nunique") < n_actions
    return table[~is_part].copy()
