"""Mistakes in paths are found at once; files beside inputs are no inputs."""

import subprocess
import sys

from skl_tot.app.cli.main import COMMANDS

# Mistakes that are found before a library is loaded; "none" is no file.
EARLY = [
    "fit none --n-actions 2 --out a.skops",
    "fit flat --n-actions 2 --labels none --out a.skops",
    "fit flat --n-actions 2 --like names.txt --out a.skops",
    "fit flat --n-actions 2 --out names.txt/a.skops",
    "predict model.skops none --out a",
    "predict names.txt flat --out a",
    "predict model.skops flat --names groups.csv --out a",
    "evaluate flat none",
    "refine model.skops flat --labels none --out a.skops",
    "suggest none",
    "edit model.skops --rename other --out a.skops",
    "edit model.skops --split 0 --features none --out a.skops",
    "report model.skops flat --videos none --out a.html",
    "report model.skops flat --out a.html --summary names.txt/a",
    "review model.skops none",
    "review model.skops",
    "review model.skops flat --out names.txt/a",
    "summary segments --groups none --out a",
    "plot segments --out new",
    "features clip.mp4 --weights none --out a",
    "subtasks none segments --out a",
    "demo --out names.txt/a.png",
    "doctor other",
]
# Mistakes in files, which need pandas, but not torch.
LATE = [
    "fit broken --n-actions 2 --out a.skops",
    "fit tables --n-actions 2 --columns other --out a.skops",
    "evaluate flat segments",
    "report model.skops flat --groups names.txt --out a.html",
    "summary empty --out a",
    "features clip.mp4 --fps 5 --out flat",
]


def test_mistakes_do_not_wait_for_slow_libraries(folder):
    assert {command.split()[0] for command in EARLY} == set(COMMANDS)
    for name in ("empty", "broken", "tables"):
        (folder / name).mkdir()
    (folder / "broken" / "a.npy").write_text("no array")
    (folder / "tables" / "v0.csv").write_text("x,y\n0,1\n")
    (folder / "groups.csv").write_text("recording,group\nv0,a\nv1,b\n")
    (folder / "clip.mp4").write_bytes(b"clip")
    code = f"""
import sys
from skl_tot.app.cli.main import main

def check(commands, *slow):
    for command in commands:
        try:
            status = main(command.split())
        except SystemExit as error:
            status = error.code
        assert status == 2, command
        assert not set(slow) & set(sys.modules), command

check({EARLY!r}, "matplotlib", "pandas", "scipy", "sklearn", "skops", "torch")
check({LATE!r}, "torch")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    errors = done.stderr.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(errors) == len(EARLY) + len(LATE)
    assert all(line.startswith("skl-tot") for line in errors)


def test_other_files_beside_inputs(run, folder):
    for _ in range(2):  # files of the command itself are no inputs
        assert run("report model.skops flat --out flat/page.html") == 0
        assert run("predict model.skops flat --out data/all.csv") == 0
        assert run("predict model.skops flat --out flat/segments") == 0
