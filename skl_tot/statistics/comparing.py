"""Comparison of groups of recordings, by permutation of their subjects."""

import itertools
import math
from functools import partial
from numbers import Real

import numpy as np
from scipy.stats import false_discovery_control
from sklearn.utils import check_random_state

from skl_tot.recordings.errors import refuse, short_repr, warn_user
from skl_tot.recordings.segment_table import is_int
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.actions import count_steps
from skl_tot.statistics.bouts import collect_bouts, group_of_recordings

LEVEL = 0.05  # of q, below which groups differ
ROUNDING = 1e-9  # relative tolerance of equal statistics
EFFECTS = ["effect", "effect_low", "effect_high"]
PLACES = ("first", "second")
SENTENCES = {  # of a measure, and the format of its numbers
    "duration": ("a bout of {action} lasts {one}", "{:.4g} {unit}"),
    "share": ("{action} takes {one} of the time", "{:.1%}"),
    "bouts": ("a recording has {one} bouts of {action}", "{:.3g}"),
    "transition": ("{to} comes after {action} in {one} of the cases", "{:.0%}"),
}
KEYS = ["measure", "action", "to", "first", "second"]
COLUMNS = [
    *(*KEYS, "n_first", "n_second"),
    *("mean_first", "mean_second", "difference", "low", "high"),
    *EFFECTS,
    *("p", "q", "permutations", "exact", "unit"),
]


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
        As for `durations`; if a recording has no group or subject; if there is only one
        group, or one subject in a group; if some but not all subjects are in both
        groups.

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
    if not (isinstance(confidence_level, Real) and 0 < confidence_level < 1):
        refuse("confidence_level", confidence_level, "a number between 0 and 1")
    random = check_random_state(random_state)
    bouts = collect_bouts(labels, fps)
    if not bouts.actions:
        raise ValueError("labels show no action, expected some to compare.")
    members = group_of_recordings(groups, bouts.names)
    subjects = bouts.names
    if subject is not None:
        subjects = group_of_recordings(subject, bouts.names, "subject")
    keys, cells, values = _measure(bouts, zip(subjects, members))
    level, parts = 1 - confidence_level, []
    for pair in itertools.combinations(members.unique(), 2):
        one, other, shuffle = _pick_samples(cells, values, *pair)
        shuffle = partial(shuffle, most=n_permutations, random=random)
        found = compare_columns(one, other, shuffle, level)
        _warn_of_few(found, pair, level)
        for place, group in zip(PLACES, pair):
            found[place] = [group] * len(found)  # a group may be a tuple
        parts.append(keys.join(found))
    if not parts:
        refuse("groups", [members.iloc[0]], "two or more")
    # pairs of groups side by side
    table = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    known = table["p"].dropna().groupby(table["measure"])
    table["q"] = known.transform(false_discovery_control)
    table["unit"] = np.where(table["measure"] == "duration", bouts.unit, "")
    return table.reindex(columns=COLUMNS)


def _measure(bouts, cells):
    """Measures, pairs of subject and group (of recordings: cells), and their values."""
    import pandas as pd

    numbers, cells = pd.factorize(pd.Series(list(cells), dtype=object))
    members = pd.Series(numbers, index=bouts.names)
    shape = len(cells), len(bouts.actions)
    table = bouts.table.assign(cell=bouts.of_groups(members))
    times = table.groupby(["cell", "action"], observed=False)["duration"]
    counts = times.size().to_numpy().reshape(shape)
    totals = times.sum().to_numpy().reshape(shape)
    steps = count_steps(bouts, members).to_numpy().reshape(*shape, -1)
    lengths = np.bincount(numbers, bouts.lengths)[:, None]
    n_recordings = np.bincount(numbers)[:, None]
    with np.errstate(invalid="ignore"):  # actions that a subject lacks
        found = {"duration": totals / counts, "share": totals / lengths}
        probabilities = steps / steps.sum(axis=2, keepdims=True)
    found["bouts"] = counts / n_recordings
    keys = [(key, action, "") for key in found for action in bouts.actions]
    before, after = np.nonzero(steps.any(axis=0))
    pairs = zip(bouts.name_codes(before), bouts.name_codes(after))
    keys += [("transition", *pair) for pair in pairs]
    values = np.concatenate([*found.values(), probabilities[:, before, after]], axis=1)
    return pd.DataFrame(keys, columns=COLUMNS[:3], dtype=object), cells, values


def _pick_samples(cells, values, first, second):
    rows = []
    for group in (first, second):
        own = {cell[0]: i for i, cell in enumerate(cells) if cell[1] == group}
        if len(own) < 2:
            found = f"group {short_repr(group)} has one subject, {short_repr(*own)}"
            raise ValueError(f"{found}, expected two or more.")
        rows.append(own)
    one, other = rows
    shared = [name for name in one if name in other]
    alone = [name for name in [*one, *other] if name not in shared]
    if not shared:
        return values[list(one.values())], values[list(other.values())], share_out
    if alone:
        pair = f"the groups {short_repr(first)} and {short_repr(second)}"
        found = f"subject {short_repr(shared[0])} is in {pair}, {short_repr(alone[0])}"
        raise ValueError(f"{found} in one; expected each in both, or each in one.")
    before, after = values[list(one.values())], values[[other[name] for name in one]]
    has_both = np.isfinite(before) & np.isfinite(after)
    return np.where(has_both, before, np.nan), np.where(has_both, after, np.nan), swap


def _warn_of_few(found, pair, level):
    most = found["permutations"].max()
    if not most or 2 / most < level:
        return
    numbers = " and ".join(str(found[f"n_{place}"].max()) for place in PLACES)
    few = f"{pair[0]} and {pair[1]} have so few subjects, {numbers}, that there are"
    few += f" {most} permutations and"
    if not found["exact"].all():
        few = f"n_permutations={most - 1} is so few that"
    warn_user(f"{few} no p is below {2 / most:.2g}; groups need more to differ.")


def compare_columns(first, second, shuffle, level):
    """Table with a row for each column of values (n_subjects, ...) of two groups."""
    import pandas as pd

    # columns with the same subjects share a test
    is_known = np.isfinite(np.concatenate([first, second]))
    patterns, numbers = np.unique(is_known, axis=1, return_inverse=True)
    parts = []
    for k, known in enumerate(patterns.T):
        columns = np.flatnonzero(numbers.ravel() == k)
        one = first[known[: len(first)]][:, columns]
        other = second[known[len(first) :]][:, columns]
        found = {"permutations": 0, "exact": True, "p": np.nan}  # too few subjects
        for place, own in zip(PLACES, (one, other)):
            found[f"n_{place}"] = len(own)
            found[f"mean_{place}"] = own.mean(axis=0) if len(own) else np.nan
        if min(len(one), len(other)) > 1:
            found |= _test(one, other, shuffle, level)
        parts.append(pd.DataFrame(found, index=columns))
    return pd.concat(parts).sort_index()


def _test(one, other, shuffle, level):
    """Differences, intervals and p of the columns of two groups, by name."""
    # A contrast is a weighted sum of values: first the difference of means, then its
    # values for permuted subjects. If all values of the second group are lower by d,
    # the difference is lower by d, and other contrasts by less. So each contrast
    # exceeds the difference for d above a bound; the interval ends at the d at which
    # enough contrasts do.
    values, is_second, weights, is_exact = shuffle(one, other)
    contrasts = weights @ values
    difference = contrasts[0]
    slack = ROUNDING * np.abs(contrasts).max(axis=0)
    above = (contrasts >= difference - slack).mean(axis=0)
    below = (contrasts <= difference + slack).mean(axis=0)
    lag = 1 - weights @ is_second
    is_other = lag > ROUNDING
    turns = (difference - contrasts[is_other]) / lag[is_other][:, None]
    turns.sort(axis=0)
    n_rejected = math.floor(len(weights) * level / 2 + ROUNDING)
    n_left = n_rejected - np.count_nonzero(~is_other)
    low, high = np.full_like(difference, -np.inf), np.full_like(difference, np.inf)
    if n_left >= 0:
        low, high = turns[n_left], turns[-1 - n_left]
    found = {"difference": difference, "low": low, "high": high}
    scale = _find_scale(one, other)
    with np.errstate(divide="ignore", invalid="ignore"):  # constant columns
        for name, values in zip(EFFECTS, list(found.values())):
            found[name] = values / scale
    found["p"] = np.minimum(2 * np.minimum(above, below), 1)
    return found | {"permutations": len(weights), "exact": is_exact}


def _find_scale(one, other):
    freedom = len(one) + len(other) - 2
    squares = (len(one) - 1) * one.var(axis=0, ddof=1)
    squares += (len(other) - 1) * other.var(axis=0, ddof=1)
    return np.sqrt(squares / freedom) / (1 - 3 / (4 * freedom - 1))


def share_out(one, other, most, random):
    """Values, a mask of the second group, contrasts, and whether these are all."""
    n, n_second = len(one) + len(other), len(other)
    is_exact = math.comb(n, n_second) <= most
    if is_exact:  # in reverse, the actual groups come first
        chosen = list(itertools.combinations(range(n), n_second))[::-1]
    else:
        drawn = random.random_sample((most, n)).argsort(axis=1)[:, :n_second]
        chosen = np.vstack([np.arange(len(one), n), drawn])
    # (n_contrasts, n_subjects), of the actual groups in the first row
    weights = np.full((len(chosen), n), -1 / len(one))
    np.put_along_axis(weights, np.array(chosen), 1 / n_second, axis=1)
    values = np.concatenate([one, other]) - one[0]  # equal values become exactly 0
    return values, np.arange(n) >= len(one), weights, is_exact


def swap(one, other, most, random):
    """Return the same as `share_out` for paired subjects, with signs of differences."""
    n = len(one)
    is_exact = 2**n <= most
    if is_exact:
        signs = np.array(list(itertools.product([1.0, -1.0], repeat=n)))
    else:
        signs = np.vstack([np.ones(n), random.choice([1.0, -1.0], (most, n))])
    return other - one, np.ones(n), signs / n, is_exact


def is_different(table):
    """Mask of rows whose groups differ."""
    return table["q"] < LEVEL


def describe_pairs(table, *, brief=False):
    """Sentences on the number of differences of groups and, unless brief, the test."""
    sentences = []
    for (first, second), own in table.groupby(["first", "second"], sort=False):
        tested = own[own["p"].notna()]
        text = f"Of {first} and {second}, {is_different(tested).sum()} of {len(tested)}"
        text += f" comparisons differ (q < {LEVEL})"
        if not brief:
            text += f", by {own['permutations'].max()} permutations of "
            text += f"{own['n_first'].max()} and {own['n_second'].max()} subjects"
        sentences.append(f"{text}.")
    return sentences


def list_differences(table):
    """List differences between groups as sentences, the most certain first."""
    sentences = []
    differing = table[is_different(table)].sort_values("q", kind="stable")
    for row in differing.to_dict("records"):
        what, number = SENTENCES[row["measure"]]
        one = number.format(row["mean_first"], **row)
        other = number.format(row["mean_second"], **row)
        sentences.append(
            f"{what.format(**row, one=one)} in {row['first']} and {other} in "
            f"{row['second']} (q = {row['q']:.2g})"
        )
    return sentences
