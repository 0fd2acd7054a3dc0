"""What makes actions of the labels and fits of other segmenters."""
