"""How far activities that were found are those of a person."""

import numpy as np

from skl_tot.recordings.labels import split_label_sequences
from skl_tot.recordings.matching import as_sequence, pair_by_name


def activity_purity(y_true, y_pred):
    r"""Purity: share of the videos that show the most frequent activity of their group.

    .. math:: \frac1N \sum_g \max_a |\{i: \hat y_i = g \wedge y_i = a\}|

    More groups than activities are no fault by it; count them, too.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_videos,), or dict
        Activity of each video and the group it was put into, integers or text; of
        videos with names by these, as in ``activities_`` of
        `skl_tot.ActivitySegmenter`.

    Returns
    -------
    purity : float
        In (0, 1].

    Raises
    ------
    TypeError, ValueError
        If labels are neither integers nor text, or not of the same videos.

    References
    ----------
    Manning, Raghavan, Schütze, "Introduction to Information Retrieval", section 16.3.

    Examples
    --------
    >>> from skl_tot.metrics import activity_purity
    >>> activity_purity(["cook", "cook", "wash", "wash"], [0, 0, 1, 0])
    0.75
    """
    y_true, y_pred = map(as_sequence, pair_by_name(y_true, y_pred))
    (true,), _ = split_label_sequences(y_true, "y_true")
    (pred,), _ = split_label_sequences(y_pred, "y_pred")
    if len(true) != len(pred):
        raise ValueError(f"y_true is of {len(true)} videos, y_pred of {len(pred)}.")
    activities, row = np.unique(true, return_inverse=True)
    groups, column = np.unique(pred, return_inverse=True)
    table = np.zeros((len(activities), len(groups)))
    np.add.at(table, (row, column), 1)
    return float(table.max(axis=0).sum() / len(true))
