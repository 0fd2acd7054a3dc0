"""Pictures of the bouts of labels: durations, transitions, cycles and deviations."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from itertools import chain
from typing import Any, ClassVar

import numpy as np

from skl_tot.display import base
from skl_tot.display.bars import clear_sides, draw_legend
from skl_tot.display.palette import code_actions, style_of
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.actions import count_steps, usual_codes
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.deviations import cut_cycles, deviations, score_durations

# Half-heights of points and boxes, as shares of a row.
JITTER = 0.3
BOX = 0.34
MOST_NUMBERED = 20  # actions with legible numbers in cells
MOST_NAMED = 60  # rows with names; more are illegible
MOST = 30  # default number of recordings
KEY = "×  missing     ⇄  out of order     2, 3, …  repeated"


@with_shared_texts
@dataclass(eq=False, repr=False)
class BoutsDisplay(base.Display):
    """A picture of the bouts of labels. A subclass implements ``_prepare_bouts``."""

    _prepare_bouts: ClassVar[Any]

    labels: Any
    _: KW_ONLY
    action_names: Any = None

    @classmethod
    def from_labels(cls, labels, *, ax=None, **options):
        """Draw the picture of labels.

        Parameters
        ----------
        labels : Recordings, dict, Series, list, array-like or DataFrame
            Labels of frames, or a table of segments, as in the class.
        {shared: ax, **options}

        Returns
        -------
        {shared: display}
        """
        return cls(labels, **options).plot(ax=ax)

    def _prepare(self):
        """Collect bouts; actions are in their usual order, then the others."""
        bouts = collect_bouts(self.labels, vars(self).get("fps"))
        if not bouts.actions:
            raise ValueError("labels show no action, expected some to draw.")
        usual = usual_codes(bouts)
        order = usual + [k for k in range(len(bouts.actions)) if k not in usual]
        codes, names = code_actions(bouts.actions, self.action_names)
        names = [base.shortened(names[k]) for k in order]
        return self._prepare_bouts(bouts, order, [codes[k] for k in order], names)


@with_shared_texts
@dataclass(eq=False, repr=False)
class DurationDisplay(BoutsDisplay):
    """Durations of the bouts of each action, as points and boxes.

    An action is a row, in the usual order, in its colour of `SegmentationDisplay`. A
    point is a bout. The box is from the first to the third quartile with a line at the
    median; whiskers end at the last bout within 1.5 times its width. The number of
    bouts is at the right.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.durations`, which gives the numbers.
    {shared: action_names, fps}

    Examples
    --------
    >>> from skl_tot import DurationDisplay
    >>> display = DurationDisplay.from_labels([["cut", "cut", "mix"], ["cut", "mix"]])
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['cut', 'mix']
    """

    _: KW_ONLY
    fps: float | None = None

    def _prepare_bouts(self, bouts, order, codes, names):
        size = 6.4 + 0.07 * max(map(len, names)), 1 + 0.42 * max(len(names), 3)
        durations = bouts.table["duration"].to_numpy()
        times = [durations[bouts.codes == code] for code in order]
        label = f"duration of a bout ({bouts.unit})"
        rows = zip(times, map(style_of, codes))
        return size, partial(_draw_durations, rows=list(rows), names=names, label=label)


def _draw_durations(ax, rows, names, label):
    random = np.random.default_rng(0)  # vertical jitter of points
    for row, (times, style) in enumerate(rows):
        heights = row + random.uniform(-JITTER, JITTER, len(times))
        alpha = max(0.15, min(0.6, 20 / len(times)))
        ax.scatter(times, heights, s=16, color=style.fill, alpha=alpha, linewidths=0)
        _draw_box(ax, times, row, style)
    base.name_rows(ax, names)
    ax.set_xlim(0, 1.04 * max(times.max() for times, _ in rows) or 1)
    base.name_right(ax, [len(times) for times, _ in rows], "bouts")
    clear_sides(ax, len(names))
    ax.grid(axis="x", color="#E0E0E0", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel(label)


def _draw_box(ax, times, row, style):
    from matplotlib import cbook

    (box,) = cbook.boxplot_stats(times)
    lower, median, upper = box["q1"], box["med"], box["q3"]
    dark = {"color": "#404040", "linewidth": 1.2}
    ax.hlines([row, row], [box["whislo"], upper], [lower, box["whishi"]], **dark)
    x, y = [lower, lower, upper, upper], [row - BOX, row + BOX, row + BOX, row - BOX]
    style = style._replace(ink="#404040", outline=1.2)
    ax.fill(x, y, **style.options(), alpha=0.45)
    ax.vlines(median, row - BOX, row + BOX, color="black", linewidth=2.5)


@with_shared_texts
class TransitionDisplay(BoutsDisplay):
    """Probabilities of the steps between actions, as a matrix.

    A row is an action; its cells are the shares of its steps to each action, and
    numbers in cells are counts. Actions are in the usual order: steps forward are right
    of the diagonal.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.transitions`, which gives the numbers.
    {shared: action_names}

    Examples
    --------
    >>> from skl_tot import TransitionDisplay
    >>> labels = [["cut", "mix", "cut"], ["cut", "bake"]]
    >>> display = TransitionDisplay.from_labels(labels)
    >>> display.im_.get_array().tolist()[0]
    [0.0, 0.5, 0.5]
    """

    def _prepare_bouts(self, bouts, order, codes, names):
        counts = count_steps(bouts).unstack().to_numpy()[np.ix_(order, order)]
        side = 0.45 * max(len(names), 4) + 0.07 * max(map(len, names))
        draw = partial(self._draw_matrix, counts=counts, codes=codes, names=names)
        return (side + 1.8, side + 0.6), draw

    def _draw_matrix(self, ax, counts, codes, names):
        probabilities = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        self.im_ = ax.imshow(probabilities, cmap="Blues", vmin=0, vmax=1)
        bar = ax.figure.colorbar(self.im_, ax=ax, shrink=0.8)
        bar.set_label("probability of the step")
        if len(names) <= MOST_NUMBERED:
            for cell in zip(*np.nonzero(counts)):
                colour = "white" if probabilities[cell] > 0.5 else "black"
                place = {"ha": "center", "va": "center", "size": 9, "color": colour}
                ax.text(*cell[::-1], f"{counts[cell]}", **place)
        base.name_columns(ax, names)
        base.name_rows(ax, names)
        base.draw_grid(ax, len(names), len(names), color="#E0E0E0", linewidth=0.8)
        ax.set_xlabel("to")
        ax.set_ylabel("from")
        base.mark_actions(ax, codes)


@with_shared_texts
@dataclass(eq=False, repr=False)
class CycleDisplay(BoutsDisplay):
    """All cycles one below the other, aligned at their starts, without breaks.

    Rows are cycles in order of time, in the colours of `SegmentationDisplay`.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.cycle_times`, which gives the numbers.
    {shared: action_names, fps, start}

    Examples
    --------
    >>> from skl_tot import CycleDisplay
    >>> laps = ["grasp", "move", "move", "drop", "grasp", "drop", "grasp", "move"]
    >>> display = CycleDisplay.from_labels(laps, start="grasp")
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['cycle 0', 'cycle 1', 'cycle 2']
    """

    _: KW_ONLY
    fps: float | None = None
    start: Any = None

    def _prepare_bouts(self, bouts, order, codes, names):
        cycles, own = cut_cycles(bouts, self.start)
        rows = [f"cycle {number}" for number in cycles["cycle"]]
        if len(bouts.names) > 1:
            words = zip(cycles["recording"], rows)
            rows = [f"{base.shortened(name, 28)} {row}" for name, row in words]
        table = own.table.astype({"recording": int, "action": object})
        starts = own.origins.to_numpy()[table["recording"]]
        table[["start", "end"]] -= starts[:, None]
        boxes = []
        for code, action in zip(codes, [bouts.actions[k] for k in order]):
            boxes.append((style_of(code), table[table["action"] == action]))
        legend = [(style_of(code), name) for code, name in zip(codes, names)]
        height = min(1 + 0.16 * max(len(rows), 8), 12)
        label = f"time since the start of the cycle ({bouts.unit})"
        options = {"boxes": boxes, "rows": rows, "legend": legend, "label": label}
        size = 7 + 0.085 * (6 + max(map(len, names))), height
        return size, partial(_draw_cycles, **options)


def _draw_cycles(ax, boxes, rows, legend, label):
    for style, table in boxes:
        if len(table):
            x = table[["start", "start", "end", "end"]].to_numpy()
            y = table["recording"].to_numpy()[:, None] + [-0.42, 0.42, 0.42, -0.42]
            base.draw_boxes(ax, np.stack([x, y], axis=2), style)
    ax.autoscale_view()
    ax.set_xlim(left=0)
    clear_sides(ax, len(rows))
    if len(rows) <= MOST_NAMED:
        base.name_rows(ax, rows)
        ax.tick_params(axis="y", labelsize=7)
    else:
        ax.set_ylabel("cycle")
    ax.set_xlabel(label)
    draw_legend(ax, legend)


@with_shared_texts
@dataclass(eq=False, repr=False)
class DeviationDisplay(BoutsDisplay):
    """Recordings or cycles with their deviations, the most deviating first.

    A row is a recording, a column an action. Colours are the robust z of the total
    duration of the action in the recording, red for too long, blue for too short; grey
    cells lack the action. Signs mark actions that are missing, out of order or
    repeated. The score of `deviations` is at the right.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.deviations`, which gives the numbers.
    {shared: action_names, fps}
    threshold : float, default=3.5
        As for `skl_tot.statistics.deviations`; colours saturate at twice this value.
    n_recordings : int, default=30
        Number of recordings, or cycles, to draw.
    by : {"recording", "cycle"}, default="recording"
        Whether a row is a recording or a cycle.
    {shared: start}

    Examples
    --------
    >>> from skl_tot import DeviationDisplay
    >>> labels = {name: ["cut", "mix", "bake"] for name in ["ann", "bob", "eve"]}
    >>> labels["bob"] = ["cut", "bake"]
    >>> display = DeviationDisplay.from_labels(labels)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['bob', 'ann', 'eve']
    """

    _: KW_ONLY
    fps: float | None = None
    threshold: float = 3.5
    n_recordings: int = MOST
    by: str = "recording"
    start: Any = None

    def _prepare_bouts(self, bouts, order, codes, names):
        options = {"fps": self.fps, "by": self.by, "start": self.start}
        table = deviations(self.labels, threshold=self.threshold, **options)
        n_all = len(table)
        table = table.head(self.n_recordings)
        keys = ["recording"]
        known = [(name,) for name in bouts.names]
        if self.by == "cycle":
            cycles, bouts = cut_cycles(bouts, self.start)
            keys = ["recording", "cycle"]
            known = list(zip(*(cycles[key] for key in keys)))
        drawn = list(zip(*(table[key] for key in keys)))
        rows = [known.index(key) for key in drawn]
        recordings = [base.shortened(" ".join(map(str, key))) for key in drawn]
        width = 2.6 + 0.42 * len(names) + 0.07 * max(map(len, recordings))
        height = 1.7 + 0.24 * len(rows) + 0.07 * max(map(len, names))
        drawn = np.ix_(rows, order)
        counts, _, z = (values[drawn] for values in score_durations(bouts))
        actions = [bouts.actions[code] for code in order]

        def draw(ax):
            self.im_ = _draw_cells(ax, z, self.threshold)
            is_dark = np.abs(z) > 1.5 * self.threshold
            _draw_signs(ax, table, actions, counts, is_dark)
            base.name_rows(ax, recordings)
            base.name_right(ax, table["score"], "score")
            base.name_columns(ax, names)
            base.draw_grid(ax, *z.shape, color="white", linewidth=1.5)
            ax.set_xlabel(KEY)
            if len(table) < n_all:
                title = f"the {len(table)} most deviating of {n_all} {self.by}s"
                ax.set_title(title, loc="left", fontsize="medium")
            base.mark_actions(ax, codes, axis="x")

        return (max(width, 5), height), draw


def _draw_cells(ax, z, threshold):
    from matplotlib import colormaps

    colours = colormaps["RdBu_r"].with_extremes(bad="#D9D9D9")
    most = 2 * threshold
    image = ax.imshow(z, cmap=colours, vmin=-most, vmax=most, aspect="auto")
    options = {"extend": "both", "shrink": min(1, 12 / len(z)), "pad": 0.1}
    bar = ax.figure.colorbar(image, ax=ax, **options)
    bar.set_label("shorter than usual      longer")
    bar.set_ticks([-threshold, 0, threshold], labels=["far", "usual", "far"])
    return image


def _draw_signs(ax, table, actions, counts, is_dark):
    for row, found in enumerate(table.itertuples()):
        signs = dict.fromkeys(found.missing, "×")
        for action in found.repeated:
            signs[action] = str(counts[row, actions.index(action)])
        for action in dict.fromkeys(chain.from_iterable(found.out_of_order)):
            signs[action] = f"{signs.get(action, '')}⇄"
        for action, sign in signs.items():
            column = actions.index(action)
            place = {"ha": "center", "va": "center"}
            colour = "white" if is_dark[row, column] else "black"
            ax.text(column, row, sign, **place, color=colour, size=9)
