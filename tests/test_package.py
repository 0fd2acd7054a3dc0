"""What the package says of itself: version, extras."""

import re
import tomllib
from pathlib import Path

import skl_tot

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_one_version():
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search("^version: (.+)$", citation, re.M)[1] == skl_tot.__version__
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "skl_tot/__init__.py"
