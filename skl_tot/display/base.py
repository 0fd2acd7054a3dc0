"""Base of pictures: drawing, and annotations of axes."""

from typing import Any

import numpy as np

from skl_tot.display.palette import style_of
from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.errors import import_extra
from skl_tot.shared_texts import with_shared_texts


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

        Returns
        -------
        {shared: display}

        Raises
        ------
        {shared: ImportError}
        """
        return self._draw(ax)

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
            found = f"estimator is a {type(estimator).__name__}, which has no {name}"
            raise TypeError(f"{found}; expected one with {' and '.join(names)}.")


def check_video_names(names, n_videos, known=None):
    """Names of the recordings: given, known or default."""
    if names is None:
        names = known or [f"recording {i}" for i in range(n_videos)]
    if len(names) != n_videos:
        raise ValueError(f"video_names has {len(names)} names, expected {n_videos}.")
    return list(map(str, names))


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
    """Write texts to the right of rows, with a title above."""
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(texts)), list(map(str, texts)))
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)
    place = {"xycoords": "axes fraction", "textcoords": "offset points"}
    ax.annotate(title, (1, 1), (4, 3), **place, ha="left", va="bottom")


def draw_grid(ax, n_rows, n_columns, **options):
    """Draw lines between the cells of an image, without a frame."""
    ax.set_xticks(np.arange(n_columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n_rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", **options)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)


def draw_boxes(ax, boxes, style, **options):
    """Draw boxes, arrays of shape (n_boxes, 4, 2), in a style."""
    from matplotlib.collections import PolyCollection

    # limits of the axes include only data coordinates
    is_data = "transform" not in options
    boxes = PolyCollection(boxes, **style.options(), **options)
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
        corners = np.array([(far, -0.5), (far, 0.5), (near, 0.5), (near, -0.5)])
        box = corners + [0, k]
        box = box if axis == "y" else box[:, ::-1]
        draw_boxes(ax, [box], style_of(code), transform=transform, clip_on=False)
    ax.tick_params(axis=axis, length=0, pad=11)
