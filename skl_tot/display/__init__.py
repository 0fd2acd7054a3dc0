"""Pictures of segmentations, of pseudo-labels, and of what actions look like.

Public, in `skl_tot`: `SegmentationDisplay`, `PseudoLabelDisplay`, `ProfileDisplay`.
"""
