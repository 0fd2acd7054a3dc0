"""Scores of a segmentation, with ground truth or without."""

# Clusters have no names, so every score first matches them one to one to the classes of
# the ground truth. One match over all recordings (`scope="activity"`) requires that a
# cluster means the same action in each; a match per recording (`scope="video"`) is
# easier. Scores of the two scopes cannot be compared.

from skl_tot.recordings.imports import loader, places

_PLACES = places(
    __name__,
    label_free="effective_actions",
    matching="match_labels",
    reports="segmentation_report",
    scores="""
        activity_purity label_free_scorer
        adjusted_mutual_info_score adjusted_mutual_info_scorer
        adjusted_rand_score adjusted_rand_scorer covering_score covering_scorer
        edit_score edit_scorer mean_recall_score mean_recall_scorer
        miou_score miou_scorer mof_score mof_scorer
        normalized_mutual_info_score normalized_mutual_info_scorer
        segment_f1_score segment_f1_scorer state_matching_score state_matching_scorer
    """,
)

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
