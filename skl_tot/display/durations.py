"""Picture of how long actions last."""

import numpy as np

from skl_tot.display.checks import check_axes
from skl_tot.display.looks import style
from skl_tot.display.ordering import order_actions
from skl_tot.inputs.extras import import_extra
from skl_tot.statistics.collecting import collect_bouts

# Shares of the height of a row, to each side of its middle.
JITTER = 0.3
BOX = 0.34


class DurationDisplay:
    """Durations of the bouts of each action, as points and boxes.

    An action is a row, in the usual order from above, in its colour of
    `SegmentationDisplay`. A point is a bout. The box is from the first to the third
    quartile with a line at the median, the whiskers end at the last bout within 1.5
    times its width. At the right is the number of bouts.

    Create it with `from_labels`, which draws at once, or from labels here, to be drawn
    by `plot`.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.durations`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if they have one.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        The figure of the last `plot`.

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

    __module__ = "skl_tot"  # where it is public

    def __init__(self, labels, *, fps=None, action_names=None):
        self.labels = labels
        self.fps = fps
        self.action_names = action_names

    @classmethod
    def from_labels(cls, labels, *, ax=None, fps=None, action_names=None):
        """Draw the durations of labels.

        Parameters
        ----------
        labels : Recordings, dict, Series, list, array-like or DataFrame
            As of the class.
        ax : matplotlib Axes, default=None
            As for `plot`.
        fps : float, default=None
            As of the class.
        action_names : dict or sequence of str, default=None
            As of the class.

        Returns
        -------
        display : DurationDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`.
        """
        return cls(labels, fps=fps, action_names=action_names).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw points and boxes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a figure that is large enough.

        Returns
        -------
        self : DurationDisplay
            With ``ax_`` and ``figure_`` set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As `skl_tot.statistics.durations`, and if no frame shows an action, an
            action has no name, or ``ax`` is no Axes.
        """
        plt = import_extra("matplotlib.pyplot", "plot")
        check_axes(ax)
        bouts = collect_bouts(self.labels, self.fps)
        order, colours, names = order_actions(bouts, self.action_names)
        if ax is None:
            size = 6.4 + 0.07 * max(map(len, names)), 1 + 0.42 * max(len(names), 3)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        times = [bouts.durations[bouts.codes == code] for code in order]
        draw_durations(ax, times, colours, names)
        ax.set_xlabel(f"duration of a bout ({bouts.unit})")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def draw_durations(ax, times, colours, names):
    """Draw a row of points and a box for the durations of each action."""
    random = np.random.default_rng(0)  # where points lie says nothing
    for row, (own, code) in enumerate(zip(times, colours)):
        heights = row + random.uniform(-JITTER, JITTER, len(own))
        alpha = max(0.15, min(0.6, 20 / len(own)))
        colour = style(code)["facecolor"]
        ax.scatter(own, heights, s=16, color=colour, alpha=alpha, linewidths=0)
        _draw_box(ax, own, row, code)
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(0, 1.04 * max(own.max() for own in times) or 1)
    _name_right(ax, [str(len(own)) for own in times])
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.grid(axis="x", color="#E0E0E0", linewidth=0.8)
    ax.set_axisbelow(True)


def _draw_box(ax, times, row, code):
    """Draw quartiles, and whiskers to the last of the times near them."""
    lower, median, upper = np.quantile(times, [0.25, 0.5, 0.75])
    reach = 1.5 * (upper - lower)
    low = times[times >= lower - reach].min()
    high = times[times <= upper + reach].max()
    dark = {"color": "#404040", "linewidth": 1.2}
    ax.hlines([row, row], [low, upper], [lower, high], **dark)
    x, y = [lower, lower, upper, upper], [row - BOX, row + BOX, row + BOX, row - BOX]
    look = style(code) | {"edgecolor": "#404040", "linewidth": 1.2}
    ax.fill(x, y, **look | {"alpha": 0.45})
    ax.vlines(median, row - BOX, row + BOX, color="black", linewidth=2.5)


def _name_right(ax, counts):
    """Write the number of bouts at the right of each row."""
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(counts)), counts)
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)
    place = {"xycoords": "axes fraction", "textcoords": "offset points"}
    ax.annotate("bouts", (1, 1), (4, 3), **place, ha="left", va="bottom")


# doctest looks for the examples of a class in its __module__ only
__test__ = {"DurationDisplay": DurationDisplay}
