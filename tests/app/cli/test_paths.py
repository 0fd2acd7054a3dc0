"""What commands and imports load, and what is an input of a command."""

import subprocess
import sys

from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline

from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import COMMANDS
from skl_tot.io import read_table, save_model
from skl_tot.preprocessing import FramewiseTransformer
from skl_tot.recordings import read_recordings

# Mistakes that are found before a library is loaded; "none" is no file.
EARLY = [
    "fit none --n-actions 2 --out a.skops",
    "fit flat --n-actions 2 --labels none --out a.skops",
    "fit flat --n-actions 2 --out notes.txt/a.skops",
    "predict model.skops none --out a",
    "evaluate flat none",
    "refine model.skops flat --labels none --out a.skops",
    "suggest none",
    "report model.skops flat --videos none --out a.html",
    "report model.skops flat --out a.html --summary notes.txt/a",
    "review model.skops none",
    "review model.skops",
    "review model.skops flat --out notes.txt/a",
    "summary segments --groups none --out a",
    "features clip.mp4 --weights none --out a",
    "subtasks none segments --out a",
    "demo --out notes.txt/a.png",
]
# Mistakes in files, which need pandas, but not torch.
LATE = [
    "fit broken --n-actions 2 --out a.skops",
    "predict notes.txt flat --out a",
    "fit tables --n-actions 2 --columns other --out a.skops",
    "evaluate flat segments",
    "report model.skops flat --groups notes.txt --out a.html",
    "summary empty --out a",
    "features clip.mp4 --fps 5 --out flat",
]
PREDICTIONS = [
    "predict p.skops flat --out s.csv",
    "report m.skops flat --fps 10 --out r.html",
    "summary s.csv --out summary",
]
SCRIPT = f"""
import importlib, pkgutil, sys
import skl_tot
from skl_tot.app.cli.main import main

def check(commands, expected, *slow):
    for command in commands:
        try:
            status = main(command.split())
        except SystemExit as error:
            status = error.code
        assert status == expected, command
        assert not set(slow) & set(sys.modules), command

check({EARLY!r}, 2, "matplotlib", "pandas", "scipy", "sklearn", "skops", "torch")
for module in pkgutil.walk_packages(skl_tot.__path__, "skl_tot."):
    if module.name != "skl_tot.__main__":
        importlib.import_module(module.name)
        heavy = {{"av", "jinja2", "matplotlib", "skops", "timm", "torch"}}
        assert not heavy & set(sys.modules), module.name
check({LATE!r}, 2, "torch")
from skl_tot.app.review import Review
from skl_tot.io import load_model
from skl_tot.recordings import read_recordings
Review(load_model("m.skops"), read_recordings("flat")).open()
check({PREDICTIONS!r}, 0, "torch")
"""


def test_nothing_waits_for_slow_libraries_in_vain(folder):
    """Not mistakes, nor imports, nor predictions of fitted networks."""
    assert {command.split()[0] for command in EARLY} == set(COMMANDS)
    for name in ("empty", "broken", "tables"):
        (folder / name).mkdir()
    (folder / "broken" / "a.npy").write_text("no array")
    (folder / "tables" / "v0.csv").write_text("x,y\n0,1\n")
    (folder / "groups.csv").write_text("recording,group\nv0,a\nv1,b\n")
    (folder / "clip.mp4").write_bytes(b"clip")
    recordings = read_recordings("flat")
    model = TemporalOTSegmenter(3, max_iter=5, random_state=0).fit(recordings)
    save_model(model, "m.skops")
    steps = FramewiseTransformer(PCA(3)), model
    save_model(make_pipeline(*steps).fit(recordings), "p.skops")
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True)
    errors = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(errors) == len(EARLY) + len(LATE)
    assert all(line.startswith("skl-tot") for line in errors)


def test_other_files_beside_inputs(run, folder):
    predict = "predict model.skops flat --out"
    report = "report model.skops flat --out flat/page.html"
    # files of commands are no inputs
    for command in (report, *[f"{predict} flat/segments"] * 2, f"{predict} a.csv"):
        assert run(command) == 0
    assert read_table("a.csv")["recording"].nunique() == 4
