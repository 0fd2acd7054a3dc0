"""Permutation tests of the difference of two groups of subjects."""

import itertools
import math

import numpy as np

ROUNDING = 1e-9  # relative tolerance of equal statistics
EFFECTS = ["effect", "effect_low", "effect_high"]


def compare_columns(first, second, shuffle, level):
    """Compare the columns of values (n_subjects, n_columns) of two groups.

    ``shuffle`` is `share_out` or `swap`, with their options. Returns a data frame with
    a row per column.
    """
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
        for place, own in (("first", one), ("second", other)):
            found[f"n_{place}"] = len(own)
            found[f"mean_{place}"] = own.mean(axis=0) if len(own) else np.nan
        if min(len(one), len(other)) > 1:
            found |= _test(one, other, shuffle, level)
        parts.append(pd.DataFrame(found, index=columns))
    return pd.concat(parts).sort_index()


def _test(one, other, shuffle, level):
    """Return differences, intervals and p of the columns of two groups, by name.

    A contrast is a weighted sum of values: first the difference of means, then its
    values for permuted subjects. If all values of the second group are lower by d, the
    difference is lower by d, and other contrasts by less. So each contrast exceeds the
    difference for d above a bound; the interval ends at the d at which enough contrasts
    do.
    """
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
    return found | {
        "p": np.minimum(2 * np.minimum(above, below), 1),
        "permutations": len(weights),
        "exact": is_exact,
    }


def _find_scale(one, other):
    """Return the divisor of Hedges' g: the standard deviation with its correction."""
    freedom = len(one) + len(other) - 2
    squares = (len(one) - 1) * one.var(axis=0, ddof=1)
    squares += (len(other) - 1) * other.var(axis=0, ddof=1)
    return np.sqrt(squares / freedom) / (1 - 3 / (4 * freedom - 1))


def share_out(one, other, most, random):
    """Return values, a mask of the second group, contrasts, and whether these are all.

    Contrasts are weights (n_contrasts, n_subjects); the first row has the actual
    groups.
    """
    n, n_second = len(one) + len(other), len(other)
    is_exact = math.comb(n, n_second) <= most
    if is_exact:  # in reverse, the actual groups come first
        chosen = list(itertools.combinations(range(n), n_second))[::-1]
    else:
        drawn = random.random_sample((most, n)).argsort(axis=1)[:, :n_second]
        chosen = np.vstack([np.arange(len(one), n), drawn])
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
