"""Picture of the scores of numbers of actions."""

import numpy as np

from skl_tot.display.base import Display
from skl_tot.recordings.errors import short_repr

KEYS = ("n_actions", "score", "spread", "best", "at_edge")


class NumbersDisplay(Display):
    """Scores of numbers of actions, with the chosen number.

    A point is a number with its score; the band is the standard error of the score. The
    chosen number is marked; the title mentions a choice at the edge.

    Parameters
    ----------
    numbers : dict
        ``numbers_`` of a segmenter fitted with ``n_actions="auto"``, or the result of
        `choose_n_actions`.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        Those of the last `plot`.

    See Also
    --------
    choose_n_actions : The numbers.

    Examples
    --------
    >>> from skl_tot import HMMSegmenter, NumbersDisplay, choose_n_actions
    >>> from skl_tot.datasets import make_activities
    >>> videos, labels = make_activities(10, n_actions=3, noise=0.5, random_state=0)
    >>> numbers = choose_n_actions(HMMSegmenter(), videos, numbers=range(1, 6))
    >>> display = NumbersDisplay(numbers).plot()
    >>> display.ax_.get_title(loc="left")
    '3 actions'
    """

    def __init__(self, numbers):
        self.numbers = numbers

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the scores of a fitted segmenter.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter, or a pipeline that ends in one.
        ax : matplotlib Axes, default=None
            As for `plot`.

        Returns
        -------
        display : NumbersDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the number of actions was given.
        """
        segmenter = getattr(estimator, "steps", [(None, estimator)])[-1][1]
        numbers = getattr(segmenter, "numbers_", None)
        if numbers is None:
            raise ValueError(
                "estimator has no numbers_, expected one that was fitted with "
                'n_actions="auto".'
            )
        return cls(numbers).plot(ax=ax)

    def _prepare(self):
        if not isinstance(self.numbers, dict) or set(KEYS) - set(self.numbers):
            raise TypeError(
                f"numbers is {short_repr(self.numbers)}, expected a dict with "
                f"{', '.join(KEYS)}, as from choose_n_actions."
            )
        size = 2 + 0.22 * max(10, len(self.numbers["n_actions"])), 3.2
        return size, self._draw_scores

    def _draw_scores(self, ax):
        """Draw points, the band of their spread, and a line at the best."""
        x, score, spread = (np.array(self.numbers[key], float) for key in KEYS[:3])
        best = self.numbers["best"]
        ax.fill_between(
            x, score - spread, score + spread, color="#0072B2", alpha=0.2, linewidth=0
        )
        ax.plot(x, score, "o-", color="#0072B2", markersize=4)
        ax.axvline(best, color="#404040", linestyle=":", linewidth=1.2)
        own = score[x == best]
        ax.plot(best, own[0], "o", color="#D55E00", markersize=9)
        title = f"{best} action{'' if best == 1 else 's'}"
        if self.numbers["at_edge"]:
            title += ", at the edge of the numbers that were compared"
        ax.set_title(title, loc="left", fontsize="medium")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("number of actions")
        ax.set_ylabel("score")
        ax.spines[["top", "right"]].set_visible(False)


__test__ = {"NumbersDisplay": NumbersDisplay}
