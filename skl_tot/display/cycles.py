"""Picture of all cycles, one below the other."""

from functools import partial

import numpy as np

from skl_tot.display.bars import clear_sides, draw_legend, make_room
from skl_tot.display.base import BoutsDisplay, draw_boxes, name_rows, shortened
from skl_tot.display.palette import look_of
from skl_tot.statistics.cycle_bouts import cut_cycles

MOST_NAMED = 60  # rows with names; more are illegible


class CycleDisplay(BoutsDisplay):
    """All cycles one below the other, aligned at their starts, without breaks.

    Rows are cycles in order of time, in the colours of `SegmentationDisplay`.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.cycle_times`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if any.
    start : int, str or sequence of these, default=None
        Start of a cycle, as for `skl_tot.statistics.cycle_times`.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Those of the last `plot`.

    See Also
    --------
    skl_tot.statistics.cycle_times : The table.

    Examples
    --------
    >>> from skl_tot import CycleDisplay
    >>> laps = ["grasp", "move", "move", "drop", "grasp", "drop", "grasp", "move"]
    >>> display = CycleDisplay.from_labels(laps, start="grasp")
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['cycle 0', 'cycle 1', 'cycle 2']
    """

    def __init__(self, labels, *, fps=None, start=None, action_names=None):
        super().__init__(labels, action_names=action_names)
        self.fps = fps
        self.start = start

    def _prepare_bouts(self, bouts, order, codes, names):
        cycles, own = cut_cycles(bouts, self.start)
        rows = [f"cycle {number}" for number in cycles["cycle"]]
        if len(bouts.names) > 1:
            words = zip(cycles["recording"], rows)
            rows = [f"{shortened(name, 28)} {row}" for name, row in words]
        table = own.table.astype({"recording": int, "action": object})
        starts = own.origins.to_numpy()[table["recording"]]
        table[["start", "end"]] -= starts[:, None]
        boxes = []
        for code, action in zip(codes, [bouts.actions[k] for k in order]):
            boxes.append((look_of(code), table[table["action"] == action]))
        legend = [(look_of(code), name) for code, name in zip(codes, names)]
        size = 7 + 0.085 * (6 + max(map(len, names))), 1 + 0.16 * max(len(rows), 8)
        size = size[0], min(size[1], 12)
        label = f"time since the start of the cycle ({bouts.unit})"
        return size, partial(_draw, boxes=boxes, rows=rows, legend=legend, label=label)


def _draw(ax, boxes, rows, legend, label):
    """Draw the bouts of each action in the rows of their cycles."""
    for look, table in boxes:
        if len(table):
            x = table[["start", "start", "end", "end"]].to_numpy()
            y = table["recording"].to_numpy()[:, None] + [-0.42, 0.42, 0.42, -0.42]
            draw_boxes(ax, np.stack([x, y], axis=2), look)
    ax.autoscale_view()
    ax.set_xlim(left=0)
    clear_sides(ax, len(rows))
    if len(rows) <= MOST_NAMED:
        name_rows(ax, rows)
        ax.tick_params(axis="y", labelsize=7)
    else:
        ax.set_ylabel("cycle")
    ax.set_xlabel(label)
    draw_legend(ax, legend)
    if ax.figure.get_layout_engine() is None:
        make_room(ax)


__test__ = {"CycleDisplay": CycleDisplay}
