"""Videos that may lie the other way round."""

import contextlib

import numpy as np

HINT = (
    " Are these (features, frames)? Expected (frames, features): transpose them; "
    "files are read so with transpose=True, or --transpose."
)


@contextlib.contextmanager
def hint_if_turned(estimator, video, first):
    """Ask in an error about the width of a video whether it lies the other way round.

    ``first`` is the shape of the first of many, or None.
    """
    try:
        yield
    except ValueError as error:
        width = getattr(estimator, "n_features_in_", None)
        if not looks_turned(np.shape(video), first, width):
            raise
        raise ValueError(f"{str(error).rstrip()}{HINT}") from None


def looks_turned(shape, first, width):
    """Whether rows seem to be features, where so many columns are expected.

    >>> looks_turned((64, 500), None, 64)
    True
    >>> looks_turned((64, 500), (64, 450), 450)
    True
    >>> looks_turned((500, 64), (450, 32), 32)
    False
    """
    if len(shape) != 2 or width is None or shape[1] == width:
        return False
    if shape[0] == width:
        return True
    is_wide = first is not None and first[1] > first[0] == shape[0]
    return is_wide and shape[1] > shape[0]
