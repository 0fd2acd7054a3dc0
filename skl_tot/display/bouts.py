"""Pictures of the bouts of labels: durations, transitions, cycles and deviations."""

from dataclasses import KW_ONLY, dataclass
from itertools import chain
from typing import Any, ClassVar

import numpy as np

from skl_tot.display import base
from skl_tot.display.palette import code_actions, style_of
from skl_tot.shared_texts import with_shared_texts
from skl_tot.statistics.actions import count_steps, usual_codes
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.deviations import cut_cycles, deviations, score_durations


@with_shared_texts
@dataclass(eq=False, repr=False)
class BoutsDisplay(base.Display):
    """A picture of the bouts of labels. A subclass implements ``_prepare_bouts``."""

    # it takes bouts, their actions in order, and codes and names of these; it returns
    # the size in inches and a function that draws on axes

    _prepare_bouts: ClassVar[Any]

    labels: Any
    _: KW_ONLY
    action_names: Any = None

    @classmethod
    def from_labels(cls, labels, *, ax=None, **options):
        """Draw the picture of ``labels``; other parameters are those of the class.

        {shared: drawn}
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
        """Points and a box of durations for each action, a row each."""
        size = 6.4 + 0.07 * max(map(len, names)), 1 + 0.42 * max(len(names), 3)
        durations = bouts.table["duration"].to_numpy()
        times = [durations[bouts.codes == action] for action in order]

        def draw(ax):
            random = np.random.default_rng(0)  # vertical jitter of points
            for row, code in enumerate(codes):
                _draw_durations(ax, times[row], row, style_of(code), random)
            base.name_rows(ax, names)
            ax.set_xlim(0, 1.04 * durations.max() or 1)
            base.name_right(ax, list(map(len, times)), "bouts")
            base.clear_sides(ax, len(names))
            ax.grid(axis="x", color="#E0E0E0", linewidth=0.8)
            ax.set_axisbelow(True)
            ax.set_xlabel(f"duration of a bout ({bouts.unit})")

        return size, draw


def _draw_durations(ax, times, row, style, random):
    """Draw durations as points, and as a box with whiskers, in a row."""
    heights = row + random.uniform(-0.3, 0.3, len(times))
    alpha = max(0.15, min(0.6, 20 / len(times)))
    ax.scatter(times, heights, s=16, color=style.fill, alpha=alpha, linewidths=0)
    box = base.summarise(times)
    dark = {"color": "#404040", "linewidth": 1.2}
    ax.hlines([row, row], [box.low, box.upper], [box.lower, box.high], **dark)
    x, (foot, top) = (
        [box.lower, box.lower, box.upper, box.upper],
        (row - 0.34, row + 0.34),
    )
    style = style._replace(ink="#404040", outline=1.2)
    ax.fill(x, [foot, top, top, foot], **style.options(), alpha=0.45)
    ax.vlines(box.middle, foot, top, color="black", linewidth=2.5)


@with_shared_texts
class TransitionDisplay(BoutsDisplay):
    """Probabilities of the steps between actions, as a matrix.

    A row is an action; its cells are the shares of its steps to each action, and
    numbers in cells are counts. Actions are in the usual order.

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
        """Matrix of the shares of steps, with counts in its cells."""
        counts = count_steps(bouts).unstack().to_numpy()[np.ix_(order, order)]
        probabilities = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        side = 0.45 * max(len(names), 4) + 0.07 * max(map(len, names))

        def draw(ax):
            self.im_ = base.draw_image(ax, probabilities, "Blues", (0, 1), "equal")
            bar = ax.figure.colorbar(self.im_, ax=ax, shrink=0.8)
            bar.set_label("probability of the step")
            if len(names) <= 20:  # legible
                for cell in zip(*np.nonzero(counts)):
                    is_dark = probabilities[cell] > 0.5
                    base.write_in_cell(ax, cell, f"{counts[cell]}", is_dark)
            base.name_columns(ax, names)
            base.name_rows(ax, names)
            base.draw_grid(ax, counts.shape, color="#E0E0E0", linewidth=0.8)
            ax.set_xlabel("to")
            ax.set_ylabel("from")
            base.mark_actions(ax, codes)

        return (side + 1.8, side + 0.6), draw


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
        """Rows of cycles, aligned at their starts."""
        cycles, of_cycles = cut_cycles(bouts, self.start)
        rows = [f"cycle {number}" for number in cycles["cycle"]]
        if len(bouts.names) > 1:
            words = zip(cycles["recording"], rows)
            rows = [f"{base.shortened(name, 28)} {row}" for name, row in words]
        numbers = of_cycles.table["recording"].astype(int).to_numpy()
        origins = of_cycles.origins.to_numpy()[numbers]
        starts, ends = (
            of_cycles.table[x].to_numpy() - origins for x in ("start", "end")
        )
        code_of = dict(zip([bouts.actions[k] for k in order], codes))
        drawn = of_cycles.table["action"].astype(object).map(code_of).to_numpy()
        entries = list(zip(codes, names))
        height = min(1 + 0.16 * max(len(rows), 8), 12)

        def draw(ax):
            base.draw_segments(ax, drawn, starts, ends, numbers - 0.42, 0.84)
            ax.set_xlim(left=0)
            base.clear_sides(ax, len(rows))
            if len(rows) <= 60:  # legible
                base.name_rows(ax, rows)
                ax.tick_params(axis="y", labelsize=7)
            else:
                ax.set_ylabel("cycle")
            ax.set_xlabel(f"time since the start of the cycle ({bouts.unit})")
            base.draw_legend(ax, entries)

        return (7 + 0.085 * base.legend_size(entries, None, height), height), draw


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
    n_recordings: int = 30
    by: str = "recording"
    start: Any = None

    def _prepare_bouts(self, bouts, order, codes, names):
        """Matrix of robust z, with signs in its cells."""
        table = deviations(
            self.labels,
            threshold=self.threshold,
            fps=self.fps,
            by=self.by,
            start=self.start,
        )
        n_all, table = len(table), table.head(self.n_recordings)
        units = [(name,) for name in bouts.names]
        keys = ["recording"]
        if self.by == "cycle":
            cycles, bouts = cut_cycles(bouts, self.start)
            keys = ["recording", "cycle"]
            units = list(cycles[keys].itertuples(index=False, name=None))
        drawn = list(table[keys].itertuples(index=False, name=None))
        rows = [base.shortened(" ".join(map(str, unit))) for unit in drawn]
        cells = np.ix_([units.index(unit) for unit in drawn], order)
        counts, _, z = (values[cells] for values in score_durations(bouts))
        signs = _find_signs(table, [bouts.actions[k] for k in order], counts)
        width = 2.6 + 0.42 * len(names) + 0.07 * max(map(len, rows))
        height = 1.7 + 0.24 * len(rows) + 0.07 * max(map(len, names))

        def draw(ax):
            self.im_ = _draw_cells(ax, z, self.threshold)
            for cell, sign in signs.items():
                base.write_in_cell(ax, cell, sign, abs(z[cell]) > 1.5 * self.threshold)
            base.name_rows(ax, rows)
            base.name_right(ax, table["score"], "score")
            base.name_columns(ax, names)
            base.draw_grid(ax, z.shape, color="white", linewidth=1.5)
            is_disordered = table["out_of_order"].map(len).any()
            swapped = "⇄  out of order     " if is_disordered else ""
            ax.set_xlabel(f"×  missing     {swapped}2, 3, …  repeated")
            if len(table) < n_all:
                title = f"the {len(table)} most deviating of {n_all} {self.by}s"
                ax.set_title(title, loc="left", fontsize="medium")
            base.mark_actions(ax, codes, axis="x")

        return (max(width, 5), height), draw


def _draw_cells(ax, z, threshold):
    """Draw robust z as an image, with a colour bar in words; missing cells are grey."""
    from matplotlib import colormaps

    colours = colormaps["RdBu_r"].with_extremes(bad="#D9D9D9")
    most = 2 * threshold
    image = base.draw_image(ax, z, colours, (-most, most))
    shrink = min(1, 12 / len(z))
    bar = ax.figure.colorbar(image, ax=ax, extend="both", shrink=shrink, pad=0.1)
    bar.set_label("shorter than usual      longer")
    bar.set_ticks([-threshold, 0, threshold], labels=["far", "usual", "far"])
    return image


def _find_signs(table, actions, counts):
    """Signs of missing, repeated and disordered actions by row and column."""
    signs = {}
    for row, unit in enumerate(table.itertuples()):
        for action in unit.missing:
            signs[row, actions.index(action)] = "×"
        for action in unit.repeated:
            column = actions.index(action)
            signs[row, column] = str(counts[row, column])
        for action in dict.fromkeys(chain.from_iterable(unit.out_of_order)):
            cell = row, actions.index(action)
            signs[cell] = f"{signs.get(cell, '')}⇄"
    return signs
