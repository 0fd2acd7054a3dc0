"""Groups compared, against scipy, all permutations by hand, and data made to differ."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, permutation_test

from skl_tot.io import segments
from skl_tot.statistics import compare_groups, durations, transitions
from skl_tot.statistics.groups import list_differences

KEYS = ["measure", "action", "to"]


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


def values_by_subject(takes, subjects, action):
    """Mean duration, share and bouts a recording of an action, by subject."""
    table = durations(takes, fps=10, groups=subjects).set_index(["group", "action"])
    table["bouts"] = table["bouts"] / table["recordings"]
    own = table.xs(action, level="action")
    return {"duration": own["mean"], "share": own["share"], "bouts": own["bouts"]}


@pytest.mark.parametrize("n_permutations", [9999, 500])
@pytest.mark.parametrize("is_paired", [False, True])
def test_agrees_with_scipy(n_permutations, is_paired):
    takes, members, subjects = make_takes(0, 7, shift=1)
    if is_paired:
        subjects = {name: name[1:2] for name in takes}
    options = {"fps": 10, "n_permutations": n_permutations}
    table = compare_groups(takes, members, subjects, **options)
    table = table[table["measure"] != "transition"]  # which subjects may not show
    is_exact = is_paired or n_permutations == 9999
    number = (2**7 if is_paired else 3432) if is_exact else n_permutations + 1
    assert table["exact"].all() == is_exact
    assert set(table["permutations"]) == {number}
    cells = {name: f"{subjects[name]} {members[name]}" for name in takes}
    for action, key in itertools.product(["cut", "mix"], ["duration", "share"]):
        own = values_by_subject(takes, cells, action)[key]
        one, other = (own[own.index.str.endswith(group)] for group in "ab")
        rows = table[(table["measure"] == key) & (table["action"] == action)]
        row = rows.iloc[0]
        assert row["mean_first"] == pytest.approx(one.mean())
        assert row["difference"] == pytest.approx(other.mean() - one.mean())
        expected = permutation_test(
            (other.to_numpy(), one.to_numpy()),
            lambda x, y, axis: np.round(x.mean(axis) - y.mean(axis), 9),  # ties
            permutation_type="samples" if is_paired else "independent",
            vectorized=True,
            n_resamples=9999,
        )
        error = 1e-12 if row["exact"] else 0.05
        assert row["p"] == pytest.approx(expected.pvalue, abs=error)
    for _, own in table.groupby("measure"):
        np.testing.assert_allclose(own["q"], false_discovery_control(own["p"]))


def test_interval_has_the_differences_that_are_not_rejected():
    """A group that is shifted is held against the other, from shift to shift."""
    random = np.random.default_rng(1)
    one, other = random.normal(0, 1, 5), random.normal(1, 1, 6)
    lengths = np.round(100 + 20 * np.concatenate([one, other])).astype(int)

    def compare(shift):
        takes = {}
        for i, length in enumerate(lengths):
            takes[i] = np.repeat(["x", "background"], [length + shift * (i >= 5), 9])
        return compare_groups(takes, [0] * 5 + [1] * 6).iloc[0]

    found = compare(0)
    ratio = found["low"] / found["difference"]
    assert found["effect_low"] / found["effect"] == pytest.approx(ratio)
    ends = found[["low", "high"]].astype(float).round(6)
    lowest, highest = int(np.ceil(ends["low"])), int(np.floor(ends["high"]))
    assert lowest < found["difference"] < highest
    for shift in (lowest, highest):
        assert compare(-shift)["p"] > 0.05
    for shift in (lowest - 1, highest + 1):
        assert compare(-shift)["p"] <= 0.05


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


def test_recordings_of_a_subject_count_as_one():
    """The same recording twice is no more evidence."""
    takes, members, subjects = make_takes(2, 4, n_takes=1)
    once = compare_groups(takes, members)
    pd.testing.assert_frame_equal(compare_groups(takes, members, subjects), once)
    copies = {f"{name} again": own for name, own in takes.items()} | takes
    columns = [{n: d[n.split()[0]] for n in copies} for d in (members, subjects)]
    twice = compare_groups(copies, *columns)
    pd.testing.assert_frame_equal(twice, once)
    assert once["permutations"].max() == 70
    many = compare_groups(copies, columns[0], n_permutations=99)
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
    lengths = pair[pair["measure"] == "duration"].assign(q=0.01)
    assert all(s.count(" s in ") == 2 for s in list_differences(lengths))


def test_hedges_g_and_few_draws():
    takes = {i: ["x"] * n + ["y"] for i, n in enumerate([2, 4, 6, 5, 9, 10])}
    row = compare_groups(takes, list("aaabbb"), confidence_level=0.8).iloc[0]
    spread = np.sqrt((np.var([2, 4, 6], ddof=1) + np.var([5, 9, 10], ddof=1)) / 2)
    assert row["effect"] == pytest.approx(4 / spread * (1 - 3 / 15))
    assert (row["n_first"], row["n_second"], row["permutations"]) == (3, 3, 20)
    groups = [("late", i // 3) for i in takes]
    with pytest.warns(UserWarning, match="n_permutations=9"):
        table = compare_groups(takes, groups, n_permutations=9)
    assert table["first"].unique().tolist() == [("late", 0)]  # a group of any kind


def test_equal_values_are_no_reason_to_warn():
    table = compare_groups([["x", "y", "y"]] * 12, list("aaaaaabbbbbb"))
    assert set(table["p"]) == {1.0}
    assert set(table["difference"]) == {0.0}
    assert table["effect"].isna().all()
