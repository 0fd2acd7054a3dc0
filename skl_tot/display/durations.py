"""Picture of the durations of actions."""

from functools import partial

import numpy as np

from skl_tot.display.bars import clear_sides
from skl_tot.display.base import BoutsDisplay, name_right, name_rows
from skl_tot.display.palette import look_of

# Half-heights of points and boxes, as shares of a row.
JITTER = 0.3
BOX = 0.34


class DurationDisplay(BoutsDisplay):
    """Durations of the bouts of each action, as points and boxes.

    An action is a row, in the usual order from above, in its colour of
    `SegmentationDisplay`. A point is a bout. The box is from the first to the third
    quartile with a line at the median; whiskers end at the last bout within 1.5 times
    its width. The number of bouts is at the right.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.durations`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if any.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Those of the last `plot`.

    See Also
    --------
    skl_tot.statistics.durations : The numbers.

    Examples
    --------
    >>> from skl_tot import DurationDisplay
    >>> labels = [["cut", "cut", "mix"], ["cut", "mix", "mix"]]
    >>> display = DurationDisplay.from_labels(labels, fps=2)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['cut', 'mix']
    """

    def __init__(self, labels, *, fps=None, action_names=None):
        super().__init__(labels, action_names=action_names)
        self.fps = fps

    def _prepare_bouts(self, bouts, order, codes, names):
        size = 6.4 + 0.07 * max(map(len, names)), 1 + 0.42 * max(len(names), 3)
        times = [bouts.durations[bouts.codes == code] for code in order]
        label = f"duration of a bout ({bouts.unit})"
        rows = zip(times, map(look_of, codes))
        return size, partial(_draw, rows=list(rows), names=names, label=label)


def _draw(ax, rows, names, label):
    """Draw a row of points and a box for the durations of each action."""
    random = np.random.default_rng(0)  # vertical jitter of points
    for row, (times, look) in enumerate(rows):
        heights = row + random.uniform(-JITTER, JITTER, len(times))
        alpha = max(0.15, min(0.6, 20 / len(times)))
        ax.scatter(times, heights, s=16, color=look.fill, alpha=alpha, linewidths=0)
        _draw_box(ax, times, row, look)
    name_rows(ax, names)
    ax.set_xlim(0, 1.04 * max(times.max() for times, _ in rows) or 1)
    name_right(ax, [len(times) for times, _ in rows], "bouts")
    clear_sides(ax, len(names))
    ax.grid(axis="x", color="#E0E0E0", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel(label)


def _draw_box(ax, times, row, look):
    """Draw quartiles, and whiskers to the last of the times near them."""
    lower, median, upper = np.quantile(times, [0.25, 0.5, 0.75])
    reach = 1.5 * (upper - lower)
    low = times[times >= lower - reach].min()
    high = times[times <= upper + reach].max()
    dark = {"color": "#404040", "linewidth": 1.2}
    ax.hlines([row, row], [low, upper], [lower, high], **dark)
    x, y = [lower, lower, upper, upper], [row - BOX, row + BOX, row + BOX, row - BOX]
    look = look._replace(ink="#404040", outline=1.2)
    ax.fill(x, y, **look.options(), alpha=0.45)
    ax.vlines(median, row - BOX, row + BOX, color="black", linewidth=2.5)


__test__ = {"DurationDisplay": DurationDisplay}
