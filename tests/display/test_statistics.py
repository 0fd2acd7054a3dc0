"""Pictures of statistics show the numbers of the tables."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from skl_tot import (
    CycleDisplay,
    DeviationDisplay,
    DurationDisplay,
    GroupsDisplay,
    NumbersDisplay,
    TransitionDisplay,
)
from skl_tot.display.palette import COLOURS
from skl_tot.io import segments
from skl_tot.statistics import compare_groups, deviations, durations, transitions
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.deviations import score_durations

ACTIONS = np.array(["cut", "stir", "bake"])
LABELS = {f"take {i}": ACTIONS.repeat(9 + i) for i in range(5)}
LABELS["take 1"] = np.array(["cut", "bake"]).repeat(10)
LABELS["take 2"] = np.array(["stir", "cut", "bake", "cut"]).repeat(10)
LABELS["take 3"] = np.array(["cut", "stir", "bake"]).repeat(60)
DISPLAYS = [DurationDisplay, TransitionDisplay, DeviationDisplay, CycleDisplay]


def texts(ticks):
    return [tick.get_text() for tick in ticks]


def test_durations_are_points_in_the_usual_order():
    display = DurationDisplay.from_labels(LABELS, fps=10)
    assert texts(display.ax_.get_yticklabels()) == ["cut", "stir", "bake"]
    assert display.ax_.get_xlabel() == "duration of a bout (s)"
    table = durations(LABELS, fps=10, groups=[0] * 5).set_index("action")
    points = [c for c in display.ax_.collections if len(c.get_offsets()) > 1]
    for row, action in enumerate(["cut", "stir", "bake"]):
        x, y = points[row].get_offsets().T
        assert x.sum() == pytest.approx(table.loc[action, "total"])
        assert len(x) == table.loc[action, "bouts"]
        assert np.abs(y - row).max() < 0.5
        # colours are by the place among sorted names, as those of timelines
        place = ["bake", "cut", "stir"].index(action)
        colour = points[row].get_facecolor()[0, :3]
        assert tuple(colour) == to_rgba(COLOURS[place])[:3]
    (right,) = display.ax_.child_axes
    assert texts(right.get_yticklabels()) == ["6", "4", "5"]


def test_boxes_are_quartiles_and_whiskers():
    labels = [[0] * n + [-1] for n in (10, 11, 12, 13, 14, 40)]
    ax = DurationDisplay.from_labels(labels).ax_
    box = ax.patches[0].get_xy()
    lower, upper = np.quantile([10, 11, 12, 13, 14, 40], [0.25, 0.75])
    assert {lower, upper} == set(box[:, 0])
    whiskers = [c.get_segments() for c in ax.collections if hasattr(c, "get_segments")]
    ends = np.concatenate([np.ravel(np.array(own)[..., 0]) for own in whiskers])
    assert {10, 14, 12.5} <= set(ends.tolist())
    assert 40 not in ends
    assert ax.get_xlim()[1] > 40


def test_transitions_are_those_of_the_table():
    display = TransitionDisplay.from_labels(LABELS)
    order = texts(display.ax_.get_yticklabels())
    table = transitions(LABELS).pivot(index="from", columns="to", values="probability")
    np.testing.assert_allclose(display.im_.get_array(), table.loc[order, order])
    counts = transitions(LABELS)["count"]
    shown = [int(text.get_text()) for text in display.ax_.texts]
    assert sorted(shown) == sorted(counts[counts > 0])


def test_deviations_are_marked():
    display = DeviationDisplay.from_labels(LABELS)
    table = deviations(LABELS)
    ax = display.ax_
    assert texts(ax.get_yticklabels()) == table["recording"].tolist()
    (right,) = ax.child_axes
    assert texts(right.get_yticklabels()) == list(map(str, table["score"]))
    rows = {name: i for i, name in enumerate(table["recording"])}
    signs = {text.get_position(): text.get_text() for text in ax.texts}
    assert signs[1, rows["take 1"]] == "×"
    assert signs[0, rows["take 2"]] == "2⇄"
    assert signs[1, rows["take 2"]] == "⇄"
    z = display.im_.get_array()
    assert np.isnan(z.filled(np.nan)[rows["take 1"], 1])
    bouts = collect_bouts(LABELS)
    slow = score_durations(bouts)[2][bouts.names.index("take 3")]
    assert z[rows["take 3"], 1] == slow[bouts.actions.index("stir")] > 3.5
    long = table.set_index("recording").loc["take 3", "too_long"]
    assert "stir" in [action for action, *_ in long]


LAPS = [*["pick", "weld", "weld", "pack"] * 9, "pick", "weld"]


def test_deviating_cycles_are_drawn():
    laps = [*LAPS[:13], *["weld"] * 9, *LAPS[13:]]
    cycles = {"a": laps, "b": LAPS}
    display = DeviationDisplay.from_labels(cycles, by="cycle", start="pick")
    table = deviations({"a": laps, "b": LAPS}, by="cycle", start="pick")
    shown = texts(display.ax_.get_yticklabels())
    assert shown == [f"{row.recording} {row.cycle}" for row in table.itertuples()]
    assert shown[:3] == ["a 9", "b 9", "a 3"]  # two that end early, and a slow one
    assert np.nanargmax(display.im_.get_array()[2]) == 1


def test_cycles_are_drawn_one_under_another():
    ax = CycleDisplay.from_labels(LAPS, fps=2).ax_
    assert texts(ax.get_yticklabels()) == [f"cycle {i}" for i in range(10)]
    boxes = {}
    for collection in ax.collections:
        for path in collection.get_paths():
            (x0, y0), (x1, y1) = path.vertices.min(axis=0), path.vertices.max(axis=0)
            boxes.setdefault(round((y0 + y1) / 2), set()).add((x0, x1))
    expected = {(0, 0.5), (0.5, 1.5), (1.5, 2)}
    assert boxes == dict.fromkeys(range(9), expected) | {9: {(0, 0.5), (0.5, 1)}}


def test_actions_are_marked_in_their_colours():
    for display, axis in [(DeviationDisplay, 0), (TransitionDisplay, 1)]:
        ax = display.from_labels(LABELS).ax_
        ax.figure.draw_without_rendering()
        names = texts(ax.get_yticklabels() if axis else ax.get_xticklabels())
        assert len(names) == len(ax.collections) == 3
        for k, (name, strip) in enumerate(zip(names, ax.collections)):
            place = ["bake", "cut", "stir"].index(name)
            assert to_rgba(COLOURS[place]) == tuple(strip.get_facecolor()[0])
            (path,) = strip.get_paths()
            assert set(path.vertices[:, axis]) == {k - 0.5, k + 0.5}
            box = path.get_extents(strip.get_transform())
            axes = ax.get_window_extent()
            assert (box.x1 < axes.x0) if axis else (box.y1 < axes.y0)  # outside


@pytest.mark.parametrize("display", DISPLAYS)
def test_all_take_tables_and_names(display):
    ax = display.from_labels(segments(LABELS, 10), action_names={"cut": "cut it"}).ax_
    shown = texts(ax.get_yticklabels()) + texts(ax.get_xticklabels())
    legend = ax.get_legend()
    assert "cut it" in shown + texts(legend.get_texts() if legend else [])


@pytest.mark.parametrize("display", DISPLAYS)
def test_many_actions_and_long_names_fit(display):
    name = "a very long name $that^is no formula$ of an action number"
    actions = np.array([f"{name} {i}" for i in range(25)])
    labels = {f"{name} {i}": actions.repeat(3 + i) for i in range(3)}
    figure = display.from_labels(labels).figure_
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    box = figure.get_tightbbox()
    assert box.width < width + 0.3
    assert box.height < height + 0.3


TAKES = [["cut"] * n + ["mix"] * 3 for n in (11, 9, 12, 10, 2, 4, 3, 1)]
STEPS = [["x", "y", "z"]] * 5 + [["x", "z", "y"]] * 5


def test_marks_are_effects_and_are_filled_if_they_are_sure():
    table = compare_groups(TAKES, ["old"] * 4 + ["new"] * 4)
    ax = GroupsDisplay.from_table(table).ax_
    assert texts(ax.get_yticklabels()) == ["cut", "mix"]
    assert ax.get_xlabel().startswith("more in old  ←")
    assert ax.get_xlabel().endswith("→  more in new")
    table = table[table["effect"].notna() & (table["measure"] != "transition")]
    table = table.sort_values("action", kind="stable")
    marks = [line for line in ax.lines if line.get_marker() not in ("None", "")]
    places = [line.get_xdata()[0] for line in marks]
    np.testing.assert_allclose(places, table["effect"])
    filled = [line.get_markerfacecolor() != "white" for line in marks]
    assert filled == (table["q"] < 0.05).tolist()
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2][: len(table)]
    width = ax.get_xlim()[1]
    ends = np.clip(table[["effect_low", "effect_high"]], -width, width)
    np.testing.assert_allclose([line.get_xdata() for line in lines], ends)


def test_steps_that_differ_and_pairs_of_groups():
    table = compare_groups(STEPS, list("aaaaabbbbb"))
    ax = GroupsDisplay.from_table(table).ax_
    assert texts(ax.get_yticklabels()) == ["x", "y", "z", "x → y", "x → z"]
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert marks == [-4, 4]  # infinite, at the edge
    with pytest.warns(UserWarning, match="so few subjects"):
        table = compare_groups(TAKES + TAKES[:1], [*"aaabbbccc"])
    ax = GroupsDisplay.from_table(table, action_names=["cut", "mix"]).ax_
    assert texts(ax.get_yticklabels())[:2] == ["cut: a, b", "cut: a, c"]
    assert "the first group" in ax.get_xlabel()


def test_scores_of_numbers_are_a_curve_in_a_band():
    numbers = {"n_actions": [1, 2, 3], "score": [0.0, 0.7, 0.5], "best": 2}
    numbers |= {"spread": [0.1, np.nan, 0.2], "at_edge": True}
    ax = NumbersDisplay(numbers).plot().ax_
    np.testing.assert_allclose(ax.lines[0].get_xydata().T, [[1, 2, 3], [0, 0.7, 0.5]])
    np.testing.assert_allclose(ax.lines[-1].get_xydata(), [[2, 0.7]])
    (band,) = ax.collections
    low, high = band.get_paths()[0].vertices[:, 1].min(), 0.7
    assert (low, band.get_paths()[0].vertices[:, 1].max()) == (-0.1, high)
