"""Recordings that are unlike the others."""

from collections import Counter
from numbers import Real

import numpy as np

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.labels import as_reals
from skl_tot.statistics.bouts import collect_bouts, values_of_recordings
from skl_tot.statistics.sequences import usual_codes

TO_SD = 1.4826  # of a normal distribution, from the median absolute deviation
SMALLEST = 0.05  # of the median, below which no spread of durations counts
POINTS = 3  # of an action missing, repeated or out of order; others are 1


def deviations(labels, *, fps=None, order=None, log_likelihoods=None, threshold=3.5):
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

    Returns
    -------
    table : DataFrame
        A row for each recording, by ``score`` and, if equal, by the sum of :math:`|z|`:

        - ``missing``: tuple of the actions of the order that it lacks.
        - ``repeated``: tuple of the actions with more bouts than their median, over
          the recordings that show them, plus ``threshold`` times 1.4826 times their
          median absolute deviation.
        - ``out_of_order``: tuple of pairs, the first of which comes right before the
          second, though the order has it after it. Without ``order``, a step back that
          more than half of the recordings have is usual.
        - ``too_long`` and ``too_short``: tuples of pairs of action and :math:`z`, the
          most extreme first.
        - ``unlikely``: whether the mean log-likelihood is below the median over
          recordings by more than ``threshold`` of their robust standard deviations.
        - ``likelihood_quantile``: share of the recordings that are no likelier; NaN
          without ``log_likelihoods``.
        - ``score``: 3 for each action or pair of the first three, 1 for each other
          finding.

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, a recording is empty, ``order`` has an
        action twice or one that no recording shows, log-likelihoods are not one for
        each recording or not finite, ``threshold`` is not positive, or ``fps`` is no
        rate or contradicts that of the labels.

    See Also
    --------
    usual_order : The order of actions.
    durations : The durations themselves.

    Examples
    --------
    >>> from skl_tot.statistics import deviations
    >>> takes = {name: ["cut"] * 4 + ["mix"] * 4 + ["bake"] * 4 for name in "abcd"}
    >>> takes["b"] = ["cut"] * 4 + ["bake"] * 4
    >>> takes["c"] = ["cut"] * 4 + ["mix"] * 9 + ["bake"] * 4
    >>> table = deviations(takes)
    >>> print(table[["recording", "missing", "too_long", "score"]].head(2))
      recording missing       too_long  score
    0         b  (mix,)             ()      3
    1         c      ()  ((mix, 5.0),)      1
    """
    import pandas as pd

    bouts = collect_bouts(labels, fps)
    if not (isinstance(threshold, Real) and 0 < threshold < np.inf):
        raise ValueError(
            f"threshold is {short_repr(threshold)}, expected a positive number."
        )
    codes = usual_codes(bouts) if order is None else _check_order(order, bouts)
    counts, z = score_durations(bouts)
    means = _mean_log_likelihoods(log_likelihoods, bouts.names)
    most = _most_bouts(counts, threshold)
    steps_back = _find_steps_back(bouts, codes, is_given=order is not None)
    rows = []
    for i, name in enumerate(bouts.names):
        lacking = [code for code in codes if counts[i, code] == 0]
        row = {"recording": name, "missing": bouts.name_codes(lacking)}
        row["repeated"] = bouts.name_codes(np.flatnonzero(counts[i] > most))
        row["out_of_order"] = tuple(map(bouts.name_codes, steps_back[i]))
        row["too_long"] = _list_beyond(bouts, z[i], threshold)
        row["too_short"] = _list_beyond(bouts, -z[i], threshold, sign=-1)
        row |= _judge_likelihood(means, i, threshold)
        rows.append(row | {"score": _count_points(row)})
    extremes = np.nansum(np.abs(z), axis=1)
    scores = np.array([row["score"] for row in rows])
    return pd.DataFrame([rows[i] for i in np.lexsort((-extremes, -scores))])


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
    """Count bouts and give the robust z of their sums: (n_recordings, n_actions) each.

    It is NaN where a recording lacks the action.
    """
    if not bouts.actions:
        return np.zeros((2, len(bouts.names), 0))
    counts = bouts.matrix(bouts.by_action.size())
    totals = bouts.matrix(bouts.by_action["duration"].sum())
    present = np.where(counts > 0, totals, np.nan)
    medians = np.nanmedian(present, axis=0)
    spread = np.maximum(TO_SD * _deviation(present), SMALLEST * medians)
    spread = np.maximum(spread, bouts.frame)
    spread[spread == 0] = 1  # of points in time all durations are 0
    return counts, (present - medians) / spread


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


def _list_beyond(bouts, z, threshold, sign=1):
    """Pairs of action and its z, with its sign, for those beyond the threshold."""
    beyond = np.flatnonzero(z > threshold)
    beyond = beyond[np.argsort(-z[beyond], kind="stable")]
    return tuple((bouts.actions[k], float(sign * z[k])) for k in beyond)


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


def _count_points(row):
    """Score of a recording."""
    structural = ("missing", "repeated", "out_of_order")
    points = POINTS * sum(len(row[key]) for key in structural)
    return points + len(row["too_long"]) + len(row["too_short"]) + row["unlikely"]


def write_lists(table):
    """Copy of `deviations` with text in place of tuples, for files.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"missing": [("a", "b")], "out_of_order": [(("b", "a"),)]})
    >>> table["too_long"] = [(("a", 4.2),)]
    >>> write_lists(table).iloc[0].tolist()
    ['a, b', 'b before a', 'a (z 4.2)']
    """
    shown = {
        "missing": str,
        "repeated": str,
        "out_of_order": lambda pair: f"{pair[0]} before {pair[1]}",
        "too_long": lambda pair: f"{pair[0]} (z {pair[1]:.1f})",
        "too_short": lambda pair: f"{pair[0]} (z {pair[1]:.1f})",
    }
    table = table.copy()
    for column, show in shown.items():
        if column in table:
            table[column] = [", ".join(map(show, cell)) for cell in table[column]]
    return table
