"""Estimators from other segmenters: votes, cycles, activities, streams."""
