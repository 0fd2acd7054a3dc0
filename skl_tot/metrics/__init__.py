"""Scores of a segmentation, with ground truth or without."""

# Clusters have no names, so every score first matches them one to one to the classes of
# the ground truth. One match over all recordings (`scope="all"`) requires that a
# cluster means the same action in each; a match per recording is easier.
# Scores of different scopes cannot be compared.

from skl_tot.metrics.label_free import effective_actions
from skl_tot.metrics.matching import match_labels
from skl_tot.metrics.reports import segmentation_report
from skl_tot.metrics.scores import (
    adjusted_mutual_info_score,
    adjusted_rand_score,
    edit_score,
    edit_scorer,
    label_free_scorer,
    mean_recall_score,
    mean_recall_scorer,
    miou_score,
    miou_scorer,
    mof_score,
    mof_scorer,
    paper_f1_score,
    paper_f1_scorer,
    released_f1_score,
    released_f1_scorer,
    segment_f1_score,
    segment_f1_scorer,
)

__all__ = [
    "adjusted_mutual_info_score",
    "adjusted_rand_score",
    "edit_score",
    "edit_scorer",
    "effective_actions",
    "label_free_scorer",
    "match_labels",
    "mean_recall_score",
    "mean_recall_scorer",
    "miou_score",
    "miou_scorer",
    "mof_score",
    "mof_scorer",
    "paper_f1_score",
    "paper_f1_scorer",
    "released_f1_score",
    "released_f1_scorer",
    "segment_f1_score",
    "segment_f1_scorer",
    "segmentation_report",
]
