"""What the package says of itself: version, extras."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import skl_tot.statistics
from skl_tot.recordings.errors import EXTRAS, import_extra

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DECLARED = PROJECT["project"]["optional-dependencies"]


def test_one_version_and_date():
    citation = (ROOT / "CITATION.cff").read_text()
    assert re.search("^version: (.+)$", citation, re.M)[1] == skl_tot.__version__
    date = re.search("^date-released: (.+)$", citation, re.M)[1]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{skl_tot.__version__}] - {date}\n" in changelog
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "skl_tot/__init__.py"


def test_recipe_of_conda_follows_the_project():
    recipe = yaml.safe_load((ROOT / "recipe" / "recipe.yaml").read_text())
    assert recipe["context"]["version"] == skl_tot.__version__
    python = recipe["context"]["python_min"]
    assert PROJECT["project"]["requires-python"] == f">={python}"
    names = [line.replace(" ", "") for line in recipe["requirements"]["run"][1:]]
    needed = [*PROJECT["project"]["dependencies"]]
    for extra in ("models", "tables"):  # conda has no extras; commands need these
        needed += DECLARED[extra]
    assert sorted(names) == sorted(x.replace("torch>", "pytorch>") for x in needed)
    (name, entry), *more = PROJECT["project"]["scripts"].items()
    assert recipe["build"]["python"]["entry_points"] == [f"{name} = {entry}"]
    assert not more


FOR_PEOPLE = {*EXTRAS, "cli"}  # others are for who works on the package
# of modules that are called otherwise
DISTRIBUTIONS = dict.fromkeys(["PIL", "safetensors"], "timm")
DISTRIBUTIONS |= {"ndx_ethogram": "ndx-ethogram", "pympi": "pympi-ling"}


def test_code_and_project_have_the_same_extras():
    assert set(DECLARED) == FOR_PEOPLE | {"test", "docs", "dev"}
    for extra, modules in EXTRAS.items():
        declared = {re.match(r"[\w-]+", line)[0] for line in DECLARED[extra]}
        declared -= {"skl-tot"}  # its other extras
        assert declared == {DISTRIBUTIONS.get(x, x) for x in modules}, extra


def test_modules_of_extras_come_from_what_is_declared():
    """Each import names a module of the table, and each module of it is imported."""
    used = set()
    for path in (ROOT / "skl_tot").rglob("*.py"):
        calls = re.findall(r'import_extra\("([\w.]+)"\)', path.read_text("utf-8"))
        used |= {name.partition(".")[0] for name in calls}
    assert used == {module for modules in EXTRAS.values() for module in modules}


def test_what_does_not_load_is_told_from_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(ImportError, match=r"pynwb, which is not .*\[files\]'"):
        import_extra("pynwb")
    (tmp_path / "pympi.py").write_text("import not_there")
    monkeypatch.delitem(sys.modules, "pympi", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=r"pympi, which does not load .*not_there"):
        import_extra("pympi")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pandas, which .*\[tables\]'$"):
        skl_tot.statistics.durations([0, 1])


# Imports all of the package and runs tests, as if some modules were not installed.
ALONE = """
import importlib, pkgutil, sys
from importlib.machinery import PathFinder
class Finder(PathFinder):
    def find_spec(name, *args):
        if name.partition(".")[0] not in {hidden}:
            return PathFinder.find_spec(name, *args)
sys.meta_path[sys.meta_path.index(PathFinder)] = Finder
import pytest, skl_tot
for module in pkgutil.walk_packages(skl_tot.__path__, "skl_tot."):
    importlib.import_module(module.name)
addopts = "addopts=--doctest-modules --doctest-glob=README.md --import-mode=importlib"
tests = "README.md skl_tot/methods/pipelines.py tests/methods/test_sklearn.py".split()
tests += [f"skl_tot/{{x}}" for x in ("baselines", "corrections", "meta", "metrics")]
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", "-o", addopts, *tests]))
"""


def needed_by(requirements):
    """Distributions of requirements, and those that these need."""
    needed = set()
    for requirement in map(Requirement, requirements):
        name, marker = canonicalize_name(requirement.name), requirement.marker
        if marker is None or marker.evaluate({"extra": ""}):
            needed |= {name} | needed_by(metadata.requires(name) or [])
    return needed


def test_estimators_scores_and_searches_need_no_extra():
    needed = needed_by([*PROJECT["project"]["dependencies"], "hypothesis", "pytest"])
    hidden = set().union(*EXTRAS.values())
    for module, owners in metadata.packages_distributions().items():
        if not needed.intersection(map(canonicalize_name, owners)):
            hidden.add(module)
    command = [sys.executable, "-c", ALONE.format(hidden=hidden - {"skl_tot"})]
    without_plugins = ["HYPOTHESIS_NO_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
    environment = os.environ | dict.fromkeys(without_plugins, "1")
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
