"""Pictures of comparisons: of groups of recordings, and of numbers of actions."""

import numpy as np

from skl_tot.display.base import Display, clear_sides, name_rows, shortened
from skl_tot.display.palette import COLOURS, code_actions
from skl_tot.recordings.errors import refuse, short_repr
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.groups import MAX_Q, is_different

# Marker, height within a row and colour of each measure.
MARKS = {
    "duration": ("o", -0.22, COLOURS[0]),
    "share": ("s", 0.0, COLOURS[1]),
    "bouts": ("^", 0.22, COLOURS[2]),
    "transition": ("D", 0.0, COLOURS[3]),
}


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
        """Draw the picture of ``table``; other parameters are those of the class.

        {shared: drawn}
        """
        return cls(table, **options).plot(ax=ax)

    def _prepare(self):
        """Rows of comparisons by name: of actions, or of steps."""
        table = self.table
        if not {"effect", "q"} <= set(table) or len(table) == 0:
            text = f"the columns {short_repr(list(table))} and {len(table)} rows"
            raise ValueError(f"table has {text}, expected some of compare_groups.")
        actions = sorted(table.loc[table["measure"] != "transition", "action"].unique())
        names = code_actions(actions, self.action_names)[1]
        name_of = dict(zip(actions, map(shortened, names)))
        has_pairs = len(table[["first", "second"]].drop_duplicates()) > 1
        rows = {}
        for comparison in shown_comparisons(table).to_dict("records"):
            name = name_of[comparison["action"]]
            if comparison["measure"] == "transition":
                name = f"{name} → {name_of[comparison['to']]}"
            if has_pairs:
                name = f"{name}: {comparison['first']}, {comparison['second']}"
            rows.setdefault(name, []).append(comparison)
        sides = ["the first group", "the second"]
        if not has_pairs:
            sides = [shortened(str(table[x].iloc[0])) for x in ("first", "second")]

        def draw(ax):
            _draw_comparisons(ax, rows)
            label = "  ←  difference in standard deviations  →  "
            ax.set_xlabel(f"more in {sides[0]}{label}more in {sides[1]}")

        return (6.4 + 0.07 * max(map(len, rows)), 1.4 + 0.42 * max(len(rows), 3)), draw


def shown_comparisons(table):
    """Rows of a table of `compare_groups`, without steps that do not differ."""
    table = table.assign(differs=is_different(table))
    return table[(table["measure"] != "transition") | table["differs"]]


def _draw_comparisons(ax, rows):
    """Draw effects with their confidence intervals, and a legend of the measures."""
    from matplotlib.lines import Line2D

    effects = np.abs([x["effect"] for row in rows.values() for x in row])
    widest = max(4, 1.3 * effects.max(initial=0, where=np.isfinite(effects)))
    for y, row in enumerate(rows.values()):
        for comparison in row:
            if np.isnan(comparison["effect"]):
                continue
            marker, offset, colour = MARKS[comparison["measure"]]
            ends = [comparison[f"effect{x}"] for x in ("_low", "", "_high")]
            low, x, high = np.clip(ends, -widest, widest)
            ax.plot([low, high], [y + offset] * 2, color=colour, linewidth=1.5)
            face = colour if comparison["differs"] else "white"
            ax.plot(x, y + offset, marker, color=colour, mfc=face, clip_on=False)
    ax.axvline(0, color="#808080", linewidth=0.8, zorder=0)
    ax.set_xlim(-widest, widest)
    name_rows(ax, list(rows))
    clear_sides(ax, len(rows))
    shown = {comparison["measure"] for row in rows.values() for comparison in row}
    handles = []
    for measure, (marker, _, colour) in MARKS.items():
        if measure in shown:
            handles.append(Line2D([], [], label=measure, marker=marker, color=colour))
    handles.append(Line2D([], [], ls="", marker="o", color="k", label=f"q < {MAX_Q}"))
    place = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
    ax.legend(handles=handles, ncols=5, frameon=False, **place)


@with_shared_texts
class NumbersDisplay(Display):
    """Scores of numbers of actions, with the chosen number.

    A point is a number with its score; the band is the standard error of the score. The
    chosen number is marked; the title mentions a choice at the edge.

    Parameters
    ----------
    numbers : dict
        ``numbers_`` of a fit with ``n_actions="auto"``, or `choose_n_actions`.

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

        {shared: drawn}
        """
        from skl_tot.methods.pipelines import last_step

        numbers = getattr(last_step(estimator), "numbers_", None)
        if numbers is None:
            refuse("numbers_ of the estimator", None, "a fit with n_actions='auto'")
        return cls(numbers).plot(ax=ax)

    def _prepare(self):
        keys = ("n_actions", "score", "spread", "best", "at_edge")
        if not isinstance(self.numbers, dict) or set(keys) - set(self.numbers):
            expected = f"a dict with {', '.join(keys)}, as from choose_n_actions"
            refuse("numbers", self.numbers, expected, TypeError)
        n_numbers = len(self.numbers["n_actions"])
        return (2 + 0.22 * max(10, n_numbers), 3.2), self._draw_scores

    def _draw_scores(self, ax):
        """Draw the curve with its band, and mark the chosen number."""
        x, scores, low, high = score_curve(self.numbers)
        best = self.numbers["best"]
        ax.fill_between(x, low, high, color="#0072B2", alpha=0.2, linewidth=0)
        ax.plot(x, scores, "o-", color="#0072B2", markersize=4)
        ax.axvline(best, color="#404040", linestyle=":", linewidth=1.2)
        ax.plot(best, scores[x == best][0], "o", color="#D55E00", markersize=9)
        title = f"{best} action{'' if best == 1 else 's'}"
        if self.numbers["at_edge"]:
            title += ", at the edge of the numbers that were compared"
        ax.set_title(title, loc="left", fontsize="medium")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("number of actions")
        ax.set_ylabel("score")
        ax.spines[["top", "right"]].set_visible(False)


def score_curve(numbers):
    """Numbers of actions, their scores, and the ends of the standard errors."""
    tried, scores = (np.array(numbers[x], float) for x in ("n_actions", "score"))
    spread = np.nan_to_num(np.array(numbers["spread"], float))
    return tried, scores, scores - spread, scores + spread
