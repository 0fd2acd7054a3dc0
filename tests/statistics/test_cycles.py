"""Cycles of recordings: where they begin, how long they take, what is wrong in them."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from skl_tot.meta.cyclic import cuts_of_path
from skl_tot.recordings import Recordings
from skl_tot.statistics import cycle_times, deviations
from skl_tot.statistics.actions import cut_cycles
from skl_tot.statistics.bouts import collect_bouts

USUAL = {"pick": 30, "weld": 50, "pack": 20}


def lay(steps):
    """Labels of a frame each, of pairs of an action and how many frames it lasts."""
    return [action for action, n in steps for _ in range(n)]


def shift_of(n_cycles):
    return [step for _ in range(n_cycles) for step in USUAL.items()]


def on_clock(labels, frame, pause, fps=10):
    """Recordings of labels on a clock with a break before some frame."""
    clock = np.arange(len(labels)) / fps
    clock[frame:] += pause
    options = {"fps": fps, "times": [clock], "breaks": [[frame]]}
    return Recordings([np.array(labels)], ["shift"], **options)


def test_lengths_of_cycles_are_their_durations():
    """To the last digit: a report marks cycles that are longer than the longest."""
    steps = [(action, 3 + k * k % 17) for k, action in enumerate("abc" * 40)]
    table, bouts = cut_cycles(collect_bouts(lay(steps), 3.7), "a")
    assert table["duration"].tolist() == bouts.lengths.tolist()


@pytest.mark.parametrize("seed", range(2))
def test_cycles_of_an_order_are_the_cuts_of_a_cyclic_model(seed):
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.choice([1, 1, 1, 1, 2, 3], 80)) + rng.integers(5)
    path = np.repeat(steps % 5, rng.integers(3, 9, 80))
    cuts = cuts_of_path(path, 5)
    table = cycle_times(path, start=list(range(5)))
    assert table["start"].tolist() == cuts[:-1].tolist()
    assert table["end"].tolist() == cuts[1:].tolist()
    shown = [np.bincount(path[a:b], minlength=5) > 0 for a, b in pairwise(cuts)]
    is_usual = 2 * np.sum(shown, axis=0) > len(shown)
    lacking = [tuple(np.flatnonzero(is_usual & ~own).tolist()) for own in shown]
    assert table["missing"].tolist() == lacking


FOUND = ["missing", "repeated", "extra", "as_long_as_two"]


@pytest.mark.parametrize(("spread", "unit"), [(0.04, 1), (0.12, 1), (0.08, 20)])
def test_each_deviation_is_called_what_happened(spread, unit):
    """Of 120 cycles, with the crumbs and blurs that models leave, at several scales."""
    random = np.random.default_rng(0)
    usual = unit * np.array([60, 90, 30, 110, 40])
    n = usual * random.normal(1, spread, (120, 5)).clip(1 - 3 * spread)
    n[20, 0] = n[50, 2] = n[80, 4] = 0  # skipped, without a trace
    n[25, 1], n[60, 3] = unit * 6, unit * 8  # or with one
    n[90, 1] += n[91, 1]  # done twice
    n[35, 3] *= 4  # jammed
    n[70] *= 2  # slow, and nothing done twice
    actions = [[0, 1, 2, 3, 4]] * 120
    actions[40] = [0, 2, 1, 3, 4]
    steps = [(k, times[k]) for own, times in zip(actions, n) for k in own]
    steps[545:545] = [(2, unit * 300)]  # idle after a cycle, taken for a step
    steps[500:500] = [(0, unit * 20), (1, unit * 3)]  # a blur in cycle 100
    table = cycle_times(lay([(f"step {k}", int(m)) for k, m in steps]))
    assert table["cycle"].tolist() == [*range(1, 121)]
    lacking = {20: 0, 25: 1, 50: 2, 60: 3, 80: 4}
    found = {k: table[k][table[k].map(len) > 0].to_dict() for k in table if k in FOUND}
    assert found["missing"] == {k: (f"step {step}",) for k, step in lacking.items()}
    assert table["steps"][[24, 25]].tolist() == [5, 4]
    assert found["repeated"] == {90: ("step 1",), 108: ("step 2",)}
    ((step, time, _),) = found["as_long_as_two"].pop(90)
    assert (step, time) == ("step 1", int(n[90, 1]))
    assert (found["as_long_as_two"], found["extra"]) == ({}, {})
    assert [step for step, *_ in table["too_long"][35]] == ["step 3"]
    assert table["score"][[20, 35, 40, 70, 90]].tolist() == [3, 3, 3, 5, 3]
    assert table["out_of_order"][40] == (("step 2", "step 1"),)
    deviating = set(np.flatnonzero(table["deviates"])) - {*lacking, 35, 40, 70, 90, 108}
    assert len(deviating) <= 2


def test_an_added_step_of_few_cycles_is_extra():
    """A crumb is none, nor what more than a fifth of the cycles show."""
    steps = [list(USUAL.items()) for _ in range(30)]
    jams = {4: 90, 9: 30, 14: 91, 24: 89, 29: 900}  # whatever others take
    for k, seconds in {20: 0.9, **jams}.items():  # one under two fifths of 3
        steps[k][2:2] = [("jam", int(10 * seconds))]
    for k in range(0, 28, 4):  # 7 of 30
        steps[k].append(("check", 40))
    table = cycle_times(lay([step for own in steps for step in own]), fps=10)
    extra = {k: dict(own) for k, own in table["extra"].items() if own}
    assert extra == {k: {"jam": pytest.approx(time)} for k, time in jams.items()}
    assert table["score"][table["score"] > 0].to_dict() == dict.fromkeys(jams, 3)
    assert "extra" not in deviations({"a": ["x"], "b": ["x", "y"]})


@pytest.mark.parametrize("idle", ["background", "Idle", "not a step"])
def test_idle_time_is_in_no_cycle(idle):
    steps = shift_of(9)
    steps[18:18] = [(idle, 400)]  # between cycles
    steps[4:5] = [("weld", 20), (idle, 300), ("weld", 30)]  # within a step
    table = cycle_times(lay([*steps, (idle, 90)]), fps=10)
    assert not table["deviates"].any()
    assert table["duration"].tolist() == pytest.approx([10] * 9)
    assert table["end"][5] == table["start"][6] - 40
    assert table["end"].iloc[-1] == 160
    assert table["stopped"].tolist() == [0, 30, *[0] * 7]
    assert table["steps"].tolist() == [3] * 9


def test_a_first_step_goes_on_after_idle_time():
    steps = shift_of(9)
    steps[12:12] = [("pick", 15), ("idle", 100)]
    table = cycle_times(lay(steps), fps=10, start="pick")
    assert table["duration"].tolist() == pytest.approx([10] * 4 + [11.5] + [10] * 4)
    steps = [("pick", 5), ("idle", 3), ("pick", 5), ("pack", 4)] * 3
    assert len(cycle_times(lay(steps), start="pick")) == 3
    assert len(cycle_times(lay([("pick", 5), ("idle", 3)] * 3), start="pick")) == 3


@pytest.mark.parametrize("frame", [300, 350])
def test_breaks_are_in_no_cycle(frame):
    shift = on_clock(lay(shift_of(6)), frame, 720)
    table = cycle_times(shift)
    pd.testing.assert_frame_equal(table, cycle_times(shift, start=list(USUAL)))
    assert table["steps"].tolist() == [3] * 6
    assert table["duration"].tolist() == pytest.approx([10] * 6)
    starts = [10 * k + 720 * (10 * k >= frame / 10) for k in range(6)]
    assert table["start"].tolist() == pytest.approx(starts)
    assert not table["deviates"].any()


WELDS = [("pick", 30), ("weld", 20)]


@pytest.mark.parametrize(
    ("before", "after", "n_stopped"),
    [
        (WELDS, [("weld", 30), ("pack", 20)], 1),
        (WELDS, [("weld", 50), ("pack", 20)], 1),  # again
        (WELDS, [("pack", 20)], 1),
        (WELDS, shift_of(1), 0),  # the cycle is given up
        (shift_of(1), [("weld", 50), ("pack", 20)], 0),
        (shift_of(1), [("pack", 20)], 1),
    ],
)
def test_what_a_stop_does_is_no_deviation(before, after, n_stopped):
    before = lay([*shift_of(6), *before])
    labels = [*before, *lay([*after, *shift_of(6)])]
    table = cycle_times(on_clock(labels, len(before), 720), start=list(USUAL))
    assert not table["deviates"].any()
    assert not table[["missing", "too_short", "too_long"]].map(len).any(axis=None)
    assert table["stopped"].sum() == pytest.approx(720 * n_stopped)


def test_a_rest_of_a_step_before_a_stop_begins_no_cycle():
    before = lay([*shift_of(6), ("pick", 2)])
    labels = [*before, *lay([("pick", 30), ("weld", 50), *shift_of(6)[2:]])]
    for start in ("pick", list(USUAL)):
        table = cycle_times(on_clock(labels, len(before), 720), start=start)
        begin = len(before) / 10 + 720
        assert table["start"][6] == pytest.approx(begin)
        assert table["stopped"].sum() == 0
        assert not table["deviates"].any()


def test_a_jam_before_a_stop_deviates():
    before = lay([*shift_of(6), ("pick", 30), ("weld", 900)])
    shift = on_clock([*before, *lay([("pack", 20), *shift_of(6)])], len(before), 720)
    table = cycle_times(shift)
    assert np.flatnonzero(table["deviates"]).tolist() == [6]
    assert table["too_long"][6] == (("weld", pytest.approx(90), pytest.approx(5)),)
    assert table["stopped"][6] == pytest.approx(720)


def test_a_step_that_no_stop_touches_deviates():
    before = lay([*shift_of(6), ("pick", 15), ("weld", 50)])
    shift = on_clock([*before, *lay([("pack", 20), *shift_of(6)])], len(before), 720)
    table = cycle_times(shift, start=list(USUAL))
    assert table["too_short"][6] == (("pick", 1.5, pytest.approx(3, abs=0.2)),)


@pytest.mark.parametrize(
    ("before", "after", "n_cycles"),
    [
        ([], [("pick", 4)], 5),
        ([], [("pick", 30), ("weld", 20)], 6),
        ([], [("pick", 30), ("weld", 9)], 5),
        ([("pack", 9)], [], 5),
        ([("pack", 9)], [("pick", 4)], 5),
    ],
)
def test_ends_that_show_little_are_no_cycles(before, after, n_cycles):
    labels = lay([*before, *shift_of(5), *after])
    for start in ("pick", list(USUAL)):
        assert len(cycle_times(labels, start=start)) == n_cycles


def test_a_cycle_may_lack_its_first_action_if_all_are_given():
    steps = shift_of(6)
    del steps[9]
    assert len(cycle_times(lay(steps), start="pick")) == 5
    table = cycle_times(lay(steps), start=list(USUAL))
    assert table["missing"].tolist() == [()] * 3 + [("pick",)] + [()] * 2


def test_recordings_that_do_not_go_round_are_cycles():
    takes = [["stand", "sit", "stand", "lie", "walk", -1][:5]] * 3
    assert cycle_times(takes)["duration"].tolist() == [5, 5, 5]
    assert len(cycle_times(takes, start="stand")) == 6
    random = np.random.default_rng(0)
    days = [random.permutation(["eat", "sleep", "walk", "read"] * 5) for _ in range(8)]
    assert len(cycle_times(days)) == 8
    table = cycle_times({"x": ["background", "a", "b"], "y": ["b", "b", "b"]})
    assert table["start"].tolist() == [1, 0]


def test_a_break_before_a_part_of_a_cycle_is_no_fault():
    """The part is dropped, as is a recording without actions, which is said."""
    labels = np.r_[np.tile(np.repeat([0, 1, 2, 3], 5), 4), [0] * 5]
    times = np.arange(len(labels), dtype=float)
    times[80:] += 50
    table = cycle_times(Recordings([labels], fps=1, times=[times]), start=0)
    assert table["end"].tolist() == [20, 40, 60, 80]
    assert not table["missing"].map(len).any()
    with pytest.warns(UserWarning, match="1 of 2 recordings show no action and"):
        assert len(cycle_times([[0, 0, 1], [-1, -1]])) == 1
