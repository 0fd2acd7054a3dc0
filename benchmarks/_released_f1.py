"""The F1 of the paper's tables: that of the authors' released code."""

import numpy as np

from skl_tot.metrics import match_labels

N_DRAWS, N_SAMPLED = 50, 15  # as there


def released_f1(labels, predicted, n_actions, *, seed=0, ignore_labels=()):
    """Mean F1 of draws of 15 frames from each true segment, with replacement.

    A segment adds the share of its drawn frames that are right. Precision divides the
    sum by actions times recordings, recall by the true segments. Flaws of the released
    code are kept:

    - All recordings are one sequence, so that equal actions on both sides of a seam are
      one segment.
    - The last segment of this sequence is not counted. The perfect prediction of one
      recording with two actions, once each, has 0.667.
    - Precision does not see how many segments are predicted: fragments cost nothing.

    NaN for fewer than two segments, which have no score there.
    """
    options = {"ignore_labels": list(ignore_labels) or None}
    classes = match_labels(labels, predicted, **options)
    truth, shown = (
        np.concatenate([np.asarray(y) for y in x]) for x in (labels, predicted)
    )
    is_kept = ~np.isin(truth, list(ignore_labels))
    truth, shown = truth[is_kept], shown[is_kept]
    is_right = np.array([classes.get(x) for x in shown.tolist()], object) == truth
    starts = np.flatnonzero(truth[1:] != truth[:-1]) + 1
    if not len(starts):
        return np.nan
    shares = [part.mean() for part in np.split(is_right, starts)[:-1]]
    # right ones of frames drawn with replacement
    rng = np.random.default_rng(seed)
    n_right = rng.binomial(N_SAMPLED, shares, size=(N_DRAWS, len(shares)))
    total = n_right.sum(axis=1) / N_SAMPLED
    precision = total / (n_actions * len(labels))
    recall = total / len(shares)
    # 1e-8, as there, in place of a division by zero
    return float(np.mean(2 * precision * recall / (precision + recall + 1e-8)))
