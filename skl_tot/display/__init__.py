"""Pictures of segmentations and of pseudo-labels.

Public, in `skl_tot`: `SegmentationDisplay`, `PseudoLabelDisplay`.
"""
