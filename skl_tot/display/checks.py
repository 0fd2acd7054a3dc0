"""Checks of what both displays are given."""


def check_axes(ax):
    """Refuse what cannot be drawn on; None is allowed."""
    from matplotlib.axes import Axes

    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"ax is a {type(ax).__name__}, expected matplotlib Axes.")


def check_methods(estimator, *names):
    """Refuse an estimator that lacks one of these methods."""
    for name in names:
        if not hasattr(estimator, name):
            raise TypeError(
                f"estimator is a {type(estimator).__name__}, which has no {name}; "
                f"expected an estimator with {' and '.join(names)}."
            )
