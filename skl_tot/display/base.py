"""Base of pictures: drawing, and annotations of axes."""

import math
import textwrap
from typing import Any

import numpy as np

from skl_tot.display.palette import style_of
from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.errors import import_extra, refuse

# Height of a line of a legend in inches, and letters of one.
ROW, LETTERS = 0.24, 28


class Display:
    """A picture; ``plot`` of a subclass draws it by ``_draw``."""

    # of a subclass: checks the data, and returns the size in inches and a function that
    # draws on axes
    _prepare: Any

    def __init_subclass__(cls):
        cls.__module__ = "skl_tot"  # the public place

    def _draw(self, ax, **options):
        plt = import_extra("matplotlib.pyplot")
        check_fps(options.get("fps"))
        if ax is not None and not isinstance(ax, plt.Axes):
            raise TypeError(f"ax is a {type(ax).__name__}, expected matplotlib Axes.")
        size, draw = self._prepare(**options)
        if ax is None:
            _, ax = plt.subplots(figsize=size, layout="constrained")
        draw(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def check_methods(estimator, *names):
    """Refuse an estimator that lacks one of these methods."""
    for name in names:
        if not hasattr(estimator, name):
            expected = f"one with {' and '.join(names)}"
            refuse("estimator", estimator, expected, TypeError)


def name_time(ax, fps):
    """Label the x axis with the unit of time."""
    ax.set_xlabel("frame" if fps is None else "time (s)")


def draw_segments(ax, codes, starts, ends, bottoms, height):
    """Draw segments, in arrays, as boxes in the styles of their codes."""
    x = np.stack([starts, starts, ends, ends], axis=1)
    y = np.stack([bottoms, bottoms + height, bottoms + height, bottoms], axis=1)
    boxes = np.stack([x, y], axis=2)
    for code in np.unique(codes).tolist():  # a collection each, for speed
        draw_boxes(ax, boxes[codes == code], code)
    ax.autoscale_view()


def draw_boxes(ax, boxes, code, **options):
    """Draw boxes, arrays of shape (n_boxes, 4, 2), in the style of a code."""
    from matplotlib.collections import PolyCollection

    # limits of the axes include only data coordinates
    is_data = "transform" not in options
    boxes = PolyCollection(boxes, **style_of(code).options(), **options)
    ax.add_collection(boxes, autolim=is_data)


def legend_size(entries, title, height):
    """Columns of a legend beside axes of a height in inches, and width in letters."""
    names = [textwrap.fill(name, LETTERS) for _, name in entries]
    n_lines = sum(1 + name.count("\n") for name in names)
    n_columns = math.ceil(n_lines * ROW / max(height - (title is not None) * ROW, ROW))
    # of a name, with a patch and its gaps
    n_letters = 6 + max(min(len(name), LETTERS) for name in names)
    return n_columns, max(n_columns * n_letters, len(title or ""))


def draw_legend(ax, entries, title=None):
    """Put pairs of code and name to the right of the axes."""
    from matplotlib.patches import Patch

    if ax.figure.get_layout_engine() is None:
        ax.figure.set_layout_engine("tight")
    height = ax.get_window_extent().height / ax.figure.dpi
    n_columns, _ = legend_size(entries, title, height)
    styles = [(textwrap.fill(name, LETTERS), style_of(code)) for code, name in entries]
    legend = ax.legend(
        handles=[Patch(label=label, **style.options()) for label, style in styles],
        loc="upper left",
        bbox_to_anchor=(1, 1),
        alignment="left",
        handleheight=1.2,
        title=title,
        ncols=n_columns,
        frameon=False,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
