"""Estimators from other segmenters: a choice, cycles, activities, trust."""
