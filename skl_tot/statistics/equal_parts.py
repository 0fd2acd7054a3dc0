"""How far labels are those of equal parts, which need no method."""

import numpy as np

from skl_tot.meta.consensus import match_actions


def share_of_equal_parts(bouts):
    """Share of the time in which equal parts of the recordings agree with bouts.

    Each recording has as many parts as there are actions; parts are matched to actions
    one to one. Background agrees with no part.
    """
    n_actions, lengths = len(bouts.actions), bouts.lengths.to_numpy()
    own, origins = lengths[bouts.recordings], bouts.origins.to_numpy()[bouts.recordings]
    shift = origins + bouts.table["paused"].to_numpy()
    # in parts since the start of the recording, without breaks
    starts = n_actions * (bouts.table["start"].to_numpy() - shift) / own
    ends = n_actions * (bouts.table["end"].to_numpy() - shift) / own
    table = np.zeros((n_actions, n_actions))
    for part in range(n_actions):
        common = np.minimum(ends, part + 1) - np.maximum(starts, part)
        common = common.clip(0) * own / n_actions
        table[:, part] = np.bincount(bouts.codes, common, minlength=n_actions)
    agreed = table[np.arange(n_actions), match_actions(table)]
    return float(agreed.sum() / lengths.sum())


def describe_equal_parts(bouts):
    """Describe the agreement of equal parts, to compare a result with.

    >>> from skl_tot.statistics.bouts import collect_bouts
    >>> describe_equal_parts(collect_bouts(["a", "a", "a", "b"]))
    'Equal parts would agree on 75 % of the frames.'
    """
    share = share_of_equal_parts(bouts)
    return f"Equal parts would agree on {100 * share:.0f} % of the frames."
