"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings.names import (
    background_labels,
    check_names,
    default_names,
    distinct_labels,
    labels_of_one_type,
    name_actions,
    name_all_actions,
    name_labels,
    read_names,
    read_numbered_names,
)

__all__ = [
    "background_labels",
    "check_names",
    "default_names",
    "distinct_labels",
    "labels_of_one_type",
    "name_actions",
    "name_all_actions",
    "name_labels",
    "read_names",
    "read_numbered_names",
]
