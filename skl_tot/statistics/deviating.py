"""Recordings that are unlike the others."""

from collections import Counter
from numbers import Real

import numpy as np

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import as_reals
from skl_tot.statistics.bouts import collect_bouts, values_of_recordings
from skl_tot.statistics.cycle_bouts import cut_cycles
from skl_tot.statistics.sequences import usual_codes

TO_SD = 1.4826  # of a normal distribution, from the median absolute deviation
SMALLEST = 0.05  # of the median, below which no spread of durations counts
# Points of each finding, by the column of it.
POINTS = {
    "missing": 3,
    "repeated": 3,
    "out_of_order": 3,
    "too_long": 1,
    "too_short": 1,
    "unlikely": 1,
}
FINDINGS = ["missing", "repeated", "out_of_order", "too_long", "too_short"]
FINDINGS += ["score", "deviates"]
USUAL = 0.2  # share of recordings beyond which what they have in common is usual


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

    Durations are held against those of other recordings by a robust z. With
    :math:`x` the total duration of an action in a recording, and :math:`m` the median
    of it over the recordings that show the action,

    .. math:: z = \frac{x - m}{\max(1.4826 \; \mathrm{median} |x - m|,\; 0.05\, m,\; 1
        \text{ frame})},

    whose second and third terms keep equal durations from making a small difference
    large.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if they have one.
    order : sequence of int or str, default=None
        Actions that a recording should show, in order. None takes `usual_order`.
    log_likelihoods : dict, Series or sequence, default=None
        Log-likelihood of each recording, by its name or in order: a number, the mean
        over its frames, or an array of one number for each frame, whose mean is taken.
    threshold : float, default=3.5
        Robust z beyond which a duration, a number of bouts or a likelihood deviates.
    by : {"recording", "cycle"}, default="recording"
        Whether recordings are compared, or their cycles.
    start : int, str or sequence of these, default=None
        What begins a cycle, as for `cycle_times`.

    Returns
    -------
    table : DataFrame
        A row for each recording, by ``score`` and, if equal, by the sum of :math:`|z|`.
        By cycle it begins with ``recording``, ``cycle``, ``start``, ``end``,
        ``duration`` and ``steps``, as `cycle_times` does, and "recording" below stands
        for a cycle.

        - ``missing``: tuple of the actions of the order that it lacks.
        - ``repeated``: tuple of the actions with more bouts than their median, over
          the recordings that show them, plus ``threshold`` times 1.4826 times their
          median absolute deviation.
        - ``out_of_order``: tuple of pairs, the first of which comes right before the
          second, though the order has it after it. Without ``order``, a step back that
          more than half of the recordings have is usual.
        - ``too_long`` and ``too_short``: tuples of those actions whose :math:`z` is
          beyond the threshold, the most extreme first, each with its total duration and
          :math:`m`, the usual one.
        - ``unlikely``: whether the mean log-likelihood is below the median over
          recordings by more than ``threshold`` of their robust standard deviations.
        - ``likelihood_quantile``: share of the recordings that are no likelier; NaN
          without ``log_likelihoods``.
        - ``score``: 3 for each action or pair of the first three, 1 for each other
          finding. Without ``order``, what more than a fifth of the recordings have in
          common, and two at least, is usual and counts for nothing.
        - ``deviates``: whether the score is above that of half of the recordings, so
          that none deviates where half of them do. With ``order``, above 0.
        - ``unit`` of times, "s" or "frames".

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, a recording is empty, ``order`` has an
        action twice or one that no recording shows, log-likelihoods are not one for
        each recording or not finite or given by cycle, ``threshold`` is not positive,
        no recording shows ``start``, recordings are compared and there is a ``start``,
        or ``fps`` is no rate or contradicts that of the labels.

    See Also
    --------
    usual_order : The order of actions.
    durations : The durations themselves.

    Examples
    --------
    >>> from skl_tot.statistics import deviations
    >>> takes = {name: ["cut"] * 4 + ["mix"] * 4 + ["bake"] * 4 for name in "abcdef"}
    >>> takes["b"] = ["cut"] * 4 + ["bake"] * 4
    >>> takes["c"] = ["cut"] * 4 + ["mix"] * 9 + ["bake"] * 4
    >>> table = deviations(takes)
    >>> print(table[["recording", "missing", "too_long", "score", "deviates"]].head(3))
      recording missing       too_long  score  deviates
    0         b  (mix,)             ()      3      True
    1         c      ()  ((mix, 9.0, 4.0),)      1      True
    2         a      ()             ()      0     False
    """
    bouts = collect_bouts(labels, fps)
    if not (isinstance(threshold, Real) and 0 < threshold < np.inf):
        raise ValueError(
            f"threshold is {short_repr(threshold)}, expected a positive number."
        )
    if by not in ("recording", "cycle"):
        raise ValueError(f"by is {short_repr(by)}, expected 'recording' or 'cycle'.")
    if start is not None and by == "recording":
        raise ValueError(
            f"start is {short_repr(start)}, which begins a cycle; expected by='cycle' "
            "with it, or no start."
        )
    cycles = None
    if by == "cycle":
        if log_likelihoods is not None:
            raise ValueError(
                "log_likelihoods are of recordings, expected none by cycle."
            )
        cycles, bouts = cut_cycles(bouts, start)
    means = _mean_log_likelihoods(log_likelihoods, bouts.names)
    found = compare_bouts(bouts, order, means, threshold)
    extremes = found.pop("extreme")
    if cycles is not None:
        found = cycles.join(found.drop(columns="recording"))
    found = found.iloc[np.lexsort((-extremes, -found["score"]))]
    return found.reset_index(drop=True).assign(unit=bouts.unit)


def compare_bouts(bouts, order=None, means=None, threshold=3.5):
    """Return the table of `deviations` by the order of recordings, of their `Bouts`.

    ``means`` are mean log-likelihoods; ``extreme`` is the sum of the sizes of z.
    """
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
    least = 0
    if order is None and len(scores):
        least = np.sort(scores)[len(scores) // 2]  # which half of the recordings have
    columns = ["recording", *FINDINGS[:-2], "unlikely", "likelihood_quantile"]
    table = pd.DataFrame(rows, columns=columns)
    extremes = np.nansum(np.abs(z), axis=1)
    return table.assign(score=scores, deviates=scores > least, extreme=extremes)


def _check_order(order, bouts):
    """Codes of the actions of an order that is given."""
    if isinstance(order, (str, bytes)) or not hasattr(order, "__len__"):
        raise TypeError(f"order is {short_repr(order)}, expected a list of actions.")
    actions = np.asarray(order).tolist()
    for action in actions:
        if action not in bouts.actions:
            raise ValueError(
                f"order has {short_repr(action)}, which no recording shows, expected "
                f"some of {bouts.actions}."
            )
    if len(set(actions)) < len(actions):
        raise ValueError(f"order is {short_repr(actions)}, expected each action once.")
    return [bouts.actions.index(action) for action in actions]


def score_durations(bouts):
    """Count bouts, and give total durations and their robust z.

    They have shape (n_recordings, n_actions); the latter two are NaN where a recording
    lacks the action.
    """
    if not bouts.actions or not bouts.names:
        return np.zeros((3, len(bouts.names), len(bouts.actions)))
    counts = bouts.matrix(bouts.by_action.size())
    totals = bouts.matrix(bouts.by_action["duration"].sum())
    present = np.where(counts > 0, totals, np.nan)
    medians = np.nanmedian(present, axis=0)
    spread = np.maximum(TO_SD * _deviation(present), SMALLEST * medians)
    spread = np.maximum(spread, bouts.frame)
    spread[spread == 0] = 1  # of points in time all durations are 0
    return counts, present, (present - medians) / spread


def _deviation(values):
    """Median absolute deviation of each column from its median, leaving out NaN."""
    return np.nanmedian(np.abs(values - np.nanmedian(values, axis=0)), axis=0)


def _most_bouts(counts, threshold):
    """Give the number of bouts of each action beyond which it is repeated."""
    if not counts.size:
        return np.zeros(0)
    present = np.where(counts > 0, counts, np.nan)
    return np.nanmedian(present, axis=0) + threshold * TO_SD * _deviation(present)


def _find_steps_back(bouts, codes, is_given):
    """Distinct pairs of codes in each recording that step back in the order.

    Actions that are not of the order are passed over.
    """
    places = np.full(len(bouts.actions), -1)
    places[codes] = np.arange(len(codes))
    known = np.flatnonzero(places[bouts.codes] >= 0)
    recordings, own = bouts.recordings[known], bouts.codes[known]
    is_back = recordings[1:] == recordings[:-1]
    is_back &= places[own[1:]] < places[own[:-1]]
    found = [{} for _ in bouts.names]  # as sets in order
    for k in np.flatnonzero(is_back).tolist():
        found[recordings[k]][int(own[k]), int(own[k + 1])] = None
    if is_given:
        return [list(pairs) for pairs in found]
    numbers = Counter(pair for pairs in found for pair in pairs)
    half = len(found) / 2
    return [[pair for pair in pairs if numbers[pair] <= half] for pairs in found]


def _mean_log_likelihoods(log_likelihoods, names):
    """Mean log-likelihood of each recording, or None if there are none."""
    if log_likelihoods is None:
        return None
    found = values_of_recordings(log_likelihoods, names, "log_likelihoods")
    means = np.array([as_reals(x, "log_likelihoods").mean() for x in found])
    bad = np.flatnonzero(~np.isfinite(means))
    if bad.size:
        raise ValueError(
            f"log_likelihoods of {names[bad[0]]!r} is {means[bad[0]]}, expected finite "
            "numbers."
        )
    return means


def _judge_likelihood(means, i, threshold):
    """Whether a recording is unlikely, and the share of those no likelier."""
    if means is None:
        return {"unlikely": False, "likelihood_quantile": np.nan}
    spread = TO_SD * _deviation(means)
    is_low = bool(means[i] < np.median(means) - threshold * spread)
    quantile = float((means <= means[i]).mean())
    return {"unlikely": is_low, "likelihood_quantile": quantile}


def _count_points(rows, is_given):
    """Score of each recording, for what is not usual; all counts if an order is given.

    A finding is the column of it, and the action or the pair that it is of.
    """
    found = [_list_findings(row) for row in rows]
    numbers = Counter(finding for own in found for finding in own)
    most = len(rows) if is_given else max(1, USUAL * len(rows))
    scores = []
    for own in found:
        scores.append(
            sum(POINTS[key] for key, what in own if numbers[key, what] <= most)
        )
    return np.array(scores, dtype=int)


def _list_findings(row):
    """List what is found in a recording, without how much it is."""
    found = []
    for key in ("missing", "repeated", "out_of_order"):
        found += [(key, what) for what in row[key]]
    for key in ("too_long", "too_short"):
        found += [(key, action) for action, *_ in row[key]]
    if row["unlikely"]:
        found.append(("unlikely", None))
    return found


def write_lists(table):
    """Copy of `deviations` with text in place of tuples, for files.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"missing": [("a", "b")], "out_of_order": [(("b", "a"),)]})
    >>> table["too_long"] = [(("a", 9.5, 4.0),)]
    >>> write_lists(table).iloc[0].tolist()
    ['a, b', 'b before a', 'a (9.5, usually 4)']
    """
    shown = {
        "missing": str,
        "repeated": str,
        "out_of_order": lambda pair: f"{pair[0]} before {pair[1]}",
        "too_long": _write_duration,
        "too_short": _write_duration,
    }
    table = table.copy()
    for column, show in shown.items():
        if column in table:
            table[column] = [", ".join(map(show, cell)) for cell in table[column]]
    return table


def _write_duration(found):
    action, duration, usual = found
    return f"{action} ({duration:.4g}, usually {usual:.4g})"
