"""Groups of recordings: subjects, operators, conditions."""

from collections.abc import Mapping

import numpy as np

from skl_tot.recordings.errors import short_repr
from skl_tot.recordings.matching import by_name


def split_groups(groups, names):
    """Distinct groups in order of their first recording, and indices of the recordings.

    ``groups`` is a mapping or series by the names of recordings, or a sequence.
    """
    members = {}
    for i, group in enumerate(_groups_of(groups, names)):
        if group is None or group != group:  # nan
            raise ValueError(f"groups has no group for {names[i]!r}, expected one.")
        members.setdefault(group, []).append(i)
    return {group: np.array(indices) for group, indices in members.items()}


def _groups_of(groups, names):
    """Group of each recording."""
    groups = values_by_name(groups)
    if isinstance(groups, Mapping):
        missing = [name for name in names if name not in groups]
        if missing:
            raise ValueError(
                f"groups has no {missing[0]!r}, expected the group of each recording; "
                f"it has {short_repr(list(groups))}."
            )
        return [groups[name] for name in names]
    if isinstance(groups, (str, bytes)) or not hasattr(groups, "__len__"):
        raise TypeError(
            f"groups is {short_repr(groups)}, expected a dict from recording to group, "
            "or a sequence."
        )
    if len(groups) != len(names):
        raise ValueError(
            f"groups has {len(groups)}, expected {len(names)}, one for each recording."
        )
    return list(groups)


def values_by_name(values):
    """Values of recordings by names of text, if they have any, else as they are.

    >>> values_by_name({("anna", 2): "late", 7: "early"})
    {'anna/2': 'late', '7': 'early'}
    """
    if hasattr(values, "to_dict") and getattr(values.index, "nlevels", 1) == 1:
        values = values.to_dict()
    known = by_name(values)
    if known is None:
        return values
    return {str(name): value for name, value in known.items()}
