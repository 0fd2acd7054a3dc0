"""Deviations of recordings, and their cycles: starts, times and deviations."""

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from skl_tot.recordings.errors import import_extra, refuse, warn_user
from skl_tot.recordings.labels import as_reals, values_of_recordings
from skl_tot.statistics.actions import (
    cut_cycles,
    has_order,
    ranks_of_steps,
    usual_codes,
    without_idle,
)
from skl_tot.statistics.bouts import CRUMB, collect_bouts, mark_breaks

if TYPE_CHECKING:  # it is of an extra
    import pandas as pd

# Robust z above which a duration, a number of bouts or a likelihood deviates.
MOST_USUAL = 3.5
# From a median absolute deviation to the standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# A step is done twice if its z is above this, and it takes so many times its usual
# time. Generated logs of 120 cycles: 92 % of such steps, 1 false one in 4 logs.
LEAST_TWICE, TWICE = 2.8, (1.7, 2.5)
# Columns of findings, with the points that each of them counts.
STEP_POINTS = {"missing": 3, "repeated": 3, "out_of_order": 3}
OF_CYCLES = {"extra": 3, "as_long_as_two": 0}  # the latter is repeated, too
DURATION_POINTS = OF_CYCLES | {"too_long": 1, "too_short": 1}
FAR_LONGER = 3  # times the usual duration; then a step counts as much as a lost one
FINDINGS = [*STEP_POINTS, *DURATION_POINTS]
# Findings and actions are usual if a greater share of recordings or cycles has them.
MOST_UNUSUAL = 0.2
MOST_OF_FEW = 1 / 3  # of ten or fewer, where a fifth are hardly two


def deviations(labels, *, fps=None, log_likelihoods=None) -> "pd.DataFrame":
    r"""List how each recording deviates from the others, the most deviating first.

    Durations are compared with those of other recordings by a robust z. With the total
    duration :math:`x` of an action in a recording, and its median :math:`m` over the
    recordings that show the action,

    .. math:: z = \frac{\min(x - m, 0) + m \log(\max(x, m) / m)}{
        \max(1.4826 \; \mathrm{median} |x - m|,\; 0.05\, m,\; 1 \text{ frame})}.

    So a long duration counts by its logarithm, as slow steps are common. A duration, a
    number of bouts or a likelihood deviates by a z above 3.5.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    fps : float, default=None
        Frames per second. None leaves it to the recordings, or counts frames.
    log_likelihoods : dict, Series or sequence, default=None
        Log-likelihood of each recording, by name or in order: the mean over its frames,
        or an array with a number per frame.

    Returns
    -------
    table : DataFrame
        A row for each recording, by ``score`` and, if equal, by the sum of :math:`|z|`.
        `cycle_times` has the same columns for cycles, and more. Steps next to a break
        are no deviation if they are missing, repeated or shorter, or up to twice as
        long as usual.

        - ``missing``: tuple of the missing actions of `usual_order`. A bout does not
          count if it is an outlier of the logarithms of all bouts of its action, five
          or more, and shorter than two fifths of their lower quartile.
        - ``repeated``: tuple of the actions whose number of bouts deviates, compared
          with the recordings that show them, and, in cycles, those of
          ``as_long_as_two``.
        - ``out_of_order``: tuple of pairs of actions; the first one comes directly
          before the second, in contrast to the order. A step back in more than half of
          the recordings is usual, and none is listed if recordings show no order.
        - ``extra``, of cycles only: tuple of added actions, each with its total
          duration: at most a fifth of the cycles show it, and it takes two fifths
          of the median step of `usual_order` or longer. It has no other findings.
        - ``as_long_as_two``, of cycles only: tuple of the actions whose single bout
          takes 1.7 to 2.5 times :math:`m`, at a z above 2.8, while most others take no
          longer than usual, each with its duration and :math:`m`.
        - ``too_long`` and ``too_short``: tuples of the other actions whose durations
          deviate, the most extreme first, each with its total duration and :math:`m`.
        - ``unlikely``: whether the mean log-likelihood is low;
          ``likelihood_quantile``: share of the recordings that are no likelier, or NaN.
        - ``score``: 3 for each action or pair of the first four, and each action that
          takes 3 :math:`m`, 1 for other durations that deviate and unlikely frames. A
          finding in more than a fifth of the recordings, or in more than a third of ten
          or fewer, is usual and does not count.
        - ``deviates``: whether the score is above the median.
        - ``unit`` of times, "s" or "frames".

    Examples
    --------
    >>> from skl_tot.statistics import deviations
    >>> takes = {name: ["cut"] * 4 + ["mix"] * 4 + ["bake"] * 4 for name in "abcdef"}
    >>> takes["c"] = ["cut"] * 4 + ["mix"] * 11 + ["bake"] * 4
    >>> print(deviations(takes)[["recording", "too_long", "score"]].head(1))
      recording             too_long  score
    0         c  ((mix, 11.0, 4.0),)      1
    """
    bouts = collect_bouts(labels, fps)
    means = _mean_log_likelihoods(log_likelihoods, bouts.names)
    bouts = bouts.without_crumbs()
    bouts = bouts.with_table(bouts.table.join(mark_breaks(bouts.table)))
    table = compare_bouts(bouts, means).drop(columns=list(OF_CYCLES))
    table = table.iloc[np.lexsort((-table.pop("extreme"), -table["score"]))]
    return table.reset_index(drop=True).assign(unit=bouts.unit)


def cycle_times(labels, *, fps=None, start=None) -> "pd.DataFrame":
    """Time the cycles of recordings, with missing and long steps of each.

    A cycle starts with a bout of the action ``start``, or with a step back over half of
    the actions of a cycle or more, if the first one is missing. It starts behind a
    break in that bout, if less than a tenth is before. It ends with its last
    step: time of no action, or of one called "idle", "pause", "waiting" or "not a
    step", belongs to no cycle. The first and last cycle of a recording are dropped if
    they show fewer than half of the actions. Recordings without a cycle give a warning.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    fps : float, default=None
        Frames per second. None leaves it to the recordings, or counts frames.
    start : int, str or sequence of these, default=None
        First action of a cycle. Or all actions of a cycle in order, such as
        ``actions_`` of a `skl_tot.CyclicSegmenter`: a cycle then starts with each
        action that does not follow the previous one in this order. None takes the first
        of `usual_order` if recordings show most usual actions more than once (by
        medians), mostly in that order. Otherwise each recording is one cycle, from its
        first action to the end of its last.

    Returns
    -------
    table : DataFrame
        A row for each cycle, in order of time: ``recording``; ``cycle``, its number in
        the recording from 1; ``start`` and ``end``; ``duration`` without ``stopped``,
        the time of stops, other breaks and no action within; ``steps``, the number of
        its bouts; if dates are known, ``start_clock`` and ``end_clock``; ``missing`` to
        ``deviates``, as in `deviations`, among all cycles; ``unit`` of times. Errors
        are those of `durations`.

    Examples
    --------
    >>> from skl_tot.statistics import cycle_times
    >>> laps = ["grasp", "move", "move", "drop", "grasp", "drop", "grasp", "move"]
    >>> table = cycle_times(laps, start="grasp")
    >>> print(table[["cycle", "start", "end", "duration", "steps", "missing"]])
       cycle  start  end  duration  steps  missing
    0      1    0.0  4.0       4.0      3       ()
    1      2    4.0  6.0       2.0      2  (move,)
    2      3    6.0  8.0       2.0      2  (drop,)
    """
    bouts = collect_bouts(labels, fps)
    cycles, bouts_of_cycles = cut_cycles(without_idle(bouts, {}), start)
    with_cycles = set(cycles["recording"])
    without = [name for name in bouts.names if name not in with_cycles]
    if without:
        is_one = start is not None and np.ndim(start) == 0
        reason = f"no {np.asarray(start).item()!r}" if is_one else "no action"
        warn_user(
            f"{len(without)} of {len(bouts.names)} recordings show {reason} and have "
            f"no cycle, such as {without[0]!r}."
        )
    findings = compare_bouts(bouts_of_cycles, in_cycles=True)
    cycles = cycles.join(findings[[*FINDINGS, "score", "deviates"]])
    return bouts.plain(cycles).assign(unit=bouts.unit)


def compare_bouts(bouts, means=None, in_cycles=False):
    """Table of `deviations` in the order of recordings, with the sum of absolute z."""
    codes = usual_codes(bouts)
    counts, totals, z = score_durations(bouts)
    usual = np.nanmedian(totals, axis=0) if totals.size else np.zeros(0)
    is_extra = _are_extra(totals, codes) & in_cycles
    # a step that is extra has no other finding
    near = _near_breaks(bouts, codes) | is_extra
    is_short = (-z > MOST_USUAL) & ~near
    # a step that starts again after a break lasts up to twice as long
    is_long = (z > MOST_USUAL) & ~(near & (totals <= 2 * usual))
    is_repeated = (counts > _most_bouts(counts)) & ~near
    is_twice = _are_twice(counts, totals / usual, z) & ~near & in_cycles
    is_long &= ~(is_twice | is_extra)
    steps_back = [()] * len(bouts.names)
    if has_order(bouts):
        steps_back = _find_steps_back(bouts, codes)
    far_of = {"as_long_as_two": is_twice, "too_long": is_long, "too_short": is_short}
    rows = []
    for i, name in enumerate(bouts.names):
        lacking = [code for code in codes if counts[i, code] == 0 and not near[i, code]]
        row = {"recording": name, "missing": bouts.name_codes(lacking)}
        repeated = np.flatnonzero(is_repeated[i] | is_twice[i])
        row["repeated"] = bouts.name_codes(repeated)
        pairs = [pair for pair in steps_back[i] if not near[i, list(pair)].all()]
        row["out_of_order"] = tuple(map(bouts.name_codes, pairs))
        added = np.flatnonzero(is_extra[i])
        row["extra"] = tuple(zip(bouts.name_codes(added), totals[i, added].tolist()))
        for column, is_far in far_of.items():
            far = np.flatnonzero(is_far[i])
            far = far[np.argsort(-abs(z[i, far]), kind="stable")]
            times = totals[i, far].tolist(), usual[far].tolist()
            row[column] = tuple(zip(bouts.name_codes(far), *times))
        rows.append(row)
    likelihoods = _judge_likelihoods(means, len(rows))
    scores = _count_points(rows, likelihoods["unlikely"])
    least = np.median(scores) if len(scores) else 0
    pd = import_extra("pandas")
    table = pd.DataFrame(rows, columns=["recording", *FINDINGS]).assign(**likelihoods)
    extremes = np.nansum(np.abs(z), axis=1)
    return table.assign(score=scores, deviates=scores > least, extreme=extremes)


def _are_extra(totals, codes):
    """Mask (n_cycles, n_actions) of rare actions, unless far shorter than usual."""
    if not codes:
        return np.zeros(totals.shape, dtype=bool)
    is_rare = np.isfinite(totals).mean(axis=0) <= MOST_UNUSUAL
    return is_rare & (totals >= CRUMB * np.nanmedian(totals[:, codes]))


def _are_twice(counts, shares, z):
    """Mask (n_cycles, n_actions) of steps as long as two, among others that are not."""
    least, most = TWICE
    is_near = (counts == 1) & (z > LEAST_TWICE) & (shares >= least) & (shares <= most)
    # a slow recording does nothing twice
    is_slow = 2 * (z > 2).sum(axis=1) > (counts > 0).sum(axis=1)
    return is_near & ~is_slow[:, None]


def _near_breaks(bouts, codes):
    """Mask (n_cycles, n_actions) of steps cut short, skipped or repeated by breaks."""
    # from the step before a break to the one after, in an order of codes; a break at
    # an end of the cycle reaches to that end of the order
    near = np.zeros((len(bouts.names), len(bouts.actions)), dtype=bool)
    ranks = {code: rank for rank, code in enumerate(codes)}
    cycles, steps = bouts.recordings, bouts.codes
    marks = ("breaks_before", "breaks_within", "breaks_after")
    before, within, after = (bouts.table[mark].to_numpy() for mark in marks)
    for k in np.flatnonzero(before | within | after):
        i, step = cycles[k], steps[k]
        near[i, step] = True
        low = high = ranks.get(step, 0)
        if before[k]:
            is_first = k == 0 or cycles[k - 1] != i
            low = 0 if is_first else ranks.get(steps[k - 1], low)
        if after[k] and (k + 1 == len(steps) or cycles[k + 1] != i):
            high = len(codes)
        near[i, codes[min(low, high) : max(low, high) + 1]] = True
    return near


def score_durations(bouts):
    """Find counts, total durations and their robust z (n_recordings, n_actions)."""
    if not bouts.actions or not bouts.names:
        return np.zeros((3, len(bouts.names), len(bouts.actions)))
    counts = bouts.matrix(bouts.by_action.size())
    totals = bouts.matrix(bouts.by_action["duration"].sum())
    totals = np.where(counts > 0, totals, np.nan)
    medians = np.nanmedian(totals, axis=0)
    # smaller spreads of durations count as a twentieth of the median, and a frame
    spread = np.maximum(MAD_TO_SD * _median_deviation(totals), 0.05 * medians)
    spread = np.maximum(spread, bouts.frame)
    spread[spread == 0] = 1  # all durations of point events are 0
    # durations have a long tail, so their logarithm counts above the median
    above = medians * np.log(np.maximum(totals, medians) / medians)
    return counts, totals, (np.minimum(totals - medians, 0) + above) / spread


def _median_deviation(values):
    """Median absolute deviation of each column, without NaN."""
    return np.nanmedian(np.abs(values - np.nanmedian(values, axis=0)), axis=0)


def _most_bouts(counts):
    """Find the number of bouts of each action above which it is repeated."""
    if not counts.size:
        return np.zeros(0)
    present = np.where(counts > 0, counts, np.nan)
    return np.nanmedian(present, axis=0) + MOST_USUAL * MAD_TO_SD * _median_deviation(
        present
    )


def _find_steps_back(bouts, codes):
    """Distinct pairs of codes in each recording that step back in the order."""
    pairs_of = [{} for _ in bouts.names]  # as ordered sets
    for i, before, after in zip(*ranks_of_steps(bouts, codes)):
        if after < before:
            pairs_of[i][codes[before], codes[after]] = None
    numbers = Counter(chain.from_iterable(pairs_of))
    # a step of more than half of the recordings is usual
    most = len(pairs_of) / 2
    return [[pair for pair in pairs if numbers[pair] <= most] for pairs in pairs_of]


def _mean_log_likelihoods(log_likelihoods, names):
    """Mean (n_recordings,) over the frames of each recording, or None if not given."""
    if log_likelihoods is None:
        return None
    values = values_of_recordings(log_likelihoods, names, "log_likelihoods")
    means = np.array([as_reals(x, "log_likelihoods").mean() for x in values])
    for k in np.flatnonzero(~np.isfinite(means))[:1]:
        refuse(f"log_likelihoods of {names[k]!r}", means[k].item(), "finite numbers")
    return means


def _judge_likelihoods(means, n_recordings):
    """Columns of `deviations` about mean log-likelihoods of recordings."""
    if means is None:
        unknown = np.full(n_recordings, np.nan)
        return {"unlikely": np.isfinite(unknown), "likelihood_quantile": unknown}
    spread = MAD_TO_SD * _median_deviation(means)
    is_low = means < np.median(means) - MOST_USUAL * spread
    quantiles = (means <= means[:, None]).mean(axis=1)
    return {"unlikely": is_low, "likelihood_quantile": quantiles}


def _count_points(rows, are_unlikely):
    """Score of each recording, without usual findings."""
    findings_of = []
    for row, is_unlikely in zip(rows, are_unlikely):
        findings = [(name, action) for name in STEP_POINTS for action in row[name]]
        for name in DURATION_POINTS:
            findings += [(name, action) for action, *_ in row[name]]
        for action, time, usual in row["too_long"]:
            findings += [("far_longer", action)] * (time >= FAR_LONGER * usual)
        findings += [("unlikely", None)] * bool(is_unlikely)
        findings_of.append(findings)
    numbers = Counter(chain.from_iterable(findings_of))
    share = MOST_UNUSUAL if len(rows) > 10 else MOST_OF_FEW
    most = max(1, share * len(rows))
    points = STEP_POINTS | DURATION_POINTS | {"far_longer": 2, "unlikely": 1}
    scores = [
        sum(points[name] for name, action in findings if numbers[name, action] <= most)
        for findings in findings_of
    ]
    return np.array(scores, dtype=int)
