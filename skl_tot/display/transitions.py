"""Picture of which action follows which."""

import numpy as np

from skl_tot.display.checks import check_axes
from skl_tot.display.ordering import order_actions
from skl_tot.display.pseudo_labels import mark_actions
from skl_tot.inputs.extras import import_extra
from skl_tot.statistics.collecting import collect_bouts
from skl_tot.statistics.sequences import count_steps

MOST_NUMBERED = 20  # actions, beyond which numbers in cells cannot be read


class TransitionDisplay:
    """Probabilities of the steps from action to action, as a matrix.

    A row is an action, and its cells are the shares of its steps that lead to each
    other one; numbers in cells are counts. Actions are in the usual order, so steps
    forward are right of the diagonal.

    Create it with `from_labels`, which draws at once, or from labels here, to be drawn
    by `plot`.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.transitions`.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.

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
    skl_tot.statistics.transitions : The numbers.

    Examples
    --------
    >>> from skl_tot import TransitionDisplay
    >>> labels = [["cut", "mix", "cut"], ["cut", "bake"]]
    >>> display = TransitionDisplay.from_labels(labels)
    >>> display.im_.get_array().tolist()[0]
    [0.0, 0.5, 0.5]
    """

    __module__ = "skl_tot"  # where it is public

    def __init__(self, labels, *, action_names=None):
        self.labels = labels
        self.action_names = action_names

    @classmethod
    def from_labels(cls, labels, *, ax=None, action_names=None):
        """Draw the transitions of labels.

        Parameters
        ----------
        labels : Recordings, dict, Series, list, array-like or DataFrame
            As of the class.
        ax : matplotlib Axes, default=None
            As for `plot`.
        action_names : dict or sequence of str, default=None
            As of the class.

        Returns
        -------
        display : TransitionDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`.
        """
        return cls(labels, action_names=action_names).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a figure that is large enough.

        Returns
        -------
        self : TransitionDisplay
            With ``ax_``, ``figure_`` and ``im_`` set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError, ValueError
            As `skl_tot.statistics.transitions`, and if no frame shows an action, an
            action has no name, or ``ax`` is no Axes.
        """
        plt = import_extra("matplotlib.pyplot", "plot")
        check_axes(ax)
        bouts = collect_bouts(self.labels)
        order, colours, names = order_actions(bouts, self.action_names)
        counts = count_steps(bouts, range(len(bouts.names)))[np.ix_(order, order)]
        if ax is None:
            side = 0.45 * max(len(names), 4)
            letters = 0.07 * max(map(len, names))
            size = side + letters + 1.8, side + letters + 0.6
            _, ax = plt.subplots(figsize=size, layout="constrained")
        self.im_ = draw_transitions(ax, counts, colours, names)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def draw_transitions(ax, counts, colours, names):
    """Draw a matrix of probabilities with counts in its cells."""
    probabilities = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(probabilities, cmap="Blues", vmin=0, vmax=1)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8)
    bar.set_label("probability of the step")
    if len(names) <= MOST_NUMBERED:
        for row, column in zip(*np.nonzero(counts)):
            colour = "white" if probabilities[row, column] > 0.5 else "black"
            text = f"{counts[row, column]}"
            ax.text(column, row, text, ha="center", va="center", color=colour, size=9)
    ax.set_xticks(range(len(names)), names, rotation=90, parse_math=False)
    ax.set_yticks(range(len(names)), names, parse_math=False)
    edges = np.arange(len(names) + 1) - 0.5
    ax.set_xticks(edges, minor=True)
    ax.set_yticks(edges, minor=True)
    ax.grid(which="minor", color="#E0E0E0", linewidth=0.8)
    ax.tick_params(which="both", length=0)
    ax.set_xlabel("to")
    ax.set_ylabel("from")
    ax.spines[:].set_visible(False)
    mark_actions(ax, colours)
    return image


# doctest looks for the examples of a class in its __module__ only
__test__ = {"TransitionDisplay": TransitionDisplay}
