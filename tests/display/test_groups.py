"""The picture of groups shows the numbers of the table."""

import numpy as np
import pytest

from skl_tot import GroupsDisplay
from skl_tot.statistics import compare_groups, durations

TAKES = [["cut"] * n + ["mix"] * 3 for n in (11, 9, 12, 10, 2, 4, 3, 1)]
STEPS = [["x", "y", "z"]] * 5 + [["x", "z", "y"]] * 5


def texts(ticks):
    return [tick.get_text() for tick in ticks]


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


@pytest.mark.parametrize("rows", [0, None])
def test_other_tables(rows):
    table = durations(TAKES)
    if rows == 0:
        table = compare_groups(TAKES, ["old"] * 4 + ["new"] * 4).iloc[:0]
    with pytest.raises(ValueError, match="table has the columns"):
        GroupsDisplay.from_table(table)


def test_steps_that_differ_and_pairs_of_groups():
    table = compare_groups(STEPS, list("aaaaabbbbb"))
    ax = GroupsDisplay.from_table(table).ax_
    assert texts(ax.get_yticklabels()) == ["x", "y", "z", "x → y", "x → z"]
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "D"]
    assert marks == [-4, 4]  # infinite, at the edge
    with pytest.warns(UserWarning, match="so few subjects, 3 and 3"):
        table = compare_groups(TAKES + TAKES[:1], [*"aaabbbccc"])
    ax = GroupsDisplay.from_table(table, action_names=["cut", "mix"]).ax_
    assert texts(ax.get_yticklabels())[:2] == ["cut: a, b", "cut: a, c"]
    assert "the first group" in ax.get_xlabel()
