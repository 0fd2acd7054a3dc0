"""Recordings that deviate, made so."""

import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import median_abs_deviation

from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import find_segments
from skl_tot.statistics import deviations

STRUCTURAL = ["missing", "repeated", "out_of_order"]


def synthetic(seed, spread=0.1):
    """Labels of 30 recordings with 6 actions of uneven durations."""
    random = np.random.default_rng(seed)
    usual = np.array([60, 25, 90, 40, 15, 120])
    labels = {}
    for i in range(30):
        durations = usual * random.uniform(1 - spread, 1 + spread, 6)
        labels[f"take {i}"] = np.arange(6).repeat(np.round(durations).astype(int))
    return labels


def exchange(labels, i, j):
    actions, starts, ends = find_segments(labels)
    order = np.arange(len(actions))
    order[[i, j]] = j, i
    return actions[order].repeat((ends - starts)[order])


def spoil(labels, seed):
    """Remove an action of one, exchange two of another, slow a third, at random."""
    random = np.random.default_rng(seed)
    one, two, three = random.choice(list(labels), 3, replace=False)
    removed = random.integers(6)
    labels[one] = labels[one][labels[one] != removed]
    i, j = random.choice(6, 2, replace=False)
    labels[two] = exchange(labels[two], i, j)
    labels[three] = labels[three].repeat(3)
    return one, two, three, removed


@pytest.mark.parametrize(("n_lacking", "n_deviating"), [(1, 1), (2, 2), (3, 0)])
def test_of_six_recordings_two_may_share_a_deviation(n_lacking, n_deviating):
    labels = dict(list(synthetic(0, spread=0).items())[:6])
    for name in list(labels)[:n_lacking]:
        labels[name] = labels[name][labels[name] != 2]
    table = deviations(labels)
    assert table["deviates"].sum() == table["missing"].map(len).sum() == n_deviating


@pytest.mark.parametrize("seed", range(2))
def test_spoilt_recordings_are_first(seed):
    labels = synthetic(seed)
    one, two, three, removed = spoil(labels, seed + 100)
    table = deviations(labels, fps=25)
    assert set(table["recording"][:3]) == {one, two, three}
    assert table["score"].is_monotonic_decreasing
    assert table["recording"].tolist() != sorted(labels)
    found = table.set_index("recording")
    assert found.loc[one, "missing"] == (removed,)
    assert found.loc[two, "out_of_order"]
    assert not found.loc[two, "missing"]
    assert len(found.loc[three, "too_long"]) >= 4
    others = found.drop([one, two, three])
    assert (others[STRUCTURAL].map(len) == 0).all(axis=None)


def test_z_is_that_of_the_definition(monkeypatch):
    labels = synthetic(1, spread=0.4)
    labels["take 0"] = labels["take 0"].repeat(3)
    totals = pd.DataFrame({k: pd.Series(v).value_counts() for k, v in labels.items()}).T
    median = totals.median()
    spread = totals.apply(median_abs_deviation, scale="normal")
    longer = (median * np.log(totals / median)).where(totals > median)
    z = longer.fillna(totals - median)
    z /= np.maximum(spread, np.maximum(0.05 * median, 1))
    module = sys.modules[deviations.__module__]
    monkeypatch.setattr(module, "MOST_USUAL", 1.5)  # so that many deviate
    table = deviations(labels)
    for row in table.itertuples():
        own = z.loc[row.recording]
        # the most extreme first
        long, short = own[own > 1.5], own[own < -1.5]
        for found, expected in (
            (row.too_long, long.sort_values(ascending=False)),
            (row.too_short, short.sort_values()),
        ):
            assert [action for action, *_ in found] == expected.index.tolist()
            for action, duration, usual in found:
                assert duration == totals.loc[row.recording, action]
                assert usual == median[action]


def test_equal_durations_do_not_explode():
    labels = {name: [0] * 100 + [1] * 8 for name in "abcdefg"}
    labels["b"] = [0] * 110 + [1] * 10  # within 5 % and one frame, 3.5 times
    assert deviations(labels)["score"].tolist() == [0] * 7
    labels["b"] = [0] * 120 + [1] * 8
    table = deviations(labels)
    assert table["too_long"][0] == ((0, 120, 100),)
    # in seconds alone
    rows = {"recording": list("abcd"), "action": 0, "start_time": 0, "end_time": 1.0}
    table = pd.DataFrame(rows)
    table.loc[2, "end_time"] = 1.5
    assert deviations(table)["too_long"][0] == ((0, 1.5, 1.0),)


@pytest.mark.parametrize("shares", [[0.25] * 4, [0.5, 0.3, 0.15, 0.05]])
def test_without_an_order_no_step_is_out_of_it(shares):
    random = np.random.default_rng(0)
    labels = [random.choice(4, 24, p=shares) for _ in range(12)]
    assert not deviations(labels)["out_of_order"].map(len).any()


def test_without_an_order_half_of_the_recordings_deviate_at_most():
    lengths = np.full((12, 8), 100)
    lengths[range(7), range(7)] = lengths[0, 7] = 280
    table = deviations([np.repeat(range(8), own) for own in lengths])
    assert table["score"].tolist() == [2] + [1] * 6 + [0] * 5
    assert table["deviates"].tolist() == [True] + [False] * 11


def test_a_usual_step_back_is_in_order():
    labels = {name: ["a", "b", "c", "b"] for name in "qrstuvwxyz"}
    labels["x"] = ["c", "b", "a", "b"]
    table = deviations(labels)
    assert table["out_of_order"][0] == (("b", "a"),)
    assert not any(table["out_of_order"][1:])
    half = deviations([list(own) for own in ("abc", "abc", "acb", "acb")])
    assert half["out_of_order"].tolist().count((("c", "b"),)) == 2  # said, not counted
    assert half["score"].tolist() == [0] * 4


@pytest.mark.parametrize(("n_without", "n_deviating"), [(1, 1), (4, 4), (5, 0), (9, 0)])
def test_what_is_usual_is_no_deviation(n_without, n_deviating):
    labels = {f"{i}": list("abc") for i in range(20)}
    for i in range(n_without):
        labels[f"{i}"] = list("ac")
    table = deviations(labels)
    assert sum(missing == ("b",) for missing in table["missing"]) == n_without
    assert table["deviates"].sum() == n_deviating
    deviating = table["recording"][table["deviates"]].tolist()
    assert deviating == [f"{i}" for i in range(n_deviating)]


def test_actions_out_of_the_order_do_not_count():
    labels = {name: ["a", "b", "c"] for name in "vwxyz"}
    labels["x"] = ["a", "noise", "b", "c"]
    assert deviations(labels)["score"].tolist() == [0] * 5
    assert deviations(labels)["recording"][0] == "v"
    assert deviations([[-1], [-1]])["score"].tolist() == [0, 0]


def test_unlikely_recordings():
    labels = {name: ["a", "b"] for name in "abcde"}
    scores = {"a": -1.0, "b": -1.1, "c": [-9.0, -7.0], "d": -0.9, "e": -1.0}
    table = deviations(labels, log_likelihoods=scores)
    assert table["recording"][0] == "c"
    assert table["unlikely"].tolist() == [True] + [False] * 4
    found = table.set_index("recording")["likelihood_quantile"]
    assert found.to_dict() == {"a": 0.8, "b": 0.4, "c": 0.2, "d": 1.0, "e": 0.8}
    assert deviations(labels)["likelihood_quantile"].isna().all()


def test_robust_limits_of_counts_and_likelihoods():
    """The limit is 3.5 · 1.4826 median absolute deviations, 5.19, from the median."""
    labels = [["a", "b"] * n for n in (7, 7, 8, 8, 9, 9, 8, 13, 14)]
    means = [-1, -1, 0, 0, 1, 1, 0, -5.1, -5.3]
    found = deviations(labels, log_likelihoods=means).set_index("recording")
    assert found.index[found["unlikely"]].tolist() == ["8"]
    assert {k: x for k, x in found["repeated"].items() if x} == {"8": ("a", "b")}


@pytest.mark.parametrize(("n", "lacking"), [(3, ()), (1, ("b",))])
def test_crumbs_are_outliers_of_logarithms(n, lacking):
    """Quartiles of 10 and 30 frames leave those from 10 / 3 ** 1.5 on."""
    takes = [["a"] * 9 + ["b"] * k + ["c"] * 9 for k in (n, 10, 10, 30, 30, 30, 30)]
    table = deviations(takes).set_index("recording")
    assert table["missing"].to_dict() == dict.fromkeys("0123456", ()) | {"0": lacking}


@pytest.mark.parametrize(("n", "lacking"), [(8, ()), (7, ("b",))])
def test_a_regular_step_is_missing_below_two_fifths_of_its_time(n, lacking):
    takes = [["a"] * 99 + ["b"] * k + ["c"] * 99 for k in (n, *[20] * 6)]
    table = deviations(takes).set_index("recording")
    assert table["missing"].to_dict() == dict.fromkeys("0123456", ()) | {"0": lacking}


def test_a_bout_next_to_a_break_is_cut_short_and_not_missing():
    """But one of a tenth of the usual duration is nothing, with or without a break."""
    labels = [np.repeat([0, 1, 2], [30, n, 30]) for n in [8, 8, 2, *[30] * 15]]
    times = [np.arange(len(x), dtype=float) for x in labels]
    times[0][38:] += 25
    times[2][32:] += 25
    takes = Recordings(labels, fps=1, times=times)
    table = deviations(takes).set_index("recording")
    assert table.loc[["0", "1", "2"], "missing"].tolist() == [(), (1,), ()]
    assert table.loc["0", "too_short"] == ()
    # of an action that most recordings lack
    labels = [np.repeat([0, 1, 2], [30, n, 30]) for n in [15, *[30] * 6, *[0] * 10]]
    times = [np.arange(len(x), dtype=float) for x in labels]
    for pause in (0, 25):
        times[0][40:] += pause
        found = deviations(Recordings(labels, fps=1, times=times))
        found = found.set_index("recording").loc["0", "too_short"]
        assert [action for action, *_ in found] == [1] * (pause == 0)
