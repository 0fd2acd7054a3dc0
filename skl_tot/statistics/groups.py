"""Comparison of groups of recordings, by permutation of their subjects."""

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import bootstrap, false_discovery_control, permutation_test
from sklearn.utils import check_random_state

from skl_tot.recordings.errors import import_extra, refuse, short_repr, warn_user
from skl_tot.statistics.actions import count_steps
from skl_tot.statistics.bouts import collect_bouts, group_of_recordings

if TYPE_CHECKING:  # it is of an extra
    import pandas as pd

# Groups differ if q is below: among those, at most one in twenty is expected to be
# false.
MAX_Q = 0.05
# Most permutations of a test, and bootstrap samples of an interval.
N_DRAWN, LEVEL = 9999, 0.95
N_NAMED = 5  # differing actions in a sentence
SENTENCES = {  # of a measure, and the format of its numbers
    "duration": ("a bout of {action} lasts {mean}", "{:.4g} {unit}"),
    "share": ("{action} takes {mean} of the time", "{:.1%}"),
    "bouts": ("a recording has {mean} bouts of {action}", "{:.3g}"),
    "transition": ("{to} comes after {action} in {mean} of the cases", "{:.0%}"),
}
EFFECTS = "effect", "effect_low", "effect_high"
COLUMNS = [
    *("measure", "action", "to", "first", "second"),
    *("n_first", "n_second", "mean_first", "mean_second"),
    *("difference", "low", "high", *EFFECTS),
    *("p", "q", "permutations", "unit"),
]


def compare_groups(
    labels, groups, subject=None, *, fps=None, random_state=0
) -> "pd.DataFrame":
    r"""Compare durations, shares, bouts and transitions of groups of recordings.

    Frames, bouts and recordings of one subject are not independent. So each subject has
    one value per group, from all its recordings there. `scipy.stats.permutation_test`
    compares the two means: by all divisions into groups of these sizes if each subject
    is in one group, by all swaps of the two values of subjects if each is in both, as
    before and after a treatment. Of more than 9,999, a sample is drawn.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    groups : dict, Series or sequence
        Group of each recording, by name or in order. All pairs of groups are compared.
    subject : dict, Series or sequence, default=None
        Person, animal or machine of each recording, by name or in order. None treats
        each recording as a subject.
    fps : float, default=None
        Frames per second. None leaves it to the recordings, or counts frames.
    random_state : int, RandomState instance or None, default=0
        Seed of all random numbers. An int gives the same bits at every call on one
        machine.

    Returns
    -------
    table : DataFrame
        A row for each measure, action and pair of groups. Undefined values, as for an
        action in fewer than two subjects of a group, are NaN.

        - ``measure``: "duration", the mean of a bout; "share" of the time; "bouts" per
          recording, more in longer ones; or "transition", the probability
          that ``to`` follows ``action``, for steps that occur. ``to`` is "" for other
          measures.
        - ``first`` and ``second``, the groups, in the order of their first recordings;
          ``n_first``, ``n_second``, ``mean_first`` and ``mean_second``: number and mean
          of their subjects with a value.
        - ``difference``, second minus first, and its 95 % confidence interval ``low``
          to ``high``, percentiles of `scipy.stats.bootstrap`. With few subjects, it is
          too narrow.
        - ``effect``, Hedges' g: the difference in standard deviations of subjects
          within groups, and its interval ``effect_low`` to ``effect_high``.
        - ``p``, two-sided: twice the smaller one-sided p, a multiple of 2 /
          ``permutations``, their number for p.
        - ``q``, by Benjamini and Hochberg over all rows of the measure.
        - ``unit`` of the means: "s" or "frames" of durations, else "".

    Raises
    ------
    TypeError, ValueError
        As for `durations`; if a group has one subject, or only some are in both groups.

    Examples
    --------
    >>> from skl_tot.statistics import compare_groups
    >>> takes = {f"old {i}": ["cut"] * (9 + i) + ["mix"] * 5 for i in range(4)}
    >>> takes |= {f"new {i}": ["cut"] * (3 + i) + ["mix"] * 5 for i in range(4)}
    >>> table = compare_groups(takes, [name[:3] for name in takes], fps=1)
    >>> print(table.loc[:0, ["action", "difference", "p", "q"]].round(3))
      action  difference      p      q
    0    cut        -6.0  0.029  0.057
    """
    random = check_random_state(random_state)
    bouts = collect_bouts(labels, fps)
    if not bouts.actions:
        raise ValueError("labels show no action, expected some to compare.")
    group_of = group_of_recordings(groups, bouts.names)
    subjects = bouts.names
    if subject is not None:
        subjects = group_of_recordings(subject, bouts.names, "subject")
    keys, samples, values = _measure_samples(bouts, zip(subjects, group_of))
    tables = []
    for pair in itertools.combinations(group_of.unique(), 2):
        first, second, is_paired = _pick_samples(samples, values, pair)
        table = _compare_columns(first, second, is_paired, random)
        _warn_of_few(table, pair)
        for column, group in zip(("first", "second"), pair):
            table[column] = [group] * len(table)  # a group may be a tuple
        tables.append(keys.join(table))
    if not tables:
        refuse("groups", [group_of.iloc[0]], "two or more")
    # pairs of groups side by side
    table = import_extra("pandas").concat(tables)
    table = table.sort_index(kind="stable").reset_index(drop=True)
    p_by_measure = table["p"].dropna().groupby(table["measure"])
    table["q"] = p_by_measure.transform(false_discovery_control)
    table["unit"] = np.where(table["measure"] == "duration", bouts.unit, "")
    return table.reindex(columns=COLUMNS)


def _measure_samples(bouts, sample_of_recordings):
    """Return measures, samples (pairs of subject and group), and their values."""
    # Values have shape (n_samples, n_measures).
    pd = import_extra("pandas")
    numbers, samples = pd.factorize(pd.Series(list(sample_of_recordings), dtype=object))
    sample_of = pd.Series(numbers, index=bouts.names)
    shape = len(samples), len(bouts.actions)
    table = bouts.table.assign(sample=bouts.of_groups(sample_of))
    times = table.groupby(["sample", "action"], observed=False)["duration"]
    counts = times.size().to_numpy().reshape(shape)
    totals = times.sum().to_numpy().reshape(shape)
    steps = count_steps(bouts, sample_of).to_numpy().reshape(*shape, -1)
    lengths = np.bincount(numbers, bouts.lengths)[:, None]
    n_recordings = np.bincount(numbers)[:, None]
    with np.errstate(invalid="ignore"):  # actions that a subject lacks
        durations = totals / counts
        probabilities = steps / steps.sum(axis=2, keepdims=True)
    values = [durations, totals / lengths, counts / n_recordings]
    measures = ("duration", "share", "bouts")
    keys = [(measure, action, "") for measure in measures for action in bouts.actions]
    before, after = np.nonzero(steps.any(axis=0))
    for step in zip(bouts.name_codes(before), bouts.name_codes(after)):
        keys.append(("transition", *step))
    values = np.concatenate([*values, probabilities[:, before, after]], axis=1)
    return pd.DataFrame(keys, columns=COLUMNS[:3], dtype=object), samples, values


def _pick_samples(samples, values, pair):
    """Values (n_subjects, n_measures) of two groups, and whether they are paired."""
    rows_of_groups = []
    for group in pair:
        rows = {name: i for i, (name, other) in enumerate(samples) if other == group}
        if len(rows) < 2:
            problem = f"group {short_repr(group)} has one subject, {short_repr(*rows)}"
            raise ValueError(f"{problem}, expected two or more.")
        rows_of_groups.append(rows)
    first, second = rows_of_groups
    in_one, in_both = first.keys() ^ second.keys(), first.keys() & second.keys()
    if in_one and in_both:
        groups = " and ".join(map(short_repr, pair))
        refuse(
            f"the number of subjects in both groups {groups}",
            f"{len(in_both)} of {len(in_one) + len(in_both)}",
            "all or none",
        )
    if not in_both:
        return values[list(first.values())], values[list(second.values())], False
    before = values[list(first.values())]
    after = values[[second[name] for name in first]]
    has_both = np.isfinite(before) & np.isfinite(after)
    before, after = (np.where(has_both, x, np.nan) for x in (before, after))
    return before, after, True


def _warn_of_few(table, pair):
    """Warn if subjects are so few that no p is below 0.05."""
    n_permutations = table["permutations"].max()
    if n_permutations and 2 / n_permutations >= 1 - LEVEL:
        n_subjects = f"{table['n_first'].max()} and {table['n_second'].max()}"
        warn_user(
            f"{pair[0]} and {pair[1]} have so few subjects, {n_subjects}, that there "
            f"are {n_permutations} permutations and no p is below "
            f"{2 / n_permutations:.2g}; groups need more to differ."
        )


def _compare_columns(first, second, is_paired, random):
    """Table with a row for each column of values (n_subjects, ...) of two groups."""
    pd = import_extra("pandas")
    # columns with the same subjects share a test
    is_known = np.isfinite(np.concatenate([first, second]))
    patterns, numbers = np.unique(is_known, axis=1, return_inverse=True)
    tables = []
    for k, has_value in enumerate(patterns.T):
        columns = np.flatnonzero(numbers.ravel() == k)
        one = first[has_value[: len(first)]][:, columns]
        other = second[has_value[len(first) :]][:, columns]
        row = {"permutations": 0, "p": np.nan}  # too few subjects
        for place, values in (("first", one), ("second", other)):
            row[f"n_{place}"] = len(values)
            row[f"mean_{place}"] = values.mean(axis=0) if len(values) else np.nan
        if min(len(one), len(other)) > 1:
            row |= _test_difference(one, other, is_paired, random)
        tables.append(pd.DataFrame(row, index=columns))
    return pd.concat(tables).sort_index()


def _test_difference(first, second, is_paired, random):
    """Differences, effects, their intervals, and p of all columns, by name."""
    # from the first subject and in units of the range, so that ties are equal
    origin, unit = first[0], np.ptp(np.concatenate([first, second]), axis=0)
    unit[unit == 0] = 1
    samples = [(values - origin) / unit for values in (second, first)]
    drawn = {"n_resamples": N_DRAWN, "random_state": random, "batch": 500}
    kind = "samples" if is_paired else "independent"
    test = permutation_test(
        samples, _rounded_difference, permutation_type=kind, vectorized=True, **drawn
    )
    interval = bootstrap(
        samples,
        _rounded_difference,
        paired=is_paired,
        vectorized=True,
        method="percentile",
        confidence_level=LEVEL,
        **drawn,
    ).confidence_interval
    row = {"difference": second.mean(axis=0) - first.mean(axis=0)}
    row |= {"low": interval.low * unit, "high": interval.high * unit, "p": test.pvalue}
    scale = _spread_within_groups(first, second)
    with np.errstate(divide="ignore", invalid="ignore"):  # constant columns
        for name, effect in zip(("difference", "low", "high"), EFFECTS):
            row[effect] = row[name] / scale
    n_all = math.comb(len(first) + len(second), len(first))
    n_all = 2 ** len(first) if is_paired else n_all
    n_used = n_all if n_all <= N_DRAWN else N_DRAWN + 1  # with the actual groups
    return row | {"permutations": n_used}


def _rounded_difference(second, first, axis):
    """Difference of means, without errors of rounding."""
    return np.round(second.mean(axis) - first.mean(axis), 9)


def _spread_within_groups(first, second):
    """Deviation (n_columns,) within groups, corrected as in Hedges' g."""
    freedom = len(first) + len(second) - 2
    squares = (len(first) - 1) * first.var(axis=0, ddof=1)
    squares += (len(second) - 1) * second.var(axis=0, ddof=1)
    return np.sqrt(squares / freedom) / (1 - 3 / (4 * freedom - 1))


def is_different(table):
    """Mask of rows whose groups differ."""
    return table["q"] < MAX_Q


def describe_pairs(table, *, brief=False):
    """Sentences on the differences of groups and, unless brief, the test."""
    # lists of text and actions, which may be codes
    sentences = []
    for (first, second), rows in table.groupby(["first", "second"], sort=False):
        n_tested, n_different = rows["p"].count(), is_different(rows).sum()
        text = f"Of {first} and {second}, {n_different} of {n_tested}"
        text += f" comparisons differ (q < {MAX_Q})"
        if not brief:
            text += f", by {rows['permutations'].max()} permutations of "
            text += f"{rows['n_first'].max()} and {rows['n_second'].max()} subjects"
        differing = rows[is_different(rows)].sort_values("q", kind="stable")
        actions = differing["action"].unique().tolist()
        parts = [text, ": " if actions else "."]
        for action in actions[:N_NAMED]:
            parts += [action, ", "]
        if actions:
            n_more = len(actions) - N_NAMED
            parts[-1] = f" and {n_more} more actions." if n_more > 0 else "."
        sentences.append(parts)
    return sentences


def list_differences(table):
    """List differences between groups as sentences, the most certain first."""
    sentences = []
    differing = table[is_different(table)].sort_values("q", kind="stable")
    for row in differing.to_dict("records"):
        sentence, number = SENTENCES[row["measure"]]
        first = number.format(row["mean_first"], **row)
        second = number.format(row["mean_second"], **row)
        sentences.append(
            f"{sentence.format(**row, mean=first)} in {row['first']} and {second} in "
            f"{row['second']} (q = {row['q']:.2g})"
        )
    return sentences
