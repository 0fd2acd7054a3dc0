"""Pictures of segmentations and of pseudo-labels; public in `skl_tot`."""
