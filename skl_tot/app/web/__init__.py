"""Timelines in a browser: one module of JavaScript, its style, and its data.

The report, the review page and the notebook widget draw by the same module.
"""
