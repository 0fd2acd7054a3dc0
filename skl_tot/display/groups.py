"""Picture of the differences of groups of recordings."""

from functools import partial

import numpy as np

from skl_tot.display.bars import clear_sides
from skl_tot.display.base import Display, name_rows, shortened
from skl_tot.display.palette import COLOURS, code_actions
from skl_tot.recordings.errors import short_repr
from skl_tot.statistics.comparing import LEVEL

# Marker and height within a row, for each measure.
MARKS = {"duration": ("o", -0.22), "share": ("s", 0.0), "bouts": ("^", 0.22)}
MARKS["transition"] = ("D", 0.0)
WIDEST = 4  # default limit of the x axis, in standard deviations


class GroupsDisplay(Display):
    """Differences between groups, with their confidence intervals.

    A row is an action, with marks for the duration of its bouts, its share of the time
    and its number of bouts; further rows are steps between actions that differ. The
    position of a mark is Hedges' g, right of 0 if the second group has more. A mark is
    filled if its q is below 0.05. Values beyond the axis are drawn at its edge.

    Parameters
    ----------
    table : DataFrame
        From `skl_tot.statistics.compare_groups`.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Those of the last `plot`.

    See Also
    --------
    skl_tot.statistics.compare_groups : The numbers.

    Examples
    --------
    >>> from skl_tot import GroupsDisplay
    >>> from skl_tot.statistics import compare_groups
    >>> takes = [["cut"] * n + ["mix"] * 3 for n in (9, 8, 7, 9, 2, 3, 1, 2)]
    >>> table = compare_groups(takes, ["old"] * 4 + ["new"] * 4)
    >>> display = GroupsDisplay.from_table(table)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['cut', 'mix']
    """

    def __init__(self, table, *, action_names=None):
        self.table = table
        self.action_names = action_names

    @classmethod
    def from_table(cls, table, *, ax=None, **options):
        """Draw the picture of a table.

        Parameters
        ----------
        table : DataFrame
            As in the class.
        ax : matplotlib Axes, default=None
            As for `plot`.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        display : GroupsDisplay
            The display, drawn.
        """
        return cls(table, **options).plot(ax=ax)

    def _prepare(self):
        table = self.table
        if not {"effect", "q"} <= set(table) or len(table) == 0:
            raise ValueError(
                f"table has the columns {short_repr(list(table))} and {len(table)} "
                "rows, expected some rows of compare_groups."
            )
        is_step = table["measure"] == "transition"
        table = table[~is_step | (table["q"] < LEVEL)]
        actions = sorted(self.table.loc[~is_step, "action"].unique())
        names = dict(zip(actions, code_actions(actions, self.action_names)[1]))
        has_pairs = len(table[["first", "second"]].drop_duplicates()) > 1
        rows = {}
        for own in table.to_dict("records"):
            name = shortened(names[own["action"]])
            if own["measure"] == "transition":
                name = f"{name} → {shortened(names[own['to']])}"
            if has_pairs:
                name = f"{name}: {own['first']}, {own['second']}"
            rows.setdefault(name, []).append(own)
        sides = ["the first group", "the second"]
        if not has_pairs:
            sides = [shortened(str(own[key])) for key in ("first", "second")]
        label = "  ←  difference in standard deviations  →  "
        label = f"more in {sides[0]}{label}more in {sides[1]}"
        size = 6.4 + 0.07 * max(map(len, rows)), 1.4 + 0.42 * max(len(rows), 3)
        return size, partial(_draw, rows=rows, label=label)


def _draw(ax, rows, label):
    """Draw a row of marks and intervals for each name."""
    from matplotlib.lines import Line2D

    effects = np.abs([row["effect"] for own in rows.values() for row in own])
    widest = max(WIDEST, 1.3 * effects.max(initial=0, where=np.isfinite(effects)))
    colours = dict(zip(MARKS, COLOURS))
    for y, own in enumerate(rows.values()):
        for row in own:
            if np.isnan(row["effect"]):
                continue
            marker, offset = MARKS[row["measure"]]
            colour = colours[row["measure"]]
            ends = [row["effect_low"], row["effect"], row["effect_high"]]
            low, x, high = np.clip(ends, -widest, widest)
            ax.plot([low, high], [y + offset] * 2, color=colour, linewidth=1.5)
            face = colour if row["q"] < LEVEL else "white"
            ax.plot(x, y + offset, marker, color=colour, mfc=face, clip_on=False)
    ax.axvline(0, color="#808080", linewidth=0.8, zorder=0)
    ax.set_xlim(-widest, widest)
    name_rows(ax, list(rows))
    clear_sides(ax, len(rows))
    ax.set_xlabel(label)
    shown = {row["measure"] for own in rows.values() for row in own}
    marks = []
    for measure in (measure for measure in MARKS if measure in shown):
        style = {"marker": MARKS[measure][0], "color": colours[measure]}
        marks.append(Line2D([], [], label=measure, **style))
    marks.append(Line2D([], [], ls="", marker="o", color="k", label=f"q < {LEVEL}"))
    ax.legend(
        handles=marks, loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False
    )


__test__ = {"GroupsDisplay": GroupsDisplay}
