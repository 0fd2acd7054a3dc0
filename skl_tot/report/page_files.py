"""The files that the page is made of."""

from importlib.resources import files


def read_page_file(name):
    """Text of a file of this package."""
    return files("skl_tot.report").joinpath(name).read_text(encoding="utf-8")
