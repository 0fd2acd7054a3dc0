"""Pictures of recordings: timelines of segmentations, heat maps of pseudo-labels."""

import math
import textwrap
from dataclasses import KW_ONLY, dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from skl_tot.display.palette import encode, name_methods, style_of
from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.errors import import_extra, refuse
from skl_tot.recordings.files import text_of_name
from skl_tot.recordings.labels import (
    BACKGROUND,
    as_reals,
    by_name,
    find_segments,
)
from skl_tot.recordings.layouts import as_recordings
from skl_tot.recordings.names import distinct_labels

# Height of a line of a legend in inches, and letters of one.
ROW, LETTERS = 0.24, 28
TRUTH = "ground truth"  # name of its bar


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
        ax.set_xlabel("frame" if options.get("fps") is None else "time (s)")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def draw_segments(ax, codes, starts, ends, bottoms, height):
    """Draw segments, in arrays, as boxes in the styles of their codes."""
    from matplotlib.collections import PolyCollection

    x = np.stack([starts, starts, ends, ends], axis=1)
    y = np.stack([bottoms, bottoms + height, bottoms + height, bottoms], axis=1)
    boxes = np.stack([x, y], axis=2)
    for code in np.unique(codes).tolist():  # a collection each, for speed
        style = style_of(code).options()
        ax.add_collection(PolyCollection(boxes[codes == code], **style))
    ax.autoscale_view()


def legend_size(entries, height):
    """Columns of a legend beside axes of a height in inches, and width in letters."""
    names = [textwrap.fill(name, LETTERS) for _, name in entries]
    n_lines = sum(1 + name.count("\n") for name in names)
    n_columns = math.ceil(n_lines * ROW / height)
    # of a name, with a patch and its gaps
    n_letters = 6 + max(min(len(name), LETTERS) for name in names)
    return n_columns, n_columns * n_letters


def draw_legend(ax, entries):
    """Put pairs of code and name to the right of the axes."""
    from matplotlib.patches import Patch

    if ax.figure.get_layout_engine() is None:
        ax.figure.set_layout_engine("tight")
    height = ax.get_window_extent().height / ax.figure.dpi
    n_columns, _ = legend_size(entries, max(height, ROW))
    styles = [(textwrap.fill(name, LETTERS), style_of(code)) for code, name in entries]
    legend = ax.legend(
        handles=[Patch(label=label, **style.options()) for label, style in styles],
        loc="upper left",
        bbox_to_anchor=(1, 1),
        alignment="left",
        handleheight=1.2,
        ncols=n_columns,
        frameon=False,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


class Row(NamedTuple):
    """A recording as a row of bars."""

    name: str
    bars: tuple  # codes of the frames of each bar, the ground truth first
    breaks: Any  # frames at which bars are cut


@dataclass(eq=False, repr=False)
class SegmentationDisplay(Display):
    """Timelines of segmentations, one row per recording.

    With ground truth, a row has two bars, ground truth above prediction, and a cluster
    has the colour of its label by `~skl_tot.metrics.match_labels`; one without label is
    grey and hatched. The integer -1, or text "background", is background, which is
    white. Several methods have a bar and a match each.

    The integer ``i`` has the same colour in all pictures, text that of its index among
    the sorted labels. Twenty labels have different colours, further ones repeat them
    with hatches. Rows have the names of recordings, or "recording 0", …, and breaks of
    `Recordings` cut the bars.

    Parameters
    ----------
    y_true : array-like of shape (n_frames,), or a sequence of these, default=None
        Ground-truth labels of one recording or of many, integers or text.
    y_pred : array-like of shape (n_frames,), a sequence of these, or dict of these
        Predicted clusters of the same recordings, integers or text. A dict has methods
        by name, or else recordings by name: the names of ``y_true``, or names other
        than text.
    videos : sequence of int, default=None
        Indices of the recordings to draw; None draws all. Matches and colours refer to
        all recordings.

    Examples
    --------
    >>> from skl_tot import SegmentationDisplay
    >>> y_true = ["cut", "cut", "mix", "mix"]
    >>> display = SegmentationDisplay(y_true=y_true, y_pred=[1, 1, 0, 0])
    >>> display.plot(fps=2).ax_.get_xlabel()
    'time (s)'
    """

    _: KW_ONLY
    y_true: Any = None
    y_pred: Any
    videos: Any = None

    @classmethod
    def from_estimator(
        cls, estimator, X, y=None, *, ax=None, fps=None, **options
    ) -> Self:
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter or pipeline with ``predict``.
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, see Notes of `TemporalOTSegmenter`.
        y : array-like of shape (n_frames,), or a sequence of these, default=None
            Ground-truth labels.
        ax, fps : optional
            As for `plot`.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        display : object
            The display, drawn (extra ``plot``), with ``ax_``, ``figure_`` and, for an
            image, ``im_``.
        """
        y_pred = estimator.predict(X)
        if isinstance(y_pred, dict):  # by recording
            y_pred = {None: y_pred}
        return cls.from_predictions(y, y_pred, ax=ax, fps=fps, **options)

    @classmethod
    def from_predictions(cls, y_true, y_pred, *, ax=None, fps=None, **options) -> Self:
        """Draw predictions.

        Parameters
        ----------
        y_true, y_pred : array-like, sequence or dict of these
            As in the class; None for ``y_true`` draws only predictions.
        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.
        fps : float, default=None
            Frames per second. None leaves it to the recordings, or counts frames.
        **options : dict
            Other parameters of the class.

        Returns
        -------
        display : object
            The display, drawn (extra ``plot``), with ``ax_``, ``figure_`` and, for an
            image, ``im_``.
        """
        return cls(y_true=y_true, y_pred=y_pred, **options).plot(ax=ax, fps=fps)

    def plot(self, *, ax=None, fps=None) -> Self:
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; the legend is at its right. None makes a new figure.
        fps : float, default=None
            Frames per second. None leaves it to the recordings, or counts frames.

        Returns
        -------
        display : object
            The display, drawn (extra ``plot``), with ``ax_``, ``figure_`` and, for an
            image, ``im_``.
        """
        return self._draw(ax, fps=fps)

    def _prepare(self, fps):
        methods = name_methods(self.y_true, self.y_pred)
        name_of, bars = encode(self.y_true, methods)
        names = self._name_videos(methods, len(bars))
        breaks_of = getattr(self.y_pred, "breaks_of", lambda i: ())
        numbers = np.arange(len(bars))
        shown = numbers if self.videos is None else numbers[self.videos]
        rows = [Row(names[i], bars[i], breaks_of(i)) for i in shown]
        codes = set().union(*(distinct_labels(row.bars) for row in rows))
        entries = [(code, name) for code, name in name_of.items() if code in codes]
        bar_names = list(methods) if self.y_true is None else [TRUTH, *methods]

        def draw(ax):
            _draw_rows(ax, rows, bar_names, fps)
            draw_legend(ax, entries)

        return _figure_size(rows, bar_names, entries), draw

    def _name_videos(self, methods, n_videos):
        names = by_name(next(iter(methods.values())))
        if names is None:
            names = [f"recording {i}" for i in range(n_videos)]
        return [text_of_name(str(name)) for name in names]


def _figure_size(rows, bar_names, entries):
    """Width and height in inches that leave 7 inches of width for the bars."""
    has_methods = None not in bar_names
    row = 0.24 * (1 + len(bar_names)) if has_methods else 0.16 + 0.11 * len(bar_names)
    height = max(2, 1 + len(rows) * row)
    names = bar_names if has_methods else [row.name for row in rows]
    _, n_letters = legend_size(entries, 0.77 * height)
    return 7 + 0.085 * (n_letters + max(map(len, names))), height


def _draw_rows(ax, rows, bar_names, fps):
    frame = 1 / (fps or 1)
    has_methods = None not in bar_names
    # above the bars of methods, there is room for the name of the recording
    height = 0.84 / (len(bar_names) + has_methods)
    bottoms = 0.42 - np.arange(len(bar_names), 0, -1) * height
    codes, edges = [], []
    for y, row in enumerate(rows):
        for of_frames, bottom in zip(row.bars, bottoms):
            segments = find_segments(of_frames)
            codes.append(segments.labels)
            bottom = np.full(len(segments.labels), y + bottom)
            edges.append([segments.starts * frame, segments.ends * frame, bottom])
        if len(row.breaks):
            x = np.array(row.breaks) * frame
            ax.vlines(x, y - 0.45, y + 0.45, "white", lw=2.5, zorder=4)
    starts, ends, lower = np.concatenate(edges, axis=1)
    draw_segments(ax, np.concatenate(codes), starts, ends, lower, 0.94 * height)
    ys, names = np.arange(len(rows)), [row.name for row in rows]
    if has_methods:
        for y, name in zip(ys - 0.42 + 0.5 * height, names):
            ax.text(0, y, name, va="center", parse_math=False)
        ticks = np.add.outer(ys, bottoms + 0.47 * height).ravel()
        ax.set_yticks(ticks, bar_names * len(rows), parse_math=False)
    else:
        ax.set_yticks(ys, names, parse_math=False)
    ax.set_xlim(left=0)
    ax.set_ylim(len(rows) - 0.5, -0.5)  # rows grow downwards
    ax.tick_params(axis="y", length=0)
    ax.spines[["left", "right", "top"]].set_visible(False)
    if bar_names[0] == TRUTH:
        lower = "others: predictions" if has_methods else "lower bar: prediction"
        title = f"upper bar: ground truth, {lower}"
        ax.set_title(title, loc="left", fontsize="medium", wrap=True)


class PseudoLabelDisplay(Display):
    """Pseudo-label codes Q of one recording as an image, with the decoded path.

    Time runs to the right and actions run down, so codes in a fixed order go from the
    upper left to the lower right, as in figure 3 of Kumar et al., CVPR 2022. The colour
    is the probability, from 0 to 1.

    Parameters
    ----------
    codes : array-like of shape (n_frames, n_actions)
        Probability of each action in each frame.
    labels : array-like of shape (n_frames,), default=None
        Decoded action of each frame, drawn as a white step line with gaps at background
        (-1). None draws no line.

    Examples
    --------
    >>> from skl_tot import PseudoLabelDisplay
    >>> codes = [[0.9, 0.1], [0.6, 0.4], [0.1, 0.9]]
    >>> PseudoLabelDisplay(codes, labels=[0, 0, 1]).plot(fps=2).ax_.get_xlabel()
    'time (s)'
    """

    def __init__(self, codes, *, labels=None):
        self.codes = codes
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, X, **options) -> Self:
        """Compute the pseudo-labels and the path of a recording, and draw them.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter with ``pseudo_labels``, or pipeline that ends in one.
        X : array-like of shape (n_frames, n_features)
            One recording.
        **options : dict
            ``ax``, ``fps`` and ``colorbar`` of `plot`.

        Returns
        -------
        display : object
            The display, drawn (extra ``plot``), with ``ax_``, ``figure_`` and, for an
            image, ``im_``.
        """
        from skl_tot.methods.pipelines import last_step, transform_before

        segmenter = last_step(estimator)
        videos = as_recordings(X)
        if not videos.is_single:
            text = f"X holds {len(videos)} recordings"
            raise ValueError(f"{text}, expected one, an array (frames, features).")
        video = transform_before(estimator, X)
        codes, labels = segmenter.pseudo_labels(video), segmenter.predict(video)
        return cls(codes, labels=labels).plot(**options)

    def plot(self, *, ax=None, fps=None, colorbar=True) -> Self:
        """Draw the image.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure.
        fps : float, default=None
            Frames per second. None leaves it to the recordings, or counts frames.
        colorbar : bool, default=True
            Whether to draw a colour bar at the right.

        Returns
        -------
        display : object
            The display, drawn (extra ``plot``), with ``ax_``, ``figure_`` and, for an
            image, ``im_``.
        """
        return self._draw(ax, fps=fps, colorbar=colorbar)

    def _prepare(self, fps, colorbar):
        codes = _check_codes(self.codes)
        n_frames, n_actions = codes.shape
        path = None if self.labels is None else _check_path(self.labels, codes.shape)
        edges = np.arange(n_frames + 1) / (fps or 1)
        from matplotlib.patheffects import withStroke

        outline = [withStroke(linewidth=3.5, foreground="black")]

        def draw(ax):
            look = {"cmap": "cividis", "vmin": 0, "vmax": 1, "interpolation": "nearest"}
            extent = (0, edges[-1], n_actions - 0.5, -0.5)
            self.im_ = ax.imshow(codes.T, aspect="auto", extent=extent, **look)
            if path is not None:
                line = {"color": "white", "linewidth": 1.5, "path_effects": outline}
                ax.stairs(path, edges, baseline=None, **line)
            if colorbar:
                ax.figure.colorbar(self.im_, ax=ax, label="probability")
            ax.yaxis.get_major_locator().set_params(integer=True)
            ax.set_ylabel("action")

        return (7, 3), draw


def _check_codes(codes):
    codes = as_reals(codes, "codes")
    if codes.ndim != 2 or 0 in codes.shape:
        refuse("the shape of codes", codes.shape, "(frames, actions) of one recording")
    # rounding in single precision may exceed 1
    if not ((codes >= 0) & (codes <= 1 + 1e-3)).all():
        ends = codes.min().item(), codes.max().item()
        refuse("the range of codes", ends, "probabilities")
    return codes


def _check_path(labels, shape):
    labels = as_reals(labels, "labels")
    if labels.shape != shape[:1]:
        refuse("the shape of labels", labels.shape, f"{shape[:1]}, as of codes")
    if not np.isin(labels, np.arange(BACKGROUND, shape[1])).all():
        refuse("labels", labels.tolist(), f"actions from -1 to {shape[1] - 1}")
    return np.where(labels == BACKGROUND, np.nan, labels)
