"""Picture of the features during each action."""

from functools import partial

import numpy as np

from skl_tot.display.base import (
    Display,
    check_methods,
    mark_actions,
    name_columns,
    name_rows,
    shortened,
)
from skl_tot.display.palette import code_actions
from skl_tot.recordings.errors import short_repr
from skl_tot.statistics.profiles import Profiles, action_profiles

MOST = 40  # features with legible names


class ProfileDisplay(Display):
    """Mean of each feature during each action, as a heat map.

    Red is above the mean of all frames and blue below it, in standard deviations of all
    frames; background is no action. Of more than 40 features, the 40 that differ most
    between actions (by the standard deviation of their means) are drawn, in the order
    of the features; the label of the x axis says so. Each action is marked at the left
    in its colour of `SegmentationDisplay`.

    Parameters
    ----------
    profiles : Profiles
        From `skl_tot.statistics.action_profiles`; ``means`` are drawn.
    action_names : dict or sequence of str, default=None
        Names of labels, as ``target_names`` of `SegmentationDisplay`.

    Attributes
    ----------
    ax_, figure_, im_ : matplotlib Axes, Figure and AxesImage
        Those of the last `plot`.

    See Also
    --------
    SegmentationDisplay : Timelines of the actions.

    Examples
    --------
    >>> from skl_tot import ProfileDisplay
    >>> video = [[0.0, 5.0], [0.0, 6.0], [2.0, 5.0], [2.0, 6.0]]
    >>> display = ProfileDisplay.from_predictions(
    ...     video, [0, 0, 1, 1], feature_names=["left hand", "right hand"]
    ... )
    >>> display.profiles.means.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """

    def __init__(self, profiles, *, action_names=None):
        self.profiles = profiles
        self.action_names = action_names

    @classmethod
    def from_estimator(cls, estimator, X, **options):
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter or pipeline with ``predict``. For a pipeline, the features
            are the input of its last step; `from_predictions` draws any others.
        X : array-like of shape (n_frames, n_features), or sequence of these
            One recording or many, as for ``predict``.
        **options : dict
            ``ax``, ``feature_names`` and ``action_names`` of `from_predictions`.

        Returns
        -------
        display : ProfileDisplay
            The display, drawn.
        """
        check_methods(estimator, "predict")
        from skl_tot.methods.pipelines import last_step, transform_before

        videos = transform_before(estimator, X)
        labels = last_step(estimator).predict(videos)
        return cls.from_predictions(videos, labels, **options)

    @classmethod
    def from_predictions(
        cls, videos, labels, *, ax=None, feature_names=None, action_names=None
    ):
        """Draw the profiles of labelled recordings.

        Parameters
        ----------
        videos : array-like of shape (n_frames, n_features), or sequence of these
            Features of one recording or of many.
        labels : array-like of shape (n_frames,), or sequence of these
            Label of each frame; -1 and "background" are no actions.
        ax : matplotlib Axes, default=None
            As for `plot`.
        feature_names : sequence of str, default=None
            Names of the features. None takes the column names of data frames, or
            "feature 0", ….
        action_names : dict or sequence of str, default=None
            As in the class.

        Returns
        -------
        display : ProfileDisplay
            The display, drawn.
        """
        profiles = action_profiles(videos, labels, feature_names=feature_names)
        return cls(profiles, action_names=action_names).plot(ax=ax)

    def _prepare(self):
        if not isinstance(self.profiles, Profiles):
            raise TypeError(
                f"profiles is {short_repr(self.profiles)}, expected Profiles from "
                "action_profiles; from_predictions takes recordings and labels."
            )
        codes, names = code_actions(self.profiles.actions, self.action_names)
        chosen = choose_features(self.profiles.means)
        features = [self.profiles.features[i] for i in chosen]
        width = 2.2 + 0.24 * max(len(chosen), 8) + 0.08 * min(max(map(len, names)), 40)
        longest = min(max(map(len, features)), 40)
        height = 0.9 + 0.3 * max(len(names), 3) + 0.08 * longest
        means = self.profiles.means[:, chosen]
        options = {"codes": codes, "names": names, "features": features}
        return (width, height), partial(self._draw_means, means=means, **options)

    def _draw_means(self, ax, means, codes, names, features):
        most = np.abs(means).max() or 1  # constant features have no colours
        options = {"cmap": "RdBu_r", "vmin": -most, "vmax": most, "aspect": "auto"}
        self.im_ = ax.imshow(means, interpolation="nearest", **options)
        bar = ax.figure.colorbar(self.im_, ax=ax)
        bar.set_label("standard deviations\nfrom the mean")
        name_columns(ax, list(map(shortened, features)))
        name_rows(ax, list(map(shortened, names)))
        n_features = len(self.profiles.features)
        if n_features > MOST:
            ax.set_xlabel(
                f"the {MOST} of {n_features} features that differ most between actions"
            )
        mark_actions(ax, codes)


def choose_features(means):
    """List the indices of the features that differ most between actions, in order.

    >>> choose_features(np.array([[0.0, 1.0], [0.0, 2.0]])).tolist()
    [0, 1]
    """
    # equal values (up to rounding) in the order of features
    differences = means.std(axis=0).round(9)
    most = np.argsort(-differences, kind="stable")[:MOST]
    return np.sort(most)


__test__ = {"ProfileDisplay": ProfileDisplay}
