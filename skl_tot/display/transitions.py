"""Picture of the transitions between actions."""

from functools import partial

import numpy as np

from skl_tot.display.base import (
    BoutsDisplay,
    draw_grid,
    mark_actions,
    name_columns,
    name_rows,
)
from skl_tot.statistics.sequences import count_steps

MOST_NUMBERED = 20  # actions with legible numbers in cells


class TransitionDisplay(BoutsDisplay):
    """Probabilities of the steps between actions, as a matrix.

    A row is an action; its cells are the shares of its steps to each action, and
    numbers in cells are counts. Actions are in the usual order, so steps forward are
    right of the diagonal.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.transitions`.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.

    Attributes
    ----------
    ax_, figure_, im_ : matplotlib Axes, Figure and AxesImage
        Those of the last `plot`.

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

    def _prepare_bouts(self, bouts, order, codes, names):
        counts = count_steps(bouts).unstack().to_numpy()[np.ix_(order, order)]
        side = 0.45 * max(len(names), 4) + 0.07 * max(map(len, names))
        draw = partial(self._draw_matrix, counts=counts, codes=codes, names=names)
        return (side + 1.8, side + 0.6), draw

    def _draw_matrix(self, ax, counts, codes, names):
        """Draw a matrix of probabilities with counts in its cells."""
        probabilities = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        self.im_ = ax.imshow(probabilities, cmap="Blues", vmin=0, vmax=1)
        bar = ax.figure.colorbar(self.im_, ax=ax, shrink=0.8)
        bar.set_label("probability of the step")
        if len(names) <= MOST_NUMBERED:
            for cell in zip(*np.nonzero(counts)):
                colour = "white" if probabilities[cell] > 0.5 else "black"
                place = {"ha": "center", "va": "center", "size": 9, "color": colour}
                ax.text(*cell[::-1], f"{counts[cell]}", **place)
        name_columns(ax, names)
        name_rows(ax, names)
        draw_grid(ax, len(names), len(names), color="#E0E0E0", linewidth=0.8)
        ax.set_xlabel("to")
        ax.set_ylabel("from")
        mark_actions(ax, codes)


__test__ = {"TransitionDisplay": TransitionDisplay}
