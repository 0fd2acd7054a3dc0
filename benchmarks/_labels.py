"""Labels of a protocol: coarser ones, and others at the ends of recordings."""

from pathlib import Path

import numpy as np


def map_labels(labels, path):
    """Labels after a file with ``<label> <label to use>`` per line."""
    pairs = [line.split() for line in Path(path).read_text("utf-8").splitlines()]
    if any(len(pair) != 2 for pair in pairs) or len(dict(pairs)) < len(pairs):
        raise ValueError(f"{path}: expected '<label> <label to use>', each label once.")
    mapping = dict(pairs)
    unknown = set(np.concatenate(labels).tolist()) - mapping.keys()
    if unknown:
        raise ValueError(f"{path} has no line for {min(unknown)!r}.")
    return [np.array([mapping[label] for label in path]) for path in labels]


def split_ends(labels, label):
    """Rename the runs of a label at the starts and ends of recordings.

    >>> labels = [np.array(["SIL", "pour", "SIL", "stir", "SIL", "SIL"])]
    >>> split_ends(labels, "SIL")[0].tolist()
    ['SIL_start', 'pour', 'SIL', 'stir', 'SIL_end', 'SIL_end']
    """
    names = {label, f"{label}_start", f"{label}_end"}
    if names & set(np.concatenate(labels)) != {label}:
        raise ValueError(f"split_label is {label!r}, expected a label, not yet split.")
    renamed = []
    for path in labels:
        others = np.flatnonzero(path != label)
        # a recording with only this label is all start
        start, end = (others[0], others[-1] + 1) if len(others) else [len(path)] * 2
        head = np.full(start, f"{label}_start")
        tail = np.full(len(path) - end, f"{label}_end")
        renamed.append(np.concatenate([head, path[start:end], tail]))
    return renamed
