"""Durations, transitions and cycles against pandas by hand and numbers worked out."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.io import segments
from skl_tot.metrics import mof_score
from skl_tot.recordings import Recordings
from skl_tot.recordings.labels import equal_parts
from skl_tot.statistics import (
    cycle_times,
    deviations,
    durations,
    transitions,
    usual_order,
)
from skl_tot.statistics.actions import describe_equal_parts
from skl_tot.statistics.bouts import collect_bouts

ACTIONS = np.array(["cut", "mix", "bake", "eat", "background"])


def random_labels(seed, n_recordings=6):
    """Labels of runs of random actions, with background between some."""
    random = np.random.default_rng(seed)
    labels = {}
    for i in range(n_recordings):
        runs = random.integers(1, 9, 25)
        labels[f"take {i}"] = ACTIONS[random.integers(0, 5, 25)].repeat(runs)
    labels["take 0"] = labels["take 0"][labels["take 0"] != "eat"]
    return labels


def bouts_by_hand(labels, fps):
    """Bouts from a table of frames, as one finds them in pandas."""
    frames = []
    for name, own in labels.items():
        table = pd.DataFrame({"recording": name, "action": own})
        table["run"] = (table["action"] != table["action"].shift()).cumsum()
        table["start"] = np.arange(len(own)) / fps
        frames.append(table)
    frames = pd.concat(frames)
    bouts = frames.groupby(["recording", "run"]).agg(
        action=("action", "first"), start=("start", "first"), n=("start", "size")
    )
    bouts["duration"] = bouts["n"] / fps
    bouts["end"] = bouts["start"] + bouts["duration"]
    return bouts[bouts["action"] != "background"].reset_index()


def statistics_by_hand(bouts, key, lengths):
    """Table of bouts by pandas."""
    times = bouts.groupby([key, "action"])["duration"]
    found = times.agg(["size", "sum", "mean", "std", "median"])
    found.columns = ["bouts", "total", "mean", "sd", "median"]
    found["iqr"] = times.quantile(0.75) - times.quantile(0.25)
    found["cv"] = found["sd"] / found["mean"]
    found["share"] = found["total"].div(lengths, level=0)
    keys = [key, "action"] + ["recording"] * (key == "group")
    firsts = bouts.groupby(keys)["start"].min()
    found["latency"] = firsts.groupby([key, "action"]).mean()
    return found


@pytest.mark.parametrize("seed", [0, 1])
def test_durations_are_those_of_pandas(seed):
    labels, fps = random_labels(seed), 12.5
    lengths = pd.Series({name: len(own) / fps for name, own in labels.items()})
    expected = statistics_by_hand(bouts_by_hand(labels, fps), "recording", lengths)
    table = durations(labels, fps=fps)
    assert set(table.pop("unit")) == {"s"}
    assert len(table) == len(labels) * 4  # also for those that lack one
    found = table.set_index(["recording", "action"])
    absent = found[found["bouts"] == 0]
    assert absent.index.tolist() == [("take 0", "eat")]
    assert absent[["total", "share"]].to_numpy().tolist() == [[0, 0]]
    assert absent.drop(columns=["bouts", "total", "share"]).isna().all(axis=None)
    found = found[found["bouts"] > 0].sort_index()
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_groups_pool_bouts():
    labels, fps = random_labels(3), 10
    bouts = bouts_by_hand(labels, fps)
    groups = {name: "odd" if int(name[-1]) % 2 else "even" for name in labels}
    bouts["group"] = bouts["recording"].map(groups)
    seconds = pd.Series({name: len(own) / fps for name, own in labels.items()})
    expected = statistics_by_hand(bouts, "group", seconds.groupby(groups).sum())
    shown = bouts.groupby(["group", "action"])["recording"].nunique()
    table = durations(labels, fps=fps, groups=groups)
    found = table.set_index(["group", "action"]).sort_index()
    pd.testing.assert_frame_equal(found[list(expected)], expected, check_dtype=False)
    assert found["recordings_with"].tolist() == shown.tolist()
    assert set(found["recordings"]) == {3}
    keys = {("take", int(name[-1])): group for name, group in groups.items()}
    named = dict(zip(keys, labels.values()))  # names that are no text
    for of_names, other in ((labels, list(groups.values())), (named, keys)):
        again = durations(of_names, fps=fps, groups=other)
        pd.testing.assert_frame_equal(again, table)


def test_times_are_those_of_the_clock():
    times = [np.array([5, 5.1, 5.2, 6.0]), np.array([0.0, 0.1])]
    labels = [np.array(["a", "a", "background", "b"]), np.array(["b", "b"])]
    recordings = Recordings(labels, ["x", "y"], fps=10, times=times)
    table = durations(recordings).set_index(["recording", "action"])
    assert table.loc[("x", "a"), "total"] == pytest.approx(0.2)
    assert table.loc[("x", "b"), "latency"] == pytest.approx(1)
    assert table.loc[("x", "b"), "share"] == pytest.approx(0.1 / 1.1)
    # the table of its segments says the same
    with pytest.warns(UserWarning, match="1 of 4"):
        again = durations(segments(recordings))
    pair = table.reset_index(), again
    pd.testing.assert_frame_equal(*(x.drop(columns="unit") for x in pair))


def test_forms_of_labels_are_alike():
    labels = random_labels(4)
    expected = durations(labels, fps=10)
    series = pd.concat({name: pd.Series(own) for name, own in labels.items()})
    forms = [
        Recordings(list(labels.values()), list(labels), fps=10),
        series,
        segments(labels),
        segments(labels, 10).sample(frac=1, random_state=0),
    ]
    for form in forms:
        table = durations(form, fps=10).sort_values(["recording", "action"])
        table = table.reset_index(drop=True)
        pd.testing.assert_frame_equal(table, expected, check_exact=False)
    one = durations(labels["take 1"], fps=10)
    np.testing.assert_allclose(one["mean"], expected["mean"][4:8])
    assert set(durations(labels)["unit"]) == {"frames"}


@pytest.mark.parametrize("seed", range(2))
def test_usual_order_is_that_of_pandas(seed):
    labels = random_labels(seed)
    bouts = bouts_by_hand(labels, 1)
    firsts = bouts.groupby(["recording", "action"])["start"].min()
    lengths = pd.Series({name: len(own) for name, own in labels.items()})
    medians = firsts.div(lengths, level=0).groupby("action").median()
    assert usual_order(labels) == medians.sort_values().index.tolist()
    assert set(usual_order([["b", "a"], ["b", "a", "d"]])) == {"a", "b"}  # over half


@pytest.mark.parametrize("seed", [0, 1])
def test_transitions_are_those_of_pandas(seed):
    labels = random_labels(seed)
    bouts = bouts_by_hand(labels, 1)
    bouts["next"] = bouts.groupby("recording")["action"].shift(-1)
    counts = pd.crosstab(bouts["action"], bouts["next"])
    shares = pd.crosstab(bouts["action"], bouts["next"], normalize="index")
    table = transitions(labels)
    for column, expected in {"count": counts, "probability": shares}.items():
        found = table.pivot(index="from", columns="to", values=column)
        np.testing.assert_allclose(found, expected)
        assert found.columns.tolist() == expected.columns.tolist()


def test_outdated_seconds_are_said():
    labels = {"x": ["a"] * 10 + ["b"] * 10, "y": ["a", "b"]}
    table = segments(labels, 10)
    table.loc[0, "end"] = 6  # its end_time is that of frame 10
    with pytest.warns(UserWarning, match="1 of 4 .* 'x'"):
        found = durations(table)
    assert found["total"].tolist() == pytest.approx([1.0, 1.0, 0.1, 0.1])
    table.loc[1, "start"] = 6
    with pytest.warns(UserWarning, match="2 of 4"):
        found = durations(table, fps=10)
    assert found["total"].tolist() == pytest.approx([1.0, 1.0, 0.1, 0.1])


def test_latency_of_a_table_is_from_its_frame_zero():
    table = pd.DataFrame({"action": ["a"], "start_time": [3.0], "end_time": [5.0]})
    assert durations(table)["latency"].tolist() == [3]
    assert durations(table)["share"].tolist() == [0.4]
    touching = pd.DataFrame({"action": "a", "start": [0, 2, 5], "end": [2, 4, 6]})
    assert durations(touching)["bouts"].tolist() == [2]
    on_clock = table.assign(start=[10], end=[20], start_time=[1002.0], end_time=[1004])
    assert durations(on_clock)["latency"].tolist() == [2]  # 5 frames per second


def test_a_point_in_time_is_a_bout():
    table = pd.DataFrame({"action": ["a", "look"], "start_time": 4, "end_time": [6, 4]})
    found = durations(table).set_index("action")
    assert found.loc["look", ["bouts", "total", "mean"]].tolist() == [1, 0, 0]
    assert np.isnan(found.loc["look", "cv"])


def with_breaks(labels, breaks):
    """Recordings of one frame a second, whose clocks jump at the breaks."""
    times = [np.arange(len(own), dtype=float) for own in labels]
    for clock, own in zip(times, breaks):
        for frame in own:
            clock[frame:] += 1000
    return Recordings(list(labels), fps=1, times=times, breaks=breaks)


def test_breaks_do_not_change_orders_deviations_and_cycles():
    random = np.random.default_rng(0)
    for _ in range(3):
        labels = [random.choice(list("ABCD"), random.integers(3, 9)) for _ in range(3)]
        takes = with_breaks(labels, random.integers(1, 3, (3, 1)).tolist())
        assert usual_order(takes) == usual_order(labels)
    labels = [list("PQT"), list("PQT"), list("PQR"), list("PR"), list("PR")]
    takes = with_breaks(labels, [[1], [1], [1], [], []])
    assert usual_order(takes) == ["P", "Q", "R"]
    assert deviations(takes)["out_of_order"].tolist() == [()] * 5
    laps = [list("BAAAABAAAAB"), list("BAAABAAB")]  # begins a cycle with B
    cut = with_breaks(laps, [[1], [1]])
    for form in (cut, segments(cut)):
        pd.testing.assert_frame_equal(durations(form), durations(laps, fps=1))
    goes_on = with_breaks([list("aabb")] * 3, [[1]] * 3)
    assert transitions(goes_on).query("count > 0")["count"].tolist() == [3]
    found = cycle_times(cut)
    assert found["steps"].tolist() == cycle_times(laps)["steps"].tolist()


def test_equal_parts_have_the_score_of_their_frames():
    """In an order that is not sorted, of lengths that three parts divide."""
    random, paths = np.random.default_rng(0), []
    for n_frames in (30, 60, 45, 90):
        cuts = np.sort(random.choice(np.arange(1, n_frames), 2, replace=False))
        paths.append(np.repeat([2, 0, 1], np.diff([0, *cuts, n_frames])))
    parts = [equal_parts(len(path), 3) for path in paths]
    expected = mof_score(paths, parts, background=-1)
    assert expected < 0.9
    said = describe_equal_parts(collect_bouts(paths, 12.5))
    assert said == f"Equal parts would agree on {100 * expected:.0f} % of the frames."
