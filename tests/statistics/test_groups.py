"""Groups compared, against all permutations by hand, and data made to differ."""

import itertools

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.stats import false_discovery_control

from skl_tot.io import segments
from skl_tot.statistics import compare_groups, transitions
from skl_tot.statistics.groups import describe_pairs, list_differences


def make_takes(seed, n_subjects, shift=0.0, n_takes=2, groups="ab"):
    """Labels by name, and group and subject of each; takes of a subject agree."""
    random = np.random.default_rng(seed)
    takes, members, subjects = {}, {}, {}
    for group in groups:
        for subject in range(n_subjects):
            means = random.normal(50, 10, 3)
            means[0] += 10 * shift * (group == groups[-1])
            for take in range(n_takes):
                name = f"{group}{subject}-{take}"
                counts = np.maximum(means + random.normal(0, 2, 3), 1).astype(int)
                order = random.permutation(3)
                actions = np.array(["cut", "mix", "bake"])[order]
                takes[name] = actions.repeat(counts[order])
                members[name], subjects[name] = group, f"{group}{subject}"
    return takes, members, subjects


PAIRS = [
    ([1, 2, 3], [4, 5, 6]),
    ([3, 9, 4, 4], [5, 9, 7, 8]),
    ([8, 8, 2, 5, 1], [7, 9, 2, 8, 1]),  # ties
]


def p_by_hand(one, other, is_paired):
    """Twice the smaller share of permutations with a sum as far as the actual one."""
    if is_paired:
        steps = np.subtract(other, one)
        sums = np.array(list(itertools.product([-1, 1], repeat=len(steps)))) @ steps
        actual = steps.sum()
    else:
        sums = np.array(list(map(sum, itertools.combinations(one + other, len(other)))))
        actual = sum(other)
    return min(1, 2 * min((sums >= actual).mean(), (sums <= actual).mean())), len(sums)


def compare(one, other, is_paired):
    """Row of the duration of an action with these times."""
    takes = [["x"] * n + ["y"] * 3 for n in one + other]
    subjects = [*range(len(one)), *range(len(other))] if is_paired else None
    groups = ["a"] * len(one) + ["b"] * len(other)
    return compare_groups(takes, groups, subjects).iloc[0]


@pytest.mark.filterwarnings("ignore:.* so few")
@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("is_paired", [False, True])
def test_p_is_of_all_permutations(one, other, is_paired):
    row = compare(one, other, is_paired)
    p, number = p_by_hand(one, other, is_paired)
    assert row["p"] == pytest.approx(p, abs=1e-12)
    assert row["permutations"] == number
    assert row["difference"] == pytest.approx(np.mean(other) - np.mean(one))


@pytest.mark.parametrize("is_paired", [False, True])
def test_p_of_drawn_permutations_is_near(monkeypatch, is_paired):
    monkeypatch.setattr("skl_tot.statistics.groups.N_DRAWN", 999)
    one, other = [5, 8, 3, 9, 6, 7, 4, 8, 2, 5], [7, 8, 6, 9, 8, 9, 3, 9, 5, 7]
    row = compare(one, other, is_paired)
    p, _ = p_by_hand(one, other, is_paired)
    assert row["permutations"] == 1000
    assert row["p"] == pytest.approx(p, abs=8 * np.sqrt(p / 2 / 1000))


def test_q_is_of_the_rows_of_a_measure():
    table = compare_groups(*make_takes(0, 7, shift=1), fps=10)
    for _, own in table.dropna(subset="p").groupby("measure"):
        np.testing.assert_allclose(own["q"], false_discovery_control(own["p"]))


@pytest.mark.parametrize("is_paired", [False, True])
def test_interval_is_of_drawn_subjects(is_paired):
    random = np.random.default_rng(1)
    one = random.integers(20, 90, 12)
    other = one + random.integers(5, 15, 12)
    row = compare(one.tolist(), other.tolist(), is_paired)
    drawn = random.integers(12, size=(2, 20000, 12))
    second = drawn[0] if is_paired else drawn[1]
    means = other[second].mean(axis=1) - one[drawn[0]].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    assert row["low"] == pytest.approx(low, abs=0.05 * (high - low))
    assert row["high"] == pytest.approx(high, abs=0.05 * (high - low))
    ratio = row["effect"] / row["difference"]
    assert row["effect_low"] == pytest.approx(row["low"] * ratio)
    assert row["effect_high"] == pytest.approx(row["high"] * ratio)


def test_transitions_are_of_the_steps_of_subjects():
    takes = {"1": list("xyxz"), "2": list("xyx"), "3": list("zx"), "4": list("zxy")}
    with pytest.warns(UserWarning, match="so few subjects"):
        table = compare_groups(takes, {"1": 0, "2": 0, "3": 1, "4": 1})
    steps = table[table["measure"] == "transition"].set_index(["action", "to"])
    occurring = transitions(takes).query("count > 0")[["from", "to"]]
    assert set(steps.index) == set(occurring.itertuples(index=False, name=None))
    row = steps.loc["x", "y"]
    assert row["mean_first"] == 0.75  # of 1/2 and 1
    assert row["n_second"] == 1  # after x, the third has nothing
    assert np.isnan(row["p"])
    assert row["mean_second"] == 1
    assert row["permutations"] == 0


def test_recordings_of_a_subject_count_as_one(monkeypatch):
    """The same recording twice is no more evidence."""
    takes, members, subjects = make_takes(2, 4, n_takes=1)
    once = compare_groups(takes, members)
    pd.testing.assert_frame_equal(compare_groups(takes, members, subjects), once)
    copies = {f"{name} again": own for name, own in takes.items()} | takes
    columns = [{n: d[n.split()[0]] for n in copies} for d in (members, subjects)]
    twice = compare_groups(copies, *columns)
    pd.testing.assert_frame_equal(twice, once)
    assert once["permutations"].max() == 70
    monkeypatch.setattr("skl_tot.statistics.groups.N_DRAWN", 99)
    many = compare_groups(copies, columns[0])
    assert many["permutations"].max() == 100


def test_forms_of_input_and_more_groups():
    takes, members, subjects = make_takes(3, 4, shift=3, groups="bac")
    table = compare_groups(takes, members, subjects, fps=10)
    assert table["first"].unique().tolist() == ["b", "a"]
    pairs = table.loc[:2, ["first", "second"]].to_numpy().tolist()
    assert pairs == [["b", "a"], ["b", "c"], ["a", "c"]]
    rows = segments(takes, 10)
    again = compare_groups(rows, pd.Series(members), list(subjects.values()))
    pd.testing.assert_frame_equal(again, table)
    assert set(table.loc[table["measure"] == "duration", "unit"]) == {"s"}
    assert set(table.loc[table["measure"] != "duration", "unit"]) == {""}
    pair = table[(table["first"] == "b") & (table["second"] == "c")]
    expected = [-4.19884, 10.3603, 1.48851]
    assert_allclose(pair[["low", "high", "effect"]].sum(), expected, rtol=1e-4)
    few = pair.assign(q=np.where(pair["measure"] == "duration", 0.01, 0.9))
    said = "a bout of bake lasts 5.037 s in b and 5.188 s in c (q = 0.01)"
    assert list_differences(few)[0] == said
    text, *actions = describe_pairs(few)[0]
    said = "Of b and c, 3 of 15 comparisons differ (q < 0.05)"
    assert text == f"{said}, by 70 permutations of 4 and 4 subjects"
    assert actions == [": ", "bake", ", ", "cut", ", ", "mix", "."]
    assert describe_pairs(few, brief=True)[0][0] == said


def test_hedges_g_and_groups_of_any_kind():
    takes = {i: ["x"] * n + ["y"] for i, n in enumerate([2, 4, 6, 5, 9, 10])}
    groups = [("late", i // 3) for i in takes]
    with pytest.warns(UserWarning, match="20 permutations and no p is below 0.1;"):
        table = compare_groups(takes, groups)
    assert table["first"].unique().tolist() == [("late", 0)]
    row = table.iloc[0]
    spread = np.sqrt((np.var([2, 4, 6], ddof=1) + np.var([5, 9, 10], ddof=1)) / 2)
    assert row["effect"] == pytest.approx(4 / spread * (1 - 3 / 15))
    assert (row["n_first"], row["n_second"], row["permutations"]) == (3, 3, 20)
