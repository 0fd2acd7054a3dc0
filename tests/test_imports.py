"""Importing what needs no torch does not load it. `lint-imports` checks the layers."""

import json
import pkgutil
import subprocess
import sys

import skl_tot

WITH_TORCH = (
    "skl_tot.extend",
    "skl_tot.training",
    "skl_tot.methods",
    "skl_tot.meta",
    "skl_tot.baselines",
    "skl_tot.__main__",
)
HEAVY = ["av", "jinja2", "matplotlib", "skops", "timm", "torch"]

# Prints which heavy packages each module is the first to load.
SCRIPT = """
import importlib, json, sys
modules, packages = json.loads(sys.argv[1])
loaded = {}
for name in modules:
    importlib.import_module(name)
    found = set(packages) & set(sys.modules)
    loaded[name] = sorted(found.difference(*loaded.values()))
print(json.dumps(loaded))
"""


def test_imports_wait_for_no_heavy_package():
    modules = ["skl_tot"]
    for module in pkgutil.walk_packages(skl_tot.__path__, "skl_tot."):
        if not module.name.startswith(WITH_TORCH):
            modules.append(module.name)
    rooms = ["app.cli", "datasets", "decoding", "display", "io", "metrics"]
    rooms += ["preprocessing", "recordings", "app.report"]
    assert {f"skl_tot.{room}" for room in rooms} <= set(modules)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([modules, HEAVY])],
        stdout=subprocess.PIPE,
        check=True,
    )
    assert json.loads(done.stdout) == {name: [] for name in modules}
