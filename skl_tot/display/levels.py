"""Picture of two nested segmentations: few actions above, and what they consist of."""

import numpy as np

from skl_tot.display.checks import check_axes
from skl_tot.display.legends import ROW
from skl_tot.display.nesting import find_parents, predict_levels, shade
from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.extras import import_extra
from skl_tot.inputs.labels import (
    BACKGROUND,
    find_segments,
    split_label_sequences,
)
from skl_tot.inputs.named import by_name, pair_by_name
from skl_tot.inputs.rates import check_fps

# Where the bars of a row are, from its middle, which grows downwards.
COARSE_BAR, FINE_BAR = (-0.4, 0.36), (-0.03, 0.43)


class LevelsDisplay:
    """Two levels of one segmentation: a bar of few actions over one of many.

    The actions below have shades of the colour of the action above that they are of,
    from dark to light in the order of their numbers. Background is white.

    Create it with `from_estimator` or `from_predictions`, which draw at once, or from
    labels here, to be drawn by `plot`.

    Parameters
    ----------
    coarse, fine : array-like of shape (n_frames,), or a sequence of such
        Labels of one video or of many, integers or text, by few actions and by many.
        Each label of ``fine`` occurs during one of ``coarse`` only.
    coarse_names, fine_names : dict, default=None
        Names of some labels. Others are called "action 2", text by itself.
    video_names : sequence of str, default=None
        Names of the videos; None takes those they have, or "video 0", ….

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        The figure of the last `plot`.
    parents_ : dict
        Label of ``coarse`` that each of ``fine`` is of.

    See Also
    --------
    skl_tot.TemporalOTSegmenter.predict : Numbers of actions with nested boundaries.

    Examples
    --------
    >>> from skl_tot import LevelsDisplay
    >>> display = LevelsDisplay(coarse=[0, 0, 0, 1], fine=[0, 0, 2, 1]).plot()
    >>> display.parents_
    {0: 0, 1: 1, 2: 0}
    """

    __module__ = "skl_tot"  # where it is public

    def __init__(
        self, *, coarse, fine, coarse_names=None, fine_names=None, video_names=None
    ):
        self.coarse = coarse
        self.fine = fine
        self.coarse_names = coarse_names
        self.fine_names = fine_names
        self.video_names = video_names

    @classmethod
    def from_estimator(
        cls, estimator, X, *, n_actions, ax=None, fps=None, video_names=None
    ):
        """Predict with two numbers of actions and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter that has cuts (``merge_tree_``), or pipeline with one at
            its end.
        X : array-like of shape (n_frames, n_features), or a sequence of such
            One video or many.
        n_actions : tuple of int
            Few and many, each as for ``predict`` of the segmenter.
        ax : matplotlib Axes, default=None
            As for `plot`.
        fps : float, default=None
            As for `plot`.
        video_names : sequence of str, default=None
            As of the class.

        Returns
        -------
        display : LevelsDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`, if ``n_actions`` is no pair of numbers of which the second is
            larger, and what ``estimator.predict`` raises.
        """
        coarse, fine = predict_levels(estimator, X, n_actions)
        return cls.from_predictions(
            coarse, fine, ax=ax, fps=fps, video_names=video_names
        )

    @classmethod
    def from_predictions(cls, coarse, fine, *, ax=None, fps=None, **options):
        """Draw labels.

        Parameters
        ----------
        coarse, fine : array-like of shape (n_frames,), or a sequence of such
            As of the class.
        ax : matplotlib Axes, default=None
            As for `plot`.
        fps : float, default=None
            As for `plot`.
        **options : dict
            ``coarse_names``, ``fine_names`` and ``video_names`` of the class.

        Returns
        -------
        display : LevelsDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`.
        """
        return cls(coarse=coarse, fine=fine, **options).plot(ax=ax, fps=fps)

    def plot(self, *, ax=None, fps=None):
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; the legend is at its right, outside. None makes a figure that
            is large enough.
        fps : float, default=None
            Frames per second, for a time axis in seconds. None counts frames.

        Returns
        -------
        self : LevelsDisplay
            With ``ax_``, ``figure_`` and ``parents_`` set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            If labels are neither integers nor text, numbers of videos, frames or names
            disagree, the levels are not nested, or ``ax`` or ``fps`` is not valid.
        """
        plt = import_extra("matplotlib.pyplot", "plot")
        check_fps(fps)
        check_axes(ax)
        names, coarse, fine = self._check_videos()
        parents = find_parents(coarse, fine)
        looks = shade(parents)
        entries = _legend_entries(parents, self.coarse_names, self.fine_names)
        if ax is None:
            letters = max(map(len, [*names, *(name for _, name in entries)]))
            size = 8 + 0.16 * letters, max(2, 1 + 0.5 * len(names))
            _, ax = plt.subplots(figsize=size, layout="constrained")
        frame = 1 / (fps or 1)
        for row, bars in enumerate(zip(coarse, fine)):
            for labels, look, (top, height) in zip(bars, looks, (COARSE_BAR, FINE_BAR)):
                _draw_bar(ax, labels, look, row + top, height, frame)
        ax.set_yticks(range(len(names)), names, parse_math=False)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_xlim(0, frame * max(map(len, coarse)))
        ax.set_xlabel("frame" if fps is None else "time (s)")
        title = "upper bar: few actions, lower bar: what they consist of"
        ax.set_title(title, loc="left", fontsize="medium", wrap=True)
        ax.tick_params(axis="y", length=0)
        ax.spines[["left", "right", "top"]].set_visible(False)
        _draw_legend(ax, entries, looks)
        self.ax_, self.figure_, self.parents_ = ax, ax.figure, parents
        return self

    def _check_videos(self):
        """Names of the videos, and their labels of both levels."""
        coarse, fine = pair_by_name(self.coarse, self.fine)
        known = by_name(coarse)
        coarse, _ = split_label_sequences(coarse, "coarse")
        fine, _ = split_label_sequences(fine, "fine")
        shapes = list(map(len, coarse)), list(map(len, fine))
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"coarse is of videos of {short_repr(shapes[0])} frames, but fine of "
                f"{short_repr(shapes[1])}; expected labels of the same frames."
            )
        if 0 in shapes[0]:
            raise ValueError("coarse has a video without frames.")
        names = self.video_names
        if names is None:
            names = known or [f"video {i}" for i in range(len(coarse))]
        if len(names) != len(coarse):
            raise ValueError(
                f"video_names has {len(names)} names, expected {len(coarse)}."
            )
        return list(map(str, names)), coarse, fine


def _draw_bar(ax, labels, looks, top, height, frame):
    """Draw the segments of a bar, those of one label at once."""
    found, starts, ends = find_segments(labels)
    for label in np.unique(found).tolist():
        own = found == label
        ranges = np.column_stack([starts, ends - starts])[own] * frame
        ax.broken_barh(ranges, (top, height), **looks[label])


def _legend_entries(parents, coarse_names, fine_names):
    """Pairs of level and name: of each coarse label, and then of those within it."""
    coarse_names, fine_names = coarse_names or {}, fine_names or {}
    entries = []
    for label in sorted(set(parents.values())):
        entries.append(((0, label), _name(label, coarse_names)))
        for name, parent in parents.items():
            if parent == label and name != BACKGROUND:
                entries.append(((1, name), f"  {_name(name, fine_names)}"))
    return entries


def _name(label, names):
    if label in names:
        return str(names[label])
    if isinstance(label, str):
        return label
    return "background" if label == BACKGROUND else f"action {label}"


def _draw_legend(ax, entries, looks):
    """Put the names to the right of the axes, those of the fine level indented."""
    from matplotlib.patches import Patch

    height = ax.get_window_extent().height / ax.figure.dpi
    handles = []
    for (level, label), name in entries:
        handles.append(Patch(label=name, **looks[level][label]))
    legend = ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1, 1),
        ncols=-(-len(handles) // max(int(height / ROW), 1)),
        frameon=False,
        handleheight=1.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


# doctest looks for the examples of a class in its __module__ only
__test__ = {"LevelsDisplay": LevelsDisplay}
