"""Picture of recordings that are unlike the others."""

from itertools import chain

import numpy as np

from skl_tot.display.bars import draw_boxes
from skl_tot.display.checks import check_axes
from skl_tot.display.ordering import order_actions
from skl_tot.display.profiles import shortened
from skl_tot.inputs.extras import import_extra
from skl_tot.statistics.collecting import collect_bouts
from skl_tot.statistics.deviating import deviations, score_durations

MOST = 30  # recordings of a picture, unless told otherwise
KEY = "×  missing     ⇄  out of order     2, 3, …  repeated"


class DeviationDisplay:
    """Recordings from the most deviating one, and what deviates in them.

    A row is a recording, a column an action. Colours are the robust z of the total
    duration of the action in the recording, red for too long, blue for too short; a
    cell is grey if the action is not there. Signs are for an action that is missing,
    out of order or repeated. At the right is the score of `deviations`.

    Create it with `from_labels`, which draws at once, or from labels here, to be drawn
    by `plot`.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.deviations`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if they have one.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.
    threshold : float, default=3.5
        As for `skl_tot.statistics.deviations`; colours are full at twice of it.
    n_recordings : int, default=30
        How many recordings to draw.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the last `plot`.
    figure_ : matplotlib Figure
        The figure of the last `plot`.
    im_ : matplotlib AxesImage
        The image.

    See Also
    --------
    skl_tot.statistics.deviations : The table.

    Examples
    --------
    >>> from skl_tot import DeviationDisplay
    >>> labels = {name: ["cut", "mix", "bake"] for name in ["ann", "bob", "eve"]}
    >>> labels["bob"] = ["cut", "bake"]
    >>> display = DeviationDisplay.from_labels(labels)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()]
    ['bob', 'ann', 'eve']
    """

    __module__ = "skl_tot"  # where it is public

    def __init__(
        self, labels, *, fps=None, action_names=None, threshold=3.5, n_recordings=MOST
    ):
        self.labels = labels
        self.fps = fps
        self.action_names = action_names
        self.threshold = threshold
        self.n_recordings = n_recordings

    @classmethod
    def from_labels(cls, labels, *, ax=None, **options):
        """Draw the deviations of labels.

        Parameters
        ----------
        labels : Recordings, dict, Series, list, array-like or DataFrame
            As of the class.
        ax : matplotlib Axes, default=None
            As for `plot`.
        **options : dict
            ``fps``, ``action_names``, ``threshold`` and ``n_recordings`` of the class.

        Returns
        -------
        display : DeviationDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`.
        """
        return cls(labels, **options).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a figure that is large enough.

        Returns
        -------
        self : DeviationDisplay
            With ``ax_``, ``figure_`` and ``im_`` set.

        Raises
        ------
        ImportError
            If matplotlib or pandas is not installed.
        TypeError, ValueError
            As `skl_tot.statistics.deviations`, and if no frame shows an action, an
            action has no name, or ``ax`` is no Axes.
        """
        plt = import_extra("matplotlib.pyplot", "plot")
        check_axes(ax)
        bouts = collect_bouts(self.labels, self.fps)
        order, colours, names = order_actions(bouts, self.action_names)
        table = deviations(self.labels, fps=self.fps, threshold=self.threshold)
        n_all = len(table)
        table = table.head(self.n_recordings)
        rows = [bouts.names.index(name) for name in table["recording"]]
        counts, z = (values[np.ix_(rows, order)] for values in score_durations(bouts))
        if ax is None:
            recordings = list(map(shortened, table["recording"]))
            width = 2.6 + 0.42 * len(names) + 0.07 * max(map(len, recordings))
            height = 1.7 + 0.24 * len(rows) + 0.07 * max(map(len, names))
            size = max(width, 5), height
            _, ax = plt.subplots(figsize=size, layout="constrained")
        actions = [bouts.actions[code] for code in order]
        self.im_ = _draw_cells(ax, z, self.threshold)
        _draw_signs(ax, table, actions, counts, np.abs(z) > 1.5 * self.threshold)
        _name_axes(ax, table, names, n_all)
        _mark_columns(ax, colours)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _draw_cells(ax, z, threshold):
    """Draw robust z as colours, and grey where there is none."""
    from matplotlib import colormaps

    colours = colormaps["RdBu_r"].with_extremes(bad="#D9D9D9")
    most = 2 * threshold
    image = ax.imshow(z, cmap=colours, vmin=-most, vmax=most, aspect="auto")
    bar = ax.figure.colorbar(
        image, ax=ax, extend="both", shrink=min(1, 12 / len(z)), pad=0.1
    )
    bar.set_label("duration, robust z")
    bar.set_ticks([-most, -threshold, 0, threshold, most])
    return image


def _draw_signs(ax, table, actions, counts, is_dark):
    """Draw signs in the cells of actions that are missing, repeated or out of order."""
    for row, found in enumerate(table.itertuples()):
        signs = dict.fromkeys(found.missing, "×")
        for action in found.repeated:
            signs[action] = str(counts[row, actions.index(action)])
        for action in dict.fromkeys(chain.from_iterable(found.out_of_order)):
            signs[action] = f"{signs.get(action, '')}⇄"
        for action, sign in signs.items():
            column = actions.index(action)
            place = {"ha": "center", "va": "center"}
            colour = "white" if is_dark[row, column] else "black"
            ax.text(column, row, sign, **place, color=colour, size=9)


def _name_axes(ax, table, names, n_all):
    """Name recordings at the left, their scores at the right, and actions below."""
    recordings = list(map(shortened, table["recording"]))
    ax.set_yticks(range(len(table)), recordings, parse_math=False)
    scores = ax.secondary_yaxis("right")
    scores.set_yticks(range(len(table)), [f"{score}" for score in table["score"]])
    scores.tick_params(length=0)
    scores.spines["right"].set_visible(False)
    place = {"xycoords": "axes fraction", "textcoords": "offset points"}
    ax.annotate("score", (1, 1), (4, 3), **place, ha="left", va="bottom")
    ax.set_xticks(range(len(names)), names, rotation=90, parse_math=False)
    ax.tick_params(length=0)
    edges = np.arange(len(table) + 1) - 0.5, np.arange(len(names) + 1) - 0.5
    ax.set_yticks(edges[0], minor=True)
    ax.set_xticks(edges[1], minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel(KEY)
    if len(table) < n_all:
        ax.set_title(
            f"the {len(table)} most deviating of {n_all} recordings",
            loc="left",
            fontsize="medium",
        )


def _mark_columns(ax, colours):
    """Draw a strip of colours, those of the codes of columns, above their names."""
    from matplotlib.transforms import ScaledTranslation, blended_transform_factory

    # inches below the axes
    below = ax.figure.dpi_scale_trans + ScaledTranslation(0, 0, ax.transAxes)
    transform = blended_transform_factory(ax.transData, below)
    top, foot = -0.04, -0.13
    for k, code in enumerate(colours):
        box = [(k - 0.5, foot), (k + 0.5, foot), (k + 0.5, top), (k - 0.5, top)]
        draw_boxes(ax, [box], code, transform=transform, clip_on=False)
    ax.tick_params(axis="x", length=0, pad=11)


# doctest looks for the examples of a class in its __module__ only
__test__ = {"DeviationDisplay": DeviationDisplay}
