"""Comparison of groups of recordings, by permutation of their subjects."""

import itertools
import math
from typing import NamedTuple

import numpy as np
from scipy.stats import false_discovery_control
from sklearn.utils import check_random_state

from skl_tot.recordings.errors import is_int, is_number, refuse, short_repr, warn_user
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.actions import count_steps
from skl_tot.statistics.bouts import collect_bouts, group_of_recordings

# Groups differ if q is below: among those, at most one in twenty is expected to be
# false.
MAX_Q = 0.05
N_NAMED = 5  # differing actions in a sentence
ROUNDING = 1e-9  # relative tolerance of equal statistics
SENTENCES = {  # of a measure, and the format of its numbers
    "duration": ("a bout of {action} lasts {mean}", "{:.4g} {unit}"),
    "share": ("{action} takes {mean} of the time", "{:.1%}"),
    "bouts": ("a recording has {mean} bouts of {action}", "{:.3g}"),
    "transition": ("{to} comes after {action} in {mean} of the cases", "{:.0%}"),
}
COLUMNS = [
    *("measure", "action", "to", "first", "second"),
    *("n_first", "n_second", "mean_first", "mean_second"),
    *("difference", "low", "high", "effect", "effect_low", "effect_high"),
    *("p", "q", "permutations", "exact", "unit"),
]


class Permutations(NamedTuple):
    """Permutations of values of two groups; a row of weights gives a difference.

    The first row of ``weights`` (n_permutations, n_subjects) is for the actual groups.
    """

    values: np.ndarray
    is_second: np.ndarray
    weights: np.ndarray
    is_exact: bool


@with_shared_texts
def compare_groups(
    labels,
    groups,
    subject=None,
    *,
    fps=None,
    n_permutations=9999,
    confidence_level=0.95,
    random_state=0,
):
    r"""Compare durations, shares, bouts and transitions of groups of recordings.

    Frames, bouts and recordings of one subject are not independent. So each subject has
    one value per group, from all its recordings there, and the test of two means
    permutes subjects: by all divisions into groups of these sizes if each subject is in
    one group, by all swaps of the two values of subjects if each is in both, as before
    and after a treatment. If these are more than ``n_permutations``, a sample is drawn.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `durations`.
    groups : dict, Series or sequence
        Group of each recording, by name or in order. All pairs of groups are compared.
    subject : dict, Series or sequence, default=None
        Person, animal or machine of each recording, by name or in order. None treats
        each recording as a subject.
    {shared: fps}
    n_permutations : int, default=9999
        Maximum number of permutations. If all are used, p is exact.
    confidence_level : float, default=0.95
        Coverage probability of intervals. A warning is given if permutations are too
        few for any p below one minus this.
    {shared: random_state=0}

    Returns
    -------
    table : DataFrame
        A row for each measure, action and pair of groups. Undefined values, as for an
        action in fewer than two subjects of a group, are NaN.

        - ``measure``: "duration", the mean of a bout; "share" of the time; "bouts" per
          recording; or "transition", the probability that ``to`` follows ``action``,
          for steps that occur. ``to`` is "" for other measures.
        - ``first`` and ``second``, the groups, in the order of their first recordings;
          ``n_first``, ``n_second``, ``mean_first`` and ``mean_second``: number and mean
          of their subjects with a value.
        - ``difference``, second minus first, and its confidence interval ``low`` to
          ``high``: the differences that the same permutations do not reject. With
          few subjects, it is infinite.
        - ``effect``, Hedges' g: the difference in standard deviations of subjects
          within groups, and its interval ``effect_low`` to ``effect_high``.
        - ``p``, two-sided: twice the smaller one-sided p, a multiple of 2 /
          ``permutations``, the number for p; ``exact``, whether these are all.
        - ``q``, by Benjamini and Hochberg over all rows of the measure: among
          differences with q below 0.05, at most one in twenty is expected to be false.
        - ``unit`` of the means: "s" or "frames" of durations, else "".

    Raises
    ------
    TypeError, ValueError
        As for `durations`; if there is one group, or one subject in a group; if some
        but not all subjects are in both groups.

    Examples
    --------
    >>> from skl_tot.statistics import compare_groups
    >>> takes = {f"old {i}": ["cut"] * (9 + i) + ["mix"] * 5 for i in range(4)}
    >>> takes |= {f"new {i}": ["cut"] * (3 + i) + ["mix"] * 5 for i in range(4)}
    >>> table = compare_groups(takes, [name[:3] for name in takes], fps=1)
    >>> print(table.loc[:1, ["action", "difference", "p", "q"]].round(3))
      action  difference      p      q
    0    cut        -6.0  0.029  0.057
    1    mix         0.0  1.000  1.000
    """
    import pandas as pd

    if not (is_int(n_permutations) and n_permutations > 0):
        refuse("n_permutations", n_permutations, "a positive integer")
    if not (is_number(confidence_level) and 0 < confidence_level < 1):
        refuse("confidence_level", confidence_level, "a number between 0 and 1")
    random = check_random_state(random_state)
    bouts = collect_bouts(labels, fps)
    if not bouts.actions:
        raise ValueError("labels show no action, expected some to compare.")
    group_of = group_of_recordings(groups, bouts.names)
    subjects = bouts.names
    if subject is not None:
        subjects = group_of_recordings(subject, bouts.names, "subject")
    keys, samples, values = _measure(bouts, zip(subjects, group_of))
    tables = []
    for pair in itertools.combinations(group_of.unique(), 2):
        first, second, permute = _pick_samples(samples, values, *pair)
        test = permute, n_permutations, 1 - confidence_level, random
        table = compare_columns(first, second, *test)
        _warn_of_few(table, pair, 1 - confidence_level)
        for column, group in zip(("first", "second"), pair):
            table[column] = [group] * len(table)  # a group may be a tuple
        tables.append(keys.join(table))
    if not tables:
        refuse("groups", [group_of.iloc[0]], "two or more")
    # pairs of groups side by side
    table = pd.concat(tables).sort_index(kind="stable").reset_index(drop=True)
    p_by_measure = table["p"].dropna().groupby(table["measure"])
    table["q"] = p_by_measure.transform(false_discovery_control)
    table["unit"] = np.where(table["measure"] == "duration", bouts.unit, "")
    return table.reindex(columns=COLUMNS)


def _measure(bouts, sample_of_recordings):
    """Return measures, samples (pairs of subject and group), and their values."""
    # Values have shape (n_samples, n_measures).
    import pandas as pd

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


def _pick_samples(samples, values, first, second):
    """Return values of two groups, of subjects in one or both, and permutations."""
    rows_of_groups = []
    for group in (first, second):
        rows = {name: i for i, (name, other) in enumerate(samples) if other == group}
        if len(rows) < 2:
            problem = f"group {short_repr(group)} has one subject, {short_repr(*rows)}"
            raise ValueError(f"{problem}, expected two or more.")
        rows_of_groups.append(rows)
    rows_first, rows_second = rows_of_groups
    in_both = [name for name in rows_first if name in rows_second]
    in_one = [name for name in [*rows_first, *rows_second] if name not in in_both]
    if not in_both:
        values_first = values[list(rows_first.values())]
        return values_first, values[list(rows_second.values())], permute_subjects
    if in_one:
        pair = f"the groups {short_repr(first)} and {short_repr(second)}"
        problem = f"subject {short_repr(in_both[0])} is in {pair}"
        expected = "expected each in both, or each in one"
        raise ValueError(f"{problem}, {short_repr(in_one[0])} in one; {expected}.")
    before = values[[rows_first[name] for name in in_both]]
    after = values[[rows_second[name] for name in in_both]]
    has_both = np.isfinite(before) & np.isfinite(after)
    before, after = (np.where(has_both, x, np.nan) for x in (before, after))
    return before, after, swap_pairs


def _warn_of_few(table, pair, level):
    """Warn if permutations are too few for any p below the level."""
    n_permutations = table["permutations"].max()
    if not n_permutations or 2 / n_permutations < level:
        return
    n_subjects = f"{table['n_first'].max()} and {table['n_second'].max()}"
    few = f"{pair[0]} and {pair[1]} have so few subjects, {n_subjects}, that there are"
    few += f" {n_permutations} permutations and"
    if not table["exact"].all():
        few = f"n_permutations={n_permutations - 1} is so few that"
    least = 2 / n_permutations
    warn_user(f"{few} no p is below {least:.2g}; groups need more to differ.")


def compare_columns(first, second, permute, n_permutations, level, random):
    """Table with a row for each column of values (n_subjects, ...) of two groups."""
    import pandas as pd

    # columns with the same subjects share a test
    is_known = np.isfinite(np.concatenate([first, second]))
    patterns, numbers = np.unique(is_known, axis=1, return_inverse=True)
    tables = []
    for k, has_value in enumerate(patterns.T):
        columns = np.flatnonzero(numbers.ravel() == k)
        one = first[has_value[: len(first)]][:, columns]
        other = second[has_value[len(first) :]][:, columns]
        row = {"permutations": 0, "exact": True, "p": np.nan}  # too few subjects
        for place, values in (("first", one), ("second", other)):
            row[f"n_{place}"] = len(values)
            row[f"mean_{place}"] = values.mean(axis=0) if len(values) else np.nan
        if min(len(one), len(other)) > 1:
            permutations = permute(one, other, n_permutations, random)
            row |= _test(permutations, _find_scale(one, other), level)
        tables.append(pd.DataFrame(row, index=columns))
    return pd.concat(tables).sort_index()


def _test(permutations, scale, level):
    """Differences, effects, their intervals, and p of all columns, by name."""
    # A contrast is the difference of means of permuted subjects. If all values of the
    # second group are lower by d, the actual difference is lower by d, and other
    # contrasts by less. So each contrast exceeds the difference for d above a bound;
    # the interval ends at the d at which enough contrasts do.
    values, is_second, weights, is_exact = permutations
    contrasts = weights @ values
    difference = contrasts[0]
    slack = ROUNDING * np.abs(contrasts).max(axis=0)
    above = (contrasts >= difference - slack).mean(axis=0)
    below = (contrasts <= difference + slack).mean(axis=0)
    lag = 1 - weights @ is_second
    is_other = lag > ROUNDING
    bounds = (difference - contrasts[is_other]) / lag[is_other][:, None]
    bounds.sort(axis=0)
    n_rejected = math.floor(len(weights) * level / 2 + ROUNDING)
    n_left = n_rejected - np.count_nonzero(~is_other)
    low, high = np.full_like(difference, -np.inf), np.full_like(difference, np.inf)
    if n_left >= 0:
        low, high = bounds[n_left], bounds[-1 - n_left]
    row = {"difference": difference, "low": low, "high": high}
    with np.errstate(divide="ignore", invalid="ignore"):  # constant columns
        row |= {"effect": difference / scale}
        row |= {"effect_low": low / scale, "effect_high": high / scale}
    row["p"] = np.minimum(2 * np.minimum(above, below), 1)
    return row | {"permutations": len(weights), "exact": is_exact}


def _find_scale(first, second):
    """Return the deviation of subjects within groups, corrected as in Hedges' g."""
    freedom = len(first) + len(second) - 2
    squares = (len(first) - 1) * first.var(axis=0, ddof=1)
    squares += (len(second) - 1) * second.var(axis=0, ddof=1)
    return np.sqrt(squares / freedom) / (1 - 3 / (4 * freedom - 1))


def permute_subjects(first, second, most, random):
    """Return permutations of subjects who are in one group each."""
    n, n_second = len(first) + len(second), len(second)
    is_exact = math.comb(n, n_second) <= most
    if is_exact:  # in reverse, the actual groups come first
        chosen = list(itertools.combinations(range(n), n_second))[::-1]
    else:
        drawn = random.random_sample((most, n)).argsort(axis=1)[:, :n_second]
        chosen = np.vstack([np.arange(len(first), n), drawn])
    weights = np.full((len(chosen), n), -1 / len(first))
    np.put_along_axis(weights, np.array(chosen), 1 / n_second, axis=1)
    # equal values become exactly 0
    values = np.concatenate([first, second]) - first[0]
    return Permutations(values, np.arange(n) >= len(first), weights, is_exact)


def swap_pairs(first, second, most, random):
    """Return permutations of subjects in both groups: signs of their differences."""
    n = len(first)
    is_exact = 2**n <= most
    if is_exact:
        signs = np.array(list(itertools.product([1.0, -1.0], repeat=n)))
    else:
        signs = np.vstack([np.ones(n), random.choice([1.0, -1.0], (most, n))])
    return Permutations(second - first, np.ones(n), signs / n, is_exact)


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
