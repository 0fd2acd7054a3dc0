"""A page about a model and its recordings: one HTML file that needs no network."""

from skl_tot.app.report.page import write_report

__all__ = ["write_report"]
