"""What all pictures share: how they are drawn, and what explains them on axes."""

from typing import Any

import numpy as np

from skl_tot.display.palette import code_actions, look_of
from skl_tot.extras import import_extra
from skl_tot.recordings.rates import check_fps
from skl_tot.statistics.bouts import collect_bouts
from skl_tot.statistics.sequences import usual_codes


class Display:
    """A picture, drawn by `plot`.

    A subclass has ``_prepare``, which checks what is to be drawn and gives the size in
    inches that it needs and a function that draws it on axes.
    """

    _prepare: Any

    def __init_subclass__(cls):
        cls.__module__ = "skl_tot"  # where displays are public

    def plot(self, *, ax=None):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a figure that is large enough.

        Returns
        -------
        self : object
            The display, with ``ax_`` and ``figure_`` set, and ``im_`` if it has one.

        Raises
        ------
        ImportError, TypeError, ValueError
            If matplotlib, of the extra ``plot``, is not installed, or ``ax`` or what
            the display was made from is not valid.
        """
        return self._draw(ax)

    def _draw(self, ax, **options):
        """Draw what is prepared with some options."""
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


class TimeDisplay(Display):
    """A picture of frames, beside a legend."""

    def plot(self, *, ax=None, fps=None):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; the legend is at its right, outside. None makes a figure that
            is large enough for all.
        fps : float, default=None
            Frames per second, for a time axis in seconds. None counts frames.

        Returns
        -------
        self : object
            The display, with ``ax_`` and ``figure_`` set.

        Raises
        ------
        ImportError, TypeError, ValueError
            If matplotlib, of the extra ``plot``, is not installed, or ``ax``, ``fps``
            or what the display was made from is not valid.
        """
        return self._draw(ax, fps=fps)


class BoutsDisplay(Display):
    """A picture of the bouts of labels. A subclass has ``_prepare_bouts``."""

    _prepare_bouts: Any
    fps: float | None = None

    def __init__(self, labels, *, action_names=None):
        self.labels = labels
        self.action_names = action_names

    @classmethod
    def from_labels(cls, labels, *, ax=None, **options):
        """Draw the picture of labels.

        Parameters
        ----------
        labels : Recordings, dict, Series, list, array-like or DataFrame
            Labels of frames, or a table of segments, as of the class.
        ax : matplotlib Axes, default=None
            As for `plot`.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        display : object
            The display, drawn.
        """
        return cls(labels, **options).plot(ax=ax)

    def _prepare(self):
        """Collect bouts; actions are in their usual order, the others after them."""
        bouts = collect_bouts(self.labels, self.fps)
        if not bouts.actions:
            raise ValueError("labels show no action, expected some to draw.")
        usual = usual_codes(bouts)
        order = usual + [k for k in range(len(bouts.actions)) if k not in usual]
        codes, names = code_actions(bouts.actions, self.action_names)
        names = [shortened(names[k]) for k in order]
        return self._prepare_bouts(bouts, order, [codes[k] for k in order], names)


def check_methods(estimator, *names):
    """Refuse an estimator that lacks one of these methods."""
    for name in names:
        if not hasattr(estimator, name):
            raise TypeError(
                f"estimator is a {type(estimator).__name__}, which has no {name}; "
                f"expected an estimator with {' and '.join(names)}."
            )


def check_video_names(names, n_videos, known=None):
    """Names of the videos; without any, those that are known or made up."""
    if names is None:
        names = known or [f"video {i}" for i in range(n_videos)]
    if len(names) != n_videos:
        raise ValueError(f"video_names has {len(names)} names, expected {n_videos}.")
    return list(map(str, names))


def shortened(name, most=40):
    """Name in one line that leaves room for the picture."""
    name = " ".join(name.split())
    return name if len(name) <= most else f"{name[: most - 1]}…"


def name_time(ax, fps):
    """Say what the unit of the x axis is."""
    ax.set_xlabel("frame" if fps is None else "time (s)")


def name_columns(ax, names):
    """Write names below the columns of an image."""
    ax.set_xticks(range(len(names)), names, rotation=90, parse_math=False)


def name_rows(ax, names):
    """Write names at the left of rows."""
    ax.set_yticks(range(len(names)), names, parse_math=False)


def name_right(ax, texts, title):
    """Write texts at the right of rows, and what they are above them."""
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(texts)), list(map(str, texts)))
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)
    place = {"xycoords": "axes fraction", "textcoords": "offset points"}
    ax.annotate(title, (1, 1), (4, 3), **place, ha="left", va="bottom")


def draw_grid(ax, n_rows, n_columns, **options):
    """Draw lines between the cells of an image, which has no frame then."""
    ax.set_xticks(np.arange(n_columns + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n_rows + 1) - 0.5, minor=True)
    ax.grid(which="minor", **options)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)


def draw_boxes(ax, boxes, look, **options):
    """Draw boxes, arrays of shape (n_boxes, 4, 2), in a look."""
    from matplotlib.collections import PolyCollection

    # data limits are those of data, whatever the options transform
    is_data = "transform" not in options
    boxes = PolyCollection(boxes, **look.options(), **options)
    ax.add_collection(boxes, autolim=is_data)


def mark_actions(ax, codes, axis="y"):
    """Draw a strip of the colours of rows, or columns, between image and ticks."""
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
        draw_boxes(ax, [box], look_of(code), transform=transform, clip_on=False)
    ax.tick_params(axis=axis, length=0, pad=11)
