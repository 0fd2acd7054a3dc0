"""Review of a model's results: check, correct, and teach the model."""

from skl_tot.lazy import loader

# Loaded on first use, so that a server answers early.
_PLACES = {
    "Review": "skl_tot.app.review.session",
    "ReviewWidget": "skl_tot.app.review.widget",
    "serve": "skl_tot.app.review.server",
}

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)


def __dir__():
    return sorted([*globals(), *__all__])
