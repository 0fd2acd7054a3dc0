"""Pictures of segmentations, statistics and models."""
