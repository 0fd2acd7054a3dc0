"""Base of pictures: drawing, and annotations of axes."""

import textwrap
from typing import Any, NamedTuple

import numpy as np

from skl_tot.display.palette import style_of
from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.errors import import_extra
from skl_tot.shared_texts import with_shared_texts

ROW = 0.24  # height of an entry of a legend in inches


@with_shared_texts
class Display:
    """A picture, drawn by `plot`."""

    # of a subclass: checks the data, and returns the size in inches and a function that
    # draws on axes
    _prepare: Any

    def __init_subclass__(cls):
        cls.__module__ = "skl_tot"  # the public place

    def plot(self, *, ax=None):
        """Draw the picture.

        Parameters
        ----------
        {shared: ax}

        {shared: drawn}

        Raises
        ------
        {shared: ImportError}
        """
        return self._draw(ax)

    def _draw(self, ax, **options):
        """Draw on axes or a new figure; options are those of ``_prepare``."""
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


class Box(NamedTuple):
    """Ends of whiskers, quartiles, and the values beyond the whiskers."""

    low: float
    lower: float
    middle: float
    upper: float
    high: float
    outliers: np.ndarray


def summarise(values):
    """Summarise values as a `Box`; whiskers end within 1.5 times its width."""
    lower, middle, upper = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (upper - lower)
    near = values[(values >= lower - reach) & (values <= upper + reach)]
    outliers = np.setdiff1d(values, near)
    return Box(near.min(), lower, middle, upper, near.max(), outliers)


def check_methods(estimator, *names):
    """Refuse an estimator that lacks one of these methods."""
    for name in names:
        if not hasattr(estimator, name):
            text = f"estimator is a {type(estimator).__name__}, which has no {name}"
            raise TypeError(f"{text}; expected one with {' and '.join(names)}.")


def shortened(name, most=40):
    """Name in one line of limited length."""
    name = " ".join(name.split())
    return name if len(name) <= most else f"{name[: most - 1]}…"


def name_time(ax, fps):
    """Label the x axis with the unit of time."""
    ax.set_xlabel("frame" if fps is None else "time (s)")


def name_columns(ax, names):
    """Write names below the columns of an image."""
    ax.set_xticks(range(len(names)), names, rotation=90, parse_math=False)


def name_rows(ax, names):
    """Write names to the left of rows."""
    ax.set_yticks(range(len(names)), names, parse_math=False)


def name_right(ax, texts, title):
    """Write texts to the right of rows, with a title beside."""
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(texts)), list(map(str, texts)))
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)
    right.set_ylabel(title)


def draw_image(ax, values, colours, limits, aspect="auto", extent=None):
    """Draw values (rows, columns) in a colour map between limits."""
    low, high = limits
    options = {"interpolation": "nearest", "aspect": aspect, "extent": extent}
    return ax.imshow(values, cmap=colours, vmin=low, vmax=high, **options)


def write_in_cell(ax, cell, text, is_dark):
    """Write a text into a cell (row, column) of an image, in white on dark colours."""
    row, column = cell
    colour = "white" if is_dark else "black"
    ax.text(column, row, text, ha="center", va="center", size=9, color=colour)


def clear_sides(ax, n_rows):
    """Let rows grow downwards, and remove lines and ticks beside them."""
    ax.set_ylim(n_rows - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)


def draw_grid(ax, shape, **options):
    """Draw lines between the cells of an image of a shape, without a frame."""
    n_rows, n_columns = shape
    ax.set_xticks(np.arange(n_columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n_rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", **options)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)


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


def mark_actions(ax, codes, axis="y"):
    """Draw a strip of action colours between image and ticks."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    # inches from the lower left corner of the axes
    beside = ax.figure.dpi_scale_trans + ScaledTranslation(0, 0, ax.transAxes)
    pair = [beside, ax.transData]
    transform = blended_transform_factory(*(pair if axis == "y" else pair[::-1]))
    far, near = -0.13, -0.04
    for k, code in enumerate(codes):
        box = np.array(
            [(far, k - 0.5), (far, k + 0.5), (near, k + 0.5), (near, k - 0.5)]
        )
        box = box if axis == "y" else box[:, ::-1]
        draw_boxes(ax, [box], code, transform=transform, clip_on=False)
    ax.tick_params(axis=axis, length=0, pad=11)


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
    # share of the usual font size, and letters of a line; the first that fits stays
    attempts = [
        (1, None),
        (1, 28),
        (0.8, 28),
        (0.65, 24),
        (0.5, 20),
        (0.4, 16),
        (0.3, 16),
    ]
    for scale, n_letters in attempts:
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
