"""How many dimensions anything array-like has."""

import numpy as np
from scipy import sparse

MAX_DIMS = 32  # more are no array of anything


def n_dims(value):
    """Count the dimensions of anything array-like, without copying an array."""
    for depth in range(MAX_DIMS):
        if sparse.issparse(value):
            return depth + 2
        if hasattr(value, "ndim"):
            return depth + value.ndim
        try:
            return depth + np.asarray(value).ndim
        except (ValueError, RuntimeError):  # ragged lists have no ndim of their own
            value = value[0]
    raise ValueError(f"Expected an array, got more than {MAX_DIMS} nested sequences.")
