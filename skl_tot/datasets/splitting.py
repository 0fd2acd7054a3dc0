"""A label that means something else at the start and at the end of a video."""

import numpy as np

from skl_tot.inputs.names import distinct_labels


def split_ends(labels, target_names, label):
    """Rename the runs of a label with which videos start and end.

    >>> labels = [np.array(["SIL", "pour", "SIL", "stir", "SIL", "SIL"])]
    >>> (video,), target_names = split_ends(labels, ["SIL", "pour", "stir"], "SIL")
    >>> video.tolist()
    ['SIL_start', 'pour', 'SIL', 'stir', 'SIL_end', 'SIL_end']
    >>> target_names
    ['SIL_start', 'SIL', 'SIL_end', 'pour', 'stir']
    """
    if labels is None:
        raise ValueError(f"split_label is {label!r}, but there is no groundTruth.")
    start_label, end_label = f"{label}_start", f"{label}_end"
    if label not in target_names or {start_label, end_label} & set(target_names):
        raise ValueError(
            f"split_label is {label!r}, expected one of {target_names} whose start and "
            "end are not labels yet."
        )
    labels = [_rename_ends(video, label, start_label, end_label) for video in labels]
    occurring = distinct_labels(labels)
    parts = [part for part in (start_label, label, end_label) if part in occurring]
    i = target_names.index(label)
    return labels, target_names[:i] + parts + target_names[i + 1 :]


def _rename_ends(video, label, start_label, end_label):
    """Rename the first and the last run of one video, if they are of the label."""
    others = np.flatnonzero(video != label)
    start, end = len(video), len(video)  # nothing else is all start
    if len(others):
        start, end = others[0], others[-1] + 1
    head = np.full(start, start_label)
    tail = np.full(len(video) - end, end_label)
    return np.concatenate([head, video[start:end], tail])
