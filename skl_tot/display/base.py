"""Base of pictures: drawing, and annotations of axes."""

import textwrap
from typing import Any

import numpy as np

from skl_tot.display.palette import style_of
from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.errors import import_extra

ROW = 0.24  # height of an entry of a legend in inches
# Shares of the usual font size, and letters of a line; the first that fits stays.
SIZES = (1, None), (1, 28), (0.8, 28), (0.65, 24), (0.5, 20), (0.4, 16), (0.3, 16)


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
            text = f"estimator is a {type(estimator).__name__}, which has no {name}"
            raise TypeError(f"{text}; expected one with {' and '.join(names)}.")


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
    """Width of a legend in letters, beside axes of a height in inches."""
    n_columns = _n_columns(len(entries), title, height)
    n_letters = 6 + max(len(name) for _, name in entries)  # with a patch and its gaps
    return max(n_columns * n_letters, len(title or ""))


def _n_columns(n_lines, title, height):
    n_rows = max(int(height / ROW) - (title is not None), 1)
    return -(-n_lines // n_rows)


def draw_legend(ax, entries, title=None):
    """Put pairs of code and name to the right of the axes, with room for the bars."""
    if ax.figure.get_layout_engine() is None:
        ax.figure.set_layout_engine("tight")
    dpi = ax.figure.dpi
    # entries end a little lower than counted
    highest = ax.get_window_extent().height + 0.2 * dpi
    room = _room(ax)
    widest = max(0.45 * room, room - 7.5 * dpi)
    for scale, n_letters in SIZES:
        legend = _draw_attempt(ax, entries, title, scale, n_letters)
        extent = legend.get_window_extent()
        if extent.width <= widest and extent.height <= highest:
            break


def _draw_attempt(ax, entries, title, scale, n_letters):
    """Draw a legend in a share of the font size, with lines of at most some letters."""
    from matplotlib import rcParams
    from matplotlib.patches import Patch

    handles, n_lines = [], 0
    for code, name in entries:
        label = textwrap.fill(name, n_letters) if n_letters else name
        handles.append(Patch(label=label, **style_of(code).options()))
        n_lines += 1 + label.count("\n")
    size = scale * rcParams["font.size"]
    height = ax.get_window_extent().height / ax.figure.dpi / scale
    legend = ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        alignment="left",
        fontsize=size,
        title_fontsize=size,
        handleheight=1.2,
        title=title,
        ncols=_n_columns(n_lines, title, height),
        frameon=False,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return legend


def _room(ax):
    """Width in pixels of the columns of a grid that axes are in, or of the figure."""
    width, spec = ax.figure.bbox.width, ax.get_subplotspec()
    if spec is None:
        return width
    spec = spec.get_topmost_subplotspec()
    return width * len(spec.colspan) / spec.get_gridspec().ncols
