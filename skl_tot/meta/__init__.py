"""Estimators from other segmenters: a choice, cycles, trust."""
