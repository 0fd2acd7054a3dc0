"""Picture of recordings that differ from the others."""

from itertools import chain

import numpy as np

from skl_tot.display.base import (
    BoutsDisplay,
    draw_grid,
    mark_actions,
    name_columns,
    name_right,
    name_rows,
    shortened,
)
from skl_tot.statistics.cycle_bouts import cut_cycles
from skl_tot.statistics.deviating import deviations, score_durations

MOST = 30  # default number of recordings
KEY = "×  missing     ⇄  out of order     2, 3, …  repeated"


class DeviationDisplay(BoutsDisplay):
    """Recordings or cycles with their deviations, the most deviating first.

    A row is a recording, a column an action. Colours are the robust z of the total
    duration of the action in the recording, red for too long, blue for too short; grey
    cells lack the action. Signs mark actions that are missing, out of order or
    repeated. The score of `deviations` is at the right.

    Parameters
    ----------
    labels : Recordings, dict, Series, list, array-like or DataFrame
        As for `skl_tot.statistics.deviations`.
    fps : float, default=None
        Frames per second. None takes the rate of the labels, if any.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.
    threshold : float, default=3.5
        As for `skl_tot.statistics.deviations`; colours saturate at twice this value.
    n_recordings : int, default=30
        Number of recordings, or cycles, to draw.
    by : {"recording", "cycle"}, default="recording"
        Whether a row is a recording or a cycle.
    start : int, str or sequence of these, default=None
        Start of a cycle, as for `skl_tot.statistics.cycle_times`.

    Attributes
    ----------
    ax_, figure_, im_ : matplotlib Axes, Figure and AxesImage
        Those of the last `plot`.

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

    def __init__(
        self,
        labels,
        *,
        fps=None,
        action_names=None,
        threshold=3.5,
        n_recordings=MOST,
        by="recording",
        start=None,
    ):
        super().__init__(labels, action_names=action_names)
        self.fps = fps
        self.threshold = threshold
        self.n_recordings = n_recordings
        self.by = by
        self.start = start

    def _prepare_bouts(self, bouts, order, codes, names):
        options = {"fps": self.fps, "by": self.by, "start": self.start}
        table = deviations(self.labels, threshold=self.threshold, **options)
        n_all = len(table)
        table = table.head(self.n_recordings)
        keys = ["recording"]
        known = [(name,) for name in bouts.names]
        if self.by == "cycle":
            cycles, bouts = cut_cycles(bouts, self.start)
            keys = ["recording", "cycle"]
            known = list(zip(*(cycles[key] for key in keys)))
        drawn = list(zip(*(table[key] for key in keys)))
        rows = [known.index(key) for key in drawn]
        recordings = [shortened(" ".join(map(str, key))) for key in drawn]
        width = 2.6 + 0.42 * len(names) + 0.07 * max(map(len, recordings))
        height = 1.7 + 0.24 * len(rows) + 0.07 * max(map(len, names))
        counts, _, z = (
            values[np.ix_(rows, order)] for values in score_durations(bouts)
        )
        actions = [bouts.actions[code] for code in order]

        def draw(ax):
            self.im_ = _draw_cells(ax, z, self.threshold)
            is_dark = np.abs(z) > 1.5 * self.threshold
            _draw_signs(ax, table, actions, counts, is_dark)
            name_rows(ax, recordings)
            name_right(ax, table["score"], "score")
            name_columns(ax, names)
            draw_grid(ax, *z.shape, color="white", linewidth=1.5)
            ax.set_xlabel(KEY)
            if len(table) < n_all:
                title = f"the {len(table)} most deviating of {n_all} {self.by}s"
                ax.set_title(title, loc="left", fontsize="medium")
            mark_actions(ax, codes, axis="x")

        return (max(width, 5), height), draw


def _draw_cells(ax, z, threshold):
    """Draw robust z as colours, and grey for missing actions."""
    from matplotlib import colormaps

    colours = colormaps["RdBu_r"].with_extremes(bad="#D9D9D9")
    most = 2 * threshold
    image = ax.imshow(z, cmap=colours, vmin=-most, vmax=most, aspect="auto")
    bar = ax.figure.colorbar(
        image, ax=ax, extend="both", shrink=min(1, 12 / len(z)), pad=0.1
    )
    bar.set_label("shorter than usual      longer")
    bar.set_ticks([-threshold, 0, threshold], labels=["far", "usual", "far"])
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


__test__ = {"DeviationDisplay": DeviationDisplay}
