"""Pictures of comparisons: of groups of recordings, and of numbers of actions."""

from functools import partial

import numpy as np

from skl_tot.display.bars import clear_sides
from skl_tot.display.base import Display, name_rows, shortened
from skl_tot.display.palette import COLOURS, code_actions
from skl_tot.recordings.errors import refuse, short_repr
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.groups import MAX_Q, is_different

# Marker and height within a row, for each measure.
MARKS = {"duration": ("o", -0.22), "share": ("s", 0.0), "bouts": ("^", 0.22)}
MARKS["transition"] = ("D", 0.0)
WIDEST = 4  # default limit of the x axis, in standard deviations
KEYS = ("n_actions", "score", "spread", "best", "at_edge")


@with_shared_texts
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
    {shared: action_names}

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
        {shared: ax, **options}

        Returns
        -------
        {shared: display}
        """
        return cls(table, **options).plot(ax=ax)

    def _prepare(self):
        table = self.table
        if not {"effect", "q"} <= set(table) or len(table) == 0:
            found = f"the columns {short_repr(list(table))} and {len(table)} rows"
            raise ValueError(f"table has {found}, expected some of compare_groups.")
        is_step = table["measure"] == "transition"
        table = table.assign(differs=is_different(table))
        table = table[~is_step | (table["q"] < MAX_Q)]
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
        return size, partial(_draw_groups, rows=rows, label=label)


def _draw_groups(ax, rows, label):
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
            face = colour if row["differs"] else "white"
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
    filled = {"ls": "", "marker": "o", "color": "k", "label": f"q < {MAX_Q}"}
    marks.append(Line2D([], [], **filled))
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
    ax.legend(handles=marks, **place, ncols=5, frameon=False)


@with_shared_texts
class NumbersDisplay(Display):
    """Scores of numbers of actions, with the chosen number.

    A point is a number with its score; the band is the standard error of the score. The
    chosen number is marked; the title mentions a choice at the edge.

    Parameters
    ----------
    numbers : dict
        ``numbers_`` of a segmenter fitted with ``n_actions="auto"``, or the result of
        `choose_n_actions`.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter, NumbersDisplay, choose_n_actions
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(10, n_actions=3, noise=0.5, random_state=0)
    >>> numbers = choose_n_actions(HMMSegmenter(), videos, numbers=range(1, 6))
    >>> NumbersDisplay(numbers).plot().ax_.get_title(loc="left")
    '3 actions'
    """

    def __init__(self, numbers):
        self.numbers = numbers

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the scores of a fitted segmenter.

        Parameters
        ----------
        estimator : estimator
            Segmenter fitted with ``n_actions="auto"``, or a pipeline that ends in one.
        {shared: ax}

        Returns
        -------
        {shared: display}
        """
        from skl_tot.methods.pipelines import last_step

        numbers = getattr(last_step(estimator), "numbers_", None)
        if numbers is None:
            refuse("numbers_ of the estimator", None, "a fit with n_actions='auto'")
        return cls(numbers).plot(ax=ax)

    def _prepare(self):
        if not isinstance(self.numbers, dict) or set(KEYS) - set(self.numbers):
            expected = f"a dict with {', '.join(KEYS)}, as from choose_n_actions"
            refuse("numbers", self.numbers, expected, TypeError)
        size = 2 + 0.22 * max(10, len(self.numbers["n_actions"])), 3.2
        return size, self._draw_scores

    def _draw_scores(self, ax):
        x, score, spread = (np.array(self.numbers[key], float) for key in KEYS[:3])
        best = self.numbers["best"]
        options = {"color": "#0072B2", "alpha": 0.2, "linewidth": 0}
        ax.fill_between(x, score - spread, score + spread, **options)
        ax.plot(x, score, "o-", color="#0072B2", markersize=4)
        ax.axvline(best, color="#404040", linestyle=":", linewidth=1.2)
        own = score[x == best]
        ax.plot(best, own[0], "o", color="#D55E00", markersize=9)
        title = f"{best} action{'' if best == 1 else 's'}"
        if self.numbers["at_edge"]:
            title += ", at the edge of the numbers that were compared"
        ax.set_title(title, loc="left", fontsize="medium")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("number of actions")
        ax.set_ylabel("score")
        ax.spines[["top", "right"]].set_visible(False)
