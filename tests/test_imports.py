"""No import loads torch, nor do predictions. `lint-imports` checks the layers."""

import json
import os
import pkgutil
import subprocess
import sys

import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import save_model
from skl_tot.preprocessing import FramewiseTransformer

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
        if module.name != "skl_tot.__main__":
            modules.append(module.name)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([modules, HEAVY])],
        stdout=subprocess.PIPE,
        check=True,
    )
    assert json.loads(done.stdout) == {name: [] for name in modules}


START = """
import sys
from skl_tot.app.cli.main import main
from skl_tot.app.review import Review
from skl_tot.datasets import make_activities
from skl_tot.io import load_model
videos, _ = make_activities(4, 3, random_state=0)
"""
PREDICTIONS = [
    "for model in ('m.skops', 'p.skops'): load_model(model).predict(videos)",
    "Review(load_model('m.skops'), videos).open()",
    *(
        f"assert not main('{command} --out {out}'.split())"
        for command, out in [
            ("predict p.skops data", "s.csv"),
            ("report m.skops data --fps 10", "r.html"),
            ("summary s.csv", "summary"),
        ]
    ),
]


def test_predictions_wait_for_no_torch(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    videos, _ = make_activities(4, 3, random_state=0)
    model = TemporalOTSegmenter(3, max_iter=20, random_state=0).fit(videos)
    save_model(model, "m.skops")
    steps = FramewiseTransformer(PCA(3)), model
    save_model(make_pipeline(*steps).fit(videos), "p.skops")
    os.mkdir("data")
    for i, video in enumerate(videos):
        np.save(f"data/{i}.npy", video)
    script = "\n".join([START, *PREDICTIONS, "assert 'torch' not in sys.modules"])
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)
