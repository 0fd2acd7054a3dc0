"""Picture of what features are like during each action."""

import numpy as np

from skl_tot.display.checks import check_axes, check_methods
from skl_tot.display.codes import encode
from skl_tot.display.pseudo_labels import mark_actions
from skl_tot.inputs.errors import short_repr
from skl_tot.inputs.extras import import_extra
from skl_tot.solvers.profiles import Profiles, action_profiles

MOST = 40  # features of a picture, whose names can still be read


class ProfileDisplay:
    """Mean of each feature during each action, as a heat map.

    Red is above the mean of all frames and blue below it, in standard deviations of all
    frames; background is no action. Of more than 40 features, the 40 are drawn that
    differ most between actions, by the standard deviation of their means, in the order
    of the features; the label of the x axis says so. At the left, each action is marked
    in its colour of `SegmentationDisplay`.

    Create it with `from_estimator` or `from_predictions`, which draw at once, or from
    profiles here, to be drawn by `plot`.

    Parameters
    ----------
    profiles : Profiles
        From `skl_tot.solvers.profiles.action_profiles`; ``means`` are drawn.
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

    __module__ = "skl_tot"  # where it is public

    def __init__(self, profiles, *, action_names=None):
        self.profiles = profiles
        self.action_names = action_names

    @classmethod
    def from_estimator(
        cls, estimator, X, *, ax=None, feature_names=None, action_names=None
    ):
        """Predict and draw.

        Parameters
        ----------
        estimator : estimator
            Fitted segmenter or pipeline with ``predict``. Of a pipeline, the features
            are those that its last step gets; `from_predictions` draws any others.
        X : array-like of shape (n_frames, n_features), or sequence of such
            One video or many, as for ``predict``.
        ax : matplotlib Axes, default=None
            As for `plot`.
        feature_names : sequence of str, default=None
            As of `from_predictions`.
        action_names : dict or sequence of str, default=None
            As of the class.

        Returns
        -------
        display : ProfileDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `from_predictions`, and what the estimator raises.
        """
        check_methods(estimator, "predict")
        from skl_tot.segmenters.pipelines import last_step, transform_before

        videos = transform_before(estimator, X)
        return cls.from_predictions(
            videos,
            last_step(estimator).predict(videos),
            ax=ax,
            feature_names=feature_names,
            action_names=action_names,
        )

    @classmethod
    def from_predictions(
        cls, videos, labels, *, ax=None, feature_names=None, action_names=None
    ):
        """Draw the profiles of labelled videos.

        Parameters
        ----------
        videos : array-like of shape (n_frames, n_features), or sequence of such
            Features of one video or of many.
        labels : array-like of shape (n_frames,), or sequence of such
            Label of each frame; -1 and "background" are no actions.
        ax : matplotlib Axes, default=None
            As for `plot`.
        feature_names : sequence of str, default=None
            Names of the features. None takes those of the columns of data frames, or
            "feature 0", ….
        action_names : dict or sequence of str, default=None
            As of the class.

        Returns
        -------
        display : ProfileDisplay
            The display, drawn.

        Raises
        ------
        ImportError, TypeError, ValueError
            As `plot`, and if a video is no table of finite numbers, labels or names do
            not fit, or no frame shows an action.
        """
        profiles = action_profiles(videos, labels, feature_names=feature_names)
        return cls(profiles, action_names=action_names).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. None makes a figure that is large enough.

        Returns
        -------
        self : ProfileDisplay
            With ``ax_``, ``figure_`` and ``im_`` set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If profiles are no `Profiles`, or ``ax`` is no Axes.
        ValueError
            If an action has no name.
        """
        plt = import_extra("matplotlib.pyplot", "plot")
        check_axes(ax)
        if not isinstance(self.profiles, Profiles):
            raise TypeError(
                f"profiles is {short_repr(self.profiles)}, expected Profiles from "
                "action_profiles; from_predictions takes videos and labels."
            )
        codes, names = code_actions(self.profiles.actions, self.action_names)
        if ax is None:
            size = profile_size(self.profiles, names)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        self.im_ = draw_profiles(ax, self.profiles, codes, names)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def code_actions(actions, action_names):
    """Codes of actions, which are their colours, and their names."""
    encoded = encode(
        None, np.array(actions), target_names=action_names, background=None
    )
    codes = encoded.videos[0][0].tolist()
    return codes, [str(encoded.names[code]) for code in codes]


def choose_features(means):
    """List the indices of the features that differ most between actions, in order.

    >>> choose_features(np.array([[0.0, 1.0], [0.0, 2.0]])).tolist()
    [0, 1]
    """
    # those alike but for rounding by their order
    differences = means.std(axis=0).round(9)
    most = np.argsort(-differences, kind="stable")[:MOST]
    return np.sort(most)


def profile_size(profiles, names):
    """Width and height in inches of a figure that has room for all names."""
    chosen = choose_features(profiles.means)
    longest = max(len(profiles.features[i]) for i in chosen)
    width = 2.2 + 0.24 * max(len(chosen), 8) + 0.08 * min(max(map(len, names)), 40)
    height = 0.9 + 0.3 * max(len(names), 3) + 0.08 * min(longest, 40)
    return width, height


def draw_profiles(ax, profiles, codes, names):
    """Draw a heat map on axes; ``codes`` are the colours of actions by their names."""
    chosen = choose_features(profiles.means)
    means = profiles.means[:, chosen]
    most = np.abs(means).max() or 1  # of constant features, no colours
    image = ax.imshow(
        means,
        aspect="auto",
        interpolation="nearest",
        cmap="RdBu_r",
        vmin=-most,
        vmax=most,
    )
    bar = ax.figure.colorbar(image, ax=ax)
    bar.set_label("standard deviations\nfrom the mean")
    shown = [shortened(profiles.features[i]) for i in chosen]
    ax.set_xticks(range(len(shown)), shown, rotation=90, parse_math=False)
    shown = [shortened(name) for name in names]
    ax.set_yticks(range(len(shown)), shown, parse_math=False)
    n_features = len(profiles.features)
    if n_features > MOST:
        ax.set_xlabel(
            f"the {MOST} of {n_features} features that differ most between actions"
        )
    mark_actions(ax, codes)
    return image


def shortened(name, most=40):
    """Name in one line that leaves room for the picture."""
    name = " ".join(name.split())
    return name if len(name) <= most else f"{name[: most - 1]}…"


# doctest looks for the examples of a class in its __module__ only
__test__ = {"ProfileDisplay": ProfileDisplay}
