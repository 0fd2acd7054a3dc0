"""Data frames of many recordings, whose index says which frame is of which."""

import numpy as np

from skl_tot.inputs.extras import import_extra


def is_table(X):
    """Whether something of pandas has an index of several levels."""
    return hasattr(X, "iloc") and getattr(X.index, "nlevels", 1) > 1


def rows_of_recordings(index):
    """Find the rows of each recording.

    All levels but the last say which recording a row is of.

    Parameters
    ----------
    index : MultiIndex
        Of two levels or more.

    Returns
    -------
    keys : list
        Recordings in order of appearance: labels, or tuples of them.
    rows : list of ndarray of int
        Places of their rows, ascending.
    """
    codes, keys = index.droplevel(-1).factorize()
    if (codes < 0).any():
        row = int(np.argmin(codes))
        raise ValueError(f"the index names no recording in row {row}, expected one.")
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    return keys.tolist(), np.split(order, ends[:-1])


def join_rows(outputs, index, rows):
    """Put outputs of recordings back to the rows that they are of.

    Parameters
    ----------
    outputs : list of ndarray or DataFrame, of shape (n_frames_i,) or (n_frames_i, n)
        One for each recording.
    index : MultiIndex
        Of all rows.
    rows : list of ndarray of int
        From `rows_of_recordings`.

    Returns
    -------
    joined : Series or DataFrame
        With ``index``.
    """
    pandas = import_extra("pandas", "export")
    places = np.argsort(np.concatenate(rows))
    if hasattr(outputs[0], "iloc"):
        return pandas.concat(outputs).iloc[places].set_axis(index)
    values = np.concatenate(outputs)[places]
    kind = pandas.Series if values.ndim == 1 else pandas.DataFrame
    return kind(values, index=index)
