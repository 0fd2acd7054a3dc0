"""Estimators from other segmenters: votes, cycles, activities, labels, streams."""
