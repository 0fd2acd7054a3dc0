"""Recordings that differ from the others, and times and deviations of cycles."""

from collections import Counter
from numbers import Real

import numpy as np

from skl_tot.recordings.errors import refuse, short_repr, warn_user
from skl_tot.recordings.labels import as_reals
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.actions import usual_codes
from skl_tot.statistics.bouts import collect_bouts, values_of_recordings
from skl_tot.statistics.cycles import cut_cycles

TO_SD = 1.4826  # from the median absolute deviation to that of a normal distribution
SMALLEST = 0.05  # of the median; smaller spreads of durations count as this
# Points of each finding, by its column.
POINTS = {"missing": 3, "repeated": 3, "out_of_order": 3}
POINTS |= {"too_long": 1, "too_short": 1, "unlikely": 1}
LISTS = ["missing", "repeated", "out_of_order", "too_long", "too_short"]
USUAL = 0.2  # share of recordings above which a common finding is usual


@with_shared_texts
def deviations(
    labels,
    *,
    fps=None,
    order=None,
    log_likelihoods=None,
    threshold=3.5,
    by="recording",
    start=None,
):
    r"""List how each recording deviates from the others, the most deviating first.

    Durations are compared with those of other recordings by a robust z. With the total
    duration :math:`x` of an action in a recording, and its median :math:`m` over the
    recordings that show the action,

    .. math:: z = \frac{x - m}{\max(1.4826 \; \mathrm{median} |x - m|,\; 0.05\, m,\; 1
        \text{ frame})}.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    {shared: fps}
    order : sequence of int or str, default=None
        Expected actions of a recording, in order. None takes `usual_order`.
    log_likelihoods : dict, Series or sequence, default=None
        Log-likelihood of each recording, by name or in order: a number, the mean over
        its frames, or an array with a number per frame, which is averaged.
    threshold : float, default=3.5
        Robust z above which a duration, a number of bouts or a likelihood deviates.
    by : {"recording", "cycle"}, default="recording"
        Whether recordings are compared, or their cycles.
    {shared: start}

    Returns
    -------
    table : DataFrame
        A row for each recording, by ``score`` and, if equal, by the sum of :math:`|z|`.
        By cycle it begins with the columns of `cycle_times`, and "recording" below
        means a cycle.

        - ``missing``: tuple of the missing actions of the order.
        - ``repeated``: tuple of the actions whose number of bouts is above the
          threshold, compared with the recordings that show them.
        - ``out_of_order``: tuple of pairs of actions; the first one comes directly
          before the second, in contrast to the order. Without ``order``, a step back in
          more than half of the recordings is usual.
        - ``too_long`` and ``too_short``: tuples of the actions with :math:`z` beyond
          the threshold, the most extreme first, each with its total duration and
          :math:`m`.
        - ``unlikely``: whether the mean log-likelihood is below the threshold;
          ``likelihood_quantile``: share of the recordings that are no likelier, or NaN.
        - ``score``: 3 for each action or pair of the first three, 1 for each other
          finding. Without ``order``, a finding in more than a fifth of the recordings,
          and at least two, is usual and does not count.
        - ``deviates``: whether the score is above the median; with ``order``, above 0.
        - ``unit`` of times, "s" or "frames".

    Raises
    ------
    TypeError, ValueError
        As for `durations`, or if ``order``, ``log_likelihoods``, ``threshold`` or
        ``start`` do not fit the labels or each other.

    Examples
    --------
    >>> from skl_tot.statistics import deviations
    >>> takes = {name: ["cut"] * 4 + ["mix"] * 4 + ["bake"] * 4 for name in "abcdef"}
    >>> takes["b"] = ["cut"] * 4 + ["bake"] * 4
    >>> takes["c"] = ["cut"] * 4 + ["mix"] * 9 + ["bake"] * 4
    >>> print(deviations(takes)[["recording", "missing", "too_long", "score"]].head(2))
      recording missing       too_long  score
    0         b  (mix,)             ()      3
    1         c      ()  ((mix, 9.0, 4.0),)      1
    """
    bouts = collect_bouts(labels, fps)
    if not (isinstance(threshold, Real) and 0 < threshold < np.inf):
        refuse("threshold", threshold, "a positive number")
    if by not in ("recording", "cycle"):
        refuse("by", by, "'recording' or 'cycle'")
    if by == "recording":
        if start is not None:
            refuse("start", start, "none, or by='cycle', as it begins a cycle")
        means = _mean_log_likelihoods(log_likelihoods, bouts.names)
        found = compare_bouts(bouts, order, means, threshold)
    else:
        if log_likelihoods is not None:
            expected = "expected none by cycle"
            raise ValueError(f"log_likelihoods are of recordings, {expected}.")
        cycles, own = cut_cycles(bouts, start)
        found = compare_bouts(own, order, threshold=threshold)
        found = cycles.join(found.drop(columns="recording"))
    found = found.iloc[np.lexsort((-found.pop("extreme"), -found["score"]))]
    return found.reset_index(drop=True).assign(unit=bouts.unit)


@with_shared_texts
def cycle_times(labels, *, fps=None, start=None):
    """Time the cycles of recordings, with missing and long steps of each.

    A cycle starts with a bout of the action ``start``. It ends at the start of the next
    cycle; the last cycle of a recording, or before a break, ends with its last action.
    Time before the first cycle belongs to no cycle. The first and last cycle of a
    recording are dropped if they show fewer than half of the actions of a cycle.
    Recordings without a cycle give a warning.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    {shared: fps}
    start : int, str or sequence of these, default=None
        First action of a cycle. Or all actions of a cycle in order, such as
        ``actions_`` of a `skl_tot.CyclicSegmenter`: a cycle then starts with each
        action that does not follow the previous one in this order, so that the first
        may be missing. None takes the first of `usual_order` if recordings show most
        usual actions more than once (by medians), mostly in that order. Otherwise each
        recording is one cycle, from its first action to the end of its last.

    Returns
    -------
    table : DataFrame
        A row for each cycle, in order of time: ``recording``; ``cycle``, its number in
        the recording from 0; ``start`` and ``end``; ``duration``, without breaks;
        ``steps``, the number of its bouts; if dates are known, ``start_clock`` and
        ``end_clock``; ``missing`` to ``deviates``, as in
        `deviations`, among all cycles; ``unit`` of times. Errors are those of
        `durations` and of a ``start`` that no recording shows.

    Examples
    --------
    >>> from skl_tot.statistics import cycle_times
    >>> laps = ["grasp", "move", "move", "drop", "grasp", "drop", "grasp", "move"]
    >>> table = cycle_times(laps, start="grasp")
    >>> print(table[["cycle", "start", "end", "duration", "steps", "missing"]])
       cycle  start  end  duration  steps  missing
    0      0    0.0  4.0       4.0      3       ()
    1      1    4.0  6.0       2.0      2  (move,)
    2      2    6.0  8.0       2.0      2  (drop,)
    """
    bouts = collect_bouts(labels, fps)
    cycles, own = cut_cycles(bouts, start)
    shown = set(cycles["recording"])
    without = [name for name in bouts.names if name not in shown]
    if without:
        is_one = start is not None and np.ndim(start) == 0
        reason = f"no {np.asarray(start).item()!r}" if is_one else "no action"
        warn_user(
            f"{len(without)} of {len(bouts.names)} recordings show {reason} and have "
            f"no cycle, such as {without[0]!r}."
        )
    found = cycles.join(compare_bouts(own)[[*LISTS, "score", "deviates"]])
    return bouts.plain(found).assign(unit=bouts.unit)


def compare_bouts(bouts, order=None, means=None, threshold=3.5):
    """Table of `deviations` in the order of recordings, with the sum of absolute z."""
    import pandas as pd

    codes = usual_codes(bouts) if order is None else _check_order(order, bouts)
    counts, totals, z = score_durations(bouts)
    usual = np.nanmedian(totals, axis=0) if totals.size else np.zeros(0)
    most = _most_bouts(counts, threshold)
    steps_back = _find_steps_back(bouts, codes, is_given=order is not None)
    rows = []
    for i, name in enumerate(bouts.names):
        lacking = [code for code in codes if counts[i, code] == 0]
        row = {"recording": name, "missing": bouts.name_codes(lacking)}
        row["repeated"] = bouts.name_codes(np.flatnonzero(counts[i] > most))
        row["out_of_order"] = tuple(map(bouts.name_codes, steps_back[i]))
        for key, own in (("too_long", z[i]), ("too_short", -z[i])):
            far = np.flatnonzero(own > threshold)
            far = far[np.argsort(-own[far], kind="stable")]
            times = totals[i, far].tolist(), usual[far].tolist()
            row[key] = tuple(zip(bouts.name_codes(far), *times))
        rows.append(row | _judge_likelihood(means, i, threshold))
    scores = _count_points(rows, is_given=order is not None)
    is_compared = order is None and len(scores)
    least = np.sort(scores)[len(scores) // 2] if is_compared else 0  # the median
    columns = ["recording", *LISTS, "unlikely", "likelihood_quantile"]
    table = pd.DataFrame(rows, columns=columns)
    extremes = np.nansum(np.abs(z), axis=1)
    return table.assign(score=scores, deviates=scores > least, extreme=extremes)


def _check_order(order, bouts):
    if isinstance(order, (str, bytes)) or not hasattr(order, "__len__"):
        refuse("order", order, "a list of actions", TypeError)
    actions = np.asarray(order).tolist()
    for action in actions:
        if action not in bouts.actions:
            found = f"order has {short_repr(action)}, which no recording shows"
            raise ValueError(f"{found}, expected some of {bouts.actions}.")
    if len(set(actions)) < len(actions):
        refuse("order", actions, "each action once")
    return [bouts.actions.index(action) for action in actions]


def score_durations(bouts):
    """Return counts, total durations and their robust z, by recording and action."""
    if not bouts.actions or not bouts.names:
        return np.zeros((3, len(bouts.names), len(bouts.actions)))
    counts = bouts.matrix(bouts.by_action.size())
    totals = bouts.matrix(bouts.by_action["duration"].sum())
    present = np.where(counts > 0, totals, np.nan)
    medians = np.nanmedian(present, axis=0)
    spread = np.maximum(TO_SD * _deviation(present), SMALLEST * medians)
    spread = np.maximum(spread, bouts.frame)
    spread[spread == 0] = 1  # all durations of point events are 0
    return counts, present, (present - medians) / spread


def _deviation(values):
    return np.nanmedian(np.abs(values - np.nanmedian(values, axis=0)), axis=0)


def _most_bouts(counts, threshold):
    if not counts.size:
        return np.zeros(0)
    present = np.where(counts > 0, counts, np.nan)
    return np.nanmedian(present, axis=0) + threshold * TO_SD * _deviation(present)


def _find_steps_back(bouts, codes, is_given):
    """Distinct pairs of codes in each recording that step back in the order."""
    places = np.full(len(bouts.actions), -1)
    places[codes] = np.arange(len(codes))
    known = np.flatnonzero(places[bouts.codes] >= 0)  # actions of the order
    recordings, own = bouts.recordings[known], bouts.codes[known]
    is_back = recordings[1:] == recordings[:-1]
    is_back &= places[own[1:]] < places[own[:-1]]
    found = [{} for _ in bouts.names]  # as ordered sets
    for k in np.flatnonzero(is_back).tolist():
        found[recordings[k]][int(own[k]), int(own[k + 1])] = None
    if is_given:
        return [list(pairs) for pairs in found]
    numbers = Counter(pair for pairs in found for pair in pairs)
    half = len(found) / 2
    return [[pair for pair in pairs if numbers[pair] <= half] for pairs in found]


def _mean_log_likelihoods(log_likelihoods, names):
    if log_likelihoods is None:
        return None
    found = values_of_recordings(log_likelihoods, names, "log_likelihoods")
    means = np.array([as_reals(x, "log_likelihoods").mean() for x in found])
    for k in np.flatnonzero(~np.isfinite(means))[:1]:
        refuse(f"log_likelihoods of {names[k]!r}", means[k].item(), "finite numbers")
    return means


def _judge_likelihood(means, i, threshold):
    if means is None:
        return {"unlikely": False, "likelihood_quantile": np.nan}
    spread = TO_SD * _deviation(means)
    is_low = bool(means[i] < np.median(means) - threshold * spread)
    quantile = float((means <= means[i]).mean())
    return {"unlikely": is_low, "likelihood_quantile": quantile}


def _count_points(rows, is_given):
    """Score of each recording, without usual findings; all count for a given order."""
    found = [_list_findings(row) for row in rows]
    numbers = Counter(finding for own in found for finding in own)
    most = len(rows) if is_given else max(1, USUAL * len(rows))
    rare = [[finding for finding in own if numbers[finding] <= most] for own in found]
    return np.array([sum(POINTS[key] for key, _ in own) for own in rare], dtype=int)


def _list_findings(row):
    found = [(key, what) for key in LISTS[:3] for what in row[key]]
    found += [(key, action) for key in LISTS[3:] for action, *_ in row[key]]
    return found + [("unlikely", None)] * row["unlikely"]


def write_lists(table):
    """Copy the table of `deviations` with text instead of tuples, for files."""
    shown = dict.fromkeys(LISTS[:2], "{}") | {"out_of_order": "{0[0]} before {0[1]}"}
    shown |= dict.fromkeys(LISTS[3:], "{0[0]} ({0[1]:.4g}, usually {0[2]:.4g})")
    table = table.copy()
    for column, text in shown.items():
        if column in table:
            table[column] = [", ".join(map(text.format, own)) for own in table[column]]
    return table
